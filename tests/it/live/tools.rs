//! What people really call with: curl, Python's `urllib`, Node's `fetch`.
//!
//! A tool that is not installed is skipped loudly; CI installs them all.

use std::process::{Command, Stdio};

use super::rig::{Caller, Door, Rig};
use super::views::{calls, legacy_and_rig, view, without_tokens};

/// URL, CA, token, certificate, key; the last three may be empty.
const PYTHON: &str = r"
import ssl, sys, urllib.request
url, ca, token, certificate, key = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
if certificate:
    context.load_cert_chain(certificate, key)
request = urllib.request.Request(url)
if token:
    request.add_header('Authorization', 'Bearer ' + token)
with urllib.request.urlopen(request, context=context) as answer:
    assert answer.status == 200
    sys.stdout.buffer.write(answer.read())
";

/// `fetch` has no way to present a certificate, so the partner calls through `node:https`.
const NODE: &str = r"
const [url, ca, token, certificate, key] = process.argv.slice(1);
const headers = token ? { authorization: `Bearer ${token}` } : {};
const fs = require('node:fs');
if (certificate) {
  const options = { headers, ca: fs.readFileSync(ca), cert: fs.readFileSync(certificate), key: fs.readFileSync(key) };
  require('node:https').get(url, options, (answer) => {
    if (answer.statusCode !== 200) throw new Error(answer.statusCode);
    answer.pipe(process.stdout);
  });
} else {
  fetch(url, { headers }).then(async (answer) => {
    if (answer.status !== 200) throw new Error(answer.status);
    process.stdout.write(await answer.text());
  });
}
";

fn is_there(tool: &str) -> bool {
    let asked = Command::new(tool)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    let there = asked.is_ok_and(|status| status.success());
    if !there {
        eprintln!("SKIPPED: `{tool}` is not installed, so nothing shows that it gets its views");
    }
    there
}

fn paths(door: &Door, caller: &Caller) -> [String; 2] {
    let path = |name: &str| match &caller.certificate {
        Some(_) => door.client_path(name).display().to_string(),
        None => String::new(),
    };
    [path("acme.pem"), path("acme.key")]
}

/// Runs the tool once for each role and looks at what it printed.
async fn each_role_sees_its_view(rig: Rig, tool: impl Fn(&Door, &Caller, &str) -> Command) {
    for (who, caller, target) in calls(&rig.door) {
        let url = format!("https://{}{target}", rig.door.address);
        let mut command = tool(&rig.door, &caller, &url);
        let running = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = running.await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{who} {target}: {said}");
        let body = String::from_utf8(output.stdout).unwrap();
        assert_eq!(without_tokens(&body), view(who, target), "{who} {target}");
    }
    rig.finish().await;
}

fn curl(version: &'static str) -> impl Fn(&Door, &Caller, &str) -> Command {
    move |door, caller, url| {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail", version, "--cacert"]);
        command.arg(door.ca());
        if let Some(token) = &caller.token {
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
        }
        if caller.certificate.is_some() {
            let [certificate, key] = paths(door, caller);
            command.args(["--cert", &certificate, "--key", &key]);
        }
        command.arg(url);
        command
    }
}

fn script(mut command: Command, door: &Door, caller: &Caller, url: &str) -> Command {
    command.arg(url).arg(door.ca());
    command.arg(caller.token.as_deref().unwrap_or_default());
    command.args(paths(door, caller));
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_gets_each_view_over_http1() {
    if is_there("curl") {
        let (_legacy, rig) = legacy_and_rig().await;
        each_role_sees_its_view(rig, curl("--http1.1")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_gets_each_view_over_http2() {
    if is_there("curl") {
        let (_legacy, rig) = legacy_and_rig().await;
        each_role_sees_its_view(rig, curl("--http2")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pythons_urllib_gets_each_view() {
    if is_there("python3") {
        let (_legacy, rig) = legacy_and_rig().await;
        let python = |door: &Door, caller: &Caller, url: &str| {
            let mut command = Command::new("python3");
            command.args(["-c", PYTHON]);
            script(command, door, caller, url)
        };
        each_role_sees_its_view(rig, python).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_fetch_gets_each_view() {
    if is_there("node") {
        let (_legacy, rig) = legacy_and_rig().await;
        let node = |door: &Door, caller: &Caller, url: &str| {
            let mut command = Command::new("node");
            command.env("NODE_EXTRA_CA_CERTS", door.ca());
            command.args(["-e", NODE, "--"]);
            script(command, door, caller, url)
        };
        each_role_sees_its_view(rig, node).await;
    }
}

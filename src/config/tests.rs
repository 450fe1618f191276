//! Whole settings files: the example of the documentation, and what is wrong with others.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::*;
use crate::policy::diagnostic::{Lang, Style, render};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

/// The example of `settings.md`, without what is not built yet.
const EXAMPLE: &str = r#"fieldgate: 1
node: gw-1
listen:
  - address: 0.0.0.0:8443
    tls: { certificate: certs/server.pem, key: file:certs/server.key, client_ca: partner-ca, client_auth: optional }
upstreams:
  crm:
    url: https://crm.internal:9000
    hosts: [crm.bank.example]
    tls: { ca: certs/int-ca.pem, certificate: certs/us.pem, key: file:secrets/us.key, name: crm.internal }
    headers:
      set: { X-Api-Key: file:secrets/crm.key, X-Caller: caller.id }
      request: [X-Req-Seq]
      response: [X-Req-Seq]
    timeouts: { connect: 3s, first_byte: 30s, idle: 60s }
identity:
  jwt:
    staff-idp: { issuer: https://idp.bank.example, audience: fieldgate, jwks: certs/staff.jwks.json, algorithms: [ES256, RS256, EdDSA], leeway: 30s }
    app-idp:   { issuer: https://app.bank.example, audience: fieldgate, jwks: certs/app.jwks.json, algorithms: [ES256] }
  client_ca:
    partner-ca: { certificates: certs/partner-ca.pem, crl: certs/partner.crl }
tokens: { key: file:secrets/token.key }
rules: { dir: rules/ }
audit: { dir: audit/, key: file:secrets/audit.key, durability: process, on_failure: refuse }
health: { address: 127.0.0.1:9102 }
limits:
  header: 16KiB
  request_body: 64MiB
  depth: 128
  key: 4KiB
  value: 1MiB
  record: 256KiB
  decompressed_ratio: 100
  connections: 10000
  connections_per_address: 200
  handshake: 10s
  header_time: 10s
  body_idle: 30s
drain: { delay: 0s, timeout: 30s }
"#;

/// The least that is a settings file.
const LEAST: &str = r#"fieldgate: 1
listen:
  - address: 127.0.0.1:0
    tls: { certificate: certs/server.pem, key: file:certs/server.key }
upstreams:
  crm: { url: "http://127.0.0.1:9000" }
rules: { dir: rules/ }
audit: { dir: audit/, key: file:secrets/audit.key }
"#;

/// A directory with every secret the examples name.
fn directory() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("certs/server.key", "pem"),
        ("secrets/us.key", "pem"),
        ("secrets/crm.key", "s3cret\n"),
        ("secrets/token.key", KEY),
        ("secrets/audit.key", KEY),
    ] {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        write(&path, text, 0o600);
    }
    dir
}

fn write(path: &Path, text: &str, mode: u32) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn variable(name: &str) -> Option<String> {
    match name {
        "PORT" => Some("9443".to_owned()),
        "EMPTY" => Some(String::new()),
        "CLEAR" => Some(KEY.trim().to_owned()),
        _ => None,
    }
}

fn load_in(dir: &tempfile::TempDir, text: &str) -> Result<Settings, Vec<Diagnostic>> {
    let path = dir.path().join("fieldgate.yaml");
    write(&path, text, 0o644);
    load_with(&path, &variable)
}

fn loaded(text: &str) -> Settings {
    let dir = directory();
    match load_in(&dir, text) {
        Ok(settings) => settings,
        Err(mistakes) => panic!("{}", render(&mistakes, Lang::En, Style::Plain)),
    }
}

/// The mistakes of a file, one line each, without its directory.
fn mistakes(text: &str) -> Vec<String> {
    let dir = directory();
    let base = format!("{}/", dir.path().display());
    match load_in(&dir, text) {
        Ok(_) => panic!("this was taken:\n{text}"),
        Err(mistakes) => mistakes
            .iter()
            .map(|one| one.line().replace(&base, ""))
            .collect(),
    }
}

/// The one mistake that a replacement in the example causes.
fn mistake(from: &str, to: &str) -> String {
    assert!(EXAMPLE.contains(from), "{from}");
    let lines = mistakes(&EXAMPLE.replacen(from, to, 1));
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.concat()
}

#[test]
fn the_example_is_read_whole() {
    let settings = loaded(EXAMPLE);
    assert_eq!(settings.node, "gw-1");
    let base = settings.file.parent().unwrap().to_owned();
    let [listener] = settings.listen.as_slice() else {
        panic!()
    };
    assert_eq!(listener.address.to_string(), "0.0.0.0:8443");
    assert_eq!(listener.tls.certificate, base.join("certs/server.pem"));
    assert_eq!(
        listener.tls.key,
        SecretSource::File(base.join("certs/server.key"))
    );
    assert_eq!(listener.tls.client_ca.as_deref(), Some("partner-ca"));
    let crm = &settings.upstreams["crm"];
    assert_eq!(crm.url.to_string(), "https://crm.internal:9000/");
    assert_eq!(crm.hosts.as_deref().unwrap(), ["crm.bank.example"]);
    let tls = crm.tls.as_ref().unwrap();
    assert_eq!(tls.name, "crm.internal");
    assert!(tls.client.is_some());
    assert_eq!(crm.headers.request, ["x-req-seq"]);
    assert!(
        matches!(&crm.headers.set[0].1, HeaderValueSource::Secret(v) if v == "s3cret" && v.is_sensitive())
    );
    assert!(matches!(crm.headers.set[1].1, HeaderValueSource::CallerId));
    assert_eq!(settings.identity.jwt.len(), 2);
    let crl = settings.identity.client_ca["partner-ca"].crl.clone();
    assert_eq!(crl.unwrap(), base.join("certs/partner.crl"));
    assert_eq!(settings.tokens.as_ref().unwrap().key.expose()[31], 0x1f);
    assert_eq!(settings.rules.dir, base.join("rules/"));
    assert_eq!(settings.health.unwrap().address.port(), 9102);
    assert!(settings.warnings.is_empty());
}

#[test]
fn o09_one_caller_has_three_quarters_of_an_upstream_s_connections_or_what_is_written() {
    let share = |line: &str| {
        let text = EXAMPLE.replacen("    hosts:", &format!("    {line}\n    hosts:"), 1);
        let crm = &loaded(&text).upstreams["crm"];
        (crm.connections, crm.connections_per_caller)
    };
    assert_eq!(share("connections: 1000"), (1000, 750));
    assert_eq!(share("connections: 1"), (1, 1));
    assert_eq!(share("connections: 3"), (3, 2));
    assert_eq!(share("connections_per_caller: 20"), (1000, 20));
    assert_eq!(share("connections_per_caller: 1000"), (1000, 1000));
    let more = "    connections: 3\n    connections_per_caller: 4\n    hosts:";
    let line = mistake("    hosts:", more);
    assert!(line.contains("1 to 3"), "{line}");
}

#[test]
fn what_is_not_written_has_the_defaults_of_the_documentation() {
    let (example, least) = (loaded(EXAMPLE), loaded(LEAST));
    assert_eq!(least.limits, example.limits);
    assert_eq!(least.drain, example.drain);
    assert_eq!(least.audit.durability, Durability::Process);
    assert_eq!(
        least.upstreams["crm"].timeouts,
        example.upstreams["crm"].timeouts
    );
    assert_eq!(
        example.identity.jwt["app-idp"].leeway,
        Duration::from_secs(30)
    );
    assert_eq!(least.listen[0].tls.client_auth, ClientAuth::Optional);
    assert!(least.health.is_none() && least.tokens.is_none() && !least.node.is_empty());
    assert!(least.upstreams["crm"].hosts.is_none() && least.identity.jwt.is_empty());
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let broken = EXAMPLE
        .replace("node: gw-1", "node: gw/1")
        .replace("0.0.0.0:8443", "localhost:8443")
        .replace("connect: 3s", "connect: 3")
        .replace("durability: process", "durability: disk")
        .replace("health:", "helth:");
    let lines = mistakes(&broken);
    assert_eq!(lines.len(), 5, "{lines:#?}");
    for start in [
        "fieldgate.yaml:2:7: error[FG4007]: `node` is not",
        "fieldgate.yaml:4:14: error[FG4007]: `listen[].address` is not",
        "fieldgate.yaml:15:26: error[FG4007]: `upstreams.NAME.timeouts.connect` is not a duration",
        "fieldgate.yaml:24:64: error[FG4008]: `audit.durability` cannot be `disk`",
        "fieldgate.yaml:25:1: error[FG1021]: unknown key `helth`",
    ] {
        assert!(
            lines.iter().any(|line| line.starts_with(start)),
            "{start}\n{lines:#?}"
        );
    }
}

#[test]
fn keys_that_are_not_built_yet_are_refused_by_name() {
    let line = mistake("health:", "admin: { address: 127.0.0.1:9443 }\nhealth:");
    assert!(
        line.contains("`admin`") && line.contains("not supported yet"),
        "{line}"
    );
    let line = mistake("on_failure: refuse", "on_failure: { 4: pass }");
    assert!(line.contains("`audit.on_failure` must be a text"), "{line}");
    assert!(mistake("on_failure: refuse", "on_failure: pass").contains("not supported yet"));
}

#[test]
fn api_keys_are_hashes_that_no_two_share_and_may_end() {
    let dir = directory();
    let file = |name: &str, text: &str| write(&dir.path().join("secrets").join(name), text, 0o600);
    let hash = |name: &str, byte: &str| file(name, &byte.repeat(32));
    hash("nightly.sha256", "0a");
    hash("weekly.sha256", "0b");
    hash("same.sha256", "0a");
    file("clear", "b7d8-nightly-3f1c\n");
    let with = |keys: &str| {
        let text = EXAMPLE.replacen(
            "  client_ca:\n",
            &format!("  api_keys: {keys}\n  client_ca:\n"),
            1,
        );
        load_in(&dir, &text)
    };
    let settings = with(
        "{ nightly: { sha256: file:secrets/nightly.sha256, until: 2027-01-01 }, weekly: { sha256: file:secrets/weekly.sha256 } }",
    );
    let keys = settings.unwrap().identity.api_keys;
    assert_eq!(
        keys["nightly"].until,
        Some(1_798_847_999),
        "the day's last second in UTC"
    );
    assert_eq!(keys["weekly"].until, None);
    let wrong = |keys: &str| {
        let found = with(keys).unwrap_err();
        let lines: Vec<String> = found.iter().map(Diagnostic::line).collect();
        assert_eq!(lines.len(), 1, "{lines:#?}");
        lines.concat()
    };
    for (keys, parts) in [
        (
            "{ a: { sha256: b7d8 } }",
            ["FG4005", "never the secret itself"],
        ),
        (
            "{ a: { sha256: file:secrets/clear } }",
            ["FG4006", "64 hexadecimal digits"],
        ),
        (
            "{ a: { until: 2027-01-01 } }",
            ["FG1023", "needs `sha256:`"],
        ),
        (
            "{ a: { sha256: file:secrets/nightly.sha256, until: soon } }",
            ["FG4007", "2027-01-01"],
        ),
        (
            "{ a: { sha256: file:secrets/nightly.sha256 }, b: { sha256: file:secrets/same.sha256 } }",
            ["FG4010", "the same key"],
        ),
        (
            "{ a: { sha256: file:secrets/nightly.sha256, role: x } }",
            ["FG1021", "`role`"],
        ),
    ] {
        let line = wrong(keys);
        assert!(
            parts.iter().all(|part| line.contains(part)),
            "{keys}: {line}"
        );
        assert!(!line.contains("b7d8-nightly"), "{line}");
    }
}

#[test]
fn n15_variables_are_expanded_and_never_have_defaults() {
    let settings = loaded(&EXAMPLE.replace("address: 0.0.0.0:8443", "address: 0.0.0.0:${PORT}"));
    assert_eq!(settings.listen[0].address.port(), 9443);
    for (text, code) in [
        ("${GONE}", "FG4002"),
        ("${EMPTY}", "FG4003"),
        ("${PORT:-1}", "FG4004"),
        ("${", "FG4004"),
    ] {
        assert!(mistake("0.0.0.0:8443", text).contains(code), "{text}");
    }
}

#[test]
fn a_secret_in_clear_is_refused_and_not_shown() {
    let clear = KEY.trim();
    for text in [
        clear,
        "0001",
        "File:x",
        "file:",
        "env:",
        "env:a-b",
        "cred:../x",
        "cred:",
    ] {
        let line = mistake("file:secrets/token.key", &format!("\"{text}\""));
        assert!(line.contains("FG4005") && !line.contains("0001"), "{line}");
    }
    assert!(mistake("file:secrets/token.key", "\"${CLEAR}\"").contains("FG4005"));
    assert!(mistake("X-Api-Key: file:secrets/crm.key", "X-Api-Key: hunter2").contains("FG4005"));

    let dir = directory();
    let text = EXAMPLE.replace(
        "{ key: file:secrets/token.key }",
        &format!("{{ key: {clear}, kye: 1 }}"),
    );
    let shown = render(&load_in(&dir, &text).unwrap_err(), Lang::En, Style::Plain);
    assert!(
        shown.contains("FG4005") && shown.contains("FG1021") && shown.contains("{ key: ****"),
        "{shown}"
    );
    assert!(!shown.contains("0001"), "{shown}");
}

#[test]
fn a_secret_comes_from_a_file_a_variable_or_a_credential() {
    let dir = directory();
    write(&dir.path().join("token"), KEY, 0o400);
    let credentials = dir.path().display().to_string();
    let environment =
        move |name: &str| (name == "CREDENTIALS_DIRECTORY").then(|| credentials.clone());
    let path = dir.path().join("fieldgate.yaml");
    write(
        &path,
        &EXAMPLE.replace("file:secrets/token.key", "cred:token"),
        0o644,
    );
    let settings = load_with(&path, &environment).unwrap();
    assert_eq!(settings.tokens.unwrap().key.expose()[1], 1);
    assert!(
        mistake("file:secrets/token.key", "cred:token")
            .contains("$CREDENTIALS_DIRECTORY is not set")
    );

    let variable = loaded(&EXAMPLE.replace("file:secrets/crm.key", "env:CARGO_PKG_NAME"));
    let (_, value) = &variable.upstreams["crm"].headers.set[0];
    assert!(matches!(value, HeaderValueSource::Secret(value) if value == "fieldgate"));
    assert!(
        mistake("file:secrets/crm.key", "env:NO_SUCH_VARIABLE")
            .contains("`NO_SUCH_VARIABLE` is not set")
    );
}

#[test]
fn a_key_file_holds_64_hexadecimal_digits_and_a_newline() {
    let dir = directory();
    let path = dir.path().join("secrets/token.key");
    let digits = KEY.trim();
    for good in [
        KEY.to_owned(),
        digits.to_owned(),
        format!("{digits}\r\n"),
        KEY.to_uppercase(),
    ] {
        write(&path, &good, 0o600);
        assert!(load_in(&dir, EXAMPLE).is_ok(), "{good:?}");
    }
    for bad in [
        "",
        "\n",
        "0",
        &digits[1..],
        &format!("{digits}\n\n"),
        &format!(" {digits}"),
        &digits.replace('a', "g"),
    ] {
        write(&path, bad, 0o600);
        let errors = load_in(&dir, EXAMPLE).unwrap_err();
        assert_eq!((errors.len(), errors[0].code.id), (1, "FG4006"), "{bad:?}");
        assert!(!errors[0].message.get(Lang::En).contains("0001"));
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(load_in(&dir, EXAMPLE).unwrap_err()[0].code.id, "FG4006");
    assert!(mistake("file:secrets/crm.key", "file:secrets").contains("cannot read"));
}

#[test]
fn l10_a_key_everybody_may_write_is_refused_and_one_others_may_read_is_warned_of() {
    let dir = directory();
    let path = dir.path().join("secrets/token.key");
    write(&path, KEY, 0o602);
    let errors = load_in(&dir, EXAMPLE).unwrap_err();
    assert!(
        errors[0]
            .message
            .get(Lang::En)
            .contains("everybody may write"),
        "{}",
        errors[0].line()
    );
    for (mode, warnings) in [
        (0o600, 0),
        (0o400, 0),
        (0o440, 0),
        (0o644, 1),
        (0o660, 1),
        (0o604, 1),
    ] {
        write(&path, KEY, mode);
        let settings = load_in(&dir, EXAMPLE).unwrap();
        assert_eq!(settings.warnings.len(), warnings, "{mode:o}");
    }
}

#[test]
fn n17_settings_everybody_may_write_are_refused() {
    let dir = directory();
    let path = dir.path().join("fieldgate.yaml");
    write(&path, EXAMPLE, 0o646);
    assert!(
        load(&path).unwrap_err()[0]
            .message
            .get(Lang::En)
            .contains("everybody may write")
    );
    let missing = load(&dir.path().join("none.yaml")).unwrap_err();
    assert!(
        missing[0].code.id == "FG4000" && missing[0].message.get(Lang::En).contains("cannot read")
    );
}

#[test]
fn an_upstream_url_is_scheme_host_and_port() {
    for url in [
        "http://127.0.0.1:9000",
        "http://crm",
        "http://crm.internal:80/",
        "'http://[::1]:9000'",
    ] {
        let text = LEAST.replace("\"http://127.0.0.1:9000\"", url);
        assert!(loaded(&text).upstreams["crm"].tls.is_none(), "{url}");
    }
    for url in [
        "crm:9000",
        "ftp://crm",
        "http://",
        "http://crm/api",
        "http://crm?x",
        "http://crm#x",
        "http://u:p@crm",
        "//crm",
        "http://crm:0",
        "http://crm:99999",
        "http://crm:",
        "http://crm:09000x",
        "http://CRM",
        "http://a b",
        "http://*.crm",
        "HTTP://crm",
        "http://crm.",
        "http://[::1",
        "'http://[127.0.0.1]'",
    ] {
        let lines = mistakes(&LEAST.replace(
            "\"http://127.0.0.1:9000\"",
            &format!("'{}'", url.trim_matches('\'')),
        ));
        assert!(lines.concat().contains("`url` is not"), "{url} {lines:?}");
    }
}

#[test]
fn https_needs_an_authority_and_http_takes_none() {
    assert!(
        mistake("https://crm.internal", "http://crm.internal").contains("whose `url` is `http://`")
    );
    let line = mistake(
        "    tls: { ca: certs/int-ca.pem, certificate: certs/us.pem, key: file:secrets/us.key, name: crm.internal }\n",
        "",
    );
    assert!(
        line.contains("an `https` upstream needs `tls: { ca: ... }`"),
        "{line}"
    );
    assert!(mistake("ca: certs/int-ca.pem, ", "").contains("needs `ca:`"));
    assert!(mistake("certificate: certs/us.pem, ", "").contains("both `certificate` and `key`"));
    let unnamed = loaded(&EXAMPLE.replace(", name: crm.internal", ""));
    assert_eq!(
        unnamed.upstreams["crm"].tls.as_ref().unwrap().name,
        "crm.internal"
    );
}

#[test]
fn hosts_are_names_without_port_or_wildcard() {
    let several =
        loaded(&EXAMPLE.replace("[crm.bank.example]", "[a.example, 10.0.0.1, \"[::1]\"]"));
    assert_eq!(several.upstreams["crm"].hosts.as_ref().unwrap().len(), 3);
    for host in [
        "crm.example:443",
        "\"*.example\"",
        "CRM.example",
        "crm.example.",
        "a/b",
        "\"::1\"",
    ] {
        assert!(
            mistake("[crm.bank.example]", &format!("[{host}]")).contains("a host is not"),
            "{host}"
        );
    }
    assert!(mistake("[crm.bank.example]", "[]").contains("empty list"));
}

#[test]
fn headers_that_must_not_pass_are_refused_by_name() {
    for (from, to) in [
        ("request: [X-Req-Seq]", "request: [Authorization]"),
        ("request: [X-Req-Seq]", "request: [Transfer-Encoding]"),
        ("response: [X-Req-Seq]", "response: [Set-Cookie]"),
        ("X-Caller: caller.id", "Host: caller.id"),
    ] {
        assert!(mistake(from, to).contains("FG4013"), "{to}");
    }
    assert!(mistake("request: [X-Req-Seq]", "request: [X-A, x-a]").contains("twice"));
    assert!(
        mistake("request: [X-Req-Seq]", "request: [X-Caller]")
            .contains("both set by us and let through")
    );
    assert!(mistake("X-Caller: caller.id", "X-Caller: caller.name").contains("FG4005"));
    assert!(mistake("X-Caller: caller.id", "X-API-KEY: caller.id").contains("twice"));
}

#[test]
fn names_that_lead_nowhere_and_halves_of_pairs_are_refused() {
    let line = mistake("client_ca: partner-ca,", "client_ca: partner,");
    assert!(line.contains("FG4009"), "{line}");
    let lines = mistakes(&LEAST.replace("server.key }", "server.key, client_auth: required }"));
    assert!(
        lines.concat().contains("says nothing without `client_ca`"),
        "{lines:?}"
    );
    let line = mistake("https://app.bank.example", "https://idp.bank.example");
    assert!(line.contains("two entries have the issuer"), "{line}");
    assert!(mistake("[ES256]", "[ES256, ES256]").contains("twice"));
    assert!(mistake("[ES256]", "[HS256]").contains("cannot be `HS256`"));
    assert!(mistake("[ES256]", "[none]").contains("cannot be `none`"));
    let second = "listen:\n  - { address: 0.0.0.0:8443, tls: { certificate: a, key: file:certs/server.key } }";
    assert!(mistake("listen:", second).contains("twice"));
}

#[test]
fn numbers_outside_their_range_are_refused() {
    for (from, to) in [
        ("header: 16KiB", "header: 16"),
        ("header: 16KiB", "header: 1GiB"),
        ("depth: 128", "depth: 0"),
        ("depth: 128", "depth: 100000"),
        ("value: 1MiB", "value: 0B"),
        ("handshake: 10s", "handshake: 0s"),
        ("handshake: 10s", "handshake: 2h"),
        ("decompressed_ratio: 100", "decompressed_ratio: -1"),
        ("leeway: 30s", "leeway: 10m"),
        ("leeway: 30s", "leeway: 1500ms"),
        ("timeout: 30s", "timeout: forever"),
    ] {
        assert!(mistake(from, to).contains("FG4007"), "{to}");
    }
    let settings = loaded(
        &EXAMPLE
            .replace("depth: 128", "depth: 64")
            .replace("idle: 60s", "idle: 500ms"),
    );
    assert_eq!(settings.limits.depth, 64);
    assert_eq!(
        settings.upstreams["crm"].timeouts.idle,
        Duration::from_millis(500)
    );
}

#[test]
fn what_must_be_there_is_asked_for() {
    for (line, key) in [
        ("fieldgate: 1\n", "fieldgate"),
        ("rules: { dir: rules/ }\n", "rules"),
        (
            "audit: { dir: audit/, key: file:secrets/audit.key, durability: process, on_failure: refuse }\n",
            "audit",
        ),
    ] {
        assert!(
            mistake(line, "").contains(&format!("needs `{key}:`")),
            "{key}"
        );
    }
    assert!(mistake("fieldgate: 1", "fieldgate: 2").contains("FG4001"));
    assert!(mistake("key: file:secrets/audit.key, ", "").contains("`audit` needs `key:`"));
    let plain = "listen:\n  - { address: 127.0.0.1:0 }";
    assert!(mistake("listen:", plain).contains("`listen[]` needs `tls:`"));
}

#[test]
fn the_first_place_that_is_said_or_there_is_taken() {
    let dir = directory();
    let (a, b) = (dir.path().join("a.yaml"), dir.path().join("b.yaml"));
    let places = [a.as_path(), b.as_path()];
    let said = Path::new("said.yaml");
    assert_eq!(first_place(Some(said), Some(&b), &places).unwrap(), said);
    assert_eq!(
        first_place(None, Some(said), &places).unwrap(),
        said,
        "said, though not there"
    );
    assert!(first_place(None, None, &places).is_err());
    write(&b, "", 0o600);
    assert_eq!(first_place(None, None, &places).unwrap(), b);
    write(&a, "", 0o600);
    assert_eq!(first_place(None, None, &places).unwrap(), a);
    assert!(first_place(None, Some(Path::new("")), &places).is_err());
}

#[test]
fn every_key_is_documented() {
    let docs = include_str!("../../docs/settings.md");
    for section in sections::SECTIONS {
        for key in section.known.iter().chain(section.later) {
            let path = match section.path {
                "" => (*key).to_owned(),
                path => format!("{path}.{key}"),
            };
            assert!(
                docs.contains(&format!("| `{path}` |")),
                "`{path}` is not documented"
            );
        }
    }
}

//! The kill switch, thrown by the command beside a proxy that runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::rig::door::BOTH;
use super::rig::upstream::chunk;
use super::rig::{
    Answer, Binary, End, Gate, Http1, Http2, Part, Rig, Setup, Upstream, Version, json_chunks,
    patiently, raw,
};

const RULES: &str = include_str!("rig/rules.yaml");
const SETTING: &str = "blocks: { file: state/blocks.json }";

/// A rig whose proxy reads a file of blocks.
pub fn setup(upstream: &Upstream) -> Setup {
    Setup::new(upstream.address())
        .rules(RULES)
        .settings(SETTING)
}

/// `fieldgate block ...`, as an operator types it.
pub fn block(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fieldgate"))
        .arg("block")
        .args(arguments)
        .arg("-c")
        .arg(dir.join("fieldgate.yaml"))
        .output()
        .unwrap()
}

#[track_caller]
pub fn blocked(dir: &Path, arguments: &[&str]) -> String {
    let output = block(dir, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

pub async fn until(rig: &Rig, status: u16) -> Answer {
    patiently("the proxy to follow", async {
        loop {
            let answer = rig
                .get(Version::Http1, &rig.door.teller(), "/customers/1")
                .await;
            if answer.status == status {
                return answer;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_a_caller_and_a_credential_are_blocked_and_lifted_and_all_of_it_is_recorded() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let rig = setup(&upstream).start().await;
    let before = until(&rig, 200).await;
    let dir = rig.dir().to_owned();
    let log = super::rig::Log::read(&rig.audit());
    let caller = &log.intent(before.id())["caller"];
    let (id, credential) = (
        caller["id"].as_str().unwrap(),
        caller["credential"].as_str().unwrap(),
    );
    let mut refusals = Vec::new();
    for (what, name) in [
        ("role", "teller"),
        ("caller", id),
        ("credential", credential),
    ] {
        blocked(&dir, &[what, name, "--reason", "a leak"]);
        let refused = until(&rig, 403).await;
        assert_eq!(refused.reason(), "blocked");
        for version in BOTH {
            let teller = rig.get(version, &rig.door.teller(), "/customers/1").await;
            assert_eq!((teller.status, teller.reason().as_str()), (403, "blocked"));
            refusals.push(teller.id().to_owned());
            let manager = rig.get(version, &rig.door.manager(), "/customers/1").await;
            assert_eq!(manager.status, 200, "nobody else is blocked");
        }
        let list = blocked(&dir, &["list"]);
        assert!(
            list.contains(": a leak\n") && list.contains("by "),
            "{list}"
        );
        blocked(&dir, &["lift", what, name]);
        until(&rig, 200).await;
    }
    assert_eq!(blocked(&dir, &["list"]), "nobody is blocked\n");
    let log = rig.finish().await;
    let heard = upstream.heads();
    for id in &refusals {
        assert_eq!(log.kinds(id), ["outcome"], "nothing was intended");
        let is_heard = heard.iter().any(|head| head.contains(id));
        assert!(!is_heard, "the upstream does not hear of it");
    }
    assert!(heard.iter().any(|head| head.contains(before.id())));
    let said: Vec<[&Value; 4]> = log
        .0
        .iter()
        .filter(|record| record["kind"] == "block" || record["kind"] == "lift")
        .map(|record| {
            [
                &record["kind"],
                &record["what"],
                &record["name"],
                &record["reason"],
            ]
        })
        .collect();
    let mut expected = Vec::new();
    for (what, name) in [
        ("role", "teller"),
        ("caller", id),
        ("credential", credential),
    ] {
        for kind in ["block", "lift"] {
            expected.push([kind, what, name, "a leak"].map(Value::from));
        }
    }
    assert_eq!(
        said,
        expected
            .iter()
            .map(|one| one.each_ref())
            .collect::<Vec<_>>()
    );
    let lift = log.of_kind("lift").next().unwrap();
    assert!(lift["lifted_by"].as_str().unwrap().contains("uid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn q05_answers_under_way_are_cut_and_others_go_on() {
    let gate = Gate::closed();
    let script = gate.clone();
    let upstream = Upstream::start(move |_| {
        let record = format!(r#"{{"id":"1","name":"{}"}}"#, "x".repeat(200));
        let some = vec![record; 600].join(",");
        let mut parts = json_chunks(&[br#"{"items":["#, some.as_bytes()]);
        parts.extend([
            Part::Wait(script.clone()),
            raw(chunk(b"]}")),
            raw("0\r\n\r\n"),
        ]);
        parts
    })
    .await;
    let rig = setup(&upstream).start().await;
    let mut one = Http1::connect(&rig.door, &rig.door.teller()).await;
    one.send("GET", "/customers", &[]).await;
    let two = Http2::connect(&rig.door, &rig.door.teller()).await;
    let under_way = two.ask("GET", "/customers", &[]);
    let mut other = Http1::connect(&rig.door, &rig.door.manager()).await;
    other.send("GET", "/customers", &[]).await;
    let head = one.head().await;
    assert_eq!(head.status, 200);
    upstream.asked(2).await;
    let dir = rig.dir().to_owned();
    let throwing = tokio::task::spawn_blocking(move || {
        blocked(&dir, &["role", "teller", "--reason", "a leak"])
    });
    let (cut, _) = tokio::join!(under_way, throwing);
    // It had begun, or it had not: nothing whole came of it.
    match cut.status {
        200 => assert!(matches!(cut.end, End::Cut(Some(_))), "{:?}", cut.end),
        _ => assert_eq!(cut.reason(), "blocked"),
    }
    let rest = one.rest().await;
    assert!(!rest.ends_with(b"0\r\n\r\n"), "it does not look whole");
    gate.open();
    gate.open();
    gate.open();
    let whole = other.answer().await;
    assert_eq!((whole.status, whole.end), (200, End::Complete));
    let log = rig.finish().await;
    let outcome = log.outcome(head.id());
    assert_eq!(
        (&outcome["end"], &outcome["reason"]),
        (&"aborted".into(), &"blocked".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_or_is_gone_refuses_everybody_until_it_is_mended() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let rig = setup(&upstream).start().await;
    until(&rig, 200).await;
    let file = rig.dir().join("state/blocks.json");
    blocked(rig.dir(), &["role", "acme", "--reason", "r"]);
    let good = fs::read_to_string(&file).unwrap();
    for damage in [Some("{"), Some(""), None] {
        match damage {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        until(&rig, 403).await;
        let output = block(rig.dir(), &["list"]);
        assert_eq!(output.status.success(), damage.is_none());
        fs::write(&file, &good).unwrap();
        until(&rig, 200).await;
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_outlive_a_restart_and_a_proxy_does_not_start_without_knowing_them() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let setup = setup(&upstream);
    blocked(setup.dir(), &["role", "teller", "--reason", "r"]);
    let binary = Binary::start(setup, None).await;
    let door = binary.door.clone();
    let refused = door
        .ask(Version::Http1, &door.teller(), "GET", "/customers/1", &[])
        .await;
    assert_eq!(refused.reason(), "blocked", "from the first exchange on");
    binary.signal("TERM");
    let (_, setup) = binary.exit().await;
    fs::write(setup.dir().join("state/blocks.json"), "{}").unwrap();
    let Err(error) = setup.try_start().await else {
        panic!("it starts");
    };
    assert_eq!(error.code, 2);
}

#[test]
fn a_block_that_would_miss_its_aim_is_refused() {
    let dir = Setup::new("127.0.0.1:9".parse().unwrap())
        .rules(RULES)
        .settings(SETTING);
    let told = |arguments: &[&str]| {
        let output = block(dir.dir(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(told(&["role", "tellers", "--reason", "r"]).contains("acme, manager, self, teller"));
    assert!(told(&["credential", "sha256:AB", "--reason", "r"]).contains("64 hexadecimal"));
    assert!(told(&["caller", "", "--reason", "r"]).contains("the name"));
    assert!(told(&["caller", "u", "--reason", "a\u{202e}b"]).contains("the reason"));
    assert!(told(&["caller", "u"]).contains("--reason"));
    assert!(told(&["person", "hmac:12", "--reason", "r"]).contains("64 hexadecimal"));
    assert!(told(&["person", " ", "--reason", "r"]).contains("the person"));
    assert!(told(&["contract", "HT-1", "--reason", "r"]).contains("no contract `HT-1`"));
    let again = |arguments: &[&str]| block(dir.dir(), arguments).status.code();
    assert_eq!(again(&["role", "teller", "--reason", "r"]), Some(0));
    assert_eq!(
        again(&["role", "teller", "--reason", "r"]),
        Some(1),
        "blocked already"
    );
    assert_eq!(
        again(&["lift", "caller", "teller"]),
        Some(1),
        "that is another thing"
    );
    assert_eq!(again(&["lift", "role", "teller"]), Some(0));
}

//! A person who is blocked: nobody gets a record of theirs.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::blocks::{block, setup};
use super::rig::door::BOTH;
use super::rig::upstream::{chunk, with};
use super::rig::{
    Answer, Caller, Gate, Http1, Part, Rig, Setup, Upstream, Version, json, json_chunks, patiently,
    raw,
};

const RULES: &str = include_str!("rig/rules.yaml");
const SETTING: &str = "blocks: { file: state/blocks.json }";

/// Of 1001: two; one each that names nobody, two persons, and no record.
const LIST: &str = r#"{"total":7,"items":[{"id":"1002","name":"b"}, {"name":"N","id":1001} ,{"name":"none"},{"id":"1003","id":"1001"},{"id":"1\u003001","name":"N"}, null, {"id":"1003","name":"c"}]}"#;

#[track_caller]
fn blocked(dir: &Path, arguments: &[&str]) -> (String, String) {
    let output = block(dir, arguments);
    let [said, warned] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "{arguments:?}: {warned}");
    (said, warned)
}

async fn until(rig: &Rig, caller: &Caller, target: &str, seen: impl Fn(&Answer) -> bool) -> Answer {
    patiently("the proxy to follow", async {
        loop {
            let answer = rig.get(Version::Http1, caller, target).await;
            if seen(&answer) {
                return answer;
            }
        }
    })
    .await
}

/// A CRM with 1001 and 1002, which tells of 1001 under another number too.
async fn crm() -> Upstream {
    Upstream::start(|asked| match asked.target() {
        "/customers" => json(LIST),
        "/customers/1001" | "/customers/5" => json(r#"{"id":"1001","name":"N"}"#),
        "/customers/1002" => json(r#"{"id":"1002","name":"b"}"#),
        "/customers/6" => json(r#"{"name":"N"}"#),
        "/customers/7" => with("204 No Content", ""),
        "/customers/1001/orders" => json(r#"{"total":1,"items":[{"id":"1001","name":"N"}]}"#),
        "/vault/1" => json(r#"{"code":"1"}"#),
        _ => with("404 Not Found\r\nContent-Type: text/html", "CANARY"),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_record_of_a_blocked_person_and_it_looks_as_if_there_were_none() {
    let upstream = crm().await;
    let rig = setup(&upstream).start().await;
    let dir = rig.dir().to_owned();
    let teller = rig.door.teller();
    let open = rig.get(Version::Http1, &teller, "/customers").await;
    assert_eq!(open.text(), LIST);
    let (said, warned) = blocked(&dir, &["person", "1001", "--reason", "erased by order"]);
    assert!(said.starts_with("person hmac:"), "{said}");
    assert!(
        warned.contains("not covered") && warned.contains("strict, vault"),
        "{warned}"
    );
    let file = fs::read_to_string(dir.join("state/blocks.json")).unwrap();
    assert!(!file.contains("1001"), "{file}");
    let closed = |answer: &Answer| answer.status == 200 && !answer.text().contains("\"N\"");
    let list = until(&rig, &teller, "/customers", closed).await;
    for version in BOTH {
        let (manager, own) = (rig.door.manager(), rig.door.customer());
        for caller in [&teller, &manager, &rig.door.partner()] {
            let list = rig.get(version, caller, "/customers").await;
            let expected =
                r#"{"total":7,"items":[{"id":"1002","name":"b"}, {"id":"1003","name":"c"}]}"#;
            assert_eq!(list.text(), expected);
        }
        let none = rig.get(version, &teller, "/customers/9").await;
        assert_eq!(
            (none.status, none.reason().as_str()),
            (404, "no-such-record")
        );
        for target in ["/customers/1001", "/customers/1001/orders"] {
            for caller in [&teller, &own] {
                let answer = rig.get(version, caller, target).await;
                assert_eq!(answer.comparable(), none.comparable(), "{target}");
            }
        }
        for target in ["/customers/5", "/customers/6", "/customers/7"] {
            let answer = rig.get(version, &manager, target).await;
            assert_eq!(answer.comparable(), none.comparable(), "{target}");
        }
        let other = rig.get(version, &teller, "/customers/1002").await;
        assert_eq!(other.text(), r#"{"id":"1002","name":"b"}"#);
        let nameless = rig.get(version, &manager, "/vault/1").await;
        assert_eq!(nameless.text(), r#"{"code":"1"}"#);
    }
    let refused = rig.get(Version::Http1, &teller, "/customers/1001").await;
    blocked(&dir, &["lift", "person", "1001"]);
    until(&rig, &teller, "/customers", |answer| answer.text() == LIST).await;
    let log = rig.finish().await;
    let name = &log.of_kind("block").next().unwrap()["name"];
    assert_eq!(&log.of_kind("lift").next().unwrap()["name"], name);
    let asked_for = &log.intent(refused.id())["persons"];
    assert_eq!(asked_for, &serde_json::json!([name]));
    assert_eq!(log.outcome(refused.id())["records"], 0);
    for (id, theirs) in [(open.id(), true), (list.id(), false)] {
        let persons = log.persons(id);
        assert_eq!(persons.contains(&name.as_str().unwrap()), theirs);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_named_by_their_hash_too_and_on_standard_input() {
    let upstream = crm().await;
    let dir = setup(&upstream);
    let (said, _) = blocked(dir.dir(), &["person", "1001", "--reason", "r"]);
    let hash = said.split(' ').nth(1).unwrap();
    let again = block(dir.dir(), &["person", hash, "--reason", "r"]);
    assert_eq!(again.status.code(), Some(1), "blocked already");
    let (list, _) = blocked(dir.dir(), &["list"]);
    assert!(
        list.starts_with(&format!("person {hash}: since ")),
        "{list}"
    );
    blocked(dir.dir(), &["lift", "person", hash]);
    let mut typed = Command::new(env!("CARGO_BIN_EXE_fieldgate"))
        .args(["block", "person", "-", "--reason", "r", "-c"])
        .arg(dir.dir().join("fieldgate.yaml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    typed.stdin.take().unwrap().write_all(b"1001\n").unwrap();
    let output = typed.wait_with_output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains(hash));
}

/// Answers that began before: those that may hold the person's records are cut, all others go on.
#[tokio::test(flavor = "multi_thread")]
async fn q05_answers_under_way_that_may_hold_the_persons_records_are_cut() {
    let gate = Gate::closed();
    let script = gate.clone();
    let upstream = Upstream::start(move |asked| {
        let (first, last) = match asked.target() {
            "/vault/1" => (r#"{"code":["#, "]}"),
            _ => (r#"{"items":["#, "]}"),
        };
        let record = match asked.target() {
            "/vault/1" => format!("\"{}\"", "x".repeat(200)),
            _ => format!(r#"{{"id":"1001","name":"{}"}}"#, "x".repeat(200)),
        };
        let some = vec![record; 600].join(",");
        let mut parts = json_chunks(&[first.as_bytes(), some.as_bytes()]);
        parts.extend([
            Part::Wait(script.clone()),
            raw(chunk(last.as_bytes())),
            raw("0\r\n\r\n"),
        ]);
        parts
    })
    .await;
    let rig = setup(&upstream).start().await;
    let (teller, manager, own) = (rig.door.teller(), rig.door.manager(), rig.door.customer());
    let mut anybodys = Http1::connect(&rig.door, &teller).await;
    anybodys.send("GET", "/customers", &[]).await;
    let mut theirs = Http1::connect(&rig.door, &own).await;
    theirs.send("GET", "/customers/1001/orders", &[]).await;
    let mut nobodys = Http1::connect(&rig.door, &manager).await;
    nobodys.send("GET", "/vault/1", &[]).await;
    let heads = [
        anybodys.head().await,
        theirs.head().await,
        nobodys.head().await,
    ];
    assert!(heads.iter().all(|head| head.status == 200));
    blocked(rig.dir(), &["person", "1002", "--reason", "r"]);
    let rest = anybodys.rest().await;
    assert!(!rest.ends_with(b"0\r\n\r\n"), "it does not look whole");
    for _ in 0..3 {
        gate.open();
    }
    for mut one in [theirs, nobodys] {
        let rest = one.rest().await;
        assert!(
            rest.ends_with(b"0\r\n\r\n"),
            "another person's, or nobody's"
        );
    }
    let log = rig.finish().await;
    let outcome = |head: &Answer| {
        let outcome = log.outcome(head.id());
        (outcome["end"].clone(), outcome["reason"].clone())
    };
    assert_eq!(outcome(&heads[0]), ("aborted".into(), "blocked".into()));
    for head in &heads[1..] {
        assert_eq!(outcome(head).0, "complete");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_data_may_leave_beside_the_records_everything_is_refused() {
    let rules = RULES
        .replace(
            "    envelope:\n",
            "    unlisted: show\n    unlisted_reason: r\n    envelope:\n",
        )
        .replace(", same_as: person", ", has: x");
    let upstream = crm().await;
    let setup = Setup::new(upstream.address())
        .rules(&rules)
        .settings(SETTING);
    blocked(setup.dir(), &["person", "1001", "--reason", "r"]);
    let rig = setup.start().await;
    let teller = rig.door.teller();
    let list = rig.get(Version::Http1, &teller, "/customers").await;
    assert_eq!((list.status, list.reason().as_str()), (403, "blocked"));
    let single = rig.get(Version::Http1, &teller, "/customers/1002").await;
    assert_eq!(single.status, 200, "all of that body is the record");
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hashes_of_another_key_are_of_nobody_knows_whom_so_everybody_is_refused() {
    let upstream = crm().await;
    let setup = setup(&upstream);
    blocked(setup.dir(), &["person", "1001", "--reason", "r"]);
    let rig = setup.start().await;
    let teller = rig.door.teller();
    let file = rig.dir().join("state/blocks.json");
    let good = fs::read_to_string(&file).unwrap();
    let (before, after) = good.split_once("\"key\": \"").unwrap();
    let other = format!("{before}\"key\": \"0000000000000000{}", &after[16..]);
    fs::write(&file, &other).unwrap();
    until(&rig, &teller, "/customers/1002", |answer| {
        answer.status == 403
    })
    .await;
    fs::write(&file, &good).unwrap();
    until(&rig, &teller, "/customers/1002", |answer| {
        answer.status == 200
    })
    .await;
    let dir = rig.dir().to_owned();
    assert!(blocked(&dir, &["list"]).0.contains("hmac:"));
    rig.finish().await;

    let upstream = crm().await;
    let setup = self::setup(&upstream);
    fs::create_dir_all(setup.dir().join("state")).unwrap();
    fs::write(setup.dir().join("state/blocks.json"), &other).unwrap();
    let Err(error) = setup.try_start().await else {
        panic!("it starts");
    };
    assert_eq!(error.code, 2);
    assert!(error.messages.join(" ").contains("another audit key"));
}

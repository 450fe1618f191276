//! Rules that change while the proxy serves: which counts, from when on, and what is said of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::rig::{Answer, Binary, Door, Http1, Log, Rig, Setup, Upstream, Version, patiently};

/// A teller sees the name; the rest of the file is `{more}`.
const OPEN: &str = r#"
fieldgate: 1
classes: { open: { level: 1 }, hidden: { level: 3 } }
resources:
  customer:
    at: { "GET /customers/{id}": $ }
    fields: { id: open, name: hidden }
    params: { path.id: id }
roles:
  teller:  { jwt: staff-idp, claim: roles, has: teller }
  manager: { jwt: staff-idp, claim: roles, has: branch-manager }
read:
  customer:
    teller: { open: show, hidden: show }
"#;
const NAME: &str = r#"{"id":"1","name":"Wang"}"#;
const NO_NAME: &str = r#"{"id":"1"}"#;

fn closed() -> String {
    OPEN.replace("hidden: show }", "hidden: strip }")
}

/// The rules with a test that a teller sees the name.
fn tested(rules: &str) -> String {
    let test = "tests:\n  - { name: a teller sees the name, as: teller, call: GET /customers/1, reply: fixtures/1.json, expect: { name: Wang } }\n";
    format!("{rules}{test}")
}

async fn started(rules: &str) -> (Upstream, Rig) {
    let upstream = Upstream::always(NAME).await;
    let rig = Setup::new(upstream.address()).rules(rules).start().await;
    (upstream, rig)
}

fn write(dir: &Path, rules: &str) {
    let dir = dir.join("rules");
    fs::create_dir_all(dir.join("fixtures")).unwrap();
    fs::write(dir.join("fixtures/1.json"), NAME).unwrap();
    fs::write(dir.join(".rig.yaml"), rules).unwrap();
    fs::rename(dir.join(".rig.yaml"), dir.join("rig.yaml")).unwrap();
}

async fn seen(rig: &Rig) -> Answer {
    rig.get(Version::Http1, &rig.door.teller(), "/customers/1")
        .await
}

async fn seen_through(door: &Door) -> String {
    let teller = door.teller();
    let answer = door.ask(Version::Http1, &teller, "GET", "/customers/1", &[]);
    answer.await.text().to_owned()
}

/// Waits until the metrics have this line.
async fn measured(rig: &Rig, line: &str) {
    patiently(line, async {
        while !rig.metrics().await.lines().any(|one| one == line) {}
    })
    .await;
}

async fn generation(rig: &Rig, wanted: u64) {
    patiently("another generation", async {
        while rig.generation() < wanted {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn policies(log: &Log) -> Vec<Value> {
    let of = |record: &Value| {
        let members = ["generation", "cause", "source", "tests_failed", "refused"];
        members.iter().map(|name| record[*name].clone()).collect()
    };
    log.of_kind("policy").map(of).collect()
}

/// Ten thousand answers, each wholly of the one rule set or wholly of the other, and each record says of which.
#[tokio::test(flavor = "multi_thread")]
async fn n09_under_load_every_answer_is_wholly_of_one_rule_set_and_its_record_says_of_which() {
    const CLIENTS: usize = 10;
    const EACH: usize = 1_000;
    let (_upstream, rig) = started(OPEN).await;
    let rig = Arc::new(rig);
    let done = Arc::new(AtomicBool::new(false));
    let alternating = {
        let (rig, done) = (Arc::clone(&rig), Arc::clone(&done));
        tokio::spawn(async move {
            let sets = [closed(), OPEN.to_owned()];
            for set in sets.iter().cycle() {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                let before = rig.generation();
                write(rig.dir(), set);
                rig.reload();
                generation(&rig, before + 1).await;
            }
        })
    };
    let clients = (0..CLIENTS).map(|_| {
        let door = rig.door.clone();
        tokio::spawn(async move {
            let mut client = Http1::connect(&door, &door.teller()).await;
            let mut answers = Vec::new();
            for _ in 0..EACH {
                let answer = client.ask("GET", "/customers/1", &[]).await;
                answers.push((answer.id().to_owned(), answer.text().to_owned()));
            }
            answers
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut answers = Vec::new();
    for client in clients {
        answers.extend(client.await.unwrap());
    }
    done.store(true, Ordering::Relaxed);
    alternating.await.unwrap();

    let generations = rig.generation();
    let log = Arc::into_inner(rig).unwrap().finish().await;
    let digests: Vec<(u64, &Value)> = log
        .of_kind("policy")
        .map(|policy| (policy["generation"].as_u64().unwrap(), &policy["digest"]))
        .collect();
    assert_eq!(digests.len() as u64, generations);
    let outcomes: std::collections::BTreeMap<&str, &Value> = log
        .of_kind("outcome")
        .map(|outcome| (outcome["id"].as_str().unwrap(), outcome))
        .collect();
    let (mut with, mut without) = (0, 0);
    for (id, body) in &answers {
        let outcome = outcomes[id.as_str()];
        let decided = &outcome["policy"];
        let generation = decided["generation"].as_u64().unwrap();
        let shown = generation % 2 == 1;
        assert_eq!(body, if shown { NAME } else { NO_NAME }, "{outcome}");
        assert_eq!(decided["digest"], *digests[generation as usize - 1].1);
        let name = if shown {
            json!({"show": 1})
        } else {
            json!({"strip": 1})
        };
        assert_eq!(outcome["fields"]["name"], name, "{outcome}");
        *(if shown { &mut with } else { &mut without }) += 1;
    }
    eprintln!("{with} answers of one set, {without} of the other, {generations} generations");
    assert_eq!(answers.len(), CLIENTS * EACH);
    assert!(with > 0 && without > 0 && generations > 4);
}

/// Nobody asks: the directory is looked at. `..data` is swapped as the kubelet does it, and the old directory goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_kubernetes_volume_is_swapped_under_the_proxy_and_taken_without_being_asked() {
    let upstream = Upstream::always(NAME).await;
    let setup = Setup::new(upstream.address()).rules(OPEN);
    let rules = setup.dir().join("rules");
    let version = |name: &str, text: &str| {
        fs::create_dir(rules.join(name)).unwrap();
        fs::write(rules.join(name).join("rig.yaml"), text).unwrap();
    };
    fs::remove_file(rules.join("rig.yaml")).unwrap();
    version("..2026_11_22_1", OPEN);
    symlink("..2026_11_22_1", rules.join("..data")).unwrap();
    symlink("..data/rig.yaml", rules.join("rig.yaml")).unwrap();
    let rig = setup.start().await;
    assert_eq!(seen(&rig).await.text(), NAME);

    version("..2026_11_22_2", &closed());
    symlink("..2026_11_22_2", rules.join("..data_tmp")).unwrap();
    fs::rename(rules.join("..data_tmp"), rules.join("..data")).unwrap();
    fs::remove_dir_all(rules.join("..2026_11_22_1")).unwrap();
    generation(&rig, 2).await;
    assert_eq!(seen(&rig).await.text(), NO_NAME);
    let log = rig.finish().await;
    assert_eq!(
        policies(&log),
        [
            json!([1, "start", "directory", null, null]),
            json!([2, "change", "directory", 0, null]),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn n08_a_set_that_does_not_load_or_fit_keeps_the_old_one_loudly_until_it_is_mended() {
    let (_upstream, rig) = started(OPEN).await;
    for (broken, why) in [
        (
            OPEN.replace("hidden: show }", "hiden: show }"),
            "does-not-load",
        ),
        (OPEN.replace("staff-idp", "staff-idp2"), "does-not-fit"),
    ] {
        write(rig.dir(), &broken);
        rig.reload();
        measured(
            &rig,
            &format!("fieldgate_rules_looked_total{{result=\"{why}\"}} 1"),
        )
        .await;
        measured(&rig, "fieldgate_rules_stale 1").await;
        assert_eq!(seen(&rig).await.text(), NAME);
    }
    write(rig.dir(), OPEN);
    // Only the fixture is new; what was read from the rule file is the same.
    fs::remove_dir_all(rig.dir().join("rules/fixtures")).unwrap();
    rig.reload();
    measured(&rig, "fieldgate_rules_stale 0").await;
    fs::remove_file(rig.dir().join("rules/rig.yaml")).unwrap();
    rig.reload();
    measured(
        &rig,
        "fieldgate_rules_looked_total{result=\"does-not-load\"} 2",
    )
    .await;
    assert_eq!(seen(&rig).await.text(), NAME, "no rules are never no rules");
    assert_eq!(rig.generation(), 1);
    let log = rig.finish().await;
    assert_eq!(
        policies(&log),
        [
            json!([1, "start", "directory", null, null]),
            json!([1, "signal", "directory", null, "does-not-load"]),
            json!([1, "signal", "directory", null, "does-not-fit"]),
            json!([1, "signal", "directory", null, "does-not-load"]),
        ]
    );
    let refused = log.of_kind("policy").nth(1).unwrap();
    assert!(refused["contents"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(
        (&refused["digest"], &refused["files"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_whose_tests_fail_keeps_the_old_one_unless_it_only_narrows() {
    let (_upstream, rig) = started(OPEN).await;
    // The test says that a teller sees the name. Somebody else seeing something is no narrowing.
    let opens = closed().replace("    teller:", "    manager: { open: show }\n    teller:");
    write(rig.dir(), &tested(&opens));
    rig.reload();
    measured(&rig, "fieldgate_rules_looked_total{result=\"tests\"} 1").await;
    assert_eq!(seen(&rig).await.text(), NAME);
    assert_eq!(rig.generation(), 1);

    write(rig.dir(), &tested(&closed()));
    rig.reload();
    generation(&rig, 2).await;
    assert_eq!(seen(&rig).await.text(), NO_NAME);
    // Opening again is no narrowing, but the tests hold.
    write(rig.dir(), &tested(OPEN));
    rig.reload();
    generation(&rig, 3).await;
    assert_eq!(seen(&rig).await.text(), NAME);
    let log = rig.finish().await;
    assert_eq!(
        policies(&log),
        [
            json!([1, "start", "directory", null, null]),
            json!([1, "signal", "directory", 1, "tests"]),
            json!([2, "signal", "directory", 1, null]),
            json!([3, "signal", "directory", 0, null]),
        ]
    );
}

/// What is under way ends under the rules it began with.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_under_way_ends_under_the_rules_it_began_with() {
    use super::rig::{Gate, Part, json, raw};
    let gate = Gate::closed();
    let script = gate.clone();
    let upstream = Upstream::start(move |_| {
        let whole = json(NAME);
        let Part::Bytes(bytes) = &whole[0] else {
            unreachable!()
        };
        let (head, tail) = bytes.split_at(bytes.len() - 10);
        vec![raw(head), Part::Wait(script.clone()), raw(tail)]
    })
    .await;
    let rig = Setup::new(upstream.address()).rules(OPEN).start().await;
    let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
    client.send("GET", "/customers/1", &[]).await;
    upstream.asked(1).await;
    write(rig.dir(), &closed());
    rig.reload();
    generation(&rig, 2).await;
    gate.open();
    let answer = client.answer().await;
    assert_eq!(answer.text(), NAME);
    gate.open();
    let after = client.ask("GET", "/customers/1", &[]).await;
    assert_eq!(after.text(), NO_NAME);
    let log = rig.finish().await;
    assert_eq!(log.outcome(answer.id())["policy"]["generation"], 1);
    assert_eq!(log.outcome(after.id())["policy"]["generation"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_takes_new_rules_and_says_why_it_does_not() {
    let upstream = Upstream::always(NAME).await;
    let setup = Setup::new(upstream.address()).rules(OPEN);
    let mut binary = Binary::start(setup, None).await;
    let (door, dir) = (binary.door.clone(), binary.dir());
    let ask = || async { seen_through(&door).await };
    let opens = closed().replace("    teller:", "    manager: { open: show }\n    teller:");
    write(&dir, &tested(&opens));
    binary.signal("HUP");
    let failed = binary.says("does not hold").await;
    assert!(
        failed.contains("a teller sees the name") && !failed.contains("Wang"),
        "{failed}"
    );
    let gain = binary.says("do not only narrow").await;
    assert!(gain.contains("customer: manager may read here"), "{gain}");
    binary.says("rules refused").await;
    assert_eq!(ask().await, NAME);
    write(&dir, &closed());
    binary.signal("HUP");
    binary.says("rules taken").await;
    patiently("the new rules", async { while ask().await != NO_NAME {} }).await;
    binary.signal("HUP");
    binary.says("the rules are those in force").await;
    binary.finish().await;
}

async fn ended(binary: Binary) -> Setup {
    binary.signal("TERM");
    let (status, setup) = binary.exit().await;
    assert!(status.success());
    setup
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_good_rules_are_used_at_a_start_at_which_the_configured_ones_cannot_be() {
    let upstream = Upstream::always(NAME).await;
    let setup = Setup::new(upstream.address())
        .rules(OPEN)
        .replace("dir: rules/ }", "dir: rules/, last_good: state/rules/ }");
    // The first start keeps a copy of what its tests hold of.
    write(setup.dir(), &tested(OPEN));
    let setup = ended(Binary::start(setup, None).await).await;
    for broken in [
        OPEN.replace("hidden: show }", "hiden: show }"),
        // What a running proxy would not take, a start does not take either.
        tested(&closed().replace("    teller:", "    manager: { open: show }\n    teller:")),
    ] {
        write(setup.dir(), &broken);
    }
    let mut binary = Binary::start(setup, None).await;
    binary.says("rules refused").await;
    binary.says("the last good rules are used").await;
    let door = binary.door.clone();
    let ask = || async { seen_through(&door).await };
    assert_eq!(ask().await, NAME);
    // Mended, they count without a restart.
    write(&binary.dir(), &closed());
    binary.says("rules taken").await;
    patiently("the mended rules", async {
        while ask().await != NO_NAME {}
    })
    .await;
    let setup = ended(binary).await;
    let log = Log::verified(&setup.dir().join("audit"));
    assert_eq!(
        policies(&log),
        [
            json!([1, "start", "directory", null, null]),
            json!([1, "start", "directory", 1, "tests"]),
            json!([1, "start", "last-good", null, null]),
            json!([2, "change", "directory", 0, null]),
        ]
    );
    // That was the last good set by then.
    fs::remove_dir_all(setup.dir().join("rules")).unwrap();
    let rig = setup.start().await;
    assert_eq!(seen(&rig).await.text(), NO_NAME);
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_not_what_was_kept_is_not_used_and_nothing_starts() {
    let upstream = Upstream::always(NAME).await;
    let setup = Setup::new(upstream.address())
        .rules(OPEN)
        .replace("dir: rules/ }", "dir: rules/, last_good: state/rules/ }");
    let setup = ended(Binary::start(setup, None).await).await;
    let state = setup.dir().join("state/rules");
    let current = fs::read_to_string(state.join("current")).unwrap();
    let copy = state.join(current.trim_end().strip_prefix("sha256:").unwrap());
    let opened = OPEN.replace("{ open: show", "{ open: show, hidden: show");
    fs::write(copy.join("rig.yaml"), opened).unwrap();
    fs::write(setup.dir().join("rules/rig.yaml"), "fieldgate: 2\n").unwrap();
    let Err(refused) = setup.try_start().await else {
        panic!("it starts");
    };
    assert_eq!(refused.code, 3);
    let told = refused.messages.join("\n");
    assert!(
        told.contains("FG1007") || told.contains("version"),
        "{told}"
    );
    assert!(told.contains("is not what was kept"), "{told}");
}

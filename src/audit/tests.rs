//! The writer, the trail and recovery, on real files.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::model::{Openness, Reason};

pub(super) fn settings(dir: &Path) -> AuditSettings {
    AuditSettings {
        dir: dir.to_owned(),
        node: "gw-1".to_owned(),
        key: Secret::new([7; 32]),
        durability: Durability::Process,
        queue: 1024,
    }
}

/// Reopens as soon as it is asked to.
fn open_eager(settings: AuditSettings) -> Audit {
    let pace = Pace {
        reopen: Duration::ZERO,
        ..Pace::default()
    };
    Audit::open_at_pace(settings, pace).unwrap()
}

pub(super) fn peer() -> IpAddr {
    "10.2.0.7".parse().unwrap()
}

const ID_SHOWN: &[(&str, Counts)] = &[(
    "id",
    Counts {
        show: 1,
        token: 0,
        mask: 0,
        blank: 0,
        strip: 0,
    },
)];

pub(super) fn outcome(end: End) -> Outcome<'static> {
    Outcome {
        decision: Some(Decision::Allow),
        records: 1,
        fields: ID_SHOWN,
        status: Some(200),
        ..Outcome::ending(end)
    }
}

fn refused(reason: Reason) -> Outcome<'static> {
    Outcome {
        decision: Some(Decision::Deny),
        reason: Some(reason),
        ..Outcome::ending(End::Refused)
    }
}

/// A rule set that was found at the start.
fn looked() -> RulesLooked<'static> {
    RulesLooked {
        generation: 1,
        contents: Some("sha256:all"),
        cause: "start",
        source: "directory",
        tests_failed: None,
    }
}

/// A log with one record of every kind that a quiet day has.
pub(super) async fn small_log(dir: &Path) {
    let audit = Audit::open(settings(dir)).unwrap();
    let digest = chain::Hash::of(b"rules").to_string();
    audit
        .policy(
            &looked(),
            &digest,
            &[("rules.yaml".to_owned(), b"fieldgate: 1\n".to_vec())],
        )
        .await
        .unwrap();
    let fields = [("id", Openness::Show), ("name", Openness::Mask)];
    let plan = Plan {
        generation: 1,
        digest: "sha256:plan",
        resource: "customer",
        route: "GET /customers/{id}",
        roles: &["teller"],
        contract: None,
        purpose: None,
        fields: &fields,
    };
    audit.plan_once(&plan).await.unwrap();
    let mut trail = audit.begin(Ulid::from(1u128), peer()).unwrap();
    trail.intent(&Intent::default()).await.unwrap();
    trail
        .persons(&[audit.hasher().person("1001")], &fields)
        .await
        .unwrap();
    trail.finish(&outcome(End::Complete));
    let refusal = audit.begin(Ulid::from(2u128), peer()).unwrap();
    refusal.refuse(&refused(Reason::NoRole)).await.unwrap();
    audit
        .connection(&Connection {
            peer: peer(),
            listener: "127.0.0.1:8443".parse().unwrap(),
            reason: "tls-handshake",
            credential: None,
        })
        .await
        .unwrap();
    audit.close().await.unwrap();
}

fn lines(dir: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(dir.join("gw-1-000001.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn kinds(dir: &Path) -> Vec<String> {
    lines(dir)
        .iter()
        .map(|line| line["kind"].as_str().unwrap().to_owned())
        .collect()
}

fn summary(dir: &Path) -> NodeSummary {
    verify(dir, &mut io::sink()).unwrap().nodes.pop().unwrap()
}

/// Copies a log's files as they are at this moment: what is left after `kill -9`.
fn snapshot(dir: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["gw-1.head", "gw-1-000001.jsonl"] {
        fs::copy(dir.join(name), copy.path().join(name)).unwrap();
    }
    copy
}

#[tokio::test]
async fn a_day_of_records_is_written_in_order_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    small_log(dir.path()).await;
    assert_eq!(
        kinds(dir.path()),
        [
            "start",
            "policy",
            "plan",
            "intent",
            "persons",
            "outcome",
            "outcome",
            "connection",
            "stop"
        ]
    );
    let lines = lines(dir.path());
    assert_eq!(
        lines[2]["fields"],
        serde_json::json!({"show": ["id"], "mask": ["name"]})
    );
    assert_eq!(lines[5]["fields"], serde_json::json!({"id": {"show": 1}}));
    assert_eq!(lines[6]["reason"], "no-role");
    let verified = summary(dir.path());
    assert_eq!((verified.lines, verified.behind_head), (9, 0));
    assert_eq!((verified.intents, verified.without_outcome), (1, 0));
}

#[tokio::test]
async fn p14_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("audit");
    small_log(&dir).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join("rules")), 0o700);
    for file in ["gw-1-000001.jsonl", "gw-1.head", "gw-1.lock"] {
        assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn restarts_continue_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let audit = Audit::open(settings(dir.path())).unwrap();
        audit.close().await.unwrap();
    }
    assert_eq!(
        kinds(dir.path()),
        ["start", "stop", "start", "stop", "start", "stop"]
    );
    assert_eq!(summary(dir.path()).lines, 6);
}

#[tokio::test]
async fn a_second_writer_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(settings(dir.path())).unwrap();
    assert!(matches!(
        Audit::open(settings(dir.path())),
        Err(OpenError::Locked(_))
    ));
    audit.close().await.unwrap();
    Audit::open(settings(dir.path()))
        .unwrap()
        .close()
        .await
        .unwrap();
}

#[tokio::test]
async fn p09_an_intent_is_in_the_file_before_it_is_acknowledged() {
    for durability in [Durability::Process, Durability::Power] {
        let dir = tempfile::tempdir().unwrap();
        let audit = Audit::open(AuditSettings {
            durability,
            ..settings(dir.path())
        })
        .unwrap();
        let mut trail = audit.begin(Ulid::from(1u128), peer()).unwrap();
        trail.intent(&Intent::default()).await.unwrap();
        let killed = snapshot(dir.path());
        assert_eq!(kinds(killed.path()), ["start", "intent"], "{durability:?}");
        let after = Audit::open(settings(killed.path())).unwrap();
        after.close().await.unwrap();
        let verified = summary(killed.path());
        assert_eq!((verified.intents, verified.without_outcome), (1, 1));
    }
}

#[tokio::test]
async fn p10_a_dropped_trail_is_an_aborted_outcome() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(settings(dir.path())).unwrap();
    drop(audit.begin(Ulid::from(1u128), peer()).unwrap());
    let mut trail = audit.begin(Ulid::from(2u128), peer()).unwrap();
    trail.intent(&Intent::default()).await.unwrap();
    drop(trail);
    audit.close().await.unwrap();
    let lines = lines(dir.path());
    assert_eq!(
        (&lines[1]["end"], &lines[1]["decision"]),
        (&"aborted".into(), &().into())
    );
    assert_eq!(
        (&lines[3]["end"], &lines[3]["decision"]),
        (&"aborted".into(), &"allow".into())
    );
    assert_eq!(summary(dir.path()).without_outcome, 0);
}

#[tokio::test]
async fn p09_an_outcome_is_written_though_nobody_waits_for_it_and_nothing_follows() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(settings(dir.path())).unwrap();
    // At once, while the writer is lively, and after it went to sleep for long.
    for number in 1..4 {
        let mut trail = audit.begin(Ulid::from(1u128), peer()).unwrap();
        trail.intent(&Intent::default()).await.unwrap();
        trail.finish(&outcome(End::Complete));
        let written = || kinds(snapshot(dir.path()).path());
        while written().iter().filter(|kind| *kind == "outcome").count() < number {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn nothing_is_recorded_as_allowed_without_an_intent() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(settings(dir.path())).unwrap();
    audit
        .begin(Ulid::from(1u128), peer())
        .unwrap()
        .finish(&outcome(End::Aborted));
    audit.close().await.unwrap();
    assert!(lines(dir.path())[1]["decision"].is_null());
    summary(dir.path());
}

#[tokio::test]
async fn persons_are_split_into_records_of_256() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(settings(dir.path())).unwrap();
    let persons: Vec<KeyedHash> = (0..600)
        .map(|n| audit.hasher().person(&n.to_string()))
        .collect();
    let mut trail = audit.begin(Ulid::from(1u128), peer()).unwrap();
    trail.intent(&Intent::default()).await.unwrap();
    for some in [&persons[..], &persons[..256], &persons[..257]] {
        trail
            .persons(some, &[("id", Openness::Show)])
            .await
            .unwrap();
    }
    trail.finish(&outcome(End::Complete));
    audit.close().await.unwrap();
    let counts: Vec<usize> = lines(dir.path())
        .iter()
        .filter(|line| line["kind"] == "persons")
        .map(|line| line["persons"].as_array().unwrap().len())
        .collect();
    assert_eq!(counts, [256, 256, 88, 256, 256, 1]);
    summary(dir.path());
}

#[tokio::test]
async fn a_full_queue_refuses_new_exchanges_at_once_and_never_an_open_one() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(AuditSettings {
        queue: 2,
        ..settings(dir.path())
    })
    .unwrap();
    let mut first = audit.begin(Ulid::from(1u128), peer()).unwrap();
    let second = audit.begin(Ulid::from(2u128), peer()).unwrap();
    assert!(audit.begin(Ulid::from(3u128), peer()).is_err());
    first.intent(&Intent::default()).await.unwrap();
    first
        .persons(&[audit.hasher().person("1")], &[])
        .await
        .unwrap();
    first.finish(&outcome(End::Complete));
    second.refuse(&refused(Reason::NoRow)).await.unwrap();
    // Both places are free again: the second outcome was written, and the first before it.
    let third = audit.begin(Ulid::from(3u128), peer()).unwrap();
    let fourth = audit.begin(Ulid::from(4u128), peer()).unwrap();
    drop((third, fourth));
    audit.close().await.unwrap();
    assert_eq!(summary(dir.path()).lines, 8);
}

#[tokio::test]
async fn after_close_everything_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(settings(dir.path())).unwrap();
    let mut trail = audit.begin(Ulid::from(1u128), peer()).unwrap();
    audit.close().await.unwrap();
    assert!(audit.begin(Ulid::from(2u128), peer()).is_err());
    assert_eq!(trail.intent(&Intent::default()).await, Err(Unavailable));
    drop(trail);
    assert_eq!(audit.close().await, Err(Unavailable));
    assert_eq!(kinds(dir.path()), ["start", "stop"]);
}

#[tokio::test]
async fn a_plan_is_written_once_per_generation() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(settings(dir.path())).unwrap();
    let plan = |generation, digest| Plan {
        generation,
        digest,
        resource: "customer",
        route: "GET /customers",
        roles: &[],
        contract: None,
        purpose: None,
        fields: &[],
    };
    for (generation, digest) in [(1, "a"), (1, "a"), (1, "b"), (2, "a"), (1, "a"), (2, "a")] {
        audit.plan_once(&plan(generation, digest)).await.unwrap();
    }
    let (one, other) = (plan(3, "c"), plan(3, "c"));
    let (one, other) = tokio::join!(audit.plan_once(&one), audit.plan_once(&other));
    one.and(other).unwrap();
    audit.close().await.unwrap();
    let plans: Vec<_> = lines(dir.path())
        .iter()
        .filter(|line| line["kind"] == "plan")
        .map(|line| format!("{}{}", line["generation"], line["digest"]))
        .collect();
    assert_eq!(plans, ["1\"a\"", "1\"b\"", "2\"a\"", "3\"c\""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p12_ten_thousand_concurrent_exchanges_make_one_valid_chain() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(AuditSettings {
        queue: 10_000,
        ..settings(dir.path())
    })
    .unwrap();
    let exchanges: Vec<_> = (0..10_000u128)
        .map(|n| {
            let audit = audit.clone();
            tokio::spawn(async move {
                let mut trail = audit.begin(Ulid::from(n + 1), peer()).unwrap();
                trail.intent(&Intent::default()).await.unwrap();
                trail.finish(&outcome(End::Complete));
            })
        })
        .collect();
    for exchange in exchanges {
        exchange.await.unwrap();
    }
    audit.close().await.unwrap();
    let verified = summary(dir.path());
    assert_eq!(
        (verified.lines, verified.intents, verified.without_outcome),
        (20_002, 10_000, 0)
    );
}

/// Does something to the files of a running log; until undone, all is refused, and the upstream unheard.
async fn outage(durability: Durability, harm: impl Fn(&Path), undo: impl Fn(&Path)) {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("audit");
    let audit = open_eager(AuditSettings {
        durability,
        ..settings(&dir)
    });
    let mut open = audit.begin(Ulid::from(1u128), peer()).unwrap();
    open.intent(&Intent::default()).await.unwrap();
    harm(&dir);
    let mut during = audit.begin(Ulid::from(2u128), peer()).unwrap();
    assert_eq!(during.intent(&Intent::default()).await, Err(Unavailable));
    assert!(!audit.healthy());
    assert!(audit.fault().is_some());
    assert_eq!(
        during.refuse(&refused(Reason::AuditUnavailable)).await,
        Err(Unavailable)
    );
    open.finish(&outcome(End::Complete));
    undo(&dir);
    let mut after = audit.begin(Ulid::from(3u128), peer()).unwrap();
    after.intent(&Intent::default()).await.unwrap();
    assert!(audit.healthy());
    assert_eq!(audit.fault(), None);
    after.finish(&outcome(End::Complete));
    audit.close().await.unwrap();
    assert_eq!(
        kinds(&dir),
        [
            "start", "intent", "gap", "outcome", "intent", "outcome", "stop"
        ]
    );
    let lines = lines(&dir);
    assert_eq!(lines[2]["refused"], 2);
    assert_eq!(lines[3]["id"], lines[1]["id"]);
    assert_eq!(summary(&dir).without_outcome, 0);
}

#[tokio::test]
async fn p04_a_renamed_directory_refuses_until_it_is_back() {
    let away = |dir: &Path| dir.with_extension("away");
    for durability in [Durability::Process, Durability::Power] {
        outage(
            durability,
            |dir| fs::rename(dir, away(dir)).unwrap(),
            |dir| fs::rename(away(dir), dir).unwrap(),
        )
        .await;
    }
}

#[tokio::test]
async fn p04_a_deleted_segment_refuses_until_a_whole_copy_is_back() {
    for durability in [Durability::Process, Durability::Power] {
        outage(
            durability,
            |dir| {
                fs::copy(dir.join("gw-1-000001.jsonl"), dir.join("copy")).unwrap();
                fs::remove_file(dir.join("gw-1-000001.jsonl")).unwrap();
            },
            |dir| fs::rename(dir.join("copy"), dir.join("gw-1-000001.jsonl")).unwrap(),
        )
        .await;
    }
}

#[tokio::test]
async fn p04_a_replaced_segment_refuses_until_the_right_one_is_back() {
    outage(
        Durability::Process,
        |dir| {
            fs::rename(dir.join("gw-1-000001.jsonl"), dir.join("right")).unwrap();
            fs::write(dir.join("gw-1-000001.jsonl"), "{}\n").unwrap();
        },
        |dir| fs::rename(dir.join("right"), dir.join("gw-1-000001.jsonl")).unwrap(),
    )
    .await;
}

#[tokio::test]
async fn p15_a_segment_truncated_or_written_to_from_outside_is_never_continued() {
    for harm in [
        |path: &Path| fs::write(path, "").unwrap(),
        |path: &Path| {
            let text = fs::read_to_string(path).unwrap();
            fs::write(path, text + "{}\n").unwrap();
        },
    ] {
        let dir = tempfile::tempdir().unwrap();
        let audit = open_eager(settings(dir.path()));
        let mut trail = audit.begin(Ulid::from(1u128), peer()).unwrap();
        trail.intent(&Intent::default()).await.unwrap();
        harm(&dir.path().join("gw-1-000001.jsonl"));
        for n in 2..5u128 {
            let mut trail = audit.begin(Ulid::from(n), peer()).unwrap();
            assert_eq!(trail.intent(&Intent::default()).await, Err(Unavailable));
        }
        assert_eq!(audit.close().await, Err(Unavailable));
        assert!(matches!(
            Audit::open(settings(dir.path())),
            Err(OpenError::Damaged { .. })
        ));
    }
}

#[tokio::test]
async fn p04_a_head_that_cannot_be_replaced_stops_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let durability = Durability::Power;
    let audit = open_eager(AuditSettings {
        durability,
        ..settings(dir.path())
    });
    fs::create_dir(dir.path().join("gw-1.head.tmp")).unwrap();
    let mut trail = audit.begin(Ulid::from(1u128), peer()).unwrap();
    trail.intent(&Intent::default()).await.unwrap(); // written and synced; its head comes after
    assert_eq!(trail.persons(&[], &[]).await, Err(Unavailable));
    fs::remove_dir(dir.path().join("gw-1.head.tmp")).unwrap();
    trail.finish(&outcome(End::Aborted));
    audit.close().await.unwrap();
    // The attempt to reopen in between had written its `gap`, and could not move the head over it.
    assert_eq!(
        kinds(dir.path()),
        ["start", "intent", "gap", "outcome", "stop"]
    );
    assert_eq!(summary(dir.path()).without_outcome, 0);
}

#[tokio::test]
async fn the_head_follows_in_the_background() {
    let dir = tempfile::tempdir().unwrap();
    let pace = Pace {
        sync: Duration::ZERO,
        ..Pace::default()
    };
    let audit = Audit::open_at_pace(settings(dir.path()), pace).unwrap();
    let mut trail = audit.begin(Ulid::from(1u128), peer()).unwrap();
    trail.intent(&Intent::default()).await.unwrap();
    let at = || head::parse("gw-1", &head::read(dir.path(), "gw-1").unwrap().unwrap()).unwrap();
    while at().seq < 2 {
        tokio::task::yield_now().await;
    }
    // The same for a fault of the background: it ends in refusals without anybody writing.
    fs::create_dir(dir.path().join("gw-1.head.tmp")).unwrap();
    trail.finish(&outcome(End::Complete));
    while audit.healthy() {
        tokio::task::yield_now().await;
    }
    assert!(audit.fault().unwrap().starts_with("replacing the head"));
    fs::remove_dir(dir.path().join("gw-1.head.tmp")).unwrap();
    audit.close().await.unwrap();
    assert_eq!(
        kinds(dir.path()),
        ["start", "intent", "outcome", "gap", "stop"]
    );
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let bad = AuditSettings {
        node: "a/b".to_owned(),
        ..settings(dir.path())
    };
    let Err(OpenError::Node(name)) = Audit::open(bad) else {
        panic!("accepted")
    };
    assert_eq!(name, "a/b");
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(
        Audit::open(settings(&file)),
        Err(OpenError::Io { .. })
    ));
}

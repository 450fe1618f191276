//! Two answers of the upstream that are equal to a caller cannot be told apart by that caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::rig::door::BOTH;
use super::rig::upstream::{chunk, encoded, gzip};
use super::rig::{Caller, Door, Log, Part, Rig, Setup, Upstream, json, json_chunks, raw};

const RULES: &str = include_str!("rig/rules.yaml");

/// A proxy whose upstream answers with the one or the other.
struct Pair {
    rig: Rig,
    _upstream: Upstream,
    which: Arc<AtomicUsize>,
}

impl Pair {
    async fn of(answers: [fn() -> Vec<Part>; 2]) -> Pair {
        let which = Arc::new(AtomicUsize::new(0));
        let asked = Arc::clone(&which);
        let upstream = Upstream::start(move |_| answers[asked.load(Ordering::SeqCst)]()).await;
        let setup = Setup::new(upstream.address()).rules(RULES);
        Pair {
            rig: setup.start().await,
            _upstream: upstream,
            which,
        }
    }

    /// Asks for both and compares status, headers, framing and bytes; then their records, all but `but`.
    async fn cannot_be_told_apart(
        self,
        caller: impl Fn(&Door) -> Caller,
        target: &str,
        but: &[&str],
    ) {
        let caller = caller(&self.rig.door);
        let mut ids = Vec::new();
        for version in BOTH {
            let mut answers = Vec::new();
            for which in [0, 1] {
                self.which.store(which, Ordering::SeqCst);
                answers.push(self.rig.undisturbed(version, &caller, target).await);
            }
            let [one, other] = answers.try_into().unwrap();
            assert_eq!(one.comparable(), other.comparable(), "{version:?} {target}");
            ids.push([one.id().to_owned(), other.id().to_owned()]);
        }
        let log = self.rig.finish().await;
        for [one, other] in ids {
            assert_eq!(records(&log, &one, but), records(&log, &other, but));
        }
    }
}

/// The records of an exchange without hashes of the chain, times, and what the caller names.
fn records(log: &Log, id: &str, but: &[&str]) -> Vec<Value> {
    let records = log.of(id).into_iter().cloned();
    records
        .map(|mut record| {
            let members = record.as_object_mut().unwrap();
            for name in ["id", "seq", "ts", "prev", "ms"].iter().chain(but) {
                members.remove(*name);
            }
            record
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_values_of_any_length_and_content_leave_no_trace() {
    let answers: [fn() -> Vec<Part>; 2] = [
        || json(r#"{"id":"1","secret":"x","name":"n","secrets":[{"code":1}]}"#),
        || {
            let long = "\\u00e9 \\\" ] } ,".repeat(4000);
            json(format!(
                r#"{{"id":"1","secret":"{long}","name":"n","secrets":[{{"code":-1.5e300}}]}}"#
            ))
        },
    ];
    // Stripped from the one, masked for the other.
    Pair::of(answers)
        .await
        .cannot_be_told_apart(Door::teller, "/customers/1", &[])
        .await;
    Pair::of(answers)
        .await
        .cannot_be_told_apart(Door::manager, "/customers/1", &[])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_value_of_any_kind_leaves_no_trace() {
    for other in [
        "null",
        "17",
        "true",
        "[]",
        r#"["a",["b"]]"#,
        r#"{"a":{"id":"2"}}"#,
    ] {
        let which = Arc::new(AtomicUsize::new(0));
        let asked = Arc::clone(&which);
        let upstream = Upstream::start(move |_| {
            let hidden = [r#""x""#, other][asked.load(Ordering::SeqCst)];
            json(format!(r#"{{"id":"1","secret":{hidden},"name":"n"}}"#))
        });
        let upstream = upstream.await;
        let setup = Setup::new(upstream.address()).rules(RULES);
        let pair = Pair {
            rig: setup.start().await,
            _upstream: upstream,
            which,
        };
        // A container where a scalar is listed is unlisted, and counted as such.
        let but = ["fields", "unlisted"];
        pair.cannot_be_told_apart(Door::teller, "/customers/1", &but)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_members_blanks_and_names_leave_no_trace() {
    let answers: [fn() -> Vec<Part>; 2] = [
        || json(r#"{ "id":"1", "name":"n" }"#),
        || {
            let blanks = " \t\r\n".repeat(900);
            json(format!(
                r#"{{ "id":"1",{blanks}"new" :{{ "name":"m",{blanks}"id":["2"]}}, "NEW":[{blanks}], "secret" : "s", "name":"n",{blanks}"tag":"x" }}"#
            ))
        },
    ];
    let but = ["fields", "unlisted"];
    Pair::of(answers)
        .await
        .cannot_be_told_apart(Door::teller, "/customers/1", &but)
        .await;
}

/// More than one frame, most of what the upstream sends hidden in one of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_framed_by_what_is_shown_alone() {
    fn list(hidden: &str) -> Vec<Part> {
        let record = |id: usize| {
            let name = "n".repeat(180);
            format!(r#"{{"id":"{id}","secret":"{hidden}","name":"{name}"}}"#)
        };
        let records: Vec<String> = (0..500).map(record).collect();
        json(format!(
            r#"{{"total":500,"items":[{}]}}"#,
            records.join(",")
        ))
    }
    let answers: [fn() -> Vec<Part>; 2] = [|| list(""), || list(&"h".repeat(2000))];
    Pair::of(answers)
        .await
        .cannot_be_told_apart(Door::teller, "/customers", &[])
        .await;
    Pair::of(answers)
        .await
        .cannot_be_told_apart(Door::manager, "/customers", &[])
        .await;
}

/// Whether what is shown fits in what is held back does not depend on what is hidden.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_answer_is_judged_whole_however_long_it_came() {
    let answers: [fn() -> Vec<Part>; 2] = [
        || json(r#"{"items":[{"id":"1"}]}"#),
        || {
            let hidden = "h".repeat(100 << 10);
            json(format!(
                r#"{{"items":[{{"id":"1","secret":"{hidden}"}}],"x":"{hidden}"}}"#
            ))
        },
    ];
    let but = ["fields", "unlisted"];
    Pair::of(answers)
        .await
        .cannot_be_told_apart(Door::teller, "/customers", &but)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_other_persons_leave_no_trace() {
    let answers: [fn() -> Vec<Part>; 2] = [
        || json(r#"{"items":[{"id":"1001","name":"mine"}]}"#),
        || {
            let other = format!(r#"{{"id":"1002","name":"{}"}}"#, "o".repeat(100));
            let others = vec![other; 3000].join(",");
            json(format!(
                r#"{{"items":[{others},{{"id":"1003"}},{{"id":"1001","name":"mine"}},{others}]}}"#
            ))
        },
    ];
    let target = "/customers/1001/orders";
    Pair::of(answers)
        .await
        .cannot_be_told_apart(Door::customer, target, &[])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_the_upstream_frames_and_encodes_leaves_no_trace() {
    const BODY: &str = r#"{"id":"1","secret":"s","name":"n"}"#;
    fn pieces() -> Vec<Part> {
        let mut parts = json_chunks(&[]);
        parts.extend(BODY.as_bytes().iter().map(|byte| raw(chunk(&[*byte]))));
        parts.push(raw("0\r\nX-Trailer: t\r\n\r\n"));
        parts
    }
    fn zipped() -> Vec<Part> {
        encoded("gzip\r\nServer: x", &gzip(BODY.as_bytes()))
    }
    let whole: fn() -> Vec<Part> = || json(BODY);
    let in_pieces: [fn() -> Vec<Part>; 2] = [whole, pieces];
    let encoded: [fn() -> Vec<Part>; 2] = [whole, zipped];
    Pair::of(in_pieces)
        .await
        .cannot_be_told_apart(Door::teller, "/customers/1", &[])
        .await;
    Pair::of(encoded)
        .await
        .cannot_be_told_apart(Door::teller, "/customers/1", &[])
        .await;
}

//! `kill -9` in the middle of everything: what a caller saw is in the log, and the log is whole.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::rig::{Binary, Caller, Door, Http1, Http2, Log, Setup, Upstream, json, patiently};

const RULES: &str = include_str!("rig/rules.yaml");
const DEATHS: usize = 50;
const CLIENTS: usize = 6;

/// The ids of all answers of which a byte came, and how many there are.
#[derive(Clone)]
struct Seen(Arc<Mutex<BTreeSet<String>>>, watch::Sender<usize>);

impl Seen {
    fn add(&self, id: &str) {
        self.0.lock().unwrap().insert(id.to_owned());
        self.1.send_modify(|count| *count += 1);
    }
}

/// Asks until the connection breaks.
async fn ask_over_http1(door: Door, caller: Caller, seen: Seen) {
    let Ok(mut client) = Http1::try_connect(&door, &caller).await else {
        return;
    };
    for target in ["/customers/1", "/customers", "/nowhere"].iter().cycle() {
        if client.try_send("GET", target, &[]).await.is_err() {
            return;
        }
        // The head's bytes are enough to count as seen; the body may break off.
        let Some(answer) = client.try_answer().await else {
            return;
        };
        seen.add(answer.id());
    }
}

async fn ask_over_http2(door: Door, caller: Caller, seen: Seen) {
    let Some(client) = Http2::try_connect(&door, &caller).await else {
        return;
    };
    for target in ["/customers", "/customers/1"].iter().cycle() {
        let Some(answer) = client.try_ask(target).await else {
            return;
        };
        seen.add(answer.id());
    }
}

/// A list that does not fit in one frame, so that some deaths come in the middle of it.
fn list() -> String {
    let record = |id: usize| format!(r#"{{"id":"{id}","name":"{}"}}"#, "n".repeat(300));
    let records: Vec<String> = (0..300).map(record).collect();
    format!(r#"{{"items":[{}]}}"#, records.join(","))
}

fn verify(audit: &Path) -> Option<i32> {
    let verified = Command::new(env!("CARGO_BIN_EXE_fieldgate"))
        .args(["audit", "verify"])
        .arg(audit)
        .output()
        .unwrap();
    verified.status.code()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_deaths_under_load_leave_no_answer_without_its_intent() {
    let list = list();
    let upstream = Upstream::start(move |asked| match asked.target() {
        "/customers" => json(&list),
        _ => json(r#"{"id":"1","name":"n"}"#),
    });
    let upstream = upstream.await;
    let mut setup = Setup::new(upstream.address()).rules(RULES);
    let audit = setup.dir().join("audit");
    let seen = Seen(Arc::default(), watch::Sender::default());
    for death in 0..DEATHS {
        let binary = Binary::start(setup, None).await;
        assert_eq!(verify(&audit), Some(0), "after death {death}");
        let before = *seen.1.borrow();
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let (door, caller) = (binary.door.clone(), binary.door.teller());
            match client % 2 {
                0 => clients.spawn(ask_over_http1(door, caller, seen.clone())),
                _ => clients.spawn(ask_over_http2(door, caller, seen.clone())),
            };
        }
        // Each time at another moment, from the first answers on.
        let mut count = seen.1.subscribe();
        let enough = count.wait_for(|count| *count >= before + 1 + death * 7 % 60);
        patiently("answers", enough).await.unwrap();
        setup = binary.kill();
        patiently("the clients' end", clients.join_all()).await;
    }
    // Once more, to recover what the last death left.
    let binary = Binary::start(setup, None).await;
    assert_eq!(verify(&audit), Some(0), "a running log verifies as well");
    binary.signal("TERM");
    let (status, _setup) = binary.exit().await;
    assert!(status.success());
    assert_eq!(verify(&audit), Some(0));
    let log = Log::verified(&audit);
    let (intended, refused) = (log.intended(), refused(&log));
    let seen = seen.0.lock().unwrap();
    for id in seen.iter() {
        let recorded = intended.contains(id) || refused.contains(id);
        assert!(recorded, "{id} was seen and is in no record");
    }
    assert_eq!(log.of_kind("start").count(), DEATHS + 1);
    eprintln!(
        "{DEATHS} deaths: {} answers seen, {} intents, {} tails moved aside",
        seen.len(),
        intended.len(),
        log.of_kind("recovered").count()
    );
    damages_are_found(&audit);
}

fn refused(log: &Log) -> BTreeSet<String> {
    log.of_kind("outcome")
        .filter(|outcome| outcome["end"] == "refused")
        .map(|outcome| outcome["id"].as_str().unwrap().to_owned())
        .collect()
}

/// On the real log: samples over all of it of each kind of damage, and the exit code of each.
fn damages_are_found(audit: &Path) {
    let path = audit.join("gw-1-000001.jsonl");
    let whole = fs::read(&path).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let damaged = |what: &str, bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        assert_eq!(verify(audit), Some(6), "{what}");
    };
    let samples = 12;
    for sample in 0..samples {
        let at = (whole.len() - 1) * sample / (samples - 1);
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (sample % 8);
        damaged(&format!("a bit of byte {at} flipped"), &flipped);

        let line = (lines.len() - 1) * sample / (samples - 1);
        let mut left = lines.clone();
        left.remove(line);
        damaged(&format!("line {line} deleted"), &left.concat());

        let mut swapped = lines.clone();
        let other = (line + 1 + sample) % lines.len();
        swapped.swap(line, other);
        damaged(
            &format!("lines {line} and {other} swapped"),
            &swapped.concat(),
        );
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(verify(audit), Some(0));
}

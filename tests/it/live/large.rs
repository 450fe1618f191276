//! An answer far larger than the memory it may take.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Instant;

use bytes::Bytes;

use super::rig::upstream::chunk;
use super::rig::{Binary, Http1, Part, Setup, Upstream, json_chunks, raw};

const RULES: &str = include_str!("rig/rules.yaml");
/// The most resident memory may grow.
const GROWTH_KIB: u64 = 16 << 10;
const RECORDS_IN_A_PIECE: u64 = 160;

/// One chunk of records of about 400 bytes, each of another person; masked, stripped and shown parts in it.
fn piece(first: u64) -> Bytes {
    let mut text = String::with_capacity(80 << 10);
    for id in first..first + RECORDS_IN_A_PIECE {
        let comma = if id == 0 { "" } else { "," };
        let score = id * 37 % 551;
        write!(
            text,
            concat!(
                r#"{}{{"id":"c-{:08}","name":"{:=<120}","secret":"6222{:012}","tags":["a","b"],"#,
                r#""secrets":[{{"code":{},"kind":"x"}}],"inner":{{"score":{},"note":"{:-<160}"}}}}"#
            ),
            comma, id, "name", id, score, score, "hidden"
        )
        .unwrap();
    }
    Bytes::from(chunk(text.as_bytes()))
}

/// At least that many bytes of list, made as they are needed; and how many records that are.
fn list(bytes: u64) -> (Vec<Part>, u64) {
    let pieces = bytes.div_ceil(piece(0).len() as u64);
    let mut parts = json_chunks(&[br#"{"total":1,"items":["#]);
    let made = (0..pieces).map(|number| piece(number * RECORDS_IN_A_PIECE));
    parts.push(Part::Made(Box::new(made)));
    parts.extend([raw(chunk(b"]}")), raw("0\r\n\r\n")]);
    (parts, pieces * RECORDS_IN_A_PIECE)
}

/// Passes that much through the real binary and looks at its memory and its log.
async fn passes_in_constant_memory(mib: u64) {
    let upstream = Upstream::start(move |asked| match asked.target() {
        "/customers?page=1" => list(1 << 20).0,
        _ => list(mib << 20).0,
    });
    let upstream = upstream.await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let binary = Binary::start(setup, None).await;
    let mut client = Http1::connect(&binary.door, &binary.door.manager()).await;
    // What every process takes once.
    assert_eq!(
        client.ask("GET", "/customers?page=1", &[]).await.status,
        200
    );
    let (before, _) = binary.resident();
    let began = Instant::now();
    client.send("GET", "/customers", &[]).await;
    let head = client.head().await;
    assert_eq!(head.status, 200);
    let (mut came, mut last) = (0, Vec::new());
    while !last.ends_with(b"]}\r\n0\r\n\r\n") {
        let some = client.some().await;
        assert!(!some.is_empty(), "it broke off after {came} bytes");
        came += some.len();
        last = [&last[last.len().saturating_sub(8)..], &some].concat();
    }
    let took = began.elapsed();
    let (_, most) = binary.resident();
    let growth = most.saturating_sub(before);
    eprintln!(
        "{mib} MiB in {:.1} s: {came} bytes came, resident memory {before} KiB, at most {growth} KiB more",
        took.as_secs_f64()
    );
    assert!(growth < GROWTH_KIB, "{growth} KiB");
    drop(client);

    binary.signal("TERM");
    let (status, setup) = binary.exit().await;
    assert!(status.success());
    let records = list(mib << 20).1;
    let audit = setup.dir().join("audit");
    fieldgate::audit::verify(&audit, &mut Vec::new()).unwrap();
    assert_eq!(
        persons(&audit.join("gw-1-000001.jsonl"), head.id()),
        records
    );
    let outcome = outcome(&audit.join("gw-1-000001.jsonl"), head.id());
    assert_eq!(outcome["records"], records);
    assert_eq!(outcome["persons_unknown"], 0);
    assert_eq!(outcome["fields"]["secret"]["mask"], records);
    assert_eq!(outcome["end"], "complete");
}

fn lines(segment: &std::path::Path, id: &str) -> impl Iterator<Item = String> {
    let needle = format!(r#""id":"{id}""#);
    let lines = BufReader::new(File::open(segment).unwrap()).lines();
    lines
        .map(Result::unwrap)
        .filter(move |line| line.contains(&needle))
}

/// How many persons an exchange's `persons` records name; the log is too long to be read at once.
fn persons(segment: &std::path::Path, id: &str) -> u64 {
    lines(segment, id)
        .filter(|line| line.contains(r#""kind":"persons""#))
        .map(|line| line.matches(r#""hmac:"#).count() as u64)
        .sum()
}

fn outcome(segment: &std::path::Path, id: &str) -> serde_json::Value {
    let line = lines(segment, id).find(|line| line.contains(r#""kind":"outcome""#));
    serde_json::from_str(&line.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_mib_pass_in_constant_memory() {
    passes_in_constant_memory(64).await;
}

/// Minutes without optimisation; `make bench` runs it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "for optimised builds: cargo test --release --test it -- --ignored a_gib"]
async fn a_gib_passes_in_constant_memory() {
    passes_in_constant_memory(1024).await;
}

//! Damage of every kind, done to small logs exhaustively.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::chain::{Chain, Hash};
use super::super::tests::small_log;
use super::*;

struct Log {
    dir: TempDir,
    segment: Vec<u8>,
    head: Vec<u8>,
}

impl Log {
    async fn new() -> Log {
        let dir = tempfile::tempdir().unwrap();
        small_log(dir.path()).await;
        let segment = fs::read(files::segment(dir.path(), "gw-1")).unwrap();
        let head = fs::read(files::head(dir.path(), "gw-1")).unwrap();
        Log { dir, segment, head }
    }

    fn lines(&self) -> Vec<&[u8]> {
        self.segment.split_inclusive(|b| *b == b'\n').collect()
    }

    /// What `verify` says of other bytes in the segment's place.
    fn with(&self, segment: &[u8]) -> Result<NodeSummary, Damage> {
        let head = head::parse("gw-1", &self.head).unwrap();
        Walk::new("gw-1", head, Cursor::new(segment), self.dir.path()).run()
    }

    fn damage(&self, segment: &[u8]) -> (DamageKind, Option<u64>) {
        let damage = self.with(segment).unwrap_err();
        (damage.kind, damage.line)
    }
}

#[tokio::test]
async fn p06_every_flipped_bit_of_a_segment_is_found() {
    let log = Log::new().await;
    assert_eq!(log.with(&log.segment).unwrap().lines, 9);
    let mut line = 1;
    for at in 0..log.segment.len() {
        for bit in 0..8 {
            let mut bad = log.segment.clone();
            bad[at] ^= 1 << bit;
            let damage = log.with(&bad).expect_err(&format!("byte {at} bit {bit}"));
            assert_eq!(damage.line, Some(line), "byte {at} bit {bit}: {damage}");
        }
        line += u64::from(log.segment[at] == b'\n');
    }
}

#[tokio::test]
async fn p06_every_flipped_byte_of_every_file_is_found_on_disk() {
    let log = Log::new().await;
    let paths: [PathBuf; 3] = [
        files::segment(log.dir.path(), "gw-1"),
        files::head(log.dir.path(), "gw-1"),
        log.dir
            .path()
            .join("rules")
            .join(Hash::of(b"rules").hex())
            .join("rules.yaml"),
    ];
    for path in &paths {
        let good = fs::read(path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 4;
            fs::write(path, bad).unwrap();
            assert!(
                verify(log.dir.path(), &mut io::sink()).is_err(),
                "{path:?} byte {at}"
            );
        }
        fs::write(path, good).unwrap();
    }
    verify(log.dir.path(), &mut io::sink()).unwrap();
}

#[tokio::test]
async fn p06_every_flipped_bit_of_the_head_is_found() {
    let log = Log::new().await;
    for at in 0..log.head.len() {
        for bit in 0..8 {
            let mut bad = log.head.clone();
            bad[at] ^= 1 << bit;
            if let Some(head) = head::parse("gw-1", &bad) {
                let walk = Walk::new("gw-1", head, Cursor::new(&log.segment), log.dir.path());
                assert!(walk.run().is_err(), "byte {at} bit {bit}");
            }
        }
    }
}

#[tokio::test]
async fn p06_every_deleted_run_of_lines_is_found_and_named() {
    let log = Log::new().await;
    let lines = log.lines();
    for from in 0..lines.len() {
        for to in from + 1..=lines.len() {
            let left = [&lines[..from], &lines[to..]].concat().concat();
            let kind = match to == lines.len() {
                true => DamageKind::Truncated,
                false => DamageKind::Deleted,
            };
            assert_eq!(
                log.damage(&left),
                (kind, Some(from as u64 + 1)),
                "{from}..{to}"
            );
        }
    }
}

#[tokio::test]
async fn p06_every_swap_of_two_lines_is_found_and_named() {
    let log = Log::new().await;
    for one in 0..log.lines().len() {
        for other in one + 1..log.lines().len() {
            let mut lines = log.lines();
            lines.swap(one, other);
            let expected = (DamageKind::Reordered, Some(one as u64 + 1));
            assert_eq!(log.damage(&lines.concat()), expected, "{one} {other}");
        }
    }
}

#[tokio::test]
async fn p06_every_repeated_line_is_found_and_named() {
    let log = Log::new().await;
    for again in 0..log.lines().len() {
        for at in again + 1..log.lines().len() {
            let mut lines = log.lines();
            lines.insert(at, lines[again]);
            let expected = (DamageKind::Inserted, Some(at as u64 + 1));
            assert_eq!(log.damage(&lines.concat()), expected, "{again} at {at}");
        }
    }
}

#[tokio::test]
async fn p06_every_cut_is_found() {
    let log = Log::new().await;
    for length in 0..log.segment.len() {
        let damage = log
            .with(&log.segment[..length])
            .expect_err(&format!("{length} bytes"));
        let newline_only = length == log.segment.len() - 1;
        let kind = if newline_only {
            DamageKind::Changed
        } else {
            DamageKind::Truncated
        };
        assert!(
            matches!(damage.kind, k if k == kind || k == DamageKind::Truncated),
            "{damage}"
        );
    }
}

#[tokio::test]
async fn an_unfinished_tail_behind_the_head_is_content_and_whole_lines_are_not() {
    let log = Log::new().await;
    let with = |tail: &[u8]| log.with(&[&log.segment[..], tail].concat());
    assert_eq!(with(b"{\"v\":1").unwrap().unfinished_tail, 6);
    assert_eq!(with(&[0; 100]).unwrap().unfinished_tail, 100);
    assert!(with(b"{\"v\":1\n").is_err());
    assert!(with(b"\n").is_err());
}

/// Lines chained as if by us, and the head that fits them.
fn forged(node: &str, bodies: &[&str]) -> (Vec<u8>, Chain) {
    let (mut chain, mut out) = (Chain::EMPTY, Vec::new());
    for body in bodies {
        chain.append(node, body.as_bytes(), &mut out);
    }
    (out, chain)
}

fn judged(head: Chain, segment: &[u8]) -> Result<NodeSummary, DamageKind> {
    let nowhere = Path::new("/nonexistent");
    Walk::new("gw-1", head, Cursor::new(segment), nowhere)
        .run()
        .map_err(|damage| damage.kind)
}

#[test]
fn p06_another_nodes_line_is_named() {
    let (mut ours, head) = forged("gw-1", &[r#""kind":"start""#]);
    let (theirs, _) = forged("gw-2", &[r#""kind":"start""#, r#""kind":"stop""#]);
    ours.extend(theirs);
    assert_eq!(judged(head, &ours), Err(DamageKind::Mixed));
}

#[test]
fn p06_an_older_copy_that_was_continued_is_rolled_back() {
    let start = r#""kind":"start""#;
    let long = format!(r#"{start},"x":"{}""#, "y".repeat(1000));
    let (other, _) = forged("gw-1", &[&long, start]);
    let (_, head) = forged("gw-1", &[start, start, start]);
    assert_eq!(judged(head, &other), Err(DamageKind::RolledBack));
}

#[test]
fn records_of_one_exchange_that_contradict_each_other_are_found() {
    let id = r#""id":"00000000000000000000000001""#;
    let record = |kind: &str, more: &str| format!(r#""kind":"{kind}",{id}{more}"#);
    let (intent, persons) = (record("intent", ""), record("persons", ""));
    let refused = record("outcome", r#","decision":"deny""#);
    let allowed = record("outcome", r#","decision":"allow""#);
    let (start, stop) = (r#""kind":"start""#, r#""kind":"stop""#);
    let judge = |bodies: &[&str]| {
        let (lines, head) = forged("gw-1", bodies);
        judged(head, &lines).map(|log| (log.intents, log.without_outcome))
    };
    assert_eq!(
        judge(&[start, &intent, &persons, &allowed, stop]),
        Ok((1, 0))
    );
    assert_eq!(judge(&[start, &refused, stop, start]), Ok((0, 0)));
    assert_eq!(judge(&[start, &intent, start]), Ok((1, 1)));
    assert_eq!(judge(&[&intent, &intent]), Err(DamageKind::Inserted));
    assert_eq!(
        judge(&[&intent, &allowed, &intent]),
        Err(DamageKind::Inserted)
    );
    assert_eq!(
        judge(&[&intent, &allowed, &allowed]),
        Err(DamageKind::Inserted)
    );
    assert_eq!(judge(&[&refused, &refused]), Err(DamageKind::Inserted));
    assert_eq!(judge(&[&allowed]), Err(DamageKind::Deleted));
    assert_eq!(judge(&[&persons]), Err(DamageKind::Deleted));
    assert_eq!(
        judge(&[&intent, &allowed, &persons]),
        Err(DamageKind::Deleted)
    );
    assert_eq!(
        judge(&[&intent, start, &allowed]),
        Err(DamageKind::Inserted),
        "an earlier run's"
    );
    assert_eq!(judge(&[start, stop, &intent]), Err(DamageKind::Inserted));
}

#[tokio::test]
async fn files_that_are_gone_or_strange_are_damage() {
    let kind = |dir: &Path| verify(dir, &mut io::sink()).unwrap_err().kind;
    let log = Log::new().await;
    let dir = log.dir.path();
    let (segment, head) = (files::segment(dir, "gw-1"), files::head(dir, "gw-1"));
    fs::remove_file(&head).unwrap();
    assert_eq!(kind(dir), DamageKind::Deleted);
    fs::write(&head, &log.head).unwrap();
    fs::remove_file(&segment).unwrap();
    assert_eq!(kind(dir), DamageKind::Deleted);
    fs::create_dir(&segment).unwrap();
    assert_eq!(kind(dir), DamageKind::Changed);
    fs::remove_dir(&segment).unwrap();
    fs::write(&segment, &log.segment).unwrap();
    fs::write(dir.join("gw-1-000002.jsonl"), "").unwrap();
    assert_eq!(kind(dir), DamageKind::Inserted);
    fs::remove_file(dir.join("gw-1-000002.jsonl")).unwrap();
    verify(dir, &mut io::sink()).unwrap();
    fs::remove_dir_all(dir.join("rules")).unwrap();
    assert_eq!(kind(dir), DamageKind::Deleted);
    assert_eq!(
        kind(tempfile::tempdir().unwrap().path()),
        DamageKind::Deleted
    );
}

#[tokio::test]
async fn p06_each_node_is_judged_alone_and_one_damaged_is_enough() {
    let log = Log::new().await;
    let dir = log.dir.path();
    let (lines, chain) = forged("gw-2", &[r#""kind":"start""#]);
    fs::write(files::segment(dir, "gw-2"), &lines).unwrap();
    head::write(dir, "gw-2", &chain).unwrap();
    assert_eq!(verify(dir, &mut io::sink()).unwrap().nodes.len(), 2);
    fs::write(files::segment(dir, "gw-2"), &lines[..9]).unwrap();
    let mut report = Vec::new();
    assert_eq!(verify(dir, &mut report).unwrap_err().node, "gw-2");
    let report = String::from_utf8(report).unwrap();
    assert!(report.contains("gw-1: ok"), "{report}");
    assert!(
        report.contains("DAMAGED gw-2-000001.jsonl line 1: truncated"),
        "{report}"
    );
}

#[tokio::test]
async fn p14_nothing_of_a_hostile_log_is_printed() {
    let log = Log::new().await;
    let dir = log.dir.path();
    fs::write(dir.join("\u{1b}[2J.head"), "x").unwrap();
    fs::write(dir.join("\u{202e}-000001.jsonl"), "x").unwrap();
    let hostile = ["\u{1b}]0;pwn\u{7}\n", "{\"v\":1,\"node\":\"\u{9b}2J\"}\n"];
    for line in hostile {
        let segment = [line.as_bytes(), &log.segment].concat();
        fs::write(files::segment(dir, "gw-1"), segment).unwrap();
        let mut report = Vec::new();
        let damage = verify(dir, &mut report).unwrap_err();
        let said = String::from_utf8(report).unwrap() + &damage.to_string();
        assert!(
            said.chars().all(|c| c == '\n' || (' '..='~').contains(&c)),
            "{said:?}"
        );
    }
}

#[test]
fn p14_a_line_without_end_is_not_held() {
    let endless = io::BufReader::new(io::repeat(b'x'));
    let nowhere = Path::new("/nonexistent");
    let damage = Walk::new("gw-1", Chain::EMPTY, endless, nowhere)
        .run()
        .unwrap_err();
    assert_eq!((damage.kind, damage.line), (DamageKind::Changed, Some(1)));
}

proptest! {
    #[test]
    fn any_records_verify_and_any_splice_does_not(
        texts in prop::collection::vec(any::<String>(), 1..12),
        at in any::<prop::sample::Index>(),
        remove in 0usize..40,
        insert in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let bodies: Vec<String> = texts
            .iter()
            .map(|text| format!(r#""kind":"x","text":{}"#, serde_json::to_string(text).unwrap()))
            .collect();
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let (lines, head) = forged("gw-1", &bodies);
        prop_assert_eq!(judged(head, &lines).map(|log| log.lines), Ok(texts.len() as u64));
        let at = at.index(lines.len());
        let mut spliced = lines.clone();
        spliced.splice(at..lines.len().min(at + remove), insert);
        if !spliced.starts_with(&lines) {
            prop_assert!(judged(head, &spliced).is_err());
        }
    }

    #[test]
    fn p14_any_bytes_are_judged_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (_, head) = forged("gw-1", &[r#""kind":"start""#]);
        let _ = judged(Chain::EMPTY, &bytes);
        prop_assert!(judged(head, &bytes).is_err());
    }
}

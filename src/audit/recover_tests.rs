//! What a log looks like when it is opened again.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::super::tests::{settings, small_log};
use super::super::{Audit, archive, verify};
use super::*;

async fn log() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    small_log(dir.path()).await;
    let segment = files::segment(dir.path(), "gw-1");
    (dir, segment)
}

fn refusal(dir: &Path) -> &'static str {
    match Audit::open(settings(dir)) {
        Err(OpenError::Damaged { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

fn last_line(dir: &Path, back: usize) -> serde_json::Value {
    let text = fs::read_to_string(files::segment(dir, "gw-1")).unwrap();
    serde_json::from_str(text.lines().rev().nth(back).unwrap()).unwrap()
}

#[tokio::test]
async fn p09_an_unfinished_last_line_is_moved_aside_and_recorded() {
    let (dir, segment) = log().await;
    let whole = fs::read(&segment).unwrap();
    // As if killed while writing the ninth line: any part of it may be there.
    let ninth = whole[..whole.len() - 1]
        .iter()
        .rposition(|b| *b == b'\n')
        .unwrap()
        + 1;
    let before = strict::facts(whole[..ninth - 1].rsplit(|b| *b == b'\n').next().unwrap()).unwrap();
    let chain = Chain {
        seq: before.seq,
        length: ninth as u64,
        hash: strict::facts(&whole[ninth..whole.len() - 1]).unwrap().prev,
    };
    for cut in [ninth + 1, ninth + 40, whole.len() - 1] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(files::segment(dir.path(), "gw-1"), &whole[..cut]).unwrap();
        head::write(dir.path(), "gw-1", &chain).unwrap();
        let rules = [("rules.yaml".to_owned(), b"fieldgate: 1\n".to_vec())];
        archive::keep(dir.path(), &Hash::of(b"rules").to_string(), &rules).unwrap();

        let mut report = Vec::new();
        let found = verify(dir.path(), &mut report).unwrap();
        assert_eq!(found.nodes[0].unfinished_tail, (cut - ninth) as u64);
        assert!(
            String::from_utf8(report)
                .unwrap()
                .contains("unfinished tail")
        );

        Audit::open(settings(dir.path()))
            .unwrap()
            .close()
            .await
            .unwrap();
        let recovered = last_line(dir.path(), 2);
        assert_eq!(recovered["kind"], "recovered");
        let tail = &recovered["tails"][0];
        assert_eq!(tail["bytes"], cut - ninth);
        let aside = fs::read(dir.path().join(tail["file"].as_str().unwrap())).unwrap();
        assert_eq!(aside, &whole[ninth..cut]);
        assert_eq!(tail["sha256"], Hash::of(&aside).to_string());
        assert_eq!(
            verify(dir.path(), &mut io::sink()).unwrap().nodes[0].unfinished_tail,
            0
        );
    }
    drop(dir);
}

#[tokio::test]
async fn a_recovery_that_was_interrupted_is_still_recorded() {
    let (dir, segment) = log().await;
    let mut whole = fs::read(&segment).unwrap();
    // The first attempt moved a part aside, cut it off, and was killed while writing `recovered`.
    fs::write(dir.path().join("gw-1-000001.tail-10-1"), "{\"v\":1,").unwrap();
    whole.extend_from_slice(b"{\"v\":1,\"alg\"");
    fs::write(&segment, &whole).unwrap();
    Audit::open(settings(dir.path()))
        .unwrap()
        .close()
        .await
        .unwrap();
    let recovered = last_line(dir.path(), 2);
    assert_eq!(recovered["tails"][0]["bytes"], 7);
    assert_eq!(recovered["tails"][1]["file"], "gw-1-000001.tail-10-2");
    Audit::open(settings(dir.path()))
        .unwrap()
        .close()
        .await
        .unwrap();
    assert_eq!(last_line(dir.path(), 2)["kind"], "stop", "recorded once");
    verify(dir.path(), &mut io::sink()).unwrap();
}

#[tokio::test]
async fn whole_lines_behind_the_head_are_kept() {
    let (dir, segment) = log().await;
    let whole = fs::read(&segment).unwrap();
    let first = whole.iter().position(|b| *b == b'\n').unwrap();
    let mut chain = Chain::EMPTY;
    chain.advance(&whole[..first]);
    head::write(dir.path(), "gw-1", &chain).unwrap();
    assert_eq!(
        verify(dir.path(), &mut io::sink()).unwrap().nodes[0].behind_head,
        8
    );
    Audit::open(settings(dir.path()))
        .unwrap()
        .close()
        .await
        .unwrap();
    let found = verify(dir.path(), &mut io::sink()).unwrap();
    assert_eq!((found.nodes[0].lines, found.nodes[0].behind_head), (11, 0));
}

#[tokio::test]
async fn p06_a_log_that_does_not_verify_at_its_end_is_not_continued() {
    let (dir, segment) = log().await;
    let whole = fs::read(&segment).unwrap();
    let head = fs::read(files::head(dir.path(), "gw-1")).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();

    fs::write(&segment, &whole[..whole.len() - 1]).unwrap();
    assert!(refusal(dir.path()).contains("does not reach its head"));
    fs::write(&segment, text.replace("\"stop\"", "\"stab\"")).unwrap();
    assert!(refusal(dir.path()).contains("was changed"));
    fs::write(&segment, format!("{text}{{}}\n")).unwrap();
    assert!(refusal(dir.path()).contains("`v`"));
    let repeated = text.lines().next_back().unwrap();
    fs::write(&segment, format!("{text}{repeated}\n")).unwrap();
    assert!(refusal(dir.path()).contains("does not continue the chain"));
    fs::write(&segment, format!("{text}{}", "x".repeat(MAX_LINE))).unwrap();
    assert!(refusal(dir.path()).contains("longer than any record"));
    fs::remove_file(&segment).unwrap();
    assert!(refusal(dir.path()).contains("it is missing"));
    assert!(!segment.exists(), "evidence is not made up");

    fs::write(&segment, &whole).unwrap();
    fs::remove_file(files::head(dir.path(), "gw-1")).unwrap();
    assert!(refusal(dir.path()).contains("head is missing"));
    fs::write(files::head(dir.path(), "gw-1"), b"{}").unwrap();
    assert!(refusal(dir.path()).contains("head was changed"));

    fs::write(files::head(dir.path(), "gw-1"), &head).unwrap();
    fs::write(dir.path().join("gw-1-000002.jsonl"), "").unwrap();
    assert!(refusal(dir.path()).contains("second segment"));
    fs::remove_file(dir.path().join("gw-1-000002.jsonl")).unwrap();
    Audit::open(settings(dir.path()))
        .unwrap()
        .close()
        .await
        .unwrap();
}

#[tokio::test]
async fn p06_every_flipped_byte_of_the_last_line_or_the_head_refuses_the_start() {
    let (dir, segment) = log().await;
    let whole = fs::read(&segment).unwrap();
    let head_path = files::head(dir.path(), "gw-1");
    let head = fs::read(&head_path).unwrap();
    let last = whole[..whole.len() - 1]
        .iter()
        .rposition(|b| *b == b'\n')
        .unwrap();
    for at in last..whole.len() {
        let mut bad = whole.clone();
        bad[at] ^= 1;
        fs::write(&segment, bad).unwrap();
        refusal(dir.path());
    }
    fs::write(&segment, &whole).unwrap();
    for at in 0..head.len() {
        let mut bad = head.clone();
        bad[at] ^= 1;
        fs::write(&head_path, bad).unwrap();
        refusal(dir.path());
    }
    fs::write(&head_path, &head).unwrap();
    Audit::open(settings(dir.path()))
        .unwrap()
        .close()
        .await
        .unwrap();
}

//! Where the access log cannot be written, nobody is served and no upstream is asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::rig::door::BOTH;
use super::rig::upstream::chunk;
use super::rig::{
    Binary, Door, Gate, Http1, Log, Part, Rig, Setup, Upstream, Version, json_chunks, patiently,
    raw,
};

const RULES: &str = include_str!("rig/rules.yaml");

fn setup(upstream: &Upstream) -> Setup {
    Setup::new(upstream.address()).rules(RULES)
}

fn segment(rig: &Rig) -> PathBuf {
    rig.audit().join("gw-1-000001.jsonl")
}

async fn is_served(door: &Door) {
    let answer = door
        .ask(Version::Http1, &door.teller(), "GET", "/customers/1", &[])
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Everything is 503 and the upstream hears nothing, refusals included.
async fn nobody_is_served(door: &Door, upstream: &Upstream) {
    let before = upstream.count();
    for version in BOTH {
        for (caller, target) in [
            (door.teller(), "/customers/1"),
            (door.manager(), "/customers"),
            (door.nobody(), "/customers/1"),
            (door.teller(), "/nowhere"),
        ] {
            let answer = door.ask(version, &caller, "GET", target, &[]).await;
            assert_eq!(
                (answer.status, answer.reason().as_str()),
                (503, "audit-unavailable"),
                "{target}"
            );
        }
    }
    assert_eq!(
        upstream.count(),
        before,
        "the upstream's count stands still"
    );
}

/// Asks until it is answered again.
async fn goes_on(door: &Door) {
    let asking = async {
        loop {
            let teller = door.teller();
            let answer = door
                .ask(Version::Http1, &teller, "GET", "/customers/1", &[])
                .await;
            match answer.status {
                200 => return,
                _ => assert_eq!(answer.reason(), "audit-unavailable"),
            }
        }
    };
    patiently("service to go on", asking).await;
}

/// After the repair: one `gap`, and a log that verifies.
async fn ends_well(rig: Rig) {
    goes_on(&rig.door).await;
    let log = rig.finish().await;
    assert_eq!(log.of_kind("gap").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_segment_stops_service_until_it_is_put_back() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let rig = setup(&upstream).start().await;
    is_served(&rig.door).await;
    fs::remove_file(segment(&rig)).unwrap();
    nobody_is_served(&rig.door, &upstream).await;
    // As `docs/audit.md` says: its bytes are still there.
    let deleted = format!("{} (deleted)", segment(&rig).display());
    let mut open = fs::read_dir("/proc/self/fd").unwrap();
    let still_open = open
        .find_map(|entry| {
            let path = entry.unwrap().path();
            let target = fs::read_link(&path).ok()?;
            (target == Path::new(&deleted)).then_some(path)
        })
        .expect("the writer holds the file");
    fs::copy(still_open, segment(&rig)).unwrap();
    ends_well(rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_segment_stops_service_until_the_right_one_is_back() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let rig = setup(&upstream).start().await;
    is_served(&rig.door).await;
    let aside = rig.dir().join("aside.jsonl");
    fs::rename(segment(&rig), &aside).unwrap();
    fs::write(segment(&rig), b"").unwrap();
    nobody_is_served(&rig.door, &upstream).await;
    fs::rename(&aside, segment(&rig)).unwrap();
    ends_well(rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_directory_stops_service_until_it_is_back() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let rig = setup(&upstream).start().await;
    is_served(&rig.door).await;
    let aside = rig.dir().join("aside");
    fs::rename(rig.audit(), &aside).unwrap();
    nobody_is_served(&rig.door, &upstream).await;
    // A new directory in its place is not it.
    fs::create_dir(rig.audit()).unwrap();
    nobody_is_served(&rig.door, &upstream).await;
    fs::remove_dir(rig.audit()).unwrap();
    fs::rename(&aside, rig.audit()).unwrap();
    ends_well(rig).await;
}

/// Persons that cannot be recorded do not leave.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_breaks_in_the_middle_of_a_list_ends_the_list() {
    let gate = Gate::closed();
    let script = {
        let gate = gate.clone();
        move || {
            let mut parts = json_chunks(&[br#"{"items":[{"id":"1"}"#]);
            let rest = format!(
                r#",{{"id":"2","name":"{}CANARY"}}]}}"#,
                "n".repeat(20 << 10)
            );
            parts.extend([
                Part::Wait(gate.clone()),
                raw(chunk(rest.as_bytes())),
                raw("0\r\n\r\n"),
            ]);
            parts
        }
    };
    let upstream = Upstream::start(move |_| script()).await;
    let rig = setup(&upstream).start().await;
    let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
    client.send("GET", "/customers", &[]).await;
    let head = client.head().await;
    let mut came = client.some().await;
    let aside = rig.dir().join("aside.jsonl");
    fs::rename(segment(&rig), &aside).unwrap();
    gate.open();
    came.extend(client.rest().await);
    assert!(!came.ends_with(b"0\r\n\r\n"), "it broke off");
    assert!(!String::from_utf8_lossy(&came).contains("CANARY"));
    fs::rename(&aside, segment(&rig)).unwrap();
    drop(client);
    patiently("the log to go on", async {
        while Log::read(&rig.audit()).of(head.id()).len() < 3 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let log = rig.finish().await;
    assert_eq!(log.kinds(head.id()), ["intent", "persons", "outcome"]);
    let outcome = log.outcome(head.id());
    assert_eq!(outcome["end"], "aborted");
    assert_eq!(outcome["reason"], "audit-unavailable");
    assert_eq!(log.of_kind("gap").count(), 1);
}

/// A file system of a few pages.
struct Tiny(PathBuf);

impl Tiny {
    fn mount(at: &Path) -> Option<Tiny> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=128k,mode=0700", "tmpfs"])
            .arg(at)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then(|| Tiny(at.to_owned()))
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_file_system_stops_service_until_there_is_room() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let setup = setup(&upstream);
    let Some(tiny) = Tiny::mount(&setup.dir().join("audit")) else {
        eprintln!("SKIPPED: cannot mount a file system, so nothing shows what a full one does");
        return;
    };
    let rig = setup.start().await;
    is_served(&rig.door).await;
    let filler = tiny.0.join("filler");
    fs::write(&filler, vec![0; 256 << 10]).expect_err("it is full");
    // What is left of the segment's last page may still take some records.
    until_it_is_full(&rig.door).await;
    nobody_is_served(&rig.door, &upstream).await;
    fs::remove_file(&filler).unwrap();
    goes_on(&rig.door).await;
    let log = rig.finish().await;
    assert!(log.of_kind("gap").count() >= 1);
}

async fn until_it_is_full(door: &Door) {
    let asking = async {
        loop {
            let teller = door.teller();
            let answer = door
                .ask(Version::Http1, &teller, "GET", "/customers/1", &[])
                .await;
            if answer.status != 200 {
                assert_eq!(answer.reason(), "audit-unavailable");
                return;
            }
        }
    };
    patiently("the log to be full", asking).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_the_files_size_stops_service_and_not_the_process() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    // In half KiB (POSIX).
    let binary = Binary::start(setup(&upstream), Some("-f 32")).await;
    is_served(&binary.door).await;
    until_it_is_full(&binary.door).await;
    nobody_is_served(&binary.door, &upstream).await;
    let seen = upstream.count();
    // Without the limit the log goes on where it stopped.
    let binary = Binary::start(binary.kill(), None).await;
    is_served(&binary.door).await;
    assert_eq!(upstream.count(), seen + 1);
    let log = binary.finish_after_crash().await;
    assert_eq!(log.of_kind("start").count(), 2);
    assert_eq!(
        log.intended().len(),
        seen + 1,
        "every request has its intent"
    );
}

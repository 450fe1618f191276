//! The access log: whatever a file of it was turned into, `verify` ends and finds it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fieldgate::audit::verify;
use tempfile::TempDir;

static GENUINE: LazyLock<(TempDir, PathBuf, Vec<u8>)> = LazyLock::new(|| {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = [kept.join("fuzz/log"), kept.join("log")];
    let kept = kept.iter().find(|dir| dir.is_dir()).expect("a log");
    let memory = Path::new("/dev/shm");
    let dir = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    let dir = dir.expect("a directory");
    copy(kept, dir.path());
    let segment = dir.path().join("gw-1-000001.jsonl");
    let genuine = fs::read(&segment).expect("a segment");
    (dir, segment, genuine)
});

/// The first bytes say where the log is changed and how much goes; the rest stands there instead.
pub fn run(data: &[u8]) {
    let [high, low, gone, instead @ ..] = data else {
        return;
    };
    let (dir, segment, genuine) = &*GENUINE;
    let place = usize::from(u16::from_be_bytes([*high, *low])) % (genuine.len() + 1);
    let (before, after) = genuine.split_at(place);
    let after = after.get(usize::from(*gone)..).unwrap_or_default();
    let changed = [before, instead, after].concat();
    fs::write(segment, &changed).expect("written");
    let mut report = Vec::new();
    let verified = verify(dir.path(), &mut report);
    let told = String::from_utf8(report).expect("a report of text");
    assert!(
        told.chars().all(|one| one == '\n' || !one.is_control()),
        "{told:?}"
    );
    // What follows the last line the head names may be a line that was being written.
    let tail = changed.strip_prefix(&genuine[..]);
    let may_pass = tail.is_some_and(|tail| !tail.contains(&b'\n'));
    assert_eq!(verified.is_ok(), may_pass, "{told}");
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            fs::create_dir(&to).expect("a directory");
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a copy");
        }
    }
}

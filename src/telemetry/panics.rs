//! What is told of a panic: where it was, and nothing of what it says.
//!
//! The message of a panic may quote what it tripped over (`byte index 1 is not a char boundary; it is inside '张' ... of`),
//! and that is somebody's data (J03). The place is enough to find the mistake.

use std::panic::{self, Location};

/// Tells of every panic of this process in one log event, in place of its message on stderr.
pub(super) fn tell_where() {
    // `tell` never sees the payload, so it cannot quote it.
    panic::set_hook(Box::new(|panic| tell(panic.location())));
}

fn tell(at: Option<&Location<'_>>) {
    let at = at.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    tracing::error!(
        at,
        "a panic, which ends one request or connection: a mistake of ours"
    );
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::{LogFormat, start_logging};

    /// What a panic says is somebody's data.
    const CANARY: &str = "CANARY-7f3a91";

    #[test]
    fn j03_a_panic_is_told_without_what_it_says() {
        let told = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "telemetry::panics::tests::another_process_panics",
            ])
            .args(["--ignored", "--nocapture"])
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        let told = [told.stdout, told.stderr].concat();
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains("test result: ok. 1 passed"), "{told}");
        assert!(told.contains(&format!("{}:", file!())), "{told}");
        assert!(!told.contains(CANARY), "{told}");
    }

    #[test]
    #[ignore = "for a process of its own: it changes what all its tests say of a panic"]
    fn another_process_panics() {
        start_logging(LogFormat::Json, "error").unwrap();
        let value = format!("张{CANARY}");
        let cut = std::thread::spawn(move || value[1..].len());
        assert!(cut.join().is_err());
    }
}

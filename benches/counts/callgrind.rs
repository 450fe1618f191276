//! valgrind's callgrind around one case of this program.

use std::process::Command;

/// The word before a case's name on the command line of the program that is counted.
pub const CASE: &str = "--case";

/// Instructions of the counted stretch of a case.
pub fn instructions(case: &str) -> u64 {
    let program = std::env::current_exe().unwrap();
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(["--collect-atstart=no", "--toggle-collect=*counted_stretch*"])
        .arg(program)
        .args([CASE, case])
        .output()
        .unwrap_or_else(|error| missing(&error));
    let said = String::from_utf8_lossy(&output.stderr);
    let count = said
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match count {
        Some(count) if output.status.success() && count > 0 => count,
        _ => stop(&format!("callgrind counted nothing of `{case}`:\n{said}")),
    }
}

/// `3.19.0`.
pub fn version() -> String {
    let output = Command::new("valgrind")
        .arg("--version")
        .output()
        .unwrap_or_else(|error| missing(&error));
    let said = String::from_utf8_lossy(&output.stdout);
    said.trim().trim_start_matches("valgrind-").to_owned()
}

fn missing<T>(error: &std::io::Error) -> T {
    stop(&format!(
        "valgrind does not run ({error}); `make bench` installs it: apt-get install valgrind"
    ))
}

fn stop<T>(why: &str) -> T {
    eprintln!("{why}");
    std::process::exit(1)
}

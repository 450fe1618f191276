//! The demo as a newcomer meets it: what it prints, what its lines give when they are pasted, how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The last line of what a demo says before it waits.
const LAST: &str = "Ctrl-C ends the demo.";

/// A process that is ended with the test.
pub struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    pub fn start(command: &mut Command) -> Running {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Running { child, out }
    }

    /// What it says up to a line that is the wanted one.
    pub fn until(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let mut said = String::new();
        loop {
            let before = said.len();
            let read = self.out.read_line(&mut said).unwrap();
            assert!(read > 0, "it ended after saying:\n{said}");
            if wanted(said[before..].trim_end()) {
                return said;
            }
        }
    }

    /// Sends the signal Ctrl-C sends and waits; what it says last, and whether it calls that a success.
    fn interrupt(mut self) -> (String, bool) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &process]).status();
        assert!(sent.unwrap().success());
        let mut said = String::new();
        self.out.read_to_string(&mut said).unwrap();
        (said, self.child.wait().unwrap().success())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `fieldgate` with a temporary directory of its own, where only demos of the same test are found.
pub fn fieldgate(temporary: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fieldgate"));
    command
        .args(arguments)
        .env("TMPDIR", temporary)
        .env("LC_ALL", "C")
        .env_remove("FIELDGATE_CONFIG");
    command
}

struct Demo {
    said: String,
    running: Running,
    temporary: TempDir,
}

impl Demo {
    fn start() -> Demo {
        let temporary = tempfile::tempdir().unwrap();
        let mut running = Running::start(&mut fieldgate(temporary.path(), &["demo"]));
        let said = running.until(|line| line == LAST);
        Demo {
            said,
            running,
            temporary,
        }
    }

    /// The rows of the table below a URL: caller and cells.
    fn rows(&self, url: &str) -> Vec<Vec<&str>> {
        let (_, below) = self.said.split_once(&format!("GET {url}\n")).unwrap();
        let lines = below.lines().skip(1).take_while(|line| !line.is_empty());
        lines
            .map(|line| line.split_whitespace().collect())
            .collect()
    }

    fn run(&self, arguments: &[&str]) -> (String, Option<i32>) {
        let output = fieldgate(self.temporary.path(), arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (text, output.status.code())
    }
}

fn shell(line: &str) -> String {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(
        output.status.success(),
        "{line}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The protocols the curl at hand speaks; none without one.
pub fn curl_protocols() -> Vec<&'static str> {
    let Ok(output) = Command::new("curl").arg("--version").output() else {
        // Not `eprintln!`, which a passing test swallows.
        let skipped = b"SKIPPED the demo's curl lines: there is no curl\n";
        std::io::stderr().write_all(skipped).unwrap();
        return Vec::new();
    };
    let about = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut protocols = vec!["--http1.1"];
    if about.contains("HTTP2") {
        protocols.push("--http2");
    }
    protocols
}

#[test]
fn it_begins_with_one_url_answered_to_five_callers() {
    let demo = Demo::start();
    assert_eq!(
        demo.rows("/customers/1001"),
        [
            vec![
                "legacy",
                "张三",
                "13800138000",
                "11010519491231002X",
                "6200001235801567000",
                "8000.25",
                "300"
            ],
            vec![
                "teller",
                "张三",
                "138****8000",
                "1****************X",
                "-",
                "-",
                "-"
            ],
            vec![
                "manager",
                "张三",
                "13800138000",
                "1****************X",
                "620000*********7000",
                "8000.25",
                "-"
            ],
            vec![
                "self",
                "张三",
                "13800138000",
                "11010519491231002X",
                "620000*********7000",
                "8000.25",
                "-"
            ],
            vec!["partner", "403", "no-row"],
        ]
    );
    let list = demo.rows("/customers?page=1&size=1");
    assert_eq!(
        list[1][1..],
        ["1001", "张三", "138****8000", "z***@example.com", "-"]
    );
    assert_eq!(list[3][1..], ["403", "no-role"]);
    let partner = &list[4];
    assert_eq!((partner[2], partner[5]), ("张*", "-"));
    for token in [partner[1], partner[3], partner[4]] {
        assert!(token.starts_with("tok_"), "{token}");
    }
}

#[test]
fn its_columns_are_straight_where_chinese_characters_stand() {
    use unicode_width::UnicodeWidthStr as _;
    let demo = Demo::start();
    let places = |needle: &str| {
        let line = demo
            .said
            .lines()
            .find(|line| line.contains(needle))
            .unwrap();
        line[..line.find(needle).unwrap()].width()
    };
    assert_eq!(places("phone"), places("138****8000"));
    assert_eq!(places("phone"), places("13800138000"));
}

#[test]
fn every_curl_line_gives_its_answer_over_http_1_1_and_http_2() {
    let demo = Demo::start();
    let lines: Vec<&str> = demo
        .said
        .lines()
        .filter(|line| line.starts_with("curl "))
        .collect();
    assert_eq!(lines.len(), 10, "{}", demo.said);
    for protocol in curl_protocols() {
        for line in &lines {
            let line = line.replacen("curl", &format!("curl {protocol}"), 1);
            // The export only says how long it is; here its bytes are looked at, too.
            let shown = match line.split_once("-sSo /dev/null -w '") {
                None => line.clone(),
                Some((before, after)) => {
                    assert!(shell(&line).starts_with("200, "), "{line}");
                    let (_, after) = after.split_once('\'').unwrap();
                    format!("{before}-sS{after}")
                }
            };
            let body = shell(&shown);
            let answer: Value =
                serde_json::from_str(&body).unwrap_or_else(|_| panic!("{line}\n{body}"));
            let (holds, lacks): (&[&str], &[&str]) = match line.as_str() {
                line if line.contains("http://") => {
                    (&["internal_score", "11010519491231002X"], &[])
                }
                line if line.contains("/customers/1002") || line.contains("phone=") => {
                    assert!(
                        [400, 403].contains(&answer["status"].as_i64().unwrap()),
                        "{line}\n{body}"
                    );
                    (&["reason"], &["name", "138"])
                }
                line if line.contains("/export/") => {
                    assert_eq!(answer["items"].as_array().unwrap().len(), 2_500);
                    (&["1****************X"], &["13800138000", "internal_score"])
                }
                line if line.contains("teller.jwt") => {
                    (&["138****8000"], &["13800138000", "balance"])
                }
                line if line.contains("manager.jwt") => {
                    (&["13800138000", "8000.25"], &["11010519491231002X"])
                }
                line if line.contains("self.jwt") => {
                    (&["11010519491231002X"], &["6200001235801567000"])
                }
                line => {
                    assert!(line.contains("acme.pem"), "{line}");
                    (&["tok_", "张*"], &["13800138000", "id_card"])
                }
            };
            for text in holds {
                assert!(body.contains(text), "`{text}` is missing: {line}\n{body}");
            }
            for text in lacks {
                assert!(!body.contains(text), "`{text}` leaks: {line}\n{body}");
            }
            let governed = line.contains("https://");
            assert!(
                !governed || !body.contains("internal_score"),
                "{line}\n{body}"
            );
        }
    }
}

#[test]
fn the_other_lines_work_as_printed_too() {
    let demo = Demo::start();
    let lines = demo
        .said
        .lines()
        .skip_while(|line| !line.starts_with("# "))
        .filter(|line| !line.starts_with('#') && !line.starts_with("curl ") && *line != LAST);
    let mut tried = 0;
    for line in lines.filter(|line| !line.is_empty()) {
        let line = format!("TMPDIR='{}' {line}", demo.temporary.path().display());
        assert!(!shell(&line).is_empty(), "{line}");
        tried += 1;
    }
    assert_eq!(tried, 4, "{}", demo.said);
}

#[test]
fn a_call_finds_the_running_demo_and_shows_what_became_of_each_value() {
    let demo = Demo::start();
    let address = demo.said.split("https://127.0.0.1:").nth(1).unwrap();
    let port = address.split_whitespace().next().unwrap();
    for (role, becomes) in [
        ("teller", "phones[0].number 13800138000 masked 138****8000"),
        ("manager", "phones[0].number 13800138000 shown"),
        (
            "self",
            "accounts[0].card_no 6200001235801567000 masked 620000*********7000",
        ),
        ("partner", "items[0].name 张三 masked 张*"),
    ] {
        let (text, exit) = demo.run(&["demo", "call", role]);
        assert_eq!(exit, Some(0), "{role}");
        assert!(
            text.contains(&format!("GET https://localhost:{port}/customers")),
            "{text}"
        );
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert!(lines.iter().any(|line| line == becomes), "{role}: {text}");
        let removed = lines
            .iter()
            .any(|line| line.ends_with("internal_score 300 removed"));
        assert!(removed, "{role}: {text}");
        let record: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        assert_eq!(record["kind"], "outcome");
        assert_eq!(record["decision"], "allow");
    }
    let (text, exit) = demo.run(&["demo", "call", "legacy"]);
    assert_eq!(exit, Some(0));
    assert!(text.contains("\"internal_score\": 300") && text.contains("Nothing was taken out"));
}

#[test]
fn tampering_is_found_with_and_without_a_running_demo() {
    let demo = Demo::start();
    let alone = tempfile::tempdir().unwrap();
    let without = fieldgate(alone.path(), &["demo", "tamper"])
        .output()
        .unwrap();
    let without = (
        String::from_utf8(without.stdout).unwrap(),
        without.status.code(),
    );
    for (text, exit) in [demo.run(&["demo", "tamper"]), without] {
        assert_eq!(exit, Some(0), "{text}");
        for found in [": changed: ", ": deleted: ", ": reordered: "] {
            assert!(text.contains(found), "{text}");
        }
        assert_eq!(
            text.matches("DAMAGED gw-1-000001.jsonl line ").count(),
            3,
            "{text}"
        );
    }
}

#[test]
fn ctrl_c_ends_it_and_leaves_nothing_behind() {
    let demo = Demo::start();
    let address = demo.said.split("http://").nth(1).unwrap();
    let legacy = address.split_whitespace().next().unwrap().to_owned();
    assert!(TcpStream::connect(&legacy).is_ok());
    let (_, success) = demo.running.interrupt();
    assert!(success);
    assert!(TcpStream::connect(&legacy).is_err());
    let left: Vec<_> = std::fs::read_dir(demo.temporary.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_directory_that_holds_something_is_not_filled() {
    let full = tempfile::tempdir().unwrap();
    std::fs::write(full.path().join("mine"), "mine").unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let kept = full.path().to_str().unwrap();
    for arguments in [
        vec!["demo", "--keep", kept],
        vec!["demo", "call", "teller", "--keep", kept],
    ] {
        let output = fieldgate(temporary.path(), &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("is not empty"), "{said}");
    }
    assert_eq!(std::fs::read_dir(full.path()).unwrap().count(), 1);
}

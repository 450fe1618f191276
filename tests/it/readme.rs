//! The READMEs do what they say: every shell line is run, every change applied, every line of output found.
//!
//! `sh` blocks are run line by line, those that end in `&` and `make demo` beside the others; a `diff` block is applied to
//! the file it names; each line of a `text` block must come in the output since the block before it, `…` standing for
//! anything. Ports are those of the lines that name them, and nothing listens on a fixed one.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::demo::{Running, fieldgate};

struct Block<'a> {
    language: &'a str,
    text: &'a str,
}

/// The fenced blocks of a page.
fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut parts: VecDeque<&str> = page.split("\n```").collect();
    parts.pop_front();
    let mut found = Vec::new();
    while let Some(part) = parts.pop_front() {
        let (language, text) = part.split_once('\n').unwrap();
        found.push(Block { language, text });
        parts.pop_front().expect("the block ends");
    }
    found
}

/// A terminal in an empty directory.
struct Terminal {
    place: TempDir,
    temporary: TempDir,
    beside: Vec<Running>,
    port: Option<String>,
    locale: &'static str,
    said: String,
}

impl Terminal {
    fn open(locale: &'static str) -> Terminal {
        Terminal {
            place: tempfile::tempdir().unwrap(),
            temporary: tempfile::tempdir().unwrap(),
            beside: Vec::new(),
            port: None,
            locale,
            said: String::new(),
        }
    }

    fn type_in(&mut self, line: &str) {
        let (command, comment) = line.split_once(" #").unwrap_or((line, ""));
        let command = command.trim();
        match command {
            "" => {}
            "make demo" => self.start(&["demo"], |line| line == "Ctrl-C ends the demo."),
            "fieldgate demo legacy &" => self.legacy(),
            _ if command.starts_with("make ") => assert!(is_target(&command["make ".len()..])),
            _ if command.ends_with('&') => {
                let words = command.trim_end_matches(" &").split(' ').skip(1);
                self.start(&words.collect::<Vec<_>>(), |_| true);
                let ready = self.said.trim().rsplit_once("https://127.0.0.1:");
                self.port = ready.map(|(_, port)| port.to_owned());
            }
            _ => self.run(command, exit_code(comment)),
        }
    }

    fn start(&mut self, arguments: &[&str], last: impl Fn(&str) -> bool) {
        let mut command = fieldgate(self.temporary.path(), arguments);
        let mut running = Running::start(command.current_dir(self.place.path()));
        self.said.push_str(&running.until(last));
        self.beside.push(running);
    }

    /// On a free port, which all settings here are told; the proxies take free ports, too.
    fn legacy(&mut self) {
        self.start(&["demo", "legacy", "--listen", "127.0.0.1:0"], |_| true);
        let (_, address) = self.said.rsplit_once("http://").unwrap();
        let (address, _) = address.split_once(';').unwrap();
        for settings in ["bank/fieldgate.yaml", "examples/bank/fieldgate.yaml"] {
            let settings = self.place.path().join(settings);
            let Ok(text) = fs::read_to_string(&settings) else {
                continue;
            };
            let lines = text.lines().map(|line| match line.trim() {
                url if url.starts_with("url: ") => format!("    url: http://{address}\n"),
                _ => line.replace(":8443", ":0").replace(":9102", ":0") + "\n",
            });
            fs::write(&settings, lines.collect::<String>()).unwrap();
        }
    }

    fn run(&mut self, command: &str, expected: i32) {
        let command = match &self.port {
            Some(port) => command.replace("PORT", port).replace("8443", port),
            None => command.to_owned(),
        };
        let binary = Path::new(env!("CARGO_BIN_EXE_fieldgate"));
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", binary.parent().unwrap().display());
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(self.place.path())
            .env("TMPDIR", self.temporary.path())
            .env("PATH", path)
            .env("LC_ALL", self.locale)
            .env_remove("FIELDGATE_CONFIG")
            .output()
            .unwrap();
        let (out, err) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        assert_eq!(
            output.status.code(),
            Some(expected),
            "{command}\n{out}{err}"
        );
        self.said.push_str(&out);
    }

    fn change(&self, text: &str) {
        let mut lines = text.lines();
        let file = lines.next().unwrap().strip_prefix("--- ").unwrap();
        let path = self.place.path().join(file);
        let (old, new): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with('-'));
        let joined = |lines: &[&str]| {
            let lines = lines.iter().map(|line| &line[1..]);
            lines.collect::<Vec<_>>().join("\n")
        };
        let before = fs::read_to_string(&path).unwrap();
        assert_eq!(before.matches(&joined(&old)).count(), 1, "{text}");
        fs::write(path, before.replace(&joined(&old), &joined(&new))).unwrap();
    }

    fn said(&mut self, line: &str) {
        let is_it = |said: &str| {
            let mut rest = said;
            line.trim().split('…').all(|part| {
                let found = rest.find(part);
                rest = &rest[found.map_or(rest.len(), |at| at + part.len())..];
                found.is_some()
            })
        };
        let known = self.said.lines().any(is_it);
        assert!(known, "`{line}` was not said; this was:\n{}", self.said);
    }
}

/// What the comment behind a line says it ends with: `# exit code 4`.
fn exit_code(comment: &str) -> i32 {
    let said = comment
        .split_once("exit code ")
        .map(|(_, code)| code.trim());
    said.map_or(0, |code| code.parse().unwrap())
}

fn is_target(name: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let makefile = fs::read_to_string(root.join("Makefile")).unwrap();
    makefile
        .lines()
        .any(|line| line.starts_with(&format!("{name}:")))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

fn follow(page: &str) -> Terminal {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join(page)).unwrap();
    let locale = match page.ends_with(".zh-CN.md") {
        true => "zh_CN.UTF-8",
        false => "C",
    };
    let mut terminal = Terminal::open(locale);
    for folder in ["rules", "examples"] {
        copy(&root.join(folder), &terminal.place.path().join(folder));
    }
    let mut answered = false;
    for block in blocks(&text) {
        match block.language {
            "sh" => {
                if std::mem::take(&mut answered) {
                    terminal.said.clear();
                }
                block.text.lines().for_each(|line| terminal.type_in(line));
            }
            "text" => {
                answered = true;
                let lines = block.text.lines().filter(|line| !line.trim().is_empty());
                lines.for_each(|line| terminal.said(line));
            }
            "diff" => terminal.change(block.text),
            "" => {}
            other => panic!("a block of `{other}`"),
        }
    }
    terminal
}

#[test]
fn the_readme_does_what_it_says() {
    let terminal = follow("README.md");
    assert_eq!(terminal.beside.len(), 4, "two demos, legacy, proxy");
}

#[test]
fn the_chinese_readme_does_what_it_says() {
    let terminal = follow("README.zh-CN.md");
    assert_eq!(terminal.beside.len(), 4, "two demos, legacy, proxy");
}

#[test]
fn the_chinese_walk_through_the_hospital_does_what_it_says() {
    follow("docs/hospital.zh-CN.md");
}

#[test]
fn the_example_can_be_served_as_its_readme_says() {
    let terminal = follow("examples/bank/README.md");
    let (_, answer) = terminal.said.rsplit_once("ready https://").unwrap();
    assert!(answer.contains("620000*********7000"), "{answer}");
    assert!(!answer.contains("internal_score"), "{answer}");
}

#[test]
fn the_examples_do_what_their_readmes_say() {
    for name in ["bank-partners", "library", "patient"] {
        let terminal = follow(&format!("examples/{name}/README.md"));
        assert!(!terminal.said.is_empty(), "{name}");
    }
}

#[test]
fn the_rule_set_of_the_rules_page_loads_and_passes_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/rules.md")).unwrap();
    let rules = tempfile::tempdir().unwrap();
    let example = blocks(&page)
        .into_iter()
        .find(|block| block.language == "yaml");
    fs::write(rules.path().join("rules.yaml"), example.unwrap().text).unwrap();
    copy(
        &root.join("rules/bank/fixtures"),
        &rules.path().join("fixtures"),
    );
    let temporary = tempfile::tempdir().unwrap();
    let dir = rules.path().to_str().unwrap();
    for (arguments, said) in [
        (["check", dir], "no lints"),
        (["test", dir], "1 test passed"),
    ] {
        let output = fieldgate(temporary.path(), &arguments).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && out.contains(said), "{out}");
    }
}

#[test]
fn every_link_of_the_readmes_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in [
        "README.md",
        "README.zh-CN.md",
        "ARCHITECTURE.md",
        "docs/rules.md",
        "docs/conditions.md",
        "docs/settings.md",
        "docs/diagnostics.md",
        "docs/diagnostics.zh-CN.md",
        "docs/hospital.zh-CN.md",
        "CONTRIBUTING.md",
        "examples/bank/README.md",
        "examples/bank-partners/README.md",
        "examples/library/README.md",
        "examples/patient/README.md",
    ] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        for link in text.split("](").skip(1) {
            let (target, _) = link.split_once(')').unwrap();
            let file = target.split('#').next().unwrap();
            let there = root.join(page).parent().unwrap().join(file).exists();
            assert!(file.starts_with("https://") || there, "{page}: `{target}`");
        }
    }
}

#[test]
fn no_page_and_no_rule_set_names_a_parameter_by_a_word_that_yaml_takes_for_another() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open = ["docs", "rules", "examples", "README.md", "README.zh-CN.md"]
        .map(|name| root.join(name))
        .to_vec();
    let mut read = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        read += 1;
        for word in ["no", "on", "off", "yes", "y", "n"] {
            if text.contains(&format!("/{{{word}}}")) {
                found.push(format!("{}: {{{word}}}", path.display()));
            }
        }
    }
    assert!(read > 30 && found.is_empty(), "{read} {found:#?}");
}

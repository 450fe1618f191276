//! `benches/baseline/counts.txt`: what was counted when somebody last agreed to it, for people to read and compare.
//!
//! Refuses a line it does not know; a case without a line fails, so that a new one is blessed on purpose.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::allocations::Allocations;
use crate::callgrind;

/// A case may take so much more than its baseline.
const TOLERANCE: f64 = 0.03;
/// Buffers that double now and then are not paid by each record.
const ALLOCATION_TOLERANCE: f64 = 0.05;

/// Counts, and where they were made.
#[derive(Debug, Default)]
pub struct Baseline {
    pub rustc: String,
    pub valgrind: String,
    /// Architecture and the vector instructions that `memchr` and `simdutf8` choose by.
    pub processor: String,
    /// Name, instructions, bytes of input.
    pub instructions: Vec<(String, u64, u64)>,
    pub allocations: Vec<Allocations>,
}

const INTRODUCTION: &str = "\
# Instructions (callgrind) and allocations of the engine on fixed input: `cargo bench --bench counts`.
# A case that takes over 3 % more instructions, or allocates once more for one record in twenty, fails.
# `cargo bench --bench counts -- --bless` writes this file anew; the commit says why.
# Random keys of hash tables move some counts by 1 %. rust-toolchain.toml pins the compiler. memchr, simdutf8 and the
# C library choose code by the processor's vector instructions, so counts of machines that differ in the lines below
# are not comparable: there, bless on the commit this file is of, without committing it, then compare.
";

impl Baseline {
    pub fn of_this_machine() -> Self {
        Baseline {
            rustc: toolchain(),
            valgrind: callgrind::version(),
            processor: processor(),
            ..Baseline::default()
        }
    }

    pub fn read() -> Self {
        let text = std::fs::read_to_string(path()).unwrap_or_default();
        let mut read = Baseline::default();
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (kind, rest) = line.split_once(' ').unwrap();
            let rest = rest.trim();
            match kind {
                "rustc" => read.rustc = rest.to_owned(),
                "valgrind" => read.valgrind = rest.to_owned(),
                "processor" => read.processor = rest.to_owned(),
                "instructions" => {
                    let words: Vec<&str> = rest.split_whitespace().collect();
                    let number = |at: usize| words[at].parse().unwrap();
                    read.instructions
                        .push((words[0].to_owned(), number(1), number(2)));
                }
                "allocations" => {
                    let (figures, name) = rest.split_once(" | ").unwrap();
                    let (record, chunk) = figures.trim().split_once(' ').unwrap();
                    read.allocations.push(Allocations {
                        name: name.to_owned(),
                        for_each_record: record.parse().unwrap(),
                        for_each_chunk: chunk.trim().parse().unwrap(),
                    });
                }
                _ => panic!("`{line}` in {}", path().display()),
            }
        }
        read
    }

    pub fn write(&self) {
        let mut text = String::from(INTRODUCTION);
        for (name, value) in [
            ("rustc", &self.rustc),
            ("valgrind", &self.valgrind),
            ("processor", &self.processor),
        ] {
            writeln!(text, "{name} {value}").unwrap();
        }
        text.push_str("\n# case, instructions, bytes of input\n");
        for (name, count, bytes) in &self.instructions {
            writeln!(text, "instructions {name:<26} {count:>10} {bytes:>8}").unwrap();
        }
        text.push_str("\n# for each record, for each chunk of 64 KiB | policy\n");
        for one in &self.allocations {
            let (record, chunk) = (one.for_each_record, one.for_each_chunk);
            writeln!(
                text,
                "allocations {record:>6.2} {chunk:>6.2} | {}",
                one.name
            )
            .unwrap();
        }
        std::fs::write(path(), text).unwrap();
        println!("written: {}", path().display());
    }

    /// A sentence for each figure beyond its baseline; those far below are told as well, and are no fault.
    pub fn worse_than(&self, before: &Baseline) -> Vec<String> {
        let mut worse = Vec::new();
        for (name, count, bytes) in &self.instructions {
            let Some((_, known, known_bytes)) =
                before.instructions.iter().find(|one| one.0 == *name)
            else {
                worse.push(format!("FAILED {name}: the baseline has no such case"));
                continue;
            };
            let change = *count as f64 / *known as f64 - 1.0;
            let told = format!(
                "{name}: {known} -> {count} instructions ({:+.2} %)",
                change * 100.0
            );
            match change {
                _ if bytes != known_bytes => {
                    worse.push(format!("FAILED {name}: its input has changed"))
                }
                change if change > TOLERANCE => worse.push(format!("FAILED {told}")),
                change if change < -TOLERANCE => println!("better, worth a --bless: {told}"),
                _ => println!("ok {told}"),
            }
        }
        for one in &self.allocations {
            let Some(known) = before
                .allocations
                .iter()
                .find(|known| known.name == one.name)
            else {
                worse.push(format!(
                    "FAILED {}: the baseline has no such policy",
                    one.name
                ));
                continue;
            };
            let (now, then) = (one.for_each_record, known.for_each_record);
            let told = format!(
                "{}: {then:.2} -> {now:.2} allocations for each record",
                one.name
            );
            match now - then {
                more if more > ALLOCATION_TOLERANCE => worse.push(format!("FAILED {told}")),
                more if more < -ALLOCATION_TOLERANCE => println!("better, worth a --bless: {told}"),
                _ => println!("ok {told}"),
            }
        }
        worse
    }

    /// What of the two machines differs: name, here, there.
    pub fn differences<'a>(
        &'a self,
        before: &'a Baseline,
    ) -> Vec<(&'static str, &'a str, &'a str)> {
        let mut all = vec![
            ("rustc", self.rustc.as_str(), before.rustc.as_str()),
            ("valgrind", &self.valgrind, &before.valgrind),
            ("the processor", &self.processor, &before.processor),
        ];
        all.retain(|(_, here, there)| here != there);
        all
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/baseline/counts.txt")
}

fn toolchain() -> String {
    let output = std::process::Command::new("rustc")
        .arg("--version")
        .output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_else(|_| String::from("unknown"))
}

#[cfg(target_arch = "x86_64")]
fn processor() -> String {
    let known = [
        ("ssse3", std::arch::is_x86_feature_detected!("ssse3")),
        ("sse4.2", std::arch::is_x86_feature_detected!("sse4.2")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
    ];
    let has = known.iter().filter(|(_, has)| *has).map(|(name, _)| *name);
    ["x86_64"]
        .into_iter()
        .chain(has)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(not(target_arch = "x86_64"))]
fn processor() -> String {
    std::env::consts::ARCH.to_owned()
}

//! What noise cannot blur: instructions and allocations of the engine on fixed input, held against a baseline.
//!
//! `cargo bench --bench counts` fails where a case takes more than its share beyond `benches/baseline/counts.txt`;
//! `-- --bless` writes that file anew. Instructions are counted by valgrind's callgrind, which runs this program once
//! for each case. Refuses to judge without valgrind.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints, and one that cannot be set up has nothing to measure"
)]

mod allocations;
mod baseline;
mod callgrind;
mod cases;
#[path = "../fixture/mod.rs"]
mod fixture;

use std::process::ExitCode;

use baseline::Baseline;
use cases::CASES;
use fixture::page::{self, Bound, Targets};

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [callgrind::CASE, name] => {
            cases::run_counted(name);
            ExitCode::SUCCESS
        }
        [] => compare(),
        ["--bless"] => {
            let now = counted();
            if now.instructions.len() < CASES.len() {
                eprintln!("a baseline without some of its cases is not written");
                return ExitCode::FAILURE;
            }
            now.write();
            page::write("counts", &text(&now));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: cargo bench --bench counts [-- --bless]");
            ExitCode::from(2)
        }
    }
}

fn counted() -> Baseline {
    let mut now = Baseline::of_this_machine();
    for case in CASES {
        let Some(body) = (case.body)() else {
            eprintln!(
                "skipped: {}, its payload is not below FIELDGATE_CORPORA",
                case.name
            );
            continue;
        };
        let instructions = callgrind::instructions(case.name);
        now.instructions
            .push((case.name.to_owned(), instructions, body.len() as u64));
    }
    now.allocations = allocations::all();
    now
}

fn compare() -> ExitCode {
    let before = Baseline::read();
    let now = counted();
    let text = text(&now);
    println!("\n{text}");
    let worse = now.worse_than(&before);
    if worse.is_empty() {
        page::write("counts", &text);
        return ExitCode::SUCCESS;
    }
    for line in &worse {
        eprintln!("{line}");
    }
    for (what, here, there) in now.differences(&before) {
        eprintln!("note: {what} is `{here}` here, `{there}` where the baseline was made");
    }
    eprintln!(
        "\nIf the cost is meant, or the machine differs and the commit of the baseline counts the same here: \
         `cargo bench --bench counts -- --bless`, and say why in the commit."
    );
    ExitCode::FAILURE
}

fn text(now: &Baseline) -> String {
    let rows: Vec<Vec<String>> = now
        .instructions
        .iter()
        .map(|(name, count, bytes)| {
            vec![
                name.clone(),
                bytes.to_string(),
                count.to_string(),
                format!("{:.2}", *count as f64 / *bytes as f64),
            ]
        })
        .collect();
    let head = ["case", "bytes of input", "instructions", "for each byte"].map(str::to_owned);
    let allocations: Vec<Vec<String>> = now
        .allocations
        .iter()
        .map(|one| {
            vec![
                one.name.clone(),
                format!("{:.1}", one.for_each_record),
                format!("{:.1}", one.for_each_chunk),
            ]
        })
        .collect();
    let mut targets = Targets::default();
    let each = now.allocations.iter().map(|one| {
        let figure = (one.for_each_record * 100.0).round().max(0.0) / 100.0;
        (figure, format!("{figure:.2}"))
    });
    // To the hundredth: what grows once during a list is no record's.
    targets.add(
        "allocations for each record in steady state, each policy above",
        Bound::AtMost(0.0),
        "",
        &each.collect::<Vec<_>>(),
    );
    let kinds = ["policy", "for each record", "for each chunk of 64 KiB"].map(str::to_owned);
    format!(
        "### Instructions and allocations\n\n\
         `cargo bench --bench counts`, valgrind {}, the plan warm. Load on the machine does not reach these figures; \
         random keys of hash tables move some by 1 %. `make bench` fails where one exceeds \
         `benches/baseline/counts.txt`.\n\n{}\n\
         Allocations in steady state: of two lists of 1 MiB, one with four times the records of the other, the \
         difference over the difference of their records; what is left goes with the chunks.\n\n{}\n{}",
        now.valgrind,
        page::table(&head, &rows),
        page::table(&kinds, &allocations),
        targets.table("engine"),
    )
}

//! The engine alone, side by side with what else could do its work, on one thread.
//!
//! `cargo bench --bench engine` measures everything, prints the tables and writes them into `docs/benchmarks.md`;
//! with names of tables behind `--` (`lists fifty payloads rules`) it measures those and only prints.
//! Contenders do the same edits: that is checked before anything is measured.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints, and one that cannot be set up has nothing to measure"
)]

mod clock;
mod contenders;
#[path = "../fixture/mod.rs"]
mod fixture;

use clock::{Contender, Figure, measure};
use contenders::VALIDATE;
use fixture::page::{self, Bound, Targets};
use fixture::{bodies, policies};
use serde_json::Value;

const SIZES: [(&str, usize); 4] = [
    ("1 KB", 1 << 10),
    ("20 KB", 20 << 10),
    ("1 MB", 1 << 20),
    ("64 MB", 64 << 20),
];

/// A table: its name on the command line, and what makes it and tells which targets it measures.
type Table = (&'static str, fn(&mut Targets) -> String);
const TABLES: [Table; 4] = [
    ("lists", lists),
    ("fifty", fifty),
    ("payloads", payloads),
    ("rules", rules),
];

fn main() {
    // Cargo adds `--bench`.
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    if let Some(unknown) = asked
        .iter()
        .find(|word| TABLES.iter().all(|(name, _)| name != word))
    {
        let known: Vec<&str> = TABLES.iter().map(|(name, _)| *name).collect();
        eprintln!("no table `{unknown}`; there are {}", known.join(", "));
        std::process::exit(2);
    }
    the_contenders_do_the_same();
    let wanted = TABLES
        .iter()
        .filter(|(name, _)| asked.is_empty() || asked.iter().any(|word| word == name));
    let mut text = introduction();
    println!("{text}");
    let mut targets = Targets::default();
    for (_, table) in wanted {
        let table = table(&mut targets);
        println!("{table}");
        text.push_str(&table);
        text.push('\n');
    }
    let targets = format!(
        "### Targets of the engine\n\n{}",
        targets.table("one core, chunks of 64 KiB")
    );
    println!("{targets}");
    text.push_str(&targets);
    if asked.is_empty() {
        page::write("engine", &text);
    }
}

fn introduction() -> String {
    format!(
        "`cargo bench --bench engine` on {}. MB of input per second of one thread's CPU time, medians of seven \
         interleaved samples (three where a run takes longer than 0.3 s); in brackets the ratio to `serde_json` \
         reading the same bytes and keeping nothing, in the same run. The engine is alone here, but strict and with every count the audit \
         needs, and is fed chunks of 64 KiB.\n\n",
        page::machine()
    )
}

/// The edits of the peers are those of the engine, so that nobody is fast by doing less.
fn the_contenders_do_the_same() {
    let body = bodies::customers(20 << 10);
    let ours: Value = serde_json::from_slice(&policies::mask_and_strip().answer(&body)).unwrap();
    assert_ne!(
        ours,
        serde_json::from_slice::<Value>(&body).unwrap(),
        "the engine edits"
    );
    for theirs in [
        contenders::edited_by_serde_json(&body),
        contenders::edited_by_simd_json(&body),
    ] {
        assert_eq!(serde_json::from_slice::<Value>(&theirs).unwrap(), ours);
    }
}

fn lists(targets: &mut Targets) -> String {
    let four_masks = policies::four_masks();
    let mask_and_strip = policies::mask_and_strip();
    let field_by_field = policies::field_by_field();
    let tokens = policies::tokens();
    let person_read = policies::person_read();
    let person_held = policies::person_held();
    let shown = policies::shown_whole();
    let stripped = policies::stripped_whole();
    let columns = SIZES.map(|(label, size)| {
        let body = bodies::customers(size);
        let own = bodies::of_one_person(size);
        let mut group = vec![
            contenders::engine("engine: four masks", &four_masks, &body),
            contenders::engine(
                "engine: four masks, five fields stripped",
                &mask_and_strip,
                &body,
            ),
            contenders::engine("the same, each record's person read", &person_read, &body),
            contenders::engine_and_hash(
                "the same, and hashed as the audit does",
                &person_read,
                &body,
            ),
            contenders::engine(
                "the same, each record held until it is the caller's",
                &person_held,
                &own,
            ),
            contenders::engine("engine: four tokens, five fields stripped", &tokens, &body),
            contenders::engine(
                "engine: every field shown by a path of its own",
                &field_by_field,
                &body,
            ),
            contenders::engine("engine: the list shown as a whole", &shown, &body),
            contenders::engine("engine: the list stripped as a whole", &stripped, &body),
            contenders::validate(&body),
            contenders::serde_json_edit(&body),
            contenders::simd_json_edit(&body),
            contenders::jsonpath(&body),
        ];
        group.extend(contenders::limits(&body));
        (label.to_owned(), measured(label, group))
    });
    targets.add(
        "mask-and-strip policy, 1 MB and 64 MB",
        Bound::AtLeast(1_500.0),
        " MB/s",
        &speeds(&columns[2..], &["engine: four masks, five fields stripped"]),
    );
    targets.add(
        "the same, each record's person read and hashed, 1 MB and 64 MB",
        Bound::AtLeast(1_500.0),
        " MB/s",
        &speeds(&columns[2..], &["the same, and hashed as the audit does"]),
    );
    targets.add(
        "a list shown or stripped as a whole, 1 MB and 64 MB",
        Bound::AtLeast(2_500.0),
        " MB/s",
        &speeds(
            &columns[2..],
            &[
                "engine: the list shown as a whole",
                "engine: the list stripped as a whole",
            ],
        ),
    );
    format!(
        "### Customer lists\n\nRecords of about 400 bytes and 13 fields. The peers make the same edits as the engine's \
         second line (checked); `jsonpath-rust` only finds what they would edit.\n\n{}",
        by_row(&columns)
    )
}

fn fifty(targets: &mut Targets) -> String {
    let policy = policies::fifty_fields();
    let columns = SIZES.map(|(label, size)| {
        let body = bodies::fifty_fields(size);
        let group = vec![
            contenders::engine("engine: 20 masked, 10 stripped, 20 shown", &policy, &body),
            contenders::validate(&body),
        ];
        (label.to_owned(), measured(label, group))
    });
    targets.add(
        "fifty fields: 20 masked, 10 stripped, 1 MB and 64 MB",
        Bound::AtLeast(1_500.0),
        " MB/s",
        &speeds(&columns[2..], &["engine: 20 masked, 10 stripped, 20 shown"]),
    );
    format!(
        "### A rule set of fifty fields\n\nRecords of about 1,300 bytes that have them all.\n\n{}",
        by_row(&columns)
    )
}

fn payloads(targets: &mut Targets) -> String {
    let shown = policies::shown_whole();
    let stripped = policies::stripped_whole();
    let mut columns = Vec::new();
    for name in bodies::PAYLOADS {
        let Some(body) = bodies::payload(name) else {
            eprintln!("skipped: {name} is not below FIELDGATE_CORPORA");
            continue;
        };
        let mut group = vec![
            contenders::engine("engine: shown as a whole", &shown, &body),
            contenders::engine("engine: stripped as a whole", &stripped, &body),
            contenders::validate(&body),
        ];
        group.extend(contenders::limits(&body));
        columns.push((
            name.trim_end_matches(".json").to_owned(),
            measured(name, group),
        ));
    }
    if columns.is_empty() {
        return String::from("### Payloads\n\nThe corpora were not there.\n");
    }
    targets.add(
        "a real payload shown as a whole",
        Bound::AtLeast(2_500.0),
        " MB/s",
        &speeds(&columns, &["engine: shown as a whole"]),
    );
    format!(
        "### Payloads\n\nReal answers as one subtree, read strictly either way.\n\n{}",
        by_row(&columns)
    )
}

fn rules(targets: &mut Targets) -> String {
    let body = bodies::customers(1 << 20);
    let shapes = [
        (10, 1),
        (100, 1),
        (1_000, 1),
        (10_000, 1),
        (10_000, 10),
        (10_000, 30),
    ];
    let policies = shapes.map(|(paths, roles)| policies::catalogue(paths, roles));
    let mut group: Vec<Contender<'_>> = shapes
        .iter()
        .zip(&policies)
        .map(|((paths, roles), policy)| {
            contenders::engine(&format!("{paths} {roles}"), policy, &body)
        })
        .collect();
    group.push(contenders::validate(&body));
    let figures = measured("rules", group);
    let speed = |figure: &Figure| figure.mb_per_second;
    let (first, validate) = (speed(&figures[0]), speed(figures.last().unwrap()));
    let rows: Vec<Vec<String>> = shapes
        .iter()
        .zip(&figures)
        .map(|((paths, roles), figure)| {
            vec![
                grouped(*paths as f64),
                roles.to_string(),
                format!(
                    "{} ({:.2})",
                    grouped(speed(figure)),
                    speed(figure) / validate
                ),
                format!("{:.3}", first / speed(figure)),
            ]
        })
        .collect();
    let cost = first / speed(&figures[3]);
    targets.add(
        "cost of rules, 10,000 paths to 10",
        Bound::AtMost(1.05),
        "",
        &[(cost, format!("{cost:.3}"))],
    );
    let head = [
        "paths in the rule set",
        "roles of the caller",
        "MB/s",
        "cost, 10 paths = 1",
    ];
    format!(
        "### Cost of rules\n\nThe same list of 1 MB under rule sets whose first ten paths are the same (four masked, two \
         stripped); the further ones are the customer's as far as a resource may have them (2,000; half stand beside \
         the ten, half below members of their own) and other resources' beyond; every role has a row. The plan is \
         warm.\n\n{}",
        page::table(&head.map(str::to_owned), &rows)
    )
}

/// Measures a group and tells of its noise.
fn measured(label: &str, group: Vec<Contender<'_>>) -> Vec<Figure> {
    let figures = measure(group);
    let worst = figures
        .iter()
        .max_by(|a, b| a.spread.total_cmp(&b.spread))
        .unwrap();
    eprintln!(
        "{label}: widest middle half +-{:.1} % ({})",
        worst.spread * 100.0,
        worst.name
    );
    figures
}

/// The figures of contenders by name, column by column.
fn speeds(columns: &[(String, Vec<Figure>)], names: &[&str]) -> Vec<(f64, String)> {
    let named = |(_, figures): &(String, Vec<Figure>)| {
        let of = |name: &&str| {
            let figure = figures.iter().find(|figure| figure.name == **name).unwrap();
            (figure.mb_per_second, grouped(figure.mb_per_second))
        };
        names.iter().map(of).collect::<Vec<_>>()
    };
    columns.iter().flat_map(named).collect()
}

/// A row for each contender, a column for each group; all groups have the same contenders.
fn by_row(columns: &[(String, Vec<Figure>)]) -> String {
    let mut head = vec![String::from("MB/s")];
    head.extend(columns.iter().map(|(label, _)| label.clone()));
    let rows: Vec<Vec<String>> = (0..columns[0].1.len())
        .map(|row| {
            let mut cells = vec![columns[0].1[row].name.clone()];
            cells.extend(
                columns
                    .iter()
                    .map(|(_, figures)| cell(&figures[row], figures)),
            );
            cells
        })
        .collect();
    page::table(&head, &rows)
}

fn cell(figure: &Figure, group: &[Figure]) -> String {
    let validate = group.iter().find(|one| one.name == VALIDATE).unwrap();
    let ratio = figure.mb_per_second / validate.mb_per_second;
    let digits = if ratio < 9.95 { 2 } else { 0 };
    format!("{} ({ratio:.digits$})", grouped(figure.mb_per_second))
}

/// Whole, with a comma before every three digits.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

//! The three properties that carry the proof, and two about the oracle that judges by them.
//!
//! Every case is drawn from a seed of its own. `make test` runs 512 of each property, the same in every run, so that a
//! red run means a change. `make fuzz` runs others each time: `PROPTEST_CASES` says how many, `FUZZ_MINUTES` for how
//! long. What failed there once is kept in `properties.seeds`, whose seeds every run tries first.

use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngSeed, TestRunner};

use fieldgate::transform::FRAME;

use crate::engine::Engine;
use crate::generate::{Case, cases, cut, reduce, repeated, twins};
use crate::oracle::matching::to_value;
use crate::oracle::{fate, fate_by_jsonpath, govern, govern_bytes, read};

/// Which cases a run tries.
#[derive(Clone, Copy, Debug)]
enum Effort {
    /// These and no others.
    Same(u64),
    /// So many, others each time.
    Cases(u64),
    /// As many as fit, others each time.
    Time(Duration),
}

fn effort() -> Effort {
    // The Makefile hands on what is not set as nothing.
    let asked = |name: &str| -> Option<f64> {
        let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
        let number = text.parse().ok().filter(|number| *number > 0.0);
        Some(number.unwrap_or_else(|| panic!("`{name}` is `{text}`, not a number above 0")))
    };
    match (asked("FUZZ_MINUTES"), asked("PROPTEST_CASES")) {
        (Some(minutes), _) => Effort::Time(Duration::from_secs_f64(minutes * 60.0)),
        (None, Some(cases)) => Effort::Cases((cases as u64).max(256)),
        (None, None) => Effort::Same(512),
    }
}

/// The seeds after those that failed before.
fn seeds(effort: Effort) -> Box<dyn Iterator<Item = u64>> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let anew = now.expect("a time after 1970").as_nanos() as u64;
    match effort {
        Effort::Same(cases) => Box::new(0..cases),
        Effort::Cases(cases) => Box::new((0..cases).map(move |case| anew.wrapping_add(case))),
        Effort::Time(time) => {
            let end = Instant::now() + time;
            let all = (0..).map(move |case| anew.wrapping_add(case));
            Box::new(all.take_while(move |_| Instant::now() < end))
        }
    }
}

/// The one case of a seed.
fn case_of(seed: u64) -> Case {
    let mut runner = TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    });
    let drawn = cases().new_tree(&mut runner).expect("a case");
    drawn.current()
}

fn kept_in() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/properties.seeds")
}

/// The seeds a property once failed with.
fn kept(text: &str, property: &str) -> Vec<u64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let words = lines.filter_map(|line| line.split_once(' '));
    words
        .filter(|(name, _)| *name == property)
        .map(|(_, seed)| seed.trim().parse().expect("a seed"))
        .collect()
}

fn keep(property: &str, seed: u64) {
    let file = fs::OpenOptions::new().append(true).open(kept_in());
    writeln!(file.expect("the seeds"), "{property} {seed}").expect("the seed is kept");
}

/// Cuts that often hurt: single bytes, few bytes, a power of two, and what the case says.
fn cuts<'a>(body: &'a [u8], lengths: &[usize]) -> Vec<Vec<&'a [u8]>> {
    let few: &[&[usize]] = match body.len() {
        0..4000 => &[&[1], &[2], &[3], &[7], &[64]],
        _ => &[&[7, 4093], &[65536]],
    };
    let few = few.iter().map(|lengths| cut(body, lengths));
    few.chain([cut(body, lengths)]).collect()
}

fn lengths(chunks: &[&[u8]]) -> Vec<usize> {
    chunks.iter().take(40).map(|chunk| chunk.len()).collect()
}

/// Runs a property on many cases; the first that fails is kept, reduced and reported.
fn holds(name: &str, property: impl Fn(&Case) -> Result<(), String>) {
    // A case that makes something panic fails too, and is reduced like any other.
    let verdict = |case: &Case| {
        catch_unwind(AssertUnwindSafe(|| property(case)))
            .unwrap_or_else(|_| Err(String::from("it panics")))
    };
    let effort = effort();
    let kept = kept(&fs::read_to_string(kept_in()).expect("the seeds"), name);
    let mut tried = 0_u64;
    for seed in kept.iter().copied().chain(seeds(effort)) {
        let case = case_of(seed);
        tried += 1;
        if verdict(&case).is_ok() {
            continue;
        }
        if !matches!(effort, Effort::Same(_)) && !kept.contains(&seed) {
            keep(name, seed);
        }
        let case = reduce(case, |case| verdict(case).is_err());
        panic!(
            "seed {seed}, case {tried}: {case:?}\n{}",
            verdict(&case).expect_err("it failed before")
        );
    }
    println!("{name}: {tried} cases hold");
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: T, should: T) -> Result<(), String> {
    match is == should {
        true => Ok(()),
        false => Err(format!("{what}\n  is     {is:?}\n  not    {should:?}")),
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what leaves is text")
}

#[test]
fn any_split_of_the_input_gives_identical_output() {
    holds(
        "any_split_of_the_input_gives_identical_output",
        any_split_is_alike,
    );
}

fn any_split_is_alike(case: &Case) -> Result<(), String> {
    let engine = Engine::new(&case.sketch);
    let body = case.body.as_bytes();
    // The body as it is, torn, and with one byte changed.
    let place = case.spare.clone().below(body.len() + 1);
    let mut changed = body.to_vec();
    changed
        .iter_mut()
        .skip(place)
        .take(1)
        .for_each(|byte| *byte ^= 4);
    for body in [body, &body[..place], &changed] {
        let whole = engine.govern(&[body]);
        for chunks in cuts(body, &case.chunks) {
            same(
                &format!("cut {:?}", lengths(&chunks)),
                engine.govern(&chunks),
                whole.clone(),
            )?;
        }
    }
    Ok(())
}

#[test]
fn what_leaves_is_what_parse_then_edit_leaves() {
    holds(
        "what_leaves_is_what_parse_then_edit_leaves",
        leaves_as_edited,
    );
}

fn leaves_as_edited(case: &Case) -> Result<(), String> {
    let (rules, treatments) = (case.sketch.rules(), case.sketch.treatments());
    let view = case.sketch.view(&rules, &treatments);
    let answer = Engine::new(&case.sketch).govern(&[case.body.as_bytes()]);
    let leaves = govern_bytes(view, case.body.as_bytes());
    let bytes = match leaves {
        Ok(bytes) => bytes,
        // Which of two refusals comes first is nobody's right.
        Err(_) if case.sketch.person.is_some() && answer.end.is_err() => return Ok(()),
        Err(reason) => {
            same("the end", answer.end, Err(reason))?;
            return same("bytes beyond the last frame", answer.sent.len() % FRAME, 0);
        }
    };
    same(
        "what leaves",
        (text(answer.sent.clone()), answer.end),
        (text(bytes), Ok(())),
    )?;
    let document = read::read(case.body.as_bytes()).expect("it was governed");
    let tree = govern(view, &document).expect("it was governed");
    match serde_json::from_slice(&answer.sent) {
        Ok(parsed) if !document.has_duplicates() => same(
            "the value",
            without_numbers(&parsed),
            without_numbers(&to_value(&tree)),
        ),
        // Nobody but us reads a number beyond 64 bits, or a name twice.
        _ => Ok(()),
    }
}

#[test]
fn objects_of_one_shape_leave_as_any_object_does() {
    holds("objects_of_one_shape_leave_as_any_object_does", |case| {
        let Some(body) = repeated(&case.body, &mut case.spare.clone()) else {
            return Ok(());
        };
        let case = Case {
            body,
            ..case.clone()
        };
        any_split_is_alike(&case)?;
        leaves_as_edited(&case)
    });
}

#[test]
fn answers_equal_to_the_caller_give_identical_bytes() {
    holds("answers_equal_to_the_caller_give_identical_bytes", |case| {
        let (rules, treatments) = (case.sketch.rules(), case.sketch.treatments());
        let view = case.sketch.view(&rules, &treatments);
        let engine = Engine::new(&case.sketch);
        let seen = engine.govern(&[case.body.as_bytes()]);
        for twin in twins(view, &case.body, &mut case.spare.clone()) {
            let other = engine.govern(&cut(twin.as_bytes(), &case.chunks));
            let what = format!("the twin {twin}");
            same(
                &what,
                (text(other.sent), other.end),
                (text(seen.sent.clone()), seen.end),
            )?;
        }
        Ok(())
    });
}

#[test]
fn the_oracle_and_jsonpath_rust_agree_on_every_node() {
    holds("the_oracle_and_jsonpath_rust_agree_on_every_node", |case| {
        let (rules, treatments) = (case.sketch.rules(), case.sketch.treatments());
        let view = case.sketch.view(&rules, &treatments);
        let document = read::read(case.body.as_bytes()).expect("generated JSON is JSON");
        match fate_by_jsonpath(view, &document) {
            Some(other) => same("by jsonpath-rust", other, fate(view, &document)),
            None => Ok(()),
        }
    });
}

/// `serde_json` changes numbers and our trees write them as text: only their place is compared.
fn without_numbers(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(_) => Value::from("number"),
        Value::String(text) if text.parse::<f64>().is_ok() => Value::from("number"),
        Value::Array(elements) => elements.iter().map(without_numbers).collect(),
        Value::Object(members) => (members.iter())
            .map(|(name, value)| (name.clone(), without_numbers(value)))
            .collect(),
        other => other.clone(),
    }
}

#[test]
fn a_seed_is_one_case_and_kept_seeds_are_read_by_property() {
    let shown = |seed| format!("{:?}", case_of(seed));
    assert_eq!(shown(7), shown(7));
    assert_ne!(shown(7), shown(8));
    assert_eq!(
        kept("# one line each\nany 7\nwhat 8\nany 9\n", "any"),
        [7, 9]
    );
}

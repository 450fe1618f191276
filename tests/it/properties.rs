//! The three properties that carry the proof, and two about the oracle that judges by them.
//!
//! 512 cases each, the same in every run, so that a red run means a change. `PROPTEST_CASES` asks for more, and for
//! others in each run: `make fuzz`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use fieldgate::transform::FRAME;

use crate::engine::Engine;
use crate::generate::{Case, cases, cut, reduce, twins};
use crate::oracle::matching::to_value;
use crate::oracle::{fate, fate_by_jsonpath, govern, govern_bytes, read};

fn config() -> Config {
    let wanted = Config::default();
    let (cases, rng_seed) = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => (wanted.cases.max(256), wanted.rng_seed),
        None => (512, RngSeed::Fixed(1)),
    };
    Config {
        cases,
        rng_seed,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..wanted
    }
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

/// Runs a property on many cases; the first that fails is reduced and reported.
fn holds(property: impl Fn(&Case) -> Result<(), String>) {
    // A case that makes something panic fails too, and is reduced like any other.
    let verdict = |case: &Case| {
        catch_unwind(AssertUnwindSafe(|| property(case)))
            .unwrap_or_else(|_| Err(String::from("it panics")))
    };
    let mut runner = TestRunner::new(config());
    let run = runner.run(&cases(), |case| verdict(&case).map_err(TestCaseError::fail));
    if let Err(TestError::Fail(_, case)) = run {
        let case = reduce(case, |case| verdict(case).is_err());
        panic!(
            "{case:?}\n{}",
            verdict(&case).expect_err("it failed before")
        );
    }
    run.expect("the runner runs");
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
    holds(|case| {
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
    });
}

#[test]
fn what_leaves_is_what_parse_then_edit_leaves() {
    holds(|case| {
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
    });
}

#[test]
fn answers_equal_to_the_caller_give_identical_bytes() {
    holds(|case| {
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
    holds(|case| {
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

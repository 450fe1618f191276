//! Paths against the compliance test suite of RFC 9535: what is loaded selects what it must, and nothing invalid loads.
//!
//! The engine is asked, not the reader of paths: each path is an entry of a catalogue, and what the suite says it selects
//! is what is masked of the suite's document, or all that is shown of it.

use std::collections::BTreeSet;

use serde_json::Value;

use fieldgate::model::Reason;
use fieldgate::path::{self, Path, Segment, Selector};

use crate::binary::corpus;
use crate::engine::Engine;
use crate::sketch::{Outcome, Sketch, SketchField, UnlistedWord};

/// Cases of the suite whose selector is loaded, at least.
const SUPPORTED: usize = 297;

/// Where a filter says `!` or `!=` of what is not there, or not of that type, RFC 9535 selects; here it cannot be told,
/// and the more closed outcome counts: masked where the path masks, and not shown where it shows.
const NOT_OPENED: [&str; 17] = [
    "filter, not-equals numeric string, single quotes",
    "filter, not-equals string, single quotes, different type",
    "filter, not-equals numeric string, double quotes",
    "filter, not-equals string, double quotes, different types",
    "filter, not-equals number",
    "filter, not-equals number, different types",
    "filter, not-equals null",
    "filter, not-equals null, absent from data",
    "filter, not-equals true",
    "filter, not-equals false",
    "filter, exists and not-equals null, absent from data",
    "filter, not exists",
    "filter, not exists, data null",
    "whitespace, operators, space between logical not and test expression",
    "whitespace, operators, newline between logical not and test expression",
    "whitespace, operators, tab between logical not and test expression",
    "whitespace, operators, return between logical not and test expression",
];

struct Case {
    name: String,
    selector: String,
    document: Value,
    /// Where what is selected stands; `None` where the selector is invalid.
    selected: Option<BTreeSet<Vec<Step>>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Name(String),
    Index(usize),
}

fn suite() -> Option<Vec<Case>> {
    let file = corpus("jsonpath-cts", 1)?.remove(0);
    let text = std::fs::read_to_string(file).expect("the suite");
    let suite: Value = serde_json::from_str(&text).expect("the suite");
    let cases = suite["tests"].as_array().expect("tests");
    Some(cases.iter().map(case).collect())
}

fn case(case: &Value) -> Case {
    let text = |key: &str| case[key].as_str().expect(key).to_owned();
    let places = match (&case["result_paths"], &case["results_paths"]) {
        (Value::Array(places), _) => Some(places),
        (_, Value::Array(several)) => several[0].as_array(),
        _ => None,
    };
    let invalid = case["invalid_selector"] == true;
    assert_eq!(places.is_none(), invalid, "{}", text("name"));
    Case {
        name: text("name"),
        selector: text("selector"),
        document: case["document"].clone(),
        selected: places.map(|places| places.iter().map(steps).collect()),
    }
}

/// A normalized path.
fn steps(place: &Value) -> Vec<Step> {
    let text = place.as_str().expect("a place");
    let path = path::parse(text).unwrap_or_else(|error| panic!("{text}: {}", error.message));
    let step = |segment: &Segment| match &segment.selectors[..] {
        [Selector::Name(name)] => Step::Name(name.clone()),
        [Selector::Index(index)] => Step::Index(usize::try_from(*index).expect("an index")),
        other => panic!("{text}: {other:?}"),
    };
    path.segments.iter().map(step).collect()
}

fn sketch(fields: Vec<(Path, Outcome, bool)>) -> Sketch {
    let fields = fields
        .into_iter()
        .map(|(path, outcome, whole)| SketchField {
            path,
            outcome: Some(outcome),
            whole,
            names: None,
        });
    Sketch {
        fields: fields.collect(),
        unlisted: UnlistedWord::Show,
        drift_show: true,
        ..Sketch::default()
    }
}

fn govern(sketch: &Sketch, document: &Value) -> Result<Value, Reason> {
    let engine = Engine::new(sketch);
    let text = document.to_string();
    let whole = engine.govern(&[text.as_bytes()]);
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(engine.govern(&bytes), whole, "{sketch} {text}");
    whole.end?;
    Ok(serde_json::from_slice(&whole.sent).expect("what leaves is JSON"))
}

fn stars() -> Value {
    Value::from("***")
}

fn fixed() -> Outcome {
    Outcome::Mask(String::from("fixed"))
}

/// What is left of a value that a path masks whole; of one that a net catches.
fn masked(value: &Value, net: bool) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(|one| masked(one, net)).collect(),
        Value::Object(members) if net => (members.iter())
            .map(|(name, one)| (name.clone(), masked(one, net)))
            .collect(),
        _ => stars(),
    }
}

/// The document with all that is selected masked.
fn with_masked(case: &Case, selected: &BTreeSet<Vec<Step>>, net: bool) -> Result<Value, Reason> {
    let is_container = |value: &Value| value.is_array() || value.is_object();
    let root_selected = selected.contains(&Vec::new());
    if !is_container(&case.document) {
        // A body that is a scalar is listed or refused.
        return match root_selected {
            true => Ok(stars()),
            false => Err(Reason::UnexpectedShape),
        };
    }
    if root_selected && case.document.is_object() && !net {
        // The root keeps its brackets.
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let mut document = case.document.clone();
    for place in selected {
        if let Some(value) = at(&mut document, place) {
            *value = masked(value, net);
        }
    }
    Ok(document)
}

/// The value at a place; `None` where it was masked with what is around it.
fn at<'v>(document: &'v mut Value, place: &[Step]) -> Option<&'v mut Value> {
    place.iter().try_fold(document, |value, step| match step {
        Step::Name(name) => value.get_mut(name.as_str()),
        Step::Index(index) => value.get_mut(*index),
    })
}

#[test]
fn what_is_masked_is_what_the_suite_selects() {
    let Some(cases) = suite() else { return };
    let (mut supported, mut valid, mut wrong) = (0, 0, Vec::new());
    for case in &cases {
        let Some(selected) = &case.selected else {
            continue;
        };
        valid += 1;
        let path = match path::parse(&case.selector) {
            Ok(path) => path,
            Err(error) => {
                println!(
                    "refused: {}: {}",
                    case.selector.escape_debug(),
                    error.message
                );
                continue;
            }
        };
        supported += 1;
        let net = path.is_net();
        let leaves = govern(&sketch(vec![(path, fixed(), !net)]), &case.document);
        if leaves != with_masked(case, selected, net) {
            wrong.push(format!(
                "{}: {} leaves {leaves:?}",
                case.name, case.selector
            ));
        }
    }
    println!("{supported} of {valid} valid cases of the suite are supported, the others refused");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(supported >= SUPPORTED, "{supported}");
}

#[test]
fn what_is_shown_is_never_more_than_the_suite_selects() {
    let Some(cases) = suite() else { return };
    let (mut compared, mut wrong, mut kept_closed) = (0, Vec::new(), Vec::new());
    for case in &cases {
        let (Some(selected), Ok(path)) = (&case.selected, path::parse(&case.selector)) else {
            continue;
        };
        let [segment] = &path.segments[..] else {
            continue;
        };
        let any = |selector: &Selector| selector.spells_out() == 0;
        if segment.descend || segment.selectors.iter().any(any) {
            continue;
        }
        let others = Path {
            segments: vec![Segment {
                descend: false,
                selectors: vec![Selector::Wildcard],
            }],
        };
        let entries = vec![(path.clone(), Outcome::Show, true), (others, fixed(), true)];
        let Ok(leaves) = govern(&sketch(entries), &case.document) else {
            continue;
        };
        compared += 1;
        let children: Vec<Step> = match &case.document {
            Value::Array(elements) => (0..elements.len()).map(Step::Index).collect(),
            Value::Object(members) => members.keys().cloned().map(Step::Name).collect(),
            _ => Vec::new(),
        };
        for child in children {
            let place = vec![child];
            let mut document = case.document.clone();
            let value = at(&mut document, &place).expect("a child").clone();
            let closed = masked(&value, false);
            let left = at(&mut leaves.clone(), &place).expect("a child").clone();
            match (left == value, selected.contains(&place)) {
                // An empty array looks the same.
                _ if value == closed => {}
                (true, false) => wrong.push(format!("{} shows {place:?}", case.selector)),
                (false, true) => kept_closed.push(case.name.as_str()),
                (false, false) => assert_eq!(left, closed, "{}", case.selector),
                (true, true) => {}
            }
        }
    }
    println!("{compared} cases compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    kept_closed.dedup();
    assert_eq!(kept_closed, NOT_OPENED);
}

#[test]
fn no_invalid_selector_of_the_suite_is_loaded() {
    let Some(cases) = suite() else { return };
    let invalid = || cases.iter().filter(|case| case.selected.is_none());
    assert_eq!((cases.len(), invalid().count()), (703, 247));
    let loaded: Vec<&str> = invalid()
        .filter(|case| path::parse(&case.selector).is_ok())
        .map(|case| case.selector.as_str())
        .collect();
    assert!(loaded.is_empty(), "{loaded:?}");
}

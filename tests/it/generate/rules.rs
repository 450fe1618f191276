//! Rule sets as sketches. Entries that would conflict when a file loads are left out.

use fieldgate::path::{Comparison, Filter, Hop, Literal, Path, Segment, Selector, Slice};

use super::Choices;
use crate::oracle::matching::same_name;
use crate::sketch::{Outcome, Sketch, SketchField, UnlistedWord, path};

/// Few names, so that paths overlap.
pub const NAMES: [&str; 10] = ["a", "b", "a", "b", "c", "a", "d", "cd", "名", "k/v"];
const PLACES: [&str; 5] = ["$", "$.items[*]", "$.data", "$[*]", "$.a.b[*]"];
const MASKS: [&str; 12] = [
    "fixed",
    "fixed",
    "last4",
    "first1-last1",
    "cn-name",
    "cn-phone",
    "email",
    "year-only",
    "scrub",
    "staff-no",
    "thousands",
    "first-two",
];

pub fn sketch(choices: &mut Choices) -> Sketch {
    let mut sketch = Sketch {
        at: path(PLACES[choices.below(PLACES.len())]),
        unlisted: match choices.below(8) {
            0..=4 => UnlistedWord::Strip,
            5..=6 => UnlistedWord::Show,
            _ => UnlistedWord::Refuse,
        },
        any_case: choices.one_in(8),
        ..Sketch::default()
    };
    sketch.drift_show = match sketch.unlisted {
        UnlistedWord::Show => choices.one_in(2),
        UnlistedWord::Strip => choices.one_in(12),
        UnlistedWord::Refuse => false,
    };
    for _ in 0..=choices.below(12) {
        let entry = field(choices);
        let below =
            (entry.names.is_some() && choices.one_in(2)).then(|| member_of(&entry, choices));
        add(&mut sketch, entry);
        below.into_iter().for_each(|entry| add(&mut sketch, entry));
    }
    if !sketch.at.segments.is_empty() {
        for _ in 0..choices.below(4) {
            let (path, outcome) = (written_path(choices, 3), outcome(choices));
            let meets = may_meet(&path, &sketch.at, sketch.any_case)
                || sketch.envelope.iter().any(|(other, _)| {
                    other.segments.len() == path.segments.len()
                        && may_meet(&path, other, sketch.any_case)
                });
            if !meets {
                sketch.envelope.push((path, outcome));
            }
        }
    }
    if choices.one_in(6) && sketch.unlisted != UnlistedWord::Refuse {
        let entry = SketchField {
            path: path("$.a"),
            outcome: Some(outcome(choices)),
            whole: false,
            names: None,
        };
        add(&mut sketch, entry);
        sketch.person = sketch
            .fields
            .iter()
            .position(|field| is_singular(&field.path));
    }
    sketch
}

fn add(sketch: &mut Sketch, entry: SketchField) {
    if !conflicts(sketch, &entry) {
        sketch.fields.push(entry);
    }
}

/// An entry for what stands under the names that another gives a class.
fn member_of(entry: &SketchField, choices: &mut Choices) -> SketchField {
    let mut path = entry.path.clone();
    path.segments.push(Segment {
        descend: false,
        selectors: vec![Selector::Wildcard],
    });
    if choices.one_in(2) {
        path.segments.extend(written_path(choices, 1).segments);
    }
    SketchField {
        path,
        outcome: Some(outcome(choices)),
        whole: choices.one_in(7),
        names: None,
    }
}

fn is_singular(path: &Path) -> bool {
    !path.segments.is_empty()
        && (path.segments.iter()).all(|segment| {
            !segment.descend && matches!(segment.selectors.as_slice(), [Selector::Name(_)])
        })
}

fn outcome(choices: &mut Choices) -> Outcome {
    match choices.below(16) {
        0..=6 => Outcome::Show,
        7..=9 => Outcome::Strip,
        10..=12 => Outcome::Mask((*choices.pick(&MASKS)).to_owned()),
        13..=14 => Outcome::Blank,
        _ => Outcome::Token(["one", "other"][choices.below(2)].to_owned()),
    }
}

fn field(choices: &mut Choices) -> SketchField {
    let mut entry = SketchField {
        path: written_path(choices, 4),
        outcome: Some(outcome(choices)),
        whole: choices.one_in(7),
        names: None,
    };
    if choices.one_in(7) && !entry.path.segments.is_empty() {
        // A net: `..` before one of its segments.
        entry.whole = false;
        let segments = &mut entry.path.segments;
        let place = choices.below(segments.len());
        segments[place].descend = true;
        for segment in segments.iter_mut() {
            // What must be held at every depth is for the tests of the engine: filters double what may be the case, and
            // what lies within many that are held is closed.
            let slices = |selector: &Selector| {
                selector.counts()
                    || matches!(selector, Selector::Slice { .. } | Selector::Filter(_))
            };
            if segment.selectors.iter().any(slices) {
                segment.selectors = vec![Selector::Index(1)];
            }
        }
    } else if choices.one_in(7) {
        entry.names = Some(outcome(choices));
        if choices.one_in(3) {
            entry.outcome = None;
            entry.whole = false;
        }
    }
    entry
}

fn written_path(choices: &mut Choices, most: usize) -> Path {
    let length = match choices.below(12) {
        0..=10 => 1 + choices.below(most),
        _ => 0,
    };
    let segments = (0..length)
        .map(|_| Segment {
            descend: false,
            selectors: selectors(choices),
        })
        .collect();
    Path { segments }
}

fn selectors(choices: &mut Choices) -> Vec<Selector> {
    let name = |choices: &mut Choices| Selector::Name((*choices.pick(&NAMES)).to_owned());
    let index = |choices: &mut Choices| Selector::Index(choices.below(4) as u64);
    match choices.below(20) {
        0..=8 => vec![name(choices)],
        9..=11 => vec![Selector::Wildcard],
        12 => vec![index(choices)],
        16 | 17 => vec![Selector::Filter(filter(choices))],
        18 => vec![Selector::FromEnd(1 + choices.below(3) as u64)],
        19 => {
            let slices = [(Some(-2), None, 1), (None, Some(-1), 1), (None, None, -2)];
            let (start, end, step) = *choices.pick(&slices);
            vec![Selector::SliceFromEnd(Slice { start, end, step })]
        }
        13 => vec![name(choices), name(choices)],
        14 => vec![index(choices), index(choices)],
        _ => {
            let start = choices.below(3) as u64;
            // Long enough that no union spells out all of it.
            let (end, step) = [(None, 1), (None, 2), (Some(start + 3), 1)][choices.below(3)];
            vec![Selector::Slice { start, end, step }]
        }
    }
}

/// One of few, so that what must be asked of a document stays little.
fn filter(choices: &mut Choices) -> Filter {
    let at = |name: &str| vec![Hop::Name(name.to_owned())];
    let word = |with, literal: &str| Filter::Compare {
        path: at("a"),
        with,
        literal: Literal::String(literal.to_owned()),
    };
    let equal = word(Comparison::Equal, "x");
    match choices.below(10) {
        0..=3 => equal,
        4 | 5 => word(Comparison::Other, "x"),
        6 => Filter::Not(Box::new(equal)),
        7 => Filter::Exists(at("b")),
        8 => Filter::Compare {
            path: Vec::new(),
            with: Comparison::More,
            literal: Literal::Number(String::from("10")),
        },
        _ => Filter::All(vec![
            Filter::Not(Box::new(Filter::Exists(at("c")))),
            Filter::Any(vec![equal, word(Comparison::AtLeast, "张")]),
        ]),
    }
}

/// "if still equal and class or mask differ, the file does not load". Entries that meet at one node are
/// kept only if one is at least as spelled out as the other in every segment and more in one, so no
/// way of counting what is spelled out matters.
fn conflicts(sketch: &Sketch, entry: &SketchField) -> bool {
    sketch.fields.iter().any(|other| {
        if other.path == entry.path {
            return true;
        }
        if other.path.is_net() || entry.path.is_net() {
            return false;
        }
        let meet = other.path.segments.len() == entry.path.segments.len()
            && may_meet(&other.path, &entry.path, sketch.any_case);
        meet && !outranks(&other.path, &entry.path) && !outranks(&entry.path, &other.path)
    })
}

/// How much a segment spells out, whichever of its selectors selects.
fn rank(segment: &Segment) -> u8 {
    let ranks = segment.selectors.iter().map(|selector| match selector {
        Selector::Name(_) | Selector::Index(_) | Selector::FromEnd(_) => 2,
        Selector::Filter(_) => 1,
        Selector::Wildcard | Selector::Slice { .. } | Selector::SliceFromEnd(_) => 0,
    });
    ranks.min().unwrap_or(0)
}

fn outranks(one: &Path, other: &Path) -> bool {
    let pairs = || one.segments.iter().zip(&other.segments);
    pairs().all(|(one, other)| rank(one) >= rank(other))
        && pairs().any(|(one, other)| rank(one) > rank(other))
}

/// Whether two paths could select the same node, or one a node on the other's way.
fn may_meet(one: &Path, other: &Path, fold: bool) -> bool {
    one.segments
        .iter()
        .zip(&other.segments)
        .all(|(one, other)| {
            (one.selectors.iter()).any(|one| {
                other
                    .selectors
                    .iter()
                    .any(|other| overlap(one, other, fold))
            })
        })
}

fn overlap(one: &Selector, other: &Selector, fold: bool) -> bool {
    match (one, other) {
        (Selector::Wildcard | Selector::Filter(_), _)
        | (_, Selector::Wildcard | Selector::Filter(_)) => true,
        (Selector::Name(one), Selector::Name(other)) => same_name(one, other, fold),
        (Selector::Name(_), _) | (_, Selector::Name(_)) => false,
        (Selector::Index(one), Selector::Index(other)) => one == other,
        _ => true,
    }
}

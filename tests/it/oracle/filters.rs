//! Filters on a tree, three-valued, straight from the rule language; and their text.

use fieldgate::path::{Comparison, Filter, Hop, Literal, Slice};

use super::matching::same_name;
use super::read::Tree;

/// Whether a filter selects a value; `None` where that cannot be told.
///
/// "A filter, negative or not, opens only on what is present: where the compared member is duplicated, or under `!=` or
/// `!` is missing or of another type, the element takes the more closed of what it would get selected and not selected."
pub fn selects(filter: &Filter, value: &Tree, fold: bool) -> Option<bool> {
    truth(filter, value, fold, false)
}

fn truth(filter: &Filter, value: &Tree, fold: bool, negative: bool) -> Option<bool> {
    match filter {
        Filter::Any(parts) => {
            let parts = truths(parts, value, fold, negative);
            match parts.contains(&Some(true)) {
                true => Some(true),
                false => (!parts.contains(&None)).then_some(false),
            }
        }
        Filter::All(parts) => {
            let parts = truths(parts, value, fold, negative);
            match parts.contains(&Some(false)) {
                true => Some(false),
                false => (!parts.contains(&None)).then_some(true),
            }
        }
        Filter::Not(inner) => truth(inner, value, fold, true).map(|truth| !truth),
        Filter::Exists(path) => match nodes(path, value, fold)[..] {
            [] => (!negative).then_some(false),
            [_] => Some(true),
            _ => None,
        },
        Filter::Compare {
            path,
            with,
            literal,
        } => {
            let negative = negative || *with == Comparison::Other;
            match nodes(path, value, fold)[..] {
                [] => (!negative).then_some(false),
                [one] => compared(one, *with, literal).or((!negative).then_some(false)),
                _ => None,
            }
        }
    }
}

fn truths(parts: &[Filter], value: &Tree, fold: bool, negative: bool) -> Vec<Option<bool>> {
    let parts = parts.iter();
    parts
        .map(|part| truth(part, value, fold, negative))
        .collect()
}

/// All nodes a singular path leads to; of a name that is there twice, one more.
fn nodes<'t>(path: &[Hop], value: &'t Tree, fold: bool) -> Vec<&'t Tree> {
    let Some((hop, rest)) = path.split_first() else {
        return vec![value];
    };
    let here: Vec<&Tree> = match (hop, value) {
        (Hop::Name(name), Tree::Object(members)) => (members.iter())
            .filter(|(other, _)| same_name(name, other, fold))
            .map(|(_, value)| value)
            .collect(),
        (Hop::Index(index), Tree::Array(elements)) => {
            let place = match *index < 0 {
                true => elements.len() as i64 + index,
                false => *index,
            };
            let place = usize::try_from(place).ok();
            place
                .and_then(|place| elements.get(place))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    };
    match here[..] {
        [] => here,
        [one] => nodes(rest, one, fold),
        _ => here,
    }
}

/// `None` for another type.
fn compared(value: &Tree, with: Comparison, literal: &Literal) -> Option<bool> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (value, literal) {
        (Tree::String(one), Literal::String(other)) => Some(one.chars().cmp(other.chars())),
        // Generated literals are small integers, and generated numbers far from rounding to them.
        (Tree::Number(one), Literal::Number(other)) => {
            let number = |text: &str| text.parse::<f64>().expect("a number");
            number(one).partial_cmp(&number(other))
        }
        (Tree::Bool(one), Literal::Boolean(other)) => (one == other).then_some(Equal),
        (Tree::Null, Literal::Null) => Some(Equal),
        _ => return None,
    };
    Some(match with {
        Comparison::Equal => order == Some(Equal),
        Comparison::Other => order != Some(Equal),
        Comparison::Less => order == Some(Less),
        Comparison::AtMost => matches!(order, Some(Less | Equal)),
        Comparison::More => order == Some(Greater),
        Comparison::AtLeast => matches!(order, Some(Greater | Equal)),
    })
}

/// Whether `jsonpath-rust` reads the filter as it is meant, on a tree whose numbers became strings.
pub fn is_plain(filter: &Filter) -> bool {
    match filter {
        Filter::Any(parts) | Filter::All(parts) => parts.iter().all(is_plain),
        Filter::Not(inner) => is_plain(inner),
        Filter::Exists(_) => true,
        Filter::Compare { with, literal, .. } => {
            let is_word = |text: &str| text.parse::<f64>().is_err();
            *with == Comparison::Equal && matches!(literal, Literal::String(text) if is_word(text))
        }
    }
}

/// A filter as a path writes it, behind its `?`.
pub fn filter_text(filter: &Filter) -> String {
    let joined = |parts: &[Filter], word: &str| {
        let parts: Vec<String> = parts
            .iter()
            .map(|part| format!("({})", filter_text(part)))
            .collect();
        parts.join(word)
    };
    match filter {
        Filter::Any(parts) => joined(parts, "||"),
        Filter::All(parts) => joined(parts, "&&"),
        Filter::Not(inner) => format!("!({})", filter_text(inner)),
        Filter::Exists(path) => hops_text(path),
        Filter::Compare {
            path,
            with,
            literal,
        } => {
            let with = match with {
                Comparison::Equal => "==",
                Comparison::Other => "!=",
                Comparison::Less => "<",
                Comparison::AtMost => "<=",
                Comparison::More => ">",
                Comparison::AtLeast => ">=",
            };
            let literal = match literal {
                Literal::String(text) => quoted(text),
                Literal::Number(text) => text.clone(),
                Literal::Boolean(value) => value.to_string(),
                Literal::Null => String::from("null"),
            };
            format!("{}{with}{literal}", hops_text(path))
        }
    }
}

fn hops_text(path: &[Hop]) -> String {
    let hops = path.iter().map(|hop| match hop {
        Hop::Name(name) => format!("[{}]", quoted(name)),
        Hop::Index(index) => format!("[{index}]"),
    });
    format!("@{}", hops.collect::<String>())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A slice as a path writes it.
pub fn slice_text(slice: &Slice) -> String {
    let bound = |bound: Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
    format!("{}:{}:{}", bound(slice.start), bound(slice.end), slice.step)
}

/// RFC 9535, section 2.3.4.2.2: the elements a slice selects.
pub fn slice_selects(slice: &Slice, index: u64, length: u64) -> bool {
    let (length, step) = (length as i64, slice.step);
    let normalize = |bound: i64| if bound >= 0 { bound } else { length + bound };
    let (start, end) = match step > 0 {
        true => (slice.start.unwrap_or(0), slice.end.unwrap_or(length)),
        false => (
            slice.start.unwrap_or(length - 1),
            slice.end.unwrap_or(-length - 1),
        ),
    };
    let (start, end) = (normalize(start), normalize(end));
    let mut selected = Vec::new();
    if step > 0 {
        let (mut at, upper) = (start.clamp(0, length), end.clamp(0, length));
        while at < upper {
            selected.push(at);
            at += step;
        }
    } else {
        let (mut at, lower) = (start.clamp(-1, length - 1), end.clamp(-1, length - 1));
        while at > lower {
            selected.push(at);
            at += step;
        }
    }
    selected.contains(&(index as i64))
}

//! Filters as `jsonpath-rust` reads them to filters as they are judged.
//!
//! Refuses what cannot be judged on one element that is held: functions, absolute and plural paths, paths compared with
//! paths; and numbers the parser would round.

use jsonpath_rust::parser::model::{
    Comparable, Comparison as ParsedComparison, Filter as Parsed, FilterAtom,
    Literal as ParsedLiteral, Segment, Selector, SingularQuery, SingularQuerySegment, Test,
};

use super::parse::{PathError, Refused};
use super::{Comparison, Filter, Hop, Literal};

/// Significant digits every one of which the parser keeps.
const MOST_DIGITS: usize = 15;

/// A filter in our words.
pub(super) fn filter(parsed: &Parsed) -> Result<Filter, PathError> {
    let all = |parts: &[Parsed]| parts.iter().map(filter).collect::<Result<Vec<_>, _>>();
    match parsed {
        Parsed::Or(parts) => all(parts).map(Filter::Any),
        Parsed::And(parts) => all(parts).map(Filter::All),
        Parsed::Atom(FilterAtom::Filter { expr, not }) => filter(expr).map(|it| negated(it, *not)),
        Parsed::Atom(FilterAtom::Test { expr, not }) => exists(expr).map(|it| negated(it, *not)),
        Parsed::Atom(FilterAtom::Comparison(comparison)) => compare(comparison),
    }
}

fn negated(filter: Filter, not: bool) -> Filter {
    match not {
        true => Filter::Not(Box::new(filter)),
        false => filter,
    }
}

fn exists(test: &Test) -> Result<Filter, PathError> {
    let Test::RelQuery(segments) = test else {
        return refuse("functions and paths from `$` cannot be used in a filter");
    };
    let hop = |segment: &Segment| match segment {
        Segment::Selector(Selector::Name(name)) => Ok(Hop::Name(name.clone())),
        Segment::Selector(Selector::Index(index)) => Ok(Hop::Index(*index)),
        _ => refuse("a path in a filter leads to one value: names and indexes only"),
    };
    let path = segments.iter().map(hop).collect::<Result<_, _>>()?;
    Ok(Filter::Exists(path))
}

fn compare(comparison: &ParsedComparison) -> Result<Filter, PathError> {
    use Comparison::{AtLeast, AtMost, Equal, Less, More, Other};
    let (with, turned) = match comparison {
        ParsedComparison::Eq(..) => (Equal, Equal),
        ParsedComparison::Ne(..) => (Other, Other),
        ParsedComparison::Gt(..) => (More, Less),
        ParsedComparison::Gte(..) => (AtLeast, AtMost),
        ParsedComparison::Lt(..) => (Less, More),
        ParsedComparison::Lte(..) => (AtMost, AtLeast),
    };
    let (path, literal, with) = match comparison.vals() {
        (Comparable::SingularQuery(path), Comparable::Literal(literal)) => (path, literal, with),
        (Comparable::Literal(literal), Comparable::SingularQuery(path)) => (path, literal, turned),
        (Comparable::Function(_), _) | (_, Comparable::Function(_)) => {
            return refuse("functions and paths from `$` cannot be used in a filter");
        }
        _ => return refuse("a filter compares a path with a literal, never two of a kind"),
    };
    let SingularQuery::Current(hops) = path else {
        return refuse("functions and paths from `$` cannot be used in a filter");
    };
    let hop = |hop: &SingularQuerySegment| match hop {
        SingularQuerySegment::Name(name) => Hop::Name(name.clone()),
        SingularQuerySegment::Index(index) => Hop::Index(*index),
    };
    Ok(Filter::Compare {
        path: hops.iter().map(hop).collect(),
        with,
        literal: match literal {
            ParsedLiteral::String(text) => Literal::String(text.clone()),
            ParsedLiteral::Int(number) => Literal::Number(number.to_string()),
            ParsedLiteral::Float(number) => Literal::Number(format!("{number:e}")),
            ParsedLiteral::Bool(value) => Literal::Boolean(*value),
            ParsedLiteral::Null => Literal::Null,
        },
    })
}

/// Whether some number that stands in the text outside quotes would not be the same number once parsed.
pub(super) fn holds_rounded_number(text: &str) -> bool {
    let mut quote = None;
    let mut escaped = false;
    let mut token = String::new();
    for char in text.chars().chain([']']) {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if char == '\\' => escaped = true,
            Some(open) if char == open => quote = None,
            Some(_) => {}
            None if char.is_ascii_alphanumeric() || matches!(char, '.' | '+' | '-' | '_') => {
                token.push(char);
            }
            None => {
                if is_rounded(&token) {
                    return true;
                }
                token.clear();
                quote = matches!(char, '\'' | '"').then_some(char);
            }
        }
    }
    false
}

fn is_rounded(token: &str) -> bool {
    let begins = token
        .trim_start_matches('-')
        .starts_with(|char: char| char.is_ascii_digit());
    if !begins || !token.contains(['.', 'e', 'E']) {
        return false;
    }
    let Ok(number) = token.parse::<f64>() else {
        return false;
    };
    let mantissa = token.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').len();
    let size = number.abs();
    let far = significant > 0 && !(1e-300..=1e300).contains(&size);
    significant > MOST_DIGITS || far
}

pub(super) fn refuse<T>(message: &str) -> Result<T, PathError> {
    Err(PathError {
        message: message.to_owned(),
        refused: Refused::Filter,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_is_written_or_not_at_all() {
        for text in [
            "[?@.a==0.1]",
            "[?@.a==-1.50e3]",
            "[?@.a==0.0]",
            "[?@.a==0e5]",
            "[?@.e1==123456789012345]",
            "[?@.a=='0.12345678901234567890']",
            "[?@.a==9007199254740991]",
            "[?@['1e999']==1]",
        ] {
            assert!(!holds_rounded_number(text), "{text}");
        }
        for text in [
            "[?@.a==0.1234567890123456]",
            "[?@.a==1e400]",
            "[?@.a==1e-400]",
            "[?1.0000000000000001<@.a]",
            "[?@['a']==-1e-320]",
        ] {
            assert!(holds_rounded_number(text), "{text}");
        }
    }
}

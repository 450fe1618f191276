//! What a record's own text says to a condition on one of its fields.
//!
//! Missing, duplicated on its way, below something else than the path is written through, or of another type: unknown.
//! `exists` alone is false for what is missing; `is: empty` and `or: empty` hold there.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{FieldIs, FieldTest, Literal, Number, Truth, When};
use crate::json::{Cursor, Named, Shape};
use crate::path::{Path, Selector};

/// What stands where a path leads.
enum Found<'a> {
    Value(Cursor<'a>),
    /// Nothing, and the way to it is clear; `null` stands for a container that is not there.
    Missing,
    /// A name on the way stands twice, or what stands on it is no container of that kind.
    Unclear,
}

/// Whether a field of `record` is as asked. `other` is what it is compared with, where the call says that; `now` is the
/// moment in seconds since 1970.
pub fn holds(
    test: &FieldTest,
    record: Cursor<'_>,
    any_case: bool,
    other: Option<&Literal>,
    now: i64,
) -> Truth {
    match find(&test.path, record, any_case) {
        Found::Unclear => Truth::Unknown,
        Found::Missing => absent(test),
        Found::Value(value) => present(test, value, other, now),
    }
}

/// The text of the string or number where a singular path leads; `None` where it leads to nothing, not clearly, or to
/// something else.
pub fn text_at(path: &Path, record: Cursor<'_>, any_case: bool) -> Option<String> {
    let Found::Value(value) = find(path, record, any_case) else {
        return None;
    };
    match value.shape() {
        Shape::String => value.string().map(Cow::into_owned),
        Shape::Number => Some(value.text().to_owned()),
        Shape::Boolean | Shape::Object | Shape::Array | Shape::Null => None,
    }
}

fn find<'a>(path: &Path, record: Cursor<'a>, any_case: bool) -> Found<'a> {
    let mut here = record;
    for segment in &path.segments {
        let [selector] = &segment.selectors[..] else {
            return Found::Unclear;
        };
        let next = match (selector, here.shape()) {
            (_, Shape::Null) => return Found::Missing,
            (Selector::Name(name), Shape::Object) => match here.member(name, any_case) {
                Named::One(value) => Found::Value(value),
                Named::Nothing => Found::Missing,
                Named::Several => Found::Unclear,
            },
            (Selector::Index(index), Shape::Array) => element(here, i64::try_from(*index).ok()),
            (Selector::FromEnd(back), Shape::Array) => {
                element(here, i64::try_from(*back).ok().map(|back| -back))
            }
            _ => return Found::Unclear,
        };
        match next {
            Found::Value(value) => here = value,
            other => return other,
        }
    }
    Found::Value(here)
}

fn element(array: Cursor<'_>, index: Option<i64>) -> Found<'_> {
    let element = index.and_then(|index| array.element(index));
    element.map_or(Found::Missing, Found::Value)
}

fn absent(test: &FieldTest) -> Truth {
    match test.is {
        FieldIs::Empty => Truth::True,
        _ if test.or_empty => Truth::True,
        FieldIs::Exists => Truth::False,
        _ => Truth::Unknown,
    }
}

fn present(test: &FieldTest, value: Cursor<'_>, other: Option<&Literal>, now: i64) -> Truth {
    if matches!(test.is, FieldIs::Exists) {
        return Truth::True;
    }
    let empty_counts = test.or_empty || matches!(test.is, FieldIs::Empty);
    let Some(literal) = literal(value) else {
        let is_null = value.shape() == Shape::Null;
        return if is_null && empty_counts {
            Truth::True
        } else {
            Truth::Unknown
        };
    };
    if empty_counts && literal == Literal::Text(String::new()) {
        return Truth::True;
    }
    match &test.is {
        FieldIs::Exists => Truth::True,
        FieldIs::Empty => Truth::False,
        FieldIs::OneOf(values) => literal.among(values),
        FieldIs::Before(bound) => order(&literal, *bound, Ordering::Less),
        FieldIs::After(bound) => order(&literal, *bound, Ordering::Greater),
        FieldIs::YoungerThan(age) => when(&literal)
            .and_then(|when| age.is_above(when, now))
            .map_or(Truth::Unknown, Truth::from),
        FieldIs::SameAs(_) => other.map_or(Truth::Unknown, |other| {
            literal.among(std::slice::from_ref(other))
        }),
    }
}

fn literal(value: Cursor<'_>) -> Option<Literal> {
    match value.shape() {
        Shape::String => value.string().map(|text| Literal::Text(text.into_owned())),
        Shape::Number => Number::read(value.text()).map(Literal::Number),
        Shape::Boolean => Some(Literal::Bool(value.text() == "true")),
        Shape::Object | Shape::Array | Shape::Null => None,
    }
}

fn when(literal: &Literal) -> Option<When> {
    match literal {
        Literal::Text(text) => When::read(text),
        Literal::Number(_) | Literal::Bool(_) => None,
    }
}

fn order(literal: &Literal, bound: When, wanted: Ordering) -> Truth {
    let order = when(literal).and_then(|when| when.order(bound));
    order.map_or(Truth::Unknown, |order| (order == wanted).into())
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::{Age, Other};
    use super::*;
    use crate::path::parse;

    /// 2026-06-01T00:00:00Z
    const NOW: i64 = 1_780_272_000;

    fn test(path: &str, is: FieldIs) -> FieldTest {
        FieldTest {
            text: path.to_owned(),
            path: parse(path).unwrap(),
            is,
            or_empty: false,
        }
    }

    fn or_empty(test: FieldTest) -> FieldTest {
        FieldTest {
            or_empty: true,
            ..test
        }
    }

    fn ask(test: &FieldTest, record: &str) -> Truth {
        holds(test, Cursor::new(record), false, None, NOW)
    }

    fn text(text: &str) -> Literal {
        Literal::Text(text.to_owned())
    }

    fn number(text: &str) -> Literal {
        Literal::Number(Number::read(text).unwrap())
    }

    fn is(value: Literal) -> FieldIs {
        FieldIs::OneOf(vec![value])
    }

    #[test]
    fn a_text_is_read_from_one_string_or_number_and_from_nothing_else() {
        let path = parse("a.b").unwrap();
        let read = |record| text_at(&path, Cursor::new(record), false);
        assert_eq!(read(r#"{"a":{"b":"\u0031"}}"#).as_deref(), Some("1"));
        assert_eq!(read(r#"{"a":{"b":1.0}}"#).as_deref(), Some("1.0"));
        for record in [
            "{}",
            "null",
            r#"{"a":{"b":true}}"#,
            r#"{"a":{"b":null}}"#,
            r#"{"a":{"b":["1"]}}"#,
            r#"{"a":{"b":"1","b":"1"}}"#,
            r#"{"a":{"b":"1"},"a":{}}"#,
        ] {
            assert_eq!(read(record), None, "{record}");
        }
    }

    #[test]
    fn strings_compare_by_code_points_decoded() {
        let test = test("a", is(text("é")));
        assert_eq!(ask(&test, r#"{"a":"é"}"#), Truth::True);
        assert_eq!(ask(&test, r#"{"\u0061":"\u00e9"}"#), Truth::True);
        assert_eq!(ask(&test, "{\"a\":\"e\u{301}\"}"), Truth::False);
        assert_eq!(ask(&test, r#"{"a":"É"}"#), Truth::False);
    }

    #[test]
    fn numbers_compare_as_exact_decimals_and_never_with_strings() {
        let one_and_half = test("a", is(number("1.5")));
        assert_eq!(ask(&one_and_half, r#"{"a":15e-1}"#), Truth::True);
        assert_eq!(
            ask(&one_and_half, r#"{"a":1.50000000000000000001}"#),
            Truth::False
        );
        assert_eq!(ask(&one_and_half, r#"{"a":"1.5"}"#), Truth::Unknown);
        assert_eq!(ask(&test("a", is(text("1"))), r#"{"a":1}"#), Truth::Unknown);
        assert_eq!(
            ask(&test("a", is(Literal::Bool(true))), r#"{"a":"true"}"#),
            Truth::Unknown
        );
        let mixed = test("a", FieldIs::OneOf(vec![text("x"), number("1")]));
        assert_eq!(ask(&mixed, r#"{"a":2}"#), Truth::False);
        assert_eq!(ask(&mixed, r#"{"a":true}"#), Truth::Unknown);
    }

    #[test]
    fn missing_duplicated_and_other_types_are_unknown() {
        let test = test("a.b", is(text("x")));
        assert_eq!(ask(&test, r#"{"a":{"b":"x"}}"#), Truth::True);
        for record in [
            "{}",
            r#"{"a":{}}"#,
            r#"{"a":null}"#,
            r#"{"a":"x"}"#,
            r#"{"a":[{"b":"x"}]}"#,
            r#"{"a":{"b":"x","b":"x"}}"#,
            r#"{"a":{"b":"x"},"\u0061":{}}"#,
            r#"{"a":{"b":null}}"#,
            r#"{"a":{"b":["x"]}}"#,
            r#"{"a":{"b":{}}}"#,
            "null",
            "\"x\"",
            "[]",
        ] {
            assert_eq!(ask(&test, record), Truth::Unknown, "{record}");
        }
    }

    #[test]
    fn exists_alone_is_false_for_what_is_missing() {
        let test = test("a.b", FieldIs::Exists);
        for record in ["{}", r#"{"a":{}}"#, r#"{"a":null}"#, "null"] {
            assert_eq!(ask(&test, record), Truth::False, "{record}");
        }
        for record in [
            r#"{"a":{"b":null}}"#,
            r#"{"a":{"b":[]}}"#,
            r#"{"a":{"b":""}}"#,
        ] {
            assert_eq!(ask(&test, record), Truth::True, "{record}");
        }
        for record in [r#"{"a":{"b":1,"b":1}}"#, r#"{"a":{},"a":{}}"#, r#"{"a":1}"#] {
            assert_eq!(ask(&test, record), Truth::Unknown, "{record}");
        }
    }

    #[test]
    fn is_empty_means_absent_null_or_an_empty_string() {
        let test = test("a", FieldIs::Empty);
        for record in ["{}", r#"{"a":null}"#, r#"{"a":""}"#] {
            assert_eq!(ask(&test, record), Truth::True, "{record}");
        }
        for record in [r#"{"a":" "}"#, r#"{"a":0}"#, r#"{"a":false}"#] {
            assert_eq!(ask(&test, record), Truth::False, "{record}");
        }
        for record in [r#"{"a":[]}"#, r#"{"a":{}}"#, r#"{"a":"","a":""}"#] {
            assert_eq!(ask(&test, record), Truth::Unknown, "{record}");
        }
    }

    #[test]
    fn or_empty_holds_where_there_is_nothing_and_changes_nothing_else() {
        let with = or_empty(test("a", is(text("x"))));
        for record in ["{}", r#"{"a":null}"#, r#"{"a":""}"#, r#"{"a":"x"}"#] {
            assert_eq!(ask(&with, record), Truth::True, "{record}");
        }
        assert_eq!(ask(&with, r#"{"a":"z"}"#), Truth::False);
        for record in [r#"{"a":1}"#, r#"{"a":[]}"#, r#"{"a":"x","a":"x"}"#] {
            assert_eq!(ask(&with, record), Truth::Unknown, "{record}");
        }
        assert_eq!(
            ask(&or_empty(test("a", FieldIs::Exists)), "{}"),
            Truth::True
        );
    }

    #[test]
    fn dates_and_ages_are_read_from_strings_only() {
        let bound = When::read("2026-01-01").unwrap();
        let before = test("a", FieldIs::Before(bound));
        let after = test("a", FieldIs::After(bound));
        let day = |day: &str| format!(r#"{{"a":"{day}"}}"#);
        assert_eq!(ask(&before, &day("2025-12-31")), Truth::True);
        assert_eq!(ask(&before, &day("2026-01-01")), Truth::False);
        assert_eq!(ask(&after, &day("2026-01-01")), Truth::False);
        assert_eq!(ask(&after, &day("2026/01/02")), Truth::True);
        assert_eq!(ask(&after, &day("soon")), Truth::Unknown);
        assert_eq!(ask(&after, r#"{"a":20260102}"#), Truth::Unknown);
        let age = Age::read("18y", TimeZone::UTC).unwrap();
        let minor = test("a", FieldIs::YoungerThan(age));
        assert_eq!(ask(&minor, &day("2008-06-02")), Truth::True);
        assert_eq!(ask(&minor, &day("2008-06-01")), Truth::False);
        assert_eq!(ask(&minor, &day("2027-01-01")), Truth::Unknown);
        assert_eq!(ask(&minor, "{}"), Truth::Unknown);
    }

    #[test]
    fn same_as_compares_with_what_the_call_says_as_it_is_typed() {
        let test = test("a", FieldIs::SameAs(Other::Path(String::from("id"))));
        let with = |other: Option<Literal>, record: &str| {
            holds(&test, Cursor::new(record), false, other.as_ref(), NOW)
        };
        assert_eq!(with(Some(text("01")), r#"{"a":"01"}"#), Truth::True);
        assert_eq!(with(Some(text("01")), r#"{"a":"1"}"#), Truth::False);
        assert_eq!(with(Some(text("1")), r#"{"a":1}"#), Truth::Unknown);
        assert_eq!(with(Some(number("1")), r#"{"a":1.0}"#), Truth::True);
        assert_eq!(with(None, r#"{"a":"01"}"#), Truth::Unknown);
    }

    #[test]
    fn a07_any_case_folds_names_so_that_two_spellings_are_twice() {
        let test = test("a", is(text("x")));
        let ask = |record| holds(&test, Cursor::new(record), true, None, NOW);
        assert_eq!(ask(r#"{"A":"x"}"#), Truth::True);
        assert_eq!(ask(r#"{"A":"x","a":"x"}"#), Truth::Unknown);
    }

    #[test]
    fn an_index_leads_to_its_element() {
        let test = test("a[1]", is(text("x")));
        assert_eq!(ask(&test, r#"{"a":["y","x"]}"#), Truth::True);
        assert_eq!(ask(&test, r#"{"a":["x"]}"#), Truth::Unknown);
        assert_eq!(ask(&test, r#"{"a":{"1":"x"}}"#), Truth::Unknown);
        let last = self::test("a[-1]", is(text("x")));
        assert_eq!(ask(&last, r#"{"a":["y","x"]}"#), Truth::True);
        assert_eq!(ask(&last, r#"{"a":["x","y"]}"#), Truth::False);
        assert_eq!(ask(&last, r#"{"a":[]}"#), Truth::Unknown);
    }
}

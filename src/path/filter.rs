//! Filters: what an element or a member must hold to be selected.
//!
//! A filter opens only on what is present. Where the member it asks for is duplicated, or under `!=` or `!` missing or
//! of another type than the literal, it cannot be told whether the filter selects.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::json::{Cursor, Decimal, Named, Shape};

/// Singular relative paths compared with literals or asked for, joined by `&&`, `||` and `!`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Filter {
    /// `||`
    Any(Vec<Filter>),
    /// `&&`
    All(Vec<Filter>),
    /// `!`
    Not(Box<Filter>),
    /// `@.a`: it is there.
    Exists(Vec<Hop>),
    /// `@.a == 1`
    Compare {
        /// From the node to what is compared.
        path: Vec<Hop>,
        /// How.
        with: Comparison,
        /// With what.
        literal: Literal,
    },
}

/// A step of a singular path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Hop {
    /// To a member, by its decoded name.
    Name(String),
    /// To an element; a negative number counts from the end.
    Index(i64),
}

/// What stands between a path and a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    Other,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// What a filter compares with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    /// Decoded.
    String(String),
    /// A number as JSON writes it.
    Number(String),
    /// `true` or `false`
    Boolean(bool),
    /// `null`
    Null,
}

/// Whether a filter selects a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Selected {
    /// It does not.
    No,
    /// It cannot be told.
    Unknown,
    /// It does.
    Yes,
}

impl Selected {
    fn opposite(self) -> Selected {
        match self {
            Selected::No => Selected::Yes,
            Selected::Unknown => Selected::Unknown,
            Selected::Yes => Selected::No,
        }
    }
}

impl From<bool> for Selected {
    fn from(known: bool) -> Selected {
        if known { Selected::Yes } else { Selected::No }
    }
}

impl Filter {
    /// Whether it selects a node; `any_case` folds ASCII case in names.
    pub fn selects(&self, node: Cursor<'_>, any_case: bool) -> Selected {
        self.judge(node, any_case, false)
    }

    /// `negated`: below a `!`.
    fn judge(&self, node: Cursor<'_>, any_case: bool, negated: bool) -> Selected {
        let part = |part: &Filter| part.judge(node, any_case, negated);
        match self {
            Filter::Any(parts) => parts.iter().map(part).max().unwrap_or(Selected::No),
            Filter::All(parts) => parts.iter().map(part).min().unwrap_or(Selected::No),
            Filter::Not(inner) => inner.judge(node, any_case, true).opposite(),
            Filter::Exists(path) => match follow(path, node, any_case) {
                Named::One(_) => Selected::Yes,
                Named::Nothing => absent(negated),
                Named::Several => Selected::Unknown,
            },
            Filter::Compare {
                path,
                with,
                literal,
            } => {
                let negated = negated || *with == Comparison::Other;
                match follow(path, node, any_case) {
                    Named::One(value) => match literal.is_kin_of(value.shape()) {
                        true => literal.compare(value, *with),
                        false => absent(negated),
                    },
                    Named::Nothing => absent(negated),
                    Named::Several => Selected::Unknown,
                }
            }
        }
    }
}

/// What is not there, or not of the literal's type, is not selected, nor does it open by being asked for the opposite.
fn absent(negated: bool) -> Selected {
    match negated {
        true => Selected::Unknown,
        false => Selected::No,
    }
}

/// What a singular path leads to: several where a name on the way stands twice.
fn follow<'a>(path: &[Hop], node: Cursor<'a>, any_case: bool) -> Named<'a> {
    let mut here = node;
    for hop in path {
        let next = match hop {
            Hop::Name(name) => here.member(name, any_case),
            Hop::Index(index) => here.element(*index).map_or(Named::Nothing, Named::One),
        };
        match next {
            Named::One(next) => here = next,
            Named::Nothing | Named::Several => return next,
        }
    }
    Named::One(here)
}

impl Literal {
    fn is_kin_of(&self, shape: Shape) -> bool {
        matches!(
            (self, shape),
            (Literal::String(_), Shape::String)
                | (Literal::Number(_), Shape::Number)
                | (Literal::Boolean(_), Shape::Boolean)
                | (Literal::Null, Shape::Null)
        )
    }

    /// Compares a value of the same type; the value stands on the left.
    fn compare(&self, value: Cursor<'_>, with: Comparison) -> Selected {
        let order = match self {
            Literal::String(text) => value
                .string()
                .map(|value: Cow<'_, str>| value.as_ref().cmp(text.as_str())),
            Literal::Number(text) => {
                Decimal::read(value.text()).and_then(|value| Some(value.cmp(&Decimal::read(text)?)))
            }
            Literal::Boolean(wanted) => return equal(value.text() == word(*wanted), with),
            Literal::Null => return equal(true, with),
        };
        let Some(order) = order else {
            return Selected::Unknown;
        };
        Selected::from(match with {
            Comparison::Equal => order == Ordering::Equal,
            Comparison::Other => order != Ordering::Equal,
            Comparison::Less => order == Ordering::Less,
            Comparison::AtMost => order != Ordering::Greater,
            Comparison::More => order == Ordering::Greater,
            Comparison::AtLeast => order != Ordering::Less,
        })
    }
}

/// Booleans and null are equal or not, and have no order.
fn equal(equal: bool, with: Comparison) -> Selected {
    Selected::from(match with {
        Comparison::Equal | Comparison::AtMost | Comparison::AtLeast => equal,
        Comparison::Other => !equal,
        Comparison::Less | Comparison::More => false,
    })
}

fn word(boolean: bool) -> &'static str {
    match boolean {
        true => "true",
        false => "false",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{Selector, parse};

    fn filter(text: &str) -> Filter {
        let path = parse(&format!("[?{text}]")).unwrap();
        match path.segments[0].selectors[0].clone() {
            Selector::Filter(filter) => filter,
            other => panic!("{other:?}"),
        }
    }

    fn selects(text: &str, node: &str) -> Selected {
        filter(text).selects(Cursor::new(node), false)
    }

    use Selected::{No, Unknown, Yes};

    #[test]
    fn a_filter_opens_only_on_what_is_present() {
        for (text, node, expected) in [
            ("@.a == 1", r#"{"a":1}"#, Yes),
            ("@.a == 1", r#"{"a":2}"#, No),
            ("@.a == 1", r#"{"b":1}"#, No),
            ("@.a == 1", r#"{"a":"1"}"#, No),
            ("@.a == 1", r#"{"a":1,"a":1}"#, Unknown),
            ("@.a == 1", r#"{"a":1,"\u0061":2}"#, Unknown),
            ("@.a != 1", r#"{"a":2}"#, Yes),
            ("@.a != 1", r#"{"a":1}"#, No),
            ("@.a != 1", r#"{}"#, Unknown),
            ("@.a != 1", r#"{"a":"x"}"#, Unknown),
            ("@.a != 1", r#"{"a":null}"#, Unknown),
            ("@.a != 1", r#"{"a":2,"a":2}"#, Unknown),
            ("!(@.a == 1)", r#"{"a":2}"#, Yes),
            ("!(@.a == 1)", r#"{"a":1}"#, No),
            ("!(@.a == 1)", r#"{}"#, Unknown),
            ("!(@.a == 1)", r#"{"a":[]}"#, Unknown),
            ("!(@.a < 1)", r#"{"a":"x"}"#, Unknown),
            ("!(!(@.a == 1))", r#"{}"#, Unknown),
            ("@.a", r#"{"a":null}"#, Yes),
            ("@.a", r#"{"b":1}"#, No),
            ("@.a", r#"{"a":1,"a":1}"#, Unknown),
            ("!@.a", r#"{"b":1}"#, Unknown),
            ("!@.a", r#"{"a":1}"#, No),
            ("@.a.b", r#"{"a":1}"#, No),
            ("@.a.b == 1", r#"{"a":{"b":1},"a":2}"#, Unknown),
        ] {
            assert_eq!(selects(text, node), expected, "{text} on {node}");
        }
    }

    #[test]
    fn parts_are_joined_as_far_as_they_are_known() {
        for (text, node, expected) in [
            ("@.a == 1 && @.b == 1", r#"{"a":1,"b":1}"#, Yes),
            ("@.a == 1 && @.b != 1", r#"{"a":1}"#, Unknown),
            ("@.a == 1 && @.b != 1", r#"{"a":2}"#, No),
            ("@.a == 1 || @.b != 1", r#"{"a":1}"#, Yes),
            ("@.a == 1 || @.b != 1", r#"{"a":2}"#, Unknown),
            ("!(@.a == 1 || @.b == 1)", r#"{"a":2,"b":2}"#, Yes),
            ("!(@.a == 1 || @.b == 1)", r#"{"a":2}"#, Unknown),
            ("@.a == 1 || @.b == 1 && @.c == 1", r#"{"a":1}"#, Yes),
        ] {
            assert_eq!(selects(text, node), expected, "{text} on {node}");
        }
    }

    #[test]
    fn values_compare_by_their_type() {
        for (text, node, expected) in [
            ("@ == 'x'", "\"x\"", Yes),
            ("@ == '张'", r#""\u5f20""#, Yes),
            ("@ < 'b'", "\"a\"", Yes),
            ("@ < '\u{ffff}'", "\"\u{10000}\"", No),
            ("@ >= 'a'", "\"a\"", Yes),
            ("@ > 1", "1.0000000000000000001", Yes),
            ("@ == 10", "1e1", Yes),
            ("@ == 0.1", "0.10", Yes),
            ("@ == 0.1", "0.10000000000000001", No),
            ("@ <= -1.5e3", "-1500", Yes),
            ("1 < @", "2", Yes),
            ("1 >= @", "2", No),
            ("'x' != @", "\"y\"", Yes),
            ("@ == true", "true", Yes),
            ("@ != true", "false", Yes),
            ("@ < true", "false", No),
            ("@ <= true", "true", Yes),
            ("@ == null", "null", Yes),
            ("@ >= null", "null", Yes),
            ("@ > null", "null", No),
            ("@ == null", "0", No),
            ("@ != null", "0", Unknown),
            ("@ < 2", "\"1\"", No),
            ("@ == 1", "1e9999999999", Unknown),
        ] {
            assert_eq!(selects(text, node), expected, "{text} on {node}");
        }
    }

    #[test]
    fn a_path_may_lead_through_elements_counted_from_either_end() {
        let node = r#"{"a":[{"b":1},[2,3]]}"#;
        for (text, expected) in [
            ("@.a[0].b == 1", Yes),
            ("@.a[-1][-2] == 2", Yes),
            ("@.a[1][1] == 3", Yes),
            ("@.a[2]", No),
            ("@.a[-3]", No),
            ("@['a'][0]['b']", Yes),
            ("@[0]", No),
        ] {
            assert_eq!(selects(text, node), expected, "{text}");
        }
    }

    #[test]
    fn case_is_folded_where_the_resource_says_so_and_then_counts_as_a_duplicate() {
        let filter = filter("@.Kind == 'x'");
        let folded = |node| filter.selects(Cursor::new(node), true);
        assert_eq!(folded(r#"{"kIND":"x"}"#), Yes);
        assert_eq!(folded(r#"{"kind":"x","KIND":"x"}"#), Unknown);
        assert_eq!(selects("@.Kind == 'x'", r#"{"kind":"x"}"#), No);
    }
}

//! Path text to segments, through `jsonpath-rust`'s parser.
//!
//! The parser reads RFC 9535; what cannot be matched exactly in one pass over the bytes is refused here by name.

use jsonpath_rust::parser::model::{Segment as Parsed, Selector as ParsedSelector};

use super::{Path, Segment, Selector, Slice, lower};

/// Paths longer than this are refused: nobody writes them by hand.
const LONGEST: usize = 1024;
/// More segments than the deepest document that is ever read makes no sense.
const MOST_SEGMENTS: usize = 64;

/// Why a path was refused, in words an analyst can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// The sentence.
    pub message: String,
    /// What is wrong with it.
    pub refused: Refused,
}

/// What may be wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not RFC 9535, or larger than paths are.
    Text,
    /// It selects nothing in any document.
    Nothing,
    /// A filter of it cannot be judged on one element.
    Filter,
}

/// Reads a path; a leading `$.` may be left out.
///
/// # Errors
///
/// When the text is not RFC 9535, selects nothing, or holds a filter that cannot be judged on one element.
pub fn parse(text: &str) -> Result<Path, PathError> {
    let full = match text.as_bytes().first() {
        None => return refuse("a path cannot be empty; write `$` for the record itself"),
        Some(b'$') => text.to_owned(),
        Some(b'[' | b'.') => format!("${text}"),
        Some(_) => format!("$.{text}"),
    };
    // Alike however it is written.
    if full.len() > LONGEST {
        return refuse(format!(
            "a path may be {LONGEST} bytes long at most, `$.` included"
        ));
    }
    if has_blank_outside_brackets(&full) {
        return refuse(format!(
            "`{text}` has a blank in it; write a name with blanks as `['two words']`"
        ));
    }
    if calls_function(&full) {
        return lower::refuse("functions and paths from `$` cannot be used in a filter");
    }
    let query = jsonpath_rust::parser::parse_json_path(&full).map_err(|_| PathError {
        refused: Refused::Text,
        message: format!(
            "`{text}` is not a path; write names joined by dots, `[*]` for every element, \
             `$['odd name']` for a name with other characters (RFC 9535)"
        ),
    })?;
    if query.segments.len() > MOST_SEGMENTS {
        return refuse(format!("a path may have {MOST_SEGMENTS} segments at most"));
    }
    let segments = query
        .segments
        .iter()
        .map(segment)
        .collect::<Result<Vec<_>, _>>()?;
    let path = Path { segments };
    if path.has_filter() && lower::holds_rounded_number(&full) {
        let message = format!("`{text}` compares with a number of more digits than are kept");
        return Err(PathError {
            message,
            refused: Refused::Filter,
        });
    }
    Ok(path)
}

/// The parser reads `a b` as one name; RFC 9535 does not, so blanks count only between brackets.
fn has_blank_outside_brackets(path: &str) -> bool {
    let mut brackets = 0_usize;
    outside_quotes(path).any(|char| {
        match char {
            '[' => brackets += 1,
            ']' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        char.is_whitespace() && brackets == 0
    })
}

/// A name before a bracket calls a function. They are refused in any case, and the parser takes three times as long for
/// each one within another that is not closed.
fn calls_function(path: &str) -> bool {
    let mut after_name = false;
    outside_quotes(path).any(|char| {
        let calls = char == '(' && after_name;
        after_name = char == '_' || char.is_alphanumeric() || (after_name && char.is_whitespace());
        calls
    })
}

/// The characters that belong to no quoted name or text.
fn outside_quotes(path: &str) -> impl Iterator<Item = char> {
    let mut quote = None;
    let mut escaped = false;
    path.chars().filter(move |char| {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if *char == '\\' => escaped = true,
            Some(open) if *char == open => quote = None,
            Some(_) => {}
            None if matches!(char, '\'' | '"') => quote = Some(*char),
            None => return true,
        }
        false
    })
}

fn segment(parsed: &Parsed) -> Result<Segment, PathError> {
    match parsed {
        Parsed::Descendant(inner) => Ok(Segment {
            descend: true,
            ..segment(inner)?
        }),
        Parsed::Selector(one) => Ok(Segment {
            descend: false,
            selectors: vec![selector(one)?],
        }),
        Parsed::Selectors(selectors) => Ok(Segment {
            descend: false,
            selectors: selectors.iter().map(selector).collect::<Result<_, _>>()?,
        }),
    }
}

fn selector(parsed: &ParsedSelector) -> Result<Selector, PathError> {
    match parsed {
        ParsedSelector::Name(name) => Ok(Selector::Name(name.clone())),
        ParsedSelector::Wildcard => Ok(Selector::Wildcard),
        ParsedSelector::Index(index) => Ok(match u64::try_from(*index) {
            Ok(index) => Selector::Index(index),
            Err(_) => Selector::FromEnd(index.unsigned_abs()),
        }),
        ParsedSelector::Slice(start, end, step) => slice(*start, *end, step.unwrap_or(1)),
        ParsedSelector::Filter(filter) => lower::filter(filter).map(Selector::Filter),
    }
}

fn slice(start: Option<i64>, end: Option<i64>, step: i64) -> Result<Selector, PathError> {
    let slice = Slice { start, end, step };
    if !slice.may_select() {
        let why = match step {
            0 => "a slice with step 0 selects nothing",
            1.. => "this slice selects nothing; its end is not above its start",
            _ => "this slice selects nothing; its end is not below its start",
        };
        return Err(PathError {
            message: String::from(why),
            refused: Refused::Nothing,
        });
    }
    let front = |bound: Option<i64>| bound.map(u64::try_from).transpose();
    Ok(match (front(start), front(end), u64::try_from(step)) {
        (Ok(start), Ok(end), Ok(step)) => Selector::Slice {
            start: start.unwrap_or(0),
            end,
            step,
        },
        _ => Selector::SliceFromEnd(slice),
    })
}

fn refuse<T>(message: impl Into<String>) -> Result<T, PathError> {
    Err(PathError {
        message: message.into(),
        refused: Refused::Text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Segment {
        Segment {
            descend: false,
            selectors: vec![Selector::Name(text.to_owned())],
        }
    }

    #[test]
    fn a_leading_dollar_may_be_left_out() {
        let expected = Path {
            segments: vec![
                name("phones"),
                Segment {
                    descend: false,
                    selectors: vec![Selector::Wildcard],
                },
                name("number"),
            ],
        };
        assert_eq!(parse("phones[*].number"), Ok(expected.clone()));
        assert_eq!(parse("$.phones[*].number"), Ok(expected));
        assert_eq!(parse("$"), Ok(Path::default()));
    }

    #[test]
    fn odd_and_chinese_names_are_decoded() {
        assert_eq!(
            parse("$['odd key']").unwrap().segments,
            vec![name("odd key")]
        );
        assert_eq!(parse(r"['it\'s']").unwrap().segments, vec![name("it's")]);
        assert_eq!(parse(r#"["a\u0062"]"#).unwrap().segments, vec![name("ab")]);
        assert_eq!(
            parse("读者.姓名").unwrap().segments,
            vec![name("读者"), name("姓名")]
        );
    }

    #[test]
    fn descendants_unions_indexes_and_slices_are_read() {
        assert!(parse("..ssn").unwrap().is_net());
        assert!(parse("a..b").unwrap().is_net());
        let union = parse("a['x',\"y\",3]").unwrap();
        assert_eq!(union.segments[1].selectors.len(), 3);
        assert_eq!(
            parse("a[1:7:2]").unwrap().segments[1].selectors,
            vec![Selector::Slice {
                start: 1,
                end: Some(7),
                step: 2
            }]
        );
    }

    #[test]
    fn what_is_counted_from_the_end_is_told_apart() {
        let first = |text: &str| parse(text).unwrap().segments[0].selectors[0].clone();
        assert_eq!(first("[-1]"), Selector::FromEnd(1));
        assert_eq!(first("[-3]"), Selector::FromEnd(3));
        let slice = |start, end, step| Selector::SliceFromEnd(Slice { start, end, step });
        assert_eq!(first("[-2:]"), slice(Some(-2), None, 1));
        assert_eq!(first("[:-1:2]"), slice(None, Some(-1), 2));
        assert_eq!(first("[::-1]"), slice(None, None, -1));
        assert_eq!(first("[3:1:-1]"), slice(Some(3), Some(1), -1));
        assert!(matches!(first("[::]"), Selector::Slice { .. }));
    }

    #[test]
    fn what_cannot_be_matched_is_refused_by_name() {
        use Refused::{Filter, Nothing, Text};
        for (text, refused, word) in [
            ("a[2:1]", Nothing, "not above its start"),
            ("a[-1:-2]", Nothing, "not above its start"),
            ("a[1:2:-1]", Nothing, "not below its start"),
            ("a[:-1:-1]", Nothing, "not below its start"),
            ("a[0:5:0]", Nothing, "step 0"),
            ("a[?@.b==@.c]", Filter, "a path with a literal"),
            ("a[?1==1]", Filter, "a path with a literal"),
            ("a[?@.b==$.c]", Filter, "a path with a literal"),
            ("a[?$.b==1]", Filter, "paths from `$`"),
            ("a[?$.b]", Filter, "paths from `$`"),
            ("a[?@.*]", Filter, "names and indexes"),
            ("a[?@..b]", Filter, "names and indexes"),
            ("a[?@['b','c']]", Filter, "names and indexes"),
            ("a[?@[?@.b]]", Filter, "names and indexes"),
            ("a[?length(@.b)==1]", Filter, "functions"),
            ("a[?match(@.b,'x')]", Filter, "functions"),
            ("a[?count (@.b)>1]", Filter, "functions"),
            ("a[?@.b==0.12345678901234567]", Filter, "digits"),
            ("a b", Text, "blank"),
            ("$.a\tb", Text, "blank"),
            ("a .b", Text, "blank"),
            ("a.", Text, "not a path"),
            ("a[?@.b==]", Text, "not a path"),
            ("", Text, "empty"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.refused, refused, "{text}");
            assert!(error.message.contains(word), "{text}: {}", error.message);
        }
    }

    /// Each one would take the parser three times as long as the last.
    #[test]
    fn n12_calls_within_calls_are_refused_before_the_parser() {
        let text = format!("a[?{}", "count(".repeat(160));
        assert_eq!(parse(&text).unwrap_err().refused, Refused::Filter);
        for names in ["a['f(x']", "a[?@.b=='count(count(']", "a[?!(@.b) && (@.c)]"] {
            parse(names).unwrap_or_else(|error| panic!("{names}: {error:?}"));
        }
    }
}

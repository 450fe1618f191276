//! Path text to segments, through `jsonpath-rust`'s parser.
//!
//! The parser reads RFC 9535; what cannot be matched exactly in one pass over the bytes is refused here by name.

use jsonpath_rust::parser::model::{Segment as Parsed, Selector as ParsedSelector};

use super::{Path, Segment, Selector};

/// Paths longer than this are refused: nobody writes them by hand.
const LONGEST: usize = 1024;
/// More segments than the deepest document that is ever read makes no sense.
const MOST_SEGMENTS: usize = 64;

/// Why a path was refused, in words an analyst can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// The sentence.
    pub message: String,
}

/// Reads a path; a leading `$.` may be left out.
///
/// # Errors
///
/// When the text is not RFC 9535 or cannot be matched while bytes stream.
pub fn parse(text: &str) -> Result<Path, PathError> {
    if text.len() > LONGEST {
        return refuse(format!("a path may be {LONGEST} bytes long at most"));
    }
    let full = match text.as_bytes().first() {
        None => return refuse("a path cannot be empty; write `$` for the record itself"),
        Some(b'$') => text.to_owned(),
        Some(b'[' | b'.') => format!("${text}"),
        Some(_) => format!("$.{text}"),
    };
    if has_blank_outside_brackets(&full) {
        return refuse(format!(
            "`{text}` has a blank in it; write a name with blanks as `['two words']`"
        ));
    }
    let query = jsonpath_rust::parser::parse_json_path(&full).map_err(|_| PathError {
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
        .map(lower)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Path { segments })
}

/// The parser reads `a b` as one name; RFC 9535 does not, so blanks count only between brackets.
fn has_blank_outside_brackets(path: &str) -> bool {
    let mut quote = None;
    let mut escaped = false;
    let mut brackets = 0_usize;
    for char in path.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if char == '\\' => escaped = true,
            Some(open) if char == open => quote = None,
            Some(_) => {}
            None => match char {
                '\'' | '"' => quote = Some(char),
                '[' => brackets += 1,
                ']' => brackets = brackets.saturating_sub(1),
                _ if char.is_whitespace() && brackets == 0 => return true,
                _ => {}
            },
        }
    }
    false
}

fn lower(parsed: &Parsed) -> Result<Segment, PathError> {
    match parsed {
        Parsed::Descendant(inner) => Ok(Segment {
            descend: true,
            ..lower(inner)?
        }),
        Parsed::Selector(selector) => Ok(Segment {
            descend: false,
            selectors: vec![lower_selector(selector)?],
        }),
        Parsed::Selectors(selectors) => Ok(Segment {
            descend: false,
            selectors: selectors
                .iter()
                .map(lower_selector)
                .collect::<Result<_, _>>()?,
        }),
    }
}

fn lower_selector(parsed: &ParsedSelector) -> Result<Selector, PathError> {
    match parsed {
        ParsedSelector::Name(name) => Ok(Selector::Name(name.clone())),
        ParsedSelector::Wildcard => Ok(Selector::Wildcard),
        ParsedSelector::Index(index) => from_the_front(*index).map(Selector::Index),
        ParsedSelector::Slice(start, end, step) => lower_slice(*start, *end, *step),
        ParsedSelector::Filter(_) => refuse(
            "filters are not supported yet; use `[*]`, an index or a slice counted from the front",
        ),
    }
}

fn lower_slice(
    start: Option<i64>,
    end: Option<i64>,
    step: Option<i64>,
) -> Result<Selector, PathError> {
    let step = match step.unwrap_or(1) {
        step if step > 0 => from_the_front(step)?,
        0 => return refuse("a slice with step 0 selects nothing"),
        _ => return refuse("slices counted from the end are not supported yet"),
    };
    let start = from_the_front(start.unwrap_or(0))?;
    let end = end.map(from_the_front).transpose()?;
    if end.is_some_and(|end| end <= start) {
        return refuse("this slice selects nothing; its end is not above its start");
    }
    Ok(Selector::Slice { start, end, step })
}

fn from_the_front(number: i64) -> Result<u64, PathError> {
    u64::try_from(number).map_err(|_| PathError {
        message: String::from(
            "indexes and slices counted from the end are not supported yet; count from the front",
        ),
    })
}

fn refuse<T>(message: impl Into<String>) -> Result<T, PathError> {
    Err(PathError {
        message: message.into(),
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
    fn what_cannot_be_matched_in_one_pass_is_refused_by_name() {
        for (text, word) in [
            ("a[-1]", "from the end"),
            ("a[-2:]", "from the end"),
            ("a[::-1]", "from the end"),
            ("a[?@.b==1]", "filters"),
            ("a[2:1]", "selects nothing"),
            ("a[0:5:0]", "step 0"),
            ("a b", "blank"),
            ("$.a\tb", "blank"),
            ("a .b", "blank"),
            ("a.", "not a path"),
            ("", "empty"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.message.contains(word), "{text}: {}", error.message);
        }
    }
}

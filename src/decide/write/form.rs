//! A form (`application/x-www-form-urlencoded`) that is written: each name is a member of the record.
//!
//! Refuses what two readers could split differently: `;`, bad escapes, what is not UTF-8, blanks and bytes beyond ASCII as
//! they are, pairs without a name or without `=` (`unreadable-request`), a name twice, case ignored (`duplicate-key`), and more than 1,024 names (`too-large`).

use std::collections::HashSet;
use std::ops::Range;

use super::cut::Children;
use super::names::Place;
use super::walk::{Node, Walk};
use super::{Judged, Judging, Unwritable};
use crate::json::{Cursor, Limits};
use crate::model::Reason;
use crate::policy::plan::Gate;
use crate::policy::store::Writable;
use crate::route::body;

/// A pair of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair {
    name: String,
    value: String,
    /// Where it stands.
    span: Range<usize>,
}

/// Judges a form.
pub(super) fn judge(
    judging: &Judging<'_>,
    bytes: &[u8],
    limits: Limits,
    writable: &Writable,
) -> Result<Judged, Unwritable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::UnreadableRequest)?;
    let pairs = read(text, limits)?;
    let plan = &writable.plan;
    let id = plan.record_state().ok_or(Reason::Overloaded)?;
    let state = plan.state(id).ok_or(Reason::Internal)?;
    let mut walk = Walk::new(writable, judging.manner());
    let mut children = Children::default();
    for pair in &pairs {
        let place = Place::Member(&Place::Root, &pair.name);
        let (id, gate) = plan.member(&state, &pair.name).ok_or(Reason::Overloaded)?;
        let stays = match gate == Gate::Pass && !plan.resembles(&state, &pair.name) {
            false => walk.unnamed(&place),
            true => {
                let value = as_json(&pair.value);
                let node = Node {
                    value: Cursor::new(&value),
                    at: 0,
                    place: &place,
                    in_array: false,
                };
                walk.value(node, id)?
            }
        };
        let mark = walk.found.cuts.mark();
        children.next(pair.span.clone(), stays, mark, &mut walk.found.cuts);
    }
    judging.refuse(walk.found, !children.all_went(), text, writable)
}

/// A text as the JSON string it would be.
fn as_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => json.extend(['\\', char]),
            '\0'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", u32::from(char))),
            _ => json.push(char),
        }
    }
    json.push('"');
    json
}

fn read(text: &str, limits: Limits) -> Result<Vec<Pair>, Reason> {
    let mut pairs = Vec::new();
    let mut names = HashSet::new();
    if text.is_empty() {
        return Ok(pairs);
    }
    let mut at = 0;
    for written in text.split('&') {
        let span = at..at + written.len();
        at = span.end + 1;
        let (name, value) = written.split_once('=').ok_or(Reason::UnreadableRequest)?;
        let (name, value) = (decoded(name)?, decoded(value)?);
        if name.is_empty() || name.len() > limits.key {
            return Err(Reason::UnreadableRequest);
        }
        if pairs.len() == body::MOST {
            return Err(Reason::TooLarge);
        }
        if !names.insert(body::folded(&name)) {
            return Err(Reason::DuplicateKey);
        }
        pairs.push(Pair { name, value, span });
    }
    Ok(pairs)
}

/// What the URL Standard's parser makes of a name or value, but for what it lets pass that others read otherwise.
fn decoded(written: &str) -> Result<String, Reason> {
    let mut bytes = Vec::with_capacity(written.len());
    let mut rest = written.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let value = digit().and_then(|high| Some(high * 16 + digit()?));
                let value = value.and_then(|value| u8::try_from(value).ok());
                value.ok_or(Reason::UnreadableRequest)?
            }
            b';' | b'=' => return Err(Reason::UnreadableRequest),
            b'!'..=b'~' => byte,
            _ => return Err(Reason::UnreadableRequest),
        });
    }
    String::from_utf8(bytes).map_err(|_| Reason::UnreadableRequest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { depth: 4, key: 8 };

    fn pairs(text: &str) -> Result<Vec<(String, String)>, Reason> {
        let pairs = read(text, LIMITS)?;
        Ok(pairs
            .into_iter()
            .map(|pair| (pair.name, pair.value))
            .collect())
    }

    #[test]
    fn a_form_is_read_as_the_url_standard_reads_it() {
        let read = pairs("email=a%40b.cn&name=%E5%BC%A0+%e4%b8%89&note=&x=a/b?c:@[]*").unwrap();
        let expected = [
            ("email", "a@b.cn"),
            ("name", "张 三"),
            ("note", ""),
            ("x", "a/b?c:@[]*"),
        ];
        assert_eq!(
            read,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(pairs("").unwrap(), []);
    }

    #[test]
    fn i05_a_form_that_two_readers_could_split_differently_is_unreadable() {
        for text in [
            "a=1;b=2",
            "a=1&",
            "&a=1",
            "a=1&&b=2",
            "a",
            "=1",
            "a=%",
            "a=%4",
            "a=%zz",
            "a=%+1",
            "a=%ff",
            "a=%c0%af",
            "a= 1",
            "a=张",
            "a=1\n",
            "a=1=2",
            "%00%=1",
            "toolongname=1",
            "a=%u0041",
            "a=\u{7f}",
        ] {
            assert_eq!(pairs(text), Err(Reason::UnreadableRequest), "{text}");
        }
    }

    #[test]
    fn i05_a_name_that_occurs_twice_in_a_form_is_refused_whatever_its_case() {
        for text in ["a=1&a=2", "a=1&%61=2", "a=1&A=2", "s=1&%C5%BF=2"] {
            assert_eq!(pairs(text), Err(Reason::DuplicateKey), "{text}");
        }
    }

    #[test]
    fn o06_a_form_of_too_many_names_is_too_large() {
        let form = |count: usize| {
            let pairs: Vec<String> = (0..count).map(|at| format!("n{at}=")).collect();
            pairs.join("&")
        };
        assert!(pairs(&form(body::MOST)).is_ok());
        assert_eq!(pairs(&form(body::MOST + 1)), Err(Reason::TooLarge));
    }

    #[test]
    fn a_text_becomes_the_json_string_that_says_it() {
        for text in ["", "张\"\\\n\0x", "plain"] {
            let json = as_json(text);
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}

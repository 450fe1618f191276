//! The pairs of a form (`application/x-www-form-urlencoded`), of a request that writes or of a search.
//!
//! Refuses what two readers could split differently: `;`, bad escapes, what is not UTF-8, blanks and bytes beyond ASCII as
//! they are, pairs without a name or without `=` (`unreadable-request`), a name twice, case ignored (`duplicate-key`), and more than 1,024 names (`too-large`).

use std::collections::HashSet;
use std::ops::Range;

use super::body::{Leaf, Limits, MOST, Step, Value, folded};
use crate::model::Reason;
use crate::path::{Path, Selector};

/// A pair of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Decoded.
    pub name: String,
    /// Decoded.
    pub value: String,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Whether a path is that of a form's name, case ignored.
pub fn is_name(path: &Path, name: &str) -> bool {
    let mut selectors = path.segments.iter().flat_map(|one| &one.selectors);
    selectors.any(|one| matches!(one, Selector::Name(one) if folded(one) == folded(name)))
}

/// The same as leaves of a body: what a search asks by. A name stands for itself, dots and brackets included.
///
/// # Errors
///
/// See the module.
pub fn leaves(bytes: &[u8], limits: Limits) -> Result<Vec<Leaf>, Reason> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::UnreadableRequest)?;
    let leaf = |pair: Pair| Leaf {
        place: vec![Step::Member(pair.name)],
        value: Value::Written(pair.value),
    };
    Ok(read(text, limits)?.into_iter().map(leaf).collect())
}

/// Reads a form.
///
/// # Errors
///
/// See the module.
pub fn read(text: &str, limits: Limits) -> Result<Vec<Pair>, Reason> {
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
        if pairs.len() == MOST {
            return Err(Reason::TooLarge);
        }
        if !names.insert(folded(&name)) {
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
        assert!(pairs(&form(MOST)).is_ok());
        assert_eq!(pairs(&form(MOST + 1)), Err(Reason::TooLarge));
    }

    #[test]
    fn a_name_of_a_form_is_one_step_whatever_it_holds() {
        let found = leaves(b"a.b=1&c%5B%5D=2", LIMITS).unwrap();
        let step = |leaf: &Leaf| (leaf.place.clone(), leaf.value.clone());
        let expected = [("a.b", "1"), ("c[]", "2")].map(|(name, value)| {
            let place = vec![Step::Member(name.to_owned())];
            (place, Value::Written(value.to_owned()))
        });
        assert_eq!(found.iter().map(step).collect::<Vec<_>>(), expected);
        assert_eq!(leaves(b"", LIMITS).unwrap(), []);
        assert_eq!(leaves(b"a=\xff", LIMITS), Err(Reason::UnreadableRequest));
    }
}

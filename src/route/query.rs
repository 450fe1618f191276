//! A query string as names and values, and whether a value fits its parameter.
//!
//! Refuses, as `bad-query`: `;`, `+` (a blank is `%20`, a plus `%2B`), every other spelling that is not
//! canonical, empty names, repeated names, and more than 64 parameters. Nothing is ever dropped.

use std::borrow::Cow;

use super::canonical::decode;
use crate::model::Reason;
use crate::policy::ParamRule;

/// The most parameters of one request.
pub const MOST: usize = 64;

/// Decoded names and values.
pub type Params<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Reads what follows `?`: decoded names and values in their order. A name without `=` has an empty
/// value.
///
/// # Errors
///
/// [`Reason::BadQuery`].
pub fn read(raw: Option<&str>) -> Result<Params<'_>, Reason> {
    let mut params = Params::new();
    let Some(raw) = raw else {
        return Ok(params);
    };
    for pair in raw.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(value)) = (decode(name), decode(value)) else {
            return Err(Reason::BadQuery);
        };
        let repeated = params.iter().any(|(earlier, _)| *earlier == name);
        if name.is_empty() || repeated || params.len() == MOST {
            return Err(Reason::BadQuery);
        }
        params.push((name, value));
    }
    Ok(params)
}

/// Whether a text that can be read as a whole number is the one spelling of it.
pub(super) fn is_spelling(number: &str) -> bool {
    matches!(
        number.as_bytes(),
        [b'0'] | [b'1'..=b'9', ..] | [b'-', b'1'..=b'9', ..]
    )
}

/// The names a value lists (`-age,+name`), without their signs; one of them is empty where nothing is named.
pub fn names(value: &str) -> impl Iterator<Item = &str> {
    let items = value.split(',');
    items.map(|item| item.strip_prefix(['+', '-']).unwrap_or(item))
}

/// Whether a value is one value, and no pattern, list or prefix as far as it can be told: whoever may look somebody up by
/// a value that is masked for them must bring all of it.
pub fn is_exact(value: &str) -> bool {
    !value.trim().is_empty() && !value.contains(['*', '%', '?', ','])
}

/// Whether a decoded value is one the parameter may carry. Whether the caller may search the field is
/// not asked here.
pub fn fits(rule: &ParamRule, value: &str) -> bool {
    match rule {
        ParamRule::Fields(_) | ParamRule::Free => true,
        ParamRule::Names(known) => names(value).all(|name| known.contains_key(name)),
        // One spelling for each number: no sign but `-`, no leading zero, no `-0`.
        ParamRule::Whole { min, max } => value
            .parse::<i64>()
            .is_ok_and(|number| (min..=max).contains(&&number) && is_spelling(value)),
        ParamRule::OneOf(words) => words.iter().any(|word| word == value),
    }
}

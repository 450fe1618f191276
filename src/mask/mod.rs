//! Masks and tokens: pure functions from one value to its replacement.
//!
//! Refuses nothing at run time: a value that does not fit becomes `"***"`. A declared mask that makes
//! no sense is refused when it is built. A new mask is one file and one line in each table here, and
//! then `docs/masks.md` asks for its row and its examples.

mod address;
mod bucket;
mod date;
mod decimal;
mod email;
mod form;
mod id;
mod ip;
mod keep;
mod name;
mod phone;
mod replace;
mod round;
mod scrub;
mod surnames;
mod text;
pub mod token;
mod truncate;
mod year;

#[cfg(test)]
mod tests;

pub use bucket::Bucket;
pub use date::DateMask;
pub use form::is_token;
pub use keep::Keep;
pub use replace::{Literal, Replace};
pub use round::Round;
pub use truncate::Truncate;

use text::Text;

/// Whether two characters are a compound surname (复姓).
pub fn is_compound_surname(text: &str) -> bool {
    surnames::is_compound(text)
}

/// What stands for every value that does not fit.
const FIXED: &[u8] = b"\"***\"";

/// A mask, built in or declared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mask {
    /// `"***"` for anything.
    Fixed,
    /// A Chinese name: the surname's first character, or a compound surname.
    CnName,
    /// A Chinese mobile number: 138****8000.
    CnPhone,
    /// A Chinese ID number: first and last character.
    CnId,
    /// A Chinese ID number: first six and last four.
    CnId64,
    /// A bank card: first six and last four.
    BankCard,
    /// A Chinese address up to its district.
    CnAddress,
    /// An e-mail address: first character and domain.
    Email,
    /// The year of a date.
    YearOnly,
    /// All but the last four characters hidden.
    Last4,
    /// All but the first and the last character hidden.
    First1Last1,
    /// The network of an address: /24 or /48.
    IpPrefix,
    /// The domain of an e-mail address.
    Domain,
    /// Text without the ID numbers, phones, cards and e-mail addresses inside it.
    Scrub,
    /// Declared: so many characters at either end.
    Keep(Keep),
    /// Declared: a number rounded toward zero.
    Round(Round),
    /// Declared: the largest bound not above a number.
    Bucket(Bucket),
    /// Declared: the first characters of a longer text.
    Truncate(Truncate),
    /// Declared: one constant.
    Replace(Replace),
    /// Declared: a date with its finer parts set to the first.
    Date(DateMask),
}

/// The built-in masks, in the order of the documentation.
static BUILTIN: &[(&str, Mask)] = &[
    ("fixed", Mask::Fixed),
    ("cn-name", Mask::CnName),
    ("cn-phone", Mask::CnPhone),
    ("cn-id", Mask::CnId),
    ("cn-id-6-4", Mask::CnId64),
    ("bank-card", Mask::BankCard),
    ("cn-address", Mask::CnAddress),
    ("email", Mask::Email),
    ("year-only", Mask::YearOnly),
    ("last4", Mask::Last4),
    ("first1-last1", Mask::First1Last1),
    ("ip-prefix", Mask::IpPrefix),
    ("domain", Mask::Domain),
    ("scrub", Mask::Scrub),
];

/// The names of the built-in masks, for suggestions and documentation.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|(name, _)| *name)
}

/// The name of a built-in mask.
pub fn builtin_name(mask: &Mask) -> Option<&'static str> {
    let found = BUILTIN.iter().find(|(_, builtin)| builtin == mask);
    found.map(|(name, _)| *name)
}

/// A JSON scalar as masks and tokens see it.
#[derive(Clone, Copy, Debug)]
pub enum Scalar<'a> {
    /// A string, escapes decoded.
    String(&'a str),
    /// A number's text, exactly as it came.
    Number(&'a str),
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
}

impl Mask {
    /// The mask every tie ends in.
    pub fn fixed() -> Mask {
        Mask::Fixed
    }

    /// The built-in mask of that name.
    pub fn builtin(name: &str) -> Option<Mask> {
        BUILTIN
            .iter()
            .find(|(builtin, _)| *builtin == name)
            .map(|(_, mask)| mask.clone())
    }

    /// `{ keep: { first: .., last: .. }, char: ".." }`.
    ///
    /// # Errors
    ///
    /// When `hidden` is not one visible character, or the counts are beyond reason.
    pub fn keep(first: usize, last: usize, hidden: &str) -> Result<Mask, String> {
        Keep::new(first, last, hidden).map(Mask::Keep)
    }

    /// `{ round: .. }`; the step as written.
    ///
    /// # Errors
    ///
    /// When the step is not a whole number from 1 to 10^18.
    pub fn round(step: &str) -> Result<Mask, String> {
        Round::new(step).map(Mask::Round)
    }

    /// `{ bucket: [..] }`; the bounds as written.
    ///
    /// # Errors
    ///
    /// When there is no bound, one is not a plain decimal number, or they do not ascend.
    pub fn bucket(bounds: &[&str]) -> Result<Mask, String> {
        Bucket::new(bounds).map(Mask::Bucket)
    }

    /// `{ truncate: .. }`.
    ///
    /// # Errors
    ///
    /// When nothing would be left.
    pub fn truncate(characters: usize) -> Result<Mask, String> {
        Truncate::new(characters).map(Mask::Truncate)
    }

    /// `{ replace: .. }`.
    ///
    /// # Errors
    ///
    /// When a number is not a plain decimal number.
    pub fn replace(literal: Literal<'_>) -> Result<Mask, String> {
        Replace::new(literal).map(Mask::Replace)
    }

    /// `{ date: year | month | day, format: .. }`.
    ///
    /// # Errors
    ///
    /// When the format cannot be read, lacks what is kept, or holds nothing finer.
    pub fn date(keep: &str, format: &str) -> Result<Mask, String> {
        DateMask::new(keep, format).map(Mask::Date)
    }

    /// Whether the replacement depends on the value. Where it does not, nobody needs to hold the
    /// value, so values over the limit `value` are masked like any other.
    pub fn reads_value(&self) -> bool {
        !matches!(self, Mask::Fixed | Mask::Replace(_))
    }

    /// Appends the value's replacement as JSON text.
    pub fn apply(&self, value: Scalar<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        if self.write(value, out).is_none() {
            out.truncate(start);
            out.extend_from_slice(FIXED);
        }
    }

    /// `None` means the value does not fit; what was written by then is taken back.
    fn write(&self, value: Scalar<'_>, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Mask::Fixed => None,
            Mask::CnName => string(value, out, name::cn_name),
            Mask::CnPhone => string(value, out, phone::cn_phone),
            Mask::CnId => string(value, out, id::cn_id),
            Mask::CnId64 => string(value, out, id::cn_id_6_4),
            Mask::BankCard => string(value, out, id::bank_card),
            Mask::CnAddress => string(value, out, address::cn_address),
            Mask::Email => string(value, out, email::email),
            Mask::YearOnly => string(value, out, year::year_only),
            Mask::Last4 => string(value, out, keep::last4),
            Mask::First1Last1 => string(value, out, keep::first1_last1),
            Mask::IpPrefix => string(value, out, ip::ip_prefix),
            Mask::Domain => string(value, out, email::domain),
            Mask::Scrub => string(value, out, scrub::scrub),
            Mask::Keep(keep) => string(value, out, |value, out| keep.write(value, out)),
            Mask::Truncate(truncate) => string(value, out, |value, out| truncate.write(value, out)),
            Mask::Date(date) => string(value, out, |value, out| date.write(value, out)),
            Mask::Round(round) => round.write(number(value)?, out),
            Mask::Bucket(bucket) => bucket.write(number(value)?, out),
            Mask::Replace(replace) => {
                replace.write(out);
                Some(())
            }
        }
    }
}

/// Writes a JSON string, its content by `mask`. A number counts as its text if that is digits only.
fn string(
    value: Scalar<'_>,
    out: &mut Vec<u8>,
    mask: impl FnOnce(&str, &mut Text<'_>) -> Option<()>,
) -> Option<()> {
    let value = match value {
        Scalar::String(text) if !text.is_empty() => text,
        Scalar::Number(text) if is_digits(text) => text,
        Scalar::String(_) | Scalar::Number(_) | Scalar::Boolean | Scalar::Null => return None,
    };
    out.push(b'"');
    mask(value, &mut Text::new(out))?;
    out.push(b'"');
    Some(())
}

fn number(value: Scalar<'_>) -> Option<&str> {
    match value {
        Scalar::Number(text) => Some(text),
        Scalar::String(_) | Scalar::Boolean | Scalar::Null => None,
    }
}

/// One ASCII digit or more, and nothing else.
fn is_digits(text: &str) -> bool {
    !text.is_empty() && all(text.as_bytes(), |byte| byte.is_ascii_digit())
}

/// Whether something holds of all bytes. All are looked at, without an early end: so several at once can be.
#[inline]
fn all(bytes: &[u8], holds: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(true, |all, byte| all & holds(*byte))
}

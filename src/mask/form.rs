//! What a value looks like that a mask or a token has made: for values that come back.
//!
//! Judged by form alone, so that nobody learns a value by sending guesses. A mask whose results look like any value has no
//! form, and what is read under it cannot be written.

use super::{Mask, keep};

/// What stands for every value that does not fit.
const STARS: &str = "***";

impl Mask {
    /// Whether what it makes can be told from any other value.
    pub fn has_form(&self) -> bool {
        match self {
            Mask::Fixed
            | Mask::CnName
            | Mask::CnPhone
            | Mask::CnId
            | Mask::CnId64
            | Mask::BankCard
            | Mask::CnAddress
            | Mask::Email
            | Mask::Last4
            | Mask::First1Last1
            | Mask::Scrub => true,
            Mask::Keep(keep) => keep.has_form(),
            Mask::YearOnly
            | Mask::IpPrefix
            | Mask::Domain
            | Mask::Round(_)
            | Mask::Bucket(_)
            | Mask::Truncate(_)
            | Mask::Replace(_)
            | Mask::Date(_) => false,
        }
    }

    /// Whether a string looks like what it makes: its character stands where it puts one.
    pub fn may_have_made(&self, text: &str) -> bool {
        text == STARS
            || match self {
                Mask::Fixed => false,
                // Whatever is hidden stands behind at least one character.
                Mask::CnName => text.chars().skip(1).any(|one| one == '*'),
                Mask::CnPhone => hides(text, 3, 4),
                Mask::CnId | Mask::First1Last1 => hides(text, 1, 1),
                Mask::CnId64 => hides(text, 6, 4),
                Mask::BankCard => hides(text, 6, 4),
                Mask::CnAddress => text.ends_with(STARS),
                Mask::Email => text.contains("***@"),
                Mask::Last4 => hides(text, 0, 4),
                Mask::Scrub => text.contains(STARS),
                Mask::Keep(keep) => keep.may_have_made(text),
                Mask::YearOnly
                | Mask::IpPrefix
                | Mask::Domain
                | Mask::Round(_)
                | Mask::Bucket(_)
                | Mask::Truncate(_)
                | Mask::Replace(_)
                | Mask::Date(_) => false,
            }
    }
}

/// Whether a star stands where a mask that keeps so many characters at either end puts one.
fn hides(text: &str, first: usize, last: usize) -> bool {
    keep::hides(text, (first, last), '*')
}

/// Whether a string has a token's form.
pub fn is_token(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'a'..=b'z' | b'2'..=b'7');
    let digits = text.strip_prefix("tok_");
    digits.is_some_and(|digits| digits.len() == 26 && digits.bytes().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Scalar;

    fn made(mask: &Mask, value: &str) -> String {
        let mut out = Vec::new();
        mask.apply(Scalar::String(value), &mut out);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn what_a_mask_with_a_form_makes_is_recognised_and_what_it_was_made_of_is_not() {
        let cases = [
            ("cn-name", "张三"),
            ("cn-name", "欧阳修"),
            ("cn-phone", "13800138000"),
            ("cn-id", "11010519491231002X"),
            ("cn-id-6-4", "11010519491231002X"),
            ("bank-card", "6222021234567890128"),
            ("cn-address", "北京市朝阳区建国路1号"),
            ("email", "zhang@example.com"),
            ("email", "z@example.com"),
            ("last4", "A-12345678"),
            ("first1-last1", "anna"),
            ("scrub", "call 13800138000 today"),
            ("fixed", "anything"),
        ];
        for (name, value) in cases {
            let mask = Mask::builtin(name).unwrap();
            assert!(mask.has_form(), "{name}");
            let made = made(&mask, value);
            assert!(mask.may_have_made(&made), "{name}: {made}");
            assert!(!mask.may_have_made(value), "{name}: {value}");
            assert!(mask.may_have_made("***"), "{name}");
        }
    }

    #[test]
    fn declared_masks_have_a_form_where_their_character_is_no_letter_and_no_digit() {
        let hashes = Mask::keep(2, 1, "#").unwrap();
        assert!(hashes.has_form());
        assert!(hashes.may_have_made(&made(&hashes, "AB12345")));
        assert!(!hashes.may_have_made("#B12345"));
        assert!(!Mask::keep(2, 1, "0").unwrap().has_form());
        assert!(!Mask::keep(2, 1, "甲").unwrap().has_form());
        assert!(!Mask::round("1000").unwrap().has_form());
        assert!(!Mask::builtin("year-only").unwrap().has_form());
    }

    #[test]
    fn a_token_is_told_by_its_form() {
        assert!(is_token("tok_abcdefghijklmnopqrstuvwxyz"));
        assert!(!is_token("tok_abcdefghijklmnopqrstuvwxy1"));
        assert!(!is_token("tok_abc"));
        assert!(!is_token("token"));
    }
}

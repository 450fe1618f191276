//! `scrub`: text in which Chinese ID numbers, mobile numbers, bank cards and e-mail addresses become
//! `***`; all else of the text stays.
//!
//! Sees a number written in one piece or in groups parted by single blanks or single dashes, in ASCII
//! or full-width digits; a number glued to further digits is another number and stays. An ID must have
//! a right checksum (GB 11643), a card pass Luhn. One pass: no byte is looked at more than a constant
//! number of times.

use super::text::Text;

pub(super) fn scrub(value: &str, out: &mut Text<'_>) -> Option<()> {
    let mut rest = value;
    // How much of `rest` is known to hold no local part of an e-mail address.
    let mut no_email = 0;
    while let Some(character) = rest.chars().next() {
        let email = match no_email {
            0 => email_at(rest),
            _ => Email::None(no_email),
        };
        let (length, hide) = match (email, digit(character)) {
            (Email::Found(length), _) => (length, true),
            (Email::None(_), Some(_)) => match number_at(rest) {
                Some(length) => (length, true),
                None => (digits_at(rest), false),
            },
            (Email::None(_), None) => (character.len_utf8(), false),
        };
        let (head, tail) = rest.split_at_checked(length)?;
        out.push(if hide { "***" } else { head });
        rest = tail;
        no_email = match email {
            Email::None(run) => run.saturating_sub(length),
            Email::Found(_) => 0,
        };
    }
    Some(())
}

#[derive(Clone, Copy)]
enum Email {
    /// An address of so many bytes begins here.
    Found(usize),
    /// None begins in so many bytes.
    None(usize),
}

fn email_at(text: &str) -> Email {
    let bytes = text.as_bytes();
    // Of RFC 5322's characters those that do not rather part an address from what stands before it,
    // as in `mail=a@b.cn`.
    let local = run(bytes, |byte| {
        byte.is_ascii_alphanumeric() || b".!#$%&'*+_~-".contains(&byte)
    });
    let domain = match bytes.get(local..) {
        Some([b'@', domain @ ..]) if local > 0 => domain,
        _ => return Email::None(local),
    };
    let length = run(domain, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
    });
    // A full stop after an address belongs to the sentence.
    let ended = domain.get(..length).unwrap_or_default();
    match ended.iter().rposition(u8::is_ascii_alphanumeric) {
        Some(last) => Email::Found(local + 1 + last + 1),
        None => Email::None(local),
    }
}

fn run(bytes: &[u8], fits: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|&&byte| fits(byte)).count()
}

/// The longest digit string anything here has.
const LONGEST: usize = 19;

/// How many bytes the longest number that begins here takes, if one does.
fn number_at(text: &str) -> Option<usize> {
    let mut digits = Vec::with_capacity(LONGEST);
    let mut separator = None;
    let mut found = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if let Some(value) = digit(character) {
            if digits.len() == LONGEST {
                break;
            }
            digits.push(value);
            let end = at + character.len_utf8();
            match characters.peek() {
                Some((_, next)) if digit(*next).is_some() => {}
                Some((at, next @ ('X' | 'x' | 'Ｘ' | 'ｘ'))) if is_cn_id(&digits, Some(10)) => {
                    found = Some(at + next.len_utf8());
                }
                _ if is_number(&digits) => found = Some(end),
                _ => {}
            }
        } else if matches!(character, ' ' | '-') && separator.is_none_or(|s| s == character) {
            separator = Some(character);
            let grouped = characters.peek().is_some_and(|(_, c)| digit(*c).is_some());
            if !grouped {
                // `110105 19491231 002 X` is written too.
                let last = characters.next();
                if let Some((at, last @ ('X' | 'x' | 'Ｘ' | 'ｘ'))) = last
                    && is_cn_id(&digits, Some(10))
                {
                    found = Some(at + last.len_utf8());
                }
                break;
            }
        } else {
            break;
        }
    }
    found
}

fn digits_at(text: &str) -> usize {
    text.char_indices()
        .find(|(_, character)| digit(*character).is_none())
        .map_or(text.len(), |(at, _)| at)
}

/// An ASCII or full-width digit.
fn digit(character: char) -> Option<u8> {
    let digit = match character {
        '０'..='９' => u32::from(character) - u32::from('０'),
        _ => character.to_digit(10)?,
    };
    u8::try_from(digit).ok()
}

fn is_number(digits: &[u8]) -> bool {
    match digits.len() {
        11 => is_mobile(digits),
        13 => digits.strip_prefix(&[8, 6]).is_some_and(is_mobile),
        15 => digits.strip_prefix(&[0, 0, 8, 6]).is_some_and(is_mobile),
        18 => is_cn_id(digits, None) || is_card(digits),
        16 | 17 | 19 => is_card(digits),
        _ => false,
    }
}

fn is_mobile(digits: &[u8]) -> bool {
    matches!(digits, [1, 3..=9, ..]) && digits.len() == 11
}

/// GB 11643: the eighteen weighted digits, X counting ten, leave 1 when divided by 11.
fn is_cn_id(digits: &[u8], x: Option<u8>) -> bool {
    const WEIGHTS: [u32; 18] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1];
    if digits.len() + x.iter().len() != WEIGHTS.len() {
        return false;
    }
    let all = digits.iter().chain(&x).map(|digit| u32::from(*digit));
    let sum: u32 = all.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    sum % 11 == 1
}

/// Luhn (ISO/IEC 7812-1).
fn is_card(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

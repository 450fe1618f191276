//! The text between a JSON string's quotes, decoded.
//!
//! Decoding expects what the lexer has accepted; anything else is refused, never guessed.

use std::borrow::Cow;

use super::scan::plain;

/// Decodes what stands between the quotes of a string the lexer accepted.
pub fn decode(raw: &str) -> Option<Cow<'_, str>> {
    if plain(raw.as_bytes(), 0) == raw.len() {
        return Some(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        rest = unescape(escape, &mut out)?;
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}

/// Reads one escape (after its backslash) and returns what follows it.
fn unescape<'a>(escape: &'a str, out: &mut String) -> Option<&'a str> {
    let mut chars = escape.chars();
    out.push(match chars.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        plain @ ('"' | '\\' | '/') => plain,
        'u' => {
            let (unit, rest) = unit(chars.as_str())?;
            if !(0xD800..0xDC00).contains(&unit) {
                out.push(char::from_u32(unit)?);
                return Some(rest);
            }
            let (low, rest) = self::unit(rest.strip_prefix("\\u")?)?;
            let low = low.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
            out.push(char::from_u32(0x10000 + ((unit - 0xD800) << 10) + low)?);
            return Some(rest);
        }
        _ => return None,
    });
    Some(chars.as_str())
}

fn unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_escape_is_decoded_as_serde_json_decodes_it() {
        for raw in [
            r"plain 张三",
            r#"\"\\\/\b\f\n\r\t"#,
            r"\u0073sn",
            r"\uD83d\uDe00 and \u00e9",
            r"\u0000",
            r"a\\u0041",
        ] {
            let expected: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            assert_eq!(decode(raw).as_deref(), Some(expected.as_str()), "{raw}");
        }
    }

    #[test]
    fn what_the_lexer_would_refuse_is_never_decoded() {
        for raw in [
            r"\x",
            r"\u12",
            r"\ud800",
            r"\ud800\u0041",
            r"\udc00",
            r"\u+123",
            "\\",
        ] {
            assert_eq!(decode(raw), None, "{raw}");
        }
    }
}

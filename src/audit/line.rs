//! One record, one line: JSON in which no character can break the line or deceive a terminal.
//!
//! Beyond what JSON asks, DEL, C1 controls, U+2028, U+2029, bidirectional and invisible format characters
//! are written as escapes. Text stays readable otherwise: Han characters are not escaped.

use std::io;

use data_encoding::HEXLOWER;
use serde::Serialize;

/// A record's own members, without braces: the chain adds what stands around them.
///
/// # Errors
///
/// Records hold strings and numbers only, so none is known; the caller treats one as "cannot be written".
pub fn members<T: Serialize>(record: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::with_capacity(1024);
    serialize(record, &mut out)?;
    out.pop(); // the closing brace
    out.drain(..1); // the opening one
    Ok(out)
}

fn serialize<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Escaping))
}

/// A line in the making, for the records that every exchange has: written straight into one buffer. What stands around
/// the values is given as it is written.
#[derive(Debug)]
pub struct Draft<'a>(pub &'a mut Vec<u8>);

impl Draft<'_> {
    /// Text that is JSON already.
    pub fn raw(&mut self, text: &str) -> &mut Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    /// A string.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.quoted(&[text])
    }

    /// A string of several parts.
    pub fn quoted(&mut self, parts: &[&str]) -> &mut Self {
        self.raw("\"");
        for part in parts {
            self.part(part);
        }
        self.raw("\"")
    }

    /// Text within a string.
    pub fn part(&mut self, text: &str) {
        let odd = |byte: u8| !matches!(byte, b' '..=b'~') || byte == b'"' || byte == b'\\';
        // All are looked at, without an early end: so several at once can be.
        if !text.bytes().fold(false, |found, byte| found | odd(byte)) {
            self.raw(text);
            return;
        }
        let start = self.0.len();
        // Into a vector nothing can fail; if it did, the line could not be read, which is better than half a text.
        let _ = serialize(text, self.0);
        self.0.pop();
        if self.0.len() > start {
            self.0.remove(start);
        }
    }

    /// A string, or null.
    pub fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw("null"),
        }
    }

    /// A whole number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        let mut digits = [b'0'; 20];
        let (mut rest, mut used) = (number, 0);
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            used += 1;
            if rest == 0 {
                break;
            }
        }
        let from = digits.len() - used;
        self.0
            .extend_from_slice(digits.get(from..).unwrap_or_default());
        self
    }

    /// A list: what is between its brackets and commas is written by `one`.
    pub fn list<T>(
        &mut self,
        values: impl IntoIterator<Item = T>,
        mut one: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.raw("[");
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                self.raw(",");
            }
            one(self, value);
        }
        self.raw("]")
    }

    /// Bytes in lower-case hexadecimal digits.
    pub fn hex(&mut self, bytes: &[u8; 32]) -> &mut Self {
        let mut digits = [0; 64];
        HEXLOWER.encode_mut(bytes, &mut digits);
        self.0.extend_from_slice(&digits);
        self
    }
}

struct Escaping;

impl serde_json::ser::Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, hidden)) = rest.char_indices().find(|(_, c)| is_hidden(*c)) {
            let (before, from) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = from.get(hidden.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Characters that control, reorder or do not show; those below U+0020 are JSON's own business.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{7f}'..='\u{9f}' // DEL and C1
            | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}' // zero width and directional marks
            | '\u{2028}'..='\u{202e}' // separators, embeddings and overrides
            | '\u{2060}'..='\u{206f}' // invisible operators, isolates
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}' // tags
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Serialize)]
    struct One<'a> {
        text: &'a str,
    }

    fn written(text: &str) -> String {
        String::from_utf8(members(&One { text }).unwrap()).unwrap()
    }

    #[test]
    fn p01_control_and_bidirectional_characters_are_escaped() {
        assert_eq!(
            written("\n\r\0\u{1b}[2J\u{7f}\u{9b}\u{2028}\u{2029}\u{202e}\u{2066}\u{e0041}\u{feff}"),
            concat!(
                r#""text":"\n\r\u0000\u001b[2J\u007f\u009b\u2028\u2029\u202e\u2066"#,
                r#"\udb40\udc41\ufeff""#
            )
        );
        assert_eq!(written("张三 \"\\"), r#""text":"张三 \"\\""#);
    }

    #[test]
    fn numbers_lists_and_hexadecimal_digits_are_json() {
        let mut out = Vec::new();
        let mut draft = Draft(&mut out);
        draft.list([0, 7, 10, 1_000, u64::MAX], |draft, number| {
            draft.number(number);
        });
        draft.list([0u64; 0], |_, _| {}).hex(&[0xa7; 32]);
        let expected = format!("[0,7,10,1000,18446744073709551615][]{}", "a7".repeat(32));
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn p01_a_draft_says_what_a_record_says(text in any::<String>(), number in any::<u64>()) {
            let mut out = Vec::new();
            Draft(&mut out).raw("\"text\":").text(&text);
            prop_assert_eq!(String::from_utf8(out).unwrap(), written(&text));
            let mut out = Vec::new();
            Draft(&mut out).number(number);
            prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }

        #[test]
        fn p01_any_text_is_one_line_without_hidden_characters_and_reads_back(text in any::<String>()) {
            let written = written(&text);
            prop_assert!(!written.chars().any(|c| c.is_control() || is_hidden(c)));
            let value: serde_json::Value =
                serde_json::from_str(&format!("{{{written}}}")).unwrap();
            prop_assert_eq!(value["text"].as_str(), Some(text.as_str()));
        }
    }
}

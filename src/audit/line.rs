//! One record, one line: JSON in which no character can break the line or deceive a terminal.
//!
//! Beyond what JSON asks, DEL, C1 controls, U+2028, U+2029, bidirectional and invisible format characters
//! are written as escapes. Text stays readable otherwise: Han characters are not escaped.

use std::io;

use serde::Serialize;

/// A record's own members, without braces: the chain adds what stands around them.
///
/// # Errors
///
/// Records hold strings and numbers only, so none is known; the caller treats one as "cannot be written".
pub fn members<T: Serialize>(record: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::with_capacity(1024);
    record.serialize(&mut serde_json::Serializer::with_formatter(
        &mut out, Escaping,
    ))?;
    out.pop(); // the closing brace
    out.drain(..1); // the opening one
    Ok(out)
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

    proptest! {
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

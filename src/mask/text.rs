//! The inside of a JSON string, written escaped.
//!
//! Refuses nothing; the caller writes the quotes.

/// Appends decoded text to JSON output.
pub(super) struct Text<'a>(&'a mut Vec<u8>);

impl<'a> Text<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Text(out)
    }

    /// Appends text; quotes, backslashes and control characters leave escaped.
    #[inline]
    pub(super) fn push(&mut self, text: &str) {
        // A fold without an early exit is one the compiler turns into vector code.
        let escapes = text
            .bytes()
            .fold(false, |any, byte| any | must_escape(byte));
        if escapes {
            self.push_escaped(text);
        } else {
            self.raw(text);
        }
    }

    fn push_escaped(&mut self, text: &str) {
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            if !must_escape(byte) {
                continue;
            }
            self.raw(text.get(plain..at).unwrap_or_default());
            self.escape(byte);
            plain = at + 1;
        }
        self.raw(text.get(plain..).unwrap_or_default());
    }

    /// Appends one character `count` times.
    pub(super) fn repeat(&mut self, character: char, count: usize) {
        if character == '*' {
            self.0.resize(self.0.len() + count, b'*');
            return;
        }
        let mut buffer = [0; 4];
        let character = &*character.encode_utf8(&mut buffer);
        for _ in 0..count {
            self.push(character);
        }
    }

    /// Appends text in which nothing needs escaping.
    #[inline]
    pub(super) fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// The same for ASCII that was put together.
    #[inline]
    pub(super) fn ascii(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' => self.raw("\\\""),
            b'\\' => self.raw("\\\\"),
            b'\n' => self.raw("\\n"),
            b'\r' => self.raw("\\r"),
            b'\t' => self.raw("\\t"),
            _ => {
                let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
                self.raw("\\u00");
                self.repeat(digit(byte >> 4), 1);
                self.repeat(digit(byte & 15), 1);
            }
        }
    }
}

fn must_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

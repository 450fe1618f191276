//! An answer that is held whole, because what it holds decides what goes upstream next.
//!
//! Refuses one that is larger than the limit (`limit-value`), is not strict JSON within the limits, or ends early.

use super::BodyLimits;
use super::encoding::Decoder;
use crate::json::{self, Lexer};
use crate::model::Reason;

/// The answer as far as it came.
#[derive(Debug)]
pub struct Whole {
    decoder: Decoder,
    bytes: Vec<u8>,
    limits: BodyLimits,
}

impl Whole {
    /// Nothing came yet. No more than `limits.record` is held.
    pub fn new(decoder: Decoder, limits: BodyLimits) -> Self {
        Whole {
            decoder,
            bytes: Vec::new(),
            limits,
        }
    }

    /// Takes the next bytes, still encoded.
    ///
    /// # Errors
    ///
    /// See the module.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        let Whole {
            decoder,
            bytes,
            limits,
        } = self;
        decoder.feed(chunk, &mut |piece| {
            if piece.len() > limits.record.saturating_sub(bytes.len()) {
                return Err(Reason::LimitValue);
            }
            bytes.extend_from_slice(piece);
            Ok(())
        })
    }

    /// How many bytes are held.
    pub fn held(&self) -> usize {
        self.bytes.len()
    }

    /// The text, now that the answer has provably ended.
    ///
    /// # Errors
    ///
    /// See the module.
    pub fn finish(self) -> Result<String, Reason> {
        self.decoder.finish()?;
        let text = String::from_utf8(self.bytes).map_err(|_| Reason::UnreadableBody)?;
        let mut lexer = Lexer::new(json::Limits {
            depth: self.limits.depth,
            key: self.limits.key,
        });
        let mut at = 0;
        while let Some(piece) = lexer.next(text.as_bytes(), at)? {
            at = piece.end;
            if piece.kind == json::Kind::Key
                && json::decode(unquoted(text.get(piece.start..piece.end))).is_none()
            {
                return Err(Reason::UnreadableBody);
            }
        }
        lexer.finish()?;
        Ok(text)
    }
}

fn unquoted(token: Option<&str>) -> &str {
    let inner = token.and_then(|token| token.strip_prefix('"')?.strip_suffix('"'));
    inner.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::encoding::Ratio;
    use http::HeaderMap;

    fn of(chunks: &[&[u8]], record: usize) -> Result<String, Reason> {
        let ratio = Ratio {
            ratio: 100,
            free: 1 << 20,
        };
        let decoder = Decoder::of(&HeaderMap::new(), ratio).unwrap();
        let limits = BodyLimits {
            record,
            depth: 3,
            ..BodyLimits::default()
        };
        let mut whole = Whole::new(decoder, limits);
        for chunk in chunks {
            whole.feed(chunk)?;
        }
        whole.finish()
    }

    #[test]
    fn it_is_the_text_that_came_in_whatever_chunks() {
        let text = r#" {"a":"\u5f20","张":[1.50]} "#;
        for size in [1, 2, 7, 100] {
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            assert_eq!(of(&chunks, 100).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_too_large_or_not_strict_is_refused() {
        assert_eq!(of(&[b"{\"a\":", b"1}"], 6), Err(Reason::LimitValue));
        assert_eq!(of(&[b"[[[[]]]]"], 100), Err(Reason::LimitDepth));
        for text in [
            "",
            " ",
            "{",
            "{}{}",
            "{\"a\":1,}",
            "[\"\\ud800\"]",
            "\u{feff}{}",
        ] {
            assert_eq!(
                of(&[text.as_bytes()], 100),
                Err(Reason::UnreadableBody),
                "{text}"
            );
        }
        assert_eq!(of(&[b"\"\xff\""], 100), Err(Reason::UnreadableBody));
    }
}

//! The documents of a body that is there whole, for those who judge answers instead of making them.

use super::{Framing, Reader};
use crate::json::{self, Lexer};
use crate::model::Reason;
use crate::policy::AnswerForm;
use crate::transform::BodyLimits;
use crate::transform::charset::Transcoder;

/// The texts of a body's documents, in order.
///
/// # Errors
///
/// The reason to refuse the body.
pub fn documents(
    form: &AnswerForm,
    body: &[u8],
    limits: &BodyLimits,
) -> Result<Vec<String>, Reason> {
    let mut apart = Apart {
        documents: Vec::new(),
        lexer: Lexer::new(json::Limits {
            depth: limits.depth,
            key: limits.key,
        }),
    };
    let mut text = Vec::new();
    let body = match Transcoder::of(form) {
        None => body,
        Some(mut transcoder) => {
            transcoder.feed(body, true, &mut |piece| {
                text.extend_from_slice(piece);
                Ok(())
            })?;
            &text
        }
    };
    match &mut Framing::of(form) {
        None => {
            apart.begin_document(&[]);
            apart.read(body)?;
            apart.end_document(&[])?;
        }
        Some(framing) => {
            framing.feed(&mut apart, body)?;
            framing.finish()?;
        }
    }
    let text = |bytes| String::from_utf8(bytes).map_err(|_| Reason::UnreadableBody);
    apart.documents.into_iter().map(text).collect()
}

struct Apart {
    documents: Vec<Vec<u8>>,
    lexer: Lexer,
}

impl Reader for Apart {
    fn begin_document(&mut self, _: &[u8]) {
        self.documents.push(Vec::new());
        self.lexer.rewind(0);
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        let mut at = 0;
        while let Some(piece) = self.lexer.next(bytes, at)? {
            at = piece.end;
        }
        let document = self.documents.last_mut().ok_or(Reason::Internal)?;
        document.extend_from_slice(bytes);
        Ok(())
    }

    fn is_document_complete(&self) -> bool {
        self.lexer.is_done()
    }

    fn is_within_text(&self) -> bool {
        self.lexer.is_within_text()
    }

    fn end_document(&mut self, _: &[u8]) -> Result<(), Reason> {
        while self.lexer.finish()?.is_some() {}
        Ok(())
    }
}

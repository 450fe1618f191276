//! Several documents in one answer, each read as the answer's only one would be.
//!
//! What leaves of a document waits until the document has ended, so that none leaves in part and none that goes leaves
//! its framing behind; one of which more than [`COMMIT_AT`] leaves streams, as any large answer does. Blanks around a
//! document are framing, and framing is ours.

use super::Engine;
use super::body::{Body, Now, Spot};
use crate::model::Reason;
use crate::transform::COMMIT_AT;

/// Where the document at hand stands in what waits to leave.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Document {
    /// Where in [`Body::out`] it begins, what stands before it included.
    from: usize,
    /// How long what stands before it is.
    lead: usize,
    /// A part of it has left.
    begun: bool,
}

impl Engine {
    /// A document begins; `lead` stands before it, should anything of it leave.
    pub fn begin_document(&mut self, lead: &[u8]) {
        let body = &mut self.body;
        self.document = Document {
            from: body.out.len(),
            lead: lead.len(),
            begun: false,
        };
        body.out.extend_from_slice(lead);
        body.begin_document();
        self.lexer.rewind(0);
        self.name.clear();
    }

    /// Whether the document at hand is complete; only blanks may follow.
    pub fn is_document_complete(&self) -> bool {
        self.lexer.is_done()
    }

    /// Whether the document at hand was cut within a string or a name.
    pub fn is_within_text(&self) -> bool {
        self.lexer.is_within_text()
    }

    /// Bytes of our own between two documents.
    pub fn write_between(&mut self, bytes: &[u8]) {
        self.body.out.extend_from_slice(bytes);
        self.document.from = self.body.out.len();
    }

    /// The document at hand has ended; `trail` follows what leaves of it.
    ///
    /// # Errors
    ///
    /// The reason to refuse the answer, where the document is not complete.
    pub fn end_document(&mut self, trail: &[u8]) -> Result<(), Reason> {
        self.finish()?;
        self.leave_at_end();
        let Document { from, lead, begun } = self.document;
        let out = &mut self.body.out;
        let text = out.get(from + lead..).unwrap_or_default();
        let blanks = text.iter().rev().take_while(|byte| is_blank(**byte));
        out.truncate(out.len() - blanks.count());
        if !begun && out.len() == from + lead {
            // It is gone, and nothing says that it was there.
            out.truncate(from);
        } else {
            out.extend_from_slice(trail);
        }
        self.document.from = out.len();
        Ok(())
    }

    /// How much of the output may leave, and is to be forgotten: of documents that have ended, and of one too large to wait.
    pub fn leaving(&mut self) -> usize {
        let decided = self.body.decided();
        let Document { from, begun, .. } = self.document;
        let ended = from.min(decided);
        let streams = begun || decided - ended > COMMIT_AT;
        self.document.begun = streams;
        let ready = if streams { decided } else { ended };
        self.document.from -= ready.min(from);
        ready
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

impl Body {
    fn begin_document(&mut self) {
        self.now = Now::Judging;
        self.spot = Spot::BeforeRoot;
        for pending in [&mut self.first, &mut self.between, &mut self.head] {
            pending.clear();
        }
        self.next = None;
    }
}

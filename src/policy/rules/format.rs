//! How an answer's body is written.

use std::sync::Arc;

use super::Charset;

/// What a route declares of the body of its answers. An answer that is not so is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerForm {
    /// How documents stand in it.
    pub format: Format,
    /// What leaves of events besides their data.
    pub events: Arc<EventFields>,
    /// What the upstream writes in.
    pub charset: Charset,
    /// Callers get what the upstream writes in, not UTF-8.
    pub keeps_charset: bool,
    /// The media type the upstream says its JSON is, where that is wrong: `text/html`.
    pub media: Option<Arc<str>>,
}

impl AnswerForm {
    /// What callers get.
    pub fn leaves_in(&self) -> Charset {
        match self.keeps_charset {
            true => self.charset,
            false => Charset::Utf8,
        }
    }

    /// How the answer is written once it has left.
    #[must_use]
    pub fn as_sent(&self) -> AnswerForm {
        AnswerForm {
            charset: self.leaves_in(),
            ..self.clone()
        }
    }

    /// How the errors of such a route are written, where something of them may leave: one JSON document in the charset of
    /// the resource.
    #[must_use]
    pub fn of_errors(&self) -> AnswerForm {
        AnswerForm {
            charset: self.charset,
            keeps_charset: self.keeps_charset,
            ..AnswerForm::default()
        }
    }
}

/// How documents stand in an answer's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON document.
    #[default]
    Json,
    /// A JSON document on each line.
    NdJson,
    /// JSON text sequences, RFC 7464: a record separator before each document, a line feed behind it.
    JsonSeq,
    /// Server-sent events: a document in the data of each.
    Sse,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Json, Format::NdJson, Format::JsonSeq, Format::Sse];

    /// As rules write it.
    pub fn word(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::NdJson => "ndjson",
            Format::JsonSeq => "json-seq",
            Format::Sse => "sse",
        }
    }

    /// Whether a body may hold any number of documents, none included.
    pub fn is_several(self) -> bool {
        match self {
            Format::Json => false,
            Format::NdJson | Format::JsonSeq | Format::Sse => true,
        }
    }
}

/// What of the fields of server-sent events leaves, each value checked and written anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFields {
    /// `event`: these names.
    pub names: Vec<String>,
    /// `id`: a whole number in these bounds.
    pub ids: Option<(u64, u64)>,
    /// `retry`: milliseconds in these bounds.
    pub retries: Option<(u64, u64)>,
}

impl EventFields {
    /// Which of the names a value is.
    pub fn name(&self, value: &[u8]) -> Option<usize> {
        self.names.iter().position(|name| name.as_bytes() == value)
    }

    /// An id that leaves.
    pub fn id(&self, value: &[u8]) -> Option<u64> {
        within(self.ids, value)
    }

    /// A time that leaves.
    pub fn retry(&self, value: &[u8]) -> Option<u64> {
        within(self.retries, value)
    }
}

/// A whole number without leading zeros, within bounds.
fn within(bounds: Option<(u64, u64)>, value: &[u8]) -> Option<u64> {
    let (least, most) = bounds?;
    let text = std::str::from_utf8(value).ok()?;
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text && (least..=most).contains(&number)).then_some(number)
}

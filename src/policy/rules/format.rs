//! How an answer's body is written.

/// What a route declares of the body of its answers. An answer that is not so is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerForm {
    /// How documents stand in it.
    pub format: Format,
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
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 3] = [Format::Json, Format::NdJson, Format::JsonSeq];

    /// As rules write it.
    pub fn word(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::NdJson => "ndjson",
            Format::JsonSeq => "json-seq",
        }
    }

    /// Whether a body may hold any number of documents, none included.
    pub fn is_several(self) -> bool {
        match self {
            Format::Json => false,
            Format::NdJson | Format::JsonSeq => true,
        }
    }
}

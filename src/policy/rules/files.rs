//! Answers that are no JSON and pass unread: of which media types, for whom, and who answers for it until when.
//!
//! Refuses nothing: what may stand here is judged when rules load.

use http::Method;

use super::{Does, Format, RoleId, RouteRule};
use crate::policy::Place;

/// Media types that pass unread for some roles.
#[derive(Clone, Debug)]
pub struct FileRule {
    /// Where it was written.
    pub place: Place,
    /// In small letters, without parameters.
    pub media: Vec<String>,
    /// For whom.
    pub roles: Vec<RoleId>,
    /// Who answers for it inside.
    pub owner: String,
    /// Mandatory, for the auditor.
    pub reason: String,
    /// The last moment, in seconds since 1970.
    pub until: i64,
}

impl RouteRule {
    /// Whether what answers it may be a file: it reads, by GET and nothing else, and says nothing of another format.
    pub fn takes_files(&self) -> bool {
        self.method == Method::GET
            && self.does == Does::Read
            && self.send.is_none()
            && self.answer.format == Format::Json
    }
}

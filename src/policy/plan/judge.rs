//! What of each record decides how it is treated.
//!
//! Refuses nothing: a record of which nothing can be told is treated as the closest of its cases.

use std::sync::Arc;

use super::Plan;
use crate::json::Cursor;

/// Decides by the text of one member of the record.
#[derive(Clone, Debug)]
pub struct Judge {
    member: String,
    cases: Vec<(String, Judged)>,
    otherwise: Judged,
}

/// How a record is treated.
#[derive(Clone, Debug)]
pub enum Judged {
    /// Under this plan.
    Under(Arc<Plan>),
    /// It does not leave, and there is none.
    Gone,
}

impl Judge {
    /// Of a record whose `member` stands there once, with the text of a case, the case counts.
    pub fn by_member(member: &str, cases: Vec<(String, Judged)>, otherwise: Judged) -> Self {
        Judge {
            member: member.to_owned(),
            cases,
            otherwise,
        }
    }

    /// Whether a record may be [`Judged::Gone`].
    pub fn gates(&self) -> bool {
        let mut all = self.cases.iter().map(|(_, judged)| judged);
        all.any(|judged| matches!(judged, Judged::Gone)) || matches!(self.otherwise, Judged::Gone)
    }

    /// Judges a record by its text; `None` where it outgrew the limit `record`, so that nothing of it is known.
    pub fn record(&self, text: Option<&str>) -> Judged {
        let mut members = text
            .map(Cursor::new)
            .into_iter()
            .flat_map(|record| record.members())
            .filter(|member| member.name == self.member);
        let (Some(member), None) = (members.next(), members.next()) else {
            return self.otherwise.clone();
        };
        let case = self
            .cases
            .iter()
            .find(|(text, _)| text == member.value.text());
        case.map_or(&self.otherwise, |(_, judged)| judged).clone()
    }
}

//! An answer as one tree, whatever its format: several documents stand in it as the elements of an array.
//!
//! Refuses what the engine refuses to read.

use super::document::{self, Node};
use crate::decide::Permit;
use crate::json::Limits;
use crate::pipeline::rehearsal::{self, Stage};
use crate::policy::AnswerForm;

/// The texts of an answer's documents.
pub(super) struct Answer {
    pub texts: Vec<String>,
    /// There may be any number of them.
    pub several: bool,
    limits: Limits,
}

impl Answer {
    /// An upstream's answer, written as the permit's route declares.
    pub(super) fn of_upstream(stage: &Stage, permit: &Permit, body: &[u8]) -> Option<Answer> {
        Answer::written(stage, permit.answer(), body)
    }

    /// What left of it.
    pub(super) fn of_caller(stage: &Stage, permit: &Permit, body: &[u8]) -> Option<Answer> {
        Answer::written(stage, &permit.answer().as_sent(), body)
    }

    fn written(stage: &Stage, form: &AnswerForm, body: &[u8]) -> Option<Answer> {
        Some(Answer {
            texts: rehearsal::documents(stage, form, body)?,
            several: form.format.is_several(),
            limits: limits(stage),
        })
    }

    /// The tree.
    pub(super) fn tree(&self) -> Option<Node> {
        let read = |text: &String| document::read(text.as_bytes(), self.limits);
        match self.several {
            true => Some(Node::List(
                self.texts.iter().map(read).collect::<Option<_>>()?,
            )),
            false => read(self.texts.first()?),
        }
    }
}

/// What is read of an answer, at most.
pub(super) fn limits(stage: &Stage) -> Limits {
    Limits {
        depth: stage.limits().depth,
        key: stage.limits().key,
    }
}

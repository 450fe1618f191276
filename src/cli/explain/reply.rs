//! What becomes of one answer, record by record and value by value. No value is shown.

use std::io;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap};

use super::super::answer::Answer;
use super::super::document::path_of;
use super::super::traced::{Leaf, trace};
use super::super::{Failure, INTERNAL};
use super::fields::Fields;
use crate::author::matrix::truth_word;
use crate::author::view::Item;
use crate::model::{Openness, Reason};
use crate::pipeline::rehearsal::{self, Admitted, End, Reply, Stage};
use crate::policy::Place;
use crate::policy::condition::{ConditionId, Truth};
use crate::policy::diagnostic::{Text, say};

/// An answer, explained.
pub(super) struct Explained {
    /// The status the caller gets.
    pub status: u16,
    /// Why it was refused or broken off.
    pub reason: Option<Reason>,
    pub records: Vec<RecordLine>,
    pub values: Vec<ValueLine>,
}

/// What becomes of a record.
pub(super) struct RecordLine {
    /// Where it stands in the upstream's answer.
    pub path: String,
    pub leaves: bool,
    /// The conditions that cells and gates name: what is true of the record, and where they were written.
    pub conditions: Vec<(String, &'static str, Place)>,
    pub because: Option<Text>,
}

/// What becomes of a value.
pub(super) struct ValueLine {
    /// Where it stands in the upstream's answer.
    pub path: String,
    /// Where it stands in the caller's, if it does.
    pub kept: Option<String>,
    pub record: Option<usize>,
    pub does: String,
    /// The entry that decides it and where it was written; nothing for what no entry lists.
    pub entry: Option<(String, Place)>,
    /// No entry lists it.
    pub unlisted: bool,
}

pub(super) fn explain(
    stage: &Stage,
    admitted: &Admitted,
    fields: &Fields<'_>,
    text: &[u8],
) -> Result<Explained, Failure> {
    let media = rehearsal::media_type(&admitted.permit);
    let reply = Reply {
        status: StatusCode::OK,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, media)]),
        body: text,
        chunk: text.len(),
    };
    let broken = |error: io::Error| Failure::new(INTERNAL, error);
    let outcome = rehearsal::answer(stage, admitted, reply, "", &mut io::sink()).map_err(broken)?;
    let mut explained = Explained {
        status: outcome.status.as_u16(),
        reason: outcome.reason,
        records: Vec::new(),
        values: Vec::new(),
    };
    let readable = Answer::of_upstream(stage, &admitted.permit, text);
    let told = outcome.end == End::Complete || outcome.reason == Some(Reason::NoSuchRecord);
    let Some(answer) = readable.filter(|_| told) else {
        return Ok(explained);
    };
    let traced = trace(&admitted.permit, stage.limits().record, &answer);
    explained.records = traced
        .records
        .iter()
        .map(|record| RecordLine {
            path: path_of(&record.place),
            leaves: record.plan.is_some(),
            conditions: (record.truths.iter())
                .filter_map(|(id, truth)| {
                    let condition = fields.rules.conditions.get(id.0)?;
                    Some((
                        condition.name.clone(),
                        truth_word(*truth),
                        condition.place.clone(),
                    ))
                })
                .collect(),
            because: match (record.foreign, record.plan.is_some()) {
                (true, _) => Some(say!(
                    "it is not the caller's own person's",
                    "不是调用方本人的记录"
                )),
                (false, false) => Some(say!("no gate lets it through", "没有一道门放行它")),
                (false, true) => None,
            },
        })
        .collect();
    let truths = |leaf: &Leaf| {
        let record = leaf.record.and_then(|at| traced.records.get(at));
        record.map_or_else(Vec::new, |record| record.truths.clone())
    };
    let values = traced.leaves.iter();
    explained.values = values
        .map(|leaf| value(leaf, &truths(leaf), fields))
        .collect();
    Ok(explained)
}

fn value(leaf: &Leaf, truths: &[(ConditionId, Truth)], fields: &Fields<'_>) -> ValueLine {
    let field = leaf.fields.first().copied();
    let listed = field.and_then(|id| fields.resource.fields.get(id.0));
    let entry = listed.map(|field| (field.text.clone(), field.place.clone()));
    let openness = match leaf.kept {
        Some(_) => leaf.openness,
        None => Openness::Strip,
    };
    let does = field.map(|id| fields.does(Item::Field(id), truths));
    let does = does.filter(|does| does.openness == openness);
    ValueLine {
        path: path_of(&leaf.place),
        kept: leaf.kept.as_ref().map(path_of),
        record: leaf.record,
        does: does.map_or_else(|| openness.word().to_owned(), |does| does.to_string()),
        entry,
        unlisted: leaf.unlisted,
    }
}

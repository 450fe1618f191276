//! The gates before and behind the upstream, alike for the live proxy and its rehearsal: the form of a request's body, and
//! what of an answer passes.
//!
//! Refuses what is not of the declared form, and an answer that is not passed on; an error loses its body unless the resource
//! lets some of it out.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::Generation;
use super::reject::Refusal;
use crate::decide::{Permit, Sent};
use crate::model::Reason;
use crate::policy::plan::Plan;
use crate::policy::store::{FilePass, Sight};
use crate::policy::{BodyForm, Param, ParamName, ParamRule, Resource};
use crate::transform::encoding::{Decoder, Ratio};
use crate::transform::media::{self, Written};
use crate::transform::response::{self, Passage};
use crate::transform::{BodyLimits, Governor};

/// How a body that a permit awaits is written, by its media type; and what it goes upstream as, which is what it was judged
/// as, whatever else the header says of that line.
pub fn body_form(permit: &Permit, headers: &HeaderMap) -> Result<(Sent, HeaderValue), Reason> {
    match &permit.compiled().write {
        None if permit.compiled().body == BodyForm::Form => {
            let written = media::check_write(headers, &Method::POST, BodyForm::Form)?;
            Ok((Sent { patch: false }, written.media_type()))
        }
        None => {
            media::check_request(headers)?;
            let line = headers.get(CONTENT_TYPE).ok_or(Reason::MediaType)?;
            Ok((Sent { patch: false }, line.clone()))
        }
        Some(terms) => {
            let written = media::check_write(headers, &terms.method, terms.body)?;
            let sent = Sent {
                patch: written == Written::Patch,
            };
            Ok((sent, written.media_type()))
        }
    }
}

/// What of an answer passes besides its status.
#[derive(Debug)]
pub enum Answer {
    /// Its listed headers.
    Head,
    /// Nothing: who may write but not read learns that it was done, and no more.
    Nothing,
    /// The records of its body.
    Records(Decoder),
    /// A file, which nobody reads.
    File(Decoder, File),
    /// Of an error, what the resource lets out, under the plan for it; else a problem document with this reason.
    Error(Arc<Plan>, Decoder, Reason),
}

/// A file that passes.
#[derive(Debug)]
pub struct File {
    /// Its type, and the rule that lets it.
    pub pass: FilePass,
    leaves_as: HeaderValue,
}

impl File {
    /// Says what it is in a way that no browser takes for something else, or shows within a page.
    pub fn name(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, self.leaves_as.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let is_attached = |line: &HeaderValue| {
            let kind = line.as_bytes().split(|byte| *byte == b';').next();
            kind.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"attachment"))
        };
        let mut lines = headers.get_all(CONTENT_DISPOSITION).iter();
        let keeps = lines.next().is_some_and(is_attached) && lines.next().is_none();
        if !keeps {
            let attachment = HeaderValue::from_static("attachment");
            headers.insert(CONTENT_DISPOSITION, attachment);
        }
    }
}

/// What the upstream is asked for: a file only where it has nothing that can be governed.
pub fn accept(permit: &Permit) -> Cow<'static, str> {
    let mut accept = Cow::Borrowed(media::accept(permit.answer()));
    for file in permit.files() {
        accept = format!("{accept}, {};q=0.1", file.media).into();
    }
    accept
}

/// Judges an answer by its status and header.
pub fn answer(
    permit: &Permit,
    status: StatusCode,
    headers: &HeaderMap,
    ratio: Ratio,
) -> Result<Answer, Refusal> {
    let (compiled, writes) = (permit.compiled(), permit.compiled().write.is_some());
    let passage = match (writes, compiled.has_row) {
        (true, false) => response::judge_without_body(status, headers)?,
        (true, true) => response::judge_write(status, headers, ratio, permit.answer())?,
        (false, _) => match response::judge(status, headers, ratio, permit.answer()) {
            Err(Reason::UnexpectedMediaType) => return file(permit, status, headers, ratio),
            judged => judged?,
        },
    };
    match passage {
        Passage::Empty | Passage::Governed(_) if permit.is_withheld() => {
            Err(Reason::NoSuchRecord.into())
        }
        Passage::Empty if !compiled.has_row => Ok(Answer::Nothing),
        // What is not there must look like what is hidden; who writes was told before.
        Passage::Empty if permit.may_hide() && !writes => Err(Reason::NoSuchRecord.into()),
        Passage::Empty => Ok(Answer::Head),
        Passage::Governed(decoder) => Ok(Answer::Records(decoder)),
        Passage::Replaced { status, reason } => match error(permit, reason, headers, ratio) {
            Some((plan, decoder)) => Ok(Answer::Error(plan, decoder, reason)),
            None => Err(Refusal::upstream(status, reason)),
        },
    }
}

/// Whether of a write nothing may be said but that it was done: the record it left behind is not for the caller. Who were
/// told that there is none would do it again.
pub fn is_done_unseen(permit: &Permit, fault: Reason) -> bool {
    fault == Reason::NoSuchRecord && permit.compiled().write.is_some()
}

/// What is not of the type that the route declares may be a file, under 200 alone and by its type alone.
fn file(
    permit: &Permit,
    status: StatusCode,
    headers: &HeaderMap,
    ratio: Ratio,
) -> Result<Answer, Refusal> {
    let known = media::of_file(headers).filter(|_| status == StatusCode::OK);
    let found = known.and_then(|(media, leaves_as)| {
        let mut files = permit.files().iter();
        let pass = files.find(|file| *file.media == *media)?.clone();
        Some(File { pass, leaves_as })
    });
    let file = found.ok_or(Reason::UnexpectedMediaType)?;
    match permit.is_withheld() {
        true => Err(Reason::NoSuchRecord.into()),
        false => Ok(Answer::File(Decoder::of(headers, ratio)?, file)),
    }
}

/// What governs the records of a permitted answer.
pub fn governor(permit: &Permit, limits: BodyLimits) -> Governor {
    let person = permit.checked_person().map(str::to_owned);
    let (plan, judge) = (Arc::clone(permit.plan()), permit.judge().cloned());
    Governor::new(permit.answer(), plan, limits, person, judge)
}

/// What governs an error's body under the plan for it.
pub fn governor_of_error(permit: &Permit, plan: Arc<Plan>, limits: BodyLimits) -> Governor {
    Governor::new(&permit.answer().of_errors(), plan, limits, None, None)
}

/// What lets some of an error's body out, where the resource does.
fn error(
    permit: &Permit,
    reason: Reason,
    headers: &HeaderMap,
    ratio: Ratio,
) -> Option<(Arc<Plan>, Decoder)> {
    // A record that is hidden, or of a person who is blocked, is answered by us, so one that is not there must be, too.
    let may_be_hidden = permit.may_hide() || permit.path_person().is_some();
    if reason == Reason::NoSuchRecord && may_be_hidden {
        return None;
    }
    let plan = permit.compiled().errors.as_ref()?;
    let form = permit.answer().of_errors();
    Some((
        Arc::clone(plan),
        response::error_body(headers, ratio, &form)?,
    ))
}

/// Whether `location` tells nothing that the caller does not see: it leads to a record of the same resource, and each
/// parameter of its path is a field they see with `show`, or none.
pub fn shows_place(generation: &Generation, permit: &Permit, headers: &HeaderMap) -> bool {
    let Some(place) = headers.get(LOCATION) else {
        return true;
    };
    let path = place
        .to_str()
        .ok()
        .and_then(|text| match text.split_once("://") {
            None => Some(text),
            Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)),
        });
    let Some(matched) = path.and_then(|path| generation.router.resolve(&Method::GET, path).ok())
    else {
        return false;
    };
    let resource = generation.policy.rules.resources.get(matched.resource.0);
    let is_own = |resource: &&Resource| {
        let mut groups = resource.groups.iter();
        groups.any(|group| group.name == permit.group())
    };
    let Some(resource) = resource.filter(is_own) else {
        return false;
    };
    matched.path_params.iter().all(|(name, _)| {
        let is_it = |param: &&Param| matches!(&param.name, ParamName::Path(path) if path == name);
        match resource.params.iter().find(is_it).map(|param| &param.rule) {
            Some(ParamRule::Fields(searched)) => permit.compiled().sight(searched) == Sight::Clear,
            Some(ParamRule::Whole { .. } | ParamRule::OneOf(_) | ParamRule::Free) => true,
            Some(ParamRule::Names(_)) | None => false,
        }
    })
}

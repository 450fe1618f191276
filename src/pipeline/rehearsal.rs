//! One exchange without a network: who calls what, and what the upstream would answer, to what the caller would get.
//!
//! It runs the stages of the live proxy in their order and refuses what they refuse; the credentials are taken as
//! verified, and no time passes, so an answer commits by its size alone. The body streams: memory does not grow with it.

mod body;

use std::io::{self, Read, Write};
use std::net::IpAddr;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};

use self::body::{Body, Fault};
use super::gate::{self, Answer};
use super::reject::{self, Refusal};
use super::stored::Stored;
use super::{Generation, body_limits, decoder_limits, precondition, request_limits};
use crate::config;
use crate::decide::{self, Context, Decision, Permit};
use crate::model::{Caller, Reason};
use crate::policy::store::{Policy, RouteId};
use crate::policy::{AnswerForm, RoleId};
use crate::route::canonical;
use crate::transform::media;
use crate::transform::{self, Governor, Whole};
use crate::upstream::headers::{Facts, HeaderRules};

/// What stays the same for all exchanges: the rules in force and the limits.
#[derive(Debug)]
pub struct Stage {
    generation: Generation,
    limits: config::Limits,
    front: Option<config::Front>,
}

impl Stage {
    /// The stage for a rule set under `limits`.
    pub fn new(policy: Policy, limits: config::Limits) -> Self {
        Stage {
            generation: Generation::new(policy),
            limits,
            front: None,
        }
    }

    /// The same behind this front: conditions read the headers of calls from its networks alone. Without one, those of
    /// every call.
    #[must_use]
    pub fn behind(self, front: Option<config::Front>) -> Self {
        Stage { front, ..self }
    }

    /// The rules.
    pub fn policy(&self) -> &Policy {
        &self.generation.policy
    }

    /// What is too much.
    pub fn limits(&self) -> &config::Limits {
        &self.limits
    }
}

/// Who calls.
#[derive(Clone, Debug)]
pub enum Who {
    /// Someone who holds exactly these roles.
    Holder(Vec<RoleId>),
    /// Someone whose verified credentials still have to say which roles they hold.
    Caller(Caller),
}

/// One request.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who calls.
    pub who: Who,
    /// The method.
    pub method: Method,
    /// The request target.
    pub target: String,
    /// The header, credentials and framing apart.
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<Bytes>,
    /// What the upstream answers where the stored record is read before a write.
    pub stored: Option<StoredReply>,
    /// The address the request comes from.
    pub peer: IpAddr,
    /// The moment, in seconds since 1970.
    pub now: i64,
}

/// What the upstream answers about the record as it is before a write.
#[derive(Clone, Debug)]
pub struct StoredReply {
    /// The status.
    pub status: StatusCode,
    /// The header; the media type is the declared one unless it says another.
    pub headers: HeaderMap,
    /// The body, still encoded.
    pub body: Bytes,
}

/// What the upstream answers; its body is read in chunks of exactly `chunk` bytes.
#[derive(Debug)]
pub struct Reply<R> {
    /// The status.
    pub status: StatusCode,
    /// The header.
    pub headers: HeaderMap,
    /// The body, still encoded.
    pub body: R,
    /// Bytes read at once; 0 counts as 1.
    pub chunk: usize,
}

/// A request that may go upstream.
#[derive(Debug)]
pub struct Admitted {
    /// The proof, and what it obliges to.
    pub permit: Box<Permit>,
    /// The caller asked with `HEAD`.
    pub head: bool,
    /// The route.
    pub route: RouteId,
}

impl Admitted {
    /// Whether the write is judged by the stored record, which the call did not give.
    pub fn awaits_stored(&self) -> bool {
        self.permit.stored().is_some()
    }
}

/// A request that may not.
#[derive(Debug)]
pub struct Stopped {
    /// Where.
    pub step: Step,
    /// The route, where one was found.
    pub route: Option<RouteId>,
    /// The roles the caller holds there, where that was asked.
    pub roles: Vec<RoleId>,
    refusal: Refusal,
}

/// The stages before the upstream, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Reading the target.
    Target,
    /// Looking at the credentials.
    Credential,
    /// Finding the route.
    Route,
    /// Deciding.
    Rights,
    /// Reading the request's body.
    Body,
    /// Judging a write by the stored record.
    Stored,
    /// Reading the header that goes upstream.
    Header,
}

impl Stopped {
    /// Why.
    pub fn reason(&self) -> Reason {
        self.refusal.reason
    }

    fn at(step: Step, refusal: impl Into<Refusal>) -> Stopped {
        Stopped {
            step,
            route: None,
            roles: Vec::new(),
            refusal: refusal.into(),
        }
    }
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With all of it.
    Complete,
    /// With a problem document in its place.
    Refused,
    /// Broken off after its head had left.
    Aborted,
}

/// What the caller gets besides the body's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The status that leaves.
    pub status: StatusCode,
    /// Why it was refused or broken off.
    pub reason: Option<Reason>,
    /// The header that leaves, framing apart.
    pub headers: HeaderMap,
    /// What of a write may not be written, by the names the caller sent.
    pub refused: Vec<String>,
    /// It is a file, which nobody reads.
    pub unread: bool,
    /// How it ended.
    pub end: End,
}

impl Outcome {
    /// The problem document that says why; of an answer broken off too, which the caller is never sent.
    pub fn problem(&self, request_id: &str) -> Option<Vec<u8>> {
        let reason = self.reason?;
        let status = match self.end {
            End::Aborted => reason.status(),
            End::Refused | End::Complete => self.status.as_u16(),
        };
        Some(reject::problem(reason, status, request_id, &self.refused))
    }

    fn complete(status: StatusCode, headers: HeaderMap) -> Self {
        Outcome {
            status,
            reason: None,
            headers,
            refused: Vec::new(),
            unread: false,
            end: End::Complete,
        }
    }

    fn refused(refusal: &Refusal, request_id: &str) -> Self {
        Outcome {
            status: refusal.status,
            reason: Some(refusal.reason),
            headers: reject::head(refusal, request_id),
            refused: refusal.refused.clone(),
            unread: false,
            end: End::Refused,
        }
    }
}

/// Judges a request up to the point where the upstream would be asked.
///
/// # Errors
///
/// What the caller gets instead.
pub fn admit(stage: &Stage, call: &Call, request_id: &str) -> Result<Admitted, Box<Outcome>> {
    judge(stage, call, request_id)
        .map_err(|stopped| Box::new(Outcome::refused(&stopped.refusal, request_id)))
}

/// The same, for those who ask where and why a request was stopped.
///
/// # Errors
///
/// Where and why.
pub fn judge(stage: &Stage, call: &Call, request_id: &str) -> Result<Admitted, Box<Stopped>> {
    let Generation { policy, router } = &stage.generation;
    let stopped = |step, reason: Reason| Box::new(Stopped::at(step, reason));
    canonical::check(&call.target).map_err(|reason| stopped(Step::Target, reason))?;
    if let Who::Caller(caller) = &call.who
        && !decide::counts(policy, caller)
    {
        return Err(stopped(Step::Credential, Reason::NoCredential));
    }
    let matched = router.resolve(&call.method, &call.target).map_err(|none| {
        let refusal = Refusal {
            allow: none.allow,
            ..Refusal::from(none.reason)
        };
        Box::new(Stopped::at(Step::Route, refusal))
    })?;
    let route = RouteId {
        resource: matched.resource,
        group: matched.group,
        route: matched.route,
    };
    let context = Context {
        now: call.now,
        peer: call.peer,
        headers: &call.headers,
        front: stage
            .front
            .as_ref()
            .is_none_or(|front| front.holds(call.peer)),
    };
    let decision = match &call.who {
        Who::Holder(roles) => decide::decide_as(policy, roles.clone(), &matched, context),
        Who::Caller(caller) => decide::decide(policy, caller, &matched, context),
    };
    let permit = match decision {
        Decision::Allow(permit) => permit,
        Decision::Deny(denial) => {
            return Err(Box::new(Stopped {
                route: Some(route),
                roles: denial.roles,
                ..Stopped::at(Step::Rights, denial.reason)
            }));
        }
    };
    let names = std::sync::Arc::clone(permit.roles());
    let on_route = |step, refusal: Refusal| {
        let roles = policy.rules.roles.iter().enumerate();
        let held = roles.filter(|(_, role)| names.contains(&role.name));
        Box::new(Stopped {
            route: Some(route),
            roles: held.map(|(at, _)| RoleId(at)).collect(),
            ..Stopped::at(step, refusal)
        })
    };
    let permit =
        with_body(stage, *permit, call).map_err(|refusal| on_route(Step::Body, refusal))?;
    match precondition::names_shown(&permit, &call.headers) {
        Ok(false) => {}
        // Nobody was shown anything here.
        Ok(true) => return Err(on_route(Step::Stored, Reason::PreconditionFailed.into())),
        Err(reason) => return Err(on_route(Step::Header, reason.into())),
    }
    let facts = Facts {
        request_id,
        caller_id: "",
        version: Version::HTTP_11,
        accept: &gate::accept(&permit),
    };
    header_rules()
        .and_then(|rules| rules.request(&call.headers, facts).map(|_| ()))
        .map_err(|reason| on_route(Step::Header, reason.into()))?;
    let permit = with_stored(stage, permit, call);
    let permit = permit.map_err(|refusal| on_route(Step::Stored, refusal))?;
    Ok(Admitted {
        permit: Box::new(permit),
        head: matched.head,
        route,
    })
}

/// The permit with the body where the route takes one.
fn with_body(stage: &Stage, permit: Permit, call: &Call) -> Result<Permit, Refusal> {
    let body = call.body.as_ref().filter(|body| !body.is_empty());
    if !permit.awaits_body() {
        return match body {
            None => Ok(permit),
            Some(_) => Err(Reason::UnexpectedBody.into()),
        };
    }
    let (sent, _) = gate::body_form(&permit, &call.headers)?;
    let bytes = body.cloned().unwrap_or_default();
    if bytes.len() > stage.limits.request_body {
        return Err(Reason::TooLarge.into());
    }
    let limits = request_limits(&stage.limits);
    Ok(decide::with_body(permit, bytes, sent, limits)?)
}

/// The permit judged by the stored record, where it must be and the call says what is stored.
fn with_stored(stage: &Stage, permit: Permit, call: &Call) -> Result<Permit, Refusal> {
    let (Some(reply), Some(_)) = (&call.stored, permit.stored()) else {
        return Ok(permit);
    };
    let limits = &stage.limits;
    let rules = &stage.policy().rules;
    let mut headers = reply.headers.clone();
    if !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, Stored::media_type(&permit, rules)?);
    }
    let gate = Stored::gate((&permit, rules), reply.status, &headers, limits)?;
    let stored = match gate {
        None => Stored::default(),
        Some(decoder) => {
            let mut whole = Whole::new(decoder, body_limits(limits));
            let read = whole.feed(&reply.body).and_then(|()| whole.finish());
            Stored::of(&permit, rules, &headers, read)?
        }
    };
    let judged = decide::with_stored(permit, stored.record(), stored.validator())?;
    stored.meets(&call.headers)?;
    Ok(judged)
}

/// Governs the upstream's answer to an admitted request. What would leave of the body is written to `out`.
///
/// # Errors
///
/// Where the body cannot be read or `out` not be written.
pub fn answer<R: Read>(
    stage: &Stage,
    admitted: &Admitted,
    reply: Reply<R>,
    request_id: &str,
    out: &mut impl Write,
) -> io::Result<Outcome> {
    let ratio = decoder_limits(&stage.limits);
    let refused = |refusal: Refusal| Ok(Outcome::refused(&refusal, request_id));
    let (permit, status) = (&admitted.permit, reply.status);
    let limits = body_limits(&stage.limits);
    let passes = match gate::answer(permit, status, &reply.headers, ratio) {
        Err(refusal) => return refused(refusal),
        Ok(passes) => passes,
    };
    let headers = match head(&reply, permit, &passes, request_id) {
        Ok(headers) => headers,
        Err(reason) => return refused(reason.into()),
    };
    let unread = matches!(passes, Answer::File(..));
    let (governor, decoder, error) = match passes {
        Answer::Head | Answer::Nothing => return Ok(Outcome::complete(status, headers)),
        Answer::Records(decoder) => (gate::governor(permit, limits), decoder, None),
        Answer::File(decoder, _) => (Governor::of_file(), decoder, None),
        Answer::Error(plan, decoder, reason) => {
            let governor = gate::governor_of_error(permit, plan, limits);
            (governor, decoder, Some(Refusal::upstream(status, reason)))
        }
    };
    let alone = header_rules()
        .and_then(|rules| rules.status_alone(&reply.headers, request_id))
        .unwrap_or_default();
    let fault = Body::new(governor, decoder, admitted.head).run(reply, out)?;
    Ok(match (fault, error) {
        (None, _) => Outcome {
            unread,
            ..Outcome::complete(status, headers)
        },
        // The answer to HEAD has ended with its head.
        (Some(Fault::Committed(_)), _) if admitted.head => Outcome::complete(status, headers),
        (Some(Fault::Committed(reason)), _) => Outcome {
            reason: Some(reason),
            end: End::Aborted,
            ..Outcome::complete(status, headers)
        },
        (Some(Fault::Held(reason)), None) if gate::is_done_unseen(permit, reason) => {
            Outcome::complete(status, alone)
        }
        (Some(Fault::Held(_)), Some(refusal)) => Outcome::refused(&refusal, request_id),
        (Some(Fault::Held(reason)), None) => Outcome::refused(&reason.into(), request_id),
    })
}

/// The media type of an upstream's answer that is written as the permit's route declares.
pub fn media_type(permit: &Permit) -> HeaderValue {
    media::usual(permit.answer())
}

/// The texts of the documents in a body that is written in a form; `None` where it is not.
pub fn documents(stage: &Stage, form: &AnswerForm, body: &[u8]) -> Option<Vec<String>> {
    transform::documents(form, body, &body_limits(&stage.limits)).ok()
}

/// The header that leaves.
fn head<R>(
    reply: &Reply<R>,
    permit: &Permit,
    passes: &Answer,
    request_id: &str,
) -> Result<HeaderMap, Reason> {
    let rules = header_rules()?;
    if let Answer::Nothing = passes {
        return rules.status_alone(&reply.headers, request_id);
    }
    let mut headers = rules.response(reply.status, &reply.headers, None, request_id)?;
    match passes {
        Answer::Head | Answer::Nothing => {}
        Answer::Records(_) => media::rename(&mut headers, permit.answer()),
        Answer::File(_, file) => file.name(&mut headers),
        Answer::Error(..) => media::rename(&mut headers, &permit.answer().of_errors()),
    }
    Ok(headers)
}

/// Those of an upstream for which settings neither set a header nor let one more through.
fn header_rules() -> Result<HeaderRules, Reason> {
    let url = Uri::from_static("http://upstream.invalid");
    HeaderRules::new(&config::Headers::default(), &url, "rehearsal").map_err(|_| Reason::Internal)
}

//! One exchange without a network: who calls what, and what the upstream would answer, to what the caller would get.
//!
//! It runs the stages of the live proxy in their order and refuses what they refuse; the credentials are taken as
//! verified, and no time passes, so an answer commits by its size alone. The body streams: memory does not grow with it.

use std::io::{self, Read, Write};
use std::net::IpAddr;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};

use super::reject::{self, Refusal};
use super::{Generation, body_limits, decoder_limits, request_limits};
use crate::config;
use crate::decide::{self, Context, Decision, Permit};
use crate::model::{Caller, Reason};
use crate::policy::store::{Policy, RouteId};
use crate::policy::{AnswerForm, RoleId};
use crate::route::canonical;
use crate::transform::encoding::Decoder;
use crate::transform::media;
use crate::transform::response::{self, Passage};
use crate::transform::{self, Commit, Governor};
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
    /// The address the request comes from.
    pub peer: IpAddr,
    /// The moment, in seconds since 1970.
    pub now: i64,
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
        Some(reject::problem(reason, status, request_id))
    }

    fn refused(refusal: &Refusal, request_id: &str) -> Self {
        Outcome {
            status: refusal.status,
            reason: Some(refusal.reason),
            headers: reject::head(refusal, request_id),
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
    let on_route = |step, reason: Reason| {
        Box::new(Stopped {
            route: Some(route),
            ..Stopped::at(step, reason)
        })
    };
    let permit = with_body(stage, *permit, call).map_err(|reason| on_route(Step::Body, reason))?;
    let facts = Facts {
        request_id,
        caller_id: "",
        version: Version::HTTP_11,
        accept: media::accept(permit.answer()),
    };
    header_rules()
        .and_then(|rules| rules.request(&call.headers, facts).map(|_| ()))
        .map_err(|reason| on_route(Step::Header, reason))?;
    Ok(Admitted {
        permit: Box::new(permit),
        head: matched.head,
        route,
    })
}

/// The permit with the body where the route takes one.
fn with_body(stage: &Stage, permit: Permit, call: &Call) -> Result<Permit, Reason> {
    let body = call.body.as_ref().filter(|body| !body.is_empty());
    if !permit.awaits_body() {
        return match body {
            None => Ok(permit),
            Some(_) => Err(Reason::UnexpectedBody),
        };
    }
    media::check_request(&call.headers)?;
    let bytes = body.cloned().unwrap_or_default();
    if bytes.len() > stage.limits.request_body {
        return Err(Reason::TooLarge);
    }
    let sent = decide::Sent::default();
    decide::with_body(permit, bytes, sent, request_limits(&stage.limits)).map_err(|it| it.reason)
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
    let form = admitted.permit.answer();
    let decoder = match response::judge(reply.status, &reply.headers, ratio, form) {
        Err(reason) => return refused(reason.into()),
        Ok(Passage::Replaced { status, reason }) => {
            return refused(Refusal::upstream(status, reason));
        }
        Ok(Passage::Empty) if admitted.permit.may_hide() => {
            return refused(Reason::NoSuchRecord.into());
        }
        Ok(Passage::Empty) => None,
        Ok(Passage::Governed(decoder)) => Some(decoder),
    };
    let headers = match head(&reply, form, request_id) {
        Ok(headers) => headers,
        Err(reason) => return refused(reason.into()),
    };
    let status = reply.status;
    let fault = match decoder {
        None => None,
        Some(decoder) => Body::new(stage, admitted, decoder).run(reply, out)?,
    };
    Ok(match fault {
        None => Outcome {
            status,
            reason: None,
            headers,
            end: End::Complete,
        },
        // The answer to HEAD has ended with its head.
        Some(Fault::Committed(_)) if admitted.head => Outcome {
            status,
            reason: None,
            headers,
            end: End::Complete,
        },
        Some(Fault::Committed(reason)) => Outcome {
            status,
            reason: Some(reason),
            headers,
            end: End::Aborted,
        },
        Some(Fault::Held(reason)) => Outcome::refused(&reason.into(), request_id),
    })
}

/// The media type of an upstream's answer that is written as the permit's route declares.
pub fn media_type(permit: &Permit) -> HeaderValue {
    media::usual(permit.answer())
}

/// The texts of the documents in a body that is written so; `None` where it is not.
pub fn documents(stage: &Stage, permit: &Permit, body: &[u8]) -> Option<Vec<String>> {
    transform::documents(permit.answer(), body, &body_limits(&stage.limits)).ok()
}

/// The header that leaves.
fn head<R>(reply: &Reply<R>, form: &AnswerForm, request_id: &str) -> Result<HeaderMap, Reason> {
    let rules = header_rules()?;
    let mut headers = rules.response(reply.status, &reply.headers, None, request_id)?;
    headers.extend(media::leaves_as(form).map(|media| (CONTENT_TYPE, media)));
    Ok(headers)
}

/// Those of an upstream for which settings neither set a header nor let one more through.
fn header_rules() -> Result<HeaderRules, Reason> {
    let url = Uri::from_static("http://upstream.invalid");
    HeaderRules::new(&config::Headers::default(), &url, "rehearsal").map_err(|_| Reason::Internal)
}

/// Why a body did not come to its end.
enum Fault {
    /// Nothing had left.
    Held(Reason),
    /// The head had left.
    Committed(Reason),
}

/// A body on its way through decoder, engine and commit rule.
struct Body {
    decoder: Decoder,
    governor: Governor,
    commit: Commit,
    head: bool,
}

impl Body {
    fn new(stage: &Stage, admitted: &Admitted, decoder: Decoder) -> Self {
        let permit = &admitted.permit;
        let person = permit.checked_person().map(str::to_owned);
        Body {
            decoder,
            governor: Governor::new(
                permit.answer(),
                permit.plan().clone(),
                body_limits(&stage.limits),
                person,
                permit.judge().cloned(),
            ),
            commit: Commit::default(),
            head: admitted.head,
        }
    }

    fn run<R: Read>(
        mut self,
        mut reply: Reply<R>,
        out: &mut impl Write,
    ) -> io::Result<Option<Fault>> {
        let mut chunk = vec![0; reply.chunk.max(1)];
        let mut end = Ok(());
        while end.is_ok() {
            let length = fill(&mut reply.body, &mut chunk)?;
            if length == 0 {
                break;
            }
            end = self.feed(chunk.get(..length).unwrap_or_default());
            while let Some(frame) = self.commit.frame() {
                self.send(&frame, out)?;
            }
        }
        if let Err(reason) = end.and_then(|()| self.finish()) {
            return Ok(Some(match self.commit.is_committed() {
                true => Fault::Committed(reason),
                false => Fault::Held(reason),
            }));
        }
        let rest = self.commit.rest();
        self.send(&rest, out)?;
        Ok(None)
    }

    /// What precedes a fault is pushed too, so that the result does not depend on the chunks.
    fn feed(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        let Body {
            decoder,
            governor,
            commit,
            ..
        } = self;
        decoder.feed(chunk, &mut |piece| {
            let fed = governor.feed(piece);
            governor.hand_on(|output| commit.push(output));
            // Persons are recorded by the live proxy; here nobody reads them.
            governor.forget_records(u64::MAX);
            fed
        })
    }

    fn finish(&mut self) -> Result<(), Reason> {
        self.decoder.finish()?;
        self.governor.finish()?;
        self.governor.hand_on(|output| self.commit.push(output));
        Ok(())
    }

    fn send(&self, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
        match self.head {
            true => Ok(()),
            false => out.write_all(bytes),
        }
    }
}

/// Reads until the buffer is full or the input has ended.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

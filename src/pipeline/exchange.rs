//! The whole story of one exchange. It calls the stages in order; no stage calls another.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{
    CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH,
    LOCATION, TRANSFER_ENCODING,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use ulid::Ulid;

use super::admission::{Admitted, Asked};
use super::blocks;
use super::body::Body;
use super::budget::Share;
use super::gate::{self, Answer};
use super::lease::Lease;
use super::observe::Observed;
use super::precondition::{self, View};
use super::reject::{self, Refusal};
use super::request_body::Unread;
use super::stream::{Beginning, Holds, Stream};
use super::{
    Generation, Proxy, body_limits, cors, decoder_limits, request_body, request_limits, stored,
    validator,
};
use crate::block::{Cut, Party};
use crate::decide::{self, Permit, Sent, Unwritable};
use crate::model::Reason;
use crate::route::canonical;
use crate::server::{Connection, check_framing};
use crate::transform::{Governor, media};
use crate::upstream::headers::Facts;
use crate::upstream::{Place, Upstream, UpstreamBody};

/// Answers one request.
pub async fn serve(
    proxy: Arc<Proxy>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Response<Body> {
    let id = Ulid::generate();
    let head = request.method() == Method::HEAD;
    let peer = connection.peer.ip();
    let Ok(observed) = Observed::begin(&proxy, id, peer, request.headers()) else {
        return reject::answer(&Reason::AuditUnavailable.into(), id, head);
    };
    let mut observed = Box::new(observed);
    let Some(cors) = &proxy.cors else {
        return exchange(&proxy, &connection, request, id, observed).await;
    };
    let page = cors.page(request.headers()).cloned();
    let is_preflight = page.is_some() && cors::is_preflight(request.method(), request.headers());
    let mut response = match is_preflight {
        true => {
            cors.preflight(&proxy, &connection, request, id, &mut observed)
                .await
        }
        false => exchange(&proxy, &connection, request, id, observed).await,
    };
    cors.dress(page.as_ref(), response.headers_mut());
    response
}

/// Answers a request that is not a preflight.
async fn exchange(
    proxy: &Arc<Proxy>,
    connection: &Arc<Connection>,
    request: Request<Incoming>,
    id: Ulid,
    mut observed: Box<Observed>,
) -> Response<Body> {
    let head = request.method() == Method::HEAD;
    let permitted = permit(proxy, connection, request, id, &mut observed).await;
    let (permitted, headers) = match permitted {
        Ok(permitted) => permitted,
        Err(refusal) => return refuse(refusal, id, head, &mut observed).await,
    };
    let mut cut = proxy.blocks.cut(permitted.party.clone());
    let asking = ask(proxy, connection.worker, permitted, headers, &mut observed);
    let answered = tokio::select! {
        biased;
        () = cut.due() => Err(Reason::Blocked.into()),
        answered = asking => answered,
    };
    match answered {
        Ok(answered) => respond(proxy, answered, id, head, cut, observed).await,
        Err(refusal) => replace(&refusal, id, head, &mut observed),
    }
}

/// What a permitted request needs to go on.
struct Permitted {
    generation: Arc<Generation>,
    permit: Permit,
    method: Method,
    upstream: Arc<Upstream>,
    host: Option<String>,
    /// What the caller has already (`If-None-Match`), or changes (`If-Match`).
    conditions: HeaderMap,
    /// What they read of the record they change, where they name what they were shown of it.
    view: Option<View>,
    /// Taken when the upstream is asked.
    place: Option<Place>,
    /// The request's body counts for as long as it is there.
    held: Share,
    party: Party,
    /// Where the answer may never end.
    lease: Option<Box<Lease>>,
}

/// Stages 1 to 3, and the record before the upstream is contacted.
async fn permit(
    proxy: &Arc<Proxy>,
    connection: &Arc<Connection>,
    request: Request<Incoming>,
    id: Ulid,
    observed: &mut Observed,
) -> Result<(Permitted, HeaderMap), Refusal> {
    let generation = proxy.generation.load_full();
    observed.rules(&generation.policy);
    let (parts, body) = request.into_parts();

    let sni = connection.sni.as_deref();
    let host = check_framing(&parts, proxy.limits.header, sni)?;
    let host = host.map(|host| host.host().to_owned());
    // `CONNECT`'s form of a target has no path; whoever means `/` writes it.
    let target = parts.uri.path_and_query().ok_or(Reason::NotCanonical)?;
    let target = target.as_str();
    canonical::check(target)?;

    let asked = Asked {
        proxy,
        connection,
        generation: &generation,
        parts: &parts,
        target,
        host: host.as_deref(),
    };
    let admitted = asked.admit(observed)?;
    let mut held = Share::of(&proxy.budget);
    let body = body_of(proxy, &admitted.permit, &parts.headers, body, &mut held).await?;
    // A body may be long in coming: whoever began to send it may no longer do so.
    let admitted = match asked.is_still(&admitted) {
        true => admitted,
        false => asked.admit(observed)?,
    };
    let Admitted {
        permit,
        upstream,
        mut party,
        ..
    } = admitted;
    let (permit, media, held) = match body {
        None => (permit, None, held),
        Some((bytes, sent, media)) => {
            let limits = request_limits(&proxy.limits);
            let length = bytes.len();
            // What is held is held to the end of it, whoever hangs up meanwhile.
            let judge = move || Ok((decide::with_body(permit, bytes, sent, limits)?, held));
            let (permit, held) = request_body::judged::<_, Unwritable>(length, judge).await?;
            (permit, Some(media), held)
        }
    };
    party.roles = Arc::clone(permit.roles());
    party.contract = permit.contract().map(|names| Arc::clone(&names.name));
    let (permit, reach) = blocks::withhold(proxy, permit)?;
    party.reach = reach;
    if proxy.blocks.stops(&party) {
        return Err(Reason::Blocked.into());
    }

    if permit.is_withheld() && !parts.method.is_safe() {
        return Err(Reason::NoSuchRecord.into());
    }

    let view = match precondition::names_shown(&permit, &parts.headers)? {
        true => Some(asked.view(&party, &permit)?),
        false => None,
    };
    let permit = match &view {
        Some(_) => permit.reading_stored(),
        None => permit,
    };

    let facts = Facts {
        request_id: &id.to_string(),
        caller_id: observed.caller_id(),
        version: parts.version,
        accept: &gate::accept(&permit),
    };
    let mut headers = upstream.headers().request(&parts.headers, facts)?;
    if let Some(media) = media {
        // What was judged as one thing must not arrive as another, or as nothing in particular.
        headers.insert(CONTENT_TYPE, media);
    }
    if view.is_some() {
        // No upstream knows validators of ours.
        headers.remove(IF_MATCH);
    }
    let place = upstream.place(&party.caller);
    let place = place.inspect_err(|_| proxy.metrics.share_refused(upstream.name()))?;
    // The last thing before the upstream is asked: what is refused has no intent.
    observed
        .intend(&generation.policy, &permit)
        .await
        .map_err(|_| Refusal::from(Reason::AuditUnavailable))?;
    let lease = permit.answer().format.is_several().then(|| {
        let asked = (parts.method.clone(), parts.headers.clone());
        Box::new(Lease::new((proxy, connection), asked, &permit))
    });
    let permitted = Permitted {
        generation: Arc::clone(&generation),
        permit,
        method: parts.method,
        upstream,
        host,
        conditions: precondition::lines(&parts.headers),
        view,
        place: Some(place),
        held,
        party,
        lease,
    };
    Ok((permitted, headers))
}

/// The body where the route takes one, held whole, and how it is written.
async fn body_of(
    proxy: &Proxy,
    permit: &Permit,
    headers: &HeaderMap,
    body: Incoming,
    held: &mut Share,
) -> Result<Option<(Bytes, Sent, HeaderValue)>, Reason> {
    let limits = &proxy.limits;
    let counted = |unread: Unread| unread.counted(&proxy.metrics);
    if !permit.awaits_body() {
        let none = request_body::none(body, limits.body_idle).await;
        return none.map(|()| None).map_err(counted);
    }
    let (sent, media) = gate::body_form(permit, headers)?;
    let whole = request_body::whole(body, limits.request_body, limits.body_idle, held).await;
    Ok(Some((whole.map_err(counted)?, sent, media)))
}

/// An upstream's answer that may pass.
struct Answered {
    permitted: Permitted,
    status: StatusCode,
    headers: HeaderMap,
    passes: Answer,
    body: UpstreamBody,
}

/// Stage 4, before it the stored record where a write is judged by that, and the gate the answer must pass.
async fn ask(
    proxy: &Proxy,
    worker: usize,
    mut permitted: Permitted,
    mut headers: HeaderMap,
    observed: &mut Observed,
) -> Result<Answered, Refusal> {
    if permitted.permit.stored().is_some() {
        let asked = Instant::now();
        let mut room = Share::of(&proxy.budget);
        let Permitted {
            generation,
            permit,
            upstream,
            held,
            conditions,
            view,
            ..
        } = &mut permitted;
        let to = (&**upstream, worker);
        let rules = &generation.policy.rules;
        let what = (
            &*permit,
            view.as_ref().map(|view| (view, &proxy.validators)),
        );
        let stored = stored::read(to, what, rules, &headers, &proxy.limits, &mut room).await?;
        proxy
            .metrics
            .upstream_took(upstream.name(), asked.elapsed());
        let (record, validator) = (stored.record(), stored.validator());
        if permit.judge().is_some_and(|judge| judge.withholds(record)) {
            return Err(Reason::NoSuchRecord.into());
        }
        let before = permit.clone();
        let length = before.awaited().map_or(0, |(body, _)| body.len());
        let (record, validator) = (record.map(str::to_owned), validator.cloned());
        let share = mem::replace(held, Share::of(&proxy.budget));
        let judge = move || {
            let judged = decide::with_stored(before, record.as_deref(), validator.as_ref());
            Ok((judged?, share))
        };
        (*permit, *held) = request_body::judged::<_, Unwritable>(length, judge).await?;
        // Only now: whether it is what they think it is tells that it is there.
        stored.meets(conditions)?;
        held.set(permit.body().map_or(0, |body| body.len()))?;
        if let Some(validator) = permit.if_match() {
            headers.insert(IF_MATCH, validator.clone());
        }
    }
    observed.sending();
    let asked = Instant::now();
    // HEAD is answered with what GET would have brought.
    let method = match &permitted.method {
        &Method::HEAD => Method::GET,
        method => method.clone(),
    };
    let place = permitted.place.take().ok_or(Reason::Internal)?;
    let answer = permitted
        .upstream
        .send((worker, place), &permitted.permit, method, headers)
        .await?;
    proxy
        .metrics
        .upstream_took(permitted.upstream.name(), asked.elapsed());
    let (head, body) = answer.into_parts();
    let ratio = decoder_limits(&proxy.limits);
    let passes = gate::answer(&permitted.permit, head.status, &head.headers, ratio)?;
    if let Answer::Error(_, _, reason) = passes
        && !is_framed(&head.headers)
    {
        // Where nothing says how long it is, nobody knows whether it is whole.
        return Err(Refusal::upstream(head.status, reason));
    }
    Ok(Answered {
        permitted,
        status: head.status,
        headers: head.headers,
        passes,
        body,
    })
}

fn is_framed(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// Stage 5: the caller's answer.
async fn respond(
    proxy: &Proxy,
    answered: Answered,
    id: Ulid,
    head: bool,
    cut: Cut,
    mut observed: Box<Observed>,
) -> Response<Body> {
    let Answered {
        mut permitted,
        status,
        headers: upstreams,
        passes,
        body,
    } = answered;
    let ends = (cut, permitted.lease.take());
    let Permitted {
        permit,
        upstream,
        host,
        ..
    } = &permitted;
    let passed = match passes {
        Answer::Nothing => upstream.headers().status_alone(&upstreams, &id.to_string()),
        _ => {
            let host = host.as_deref();
            let rules = upstream.headers();
            rules.response(status, &upstreams, host, &id.to_string())
        }
    };
    let mut headers = match passed {
        Ok(headers) => headers,
        Err(reason) => return replace(&reason.into(), id, head, &mut observed),
    };
    if !gate::shows_place(&permitted.generation, permit, &headers) {
        headers.remove(LOCATION);
    }
    observed.status(status);
    let limits = body_limits(&proxy.limits);
    let (governor, body, holds, error) = match passes {
        Answer::Head | Answer::Nothing => {
            observed.complete();
            return response(status, headers, Body::empty());
        }
        Answer::Records(decoder) => {
            media::rename(&mut headers, permit.answer());
            let governor = gate::governor(permit, limits);
            (governor, (decoder, body), Holds::Records, None)
        }
        Answer::File(decoder, file) => {
            file.name(&mut headers);
            observed.file(&file.pass);
            (Governor::of_file(), (decoder, body), Holds::File, None)
        }
        Answer::Error(plan, decoder, reason) => {
            media::rename(&mut headers, &permit.answer().of_errors());
            let governor = gate::governor_of_error(permit, plan, limits);
            (governor, (decoder, body), Holds::Error, Some(reason))
        }
    };
    let holds = if head { Holds::NothingWanted } else { holds };
    let share = Share::of(&proxy.budget);
    let asked = (&permitted.method, status);
    let validator = |body: &Bytes| proxy.validators.of(permit, asked, body);
    let stream = Stream::new(governor, body, share, holds, ends, observed);
    let body = match stream.begin().await {
        Err((fault, mut observed)) => {
            let headers = upstream.headers().status_alone(&upstreams, &id.to_string());
            if let (true, None, Ok(headers)) = (gate::is_done_unseen(permit, fault), error, headers)
            {
                observed.complete_unseen();
                return response(status, headers, Body::empty());
            }
            let refusal = match (fault, error) {
                (Reason::Blocked | Reason::AuditUnavailable, _) | (_, None) => fault.into(),
                (_, Some(reason)) => Refusal::upstream(status, reason),
            };
            return replace(&refusal, id, head, &mut observed);
        }
        Ok(Beginning::Head(whole, mut observed)) => {
            let tag = whole.and_then(|whole| validator(&whole));
            let known = add_validator(&mut headers, tag, &permitted.conditions);
            if known {
                return not_modified(headers, &mut observed);
            }
            observed.complete();
            Body::empty()
        }
        Ok(Beginning::Whole(bytes, mut observed)) => {
            let known = add_validator(&mut headers, validator(&bytes), &permitted.conditions);
            if known {
                return not_modified(headers, &mut observed);
            }
            headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            Body::whole(bytes, observed)
        }
        Ok(Beginning::Committed(stream)) => Body::stream(stream),
    };
    response(status, headers, body)
}

/// Names what was shown; whether the caller has it already.
fn add_validator(headers: &mut HeaderMap, tag: Option<HeaderValue>, known: &HeaderMap) -> bool {
    let Some(tag) = tag else {
        return false;
    };
    let is_known = validator::names(known, &IF_NONE_MATCH, &tag, true);
    headers.insert(ETAG, tag);
    is_known
}

/// What the caller has is what they would get. It counts as shown: they know now that it is still so.
fn not_modified(mut headers: HeaderMap, observed: &mut Observed) -> Response<Body> {
    headers.remove(CONTENT_TYPE);
    headers.remove(CONTENT_LANGUAGE);
    observed.status(StatusCode::NOT_MODIFIED);
    observed.complete();
    response(StatusCode::NOT_MODIFIED, headers, Body::empty())
}

fn response(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Refuses before the upstream was contacted; nothing is sent that the log does not hold.
pub(super) async fn refuse(
    refusal: Refusal,
    id: Ulid,
    head: bool,
    observed: &mut Observed,
) -> Response<Body> {
    let response = reject::answer(&refusal, id, head);
    let bytes = response.body().size_hint().exact().unwrap_or(0);
    match observed.refuse(&refusal, bytes).await {
        Ok(()) => response,
        Err(_) => reject::answer(&Reason::AuditUnavailable.into(), id, head),
    }
}

/// Puts an answer of ours in the place of the upstream's.
fn replace(refusal: &Refusal, id: Ulid, head: bool, observed: &mut Observed) -> Response<Body> {
    let response = reject::answer(refusal, id, head);
    let bytes = response.body().size_hint().exact().unwrap_or(0);
    observed.replaced(refusal, bytes);
    response
}

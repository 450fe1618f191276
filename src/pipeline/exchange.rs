//! The whole story of one exchange. It calls the stages in order; no stage calls another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use ulid::Ulid;

use super::body::Body;
use super::budget::Share;
use super::observe::Observed;
use super::reject::{self, Refusal};
use super::stream::{Beginning, Stream};
use super::{Generation, Proxy, body_limits, decoder_limits, request_limits};
use crate::block::{Cut, Party};
use crate::decide::{self, Context, Decision, Permit};
use crate::model::{Caller, Reason};
use crate::policy::contract::ContractNames;
use crate::policy::{Resource, Role};
use crate::route::{Match, canonical};
use crate::server::{Connection, check_framing};
use crate::transform::encoding::Decoder;
use crate::transform::media;
use crate::transform::response::{Passage, judge};
use crate::upstream::headers::Facts;
use crate::upstream::{Upstream, UpstreamBody};

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
    let permitted = permit(&proxy, &connection, request, id, &mut observed).await;
    let (method, permitted, headers) = match permitted {
        Ok(permitted) => permitted,
        Err(refusal) => return refuse(refusal, id, head, &mut observed).await,
    };
    let mut cut = proxy.blocks.cut(permitted.party.clone());
    let answered = tokio::select! {
        biased;
        () = cut.due() => Err(Reason::Blocked.into()),
        answered = ask(&proxy, connection.worker, &permitted, method, headers) => answered,
    };
    match answered {
        Ok(answered) => {
            let exchange = (&*proxy, &permitted);
            respond(exchange, answered, id, head, cut, observed).await
        }
        Err(refusal) => replace(&refusal, id, head, &mut observed),
    }
}

/// What a permitted request needs to go on.
struct Permitted {
    permit: Permit,
    upstream: Arc<Upstream>,
    host: Option<String>,
    /// The request's body counts for as long as it is there.
    _held: Share,
    party: Party,
}

/// Stages 1 to 3, and the record before the upstream is contacted.
async fn permit(
    proxy: &Proxy,
    connection: &Connection,
    request: Request<Incoming>,
    id: Ulid,
    observed: &mut Observed,
) -> Result<(Method, Permitted, HeaderMap), Refusal> {
    let generation = proxy.generation.load_full();
    observed.rules(&generation.policy);
    let now = jiff::Timestamp::now().as_second();
    let (parts, body) = request.into_parts();

    let sni = connection.sni.as_deref();
    let host = check_framing(&parts, proxy.limits.header, sni)?;
    let host = host.map(|host| host.host().to_owned());
    // `CONNECT`'s form of a target has no path; whoever means `/` writes it.
    let target = parts.uri.path_and_query().ok_or(Reason::NotCanonical)?;
    let target = target.as_str();
    canonical::check(target)?;

    let caller = authenticate(proxy, connection, &generation, &parts.headers, now)?;
    let person = decide::claimed_person(&generation.policy, &caller);
    observed.caller(&caller, person.as_deref());
    let mut party = Party {
        person: person.map(|_| observed.caller_id().to_owned()),
        caller,
        roles: Arc::default(),
        contract: None,
    };
    if proxy.blocks.stops(&party) {
        return Err(Reason::Blocked.into());
    }

    let matched = generation
        .router
        .resolve(&parts.method, target)
        .map_err(|none| Refusal {
            allow: none.allow,
            ..Refusal::from(none.reason)
        })?;
    let resource = resource(&generation, &matched)?;
    let upstream = upstream(proxy, &generation, resource, &matched, observed)?;
    if !upstream.serves(host.as_deref()) {
        return Err(Reason::WrongHost.into());
    }

    let peer = connection.peer.ip();
    let context = Context {
        now,
        peer,
        headers: &parts.headers,
        front: proxy.front.as_ref().is_some_and(|front| front.holds(peer)),
    };
    let permit = decide(&generation, &party.caller, &matched, context, observed)?;
    let mut held = Share::of(&proxy.budget);
    let permit = with_body(proxy, permit, &parts.headers, body, &mut held).await?;
    party.roles = Arc::clone(permit.roles());
    party.contract = permit.contract().map(|names| Arc::clone(&names.name));
    if proxy.blocks.stops(&party) {
        return Err(Reason::Blocked.into());
    }

    let facts = Facts {
        request_id: &id.to_string(),
        caller_id: observed.caller_id(),
        version: parts.version,
    };
    let headers = upstream.headers().request(&parts.headers, facts)?;
    // The last thing before the upstream is asked: what is refused has no intent.
    observed
        .intend(&generation.policy, &permit)
        .await
        .map_err(|_| Refusal::from(Reason::AuditUnavailable))?;
    let permitted = Permitted {
        permit,
        upstream,
        host,
        _held: held,
        party,
    };
    Ok((parts.method, permitted, headers))
}

fn authenticate(
    proxy: &Proxy,
    connection: &Connection,
    generation: &Generation,
    headers: &HeaderMap,
    now: i64,
) -> Result<Caller, Reason> {
    let certificate = connection.certificate.as_deref();
    let peer = connection.peer.ip();
    let caller = proxy
        .identity
        .load()
        .authenticate(headers, certificate, peer, now)?;
    if decide::counts(&generation.policy, &caller) {
        Ok(caller)
    } else {
        Err(Reason::NoCredential)
    }
}

fn resource<'a>(generation: &'a Generation, matched: &Match) -> Result<&'a Resource, Reason> {
    generation
        .policy
        .rules
        .resources
        .get(matched.resource.0)
        .ok_or(Reason::Internal)
}

fn upstream(
    proxy: &Proxy,
    generation: &Generation,
    resource: &Resource,
    matched: &Match,
    observed: &mut Observed,
) -> Result<Arc<Upstream>, Reason> {
    let upstreams = proxy.upstreams.load();
    let upstream = upstreams
        .of(resource.upstream.as_deref())
        .ok_or(Reason::Internal)?;
    observed.route(&generation.policy, matched, upstream.name());
    Ok(Arc::clone(upstream))
}

fn decide(
    generation: &Generation,
    caller: &Caller,
    matched: &Match,
    context: Context<'_>,
    observed: &mut Observed,
) -> Result<Permit, Reason> {
    match decide::decide(&generation.policy, caller, matched, context) {
        Decision::Allow(permit) => {
            if !permit.plan().person_check() {
                observed.caller(caller, None);
            }
            observed.roles(Arc::clone(permit.roles()));
            if let Some(ContractNames { name, purpose }) = permit.contract() {
                observed.contract(name, Some(purpose));
            }
            Ok(*permit)
        }
        Decision::Deny(denial) => {
            let all = &generation.policy.rules.roles;
            let roles = || denial.roles.iter().filter_map(|role| all.get(role.0));
            if !denial.roles.is_empty() && !roles().any(Role::same_as_person) {
                observed.caller(caller, None);
            }
            observed.roles(roles().map(|role| role.name.clone()).collect());
            let contract = denial.contract;
            if let Some(names) = contract.and_then(|id| generation.policy.contracts.names(id)) {
                let purpose = Some(&names.purpose).filter(|_| denial.declared);
                observed.contract(&names.name, purpose);
            }
            Err(denial.reason)
        }
    }
}

/// The permit with all that goes upstream: the body where the route takes one, which is held and judged whole.
async fn with_body(
    proxy: &Proxy,
    permit: Permit,
    headers: &HeaderMap,
    body: Incoming,
    held: &mut Share,
) -> Result<Permit, Reason> {
    let limits = &proxy.limits;
    if !permit.awaits_body() {
        no_body(body, limits.body_idle).await?;
        return Ok(permit);
    }
    media::check_request(headers)?;
    let bytes = whole_body(body, limits.request_body, limits.body_idle, held).await?;
    decide::with_body(permit, bytes, request_limits(limits))
}

/// All of a body, which is never more than the limit.
async fn whole_body(
    mut body: Incoming,
    limit: usize,
    patience: Duration,
    held: &mut Share,
) -> Result<Bytes, Reason> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(Reason::TooLarge);
    }
    let mut whole = BytesMut::new();
    loop {
        let frame = tokio::time::timeout(patience, body.frame()).await;
        match frame.map_err(|_| Reason::MalformedRequest)? {
            None => return Ok(whole.freeze()),
            Some(Err(_)) => return Err(Reason::MalformedRequest),
            // Trailers are nobody's.
            Some(Ok(frame)) => {
                let piece = frame.into_data().unwrap_or_default();
                if piece.len() > limit.saturating_sub(whole.len()) {
                    return Err(Reason::TooLarge);
                }
                held.set(whole.len() + piece.len())?;
                whole.extend_from_slice(&piece);
            }
        }
    }
}

async fn no_body(mut body: Incoming, patience: Duration) -> Result<(), Reason> {
    if body.size_hint().lower() > 0 {
        // To read it is to ask for it, where the client waits for `100 Continue`.
        return Err(Reason::UnexpectedBody);
    }
    while !body.is_end_stream() {
        let frame = tokio::time::timeout(patience, body.frame()).await;
        match frame.map_err(|_| Reason::MalformedRequest)? {
            None => break,
            Some(Ok(frame)) if frame.data_ref().is_none_or(bytes::Bytes::is_empty) => {}
            Some(Ok(_)) => return Err(Reason::UnexpectedBody),
            Some(Err(_)) => return Err(Reason::MalformedRequest),
        }
    }
    Ok(())
}

/// An upstream's answer that may pass.
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    /// `None` where there is no body to pass.
    body: Option<(Decoder, UpstreamBody)>,
}

/// Stage 5, and the gate its answer must pass.
async fn ask(
    proxy: &Proxy,
    worker: usize,
    permitted: &Permitted,
    method: Method,
    headers: HeaderMap,
) -> Result<Answered, Refusal> {
    let asked = Instant::now();
    // HEAD is answered with what GET would have brought.
    let method = if method == Method::HEAD {
        Method::GET
    } else {
        method
    };
    let answer = permitted
        .upstream
        .send(worker, &permitted.permit, method, headers)
        .await?;
    proxy
        .metrics
        .upstream_took(permitted.upstream.name(), asked.elapsed());
    let (head, body) = answer.into_parts();
    let ratio = decoder_limits(&proxy.limits);
    let body = match judge(head.status, &head.headers, ratio)? {
        // What is not there must look like what is hidden.
        Passage::Empty if permitted.permit.may_hide() => return Err(Reason::NoSuchRecord.into()),
        Passage::Empty => None,
        Passage::Replaced { status, reason } => return Err(Refusal::upstream(status, reason)),
        Passage::Governed(decoder) => Some((decoder, body)),
    };
    Ok(Answered {
        status: head.status,
        headers: head.headers,
        body,
    })
}

/// Stage 6: the caller's answer.
async fn respond(
    (proxy, permitted): (&Proxy, &Permitted),
    answered: Answered,
    id: Ulid,
    head: bool,
    cut: Cut,
    mut observed: Box<Observed>,
) -> Response<Body> {
    let Permitted {
        permit,
        upstream,
        host,
        ..
    } = permitted;
    let host = host.as_deref();
    let passed =
        upstream
            .headers()
            .response(answered.status, &answered.headers, host, &id.to_string());
    let mut headers = match passed {
        Ok(headers) => headers,
        Err(reason) => return replace(&reason.into(), id, head, &mut observed),
    };
    observed.status(answered.status);
    let body = match answered.body {
        None => {
            observed.complete();
            Body::empty()
        }
        Some(body) => {
            let stream = Stream::new(
                permit,
                body_limits(&proxy.limits),
                body,
                Share::of(&proxy.budget),
                head,
                cut,
                observed,
            );
            match stream.begin().await {
                Err((reason, mut observed)) => {
                    return replace(&reason.into(), id, head, &mut observed);
                }
                Ok(Beginning::Head(mut observed)) => {
                    observed.complete();
                    Body::empty()
                }
                Ok(Beginning::Whole(bytes, observed)) => {
                    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
                    Body::whole(bytes, observed)
                }
                Ok(Beginning::Committed(stream)) => Body::stream(stream),
            }
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = answered.status;
    *response.headers_mut() = headers;
    response
}

/// Refuses before the upstream was contacted; nothing is sent that the log does not hold.
async fn refuse(refusal: Refusal, id: Ulid, head: bool, observed: &mut Observed) -> Response<Body> {
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

//! The whole story of one exchange. It calls the stages in order; no stage calls another.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use ulid::Ulid;

use super::blocks;
use super::body::Body;
use super::budget::Share;
use super::lease::Lease;
use super::observe::Observed;
use super::reject::{self, Refusal};
use super::stream::{Beginning, Stream};
use super::{Generation, Proxy, body_limits, cors, decoder_limits, request_body, request_limits};
use crate::block::{Cut, Party};
use crate::decide::{self, Context, Decision, Permit};
use crate::identity::Identity;
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
    let (method, mut permitted, headers) = match permitted {
        Ok(permitted) => permitted,
        Err(refusal) => return refuse(refusal, id, head, &mut observed).await,
    };
    let mut cut = proxy.blocks.cut(permitted.party.clone());
    let answered = tokio::select! {
        biased;
        () = cut.due() => Err(Reason::Blocked.into()),
        answered = ask(proxy, connection.worker, &permitted, method, headers) => answered,
    };
    match answered {
        Ok(answered) => {
            let ends = (cut, permitted.lease.take());
            let exchange = (&**proxy, &permitted);
            respond(exchange, answered, id, head, ends, observed).await
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
    /// Where the answer may never end.
    lease: Option<Box<Lease>>,
}

/// A request that can be read in one way only, to be judged under one generation of the rules.
struct Asked<'a> {
    proxy: &'a Proxy,
    connection: &'a Connection,
    generation: &'a Generation,
    parts: &'a Parts,
    target: &'a str,
    host: Option<&'a str>,
}

/// What was decided of it, on what ground.
struct Admitted {
    permit: Permit,
    upstream: Arc<Upstream>,
    party: Party,
    identity: Arc<Identity>,
    now: i64,
}

/// Stages 1 to 3, and the record before the upstream is contacted.
async fn permit(
    proxy: &Arc<Proxy>,
    connection: &Arc<Connection>,
    request: Request<Incoming>,
    id: Ulid,
    observed: &mut Observed,
) -> Result<(Method, Permitted, HeaderMap), Refusal> {
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
    let permit = match body {
        None => permit,
        Some(bytes) => {
            let sent = decide::Sent::default();
            let limits = request_limits(&proxy.limits);
            decide::with_body(permit, bytes, sent, limits).map_err(|it| it.reason)?
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

    let facts = Facts {
        request_id: &id.to_string(),
        caller_id: observed.caller_id(),
        version: parts.version,
        accept: media::accept(permit.answer()),
    };
    let headers = upstream.headers().request(&parts.headers, facts)?;
    // The last thing before the upstream is asked: what is refused has no intent.
    observed
        .intend(&generation.policy, &permit)
        .await
        .map_err(|_| Refusal::from(Reason::AuditUnavailable))?;
    let lease = permit.answer().format.is_several().then(|| {
        let asked = (parts.method.clone(), parts.headers);
        Box::new(Lease::new((proxy, connection), asked, &permit))
    });
    let permitted = Permitted {
        permit,
        upstream,
        host,
        _held: held,
        party,
        lease,
    };
    Ok((parts.method, permitted, headers))
}

impl Asked<'_> {
    /// Whether nothing that was decided can have changed since.
    fn is_still(&self, admitted: &Admitted) -> bool {
        let identity = self.proxy.identity.load();
        Arc::ptr_eq(&identity, &admitted.identity)
            && jiff::Timestamp::now().as_second() == admitted.now
    }

    /// Stages 1 to 3 but for the body, as things stand now.
    fn admit(&self, observed: &mut Observed) -> Result<Admitted, Refusal> {
        let Asked {
            proxy,
            connection,
            generation,
            parts,
            target,
            host,
        } = *self;
        let now = jiff::Timestamp::now().as_second();
        let identity = proxy.identity.load_full();
        let caller = authenticate(&identity, connection, generation, &parts.headers, now)?;
        let person = decide::claimed_person(&generation.policy, &caller);
        observed.caller(&caller, person.as_deref());
        let party = Party {
            person: person.map(|_| observed.caller_id().to_owned()),
            caller,
            roles: Arc::default(),
            contract: None,
            reach: None,
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
        let resource = resource(generation, &matched)?;
        let upstream = upstream(proxy, generation, resource, &matched, observed)?;
        if !upstream.serves(host) {
            return Err(Reason::WrongHost.into());
        }

        let peer = connection.peer.ip();
        let context = Context {
            now,
            peer,
            headers: &parts.headers,
            front: proxy.front.as_ref().is_some_and(|front| front.holds(peer)),
        };
        let permit = decide(generation, &party.caller, &matched, context, observed)?;
        Ok(Admitted {
            permit,
            upstream,
            party,
            identity,
            now,
        })
    }
}

fn authenticate(
    identity: &Identity,
    connection: &Connection,
    generation: &Generation,
    headers: &HeaderMap,
    now: i64,
) -> Result<Caller, Reason> {
    let certificate = connection.certificate.as_deref();
    let peer = connection.peer.ip();
    let caller = identity.authenticate(headers, certificate, peer, now)?;
    if decide::counts(&generation.policy, &caller) {
        Ok(caller)
    } else {
        Err(Reason::NoCredential)
    }
}

fn resource<'a>(generation: &'a Generation, matched: &Match) -> Result<&'a Resource, Reason> {
    let all = &generation.policy.rules.resources;
    all.get(matched.resource.0).ok_or(Reason::Internal)
}

fn upstream(
    proxy: &Proxy,
    generation: &Generation,
    resource: &Resource,
    matched: &Match,
    observed: &mut Observed,
) -> Result<Arc<Upstream>, Reason> {
    let upstreams = proxy.upstreams.load();
    let upstream = upstreams.of(resource.upstream.as_deref());
    let upstream = upstream.ok_or(Reason::Internal)?;
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

/// The body where the route takes one, held whole.
async fn body_of(
    proxy: &Proxy,
    permit: &Permit,
    headers: &HeaderMap,
    body: Incoming,
    held: &mut Share,
) -> Result<Option<Bytes>, Reason> {
    let limits = &proxy.limits;
    if !permit.awaits_body() {
        request_body::none(body, limits.body_idle).await?;
        return Ok(None);
    }
    media::check_request(headers)?;
    let whole = request_body::whole(body, limits.request_body, limits.body_idle, held);
    whole.await.map(Some)
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
    let form = permitted.permit.answer();
    let body = match judge(head.status, &head.headers, ratio, form)? {
        Passage::Empty | Passage::Governed(_) if permitted.permit.is_withheld() => {
            return Err(Reason::NoSuchRecord.into());
        }
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
    ends: (Cut, Option<Box<Lease>>),
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
    if let Some(media) = media::leaves_as(permit.answer()) {
        headers.insert(CONTENT_TYPE, media);
    }
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
                ends,
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

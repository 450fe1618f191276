//! The legacy APIs: pooled HTTP/1.1 connections, verified TLS, headers that may pass, answers that
//! provably end.
//!
//! Refuses, as a [`Reason`]: a caller who has their share of an upstream; one that cannot be reached, verified or waited for,
//! or has as many connections as it may have; an answer
//! whose end cannot be proven; one that upgrades or has a status no one defined. A request is never
//! sent twice once a byte of it was written, redirects are never followed, and the place it goes to
//! is configuration, never data of a caller.

mod answer;
pub mod headers;
mod link;
mod places;
mod pool;
mod tls;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;

pub use answer::UpstreamBody;
pub use headers::HeaderRules;
pub use places::Place;
pub use tls::TlsError;

use crate::config::{self, Limits, Timeouts};
use crate::decide::Permit;
use crate::model::{Caller, Reason};
use places::Places;
use pool::{Connected, Pool};

/// What a request carries upstream: nothing, or all that was judged.
type Whole = Full<Bytes>;
type Sender = SendRequest<Whole>;

/// Every configured upstream, by name. Replaced as a whole when certificates are read again.
#[derive(Debug)]
pub struct Upstreams(BTreeMap<String, Arc<Upstream>>);

/// One legacy API.
#[derive(Debug)]
pub struct Upstream {
    name: String,
    hosts: Option<Vec<String>>,
    headers: HeaderRules,
    timeouts: Timeouts,
    places: Places,
    pool: Arc<Pool>,
}

/// Why an upstream's settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Certificates, key or name.
    #[error("upstream `{0}`: {1}")]
    Tls(String, TlsError),
    /// What no head can be made with.
    #[error("upstream `{0}`: {1}")]
    Header(String, headers::HeaderError),
}

impl Upstreams {
    /// Reads what the settings name. `node` is how we call ourselves in `via`; `lanes` is how many
    /// runtimes send requests.
    pub fn new(
        settings: &BTreeMap<String, config::Upstream>,
        limits: &Limits,
        node: &str,
        lanes: NonZeroUsize,
    ) -> Result<Self, SetupError> {
        settings
            .iter()
            .map(|(name, settings)| {
                Ok((
                    name.clone(),
                    Arc::new(one(name, settings, limits, node, lanes)?),
                ))
            })
            .collect::<Result<_, _>>()
            .map(Upstreams)
    }

    /// The upstream of this name; without one, the only upstream there is.
    pub fn of(&self, name: Option<&str>) -> Option<&Arc<Upstream>> {
        match name {
            Some(name) => self.0.get(name),
            None => self.0.values().next().filter(|_| self.0.len() == 1),
        }
    }
}

fn one(
    name: &str,
    settings: &config::Upstream,
    limits: &Limits,
    node: &str,
    lanes: NonZeroUsize,
) -> Result<Upstream, SetupError> {
    let tls = tls::connector(&settings.url, settings.tls.as_ref())
        .map_err(|error| SetupError::Tls(name.to_owned(), error))?;
    let headers = HeaderRules::new(&settings.headers, &settings.url, node)
        .map_err(|error| SetupError::Header(name.to_owned(), error))?;
    Ok(Upstream {
        name: name.to_owned(),
        hosts: settings.hosts.clone(),
        headers,
        timeouts: settings.timeouts,
        places: Places::new(settings.connections_per_caller),
        pool: Arc::new(Pool::new(
            &settings.url,
            tls,
            (limits.header, settings.connections),
            lanes,
        )),
    })
}

impl Upstream {
    /// Whether a request for this host (without port) comes here.
    pub fn serves(&self, host: Option<&str>) -> bool {
        match (&self.hosts, host) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(hosts), Some(host)) => hosts.iter().any(|h| h.eq_ignore_ascii_case(host)),
        }
    }

    /// Its name in the settings.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which headers pass, in both directions.
    pub fn headers(&self) -> &HeaderRules {
        &self.headers
    }

    /// Leave for a caller to ask, once at a time.
    ///
    /// # Errors
    ///
    /// `overloaded` where they have their share.
    pub fn place(&self, caller: &Caller) -> Result<Place, Reason> {
        self.places.take(caller)
    }

    /// Sends a permitted request and waits for the head of its answer.
    ///
    /// The target is the one that was matched, and is sent exactly so; `headers` come from
    /// [`HeaderRules::request`]. The body ends without an error only when the upstream's answer
    /// provably has. A body goes as it came; a permit that still awaits one sends nothing. `lane` is the number of the runtime
    /// this is called in. The caller's `place` is taken until the answer has ended.
    pub async fn send(
        &self,
        (lane, place): (usize, Place),
        permit: &Permit,
        method: Method,
        headers: HeaderMap,
    ) -> Result<Response<UpstreamBody>, Reason> {
        let body = permit.body().ok_or(Reason::Internal)?;
        let answer = self.send_to(lane, permit.target(), method, headers, body);
        Ok(answer.await?.map(|body| body.in_place(place)))
    }

    /// Asks for the stored record that a permitted write is judged by, and waits for the head of the answer. `headers` come
    /// from [`HeaderRules::reading`]. Both are asked in one place, this before that.
    pub async fn read_stored(
        &self,
        lane: usize,
        permit: &Permit,
        headers: HeaderMap,
    ) -> Result<Response<UpstreamBody>, Reason> {
        let target = permit.stored().ok_or(Reason::Internal)?;
        self.send_to(lane, target, Method::GET, headers, Bytes::new())
            .await
    }

    /// For tests of the rooms around a decision.
    #[cfg(test)]
    pub(crate) async fn send_without_permit(
        &self,
        target: &str,
    ) -> Result<Response<UpstreamBody>, Reason> {
        self.send_to(0, target, Method::GET, HeaderMap::new(), Bytes::new())
            .await
    }

    async fn send_to(
        &self,
        lane: usize,
        target: &str,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<UpstreamBody>, Reason> {
        let strange = Arc::new(AtomicBool::new(false));
        let mut request = request(method.clone(), target, headers, body)?;
        hyper::ext::on_informational(&mut request, {
            let strange = Arc::clone(&strange);
            move |interim| {
                if interim.status() != StatusCode::CONTINUE
                    && interim.status() != StatusCode::EARLY_HINTS
                {
                    strange.store(true, Ordering::Relaxed);
                }
            }
        });
        let (response, connected) = self.exchange(lane, request).await?;
        if strange.load(Ordering::Relaxed) {
            return Err(Reason::UnexpectedStatus);
        }
        let (parts, incoming) = response.into_parts();
        answer::check_head(&method, &parts)?;
        let pool = Arc::clone(&self.pool);
        let body = UpstreamBody::new(incoming, connected, pool, self.timeouts.idle);
        Ok(Response::from_parts(parts, body))
    }

    /// Tries connections that wait in the pool, then a new one. A request comes back unsent where a
    /// connection had ended before the first byte was written; only then may it go out again.
    async fn exchange(
        &self,
        lane: usize,
        mut request: Request<Whole>,
    ) -> Result<(Response<hyper::body::Incoming>, Connected), Reason> {
        loop {
            let (mut connected, is_new) = match self.pool.take(lane) {
                Some(waiting) => (waiting, false),
                None => {
                    // Boxed: a TLS handshake's state is large, and most requests have none.
                    let connecting = self.pool.connect(lane, self.timeouts.connect);
                    (Box::pin(connecting).await?, true)
                }
            };
            let sending = connected.sender().try_send_request(request);
            let sent = tokio::time::timeout(self.timeouts.first_byte, sending).await;
            match sent.map_err(|_| Reason::UpstreamTimeout)? {
                Ok(response) => return Ok((response, connected)),
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) if !is_new => request = unsent,
                    _ => return Err(answer::reason(failed.error())),
                },
            }
        }
    }
}

fn request(
    method: Method,
    target: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Request<Whole>, Reason> {
    let exact = PathAndQuery::try_from(target).map_err(|_| Reason::NotCanonical)?;
    // The type would cut a fragment off in silence and accept `*`.
    if exact.as_str() != target || !target.starts_with('/') {
        return Err(Reason::NotCanonical);
    }
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from(exact);
    *request.headers_mut() = headers;
    Ok(request)
}

//! Calls of pages in browsers (Fetch standard, 3.3): which page may read an answer, and what it may ask.
//!
//! Refuses what a page may have made a browser send with nothing but its client certificate. Otherwise nothing by
//! itself: an answer without these headers is one that the browser keeps from the page. The proxy alone
//! answers a preflight, whatever the target, so that it tells nobody which routes there are, and no upstream hears of it (F13).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    AUTHORIZATION, HOST, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use ulid::Ulid;

use super::body::Body;
use super::exchange::refuse;
use super::observe::Observed;
use super::{Proxy, reject, request_body};
use crate::config::Settings;
use crate::model::Reason;
use crate::route::canonical;
use crate::server::{Connection, check_framing};
use crate::upstream::headers;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// Every method a route may have.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What callers say who they are and what they want with, beside what upstreams let through.
const ASKED_WITH: [&str; 10] = [
    "accept-language",
    "authorization",
    "content-type",
    "fieldgate-purpose",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "traceparent",
    "tracestate",
    "x-api-key",
];
/// What answers have that a page could not read otherwise.
const TOLD: [&str; 4] = ["etag", "location", "retry-after", "x-request-id"];

/// The pages that may call.
#[derive(Debug)]
pub struct Cors {
    origins: Vec<HeaderValue>,
    asked_with: HeaderValue,
    told: HeaderValue,
    max_age: HeaderValue,
}

impl Cors {
    /// What settings say; `None` where no page may call.
    pub fn new(settings: &Settings) -> Option<Cors> {
        let cors = settings.cors.as_ref()?;
        let upstreams = || settings.upstreams.values().map(|one| &one.headers);
        let request = upstreams().flat_map(|headers| &headers.request);
        let response = upstreams().flat_map(|headers| &headers.response);
        Some(Cors {
            origins: cors.origins.clone(),
            asked_with: listed(&ASKED_WITH, request)?,
            told: listed(&TOLD, response)?,
            max_age: HeaderValue::from(cors.max_age.as_secs()),
        })
    }

    /// The listed page that calls, as it is named.
    pub fn page(&self, headers: &HeaderMap) -> Option<&HeaderValue> {
        let mut named = headers.get_all(ORIGIN).iter();
        let (Some(one), None) = (named.next(), named.next()) else {
            return None;
        };
        self.origins.iter().find(|origin| *origin == one)
    }

    /// The header of an answer that a page may read; without a page, that of one whose cache must ask again.
    pub fn dress(&self, page: Option<&HeaderValue>, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(page) = page {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, page.clone());
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, self.told.clone());
        }
    }

    /// Answers a preflight; like every request it must be one that can be read in one way.
    pub(super) async fn preflight(
        &self,
        proxy: &Proxy,
        connection: &Connection,
        request: Request<Incoming>,
        id: Ulid,
        observed: &mut Observed,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let readable = async {
            check_framing(&parts, proxy.limits.header, connection.sni.as_deref())?;
            let target = parts.uri.path_and_query().ok_or(Reason::NotCanonical)?;
            canonical::check(target.as_str())?;
            let none = request_body::none(body, proxy.limits.body_idle).await;
            none.map_err(|unread| unread.counted(&proxy.metrics))?;
            headers::ours(&id.to_string())
        };
        let mut headers = match readable.await {
            Ok(headers) => headers,
            Err(reason) => return refuse(reason.into(), id, false, observed).await,
        };
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, self.asked_with.clone());
        headers.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        let status = StatusCode::NO_CONTENT;
        if observed.preflight(status).await.is_err() {
            return reject::answer(&Reason::AuditUnavailable.into(), id, false);
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

/// Whether a page of another origin may have made a browser send what could change something, in nobody's name but the
/// connection's: the browser adds a client certificate whoever asks. Words of who calls it adds for a page that is listed.
pub fn is_forged(request: &Parts) -> bool {
    let headers = &request.headers;
    let is_said = || {
        let mut words = [AUTHORIZATION, X_API_KEY].into_iter();
        words.any(|name| headers.contains_key(name))
    };
    let names_page = headers.contains_key(ORIGIN);
    names_page && !request.method.is_safe() && !is_said() && !is_own_page(request)
}

/// Whether the page that calls came from the host it calls.
fn is_own_page(request: &Parts) -> bool {
    let headers = &request.headers;
    let mut named = headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (named.next(), named.next()) else {
        return false;
    };
    let host = headers.get(HOST).map(HeaderValue::as_bytes);
    let own = request.uri.authority().map(|own| own.as_str().as_bytes());
    match (origin.as_bytes().strip_prefix(b"https://"), own.or(host)) {
        (Some(page), Some(own)) => page.eq_ignore_ascii_case(own),
        _ => false,
    }
}

/// Whether a browser asks beforehand.
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn listed<'a>(ours: &[&'a str], more: impl Iterator<Item = &'a HeaderName>) -> Option<HeaderValue> {
    let mut names: Vec<&str> = ours
        .iter()
        .copied()
        .chain(more.map(HeaderName::as_str))
        .collect();
    names.sort_unstable();
    names.dedup();
    HeaderValue::from_str(&names.join(", ")).ok()
}

//! Which headers pass, in both directions: an allow-list, then ours, which always win.
//!
//! Refuses a request that repeats a header two readers could choose differently from, and one that
//! came through us already, over however many other nodes (Q10). Everything that is not listed is dropped: credentials and
//! cookies, hop-by-hop headers, names the client nominates in `Connection` (F01), names with `_`
//! (F02). `config::headers` refuses settings that would let such a header through.

mod via;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONNECTION, CONTENT_LANGUAGE,
    CONTENT_TYPE, DATE, HOST, IF_MATCH, IF_NONE_MATCH, LOCATION, RETRY_AFTER, USER_AGENT, VARY,
    VIA,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, Version};

use crate::config::{self, HeaderValueSource};
use crate::model::Reason;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

const TO_UPSTREAM: [HeaderName; 7] = [
    ACCEPT_LANGUAGE,
    CONTENT_TYPE,
    IF_MATCH,
    IDEMPOTENCY_KEY,
    TRACEPARENT,
    TRACESTATE,
    USER_AGENT,
];
/// Those of the default list that RFC 9110 or Trace Context let stand on several lines.
const LISTS: [HeaderName; 3] = [ACCEPT_LANGUAGE, IF_MATCH, TRACESTATE];
const TO_CALLER: [HeaderName; 4] = [CONTENT_TYPE, CONTENT_LANGUAGE, DATE, RETRY_AFTER];

/// What of an upstream's settings no head can be made with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// `node` cannot stand in `via`.
    #[error("`node`: `{0}` may hold letters, digits, `-`, `_` and `.` only")]
    Node(String),
    /// The upstream's URL has no host.
    #[error("`url` has no host")]
    Url,
}

/// What is known of a request when it goes on.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Ours, never the client's.
    pub request_id: &'a str,
    /// What audit records call `caller.id`.
    pub caller_id: &'a str,
    /// The version it came in.
    pub version: Version,
    /// What the upstream is to answer with.
    pub accept: &'a str,
}

/// The lists of one upstream.
#[derive(Debug)]
pub struct HeaderRules {
    set: Vec<(HeaderName, HeaderValueSource)>,
    request: Vec<HeaderName>,
    response: Vec<HeaderName>,
    host: HeaderValue,
    node: String,
}

impl HeaderRules {
    /// `settings` name only what `config::headers` lets them name.
    pub fn new(settings: &config::Headers, url: &Uri, node: &str) -> Result<Self, HeaderError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if node.is_empty() || !node.bytes().all(fits) {
            return Err(HeaderError::Node(node.to_owned()));
        }
        let host = url.authority().ok_or(HeaderError::Url)?;
        Ok(HeaderRules {
            set: settings.set.clone(),
            request: settings.request.clone(),
            response: settings.response.clone(),
            host: HeaderValue::try_from(host.as_str()).map_err(|_| HeaderError::Url)?,
            node: node.to_owned(),
        })
    }

    /// The head to send upstream for the head a client sent.
    pub fn request(&self, client: &HeaderMap, facts: Facts<'_>) -> Result<HeaderMap, Reason> {
        let via = self.way(client, facts.version)?;
        let nominated = nominated(client);
        let mut headers = HeaderMap::with_capacity(16);
        for name in TO_UPSTREAM.iter().filter(|name| !nominated(name)) {
            for value in client.get_all(name) {
                if headers.append(name, value.clone()) && !LISTS.contains(name) {
                    return Err(Reason::MalformedRequest);
                }
            }
        }
        drop_broken_trace(&mut headers);
        for name in self.request.iter().filter(|name| !nominated(name)) {
            headers.remove(name);
            for value in client.get_all(name) {
                headers.append(name, value.clone());
            }
        }
        headers.insert(VIA, via);
        self.add_ours(&mut headers, facts)?;
        Ok(headers)
    }

    fn add_ours(&self, headers: &mut HeaderMap, facts: Facts<'_>) -> Result<(), Reason> {
        let codings = HeaderValue::from_static("gzip, deflate, br, zstd");
        headers.insert(ACCEPT, value(facts.accept)?);
        headers.insert(ACCEPT_ENCODING, codings);
        headers.insert(HOST, self.host.clone());
        headers.insert(X_REQUEST_ID, value(facts.request_id)?);
        for (name, source) in &self.set {
            let set = match source {
                HeaderValueSource::Secret(secret) => secret.clone(),
                HeaderValueSource::CallerId => value(&printable(facts.caller_id))?,
            };
            headers.insert(name, set);
        }
        Ok(())
    }

    /// The head that asks for the stored record before a write whose head would be `write`: what speaks of the write or its
    /// body is not in it, and the answer comes in the form a validator of the write compares.
    pub fn reading(&self, write: &HeaderMap) -> HeaderMap {
        let mut headers = write.clone();
        for name in [CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, IDEMPOTENCY_KEY] {
            headers.remove(name);
        }
        let identity = HeaderValue::from_static("identity");
        headers.insert(ACCEPT_ENCODING, identity);
        headers
    }

    /// What leaves of the head beside a status alone.
    pub fn status_alone(
        &self,
        upstream: &HeaderMap,
        request_id: &str,
    ) -> Result<HeaderMap, Reason> {
        let nominated = nominated(upstream);
        let mut headers = ours(request_id)?;
        for name in [DATE, RETRY_AFTER] {
            let mut values = upstream.get_all(&name).iter();
            if let (Some(only), None) = (values.next(), values.next())
                && !nominated(&name)
            {
                headers.insert(name, only.clone());
            }
        }
        Ok(headers)
    }

    /// The head to send to the caller for the head the upstream sent. `host` is the one the caller
    /// asked for.
    pub fn response(
        &self,
        status: StatusCode,
        upstream: &HeaderMap,
        host: Option<&str>,
        request_id: &str,
    ) -> Result<HeaderMap, Reason> {
        let nominated = nominated(upstream);
        let mut headers = HeaderMap::with_capacity(12);
        for name in TO_CALLER.iter().filter(|name| !nominated(name)) {
            let mut values = upstream.get_all(name).iter();
            match (values.next(), values.next()) {
                (Some(only), None) => {
                    headers.insert(name, only.clone());
                }
                (Some(_), Some(_)) if name == CONTENT_TYPE => {
                    return Err(Reason::UnexpectedMediaType);
                }
                _ => {}
            }
        }
        if let Some(place) = created_place(status, upstream, host) {
            headers.insert(LOCATION, place.clone());
        }
        for name in self.response.iter().filter(|name| !nominated(name)) {
            headers.remove(name);
            for value in upstream.get_all(name) {
                headers.append(name, value.clone());
            }
        }
        headers.extend(ours(request_id)?);
        Ok(headers)
    }

    /// What `via` says when the request goes on: the way it came, comments left out, and us. Without
    /// the nodes before us a loop over two would never be seen.
    fn way(&self, client: &HeaderMap, version: Version) -> Result<HeaderValue, Reason> {
        let mut way = via::read(client).ok_or(Reason::MalformedRequest)?;
        let has_been_here = |hop: &via::Hop| hop.by.eq_ignore_ascii_case(&self.node);
        if way.iter().any(has_been_here) {
            return Err(Reason::MalformedRequest);
        }
        way.push(via::Hop {
            protocol: match version {
                Version::HTTP_2 => "2".to_owned(),
                Version::HTTP_10 => "1.0".to_owned(),
                _ => "1.1".to_owned(),
            },
            by: self.node.clone(),
        });
        value(&via::write(&way))
    }
}

/// The headers every answer has, refusals included: nobody else may keep it, and it can be found in
/// the log.
pub fn ours(request_id: &str) -> Result<HeaderMap, Reason> {
    let mut headers = HeaderMap::with_capacity(3);
    let private = HeaderValue::from_static("private, no-store");
    let vary = HeaderValue::from_static("Authorization, Cookie, X-API-Key");
    headers.insert(CACHE_CONTROL, private);
    headers.insert(VARY, vary);
    headers.insert(X_REQUEST_ID, value(request_id)?);
    Ok(headers)
}

/// What `Connection` declares to be of this hop only (RFC 9110 7.6.1).
fn nominated(headers: &HeaderMap) -> impl Fn(&HeaderName) -> bool {
    let names: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    move |name| names.iter().any(|nominated| nominated == name.as_str())
}

/// W3C Trace Context: a `traceparent` that is not well-formed is dropped, and `tracestate` with it
/// (F14).
fn drop_broken_trace(headers: &mut HeaderMap) {
    let is_sound = |value: &HeaderValue| {
        let parts: Vec<&[u8]> = value.as_bytes().split(|byte| *byte == b'-').collect();
        let is_hex = |part: &[u8], length| {
            part.len() == length && part.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_set = |part: &[u8]| part.iter().any(|byte| *byte != b'0');
        let is_id = |part: &[u8], length| is_hex(part, length) && is_set(part);
        matches!(parts.as_slice(), [b"00", trace, parent, flags]
            if is_id(trace, 32) && is_id(parent, 16) && is_hex(flags, 2))
    };
    if !headers.get(TRACEPARENT).is_some_and(is_sound) {
        headers.remove(TRACEPARENT);
        headers.remove(TRACESTATE);
    }
}

/// Where something was created, if that is below our own host. A query could hold anything, so
/// there is none (F07).
fn created_place<'a>(
    status: StatusCode,
    upstream: &'a HeaderMap,
    host: Option<&str>,
) -> Option<&'a HeaderValue> {
    let mut values = upstream.get_all(LOCATION).iter();
    let (place, None) = (values.next()?, values.next()) else {
        return None;
    };
    let text = place.to_str().ok()?;
    let path = match (text.split_once("://"), host) {
        (Some(("https", rest)), Some(host)) => rest.strip_prefix(host)?,
        (None, _) => text,
        _ => return None,
    };
    let is_below = path.starts_with('/') && !path.starts_with("//");
    let is_plain = !path.contains(['?', '#', '\\', '@']);
    (status == StatusCode::CREATED && is_below && is_plain).then_some(place)
}

/// A caller's id may hold anything its issuer wrote; what could not stand in a header is
/// percent-encoded (F09).
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            printable.push(char::from(byte));
        } else {
            printable.push_str(&format!("%{byte:02X}"));
        }
    }
    printable
}

fn value(text: &str) -> Result<HeaderValue, Reason> {
    HeaderValue::try_from(text).map_err(|_| Reason::Internal)
}

#[cfg(test)]
mod tests;

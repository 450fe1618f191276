//! The only map from refusals to HTTP: a problem document (RFC 9457) of constant text.
//!
//! Nothing of the request or the upstream's answer is in it but the status, where that is the upstream's, and of a write
//! the names of the fields it is refused for.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Response, StatusCode};
use serde::Serialize;
use ulid::Ulid;

use super::body::Body;
use crate::decide::Unwritable;
use crate::model::Reason;
use crate::upstream::headers;

/// Why an exchange ends without its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// The status; the reason's own unless it is the upstream's.
    pub status: StatusCode,
    /// Methods the path has, for 405.
    pub allow: Vec<Method>,
    /// What of a write may not be written, by the names the caller sent.
    pub refused: Vec<String>,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        let status =
            StatusCode::from_u16(reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Refusal {
            reason,
            status,
            allow: Vec::new(),
            refused: Vec::new(),
        }
    }
}

impl From<Unwritable> for Refusal {
    fn from(unwritable: Unwritable) -> Self {
        let Unwritable { reason, names } = unwritable;
        Refusal {
            refused: names,
            ..Refusal::from(reason)
        }
    }
}

impl Refusal {
    /// The upstream's error under its own status.
    pub fn upstream(status: StatusCode, reason: Reason) -> Self {
        Refusal {
            status,
            ..Refusal::from(reason)
        }
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    reason: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    refused: &'a [String],
}

/// The problem document's bytes; `refused` are the names of fields a write is refused for.
pub fn problem(reason: Reason, status: u16, request_id: &str, refused: &[String]) -> Vec<u8> {
    let problem = Problem {
        r#type: format!("urn:fieldgate:reason:{}", reason.code()),
        title: reason.title(),
        status,
        reason: reason.code(),
        request_id,
        refused,
    };
    serde_json::to_vec(&problem).unwrap_or_default()
}

/// The refusal as an answer; to HEAD without its body.
pub fn answer(refusal: &Refusal, request_id: Ulid, head: bool) -> Response<Body> {
    let id = request_id.to_string();
    let status = refusal.status.as_u16();
    let text = problem(refusal.reason, status, &id, &refusal.refused);
    let mut headers = self::head(refusal, &id);
    if !head {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    }
    let body = if head {
        Body::empty()
    } else {
        Body::constant(Bytes::from(text))
    };
    let mut response = Response::new(body);
    *response.status_mut() = refusal.status;
    *response.headers_mut() = headers;
    response
}

/// The refusal's header, framing apart.
pub fn head(refusal: &Refusal, request_id: &str) -> HeaderMap {
    let mut headers = headers::ours(request_id).unwrap_or_default();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    add_cure(refusal, &mut headers);
    headers
}

/// What HTTP demands beside some statuses (RFC 9110 15.5.2, 15.5.6).
fn add_cure(refusal: &Refusal, headers: &mut HeaderMap) {
    if refusal.status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
        let allow = refusal
            .allow
            .iter()
            .map(Method::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        if let Ok(allow) = HeaderValue::try_from(allow) {
            headers.insert(ALLOW, allow);
        }
    }
}

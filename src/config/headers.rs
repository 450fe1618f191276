//! Which header names settings may set or let through.
//!
//! Refuses names that frame or route a message, that carry credentials, that we set ourselves, that would let
//! someone else cache or validate an answer, and digests, which tell something of the bytes we took out.

use http::HeaderName;

use crate::policy::diagnostic::{Text, say};

/// What a list of header names is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `headers.set`.
    Set,
    /// `headers.request`.
    Request,
    /// `headers.response`.
    Response,
}

/// They belong to one connection or say where a message ends (RFC 9110 7.6.1, RFC 9112 6).
const FRAMING: [&str; 14] = [
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];

/// We write them to the upstream ourselves.
const OURS_TO_UPSTREAM: [&str; 4] = ["accept", "accept-encoding", "via", "x-request-id"];

/// They ask for a part of an answer, which nobody can judge.
const PARTS: [&str; 2] = ["range", "if-range"];

/// A caller must not reach the upstream with them: its credentials, what only a trusted front may say, another
/// method or target than the one decided on, and questions about bytes it may not see.
const NOT_FROM_CALLERS: [&str; 26] = [
    "authorization",
    "cookie",
    "cookie2",
    "proxy-authorization",
    "x-api-key",
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "x-original-url",
    "x-rewrite-url",
    "x-original-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "cache-control",
    "pragma",
    "want-digest",
    "proxy-authenticate",
    "client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-host",
];

/// The caller must not get them from the upstream: they describe bytes that do not leave, steer caches and browsers,
/// lead past us, or are the upstream's session with us.
const NOT_TO_CALLERS: [&str; 30] = [
    "accept-ranges",
    "age",
    "alt-svc",
    "authentication-info",
    "cache-control",
    "cdn-cache-control",
    "clear-site-data",
    "content-digest",
    "content-md5",
    "content-range",
    "digest",
    "etag",
    "expires",
    "last-modified",
    "pragma",
    "proxy-authenticate",
    "proxy-authentication-info",
    "public-key-pins",
    "refresh",
    "repr-digest",
    "set-cookie",
    "set-cookie2",
    "signature",
    "strict-transport-security",
    "surrogate-control",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-request-id",
];

/// A header name that may be used so, or why it may not.
pub fn name(text: &str, purpose: Use) -> Result<HeaderName, Text> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| say!("is not a header name", "不是合法的首部名"))?;
    let listed = |names: &[&str]| names.contains(&name.as_str());
    if listed(&FRAMING) {
        return Err(say!(
            "belongs to one connection, or says where a message ends",
            "只管一段连接，或决定报文在哪里结束"
        ));
    }
    let refused = match purpose {
        Use::Set if listed(&PARTS) => Some(say!(
            "asks for a part of an answer, which nobody can judge",
            "只索取应答的一部分，无从判断"
        )),
        Use::Set => listed(&OURS_TO_UPSTREAM)
            .then(|| say!("is always set by the proxy itself", "总是由代理自己填写")),
        Use::Request if listed(&OURS_TO_UPSTREAM) => Some(say!(
            "is always set by the proxy itself",
            "总是由代理自己填写"
        )),
        Use::Request
            if listed(&NOT_FROM_CALLERS)
                || listed(&PARTS)
                || name.as_str().starts_with("x-forwarded-") =>
        {
            Some(say!(
                "is never let through from callers",
                "绝不从调用方放行"
            ))
        }
        Use::Request if name.as_str().contains('_') => Some(say!(
            "is dropped from every request, as all names with `_` are",
            "在每个请求里都会被丢弃：名字带 `_` 的首部一律丢弃"
        )),
        Use::Request => None,
        Use::Response => listed(&NOT_TO_CALLERS)
            .then(|| say!("is never let through to callers", "绝不放行给调用方")),
    };
    refused.map_or(Ok(name), Err)
}

/// A header that a trusted front may set for conditions to read.
pub fn of_front(text: &str) -> Option<HeaderName> {
    const CREDENTIALS: [&str; 5] = [
        "authorization",
        "cookie",
        "cookie2",
        "proxy-authorization",
        "x-api-key",
    ];
    let name = HeaderName::from_bytes(text.as_bytes()).ok()?;
    let not_theirs = [&FRAMING[..], &OURS_TO_UPSTREAM, &CREDENTIALS].concat();
    let fits = !not_theirs.contains(&name.as_str()) && !name.as_str().contains('_');
    fits.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_taken_in_any_case() {
        for purpose in [Use::Set, Use::Request, Use::Response] {
            assert_eq!(name("X-Req-Seq", purpose).unwrap().as_str(), "x-req-seq");
        }
        assert!(
            name("Authorization", Use::Set).is_ok(),
            "our own credential to the upstream"
        );
    }

    #[test]
    fn f01_names_that_frame_a_message_are_refused_everywhere() {
        for text in FRAMING {
            for purpose in [Use::Set, Use::Request, Use::Response] {
                assert!(name(text, purpose).is_err(), "{text}");
                assert!(name(&text.to_uppercase(), purpose).is_err(), "{text}");
            }
        }
        for text in ["", "a b", "x:y", "名"] {
            assert!(name(text, Use::Set).is_err(), "{text}");
        }
    }

    #[test]
    fn f02_credentials_and_forgeable_identity_never_pass() {
        for text in [
            "Authorization",
            "Cookie",
            "X-Api-Key",
            "Forwarded",
            "X-Forwarded-Client-Cert",
            "X_User",
            "Range",
        ] {
            assert!(name(text, Use::Request).is_err(), "{text}");
        }
        for text in [
            "Set-Cookie",
            "ETag",
            "Content-Digest",
            "Cache-Control",
            "X-Request-Id",
            "Alt-Svc",
        ] {
            assert!(name(text, Use::Response).is_err(), "{text}");
        }
        for text in ["Accept", "Via", "X-Request-Id", "Range"] {
            assert!(name(text, Use::Set).is_err(), "{text}");
        }
    }
}

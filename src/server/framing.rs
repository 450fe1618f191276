//! What is wrong with a request as HTTP, though the HTTP library let it pass.
//!
//! Refuses: no `Host` or two in HTTP/1.1, one that is no authority, or another than the target
//! names (F04); user information in either (F05); a host other than the one the handshake asked
//! for (E21); a `transfer-encoding` that is not exactly `chunked` (E03); an expectation we do not
//! know (E12); on HTTP/2 a value with blanks around it or two lengths of a body (E19), and a head
//! above the limit, where the library's own refusal would leave no trace.

use http::header::{CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Version};

use crate::model::Reason;

/// Checks a request's framing; returns the host it is for, which only HTTP/1.0 may leave out.
/// `sni` is the name its connection was opened for, where one was said.
pub fn check(
    request: &Parts,
    header_limit: usize,
    sni: Option<&str>,
) -> Result<Option<Authority>, Reason> {
    if size(request) > header_limit {
        return Err(Reason::HeaderTooLarge);
    }
    // On HTTP/1 the parser cuts them off; here they would go on (RFC 9113 8.2.1).
    if request.version == Version::HTTP_2 && request.headers.values().any(has_blank_edge) {
        return Err(Reason::MalformedRequest);
    }
    if let Some(coding) = single(&request.headers, &TRANSFER_ENCODING)?
        && !coding.as_bytes().eq_ignore_ascii_case(b"chunked")
    {
        return Err(Reason::MalformedRequest);
    }
    // On HTTP/1 the guard has refused them, equal or not; HTTP/2 would take equal ones.
    single(&request.headers, &CONTENT_LENGTH)?;
    if let Some(expected) = single(&request.headers, &EXPECT)?
        && !expected.as_bytes().eq_ignore_ascii_case(b"100-continue")
    {
        return Err(Reason::MalformedRequest);
    }
    let host = host(request)?;
    match (&host, sni) {
        (Some(host), Some(sni)) if !host.host().eq_ignore_ascii_case(sni) => Err(Reason::WrongHost),
        _ => Ok(host),
    }
}

fn host(request: &Parts) -> Result<Option<Authority>, Reason> {
    let named = single(&request.headers, &HOST)?
        .map(|value| Authority::try_from(value.as_bytes()))
        .transpose()
        .map_err(|_| Reason::MalformedRequest)?;
    let authority = match (request.uri.authority(), named) {
        (Some(target), Some(named)) if *target != named => return Err(Reason::MalformedRequest),
        // RFC 9112 3.2: an HTTP/1.1 request without `Host` is refused, whatever its target says.
        (_, None) if request.version == Version::HTTP_11 => return Err(Reason::MalformedRequest),
        (Some(target), _) => Some(target.clone()),
        (None, named) => named,
    };
    match &authority {
        Some(authority) if !is_plain(authority) => Err(Reason::MalformedRequest),
        None if request.version != Version::HTTP_10 => Err(Reason::MalformedRequest),
        _ => Ok(authority),
    }
}

/// Host and an optional port that is one: no user, nothing empty.
fn is_plain(authority: &Authority) -> bool {
    let text = authority.as_str();
    let port_is_fine = match text.strip_prefix(authority.host()) {
        Some("") => true,
        Some(_) => authority.port_u16().is_some(),
        None => false,
    };
    !text.contains('@') && !authority.host().is_empty() && port_is_fine
}

fn has_blank_edge(value: &HeaderValue) -> bool {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    is_blank(value.as_bytes().first()) || is_blank(value.as_bytes().last())
}

fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Reason> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Reason::MalformedRequest),
    }
}

/// The head as HTTP/1.1 would write it, so that one limit means the same on both versions.
fn size(request: &Parts) -> usize {
    let target = request.uri.authority().map_or(0, |a| a.as_str().len())
        + request.uri.path_and_query().map_or(0, |p| p.as_str().len());
    let fields: usize = request
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum();
    request.method.as_str().len() + target + fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(target: &str, version: Version, headers: &[(&str, &str)]) -> Result<String, Reason> {
        let mut request = http::Request::get(target).version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap().into_parts().0, 1024, None)
            .map(|host| host.map_or_else(String::new, |h| h.host().to_owned()))
    }

    #[test]
    fn e21_a_request_is_for_the_host_its_connection_was_opened_for() {
        let of = |target: &str, version, host: Option<&str>, sni| {
            let mut request = http::Request::get(target).version(version);
            if let Some(host) = host {
                request = request.header("host", host);
            }
            let parts = request.body(()).unwrap().into_parts().0;
            check(&parts, 1024, sni).map(drop)
        };
        let sni = Some("crm.bank.example");
        for host in [
            "crm.bank.example",
            "CRM.bank.example",
            "crm.bank.example:8443",
        ] {
            assert_eq!(of("/x", Version::HTTP_11, Some(host), sni), Ok(()));
            let target = format!("https://{host}/x");
            assert_eq!(of(&target, Version::HTTP_2, None, sni), Ok(()));
        }
        let wrong = Err(Reason::WrongHost);
        for host in [
            "hr.bank.example",
            "crm.bank.example.",
            "bank.example",
            "127.0.0.1",
        ] {
            assert_eq!(of("/x", Version::HTTP_11, Some(host), sni), wrong, "{host}");
            let target = format!("https://{host}/x");
            assert_eq!(of(&target, Version::HTTP_2, None, sni), wrong, "{host}");
        }
        // Who connects to an address names no host in the handshake.
        assert_eq!(of("/x", Version::HTTP_11, Some("127.0.0.1"), None), Ok(()));
        assert_eq!(of("/x", Version::HTTP_10, None, sni), Ok(()));
    }

    #[test]
    fn the_host_is_what_the_target_or_the_header_names() {
        let host = [("host", "crm.bank.example:8443")];
        let named = Ok("crm.bank.example".to_owned());
        assert_eq!(judge("/x", Version::HTTP_11, &host), named);
        assert_eq!(
            judge("https://crm.bank.example:8443/x", Version::HTTP_2, &[]),
            named
        );
        assert_eq!(
            judge("https://crm.bank.example:8443/x", Version::HTTP_11, &host),
            named
        );
        assert_eq!(judge("/x", Version::HTTP_10, &[]), Ok(String::new()));
        assert_eq!(
            judge("/x", Version::HTTP_11, &[("host", "[::1]:443")]),
            Ok("[::1]".to_owned())
        );
    }

    #[test]
    fn f04_an_ambiguous_or_missing_host_is_refused() {
        let refused = Err(Reason::MalformedRequest);
        for headers in [
            [].as_slice(),
            &[("host", "a"), ("host", "a")],
            &[("host", "a"), ("host", "b")],
            &[("host", "a/b@c")],
            &[("host", "u@a")],
            &[("host", "")],
            &[("host", "a:")],
            &[("host", "a:99999")],
            &[("host", ":443")],
            &[("host", "a, b")],
        ] {
            assert_eq!(
                judge("/x", Version::HTTP_11, headers),
                refused,
                "{headers:?}"
            );
        }
    }

    #[test]
    fn f04_f05_another_host_in_the_target_is_refused() {
        let refused = Err(Reason::MalformedRequest);
        let host = [("host", "crm.bank.example")];
        for target in [
            "http://169.254.169.254/latest/meta-data",
            "http://u:p@crm.bank.example/x",
        ] {
            assert_eq!(judge(target, Version::HTTP_11, &host), refused);
            assert_eq!(judge(target, Version::HTTP_2, &host), refused);
        }
    }

    #[test]
    fn e03_only_chunked_is_understood() {
        let with = |coding| {
            judge(
                "/x",
                Version::HTTP_11,
                &[("host", "a"), ("transfer-encoding", coding)],
            )
        };
        assert!(with("chunked").is_ok());
        for coding in ["gzip, chunked", "identity, chunked", "chunked, chunked", ""] {
            assert_eq!(with(coding), Err(Reason::MalformedRequest), "{coding}");
        }
    }

    #[test]
    fn e12_an_unknown_expectation_is_refused() {
        let with = |value| judge("/x", Version::HTTP_11, &[("host", "a"), ("expect", value)]);
        assert!(with("100-continue").is_ok());
        assert_eq!(with("200-ok"), Err(Reason::MalformedRequest));
    }

    #[test]
    fn f10_a_head_above_the_limit_is_refused_on_http2_too() {
        let long = "x".repeat(1024);
        assert_eq!(
            judge("https://a/x", Version::HTTP_2, &[("x", &long)]),
            Err(Reason::HeaderTooLarge)
        );
    }
}

//! What becomes of an upstream's answer, judged by its status and header alone.
//!
//! Passed on are 204 and the governed 2xx; a 4xx or 5xx keeps its status and loses its body; all
//! else is refused: `unexpected-status`, `upstream-refused-us`, `unexpected-media-type`,
//! `unexpected-encoding`. `docs/answers.md` has the table.

use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap};

use super::encoding::{Decoder, Ratio};
use super::media;
use crate::model::Reason;
use crate::policy::AnswerForm;

/// An answer that is not refused.
#[derive(Debug)]
pub enum Passage {
    /// The status alone, as of 204.
    Empty,
    /// An error of the upstream: its status with a problem document in place of its body, which may
    /// say anything.
    Replaced {
        /// The upstream's status.
        status: StatusCode,
        /// `no-such-record` for 404, else `upstream-status`.
        reason: Reason,
    },
    /// A body to be decoded and governed.
    Governed(Decoder),
}

/// Judges an answer's status, then its media type, then its encoding.
pub fn judge(
    status: StatusCode,
    headers: &HeaderMap,
    ratio: Ratio,
    form: &AnswerForm,
) -> Result<Passage, Reason> {
    match judge_status(status, headers)? {
        Some(passage) => Ok(passage),
        None => {
            media::check(headers, form)?;
            Ok(Passage::Governed(Decoder::of(headers, ratio)?))
        }
    }
}

/// What an answer's status alone decides; `None` where a body follows.
fn judge_status(status: StatusCode, headers: &HeaderMap) -> Result<Option<Passage>, Reason> {
    match status.as_u16() {
        204 => Ok(Some(Passage::Empty)),
        205 | 206 => Err(Reason::UnexpectedStatus),
        // A range nobody asked for: a fragment that looks like the whole.
        200..=299 if headers.contains_key(CONTENT_RANGE) => Err(Reason::UnexpectedStatus),
        200..=299 => Ok(None),
        401 | 407 => Err(Reason::UpstreamRefusedUs),
        404 => Ok(Some(Passage::Replaced {
            status,
            reason: Reason::NoSuchRecord,
        })),
        400..=599 => Ok(Some(Passage::Replaced {
            status,
            reason: Reason::UpstreamStatus,
        })),
        _ => Err(Reason::UnexpectedStatus),
    }
}

/// The same where no body is passed on, whatever it would be.
pub fn judge_without_body(status: StatusCode, headers: &HeaderMap) -> Result<Passage, Reason> {
    judge_status(status, headers).map(|passage| passage.unwrap_or(Passage::Empty))
}

/// The same of the answer to a write, of which nothing but the status may be said: one that says that it has no body needs
/// no media type. 200 without a body is refused, as ever.
pub fn judge_write(
    status: StatusCode,
    headers: &HeaderMap,
    ratio: Ratio,
    form: &AnswerForm,
) -> Result<Passage, Reason> {
    let is_empty = headers
        .get(CONTENT_LENGTH)
        .is_some_and(|length| length.as_bytes() == b"0");
    match status.as_u16() {
        201..=203 | 207..=299 if is_empty => Ok(Passage::Empty),
        _ => judge(status, headers, ratio, form),
    }
}

/// The decoder of an error's body that rules let out in part; `None` where it is not one document of JSON, written as
/// errors are, and is replaced after all.
pub fn error_body(headers: &HeaderMap, ratio: Ratio, form: &AnswerForm) -> Option<Decoder> {
    media::check(headers, form).ok()?;
    match headers.contains_key(CONTENT_RANGE) {
        true => None,
        false => Decoder::of(headers, ratio).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

    const RATIO: Ratio = Ratio {
        ratio: 100,
        free: 1 << 20,
    };

    fn json() -> HeaderMap {
        let value = HeaderValue::from_static("application/json");
        HeaderMap::from_iter([(CONTENT_TYPE, value)])
    }

    fn of(status: u16, headers: &HeaderMap) -> Result<Passage, Reason> {
        let status = StatusCode::from_u16(status).unwrap();
        judge(status, headers, RATIO, &AnswerForm::default())
    }

    /// The page's table, over every status there can be: a number none of the rows covers would
    /// show here.
    #[test]
    fn j05_every_status_has_its_passage_or_its_refusal() {
        for status in 100..=999 {
            let expected = match status {
                204 => "empty",
                205 | 206 => "unexpected-status",
                200..=299 => "governed",
                401 | 407 => "upstream-refused-us",
                404 => "no-such-record",
                400..=599 => "upstream-status",
                _ => "unexpected-status",
            };
            let found = match of(status, &json()) {
                Ok(Passage::Empty) => "empty",
                Ok(Passage::Governed(_)) => "governed",
                Ok(Passage::Replaced { status: kept, .. }) if kept.as_u16() != status => "changed",
                Ok(Passage::Replaced { reason, .. }) | Err(reason) => reason.code(),
            };
            assert_eq!(found, expected, "{status}");
        }
    }

    #[test]
    fn j01_an_errors_body_is_replaced_whatever_its_header_says() {
        let mut headers = HeaderMap::new();
        headers.append(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        headers.append(CONTENT_ENCODING, HeaderValue::from_static("compress"));
        for status in [400, 403, 404, 409, 416, 500, 503] {
            let passage = of(status, &headers);
            assert!(
                matches!(passage, Ok(Passage::Replaced { .. })),
                "{passage:?}"
            );
        }
    }

    #[test]
    fn i11_a_write_is_answered_by_a_status_alone_where_the_upstream_says_nothing_more() {
        let write = |status: u16, headers: &HeaderMap| {
            judge_write(
                StatusCode::from_u16(status).unwrap(),
                headers,
                RATIO,
                &AnswerForm::default(),
            )
        };
        let mut empty = HeaderMap::new();
        empty.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        for status in [201, 202, 204] {
            assert!(matches!(write(status, &empty), Ok(Passage::Empty)));
        }
        for status in [200, 201, 202] {
            let refusal = write(status, &HeaderMap::new()).unwrap_err();
            assert_eq!(refusal, Reason::UnexpectedMediaType, "{status}");
            assert!(matches!(write(status, &json()), Ok(Passage::Governed(_))));
        }
        let refusal = write(200, &empty).unwrap_err();
        assert_eq!(refusal, Reason::UnexpectedMediaType);
        for status in [205, 206, 304] {
            let refusal = write(status, &empty).unwrap_err();
            assert_eq!(refusal, Reason::UnexpectedStatus, "{status}");
        }
    }

    #[test]
    fn i11_where_no_body_is_passed_on_nobody_asks_what_it_is() {
        let of = |status: u16| {
            judge_without_body(StatusCode::from_u16(status).unwrap(), &HeaderMap::new())
        };
        for status in [200, 201, 202, 204] {
            assert!(matches!(of(status), Ok(Passage::Empty)), "{status}");
        }
        assert!(matches!(of(409), Ok(Passage::Replaced { .. })));
        assert_eq!(of(302).unwrap_err(), Reason::UnexpectedStatus);
        assert_eq!(of(401).unwrap_err(), Reason::UpstreamRefusedUs);
    }

    #[test]
    fn j01_an_error_lets_something_out_only_as_one_document_of_json() {
        let form = AnswerForm::default();
        let error_body = |headers: &HeaderMap, ratio| error_body(headers, ratio, &form);
        assert!(error_body(&json(), RATIO).is_some());
        let with = |name, value: &'static str| {
            let mut headers = json();
            headers.insert(name, HeaderValue::from_static(value));
            error_body(&headers, RATIO)
        };
        assert!(with(CONTENT_TYPE, "application/problem+json").is_some());
        assert!(with(CONTENT_ENCODING, "gzip").is_some());
        assert!(with(CONTENT_TYPE, "text/html").is_none());
        assert!(with(CONTENT_ENCODING, "compress").is_none());
        assert!(with(CONTENT_RANGE, "bytes 0-1/2").is_none());
        assert!(error_body(&HeaderMap::new(), RATIO).is_none());
    }

    #[test]
    fn a_governed_answer_needs_a_json_type_and_an_encoding_we_decode() {
        assert_eq!(
            of(200, &HeaderMap::new()).unwrap_err(),
            Reason::UnexpectedMediaType
        );
        let mut headers = json();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("compress"));
        assert_eq!(of(200, &headers).unwrap_err(), Reason::UnexpectedEncoding);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(matches!(of(200, &headers), Ok(Passage::Governed(_))));
    }

    #[test]
    fn c13_partial_content_and_a_range_under_any_success_are_refused() {
        let mut headers = json();
        headers.insert(CONTENT_RANGE, HeaderValue::from_static("bytes 9-30/120"));
        for status in [200, 201, 203, 206, 207, 226] {
            let refusal = of(status, &headers).unwrap_err();
            assert_eq!(refusal, Reason::UnexpectedStatus, "{status}");
        }
        assert_eq!(of(206, &json()).unwrap_err(), Reason::UnexpectedStatus);
    }
}

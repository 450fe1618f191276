//! What becomes of an upstream's answer, judged by its status and header alone.
//!
//! Passed on are 204 and the governed 2xx; a 4xx or 5xx keeps its status and loses its body; all
//! else is refused: `unexpected-status`, `upstream-refused-us`, `unexpected-media-type`,
//! `unexpected-encoding`. `docs/answers.md` has the table.

use http::StatusCode;
use http::header::{CONTENT_RANGE, HeaderMap};

use super::encoding::{Decoder, Ratio};
use super::media;
use crate::model::Reason;
use crate::policy::AnswerForm;

/// An answer that is not refused.
#[derive(Debug)]
pub enum Passage {
    /// 204: the status alone.
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
    match status.as_u16() {
        204 => Ok(Passage::Empty),
        205 | 206 => Err(Reason::UnexpectedStatus),
        // A range nobody asked for: a fragment that looks like the whole.
        200..=299 if headers.contains_key(CONTENT_RANGE) => Err(Reason::UnexpectedStatus),
        200..=299 => {
            media::check(headers, form)?;
            Ok(Passage::Governed(Decoder::of(headers, ratio)?))
        }
        401 | 407 => Err(Reason::UpstreamRefusedUs),
        404 => Ok(Passage::Replaced {
            status,
            reason: Reason::NoSuchRecord,
        }),
        400..=599 => Ok(Passage::Replaced {
            status,
            reason: Reason::UpstreamStatus,
        }),
        _ => Err(Reason::UnexpectedStatus),
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

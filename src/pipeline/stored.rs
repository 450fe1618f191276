//! The stored record, read before a write that is judged by it.
//!
//! Refuses, as for any answer, one that cannot be read strictly, and an error other than 404. A record that is not there, or
//! larger than the limit `record`, is none: nothing is known of it.

use http::header::{ETAG, HeaderValue};
use http::{HeaderMap, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;

use super::budget::Share;
use super::precondition::{self, View};
use super::reject::Refusal;
use super::validator::Validators;
use super::{body_limits, decoder_limits};
use crate::config::Limits;
use crate::decide::{self, Permit};
use crate::model::Reason;
use crate::policy::{Resource, RouteRule, RuleSet, stored};
use crate::transform::Whole;
use crate::transform::encoding::Decoder;
use crate::transform::media;
use crate::transform::response::{Passage, judge};
use crate::upstream::{Upstream, UpstreamBody};

/// What the upstream says of the record as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    record: Option<String>,
    validator: Option<HeaderValue>,
    /// The validator of what the caller would be shown of it, where that was asked.
    shown: Option<HeaderValue>,
}

impl Stored {
    /// What undoes the coding of an answer; `None` where it says that there is no record.
    ///
    /// # Errors
    ///
    /// What it is refused for.
    pub fn gate(
        (permit, rules): (&Permit, &RuleSet),
        status: StatusCode,
        headers: &HeaderMap,
        limits: &Limits,
    ) -> Result<Option<Decoder>, Refusal> {
        let (_, route) = route_of(permit, rules)?;
        match judge(status, headers, decoder_limits(limits), &route.answer)? {
            Passage::Empty => Ok(None),
            Passage::Replaced {
                reason: Reason::NoSuchRecord,
                ..
            } => Ok(None),
            Passage::Replaced { status, reason } => Err(Refusal::upstream(status, reason)),
            Passage::Governed(decoder) => Ok(Some(decoder)),
        }
    }

    /// The media type of an answer that is written as its route declares.
    ///
    /// # Errors
    ///
    /// `internal`.
    pub fn media_type(permit: &Permit, rules: &RuleSet) -> Result<HeaderValue, Reason> {
        let (_, route) = route_of(permit, rules)?;
        Ok(media::usual(&route.answer))
    }

    /// What an answer says that was read whole: the record where its route says that it stands. Of one that is too large
    /// nothing is known.
    ///
    /// # Errors
    ///
    /// What it could not be read for; `unexpected-shape`.
    pub fn of(
        permit: &Permit,
        rules: &RuleSet,
        headers: &HeaderMap,
        read: Result<String, Reason>,
    ) -> Result<Stored, Reason> {
        let answer = match read {
            Err(Reason::LimitValue) => return Ok(Stored::default()),
            read => read?,
        };
        let (resource, route) = route_of(permit, rules)?;
        let record = stored::record(&answer, &route.at, resource.any_case)?;
        Ok(Stored {
            record: record.map(str::to_owned),
            validator: strong(headers),
            shown: None,
        })
    }

    /// The record's text.
    pub fn record(&self) -> Option<&str> {
        self.record.as_deref()
    }

    /// What a later request can name this state of the record by.
    pub fn validator(&self) -> Option<&HeaderValue> {
        self.validator.as_ref()
    }

    /// Whether it is what the caller says they change (`If-Match`), where that can be told: the write may go with a validator
    /// of the upstream's in its place.
    ///
    /// # Errors
    ///
    /// `precondition-failed`.
    pub fn meets(&self, headers: &HeaderMap) -> Result<(), Reason> {
        precondition::holds(headers, self.validator.as_ref(), self.shown.as_ref())
    }
}

/// The route whose answer holds the stored record, with its resource.
fn route_of<'a>(
    permit: &Permit,
    rules: &'a RuleSet,
) -> Result<(&'a Resource, &'a RouteRule), Reason> {
    let terms = permit.compiled().write.as_ref().ok_or(Reason::Internal)?;
    let stored = terms.stored.ok_or(Reason::Internal)?;
    let resource = rules.resources.get(stored.resource.0);
    let resource = resource.ok_or(Reason::Internal)?;
    let route = resource.route(stored.group, stored.route);
    Ok((resource, route.ok_or(Reason::Internal)?))
}

/// The one validator that stands for the very bytes.
fn strong(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(ETAG).iter();
    match (lines.next(), lines.next()) {
        (Some(only), None) if decide::is_strong(only) => Some(only.clone()),
        _ => None,
    }
}

/// What the caller of a write reads of the record, and what names that.
pub(super) type Shown<'a> = (&'a View, &'a Validators);

/// Asks the upstream, on this worker's connections, for the record that a permitted write is about. `headers` are those of
/// the write.
pub(super) async fn read(
    (upstream, worker): (&Upstream, usize),
    (permit, shown): (&Permit, Option<Shown<'_>>),
    rules: &RuleSet,
    headers: &HeaderMap,
    limits: &Limits,
    held: &mut Share,
) -> Result<Stored, Refusal> {
    let asking = upstream.headers().reading(headers);
    let answer = upstream.read_stored(worker, permit, asking).await?;
    let (head, body) = answer.into_parts();
    let Some(decoder) = Stored::gate((permit, rules), head.status, &head.headers, limits)? else {
        return Ok(Stored::default());
    };
    let read = whole(decoder, body, limits, held).await;
    let shown = match (&read, shown) {
        (Ok(answer), Some((view, validators))) if head.status == StatusCode::OK => {
            // What is shown of it is held beside it.
            held.set(2 * answer.len())?;
            view.validator(validators, answer, limits)
        }
        _ => None,
    };
    let stored = Stored::of(permit, rules, &head.headers, read)?;
    Ok(Stored { shown, ..stored })
}

async fn whole(
    decoder: Decoder,
    mut body: UpstreamBody,
    limits: &Limits,
    held: &mut Share,
) -> Result<String, Reason> {
    let mut whole = Whole::new(decoder, body_limits(limits));
    while let Some(frame) = body.frame().await {
        // Trailers are nobody's.
        let chunk = frame.map(Frame::into_data)?.unwrap_or_default();
        whole.feed(&chunk)?;
        held.set(whole.held())?;
    }
    whole.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::IF_MATCH;

    fn stored(validator: &'static str) -> Stored {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, HeaderValue::from_static(validator));
        Stored {
            record: None,
            validator: strong(&headers),
            shown: None,
        }
    }

    #[test]
    fn only_a_strong_validator_stands_for_a_record() {
        assert!(stored("\"a,b\"").validator().is_some());
        for weak in ["W/\"a\"", "a", "\"a", "a\"", "\"", "\"a\"b\"", "\"a b\""] {
            assert_eq!(stored(weak).validator(), None, "{weak}");
        }
        let mut twice = HeaderMap::new();
        twice.append(ETAG, HeaderValue::from_static("\"a\""));
        twice.append(ETAG, HeaderValue::from_static("\"a\""));
        assert_eq!(strong(&twice), None);
    }

    #[test]
    fn d03_what_a_caller_says_they_change_must_be_what_is_stored() {
        let meets = |lines: &[&'static str]| {
            let lines = lines.iter();
            let lines = lines.map(|line| (IF_MATCH, HeaderValue::from_static(line)));
            let mut headers = HeaderMap::new();
            for (name, line) in lines {
                headers.append(name, line);
            }
            stored("\"a,b\"").meets(&headers).is_ok()
        };
        assert!(meets(&[]));
        for line in ["*", "\"a,b\"", "\"x\", \"a,b\"", "W/\"a,b\",\"a,b\"", " * "] {
            assert!(meets(&[line]), "{line}");
        }
        assert!(meets(&["\"x\"", "\"a,b\""]));
        for line in ["\"x\"", "W/\"a,b\"", "\"a\"", "a,b", "", "\"a,b", "\"x\" *"] {
            assert!(!meets(&[line]), "{line}");
        }
        let other = HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static("\"b\""))]);
        let refused = stored("\"a\"").meets(&other);
        assert_eq!(refused, Err(Reason::PreconditionFailed));
        // What nobody here knows, the upstream may; a validator of ours it does not.
        let unknown = Stored::default();
        assert_eq!(unknown.meets(&other), Ok(()));
        let ours = HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static("\"fg-a\""))]);
        assert_eq!(unknown.meets(&ours), Err(Reason::PreconditionFailed));
        let shown = Stored {
            shown: Some(HeaderValue::from_static("\"fg-a\"")),
            ..Stored::default()
        };
        assert_eq!(shown.meets(&ours), Ok(()));
    }
}

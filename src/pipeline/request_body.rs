//! The body of a request: all of it, held whole, or none.
//!
//! Refuses more than the limit (`too-large`), one where none belongs (`unexpected-body`), and one that breaks off, stands
//! still or trickles (`malformed-request`). What is held counts against the budget while it comes.

use std::panic::resume_unwind;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, timeout_at};

use super::budget::Share;
use crate::model::Reason;
use crate::telemetry::Metrics;

/// Bytes a second, from a body's first to its last. No network is as slow; who is wants the place and not the answer.
const LEAST: u64 = 500;
/// A body that is judged in less time than it takes to wake a thread.
const SHORT: usize = 64 << 10;

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It stood still, or trickled.
    Slow,
    Refused(Reason),
}

impl Unread {
    /// What the caller is told; who was waited for is counted.
    pub(super) fn counted(self, metrics: &Metrics) -> Reason {
        match self {
            Unread::Slow => {
                metrics.caller_given_up("slow-body");
                Reason::MalformedRequest
            }
            Unread::Refused(reason) => reason,
        }
    }
}

/// All of a body, which is never more than the limit.
pub(super) async fn whole(
    mut body: Incoming,
    limit: usize,
    patience: Duration,
    held: &mut Share,
) -> Result<Bytes, Unread> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(Unread::Refused(Reason::TooLarge));
    }
    let pace = Pace::new(patience);
    let mut whole = BytesMut::new();
    loop {
        let frame = timeout_at(pace.until(whole.len(), Instant::now()), body.frame()).await;
        match frame.map_err(|_| Unread::Slow)? {
            None => return Ok(whole.freeze()),
            Some(Err(_)) => return Err(Unread::Refused(Reason::MalformedRequest)),
            // Trailers are nobody's.
            Some(Ok(frame)) => {
                let piece = frame.into_data().unwrap_or_default();
                if piece.len() > limit.saturating_sub(whole.len()) {
                    return Err(Unread::Refused(Reason::TooLarge));
                }
                held.set(whole.len() + piece.len())
                    .map_err(Unread::Refused)?;
                whole.extend_from_slice(&piece);
            }
        }
    }
}

/// What `judge` says of a body of this length. A long one is judged on a thread of its own: whoever shares this one with
/// its caller has nothing to wait for (O15).
pub(super) async fn judged<T, E>(
    length: usize,
    judge: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Reason> + Send + 'static,
{
    if length <= SHORT {
        return judge();
    }
    match spawn_blocking(judge)
        .await
        .map_err(JoinError::try_into_panic)
    {
        Ok(judged) => judged,
        Err(Ok(panic)) => resume_unwind(panic),
        // Not begun, because the runtime ends.
        Err(Err(_)) => Err(Reason::Overloaded.into()),
    }
}

/// Waits for the end of a body that must hold nothing.
pub(super) async fn none(mut body: Incoming, patience: Duration) -> Result<(), Unread> {
    let unexpected = Err(Unread::Refused(Reason::UnexpectedBody));
    if body.size_hint().lower() > 0 {
        // To read it is to ask for it, where the client waits for `100 Continue`.
        return unexpected;
    }
    let pace = Pace::new(patience);
    while !body.is_end_stream() {
        let frame = timeout_at(pace.until(0, Instant::now()), body.frame()).await;
        match frame.map_err(|_| Unread::Slow)? {
            None => break,
            Some(Ok(frame)) if frame.data_ref().is_none_or(bytes::Bytes::is_empty) => {}
            Some(Ok(_)) => return unexpected,
            Some(Err(_)) => return Err(Unread::Refused(Reason::MalformedRequest)),
        }
    }
    Ok(())
}

/// How long somebody who sends is waited for.
#[derive(Clone, Copy, Debug)]
struct Pace {
    began: Instant,
    patience: Duration,
}

impl Pace {
    fn new(patience: Duration) -> Self {
        Pace {
            began: Instant::now(),
            patience,
        }
    }

    /// When the next piece must be there, `came` bytes after the beginning.
    fn until(&self, came: usize, now: Instant) -> Instant {
        let still = now + self.patience;
        let earned = u64::try_from(came).map_or(Duration::MAX, |came| {
            Duration::from_millis(came.saturating_mul(1000) / LEAST)
        });
        (self.began + self.patience)
            .checked_add(earned)
            .map_or(still, |slowest| slowest.min(still))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn o15_a_long_body_is_judged_where_nobody_waits_for_it() {
        let here = thread::current().id();
        for (length, apart) in [(0, false), (SHORT, false), (SHORT + 1, true)] {
            let judge = || Ok::<_, Reason>(thread::current().id());
            assert_eq!(judged(length, judge).await != Ok(here), apart, "{length}");
            let judge = || Err::<(), _>(Reason::DuplicateKey);
            assert_eq!(judged(length, judge).await, Err(Reason::DuplicateKey));
        }
    }

    #[tokio::test]
    #[should_panic(expected = "a mistake of ours")]
    async fn j03_a_panic_while_a_long_body_is_judged_is_one_all_the_same() {
        let _ = judged(SHORT + 1, || -> Result<(), Reason> {
            panic!("a mistake of ours")
        })
        .await;
    }

    #[test]
    fn o02_who_sends_too_little_is_waited_for_no_longer_than_it_earned() {
        let patience = Duration::from_secs(30);
        let pace = Pace::new(patience);
        let left = |came, after| {
            let now = pace.began + Duration::from_secs(after);
            pace.until(came, now).saturating_duration_since(now)
        };
        assert_eq!(left(0, 0), patience);
        assert_eq!(left(1 << 20, 0), patience, "never more than that at once");
        assert_eq!(
            left(3, 30),
            Duration::from_millis(6),
            "a byte in ten seconds"
        );
        assert_eq!(left(5000, 30), Duration::from_secs(10));
        assert_eq!(left(5000, 41), Duration::ZERO);
        assert_eq!(left(usize::MAX, 1_000_000), patience);
    }
}

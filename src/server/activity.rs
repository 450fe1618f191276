//! What happens on one connection, so that an HTTP/2 one on which nothing good does can be ended.
//!
//! Refuses a client that gives up on more requests than it lets finish (O05, rapid reset).
//!
//! HTTP/1 needs none of this: its next head has a timer, and a body that is not taken stalls the
//! wire. On HTTP/2 a client can keep a stream open without opening its window, while the wire itself
//! stays idle or carries other streams: each answer that is not taken is given up by itself (O03).

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Counts of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    requests: AtomicU64,
    open: AtomicUsize,
    streams: Mutex<Streams>,
    /// Milliseconds from `began` to the last event.
    last: AtomicU64,
    /// Requests the client gave up on, less those that had their answer.
    given_up: AtomicI64,
    flooded: Notify,
}

/// The exchanges of an HTTP/2 connection.
#[derive(Debug, Default)]
struct Streams {
    open: Vec<Arc<Stream>>,
    /// The one whose task does not run yet.
    latest: Option<Arc<Stream>>,
}

/// One of them.
#[derive(Debug, Default)]
struct Stream {
    /// Since which millisecond of the connection, counted from one, the client holds up the answer: its last frame was
    /// handed over, and none was asked beyond. Zero while it does not.
    held_up: AtomicU64,
    given_up: Notify,
}

/// How many more requests a client may give up on than it lets finish. People who type fast cancel
/// some.
const PATIENCE: i64 = 100;

impl Default for Activity {
    fn default() -> Self {
        Activity {
            began: Instant::now(),
            requests: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            streams: Mutex::default(),
            last: AtomicU64::new(0),
            given_up: AtomicI64::new(0),
            flooded: Notify::new(),
        }
    }
}

impl Activity {
    /// Counts a request until what it returns is dropped.
    pub(super) fn open(self: &Arc<Self>) -> Exchange {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        self.touch();
        Exchange {
            activity: Arc::clone(self),
            stream: None,
            has_ended: false,
        }
    }

    /// The same on HTTP/2; its task is the next that [`Tasks`] runs.
    pub(super) fn open_stream(self: &Arc<Self>) -> Exchange {
        let stream = Arc::<Stream>::default();
        let mut streams = self.streams();
        streams.open.push(Arc::clone(&stream));
        streams.latest = Some(Arc::clone(&stream));
        drop(streams);
        let mut exchange = self.open();
        exchange.stream = Some(stream);
        exchange
    }

    /// Whether a request ever came.
    pub(super) fn had_requests(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > 0
    }

    /// Whether no request has been open for `patience`.
    pub(super) fn is_idle_for(&self, patience: Duration) -> bool {
        self.open.load(Ordering::Relaxed) == 0 && self.quiet() >= patience
    }

    /// How long the connection has had no request open, if one ever came.
    pub(super) fn resting(&self) -> Option<Duration> {
        let rests = self.open.load(Ordering::Relaxed) == 0 && self.had_requests();
        rests.then(|| self.quiet())
    }

    /// Gives up answers that the client has held up for `patience`; says how many.
    pub(super) fn give_up_held(&self, patience: Duration) -> usize {
        let now = self.now();
        let patience = millis(patience);
        let is_late = |stream: &&Arc<Stream>| {
            let since = stream.held_up.load(Ordering::Relaxed);
            since > 0 && now.saturating_sub(since - 1) >= patience
        };
        let streams = self.streams();
        let late = streams.open.iter().filter(is_late);
        late.map(|stream| stream.given_up.notify_one()).count()
    }

    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the client has given up on too many requests.
    pub(super) async fn flooded(&self) {
        self.flooded.notified().await;
    }

    fn count_end(&self, has_ended: bool) {
        let step = if has_ended { -1 } else { 1 };
        // Below zero a client would save up for a flood.
        let given_up = |now: i64| Some((now + step).max(0));
        let relaxed = Ordering::Relaxed;
        let before = self.given_up.fetch_update(relaxed, relaxed, given_up);
        if step > 0 && before.is_ok_and(|before| before >= PATIENCE) {
            self.flooded.notify_one();
        }
    }

    fn quiet(&self) -> Duration {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        self.began.elapsed().saturating_sub(last)
    }

    fn now(&self) -> u64 {
        millis(self.began.elapsed())
    }

    fn touch(&self) -> u64 {
        let now = self.now();
        self.last.store(now, Ordering::Relaxed);
        now
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Runs the streams of one HTTP/2 connection, each until it ends or is given up.
#[derive(Clone, Debug)]
pub(super) struct Tasks(pub(super) Arc<Activity>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        let Some(stream) = self.0.streams().latest.take() else {
            tokio::spawn(task);
            return;
        };
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = task => {}
                () = stream.given_up.notified() => {}
            }
        });
    }
}

/// One request and its answer.
#[derive(Debug)]
pub(super) struct Exchange {
    activity: Arc<Activity>,
    /// `None` on HTTP/1.
    stream: Option<Arc<Stream>>,
    /// The answer was handed over whole, or broke on our side.
    has_ended: bool,
}

impl Exchange {
    fn set_with_client(&mut self, with_client: bool) {
        let now = self.activity.touch();
        if let Some(stream) = &self.stream {
            let since = if with_client {
                now.saturating_add(1)
            } else {
                0
            };
            stream.held_up.store(since, Ordering::Relaxed);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.activity.touch();
        if let Some(stream) = mem::take(&mut self.stream) {
            let mut streams = self.activity.streams();
            streams.open.retain(|one| !Arc::ptr_eq(one, &stream));
        }
        self.activity.count_end(self.has_ended);
        self.activity.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer's body that tells its exchange when it is asked and when it answers.
#[derive(Debug)]
pub(super) struct Watched<B> {
    body: B,
    exchange: Exchange,
}

impl<B> Watched<B> {
    pub(super) fn new(body: B, mut exchange: Exchange) -> Self
    where
        B: Body,
    {
        exchange.has_ended = body.is_end_stream();
        Watched { body, exchange }
    }
}

impl<B: Body + Unpin> Body for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let handed_over = matches!(frame, Poll::Ready(Some(Ok(_))));
        self.exchange.set_with_client(handed_over);
        self.exchange.has_ended = match &frame {
            Poll::Ready(Some(Ok(_))) => self.body.is_end_stream(),
            Poll::Ready(None | Some(Err(_))) => true,
            Poll::Pending => false,
        };
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http_body_util::{BodyExt, Full};

    #[test]
    fn a_connection_is_idle_when_no_request_is_open_and_time_has_passed() {
        let activity = Arc::new(Activity::default());
        assert!(activity.is_idle_for(Duration::ZERO));
        assert!(!activity.is_idle_for(Duration::from_secs(3600)));
        let exchange = activity.open();
        assert!(!activity.is_idle_for(Duration::ZERO));
        drop(exchange);
        assert!(activity.is_idle_for(Duration::ZERO));
        assert!(activity.had_requests());
    }

    #[tokio::test]
    async fn o03_an_answer_nobody_takes_is_held_up_by_the_client() {
        let activity = Arc::new(Activity::default());
        let body = Full::new(Bytes::from_static(b"x"));
        let mut watched = Watched::new(body, activity.open_stream());
        assert_eq!(activity.give_up_held(Duration::ZERO), 0, "we make it wait");
        watched.frame().await.unwrap().unwrap();
        let other = activity.open_stream();
        assert_eq!(activity.give_up_held(Duration::ZERO), 1);
        assert_eq!(activity.give_up_held(Duration::from_secs(3600)), 0);
        assert!(watched.frame().await.is_none());
        assert_eq!(activity.give_up_held(Duration::ZERO), 0);
        drop((watched, other));
        assert!(activity.streams().open.is_empty());
    }
}

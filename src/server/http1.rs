//! HTTP/1.1 and 1.0 on one connection.
//!
//! A connection on which nothing has happened for a moment is taken apart: only its TLS session stays until the next
//! byte comes, and the parser with its buffers goes. `limits.header_time` runs on meanwhile, from the end of the last
//! exchange to the end of the next head.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::{Sleep, Timer};
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;

use super::activity::{Activity, Watched};
use super::connection::{FAREWELL, Shared, Stream, is_not_taken};
use super::guard::{Guard, Verdict};
use super::wire::Wire;
use super::{Connection, Drain, Event, Phase, RefusalKind};

/// hyper's buffer: so much of an answer is handed to TLS at once. A request's head is bounded apart from it.
const BUFFER: usize = 64 << 10;
/// Callers who send one request after the other are not taken apart in between.
pub(super) const REST: Duration = Duration::from_millis(100);

/// Serves until the connection ends, is idle, or is cut; says what was refused.
pub(super) async fn serve<S, F, B, R>(
    shared: &Arc<Shared<S, R>>,
    connection: Arc<Connection>,
    stream: Stream,
) -> Option<RefusalKind>
where
    S: Fn(Arc<Connection>, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    R: Fn(Event),
{
    let limits = &shared.limits;
    let verdict = Arc::new(Verdict::default());
    let activity = Arc::new(Activity::default());
    let guard = Guard::new(Arc::clone(&verdict));
    let mut wire = Wire::new(stream, Some(guard), limits.body_idle);
    let rest = Rest {
        activity: Arc::clone(&activity),
        verdict: Arc::clone(&verdict),
        unwritten: wire.unwritten(),
    };
    let deadline = Deadline::default();
    let error = loop {
        let service = service_fn(|request: Request<Incoming>| {
            let length = request.body().size_hint().exact();
            verdict.tell(length);
            let exchange = activity.open();
            // Boxed before it is moved about.
            let answer = Box::pin((shared.service)(Arc::clone(&connection), request));
            async move {
                let mut response = answer.await;
                if length.is_none() {
                    // Nobody but the parser knows where chunks end, so nothing may follow them.
                    let headers = response.headers_mut();
                    headers.insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response.map(|body| Watched::new(body, exchange)))
            }
        });
        let serving = http1::Builder::new()
            .timer(deadline.clone())
            .header_read_timeout(limits.header_time)
            .max_header_size(limits.header)
            .max_buf_size(limits.header.max(BUFFER))
            .half_close(false)
            .keep_alive(true)
            .serve_connection(TokioIo::new(wire), service);
        match drive(&shared.drain, Box::new(serving), &rest).await {
            End::Broken(error) => break error?,
            // What the parser had read of the next head are blank lines at most.
            End::Resting(io) => wire = *io,
        }
        (shared.observe)(Event::Rested(connection.id));
        let left = limits
            .header_time
            .saturating_sub(activity.resting().unwrap_or_default());
        if !wait(&shared.drain, &wire, left).await {
            let _ = tokio::time::timeout(FAREWELL, wire.shutdown()).await;
            return None;
        }
        let rested = activity.resting().unwrap_or_default();
        deadline.set(limits.header_time.saturating_sub(rested));
    };
    if is_not_taken(&error) {
        (shared.observe)(Event::NotTaken);
    }
    if error.is_parse_too_large() {
        Some(RefusalKind::HeaderTooLarge)
    } else if error.is_parse() {
        Some(RefusalKind::Malformed)
    } else if error.is_timeout() && (verdict.is_midway() || !activity.had_requests()) {
        Some(RefusalKind::HeaderTime)
    } else {
        None
    }
}

/// Whether a byte came, or the other end closed; else the time is over or we are leaving.
async fn wait(drain: &Drain, wire: &Wire<Stream>, time: Duration) -> bool {
    let (tcp, _) = wire.get_ref().get_ref();
    tokio::select! {
        biased;
        () = drain.reached(Phase::Draining) => false,
        _ = tcp.readable() => true,
        () = tokio::time::sleep(time) => false,
    }
}

/// What is known of a connection from outside its parser.
struct Rest {
    activity: Arc<Activity>,
    verdict: Arc<Verdict>,
    unwritten: Arc<AtomicBool>,
}

impl Rest {
    /// Waits until there has been nothing to do for a while: nothing to read, to answer or to write.
    async fn long_enough(&self) {
        loop {
            tokio::time::sleep(REST).await;
            let rested = self.activity.resting().is_some_and(|time| time >= REST / 2);
            let is_written = !self.unwritten.load(Ordering::Relaxed);
            if rested && is_written && self.verdict.is_between_requests() {
                return;
            }
        }
    }
}

enum End<T> {
    Broken(Option<hyper::Error>),
    Resting(Box<T>),
}

/// Runs a connection until it ends or rests.
async fn drive<T, S, B>(
    drain: &Drain,
    mut serving: Box<http1::Connection<TokioIo<T>, S>>,
    rest: &Rest,
) -> End<T>
where
    http1::Connection<TokioIo<T>, S>: Future<Output = hyper::Result<()>> + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    S: HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    tokio::select! {
        biased;
        ended = &mut serving => return End::Broken(ended.err()),
        () = drain.reached(Phase::Draining) => Pin::new(&mut *serving).graceful_shutdown(),
        () = rest.long_enough() => {
            return End::Resting(Box::new(serving.into_parts().io.into_inner()));
        }
    }
    tokio::select! {
        biased;
        ended = &mut serving => End::Broken(ended.err()),
        () = drain.reached(Phase::Cut) => End::Broken(None),
    }
}

/// tokio's timer, whose first wait may be shorter than what is asked for: some of its time has passed already.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadline(Arc<Mutex<Option<Instant>>>);

impl Deadline {
    pub(super) fn set(&self, left: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + left);
    }

    pub(super) fn first(&self, asked: Instant) -> Instant {
        let earlier = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        earlier.map_or(asked, |earlier| earlier.min(asked))
    }
}

impl Timer for Deadline {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        TokioTimer::new().sleep_until(self.first(deadline))
    }
}

//! One connection, from the handshake to its end.
//!
//! A response body that ends in an error ends the answer visibly short: HTTP/1.1 without its last
//! chunk, HTTP/1.0 before its end, HTTP/2 with RST_STREAM. A client that leaves drops the response
//! body.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::activity::{Activity, Tasks, Watched};
use super::caps::Caps;
use super::wire::Wire;
use super::{Connection, Drain, Event, Phase, Protocol, Refusal, RefusalKind, http1};
use crate::config::Limits;
use crate::identity::PeerCertificate;

/// Boxed, because futures copy what they move.
pub(super) type Stream = Box<TlsStream<TcpStream>>;

/// What all connections share.
pub(super) struct Shared<S, R> {
    pub(super) limits: Limits,
    pub(super) caps: Caps,
    pub(super) drain: Drain,
    pub(super) service: S,
    pub(super) observe: R,
    pub(super) ids: AtomicU64,
}

/// A connection that was accepted and nothing else.
pub(super) struct Arrival {
    pub(super) tcp: std::net::TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) listener: usize,
    pub(super) tls: TlsAcceptor,
    pub(super) client_ca: Option<Arc<str>>,
}

const STREAMS: u32 = 100;
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
const SEND_BUFFER: usize = 64 << 10;
/// Streams the client opened and reset before we saw them (rapid reset), and streams it made us
/// reset.
const RESETS: usize = 20;
const PING: Duration = Duration::from_secs(20);

/// Serves one accepted connection until it ends, is idle, or is cut.
pub(super) async fn run<S, F, B, R>(shared: Arc<Shared<S, R>>, arrival: Arrival, worker: usize)
where
    S: Fn(Arc<Connection>, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    R: Fn(Event) + Send + Sync + 'static,
{
    let (peer, listener) = (arrival.peer, arrival.listener);
    let refuse = |kind| {
        (shared.observe)(Event::Refused(Refusal {
            peer,
            listener,
            kind,
        }));
    };
    let _place = match shared.caps.take(peer.ip()) {
        Ok(place) => place,
        Err(cap) => return refuse(cap),
    };
    (shared.observe)(Event::Opened);
    let _closed = OnDrop(|| (shared.observe)(Event::Closed));
    // Where the descriptor cannot be watched there is nobody to talk to.
    let Ok(tcp) = TcpStream::from_std(arrival.tcp) else {
        return;
    };
    let handshake = tokio::time::timeout(shared.limits.handshake, arrival.tls.accept(tcp));
    // In a box that goes when the handshake is done.
    let handshake = Box::pin(handshake);
    let stream = tokio::select! {
        biased;
        () = shared.drain.reached(Phase::Cut) => return,
        done = handshake => match done {
            Ok(Ok(stream)) => Box::new(stream),
            Ok(Err(_)) => return refuse(RefusalKind::Handshake),
            Err(_) => return refuse(RefusalKind::HandshakeTime),
        },
    };
    let id = shared.ids.fetch_add(1, Ordering::Relaxed);
    let (_, tls) = stream.get_ref();
    let certificate = match (&arrival.client_ca, tls.peer_certificates()) {
        (Some(authority), Some(chain)) => match PeerCertificate::read(authority, chain) {
            Ok(certificate) => Some(Arc::new(certificate)),
            Err(_) => return refuse(RefusalKind::Certificate),
        },
        _ => None,
    };
    let connection = Arc::new(Connection {
        id,
        worker,
        peer,
        listener,
        protocol: match tls.alpn_protocol() {
            Some(b"h2") => Protocol::Http2,
            _ => Protocol::Http1,
        },
        sni: tls.server_name().map(str::to_owned),
        certificate,
    });
    let refusal = match connection.protocol {
        // Boxed, so that no connection has room for the other's state.
        Protocol::Http1 => Box::pin(http1::serve(&shared, connection, stream)).await,
        Protocol::Http2 => Box::pin(http2(&shared, connection, stream)).await,
    };
    if let Some(kind) = refusal {
        refuse(kind);
    }
}

/// Runs however the connection's future ends, a panic of the service included.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

async fn http2<S, F, B, R>(
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
    let activity = Arc::new(Activity::default());
    let wire = Wire::new(stream, None, limits.body_idle);
    let service = service_fn(|request: Request<Incoming>| {
        let exchange = activity.open_stream();
        // Boxed before it is moved about: it is by far the largest part of its stream's task.
        let answer = Box::pin((shared.service)(Arc::clone(&connection), request));
        async move {
            let response = answer.await;
            Ok::<_, Infallible>(response.map(|body| Watched::new(body, exchange)))
        }
    });
    // Twice the limit, so that `check_framing` is what refuses a head a little above it, with a
    // record.
    let list = u32::try_from(limits.header.saturating_mul(2)).unwrap_or(u32::MAX);
    let serving = http2::Builder::new(Tasks(Arc::clone(&activity)))
        .timer(TokioTimer::new())
        .max_header_list_size(list)
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .serve_connection(TokioIo::new(wire), service);
    let serving = pin!(serving);
    let useless = until_useless(&activity, limits, || (shared.observe)(Event::NotTaken));
    let error = tokio::select! {
        biased;
        () = activity.flooded() => return Some(RefusalKind::Http2),
        error = drive(&shared.drain, serving, |c| c.graceful_shutdown(), useless) => error?,
    };
    if is_not_taken(&error) {
        (shared.observe)(Event::NotTaken);
    }
    let cause = error.source()?.downcast_ref::<h2::Error>()?;
    cause.is_library().then_some(RefusalKind::Http2)
}

/// Whether the wire found nobody who takes what we write.
pub(super) fn is_not_taken(error: &hyper::Error) -> bool {
    let Some(source) = error.source() else {
        return false;
    };
    let of_http2 = source
        .downcast_ref::<h2::Error>()
        .and_then(h2::Error::get_io);
    let io = of_http2.or_else(|| source.downcast_ref::<io::Error>());
    io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

/// Ends when nothing has been asked for `header_time`; meanwhile gives up, and tells of, each answer that was held up for
/// `body_idle`.
async fn until_useless(activity: &Activity, limits: &Limits, not_taken: impl Fn()) {
    let pause = limits.header_time.min(limits.body_idle) / 4;
    loop {
        tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
        (0..activity.give_up_held(limits.body_idle)).for_each(|_| not_taken());
        if activity.is_idle_for(limits.header_time) {
            return;
        }
    }
}

/// Runs a connection to its end; `finish` lets it end what it has begun. Returns what broke it.
async fn drive<C: Future<Output = hyper::Result<()>>>(
    drain: &Drain,
    mut connection: Pin<&mut C>,
    finish: impl Fn(Pin<&mut C>),
    useless: impl Future<Output = ()>,
) -> Option<hyper::Error> {
    tokio::select! {
        biased;
        ended = connection.as_mut() => return ended.err(),
        () = drain.reached(Phase::Draining) => finish(connection.as_mut()),
        // The client learns from GOAWAY that its next request needs another connection.
        () = useless => {
            finish(connection.as_mut());
            return tokio::time::timeout(FAREWELL, connection).await.ok()?.err();
        }
    }
    tokio::select! {
        biased;
        ended = connection => ended.err(),
        () = drain.reached(Phase::Cut) => None,
    }
}

/// How long a connection that is of no use any more may take to say so.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

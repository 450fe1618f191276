//! What an upstream answers: a head that frames its body in one way only, and a body whose end is
//! proven.
//!
//! Refuses heads with a length and a coding, two lengths, a coding other than `chunked`, or neither
//! where a body may follow (E14): the end of the connection proves nothing. Refuses 1xx as a final
//! answer and statuses above 599 (E13). Trailers are dropped (E15).

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::response::Parts;
use http::{Method, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::places::Place;
use super::pool::{Connected, Pool};
use crate::model::Reason;

/// Judges a head before anyone looks into the body.
pub(super) fn check_head(method: &Method, head: &Parts) -> Result<(), Reason> {
    if !(200..600).contains(&head.status.as_u16()) {
        return Err(Reason::UnexpectedStatus);
    }
    let mut lengths = head.headers.get_all(CONTENT_LENGTH).iter();
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    match (
        lengths.next(),
        codings.next(),
        lengths.next(),
        codings.next(),
    ) {
        (Some(length), None, None, None) if is_digits(length.as_bytes()) => Ok(()),
        (None, Some(coding), None, None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            Ok(())
        }
        (None, None, None, None) if is_without_body(method, head.status) => Ok(()),
        // An error's body goes no further, so nobody needs to know where it ends.
        (None, None, None, None) if head.status.as_u16() >= 400 => Ok(()),
        _ => Err(Reason::UnreadableBody),
    }
}

fn is_digits(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
}

fn is_without_body(method: &Method, status: StatusCode) -> bool {
    method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// What a failure of the HTTP library means, when it comes before a head.
pub(super) fn reason(error: &hyper::Error) -> Reason {
    if error.is_parse_too_large() {
        Reason::LimitHeader
    } else if error.is_parse() {
        Reason::UnreadableBody
    } else if is_about_tls(error) {
        // With TLS 1.3 an upstream refuses our certificate only after the handshake.
        Reason::UpstreamTls
    } else {
        Reason::UpstreamUnreachable
    }
}

fn is_about_tls(error: &hyper::Error) -> bool {
    error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>())
        .and_then(io::Error::get_ref)
        .is_some_and(|inner| inner.is::<rustls::Error>())
}

/// The body of an answer, as it comes. Ends in `None` only at its proven end; dropped before, it
/// closes the connection.
pub struct UpstreamBody {
    incoming: Incoming,
    /// Here until the end is known, good or bad.
    connected: Option<Connected>,
    /// The caller's, as long.
    place: Option<Place>,
    pool: Arc<Pool>,
    idle: Duration,
    /// Made at the first wait and used again for later ones.
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    /// Repeated for ever, so that nobody mistakes what follows a fault for an end.
    fault: Option<Reason>,
}

impl UpstreamBody {
    pub(super) fn new(
        incoming: Incoming,
        connected: Connected,
        pool: Arc<Pool>,
        idle: Duration,
    ) -> Self {
        UpstreamBody {
            incoming,
            connected: Some(connected),
            place: None,
            pool,
            idle,
            timer: None,
            waiting: false,
            fault: None,
        }
    }

    /// The same in the place of its caller.
    pub(super) fn in_place(self, place: Place) -> Self {
        let mut this = self;
        this.place = Some(place);
        this
    }

    /// The end is proven: the connection may serve someone else.
    fn finish(&mut self) {
        self.place = None;
        if let Some(connected) = self.connected.take() {
            self.pool.put_back(connected);
        }
    }

    fn fail<T>(&mut self, reason: Reason) -> Option<Result<T, Reason>> {
        self.connected = None;
        self.place = None;
        self.fault = Some(reason);
        Some(Err(reason))
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let idle = self.idle;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
        if !self.waiting {
            timer.as_mut().reset(Instant::now() + idle);
            self.waiting = true;
        }
        timer.as_mut().poll(cx)
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = Reason;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Reason>>> {
        let this = &mut *self;
        if let Some(fault) = this.fault {
            return Poll::Ready(Some(Err(fault)));
        }
        loop {
            match Pin::new(&mut this.incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    this.waiting = false;
                    if frame.is_data() {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                }
                Poll::Ready(Some(Err(_))) => {
                    return Poll::Ready(this.fail(Reason::UnreadableBody));
                }
                Poll::Ready(None) => {
                    this.finish();
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    return this
                        .poll_idle(cx)
                        .map(|()| this.fail(Reason::UpstreamTimeout));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for UpstreamBody {
    fn drop(&mut self) {
        // Who knows the length need not ask for the end.
        if self.incoming.is_end_stream() {
            self.finish();
        }
    }
}

impl std::fmt::Debug for UpstreamBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UpstreamBody")
    }
}

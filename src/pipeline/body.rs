//! The body of an answer: a constant, a judged whole, or a stream that is governed as the caller reads it.
//!
//! A fault ends the stream with an error, which the server turns into a reset or a cut connection; never into an end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::observe::Observed;
use super::stream::Stream;

/// The answer broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer was aborted")
    }
}

impl std::error::Error for Aborted {}

/// See the module.
#[derive(Debug)]
pub struct Body(Kind);

enum Kind {
    /// Bytes that are known whole, and the exchange to close when they have gone.
    Whole(Option<Bytes>, Option<Box<Observed>>),
    /// A stream at rest.
    Waiting(Box<Stream>),
    /// A stream that works on its next frame.
    Working(Pin<Box<dyn Future<Output = Step> + Send>>),
    Ended,
}

/// What a stream's work on one frame gave, and the stream unless it has ended.
type Step = (Option<Box<Stream>>, Option<Result<Bytes, Aborted>>);

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Whole(..) => "Whole",
            Kind::Waiting(_) => "Waiting",
            Kind::Working(_) => "Working",
            Kind::Ended => "Ended",
        })
    }
}

impl Body {
    /// No body.
    pub fn empty() -> Self {
        Body(Kind::Ended)
    }

    /// A body of our own making; its exchange is closed already.
    pub fn constant(bytes: Bytes) -> Self {
        Body(Kind::Whole(Some(bytes), None))
    }

    pub(super) fn whole(bytes: Bytes, observed: Box<Observed>) -> Self {
        Body(Kind::Whole(Some(bytes), Some(observed)))
    }

    pub(super) fn stream(stream: Box<Stream>) -> Self {
        Body(Kind::Waiting(stream))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        if let Kind::Waiting(stream) = &mut self.0
            && let Some(frame) = stream.at_hand()
        {
            return Poll::Ready(Some(Ok(Frame::data(frame))));
        }
        if let Kind::Waiting(_) = self.0
            && let Kind::Waiting(stream) = std::mem::replace(&mut self.0, Kind::Ended)
        {
            self.0 = Kind::Working(Box::pin(stream.step()));
        }
        match &mut self.0 {
            Kind::Whole(bytes, observed) => {
                let Some(bytes) = bytes.take() else {
                    return Poll::Ready(None);
                };
                if let Some(mut observed) = observed.take() {
                    observed.sent(bytes.len());
                    observed.complete();
                }
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Working(work) => {
                let Poll::Ready((stream, frame)) = work.as_mut().poll(context) else {
                    return Poll::Pending;
                };
                self.0 = stream.map_or(Kind::Ended, Kind::Waiting);
                Poll::Ready(frame.map(|frame| frame.map(Frame::data)))
            }
            Kind::Waiting(_) | Kind::Ended => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Ended | Kind::Whole(None, _))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes, _) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Kind::Ended => SizeHint::with_exact(0),
            Kind::Waiting(_) | Kind::Working(_) => SizeHint::default(),
        }
    }
}

//! What travels between those who record and the one thread that writes.
//!
//! The channel itself has no bound; every entry in it holds a place that was reserved, or stands in for one.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Unavailable;

/// Resolves when a record is written as durably as the settings ask, or is refused.
///
/// The record is on its way whether or not this is awaited.
#[must_use = "nothing may happen on the strength of a record before it is known to be written"]
#[derive(Debug)]
pub struct Written(Option<oneshot::Receiver<Result<(), Unavailable>>>);

impl Written {
    /// The two ends of one wait.
    pub(super) fn channel() -> (oneshot::Sender<Result<(), Unavailable>>, Written) {
        let (tell, wait) = oneshot::channel();
        (tell, Written(Some(wait)))
    }

    /// Refused at once.
    pub(super) fn refused() -> Written {
        Written(None)
    }
}

impl Future for Written {
    type Output = Result<(), Unavailable>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(wait) = self.0.as_mut() else {
            return Poll::Ready(Err(Unavailable));
        };
        Pin::new(wait).poll(context).map(|told| {
            self.0 = None;
            told.unwrap_or(Err(Unavailable))
        })
    }
}

/// A record on its way.
#[derive(Debug)]
pub struct Entry {
    /// Its members, without braces.
    pub body: Vec<u8>,
    /// Who waits for it. Without, it is an outcome and waits itself until it can be written.
    pub tell: Option<oneshot::Sender<Result<(), Unavailable>>>,
    /// The place in the queue it holds until it is written.
    pub slot: Option<OwnedSemaphorePermit>,
}

/// What the thread is sent.
#[derive(Debug)]
pub enum Message {
    /// Write this.
    Record(Entry),
    /// Write `stop` and end.
    Stop(oneshot::Sender<Result<(), Unavailable>>),
}

/// What others may see of the writer.
#[derive(Debug, Default)]
pub struct Health {
    broken: AtomicBool,
    cause: Mutex<Option<String>>,
}

impl Health {
    /// Why records are refused, if they are.
    pub fn fault(&self) -> Option<String> {
        self.cause
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether records are written.
    pub fn is_good(&self) -> bool {
        !self.broken.load(Ordering::Acquire)
    }

    /// Says why records are refused, or that they are written again.
    pub fn set(&self, cause: Option<String>) {
        self.broken.store(cause.is_some(), Ordering::Release);
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner) = cause;
    }
}

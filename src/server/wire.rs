//! The plaintext side of one TLS connection: reads pass the [`Guard`], writes must move.
//!
//! Refuses a client that takes nothing for `limits.body_idle` while there is something to send
//! (O03).

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::guard::Guard;

/// A stream under guard.
#[derive(Debug)]
pub(super) struct Wire<T> {
    inner: T,
    /// `None` on HTTP/2, whose heads are not text.
    guard: Option<Guard>,
    /// What has been read and not been released.
    held: BytesMut,
    patience: Duration,
    /// Made at the first stall and used again for later ones.
    stall: Option<Pin<Box<Sleep>>>,
    stalled: bool,
    /// Whether something was written and not flushed, as others see it.
    unwritten: Arc<AtomicBool>,
}

impl<T> Wire<T> {
    pub(super) fn new(inner: T, guard: Option<Guard>, patience: Duration) -> Self {
        Wire {
            inner,
            guard,
            held: BytesMut::new(),
            patience,
            stall: None,
            stalled: false,
            unwritten: Arc::default(),
        }
    }

    /// Set while something was written and has not been flushed.
    pub(super) fn unwritten(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.unwritten)
    }

    /// What is under guard.
    pub(super) fn get_ref(&self) -> &T {
        &self.inner
    }

    /// Turns a write that has not moved for too long into an error.
    fn impatient<R>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if outcome.is_ready() {
            self.stalled = false;
            return outcome;
        }
        let patience = self.patience;
        let stall = self
            .stall
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        if !self.stalled {
            stall.as_mut().reset(Instant::now() + patience);
            self.stalled = true;
        }
        stall
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Wire<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.held.is_empty() {
            let room = this.held.len().min(buf.remaining());
            let (next, _) = this.held.split_at_mut(room);
            let released = this.guard.as_mut().map_or(room, |g| g.release(next));
            buf.put_slice(next.get(..released).unwrap_or(&[]));
            this.held.advance(released);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        if let Some(guard) = &mut this.guard {
            let (_, fresh) = buf.filled_mut().split_at_mut(before);
            let released = guard.release(fresh);
            let (_, early) = fresh.split_at(released);
            this.held.extend_from_slice(early);
            buf.set_filled(before + released);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Wire<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.unwritten.store(true, Ordering::Relaxed);
        let outcome = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.impatient(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.unwritten.store(true, Ordering::Relaxed);
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.impatient(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_flush(cx);
        if let Poll::Ready(Ok(())) = outcome {
            self.unwritten.store(false, Ordering::Relaxed);
        }
        self.impatient(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unwritten.store(true, Ordering::Relaxed);
        let outcome = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.impatient(cx, outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn o03_a_client_that_takes_nothing_is_let_go() {
        let (ours, _theirs) = tokio::io::duplex(16);
        let mut wire = Wire::new(ours, None, Duration::from_millis(1));
        let error = wire.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}

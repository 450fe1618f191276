//! The socket of one connection to an upstream, which the pool may look at while it waits.
//!
//! Refuses nothing: it tells whether the upstream has said anything since its last answer. One that
//! has closed, or speaks unasked, is of no use for another request, and no byte of one was written
//! on it. The HTTP library learns of that only when its runtime next asks the system.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The socket as the HTTP library uses it. It closes when this is dropped, whoever watches.
#[derive(Debug)]
pub(super) struct Link(Arc<Mutex<TcpStream>>);

/// The same socket, looked at from outside.
#[derive(Clone, Debug)]
pub(super) struct Watch(Weak<Mutex<TcpStream>>);

impl Link {
    pub(super) fn new(tcp: TcpStream) -> (Link, Watch) {
        let tcp = Arc::new(Mutex::new(tcp));
        let watch = Watch(Arc::downgrade(&tcp));
        (Link(tcp), watch)
    }

    fn tcp(&self) -> MutexGuard<'_, TcpStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Whether the connection is open and nothing has come that nobody has read.
    pub(super) fn is_quiet(&self) -> bool {
        let Some(tcp) = self.0.upgrade() else {
            return false;
        };
        let tcp = tcp.lock().unwrap_or_else(PoisonError::into_inner);
        let came = SockRef::from(&*tcp).peek(&mut [MaybeUninit::uninit()]);
        came.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl AsyncRead for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.tcp()).poll_read(cx, buf)
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.tcp()).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.tcp()).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp().is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.tcp()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.tcp()).poll_shutdown(cx)
    }
}

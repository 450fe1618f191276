//! From TCP to one HTTP request at a time: accept, TLS, HTTP/1.1 and HTTP/2, drain.
//!
//! Hands each request to one function, together with the [`Connection`] it came on. Refuses, before
//! there is a request: connections above the caps, handshakes that fail or take too long, heads
//! that are malformed, too large or too slow. Each of those is told to one callback as an
//! [`Event`], so nothing is refused without a trace. Nothing here knows a rule, a credential or a
//! status code of our own.

mod accept;
mod activity;
mod caps;
mod connection;
mod drain;
mod framing;
mod guard;
mod http1;
mod signals;
mod tls;
mod wire;
mod workers;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::identity::PeerCertificate;

pub use accept::{Bound, Listener, serve};
pub use drain::{Drain, Phase};
pub use framing::check as check_framing;
pub use signals::Signals;
pub use tls::{TlsError, load as load_tls, server_config};
pub use workers::{Workers, count as worker_count};

/// What is known of a connection, for as long as it lives and for every request on it.
#[derive(Debug)]
pub struct Connection {
    /// Unique in this process, counted from 1.
    pub id: u64,
    /// Which worker serves it, counted from 0.
    pub worker: usize,
    /// The other end, IPv4-mapped IPv6 addresses already unmapped.
    pub peer: SocketAddr,
    /// The position of the listener in the settings.
    pub listener: usize,
    /// What was negotiated.
    pub protocol: Protocol,
    /// The server name the client asked for in its handshake.
    pub sni: Option<String>,
    /// The client's certificate chain, verified by the listener's authority.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// The HTTP version a connection speaks, chosen by ALPN; without ALPN it is HTTP/1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1 and 1.0.
    Http1,
    /// HTTP/2.
    Http2,
}

/// What happens to connections; requests are the service's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A connection is counted under the caps; its handshake begins.
    Opened,
    /// That connection has ended; there is exactly one for each `Opened`.
    Closed,
    /// This connection has nothing to do for a moment, and keeps nothing but its TLS session.
    Rested(u64),
    /// An answer was given up because its caller took nothing of it for `limits.body_idle`.
    NotTaken,
    /// There was no request to answer.
    Refused(Refusal),
}

/// Something that was refused before there was a request to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who was refused.
    pub peer: SocketAddr,
    /// The position of the listener in the settings.
    pub listener: usize,
    /// Why.
    pub kind: RefusalKind,
}

/// Why there was no request: a closed list, so that metrics stay bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefusalKind {
    /// `limits.connections` are open.
    Connections,
    /// `limits.connections_per_address` are open from this address.
    ConnectionsPerAddress,
    /// The TLS handshake failed; a client certificate that was not accepted is such a failure.
    Handshake,
    /// The TLS handshake took longer than `limits.handshake`.
    HandshakeTime,
    /// The handshake was fine, but the client certificate's names are none that a role could ask
    /// for.
    Certificate,
    /// What came was not HTTP, or a head that two readers could read differently.
    Malformed,
    /// A head above `limits.header`.
    HeaderTooLarge,
    /// A head that was not complete after `limits.header_time`.
    HeaderTime,
    /// The client broke HTTP/2, or one of its limits.
    Http2,
}

impl RefusalKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [RefusalKind; 9] = [
        RefusalKind::Connections,
        RefusalKind::ConnectionsPerAddress,
        RefusalKind::Handshake,
        RefusalKind::HandshakeTime,
        RefusalKind::Certificate,
        RefusalKind::Malformed,
        RefusalKind::HeaderTooLarge,
        RefusalKind::HeaderTime,
        RefusalKind::Http2,
    ];

    /// The word in audit records and metrics.
    pub fn code(self) -> &'static str {
        match self {
            RefusalKind::Connections => "connections",
            RefusalKind::ConnectionsPerAddress => "connections-per-address",
            RefusalKind::Handshake => "handshake",
            RefusalKind::HandshakeTime => "handshake-time",
            RefusalKind::Certificate => "certificate",
            RefusalKind::Malformed => "malformed",
            RefusalKind::HeaderTooLarge => "header-too-large",
            RefusalKind::HeaderTime => "header-time",
            RefusalKind::Http2 => "http2",
        }
    }
}

/// A listener's TLS settings, replaced as a whole on reload; connections under way keep theirs.
pub type SwappableTls = Arc<arc_swap::ArcSwap<rustls::ServerConfig>>;

/// An IPv4 address that came in IPv6 clothes is that IPv4 address, everywhere (Q11).
fn unmapped(peer: SocketAddr) -> SocketAddr {
    match peer.ip() {
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(plain) => SocketAddr::new(IpAddr::V4(plain), peer.port()),
            None => peer,
        },
        IpAddr::V4(_) => peer,
    }
}

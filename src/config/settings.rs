//! The settings as used: plain data, every path absolute or relative to the working directory, every default
//! filled in, every name resolved.
//!
//! Refuses nothing: `config::load` does, before one of these exists.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};

use super::cors::Cors;
use super::front::Front;
use super::secret::SecretSource;
use crate::model::Secret;
use crate::policy::diagnostic::Diagnostic;

/// All of `fieldgate.yaml`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file these settings were read from; the log says which.
    pub file: PathBuf,
    /// This node's name in audit records and file names.
    pub node: String,
    /// Where callers connect; at least one.
    pub listen: Vec<Listener>,
    /// The legacy APIs, by name; at least one.
    pub upstreams: BTreeMap<String, Upstream>,
    /// Who may be a caller.
    pub identity: Identity,
    /// The key of the outcome `token`; a rule set that uses `token` does not start without.
    pub tokens: Option<Tokens>,
    /// The rule set.
    pub rules: Rules,
    /// The file that says who is blocked, if there is one.
    pub blocks: Option<PathBuf>,
    /// The access log.
    pub audit: Audit,
    /// The health listener, if there is one.
    pub health: Option<Health>,
    /// Whose headers conditions may read; without one no rule set that reads any starts.
    pub front: Option<Front>,
    /// The pages that may call from browsers; without, none may.
    pub cors: Option<Cors>,
    /// What is refused because it is too much.
    pub limits: Limits,
    /// How the process ends.
    pub drain: Drain,
    /// What is allowed and yet worth a line in the log.
    pub warnings: Vec<Diagnostic>,
}

/// One TLS listener.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Port 0 takes a free one; the ready line says which.
    pub address: SocketAddr,
    /// There is no listener without TLS.
    pub tls: ListenerTls,
}

/// How a listener proves who we are and asks callers who they are.
#[derive(Clone, Debug)]
pub struct ListenerTls {
    /// PEM chain, the end-entity certificate first; re-read on SIGHUP.
    pub certificate: PathBuf,
    /// PEM private key (PKCS #8, PKCS #1 or SEC 1); re-read on SIGHUP.
    pub key: SecretSource,
    /// The name of the [`ClientCa`] client certificates must come from; `None` asks for none.
    pub client_ca: Option<String>,
    /// Whether a caller without a client certificate may connect; without meaning where `client_ca` is `None`.
    pub client_auth: ClientAuth,
}

/// Whether a client certificate is demanded in the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// Asked for; who has none may still present a token.
    Optional,
    /// Who has none does not connect.
    Required,
}

/// One legacy API.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// `http` or `https`, host and port, nothing else: no user, path, query or fragment.
    pub url: Uri,
    /// Lower-case `Host` values, without port, that come here; `None` is any.
    pub hosts: Option<Vec<String>>,
    /// Present exactly for `https`.
    pub tls: Option<UpstreamTls>,
    /// Headers set and let through.
    pub headers: Headers,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// Connections to it at once.
    pub connections: usize,
    /// Those one caller may have of them.
    pub connections_per_caller: usize,
}

/// How an upstream proves who it is, and we to it.
#[derive(Clone, Debug)]
pub struct UpstreamTls {
    /// PEM bundle of the only authorities that count.
    pub ca: PathBuf,
    /// Our client certificate's PEM chain and private key.
    pub client: Option<(PathBuf, SecretSource)>,
    /// The name the upstream's certificate must have; the URL's host unless written.
    pub name: String,
}

/// Headers to and from one upstream, besides the default lists.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// Always set by us, whatever the client sent.
    pub set: Vec<(HeaderName, HeaderValueSource)>,
    /// Let through to the upstream.
    pub request: Vec<HeaderName>,
    /// Let through to the caller.
    pub response: Vec<HeaderName>,
}

/// Where the value of a header we set comes from.
#[derive(Clone, Debug)]
pub enum HeaderValueSource {
    /// A secret, read at start; marked sensitive, so its `Debug` does not show it.
    Secret(HeaderValue),
    /// `caller.id`: the same text that audit records call `caller.id`.
    CallerId,
}

/// How long each step of an exchange with an upstream may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect, TLS included.
    pub connect: Duration,
    /// From the request's last byte to the answer's head.
    pub first_byte: Duration,
    /// Between two reads of the answer's body.
    pub idle: Duration,
}

/// Who may be a caller.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Token issuers, by the name rules use. No two have the same `issuer`.
    pub jwt: BTreeMap<String, JwtIssuer>,
    /// Authorities of client certificates, by the name rules use.
    pub client_ca: BTreeMap<String, ClientCa>,
    /// API keys, by the name rules use. No two are the same key.
    pub api_keys: BTreeMap<String, ApiKey>,
}

/// One API key.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Where the SHA-256 of the key is kept; re-read on SIGHUP.
    pub sha256: SecretSource,
    /// The last second it is taken, in seconds since 1970.
    pub until: Option<i64>,
}

/// One issuer of bearer tokens.
#[derive(Clone, Debug)]
pub struct JwtIssuer {
    /// The exact `iss` claim.
    pub issuer: String,
    /// A value `aud` must contain.
    pub audience: String,
    /// The JWKS file; re-read on SIGHUP.
    pub jwks: PathBuf,
    /// What the issuer signs with; at least one, none twice.
    pub algorithms: Vec<JwtAlgorithm>,
    /// How far its clock may be from ours.
    pub leeway: Duration,
}

/// A signature algorithm of RFC 7518 or RFC 8037 that a token may be signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JwtAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl JwtAlgorithm {
    /// Every algorithm there is, in the order of the documentation.
    pub const ALL: [JwtAlgorithm; 4] = [
        JwtAlgorithm::Rs256,
        JwtAlgorithm::Ps256,
        JwtAlgorithm::Es256,
        JwtAlgorithm::EdDsa,
    ];

    /// The name in `alg`, compared exactly.
    pub fn name(self) -> &'static str {
        match self {
            JwtAlgorithm::Rs256 => "RS256",
            JwtAlgorithm::Ps256 => "PS256",
            JwtAlgorithm::Es256 => "ES256",
            JwtAlgorithm::EdDsa => "EdDSA",
        }
    }
}

/// One authority of client certificates.
#[derive(Clone, Debug)]
pub struct ClientCa {
    /// PEM bundle of its roots; re-read on SIGHUP.
    pub certificates: PathBuf,
    /// PEM or DER revocation lists; re-read on SIGHUP.
    pub crl: Option<PathBuf>,
}

/// The key of the outcome `token`.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// HMAC-SHA-256 key.
    pub key: Secret<[u8; 32]>,
}

/// The rule set.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Where its files are; looked at again and again.
    pub dir: PathBuf,
    /// Where a copy of the last good set is kept, for a start at which `dir` cannot be used.
    pub last_good: Option<PathBuf>,
}

/// The access log.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Where segments and head are written.
    pub dir: PathBuf,
    /// The key of person and parameter hashes.
    pub key: Secret<[u8; 32]>,
    /// When a record counts as written.
    pub durability: Durability,
}

/// When an audit record counts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// When the kernel has it: survives `kill -9`.
    Process,
    /// When the disk has it: survives a power cut.
    Power,
}

/// The health listener: `/healthz`, `/readyz`, `/metrics`, nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Health {
    /// Plain HTTP; port 0 takes a free one.
    pub address: SocketAddr,
}

/// What is refused because it is too much. Sizes are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A message's header section.
    pub header: usize,
    /// A request's body, which is held until it is judged.
    pub request_body: usize,
    /// Open brackets in an answer or a request's body; one more is refused.
    pub depth: usize,
    /// A member name.
    pub key: usize,
    /// A string that must be held: masked, tokenised, compared.
    pub value: usize,
    /// The most of one record that is ever held.
    pub record: usize,
    /// What all exchanges hold together while they wait.
    pub held: u64,
    /// Output per input of a decoder, after the first 1 MiB of output.
    pub decompressed_ratio: u64,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
    /// A TLS handshake.
    pub handshake: Duration,
    /// A request's header section, from its first byte.
    pub header_time: Duration,
    /// Without progress on a body, in either direction, on the caller's side.
    pub body_idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            header: 16 << 10,
            request_body: 64 << 20,
            depth: 128,
            key: 4 << 10,
            value: 1 << 20,
            record: 256 << 10,
            held: 1 << 30,
            decompressed_ratio: 100,
            connections: 10_000,
            connections_per_address: 200,
            handshake: Duration::from_secs(10),
            header_time: Duration::from_secs(10),
            body_idle: Duration::from_secs(30),
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(3),
            first_byte: Duration::from_secs(30),
            idle: Duration::from_secs(60),
        }
    }
}

/// How the process ends after SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain {
    /// How long `/readyz` fails before listeners close.
    pub delay: Duration,
    /// How long exchanges under way may go on after that.
    pub timeout: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Drain {
            delay: Duration::ZERO,
            timeout: Duration::from_secs(30),
        }
    }
}

//! A caller of the demo: one request over TLS with what a role brings, without curl.
//!
//! Trusts the demo's own authority and nothing else, and gives up after ten seconds.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::response::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::place::Place;
use super::role::Role;

/// The name in the demo's certificate.
pub const NAME: &str = "localhost";
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// A file of the project cannot be read or used.
    #[error("`{0}`: {1}")]
    File(PathBuf, String),
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The connection failed.
    #[error("no connection to `{0}`: {1}")]
    Connection(SocketAddr, io::Error),
    /// The answer broke off, or is none.
    #[error("no complete answer from `{0}`: {1}")]
    Http(SocketAddr, hyper::Error),
    /// It took too long.
    #[error("`{0}` did not answer within ten seconds")]
    Late(SocketAddr),
    /// The request is none.
    #[error("no request can be made: {0}")]
    Request(#[from] http::Error),
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Status and headers.
    pub head: Parts,
    /// All of it.
    pub body: Bytes,
}

impl Answer {
    /// A header as text, empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        let value = self.head.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// What `role` gets for `target`.
pub async fn call(place: &Place, role: Role, target: &str) -> Result<Answer, CallError> {
    let address = match role {
        Role::Legacy => place.legacy,
        _ => place.proxy,
    };
    tokio::time::timeout(PATIENCE, ask(place, role, address, target))
        .await
        .map_err(|_| CallError::Late(address))?
}

async fn ask(
    place: &Place,
    role: Role,
    address: SocketAddr,
    target: &str,
) -> Result<Answer, CallError> {
    let mut request = Request::get(target).header(HOST, format!("{NAME}:{}", address.port()));
    if let Some(token) = role.token() {
        let path = place.dir.join(token);
        let token = read(&path)?;
        let token = String::from_utf8_lossy(&token);
        request = request.header(AUTHORIZATION, format!("Bearer {}", token.trim()));
    }
    let request = request.body(Empty::new())?;
    let failed = |error| CallError::Connection(address, error);
    let stream = TcpStream::connect(address).await.map_err(failed)?;
    let answered = match role {
        Role::Legacy => send(TokioIo::new(stream), request).await,
        _ => {
            let name =
                ServerName::try_from(NAME).map_err(|error| failed(io::Error::other(error)))?;
            let stream = connector(&place.dir, role)?
                .connect(name, stream)
                .await
                .map_err(failed)?;
            send(TokioIo::new(stream), request).await
        }
    };
    let (head, body) = answered
        .map_err(|error| CallError::Http(address, error))?
        .into_parts();
    let body = body
        .collect()
        .await
        .map_err(|error| CallError::Http(address, error))?;
    Ok(Answer {
        head,
        body: body.to_bytes(),
    })
}

async fn send<S>(stream: S, request: Request<Empty<Bytes>>) -> hyper::Result<Response<Incoming>>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the demo's caller lost its connection");
        }
    });
    sender.send_request(request).await
}

fn connector(dir: &Path, role: Role) -> Result<TlsConnector, CallError> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&dir.join("certs/ca.pem"))?)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match role.certificate() {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let path = dir.join(key);
            let key = PrivateKeyDer::from_pem_slice(&read(&path)?)
                .map_err(|error| CallError::File(path, error.to_string()))?;
            builder.with_client_auth_cert(vec![certificate(&dir.join(chain))?], key)?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn certificate(path: &Path) -> Result<CertificateDer<'static>, CallError> {
    CertificateDer::from_pem_slice(&read(path)?)
        .map_err(|error| CallError::File(path.to_owned(), error.to_string()))
}

fn read(path: &Path) -> Result<Vec<u8>, CallError> {
    std::fs::read(path).map_err(|error| CallError::File(path.to_owned(), error.to_string()))
}

//! The server on real sockets.

mod ending;
mod refusing;
mod resting;

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::config::{self, Limits};

/// A throw-away authority that signs for `localhost`.
struct Authority(CertifiedIssuer<'static, KeyPair>);

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn sign(&self, name: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        (vec![certificate.der().clone()], key)
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        Arc::new(roots)
    }

    fn server_config(&self) -> rustls::ServerConfig {
        let (chain, key) = self.sign("localhost");
        server_config(chain, key, None).unwrap()
    }

    fn asking_for_certificates(&self) -> rustls::ServerConfig {
        let (chain, key) = self.sign("localhost");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(self.roots(), provider)
            .allow_unauthenticated()
            .build()
            .unwrap();
        server_config(chain, key, Some(verifier)).unwrap()
    }
}

/// A served listener and what came out of it.
struct Site {
    address: SocketAddr,
    tls: SwappableTls,
    drain: Drain,
    refusals: mpsc::UnboundedReceiver<Refusal>,
    /// The connections that begin to rest.
    rested: mpsc::UnboundedReceiver<u64>,
    served: tokio::task::JoinHandle<()>,
}

fn generous() -> Limits {
    Limits {
        handshake: Duration::from_secs(30),
        header_time: Duration::from_secs(30),
        ..Limits::default()
    }
}

fn site<S, F, B>(tls: rustls::ServerConfig, limits: Limits, service: S) -> Site
where
    S: Fn(Arc<Connection>, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let tls = Arc::new(ArcSwap::from_pointee(tls));
    let bound = Bound::bind([Listener {
        address: "127.0.0.1:0".parse().unwrap(),
        tls: Arc::clone(&tls),
        client_ca: Some(Arc::from("partner-ca")),
    }])
    .unwrap();
    let address = bound.addresses()[0];
    let (tell, refusals) = mpsc::unbounded_channel();
    let (tell_rest, rested) = mpsc::unbounded_channel();
    let drain = Drain::default();
    let served = tokio::spawn(serve(
        bound,
        Workers::start(worker_count()).unwrap(),
        limits,
        config::Drain::default(),
        drain.clone(),
        service,
        move |event| match event {
            Event::Refused(refusal) => tell.send(refusal).unwrap_or(()),
            Event::Rested(connection) => tell_rest.send(connection).unwrap_or(()),
            Event::Opened | Event::Closed | Event::NotTaken => {}
        },
    ));
    Site {
        address,
        tls,
        drain,
        refusals,
        rested,
        served,
    }
}

/// Answers every request with the peer certificate's presence, the SNI and the protocol.
async fn describe_connection(
    connection: Arc<Connection>,
    _: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let text = format!(
        "{:?} {:?} {}",
        connection.protocol,
        connection.sni,
        connection
            .certificate
            .as_ref()
            .is_some_and(|c| c.is_named())
    );
    Response::new(Full::new(Bytes::from(text)))
}

fn client(authority: &Authority, alpn: &[&str], identity: Option<Identity>) -> TlsConnector {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authority.roots());
    let mut config = match identity {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn connect(
    connector: &TlsConnector,
    address: SocketAddr,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    let tcp = TcpStream::connect(address).await?;
    connector.connect(name, tcp).await
}

/// All that comes back for `request` until the connection ends, however it ends.
async fn raw(connector: &TlsConnector, address: SocketAddr, request: &str) -> String {
    let mut stream = connect(connector, address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    rest_of(&mut stream).await
}

async fn rest_of(stream: &mut TlsStream<TcpStream>) -> String {
    let mut answer = Vec::new();
    // A connection that is cut has no close_notify, which is the very thing some tests want to see.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Frames of a body, then a fault when told to fail, or nothing more for ever; tells when it is
/// dropped.
struct Script {
    frames: Vec<&'static str>,
    fail: oneshot::Receiver<()>,
    polled: Arc<AtomicUsize>,
    _dropped: mpsc::Sender<Infallible>,
}

/// The other end of a [`Script`].
struct Director {
    fail: oneshot::Sender<()>,
    dropped: mpsc::Receiver<Infallible>,
    polled: Arc<AtomicUsize>,
}

fn script(frames: &[&'static str]) -> (Script, Director) {
    let (fail, failed) = oneshot::channel();
    let (tell, dropped) = mpsc::channel(1);
    let polled = Arc::<AtomicUsize>::default();
    let script = Script {
        frames: frames.iter().rev().copied().collect(),
        fail: failed,
        polled: Arc::clone(&polled),
        _dropped: tell,
    };
    let director = Director {
        fail,
        dropped,
        polled,
    };
    (script, director)
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.polled.fetch_add(1, Ordering::Relaxed);
        if let Some(frame) = self.frames.pop() {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(frame.as_bytes())))));
        }
        match Pin::new(&mut self.fail).poll(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(Some(Err(io::Error::other("fault")))),
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
        }
    }
}

type ScriptOrNothing = Either<Script, Full<Bytes>>;

/// A service that answers once with `script`, then with nothing.
fn once(
    script: Script,
) -> impl Fn(Arc<Connection>, Request<Incoming>) -> Ready<Response<ScriptOrNothing>> {
    let script = std::sync::Mutex::new(Some(script));
    move |_, _| {
        let body = match script.lock().unwrap().take() {
            Some(script) => Either::Left(script),
            None => Either::Right(Full::default()),
        };
        ready(Response::new(body))
    }
}

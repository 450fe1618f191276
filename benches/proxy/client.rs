//! A caller that makes one request at a time over HTTP/1.1, with TLS 1.3 or, to the upstream itself, without.
//!
//! Refuses other parameters than all subjects are measured with: TLS_AES_128_GCM_SHA256, X25519, no resumption.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{CipherSuite, ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::Result;
use crate::options::Protocol;

/// Longer than nginx + Lua takes to gather, decode and encode a GiB.
const PATIENCE: Duration = Duration::from_secs(300);

/// Makes connections.
pub struct Client {
    h1: Arc<ClientConfig>,
    h2: Arc<ClientConfig>,
    token: String,
}

/// One connection, kept between requests.
pub struct Connection {
    stream: BufReader<Stream>,
    request: String,
}

/// A connection on which anything can be said.
pub type Raw = StreamOwned<ClientConnection, TcpStream>;

enum Stream {
    Tls(Box<Raw>),
    Plain(TcpStream),
}

/// What came, but for the body.
pub struct Answer {
    /// From the first byte of the request to the first byte of the body.
    pub first_byte: Duration,
    /// Of the body.
    pub length: u64,
}

impl Client {
    pub fn new(authority: &Path, token: &str) -> Result<Client> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority)?)?;
        let provider = CryptoProvider {
            cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256],
            kx_groups: vec![aws_lc_rs::kx_group::X25519],
            ..aws_lc_rs::default_provider()
        };
        let mut tls = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.resumption = Resumption::disabled();
        let speaks = |protocol: &[u8]| {
            let mut tls = tls.clone();
            tls.alpn_protocols = vec![protocol.to_vec()];
            Arc::new(tls)
        };
        Ok(Client {
            h1: speaks(b"http/1.1"),
            h2: speaks(b"h2"),
            token: token.to_owned(),
        })
    }

    /// Whom it calls as.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Connects and shakes hands.
    pub fn connect(&self, port: u16) -> Result<Connection> {
        let raw = self.raw(port, Protocol::H1)?;
        Ok(self.over(Stream::Tls(Box::new(raw))))
    }

    /// Connects and shakes hands; what is said then is the caller's matter.
    pub fn raw(&self, port: u16, protocol: Protocol) -> Result<Raw> {
        let mut tcp = connect(port)?;
        let settings = match protocol {
            Protocol::H1 => &self.h1,
            Protocol::H2 => &self.h2,
        };
        let mut tls = ClientConnection::new(Arc::clone(settings), "localhost".try_into()?)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut tcp)?;
        }
        let suite = tls.negotiated_cipher_suite().map(|suite| suite.suite());
        if suite != Some(CipherSuite::TLS13_AES_128_GCM_SHA256) {
            return Err(format!("port {port} negotiated {suite:?}").into());
        }
        Ok(StreamOwned::new(tls, tcp))
    }

    /// Connects without TLS.
    pub fn connect_plain(&self, port: u16) -> Result<Connection> {
        Ok(self.over(Stream::Plain(connect(port)?)))
    }

    fn over(&self, stream: Stream) -> Connection {
        Connection {
            stream: BufReader::with_capacity(64 << 10, stream),
            request: format!(
                "HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
                self.token
            ),
        }
    }
}

fn connect(port: u16) -> Result<TcpStream> {
    let tcp = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    Ok(tcp)
}

impl Connection {
    /// One exchange; every piece of the body goes to `sink`. Anything but a whole 200 is an error.
    pub fn get(&mut self, target: &str, mut sink: impl FnMut(&[u8])) -> Result<Answer> {
        let request = format!("GET {target} {}", self.request);
        let start = Instant::now();
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.stream.get_mut().flush()?;
        let status = self.line()?;
        if !status.starts_with("HTTP/1.1 200") {
            return Err(format!("`{target}` was answered `{status}`").into());
        }
        let (mut announced, mut is_chunked) = (None, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':') {
                None if line.is_empty() => break,
                Some(("content-length", length)) => announced = Some(length.trim().parse()?),
                Some(("transfer-encoding", coding)) => is_chunked = coding.trim() == "chunked",
                _ => {}
            }
        }
        let mut answer = Answer {
            first_byte: Duration::ZERO,
            length: 0,
        };
        let mut take = |piece: &[u8]| {
            if answer.length == 0 {
                answer.first_byte = start.elapsed();
            }
            answer.length += piece.len() as u64;
            sink(piece);
        };
        match announced {
            Some(length) if !is_chunked => self.exactly(length, &mut take)?,
            None if is_chunked => loop {
                let size = u64::from_str_radix(&self.line()?, 16)?;
                self.exactly(size, &mut take)?;
                self.line()?;
                if size == 0 {
                    break;
                }
            },
            _ => return Err(format!("`{target}`: the answer's end is not announced").into()),
        }
        Ok(answer)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err("the answer broke off".into()),
        }
    }

    fn exactly(&mut self, length: u64, sink: &mut impl FnMut(&[u8])) -> Result<()> {
        let mut left = length;
        while left > 0 {
            let piece = self.stream.fill_buf()?;
            if piece.is_empty() {
                return Err("the answer broke off".into());
            }
            let taken = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            sink(&piece[..taken]);
            self.stream.consume(taken);
            left -= taken as u64;
        }
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Stream::Tls(tls) => tls.read(into),
            Stream::Plain(tcp) => tcp.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Stream::Tls(tls) => tls.write(bytes),
            Stream::Plain(tcp) => tcp.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Stream::Tls(tls) => tls.flush(),
            Stream::Plain(tcp) => tcp.flush(),
        }
    }
}

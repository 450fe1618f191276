//! Where callers enter, and who they are.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Answer, Http1, Http2, patiently};

/// Both, for tests that say the same of each.
pub const BOTH: [Version; 2] = [Version::Http1, Version::Http2];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Http1,
    Http2,
}

/// What a caller presents.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    pub token: Option<String>,
    /// PEM: certificate and key.
    pub certificate: Option<(String, String)>,
}

/// A running proxy as its callers know it.
#[derive(Clone, Debug)]
pub struct Door {
    pub address: SocketAddr,
    dir: PathBuf,
}

impl Door {
    pub fn new(dir: &Path, address: SocketAddr) -> Door {
        Door {
            address,
            dir: dir.to_owned(),
        }
    }

    pub fn ca(&self) -> PathBuf {
        self.dir.join("certs/ca.pem")
    }

    pub fn client_path(&self, name: &str) -> PathBuf {
        self.dir.join("clients").join(name)
    }

    fn client(&self, name: &str) -> String {
        fs::read_to_string(self.client_path(name)).unwrap()
    }

    fn token(&self, name: &str) -> Caller {
        let token = Some(self.client(name).trim().to_owned());
        Caller {
            token,
            certificate: None,
        }
    }

    pub fn nobody(&self) -> Caller {
        Caller::default()
    }

    pub fn teller(&self) -> Caller {
        self.token("teller.jwt")
    }

    pub fn manager(&self) -> Caller {
        self.token("manager.jwt")
    }

    /// The customer 1001.
    pub fn customer(&self) -> Caller {
        self.token("self.jwt")
    }

    pub fn partner(&self) -> Caller {
        Caller {
            token: None,
            certificate: Some((self.client("acme.pem"), self.client("acme.key"))),
        }
    }

    /// One request on a connection of its own.
    pub async fn ask(
        &self,
        version: Version,
        caller: &Caller,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        match version {
            Version::Http1 => {
                let mut client = Http1::connect(self, caller).await;
                client.ask(method, target, headers).await
            }
            Version::Http2 => {
                let client = Http2::connect(self, caller).await;
                client.ask(method, target, headers).await
            }
        }
    }

    /// A TLS connection; `buffer` is how much the system takes in before the client reads, where that matters.
    pub async fn connect(
        &self,
        caller: &Caller,
        protocol: &[u8],
        buffer: Option<u32>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let socket = TcpSocket::new_v4()?;
        if let Some(buffer) = buffer {
            socket.set_recv_buffer_size(buffer)?;
        }
        let connecting = async {
            let tcp = socket.connect(self.address).await?;
            tcp.set_nodelay(true)?;
            let name = ServerName::try_from("localhost").unwrap();
            TlsConnector::from(Arc::new(self.tls(caller, protocol)))
                .connect(name, tcp)
                .await
        };
        patiently("a TLS handshake", connecting).await
    }

    fn tls(&self, caller: &Caller, protocol: &[u8]) -> ClientConfig {
        let mut roots = rustls::RootCertStore::empty();
        let ca = fs::read(self.ca()).unwrap();
        roots
            .add(CertificateDer::from_pem_slice(&ca).unwrap())
            .unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match &caller.certificate {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![protocol.to_vec()];
        config
    }
}

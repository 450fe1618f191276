//! What a listener says in the handshake: our certificate, TLS 1.3 and 1.2, `h2` and `http/1.1`.
//!
//! Refuses certificates and keys that cannot be read or do not belong together, before they replace
//! those in use (L10). There is no early data, no renegotiation and no key log. Where client
//! certificates are asked for there is no resumption either: a resumed session would not be
//! verified again (L04).

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::{ListenerTls, SecretError};

/// Why a listener's certificate or key cannot be used. Names the file, never its content.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate file cannot be read.
    #[error("cannot read the certificate `{0}`: {1}")]
    Unreadable(String, std::io::Error),
    /// The certificate file is not a PEM chain.
    #[error("`{0}` is not a PEM certificate chain, the end-entity certificate first")]
    Certificate(String),
    /// The key's reference does not lead to a secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The secret is not a private key.
    #[error("the key of `{0}` is not one PEM private key in PKCS #8, PKCS #1 or SEC 1 form")]
    Key(String),
    /// Certificate and key do not work together.
    #[error("the certificate `{0}` and its key cannot be used: {1}")]
    Unusable(String, rustls::Error),
}

/// Reads a listener's files. `clients` verifies client certificates, and knows whether they are
/// required.
pub fn load(
    settings: &ListenerTls,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<ServerConfig, TlsError> {
    let name = || settings.certificate.display().to_string();
    let chain = read_chain(&settings.certificate)?;
    let key = settings.key.read()?;
    let key = PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| TlsError::Key(name()))?;
    server_config(chain, key, clients).map_err(|error| TlsError::Unusable(name(), error))
}

/// One listener's side of the handshake, from what is already read.
pub fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let mut config = match clients {
        Some(verifier) => {
            let mut config = builder
                .with_client_cert_verifier(verifier)
                .with_single_cert(chain, key)?;
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            config
        }
        None => builder.with_no_client_auth().with_single_cert(chain, key)?,
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let name = || path.display().to_string();
    let pem = std::fs::read(path).map_err(|error| TlsError::Unreadable(name(), error))?;
    let chain = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| TlsError::Certificate(name()))?;
    if chain.is_empty() {
        return Err(TlsError::Certificate(name()));
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ClientAuth, SecretSource};

    fn files(certificate: &str, key: &str) -> (tempfile::TempDir, ListenerTls) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("server.pem"), certificate).unwrap();
        std::fs::write(dir.path().join("server.key"), key).unwrap();
        let tls = ListenerTls {
            certificate: dir.path().join("server.pem"),
            key: SecretSource::File(dir.path().join("server.key")),
            client_ca: None,
            client_auth: ClientAuth::Optional,
        };
        (dir, tls)
    }

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn a_certificate_with_its_key_is_accepted() {
        let (certificate, key) = pair();
        let (_dir, tls) = files(&certificate, &key);
        let config = load(&tls, None).unwrap();
        assert_eq!(config.max_early_data_size, 0);
        assert_eq!(
            config.alpn_protocols,
            [b"h2".as_slice(), b"http/1.1".as_slice()]
        );
    }

    /// `SSLKEYLOGFILE` is for rustls' `KeyLogFile`, which is not compiled in as anybody's key log.
    #[test]
    fn l04_q04_there_is_no_early_data_and_no_key_log() {
        let (certificate, key) = pair();
        let (_dir, tls) = files(&certificate, &key);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        roots.add(root).unwrap();
        let clients =
            rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
                .build()
                .unwrap();
        for clients in [None, Some(clients)] {
            let asks = clients.is_some();
            let config = load(&tls, clients).unwrap();
            assert_eq!(config.max_early_data_size, 0);
            assert!(!config.key_log.will_log("CLIENT_TRAFFIC_SECRET_0"));
            assert_eq!(config.session_storage.can_cache(), !asks);
            assert_eq!(config.send_tls13_tickets == 0, asks);
            assert!(
                !config.ticketer.enabled(),
                "sessions are kept here, not with the client"
            );
        }
    }

    #[test]
    fn l10_a_certificate_with_another_ones_key_is_refused() {
        let (_dir, tls) = files(&pair().0, &pair().1);
        assert!(matches!(load(&tls, None), Err(TlsError::Unusable(..))));
    }

    #[test]
    fn l10_a_half_written_certificate_is_refused() {
        let (certificate, key) = pair();
        let half = &certificate[..certificate.len() / 2];
        let (_dir, tls) = files(half, &key);
        assert!(matches!(load(&tls, None), Err(TlsError::Certificate(_))));
    }

    #[test]
    fn an_empty_key_names_the_place_not_the_content() {
        let (certificate, _) = pair();
        let (_dir, tls) = files(&certificate, "not a key");
        let said = load(&tls, None).unwrap_err().to_string();
        assert!(said.contains("server.pem") && !said.contains("not a key"));
    }
}

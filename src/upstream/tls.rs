//! How we make sure an `https` upstream is the one we mean.
//!
//! Refuses an `https` upstream without `tls.ca`: only the authorities named there count, never the
//! system's. There is no way to switch verification off (L08).

use std::path::Path;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::TlsConnector;

use crate::config::{SecretError, UpstreamTls};

/// Why an upstream's TLS settings cannot be used. Names the file, never its content.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// `https` without `tls.ca`, or `tls` without `https`.
    #[error("`tls` belongs to an `https` url, and such a url needs `tls.ca`")]
    Mismatch,
    /// A file cannot be read.
    #[error("cannot read `{0}`: {1}")]
    Unreadable(String, std::io::Error),
    /// A file holds no PEM certificates, or one that cannot be used.
    #[error("`{0}` is not a PEM bundle of certificates")]
    Certificate(String),
    /// The key's reference does not lead to a secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The secret is not a private key.
    #[error("the key of `{0}` is not one PEM private key in PKCS #8, PKCS #1 or SEC 1 form")]
    Key(String),
    /// `tls.name` is neither a DNS name nor an address.
    #[error("`tls.name`: `{0}` is neither a DNS name nor an address")]
    Name(String),
    /// rustls does not take them.
    #[error("{0}")]
    Unusable(#[from] rustls::Error),
}

/// How connections to one `https` upstream are secured.
#[derive(Clone)]
pub(super) struct Secured {
    pub(super) connector: TlsConnector,
    pub(super) name: ServerName<'static>,
}

/// `None` for `http`.
pub(super) fn connector(
    url: &Uri,
    settings: Option<&UpstreamTls>,
) -> Result<Option<Secured>, TlsError> {
    let settings = match (url.scheme() == Some(&Scheme::HTTPS), settings) {
        (true, Some(settings)) => settings,
        (false, None) => return Ok(None),
        (true, None) | (false, Some(_)) => return Err(TlsError::Mismatch),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_root_certificates(roots(&settings.ca)?);
    let mut config = match &settings.client {
        Some((chain, key)) => {
            let name = || chain.display().to_string();
            let key = key.read()?;
            let key =
                PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| TlsError::Key(name()))?;
            builder.with_client_auth_cert(certificates(chain)?, key)?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(settings.name.clone())
        .map_err(|_| TlsError::Name(settings.name.clone()))?;
    Ok(Some(Secured {
        connector: TlsConnector::from(Arc::new(config)),
        name,
    }))
}

fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|_| TlsError::Certificate(path.display().to_string()))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let name = || path.display().to_string();
    let pem = std::fs::read(path).map_err(|error| TlsError::Unreadable(name(), error))?;
    let read = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| TlsError::Certificate(name()))?;
    if read.is_empty() {
        return Err(TlsError::Certificate(name()));
    }
    Ok(read)
}

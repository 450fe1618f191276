//! Client certificates: the authorities they must come from, and what a verified one says.
//!
//! Refuses an authority without a root, a revocation list that cannot be read, and a certificate whose
//! alternative names hold anything but printable ASCII. With `crl`, every certificate of a chain must be
//! covered by a list that has not expired. The CN and wildcard names never identify anyone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier, danger::ClientCertVerifier};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationOptionsBuilder,
};

use super::LoadError;
use crate::config::{ClientAuth, ClientCa};
use crate::model::{CertificateCredential, Reason};

/// The configured authorities, as read from their files at one moment.
#[derive(Debug)]
pub struct Authorities {
    /// Tells one reading of the files from the next, so that nothing checked against the last counts now.
    reading: u64,
    by_name: BTreeMap<String, Authority>,
}

#[derive(Debug)]
struct Authority {
    roots: Arc<RootCertStore>,
    lists: Vec<CertificateRevocationListDer<'static>>,
    parsed_lists: Vec<CertRevocationList<'static>>,
}

/// The certificate chain a peer proved possession of, kept with its connection.
#[derive(Debug)]
pub struct PeerCertificate {
    chain: Vec<CertificateDer<'static>>,
    credential: Arc<CertificateCredential>,
    sha256: [u8; 32],
    /// The reading and second at which the chain was last found valid.
    checked: Mutex<Option<(u64, i64)>>,
}

impl PeerCertificate {
    /// Reads the chain rustls verified against `authority`, the end-entity certificate first.
    pub fn read(authority: &str, chain: &[CertificateDer<'_>]) -> Result<Self, Reason> {
        let leaf = chain.first().ok_or(Reason::BadCredential)?;
        let parsed = EndEntityCert::try_from(leaf).map_err(|_| Reason::BadCredential)?;
        let names = parsed.valid_uri_names().chain(
            parsed
                .valid_dns_names()
                .filter(|name| !name.starts_with("*.")),
        );
        let sans: Vec<String> = names.map(str::to_owned).collect();
        let printable = |san: &String| !san.is_empty() && san.bytes().all(|b| b.is_ascii_graphic());
        if !sans.iter().all(printable) {
            return Err(Reason::BadCredential);
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, leaf).as_ref());
        Ok(PeerCertificate {
            chain: chain.iter().map(|der| der.clone().into_owned()).collect(),
            credential: Arc::new(CertificateCredential {
                authority: authority.into(),
                sans,
                sha256: HEXLOWER.encode(&sha256).into(),
            }),
            sha256,
            checked: Mutex::new(None),
        })
    }

    /// The SHA-256 of the end-entity certificate's DER.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// What roles are decided by.
    pub fn credential(&self) -> &Arc<CertificateCredential> {
        &self.credential
    }

    /// Whether it has a name a role could ask for.
    pub fn is_named(&self) -> bool {
        !self.credential.sans.is_empty()
    }
}

impl Authorities {
    /// Reads every authority's files, or tells every mistake in them.
    pub fn load(settings: &BTreeMap<String, ClientCa>) -> Result<Self, Vec<LoadError>> {
        static READINGS: AtomicU64 = AtomicU64::new(0);
        let mut mistakes = Vec::new();
        let mut by_name = BTreeMap::new();
        for (name, files) in settings {
            let roots = read_roots(&files.certificates);
            let lists = files.crl.as_deref().map_or(Ok(Vec::new()), read_lists);
            match (roots, lists) {
                (Ok(roots), Ok(lists)) => {
                    let (lists, parsed_lists) = lists.into_iter().unzip();
                    let roots = Arc::new(roots);
                    by_name.insert(
                        name.clone(),
                        Authority {
                            roots,
                            lists,
                            parsed_lists,
                        },
                    );
                }
                (roots, lists) => mistakes.extend(roots.err().into_iter().chain(lists.err())),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Authorities {
            reading: READINGS.fetch_add(1, Ordering::Relaxed),
            by_name,
        })
    }

    /// What a listener hands rustls; `None` where there is no authority of this name.
    pub fn verifier(
        &self,
        name: &str,
        demanded: ClientAuth,
    ) -> Option<Result<Arc<dyn ClientCertVerifier>, VerifierBuilderError>> {
        let authority = self.by_name.get(name)?;
        let provider = Arc::new(default_provider());
        let builder =
            WebPkiClientVerifier::builder_with_provider(Arc::clone(&authority.roots), provider)
                .with_crls(authority.lists.iter().cloned())
                .enforce_revocation_expiration();
        Some(match demanded {
            ClientAuth::Required => builder.build(),
            ClientAuth::Optional => builder.allow_unauthenticated().build(),
        })
    }

    /// Whether the chain is valid at `now`, by the files as they were last read. A connection outlives a
    /// certificate and its revocation, so every request asks; within one second the answer is remembered.
    pub fn still_valid(&self, peer: &PeerCertificate, now: i64) -> Result<(), Reason> {
        let mut checked = peer.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if *checked == Some((self.reading, now)) {
            return Ok(());
        }
        let authority = self
            .by_name
            .get(&*peer.credential.authority)
            .ok_or(Reason::BadCredential)?;
        authority.verify(&peer.chain, now)?;
        *checked = Some((self.reading, now));
        Ok(())
    }
}

impl Authority {
    fn verify(&self, chain: &[CertificateDer<'static>], now: i64) -> Result<(), Reason> {
        let (leaf, intermediates) = chain.split_first().ok_or(Reason::BadCredential)?;
        let seconds = u64::try_from(now).map_err(|_| Reason::BadCredential)?;
        let lists: Vec<&CertRevocationList<'_>> = self.parsed_lists.iter().collect();
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            options
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build()
        });
        EndEntityCert::try_from(leaf)
            .and_then(|leaf| {
                leaf.verify_for_usage(
                    default_provider().signature_verification_algorithms.all,
                    &self.roots.roots,
                    intermediates,
                    UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
                    KeyUsage::client_auth(),
                    revocation,
                    None,
                )
                .map(|_| ())
            })
            .map_err(|error| match error {
                webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. } => {
                    Reason::ExpiredCredential
                }
                _ => Reason::BadCredential,
            })
    }
}

fn read_roots(path: &Path) -> Result<RootCertStore, LoadError> {
    let wrong = |message: String| LoadError::new(path, message);
    let mut roots = RootCertStore::empty();
    let pem = super::read_file(path)?;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| wrong(format!("not PEM: {error}")))?;
        roots
            .add(certificate)
            .map_err(|error| wrong(format!("a certificate cannot be a root: {error}")))?;
    }
    if roots.is_empty() {
        return Err(wrong("no PEM certificate in it".to_owned()));
    }
    Ok(roots)
}

type List = (
    CertificateRevocationListDer<'static>,
    CertRevocationList<'static>,
);

fn read_lists(path: &Path) -> Result<Vec<List>, LoadError> {
    let wrong = |message: String| LoadError::new(path, message);
    let bytes = super::read_file(path)?;
    let ders = if bytes.starts_with(b"0") {
        vec![CertificateRevocationListDer::from(bytes)]
    } else {
        CertificateRevocationListDer::pem_slice_iter(&bytes)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| wrong(format!("not PEM: {error}")))?
    };
    if ders.is_empty() {
        return Err(wrong("no revocation list in it".to_owned()));
    }
    ders.into_iter()
        .map(|der| {
            let parsed = OwnedCertRevocationList::from_der(&der)
                .map_err(|error| wrong(format!("not a revocation list: {error}")))?;
            Ok((der, CertRevocationList::from(parsed)))
        })
        .collect()
}

#[cfg(test)]
mod tests;

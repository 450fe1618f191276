//! Who calls: the credentials that were presented and verified on one connection and one request.

use std::net::IpAddr;
use std::sync::Arc;

/// A verified caller. At least one credential is present; roles are decided later, against a route. What was verified
/// once is shared by all requests that present it.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The verified bearer token, if one was sent.
    pub jwt: Option<Arc<JwtCredential>>,
    /// The verified client certificate, if one was presented.
    pub certificate: Option<Arc<CertificateCredential>>,
    /// The verified API key, if one was sent.
    pub api_key: Option<Arc<ApiKeyCredential>>,
    /// The peer's address, IPv4-mapped IPv6 addresses already unmapped.
    pub peer: IpAddr,
}

/// What a verified JSON Web Token says (RFC 7519).
#[derive(Clone, Debug)]
pub struct JwtCredential {
    /// The issuer's name in `fieldgate.yaml` (`staff-idp`), not the `iss` URL.
    pub issuer: Arc<str>,
    /// All claims; read strictly, so a duplicated member never gets here.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// Lower-case hexadecimal SHA-256 of the whole token.
    pub sha256: Arc<str>,
    /// `exp`, in seconds since 1970.
    pub expires: i64,
}

/// What a verified client certificate says.
#[derive(Clone, Debug)]
pub struct CertificateCredential {
    /// The name of the `client_ca` in `fieldgate.yaml` that signed it.
    pub authority: Arc<str>,
    /// URI and DNS subject alternative names, exactly as in the certificate. The CN never counts.
    pub sans: Vec<String>,
    /// Lower-case hexadecimal SHA-256 of the certificate's DER.
    pub sha256: Arc<str>,
}

/// Which API key was verified.
#[derive(Clone, Debug)]
pub struct ApiKeyCredential {
    /// Its name in `fieldgate.yaml`.
    pub name: Arc<str>,
    /// Lower-case hexadecimal SHA-256 of the key.
    pub sha256: Arc<str>,
}

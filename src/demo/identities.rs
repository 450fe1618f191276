//! Throw-away identities: a server certificate, a partner's client certificate, two token issuers and their tokens.
//!
//! Every key is made anew each time and the authorities' private keys are never kept, so nothing here can be shipped
//! or reused by mistake. Writing refuses to touch a file that is already there; keys and tokens are readable by their
//! owner alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use serde_json::{Value, json};

use crate::model::Secret;

/// What the partner's certificate is called, and the rules' `san`.
pub const PARTNER_SAN: &str = "spiffe://partners.bank.example/acme";
/// `iss` of the tokens of people who work at the bank.
pub const STAFF_ISSUER: &str = "https://idp.bank.example";
/// `iss` of the tokens of people who are customers of the bank.
pub const APP_ISSUER: &str = "https://app.bank.example";
/// `aud` of every token.
pub const AUDIENCE: &str = "fieldgate";
/// The customer whose token [`Identities::customer`] is.
pub const CUSTOMER: &str = "1001";

const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
const CERTIFICATE_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Clocks of other machines may be behind ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_hours(24);

/// Why identities could not be made.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A certificate or its key could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A token's key could not be made or used.
    #[error("cannot sign a token")]
    Signature(#[from] aws_lc_rs::error::Unspecified),
    /// The clock shows a time no certificate can name.
    #[error("the clock shows `{0}`, which no certificate can name")]
    Clock(Timestamp),
}

/// A certificate and its private key, both PEM.
#[derive(Debug)]
pub struct CertificateAndKey {
    /// The end-entity certificate.
    pub certificate: String,
    /// PKCS #8.
    pub key: Secret<String>,
}

/// Everyone in the demo.
#[derive(Debug)]
pub struct Identities {
    /// The authority callers check the server with.
    pub server_ca: String,
    /// For `localhost`, `127.0.0.1` and `::1`.
    pub server: CertificateAndKey,
    /// The authority the server checks partners with.
    pub partner_ca: String,
    /// The partner `acme`: [`PARTNER_SAN`].
    pub partner: CertificateAndKey,
    /// The public key of `staff-idp`.
    pub staff_jwks: String,
    /// The public key of `app-idp`.
    pub app_jwks: String,
    /// A token with the role `teller`.
    pub teller: Secret<String>,
    /// A token with the role `branch-manager`.
    pub manager: Secret<String>,
    /// A token of the customer [`CUSTOMER`].
    pub customer: Secret<String>,
}

impl Identities {
    /// Makes all of them; certificates end after 30 days, tokens after 24 hours.
    pub fn generate(now: Timestamp) -> Result<Identities, IdentityError> {
        let servers = authority("Fieldgate demo server CA", now)?;
        let partners = authority("Fieldgate demo partner CA", now)?;
        let staff = Issuer::generate("staff-1")?;
        let app = Issuer::generate("app-1")?;
        let staff_token = |user: &str, role: &str| {
            staff.sign(claims(STAFF_ISSUER, user, now, json!({ "roles": [role] })))
        };
        Ok(Identities {
            server_ca: servers.pem(),
            server: certificate(
                &servers,
                "localhost",
                CertificateParams::new(["localhost", "127.0.0.1", "::1"].map(str::to_owned))?
                    .subject_alt_names,
                ExtendedKeyUsagePurpose::ServerAuth,
                now,
            )?,
            partner_ca: partners.pem(),
            partner: certificate(
                &partners,
                "acme",
                vec![SanType::URI(PARTNER_SAN.try_into()?)],
                ExtendedKeyUsagePurpose::ClientAuth,
                now,
            )?,
            staff_jwks: staff.jwks(),
            app_jwks: app.jwks(),
            teller: staff_token("u-3391", "teller")?,
            manager: staff_token("u-1007", "branch-manager")?,
            customer: app.sign(claims(
                APP_ISSUER,
                "app-1001",
                now,
                json!({ "customer_id": CUSTOMER }),
            ))?,
        })
    }

    /// Writes what the server needs to `certs/` and what callers need to `clients/`.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let certs = dir.join("certs");
        let clients = dir.join("clients");
        fs::create_dir_all(&certs)?;
        fs::create_dir_all(&clients)?;
        write_public(&certs.join("ca.pem"), &self.server_ca)?;
        write_public(&certs.join("server.pem"), &self.server.certificate)?;
        write_private(&certs.join("server.key"), self.server.key.expose())?;
        write_public(&certs.join("partner-ca.pem"), &self.partner_ca)?;
        write_public(&certs.join("staff.jwks.json"), &self.staff_jwks)?;
        write_public(&certs.join("app.jwks.json"), &self.app_jwks)?;
        write_private(&clients.join("teller.jwt"), self.teller.expose())?;
        write_private(&clients.join("manager.jwt"), self.manager.expose())?;
        write_private(&clients.join("self.jwt"), self.customer.expose())?;
        write_public(&clients.join("acme.pem"), &self.partner.certificate)?;
        write_private(&clients.join("acme.key"), self.partner.key.expose())
    }
}

/// Writes a new file anybody may read.
pub(super) fn write_public(path: &Path, text: &str) -> io::Result<()> {
    write_new(path, text, 0o644)
}

/// Writes a new file only its owner may read.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    write_new(path, text, 0o600)
}

fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display())))
}

fn authority(
    name: &str,
    now: Timestamp,
) -> Result<CertifiedIssuer<'static, KeyPair>, IdentityError> {
    let mut params = named(name, now)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn certificate(
    authority: &CertifiedIssuer<'static, KeyPair>,
    name: &str,
    subject_alt_names: Vec<SanType>,
    usage: ExtendedKeyUsagePurpose,
    now: Timestamp,
) -> Result<CertificateAndKey, IdentityError> {
    let key = KeyPair::generate()?;
    let mut params = named(name, now)?;
    params.subject_alt_names = subject_alt_names;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    Ok(CertificateAndKey {
        certificate: params.signed_by(&key, authority)?.pem(),
        key: Secret::new(key.serialize_pem()),
    })
}

fn named(name: &str, now: Timestamp) -> Result<CertificateParams, IdentityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let day = |moment: Result<Timestamp, jiff::Error>| {
        let date = moment.ok()?.to_zoned(TimeZone::UTC).date();
        let (month, day) = (date.month().try_into().ok()?, date.day().try_into().ok()?);
        Some(rcgen::date_time_ymd(date.year().into(), month, day))
    };
    let bounds = day(now.checked_sub(CLOCK_SKEW)).zip(day(now.checked_add(CERTIFICATE_LIFETIME)));
    (params.not_before, params.not_after) = bounds.ok_or(IdentityError::Clock(now))?;
    Ok(params)
}

/// A token issuer's key.
struct Issuer {
    id: &'static str,
    key: EcdsaKeyPair,
}

impl Issuer {
    fn generate(id: &'static str) -> Result<Issuer, IdentityError> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        Ok(Issuer { id, key })
    }

    /// RFC 7515, compact serialisation.
    fn sign(&self, claims: Value) -> Result<Secret<String>, IdentityError> {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.id });
        let part = |json: &Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes())?;
        let signature = BASE64URL_NOPAD.encode(signature.as_ref());
        Ok(Secret::new(format!("{signed}.{signature}")))
    }

    /// RFC 7517: the public key alone.
    fn jwks(&self) -> String {
        let point = self.key.public_key().as_ref();
        // The uncompressed form: 0x04, then x and y of equal length.
        let (x, y) = match point.split_first() {
            Some((_, coordinates)) => coordinates.split_at(coordinates.len() / 2),
            None => (point, point),
        };
        let key = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y),
        });
        format!("{:#}\n", json!({ "keys": [key] }))
    }
}

fn claims(issuer: &str, subject: &str, now: Timestamp, more: Value) -> Value {
    let mut claims = json!({
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": subject,
        "iat": now.as_second(),
        "exp": now.as_second().saturating_add(TOKEN_LIFETIME.as_secs()),
    });
    if let (Some(claims), Value::Object(mut more)) = (claims.as_object_mut(), more) {
        claims.append(&mut more);
    }
    claims
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use rustls_pki_types::pem::PemObject;
    use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
    use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

    use super::*;

    fn made() -> Identities {
        Identities::generate(Timestamp::now()).unwrap()
    }

    fn verify(ca: &str, leaf: &str, usage: KeyUsage) -> Result<(), webpki::Error> {
        let ca = CertificateDer::from_pem_slice(ca.as_bytes()).unwrap();
        let leaf = CertificateDer::from_pem_slice(leaf.as_bytes()).unwrap();
        let anchor = [anchor_from_trusted_cert(&ca).unwrap()];
        EndEntityCert::try_from(&leaf)
            .unwrap()
            .verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &anchor,
                &[],
                UnixTime::now(),
                usage,
                None,
                None,
            )
            .map(|_| ())
    }

    #[test]
    fn each_certificate_is_good_for_its_own_side_and_authority_only() {
        let made = made();
        let (server, partner) = (&made.server.certificate, &made.partner.certificate);
        assert!(verify(&made.server_ca, server, KeyUsage::server_auth()).is_ok());
        assert!(verify(&made.partner_ca, partner, KeyUsage::client_auth()).is_ok());
        assert!(verify(&made.server_ca, server, KeyUsage::client_auth()).is_err());
        assert!(verify(&made.server_ca, partner, KeyUsage::client_auth()).is_err());
    }

    #[test]
    fn the_server_is_called_localhost_and_the_partner_by_its_uri() {
        let made = made();
        let server = CertificateDer::from_pem_slice(made.server.certificate.as_bytes()).unwrap();
        let server = EndEntityCert::try_from(&server).unwrap();
        for name in ["localhost", "127.0.0.1", "::1"] {
            let name = ServerName::try_from(name).unwrap();
            server.verify_is_valid_for_subject_name(&name).unwrap();
        }
        let partner = CertificateDer::from_pem_slice(made.partner.certificate.as_bytes()).unwrap();
        let partner = EndEntityCert::try_from(&partner).unwrap();
        assert_eq!(partner.valid_uri_names().collect::<Vec<_>>(), [PARTNER_SAN]);
    }

    fn decoded(part: &str) -> Value {
        serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
    }

    fn point(jwks: &str) -> Vec<u8> {
        let jwks: Value = serde_json::from_str(jwks).unwrap();
        let key = &jwks["keys"][0];
        assert!(key.get("d").is_none(), "the private key stays out");
        let mut point = vec![4];
        for coordinate in ["x", "y"] {
            let text = key[coordinate].as_str().unwrap();
            point.extend(BASE64URL_NOPAD.decode(text.as_bytes()).unwrap());
        }
        point
    }

    fn signed_by(jwks: &str, token: &str) -> bool {
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(jwks))
            .verify(signed.as_bytes(), &signature)
            .is_ok()
    }

    #[test]
    fn tokens_are_signed_by_their_issuer_and_end_after_a_day() {
        let made = made();
        assert!(signed_by(&made.staff_jwks, made.teller.expose()));
        assert!(signed_by(&made.staff_jwks, made.manager.expose()));
        assert!(signed_by(&made.app_jwks, made.customer.expose()));
        assert!(!signed_by(&made.app_jwks, made.teller.expose()));
        let claims = decoded(made.customer.expose().split('.').nth(1).unwrap());
        assert_eq!(claims["customer_id"], CUSTOMER);
        let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(lifetime, 24 * 60 * 60);
    }

    #[test]
    fn keys_and_tokens_are_readable_by_their_owner_alone_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let made = made();
        made.write(dir.path()).unwrap();
        for private in [
            "certs/server.key",
            "clients/acme.key",
            "clients/teller.jwt",
            "clients/manager.jwt",
            "clients/self.jwt",
        ] {
            let mode = fs::metadata(dir.path().join(private))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{private}");
        }
        let again = made.write(dir.path()).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn debug_output_holds_no_key_and_no_token() {
        let made = made();
        let text = format!("{made:?}");
        assert!(!text.contains("PRIVATE KEY"));
        assert!(!text.contains(made.teller.expose()));
    }
}

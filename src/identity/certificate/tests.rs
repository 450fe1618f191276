//! Certificates of throw-away authorities, in the handshake and on each request.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    NameConstraints, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

use super::*;
use crate::identity::forge::NOW;

/// A certificate authority that signs whatever a test asks for.
struct Ca {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Ca {
    fn new(name: &str) -> Self {
        Ca::with(authority_params(name))
    }

    fn with(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Ca {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    fn below(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Ca {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    fn sign(&self, params: CertificateParams) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        params.signed_by(&key, &self.issuer).unwrap().der().clone()
    }

    /// A list that ends with 2026 unless `until` says otherwise, and revokes this serial number.
    fn list(&self, revoked: &[u64], until: (i32, u8, u8)) -> String {
        let entry = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(until.0, until.1, until.2),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(&self.issuer)
        .unwrap()
        .pem()
        .unwrap()
    }

    fn authorities(&self, list: Option<&str>) -> Authorities {
        load(&self.certificate.pem(), list).unwrap()
    }
}

fn load(certificates: &str, list: Option<&str>) -> Result<Authorities, Vec<LoadError>> {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).unwrap();
        dir.path().join(name)
    };
    let settings = ClientCa {
        certificates: write("ca.pem", certificates),
        crl: list.map(|text| write("ca.crl", text)),
    };
    Authorities::load(&BTreeMap::from([("partner-ca".to_owned(), settings)]))
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

fn dns(text: &str) -> SanType {
    SanType::DnsName(text.try_into().unwrap())
}

fn leaf(sans: Vec<SanType>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = sans;
    params.serial_number = Some(SerialNumber::from(7));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn acme() -> CertificateParams {
    leaf(vec![uri("spiffe://partners.bank.example/acme")])
}

fn sans(params: CertificateParams) -> Result<Vec<String>, Reason> {
    let der = Ca::new("ca").sign(params);
    PeerCertificate::read("partner-ca", &[der]).map(|peer| peer.credential().sans.clone())
}

/// What the handshake and the check of each request say; they must agree.
fn judged(
    authorities: &Authorities,
    chain: &[CertificateDer<'static>],
    now: i64,
) -> Result<(), Reason> {
    let verifier = authorities
        .verifier("partner-ca", ClientAuth::Optional)
        .unwrap()
        .unwrap();
    let time = UnixTime::since_unix_epoch(Duration::from_secs(now as u64));
    let handshake = verifier.verify_client_cert(&chain[0], &chain[1..], time);
    let peer = PeerCertificate::read("partner-ca", chain).unwrap();
    let request = authorities.still_valid(&peer, now);
    assert_eq!(
        handshake.is_ok(),
        request.is_ok(),
        "{handshake:?} {request:?}"
    );
    request
}

#[test]
fn a_certificate_of_the_authority_is_taken_by_its_names() {
    let ca = Ca::new("ca");
    let der = ca.sign(leaf(vec![
        uri("spiffe://partners.bank.example/acme"),
        dns("gw.acme.example"),
    ]));
    assert_eq!(
        judged(&ca.authorities(None), std::slice::from_ref(&der), NOW),
        Ok(())
    );
    let peer = PeerCertificate::read("partner-ca", &[der]).unwrap();
    let credential = peer.credential();
    assert_eq!(&*credential.authority, "partner-ca");
    assert_eq!(
        credential.sans,
        ["spiffe://partners.bank.example/acme", "gw.acme.example"]
    );
    assert_eq!(credential.sha256.len(), 64);
}

#[test]
fn l01_a_certificate_that_is_not_good_for_a_client_now_is_refused() {
    let ca = Ca::new("ca");
    let authorities = ca.authorities(None);
    let judge = |params| judged(&authorities, &[ca.sign(params)], NOW);
    let mut expired = acme();
    expired.not_after = date_time_ymd(2026, 5, 1);
    assert_eq!(judge(expired), Err(Reason::ExpiredCredential));
    let mut early = acme();
    early.not_before = date_time_ymd(2026, 7, 1);
    assert_eq!(judge(early), Err(Reason::ExpiredCredential));
    let mut server = acme();
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    assert_eq!(judge(server), Err(Reason::BadCredential));
    let mut authority = acme();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    assert_eq!(judge(authority), Err(Reason::BadCredential));
    let mut strange = acme();
    let mut extension =
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
    extension.set_criticality(true);
    strange.custom_extensions = vec![extension];
    let refused = Ca::new("ca").sign(strange);
    assert!(PeerCertificate::read("partner-ca", &[refused]).is_err());
}

#[test]
fn l01_a_certificate_of_another_authority_or_its_own_is_refused() {
    let ca = Ca::new("ca");
    let authorities = ca.authorities(None);
    let imposter = Ca::new("ca");
    assert_eq!(
        judged(&authorities, &[imposter.sign(acme())], NOW),
        Err(Reason::BadCredential)
    );
    let own = acme()
        .self_signed(&KeyPair::generate().unwrap())
        .unwrap()
        .der()
        .clone();
    assert_eq!(
        judged(&authorities, &[own], NOW),
        Err(Reason::BadCredential)
    );
    assert!(PeerCertificate::read("partner-ca", &[]).is_err());
    assert!(
        authorities
            .verifier("other-ca", ClientAuth::Required)
            .is_none()
    );
    let peer = PeerCertificate::read("other-ca", &[ca.sign(acme())]).unwrap();
    assert_eq!(
        authorities.still_valid(&peer, NOW),
        Err(Reason::BadCredential)
    );
}

#[test]
fn l01_path_length_and_name_constraints_bind() {
    let mut last = authority_params("last");
    last.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = Ca::new("root");
    let last = root.below(last);
    let beyond = last.below(authority_params("beyond"));
    let judge = |signer: &Ca| {
        let chain = [
            signer.sign(acme()),
            beyond.certificate.der().clone(),
            last.certificate.der().clone(),
        ];
        judged(&root.authorities(None), &chain, NOW)
    };
    assert_eq!(judge(&last), Ok(()));
    assert_eq!(judge(&beyond), Err(Reason::BadCredential));

    let mut narrow = authority_params("narrow");
    narrow.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("acme.example".to_owned())],
        excluded_subtrees: vec![],
    });
    let root = Ca::new("root");
    let middle = root.below(narrow);
    let judge = |name| {
        let chain = [
            middle.sign(leaf(vec![dns(name)])),
            middle.certificate.der().clone(),
        ];
        judged(&root.authorities(None), &chain, NOW)
    };
    assert_eq!(judge("gw.acme.example"), Ok(()));
    assert_eq!(judge("gw.other.example"), Err(Reason::BadCredential));
}

#[test]
fn l02_only_alternative_names_count_and_never_a_wildcard() {
    let mut named = leaf(vec![uri("spiffe://x/partner")]);
    named.distinguished_name.push(DnType::CommonName, "admin");
    assert_eq!(sans(named).unwrap(), ["spiffe://x/partner"]);
    let mut nameless = leaf(vec![]);
    nameless
        .distinguished_name
        .push(DnType::CommonName, "spiffe://x/admin");
    assert_eq!(sans(nameless).unwrap(), [""; 0]);
    let wild = leaf(vec![dns("*.acme.example"), dns("acme.example")]);
    assert_eq!(sans(wild).unwrap(), ["acme.example"]);
    let exact = ["spiffe://X/a", "spiffe://x/a/", "spiffe://x/%61"];
    assert_eq!(
        sans(leaf(exact.map(uri).to_vec())).unwrap(),
        exact,
        "nothing is folded"
    );
}

#[test]
fn l02_a_name_with_nul_or_blank_is_no_name() {
    assert_eq!(
        sans(leaf(vec![dns("partner.example\0.evil")])).unwrap(),
        [""; 0]
    );
    for text in ["spiffe://x/a\0b", "spiffe://x/a b", "spiffe://x/a\nb", ""] {
        assert_eq!(
            sans(leaf(vec![uri(text)])),
            Err(Reason::BadCredential),
            "{text:?}"
        );
    }
}

#[test]
fn l03_a_revoked_certificate_is_refused_and_an_old_list_opens_nothing() {
    let ca = Ca::new("ca");
    let chain = [ca.sign(acme())];
    let judge = |revoked: &[u64], until| {
        judged(&ca.authorities(Some(&ca.list(revoked, until))), &chain, NOW)
    };
    assert_eq!(judge(&[], (2026, 12, 31)), Ok(()));
    assert_eq!(judge(&[7], (2026, 12, 31)), Err(Reason::BadCredential));
    assert_eq!(
        judge(&[], (2026, 5, 1)),
        Err(Reason::BadCredential),
        "the list has expired"
    );
    let other = Ca::new("other").list(&[], (2026, 12, 31));
    assert_eq!(
        judged(&ca.authorities(Some(&other)), &chain, NOW),
        Err(Reason::BadCredential)
    );
}

#[test]
fn l04_a_certificate_that_ends_during_a_connection_is_refused_on_the_next_request() {
    let ca = Ca::new("ca");
    let mut params = acme();
    params.not_after = date_time_ymd(2026, 6, 1);
    let last = params.not_after.unix_timestamp();
    let chain = [ca.sign(params)];
    let peer = PeerCertificate::read("partner-ca", &chain).unwrap();
    let authorities = ca.authorities(None);
    assert_eq!(authorities.still_valid(&peer, last), Ok(()));
    assert_eq!(authorities.still_valid(&peer, last), Ok(()));
    assert_eq!(
        authorities.still_valid(&peer, last + 1),
        Err(Reason::ExpiredCredential)
    );
    let revoking = ca.authorities(Some(&ca.list(&[7], (2026, 12, 31))));
    assert_eq!(
        revoking.still_valid(&peer, last),
        Err(Reason::BadCredential),
        "a reload counts at once"
    );
    let gone = Authorities::load(&BTreeMap::new()).unwrap();
    assert_eq!(gone.still_valid(&peer, last), Err(Reason::BadCredential));
}

#[test]
fn a_listener_demands_a_certificate_or_asks_for_one() {
    let authorities = Ca::new("ca").authorities(None);
    let mandatory = |how| {
        let verifier = authorities.verifier("partner-ca", how).unwrap().unwrap();
        assert!(verifier.offer_client_auth());
        verifier.client_auth_mandatory()
    };
    assert!(mandatory(ClientAuth::Required));
    assert!(!mandatory(ClientAuth::Optional));
}

#[test]
fn files_that_are_not_what_they_should_be_are_refused_with_their_path() {
    let ca = Ca::new("ca");
    let pem = ca.certificate.pem();
    for (certificates, list) in [
        ("", None),
        ("not pem", None),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            None,
        ),
        (
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            None,
        ),
        (pem.as_str(), Some("")),
        (pem.as_str(), Some(pem.as_str())),
        (pem.as_str(), Some("0")),
        (
            pem.as_str(),
            Some("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"),
        ),
    ] {
        let errors = load(certificates, list).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
    }
    let missing = ClientCa {
        certificates: "/nowhere/ca.pem".into(),
        crl: Some("/nowhere/crl".into()),
    };
    let errors = Authorities::load(&BTreeMap::from([("a".to_owned(), missing)])).unwrap_err();
    assert_eq!(errors.len(), 2);
    assert!(
        errors[0]
            .to_string()
            .starts_with("`/nowhere/ca.pem`: cannot read it")
    );
}

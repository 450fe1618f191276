//! Keys, tokens and certificates for the tests of this room, good ones and bad ones.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::config::JwtAlgorithm;

/// One second of the summer of 2026 at which every test runs.
pub const NOW: i64 = 1_780_000_000;

/// RSA keys take long to make, so there is one.
pub static RSA: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

/// A key pair and the name it is published under.
pub struct Signer {
    pub kid: &'static str,
    pub algorithm: JwtAlgorithm,
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
}

impl Signer {
    pub fn new(kid: &'static str, algorithm: JwtAlgorithm) -> Self {
        Signer {
            kid,
            algorithm,
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            ed: Ed25519KeyPair::generate().unwrap(),
        }
    }

    /// The public key, with `kid` and `alg`.
    pub fn jwk(&self) -> Value {
        let mut jwk = match self.algorithm {
            JwtAlgorithm::Rs256 | JwtAlgorithm::Ps256 => {
                // The DER of `RSAPublicKey` for 2048 bits: nine bytes, n, five bytes of which e is three.
                let der = RSA.public_key().as_ref();
                assert_eq!(der.len(), 270);
                json!({"kty": "RSA", "n": encode(&der[9..265]), "e": encode(&der[267..])})
            }
            JwtAlgorithm::Es256 => {
                let point = self.ec.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..])})
            }
            JwtAlgorithm::EdDsa => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(self.ed.public_key().as_ref())})
            }
        };
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.algorithm.name());
        jwk
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let mut signature = vec![0; RSA.public_modulus_len()];
        match self.algorithm {
            JwtAlgorithm::Rs256 => {
                RSA.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            JwtAlgorithm::Ps256 => {
                RSA.sign(&RSA_PSS_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            JwtAlgorithm::Es256 => self.ec.sign(&random, message).unwrap().as_ref().to_vec(),
            JwtAlgorithm::EdDsa => self.ed.sign(message).as_ref().to_vec(),
        }
    }

    /// A token of exactly this header and these claims, correctly signed.
    pub fn token(&self, header: &str, claims: &str) -> String {
        let signed = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims.as_bytes())
        );
        let signature = encode(&self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The header a token of this key should have.
    pub fn header(&self) -> String {
        json!({"alg": self.algorithm.name(), "kid": self.kid}).to_string()
    }
}

pub fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// A JWKS of these keys.
pub fn jwks(keys: &[Value]) -> Vec<u8> {
    json!({ "keys": keys }).to_string().into_bytes()
}

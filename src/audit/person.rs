//! Keyed hashes: a person can be searched for without the log holding their number.
//!
//! HMAC-SHA-256 under the audit key, over a domain name and the decoded text. Persons and mapped parameters
//! have domains of their own, so equal texts in different places give different hashes.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use serde::{Serialize, Serializer};

use crate::model::Secret;

/// A keyed hash, written `hmac:` and 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyedHash([u8; 32]);

impl KeyedHash {
    /// Its bytes, for those who write its digits themselves.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Display for KeyedHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "hmac:{}", HEXLOWER.encode(&self.0))
    }
}

impl std::fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Serialize for KeyedHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The audit key, ready to hash with.
#[derive(Clone, Debug)]
pub struct Hasher {
    key: hmac::Key,
}

impl Hasher {
    /// Prepares the key of `audit: { key: .. }`.
    pub fn new(key: &Secret<[u8; 32]>) -> Self {
        Hasher {
            key: hmac::Key::new(hmac::HMAC_SHA256, key.expose()),
        }
    }

    /// The hash of a person: the record's string decoded, or its number's text.
    pub fn person(&self, text: &str) -> KeyedHash {
        self.keyed(&[b"fieldgate audit person v1\0", text.as_bytes()])
    }

    /// The hash of a mapped parameter's decoded value; `name` is the parameter's in the rules.
    pub fn parameter(&self, name: &str, value: &str) -> KeyedHash {
        let length = (name.len() as u64).to_be_bytes();
        self.keyed(&[
            b"fieldgate audit parameter v1\0",
            &length, // so that name and value cannot trade characters
            name.as_bytes(),
            value.as_bytes(),
        ])
    }

    /// Which key this is, without telling anything of it: hashes made with another are of nobody.
    pub fn key_name(&self) -> String {
        let hash = self.keyed(&[b"fieldgate audit key v1\0"]);
        HEXLOWER.encode(hash.0.get(..8).unwrap_or_default())
    }

    fn keyed(&self, parts: &[&[u8]]) -> KeyedHash {
        let mut context = hmac::Context::with_key(&self.key);
        parts.iter().for_each(|part| context.update(part));
        let mut value = [0; 32];
        value.copy_from_slice(context.sign().as_ref());
        KeyedHash(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(byte: u8) -> Hasher {
        Hasher::new(&Secret::new([byte; 32]))
    }

    #[test]
    fn a_person_hash_is_hmac_sha_256_over_domain_and_text() {
        // Python: hmac.new(bytes([7]*32), b"fieldgate audit person v1\0" + b"1001", "sha256").hexdigest()
        assert_eq!(
            hasher(7).person("1001").to_string(),
            "hmac:c2087c2b5ffd8a1865bf47aa6f24909c1e4736be169d1d2d4a5ce05436ed25d1"
        );
    }

    #[test]
    fn p03_hashes_differ_by_key_by_domain_and_by_parameter() {
        let one = hasher(1);
        assert_eq!(one.person("1001"), one.person("1001"));
        assert_ne!(one.person("1001"), hasher(2).person("1001"));
        assert_ne!(one.person("1001"), one.parameter("id", "1001"));
        assert_ne!(one.parameter("id", "1001"), one.parameter("phone", "1001"));
        assert_ne!(one.parameter("ab", "c"), one.parameter("a", "bc"));
    }

    #[test]
    fn the_key_is_never_printed() {
        assert!(!format!("{:?}", hasher(0xab)).contains("171"));
    }
}

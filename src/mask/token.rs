//! Tokens: keyed, stable pseudonyms. Equal values under one key give equal tokens; without the master
//! key nobody can tell which value a token stands for.
//!
//! Refuses a master key that is not 64 hexadecimal digits. null, booleans and empty strings give
//! `"***"`: a pseudonym of so few values would be read back at once.

use std::hash::{Hash, Hasher};

use aws_lc_rs::hmac;
use data_encoding::{BASE32_NOPAD, HEXLOWER_PERMISSIVE};

use super::{Mask, Scalar};
use crate::model::Secret;

/// How a derived key is made and how it is told apart from others; one text for each use, so that no
/// two uses of the master key can meet.
const KEY: &[u8] = b"fieldgate token key v1";
const NAME: &[u8] = b"fieldgate token key name v1";

/// The key all token keys come from.
#[derive(Clone, Debug)]
pub struct TokenMaster(Secret<[u8; 32]>);

/// Where equal values give equal tokens, and beyond which they do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSpace<'a> {
    /// `token`: one class, one catalogued path, one role.
    Separate {
        /// The class's name.
        class: &'a str,
        /// The catalogued path as written.
        path: &'a str,
        /// The role.
        holder: &'a str,
    },
    /// `token` under a contract: one class, one catalogued path, one contract. No role's key, whatever it is called.
    Contract {
        /// The class's name.
        class: &'a str,
        /// The catalogued path as written.
        path: &'a str,
        /// The contract, or the one whose pseudonyms it goes on with.
        contract: &'a str,
    },
    /// `token:<name>`: shared on purpose.
    Shared(&'a str),
}

/// The key of one space. Two keys are equal if their spaces and masters are.
#[derive(Clone)]
pub struct TokenKey {
    key: hmac::Key,
    /// Derived beside the key, so keys can be compared without holding them.
    name: [u8; 32],
}

impl TokenMaster {
    /// A master key that was read already.
    pub fn new(key: Secret<[u8; 32]>) -> TokenMaster {
        TokenMaster(key)
    }

    /// Reads a master key from 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// When the text is anything else. The sentence does not repeat it.
    pub fn from_hex(digits: &str) -> Result<TokenMaster, String> {
        let mut key = [0; 32];
        match HEXLOWER_PERMISSIVE.decode_len(digits.len()) {
            Ok(32)
                if HEXLOWER_PERMISSIVE
                    .decode_mut(digits.as_bytes(), &mut key)
                    .is_ok() =>
            {
                Ok(TokenMaster(Secret::new(key)))
            }
            _ => Err(String::from(
                "a token key is 64 hexadecimal digits; `openssl rand -hex 32` makes one",
            )),
        }
    }

    /// The published key of `apply` and `test`: its tokens hide nothing.
    pub fn test_key() -> TokenMaster {
        TokenMaster(Secret::new(*b"fieldgate: a key for tests only!"))
    }

    /// The key of one space.
    pub fn derive(&self, space: &TokenSpace<'_>) -> TokenKey {
        let key = Secret::new(self.mac(KEY, space));
        TokenKey {
            key: hmac::Key::new(hmac::HMAC_SHA256, key.expose()),
            name: self.mac(NAME, space),
        }
    }

    fn mac(&self, purpose: &[u8], space: &TokenSpace<'_>) -> [u8; 32] {
        let (kind, parts) = match *space {
            TokenSpace::Separate {
                class,
                path,
                holder,
            } => (b'd', [class, path, holder]),
            TokenSpace::Contract {
                class,
                path,
                contract,
            } => (b'c', [class, path, contract]),
            TokenSpace::Shared(name) => (b's', [name, "", ""]),
        };
        let master = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose());
        let mut context = hmac::Context::with_key(&master);
        context.update(purpose);
        context.update(&[0, kind]);
        for part in parts {
            // With its length before it, no part can reach into the next.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        first_bytes(&context.sign())
    }
}

impl TokenKey {
    /// Appends the value's token as JSON text.
    pub fn apply(&self, value: Scalar<'_>, out: &mut Vec<u8>) {
        let (kind, text) = match value {
            Scalar::String(text) if !text.is_empty() => (b's', text),
            Scalar::Number(text) => (b'n', text),
            Scalar::String(_) | Scalar::Boolean | Scalar::Null => {
                return Mask::fixed().apply(value, out);
            }
        };
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&[kind]);
        context.update(text.as_bytes());
        let bits: [u8; 16] = first_bytes(&context.sign());
        let mut token = [0; 26];
        BASE32_NOPAD.encode_mut(&bits, &mut token);
        token.make_ascii_lowercase();
        out.extend_from_slice(b"\"tok_");
        out.extend_from_slice(&token);
        out.push(b'"');
    }
}

/// The first bytes of a tag, which has 32.
fn first_bytes<const N: usize>(tag: &hmac::Tag) -> [u8; N] {
    const { assert!(N <= 32, "a tag of HMAC-SHA-256 has 32 bytes") };
    let mut bytes = [0; N];
    bytes
        .iter_mut()
        .zip(tag.as_ref())
        .for_each(|(to, from)| *to = *from);
    bytes
}

impl PartialEq for TokenKey {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TokenKey {}

impl Hash for TokenKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn separate<'a>(class: &'a str, path: &'a str, holder: &'a str) -> TokenSpace<'a> {
        TokenSpace::Separate {
            class,
            path,
            holder,
        }
    }

    fn token(space: &TokenSpace<'_>, value: Scalar<'_>) -> String {
        let mut out = Vec::new();
        TokenMaster::test_key().derive(space).apply(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_token_has_26_lower_case_base32_characters() {
        let token = token(&TokenSpace::Shared("s"), Scalar::String("张三"));
        let inner = token
            .strip_prefix("\"tok_")
            .and_then(|t| t.strip_suffix('"'))
            .unwrap();
        assert_eq!(inner.len(), 26);
        assert!(
            inner
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
        );
    }

    #[test]
    fn a_token_is_the_hmac_the_documentation_promises() {
        let space = TokenSpace::Shared("loyalty");
        let master = hmac::Key::new(hmac::HMAC_SHA256, b"fieldgate: a key for tests only!");
        let mut input = b"fieldgate token key v1\0s\0\0\0\0\0\0\0\x07loyalty".to_vec();
        input.extend_from_slice(&[0; 16]);
        let key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&master, &input).as_ref());
        let bits = hmac::sign(&key, b"s13800138000");
        let expected = BASE32_NOPAD.encode(&bits.as_ref()[..16]).to_lowercase();
        assert_eq!(
            token(&space, Scalar::String("13800138000")),
            format!("\"tok_{expected}\"")
        );
    }

    #[test]
    fn d13_tokens_of_another_class_path_holder_or_space_differ() {
        let value = Scalar::String("13800138000");
        let spaces = [
            separate("contact", "phone", "acme"),
            separate("basic", "phone", "acme"),
            separate("contact", "tel", "acme"),
            separate("contact", "phone", "other"),
            TokenSpace::Shared("contact"),
            TokenSpace::Shared("acme"),
        ];
        for (at, one) in spaces.iter().enumerate() {
            for other in &spaces[..at] {
                assert_ne!(token(one, value), token(other, value), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn p18_parts_moved_from_one_into_the_next_make_another_key() {
        let master = TokenMaster::test_key();
        let one = master.derive(&separate("ab", "c", "d"));
        assert_ne!(one, master.derive(&separate("a", "bc", "d")));
        assert_ne!(one, master.derive(&separate("ab", "cd", "")));
        assert_ne!(
            master.derive(&separate("x", "", "")),
            master.derive(&TokenSpace::Shared("x"))
        );
    }

    #[test]
    fn a_number_and_the_string_of_its_text_have_different_tokens() {
        let space = TokenSpace::Shared("s");
        assert_ne!(
            token(&space, Scalar::String("1")),
            token(&space, Scalar::Number("1"))
        );
        assert_ne!(
            token(&space, Scalar::Number("1.0")),
            token(&space, Scalar::Number("1"))
        );
    }

    #[test]
    fn b18_null_booleans_and_empty_strings_have_no_token() {
        for value in [Scalar::Null, Scalar::Boolean, Scalar::String("")] {
            assert_eq!(token(&TokenSpace::Shared("s"), value), "\"***\"");
        }
    }

    #[test]
    fn equal_spaces_of_one_master_are_one_key() {
        let space = separate("contact", "phone", "acme");
        let key = TokenMaster::test_key().derive(&space);
        assert_eq!(key, TokenMaster::test_key().derive(&space));
        let other = TokenMaster::from_hex(&"0f".repeat(32)).unwrap();
        assert_ne!(key, other.derive(&space));
    }

    #[test]
    fn no_key_is_ever_printed() {
        let hex = "0123456789abcdef".repeat(4);
        let master = TokenMaster::from_hex(&hex).unwrap();
        assert_eq!(format!("{master:?}"), "TokenMaster(Secret(..))");
        let key = master.derive(&TokenSpace::Shared("s"));
        assert_eq!(format!("{key:?}"), "TokenKey(..)");
    }

    #[test]
    fn a_master_key_is_64_hexadecimal_digits() {
        assert!(TokenMaster::from_hex(&"Aa".repeat(32)).is_ok());
        for wrong in ["", "00", &"0".repeat(63), &"0".repeat(66), &"zz".repeat(32)] {
            let error = TokenMaster::from_hex(wrong).unwrap_err();
            assert!(error.contains("64 hexadecimal digits"), "{error}");
        }
    }
}

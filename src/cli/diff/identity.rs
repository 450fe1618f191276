//! `identity` before and after: who is believed now and was not.
//!
//! Refuses nothing. Key and certificate files are compared by what they hold, wherever they lie; what cannot be read or
//! taken apart counts as wider.

use std::collections::BTreeSet;
use std::path::Path;

use super::Changes;
use crate::config::{ApiKey, ClientCa, Identity, JwtAlgorithm, JwtIssuer};
use crate::policy::diagnostic::{Text, quoted, say};
use crate::policy::weigh::Kind;

/// All that differs.
pub(super) fn changes(old: &Identity, new: &Identity) -> Changes {
    let Identity {
        jwt,
        client_ca,
        api_keys,
    } = new;
    let mut changes = Changes::default();
    for name in names(old.jwt.keys(), jwt.keys()) {
        let of = Of::new(&mut changes, "jwt", name);
        of.pair((old.jwt.get(name), jwt.get(name)), issuer);
    }
    for name in names(old.client_ca.keys(), client_ca.keys()) {
        let of = Of::new(&mut changes, "client_ca", name);
        of.pair((old.client_ca.get(name), client_ca.get(name)), authority);
    }
    for name in names(old.api_keys.keys(), api_keys.keys()) {
        let of = Of::new(&mut changes, "api_keys", name);
        of.pair((old.api_keys.get(name), api_keys.get(name)), api_key);
    }
    changes
}

fn names<'a>(
    old: impl Iterator<Item = &'a String>,
    new: impl Iterator<Item = &'a String>,
) -> BTreeSet<&'a String> {
    old.chain(new).collect()
}

/// What is found is about one entry of `identity`.
struct Of<'a> {
    changes: &'a mut Changes,
    entry: String,
}

impl<'a> Of<'a> {
    fn new(changes: &'a mut Changes, section: &str, name: &str) -> Of<'a> {
        let entry = quoted(&format!("identity.{section}.{name}"));
        Of { changes, entry }
    }

    fn pair<T>(mut self, pair: (Option<&T>, Option<&T>), compare: fn(&mut Of<'a>, &T, &T)) {
        match pair {
            (Some(old), Some(new)) => compare(&mut self, old, new),
            (None, Some(_)) => self.opens(say!("is new", "是新增的")),
            (Some(_), None) => self.closes(say!("is gone", "没有了")),
            (None, None) => {}
        }
    }

    fn opens(&mut self, what: Text) {
        let text = self.told(what);
        self.changes.gains.push((Kind::Opens, text));
    }

    fn unweighed(&mut self, what: Text) {
        let text = self.told(what);
        self.changes.gains.push((Kind::Unweighed, text));
    }

    fn closes(&mut self, what: Text) {
        let text = self.told(what);
        self.changes.losses.push(text);
    }

    fn told(&self, what: Text) -> Text {
        let entry = &self.entry;
        say!("{entry}: {what}", "{entry}：{what}"; what)
    }

    /// What one file holds and the other does not.
    fn parts(
        &mut self,
        what: &Text,
        old: &Path,
        new: &Path,
        parts: fn(&[u8]) -> Option<BTreeSet<String>>,
    ) {
        let (Ok(old), Ok(new)) = (std::fs::read(old), std::fs::read(new)) else {
            return self.unweighed(say!("{what} cannot be read", "{what} 读不了"; what));
        };
        if old == new {
            return;
        }
        let (Some(old), Some(new)) = (parts(&old), parts(&new)) else {
            return self.unweighed(say!("{what} has changed", "{what} 变了"; what));
        };
        match new.difference(&old).count() {
            0 => {}
            more => self.opens(
                say!("{what} holds {more} that it did not hold", "{what} 多了 {more} 个"; what),
            ),
        }
        match old.difference(&new).count() {
            0 => {}
            fewer => {
                self.closes(say!("{what} holds {fewer} no more", "{what} 少了 {fewer} 个"; what))
            }
        }
    }
}

fn issuer(of: &mut Of<'_>, old: &JwtIssuer, new: &JwtIssuer) {
    let JwtIssuer {
        issuer,
        audience,
        jwks,
        algorithms,
        leeway,
    } = new;
    if *issuer != old.issuer {
        of.unweighed(say!("`issuer` has changed", "`issuer` 变了"));
    }
    if *audience != old.audience {
        of.unweighed(say!("`audience` has changed", "`audience` 变了"));
    }
    let added = |one: &&JwtAlgorithm| !old.algorithms.contains(one);
    for algorithm in algorithms.iter().filter(added) {
        let name = quoted(algorithm.name());
        of.opens(say!("signatures by {name} count", "接受 {name} 签名"));
    }
    let removed = |one: &&JwtAlgorithm| !algorithms.contains(one);
    for algorithm in old.algorithms.iter().filter(removed) {
        let name = quoted(algorithm.name());
        of.closes(say!(
            "signatures by {name} count no more",
            "不再接受 {name} 签名"
        ));
    }
    if *leeway > old.leeway {
        of.opens(say!("`leeway` is longer", "`leeway` 变长了"));
    } else if *leeway < old.leeway {
        of.closes(say!("`leeway` is shorter", "`leeway` 变短了"));
    }
    of.parts(&say!("the key set", "密钥集"), &old.jwks, jwks, keys);
}

fn authority(of: &mut Of<'_>, old: &ClientCa, new: &ClientCa) {
    let ClientCa { certificates, crl } = new;
    let what = say!("the bundle of certificates", "证书文件");
    of.parts(&what, &old.certificates, certificates, pem_blocks);
    match (&old.crl, crl) {
        (None, None) => {}
        (None, Some(_)) => of.closes(say!("a revocation list is new", "新增了吊销列表")),
        (Some(_), None) => of.opens(say!("the revocation list is gone", "去掉了吊销列表")),
        // What a list holds may be fewer than before.
        (Some(old), Some(new)) => {
            of.parts(&say!("the revocation list", "吊销列表"), old, new, |_| None);
        }
    }
}

fn api_key(of: &mut Of<'_>, old: &ApiKey, new: &ApiKey) {
    let ApiKey { sha256, until } = new;
    let same = match (old.sha256.read_hash(), sha256.read_hash()) {
        (Ok(before), Ok(after)) => before.expose() == after.expose(),
        _ => false,
    };
    if !same {
        of.unweighed(say!("it is another key", "换了密钥"));
    }
    let last = |until: Option<i64>| until.unwrap_or(i64::MAX);
    if last(*until) > last(old.until) {
        of.opens(say!("it counts for longer", "有效期变长了"));
    } else if last(*until) < last(old.until) {
        of.closes(say!("it counts for less long", "有效期变短了"));
    }
}

/// The keys of a JWKS.
fn keys(bytes: &[u8]) -> Option<BTreeSet<String>> {
    let set: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let keys = set.get("keys")?.as_array()?;
    Some(keys.iter().map(ToString::to_string).collect())
}

/// The blocks of a PEM bundle, without what stands between them.
fn pem_blocks(bytes: &[u8]) -> Option<BTreeSet<String>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut blocks = BTreeSet::new();
    let mut block: Option<String> = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with("-----BEGIN ") {
            block = Some(String::new());
        } else if line.starts_with("-----END ") {
            blocks.insert(block.take()?);
        } else if let Some(block) = &mut block {
            block.push_str(line);
        }
    }
    (block.is_none() && !blocks.is_empty()).then_some(blocks)
}

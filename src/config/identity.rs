//! `identity:`, who is believed: issuers of tokens, authorities of certificates, API keys.
//!
//! Refuses issuers and keys that could be taken for one another, and names that lead nowhere.

use std::collections::BTreeMap;
use std::time::Duration;

use super::quantity;
use super::reader::{Reader, Section};
use super::secret::SecretSource;
use super::sections::optional;
use super::settings::{ApiKey, ClientCa, Identity, JwtAlgorithm, JwtIssuer};
use crate::model::Secret;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::source::{Node, last_second};

pub const IDENTITY: Section = Section {
    path: "identity",
    known: &["jwt", "client_ca", "api_keys"],
    later: &[],
};
pub const JWT: Section = Section {
    path: "identity.jwt.NAME",
    known: &["issuer", "audience", "jwks", "algorithms", "leeway"],
    later: &[],
};
pub const CLIENT_CA: Section = Section {
    path: "identity.client_ca.NAME",
    known: &["certificates", "crl"],
    later: &[],
};
pub const API_KEY: Section = Section {
    path: "identity.api_keys.NAME",
    known: &["sha256", "until"],
    later: &[],
};
pub fn identity(reader: &mut Reader<'_>, node: &Node) -> Option<Identity> {
    let entries = reader.section(node, &IDENTITY)?;
    let jwt = optional(reader, entries, "jwt", |reader, node| {
        let issuers = reader.named(node, say!("`identity.jwt`"))?;
        let mut read: BTreeMap<String, JwtIssuer> = BTreeMap::new();
        for (name, node) in &issuers {
            let Some(issuer) = jwt_issuer(reader, node) else {
                continue;
            };
            if read.values().any(|other| other.issuer == issuer.issuer) {
                let message = say!(
                    "two entries have the issuer {}",
                    "两个条目的签发者都是 {}",
                    quoted(&issuer.issuer)
                );
                let help = say!(
                    "a token's `iss` must lead to one entry",
                    "令牌的 `iss` 必须只对应一个条目"
                );
                reader.refuse::<()>(
                    Diagnostic::error(code::FG4010, message)
                        .at(&node.span)
                        .help(help),
                );
            }
            read.insert((*name).to_owned(), issuer);
        }
        (read.len() == issuers.len()).then_some(read)
    });
    let client_ca = optional(reader, entries, "client_ca", |reader, node| {
        let authorities = reader.named(node, say!("`identity.client_ca`"))?;
        let read: BTreeMap<String, ClientCa> = authorities
            .iter()
            .filter_map(|(name, node)| Some(((*name).to_owned(), authority(reader, node)?)))
            .collect();
        (read.len() == authorities.len()).then_some(read)
    });
    let api_keys = optional(reader, entries, "api_keys", api_keys);
    Some(Identity {
        jwt: jwt?.unwrap_or_default(),
        client_ca: client_ca?.unwrap_or_default(),
        api_keys: api_keys?.unwrap_or_default(),
    })
}

fn api_keys(reader: &mut Reader<'_>, node: &Node) -> Option<BTreeMap<String, ApiKey>> {
    let keys = reader.named(node, say!("`identity.api_keys`"))?;
    let mut read = BTreeMap::new();
    let mut hashes: Vec<(&str, Secret<[u8; 32]>)> = Vec::new();
    for (name, node) in &keys {
        let Some((key, hash)) = api_key(reader, node) else {
            continue;
        };
        let same = |(_, other): &&(&str, Secret<[u8; 32]>)| other.expose() == hash.expose();
        if let Some((other, _)) = hashes.iter().find(same) {
            let message = say!(
                "{} and {} are the same key",
                "{} 和 {} 是同一把密钥",
                quoted(name),
                quoted(other)
            );
            let help = say!(
                "a key must lead to one entry: give each caller its own",
                "一把密钥只能对应一个条目：给每个调用方各发一把"
            );
            let mistake = Diagnostic::error(code::FG4010, message).at(&node.span);
            reader.refuse::<()>(mistake.help(help));
        }
        hashes.push((name, hash));
        read.insert((*name).to_owned(), key);
    }
    (read.len() == keys.len()).then_some(read)
}

fn api_key(reader: &mut Reader<'_>, node: &Node) -> Option<(ApiKey, Secret<[u8; 32]>)> {
    let entries = reader.section(node, &API_KEY)?;
    let hash = reader
        .need(entries, &API_KEY, "sha256")
        .and_then(|node| reader.secret(node, say!("`sha256`"), SecretSource::read_hash));
    let until = optional(reader, entries, "until", |reader, node| {
        let shape = say!(
            "a day, which ends in UTC, or a moment with its offset: `2027-01-01`, `2027-01-01T00:00:00+08:00`",
            "日期（到 UTC 当天结束）或带时区偏移的时刻：`2027-01-01`、`2027-01-01T00:00:00+08:00`"
        );
        reader.parsed(node, say!("`until`"), shape, last_second)
    });
    let (sha256, hash) = hash?;
    let until = until?;
    Some((ApiKey { sha256, until }, hash))
}

fn jwt_issuer(reader: &mut Reader<'_>, node: &Node) -> Option<JwtIssuer> {
    let entries = reader.section(node, &JWT)?;
    let issuer = reader
        .need(entries, &JWT, "issuer")
        .and_then(|node| reader.text(node, say!("`issuer`")));
    let audience = reader
        .need(entries, &JWT, "audience")
        .and_then(|node| reader.text(node, say!("`audience`")));
    let jwks = reader
        .need(entries, &JWT, "jwks")
        .and_then(|node| reader.path(node, say!("`jwks`")));
    let algorithms = reader
        .need(entries, &JWT, "algorithms")
        .and_then(|node| algorithms(reader, node));
    let leeway = optional(reader, entries, "leeway", |reader, node| {
        reader.parsed(
            node,
            say!("`leeway`"),
            say!("whole seconds up to `5m`", "不超过 `5m` 的整秒数"),
            |text| {
                quantity::duration(text)
                    .filter(|time| time.subsec_millis() == 0 && time.as_secs() <= 300)
            },
        )
    });
    Some(JwtIssuer {
        issuer: issuer?,
        audience: audience?,
        jwks: jwks?,
        algorithms: algorithms?,
        leeway: leeway?.unwrap_or(Duration::from_secs(30)),
    })
}

fn algorithms(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<JwtAlgorithm>> {
    let items = reader.list(node, say!("`algorithms`"))?;
    let words = JwtAlgorithm::ALL.map(|one| (one.name(), one));
    let mut algorithms = Vec::new();
    for item in items {
        let Some(algorithm) = reader.word(item, say!("an algorithm", "签名算法"), &words)
        else {
            continue;
        };
        if algorithms.contains(&algorithm) {
            let message = say!(
                "{} stands here twice",
                "{} 在这里出现了两次",
                quoted(algorithm.name())
            );
            reader.refuse::<()>(Diagnostic::error(code::FG4010, message).at(&item.span));
        }
        algorithms.push(algorithm);
    }
    (algorithms.len() == items.len()).then_some(algorithms)
}

fn authority(reader: &mut Reader<'_>, node: &Node) -> Option<ClientCa> {
    let entries = reader.section(node, &CLIENT_CA)?;
    let certificates = reader
        .need(entries, &CLIENT_CA, "certificates")
        .and_then(|node| reader.path(node, say!("`certificates`")));
    let crl = optional(reader, entries, "crl", |reader, node| {
        reader.path(node, say!("`crl`"))
    });
    Some(ClientCa {
        certificates: certificates?,
        crl: crl?,
    })
}

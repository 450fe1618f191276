//! Every key of `fieldgate.yaml`: the sections, and how each becomes a part of the settings.
//!
//! Refuses, beside what the reader refuses, names that lead nowhere, things said twice, and halves of pairs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::limits;
use super::quantity;
use super::reader::{Reader, Section};
use super::secret::SecretSource;
use super::settings::{
    ApiKey, Audit, ClientAuth, ClientCa, Durability, Health, Identity, JwtAlgorithm, JwtIssuer,
    Listener, ListenerTls, Rules, Settings, Tokens,
};
use super::upstream;
use crate::model::Secret;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::source::{Entries, Node, last_second};

/// Every section, for the documentation's test.
#[cfg(test)]
pub const SECTIONS: [&Section; 17] = [
    &FILE,
    &LISTENER,
    &LISTENER_TLS,
    &upstream::UPSTREAM,
    &upstream::TLS,
    &upstream::HEADERS,
    &upstream::TIMEOUTS,
    &IDENTITY,
    &JWT,
    &CLIENT_CA,
    &API_KEY,
    &TOKENS,
    &RULES,
    &AUDIT,
    &HEALTH,
    &limits::LIMITS,
    &limits::DRAIN,
];

const FILE: Section = Section {
    path: "",
    known: &[
        "fieldgate",
        "node",
        "listen",
        "upstreams",
        "identity",
        "tokens",
        "rules",
        "audit",
        "health",
        "limits",
        "drain",
    ],
    later: &["admin"],
};
const LISTENER: Section = Section {
    path: "listen[]",
    known: &["address", "tls"],
    later: &[],
};
const LISTENER_TLS: Section = Section {
    path: "listen[].tls",
    known: &["certificate", "key", "client_ca", "client_auth"],
    later: &[],
};
const IDENTITY: Section = Section {
    path: "identity",
    known: &["jwt", "client_ca", "api_keys"],
    later: &[],
};
const JWT: Section = Section {
    path: "identity.jwt.NAME",
    known: &["issuer", "audience", "jwks", "algorithms", "leeway"],
    later: &[],
};
const CLIENT_CA: Section = Section {
    path: "identity.client_ca.NAME",
    known: &["certificates", "crl"],
    later: &[],
};
const API_KEY: Section = Section {
    path: "identity.api_keys.NAME",
    known: &["sha256", "until"],
    later: &[],
};
const TOKENS: Section = Section {
    path: "tokens",
    known: &["key"],
    later: &[],
};
const RULES: Section = Section {
    path: "rules",
    known: &["dir"],
    later: &["last_good"],
};
const AUDIT: Section = Section {
    path: "audit",
    known: &["dir", "key", "durability", "on_failure"],
    later: &[],
};
const HEALTH: Section = Section {
    path: "health",
    known: &["address"],
    later: &[],
};
/// The whole file.
pub fn settings(reader: &mut Reader<'_>, root: &Node, file: &Path) -> Option<Settings> {
    let entries = reader.section(root, &FILE)?;
    version(reader, entries);
    let node = match entries.get("node") {
        Some(node) => reader.parsed(node, say!("`node`"), node_shape(), node_name),
        None => host_name().and_then(|name| node_name(&name)).or_else(|| {
            let message = say!(
                "the host name cannot be this node's name in the access log",
                "本机主机名不能用作访问日志里的节点名"
            );
            reader.refuse(
                Diagnostic::error(code::FG4011, message)
                    .help(say!("write `node:`", "写上 `node:`")),
            )
        }),
    };
    let identity = entries
        .get("identity")
        .map_or_else(|| Some(Identity::default()), |node| identity(reader, node));
    let authorities = entries.get("identity").and_then(|node| {
        let entries = node
            .as_map(Text::none())
            .ok()?
            .get("client_ca")?
            .as_map(Text::none())
            .ok()?;
        Some(
            entries
                .iter()
                .map(|(key, _)| key.text.as_str())
                .collect::<Vec<_>>(),
        )
    });
    let listen = reader
        .need(entries, &FILE, "listen")
        .and_then(|node| listeners(reader, node, &authorities.unwrap_or_default()));
    let upstreams = reader
        .need(entries, &FILE, "upstreams")
        .and_then(|node| upstream::all(reader, node));
    let tokens = optional(reader, entries, "tokens", |reader, node| {
        let entries = reader.section(node, &TOKENS)?;
        let key = reader.need(entries, &TOKENS, "key")?;
        let (_, key) = reader.secret(key, say!("`tokens.key`"), SecretSource::read_key)?;
        Some(Tokens { key })
    });
    let rules = reader.need(entries, &FILE, "rules").and_then(|node| {
        let entries = reader.section(node, &RULES)?;
        let dir = reader.need(entries, &RULES, "dir")?;
        Some(Rules {
            dir: reader.path(dir, say!("`rules.dir`"))?,
        })
    });
    let audit = reader
        .need(entries, &FILE, "audit")
        .and_then(|node| audit(reader, node));
    let health = optional(reader, entries, "health", |reader, node| {
        let entries = reader.section(node, &HEALTH)?;
        let node = reader.need(entries, &HEALTH, "address")?;
        Some(Health {
            address: address(reader, node, say!("`health.address`"))?,
        })
    });
    let limits = optional(reader, entries, "limits", limits::limits);
    let drain = optional(reader, entries, "drain", limits::drain);
    Some(Settings {
        file: file.to_owned(),
        node: node?,
        listen: listen?,
        upstreams: upstreams?,
        identity: identity?,
        tokens: tokens?,
        rules: rules?,
        audit: audit?,
        health: health?,
        limits: limits?.unwrap_or_default(),
        drain: drain?.unwrap_or_default(),
        warnings: Vec::new(),
    })
}

/// A part that may be missing: outside `None` is a mistake, inside `None` is no such key.
pub fn optional<T>(
    reader: &mut Reader<'_>,
    entries: Entries<'_>,
    key: &str,
    read: impl FnOnce(&mut Reader<'_>, &Node) -> Option<T>,
) -> Option<Option<T>> {
    match entries.get(key) {
        None => Some(None),
        Some(node) => read(reader, node).map(Some),
    }
}

fn version(reader: &mut Reader<'_>, entries: Entries<'_>) {
    let Some(node) = reader.need(entries, &FILE, "fieldgate") else {
        return;
    };
    if node.as_int(say!("`fieldgate`")).ok() != Some(1) {
        let mistake = Diagnostic::error(
            code::FG4001,
            say!(
                "this version reads settings of version 1 only",
                "本版本只认版本 1 的配置"
            ),
        )
        .at(&node.span)
        .help(say!("write `fieldgate: 1`", "写 `fieldgate: 1`"));
        reader.refuse::<()>(mistake);
    }
}

fn node_shape() -> Text {
    say!(
        "1 to 64 ASCII letters, digits, `.`, `_` and `-`, a letter or digit first",
        " 1 到 64 个 ASCII 字母、数字、`.`、`_`、`-`，以字母或数字开头"
    )
}

fn node_name(text: &str) -> Option<String> {
    let first = text.as_bytes().first()?.is_ascii_alphanumeric();
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (first && text.len() <= 64 && text.bytes().all(good)).then(|| text.to_owned())
}

fn host_name() -> Option<String> {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .map(|name| name.trim().to_owned())
}

fn address(reader: &mut Reader<'_>, node: &Node, what: Text) -> Option<SocketAddr> {
    let shape = say!(
        "an IP address and port, such as `0.0.0.0:8443` or `[::]:8443`",
        " IP 地址加端口，如 `0.0.0.0:8443` 或 `[::]:8443`"
    );
    reader.parsed(node, what, shape, |text| text.parse().ok())
}

fn listeners(reader: &mut Reader<'_>, node: &Node, authorities: &[&str]) -> Option<Vec<Listener>> {
    let items = reader.list(node, say!("`listen`"))?;
    let mut listeners: Vec<Listener> = Vec::new();
    for item in items {
        let Some(listener) = listener(reader, item, authorities) else {
            continue;
        };
        let taken =
            |other: &Listener| other.address == listener.address && listener.address.port() != 0;
        if listeners.iter().any(taken) {
            let message = say!(
                "`listen` has {} twice",
                "`listen` 里 {} 出现了两次",
                quoted(&listener.address.to_string())
            );
            reader.refuse::<()>(Diagnostic::error(code::FG4010, message).at(&item.span));
        }
        listeners.push(listener);
    }
    (listeners.len() == items.len()).then_some(listeners)
}

fn listener(reader: &mut Reader<'_>, node: &Node, authorities: &[&str]) -> Option<Listener> {
    let entries = reader.section(node, &LISTENER)?;
    let address = reader
        .need(entries, &LISTENER, "address")
        .and_then(|node| address(reader, node, say!("`listen[].address`")));
    let tls = reader
        .need(entries, &LISTENER, "tls")
        .and_then(|node| listener_tls(reader, node, authorities));
    Some(Listener {
        address: address?,
        tls: tls?,
    })
}

fn listener_tls(reader: &mut Reader<'_>, node: &Node, authorities: &[&str]) -> Option<ListenerTls> {
    let entries = reader.section(node, &LISTENER_TLS)?;
    let certificate = reader
        .need(entries, &LISTENER_TLS, "certificate")
        .and_then(|node| reader.path(node, say!("`listen[].tls.certificate`")));
    let key = reader
        .need(entries, &LISTENER_TLS, "key")
        .and_then(|node| reader.secret(node, say!("`listen[].tls.key`"), SecretSource::read));
    let client_ca = optional(reader, entries, "client_ca", |reader, node| {
        let name = reader.text(node, say!("`listen[].tls.client_ca`"))?;
        if authorities.contains(&name.as_str()) {
            return Some(name);
        }
        let message = say!(
            "there is no {} under `identity.client_ca`",
            "`identity.client_ca` 下没有 {}",
            quoted(&name)
        );
        let mistake = Diagnostic::error(code::FG4009, message).at(&node.span);
        reader.refuse(mistake.suggest(&name, authorities.iter().copied()))
    });
    let words = [
        ("optional", ClientAuth::Optional),
        ("required", ClientAuth::Required),
    ];
    let client_auth = optional(reader, entries, "client_auth", |reader, node| {
        if entries.get("client_ca").is_none() {
            let message = say!(
                "`client_auth` says nothing without `client_ca`",
                "没有 `client_ca`，`client_auth` 就没有意义"
            );
            return reader.refuse(Diagnostic::error(code::FG4010, message).at(&node.span));
        }
        reader.word(node, say!("`listen[].tls.client_auth`"), &words)
    });
    Some(ListenerTls {
        certificate: certificate?,
        key: key?.0,
        client_ca: client_ca?,
        client_auth: client_auth?.unwrap_or(ClientAuth::Optional),
    })
}

fn identity(reader: &mut Reader<'_>, node: &Node) -> Option<Identity> {
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

fn audit(reader: &mut Reader<'_>, node: &Node) -> Option<Audit> {
    let entries = reader.section(node, &AUDIT)?;
    let dir = reader
        .need(entries, &AUDIT, "dir")
        .and_then(|node| reader.path(node, say!("`audit.dir`")));
    let key = reader
        .need(entries, &AUDIT, "key")
        .and_then(|node| reader.secret(node, say!("`audit.key`"), SecretSource::read_key));
    let words = [
        ("process", Durability::Process),
        ("power", Durability::Power),
    ];
    let durability = optional(reader, entries, "durability", |reader, node| {
        reader.word(node, say!("`audit.durability`"), &words)
    });
    let on_failure = optional(reader, entries, "on_failure", |reader, node| {
        if reader.text(node, say!("`audit.on_failure`"))? == "refuse" {
            return Some(());
        }
        let message = say!(
            "`on_failure` other than `refuse` is not supported yet",
            "`on_failure` 暂时只支持 `refuse`"
        );
        reader.refuse(
            Diagnostic::error(code::FG4008, message)
                .at(&node.span)
                .help(say!(
                    "write `refuse`, or remove the key",
                    "写 `refuse`，或者删掉这个键"
                )),
        )
    });
    on_failure?;
    Some(Audit {
        dir: dir?,
        key: key?.1,
        durability: durability?.unwrap_or(Durability::Process),
    })
}

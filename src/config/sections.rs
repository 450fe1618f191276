//! Every key of `fieldgate.yaml`: the sections, and how each becomes a part of the settings.
//!
//! Refuses, beside what the reader refuses, names that lead nowhere, things said twice, and halves of pairs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use super::cors;
use super::front;
use super::identity::identity;
use super::limits;
use super::reader::{Reader, Section};
use super::secret::SecretSource;
use super::settings::{
    Audit, ClientAuth, Durability, Health, Identity, Listener, ListenerTls, Settings, Tokens,
};
use super::state;
use super::upstream;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::source::{Entries, Node};

/// Every section, for the documentation's test.
#[cfg(test)]
pub const SECTIONS: [&Section; 20] = [
    &FILE,
    &LISTENER,
    &LISTENER_TLS,
    &upstream::UPSTREAM,
    &upstream::TLS,
    &upstream::HEADERS,
    &upstream::TIMEOUTS,
    &super::identity::IDENTITY,
    &super::identity::JWT,
    &super::identity::CLIENT_CA,
    &super::identity::API_KEY,
    &TOKENS,
    &state::RULES,
    &state::BLOCKS,
    &AUDIT,
    &HEALTH,
    &front::FRONT,
    &cors::CORS,
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
        "blocks",
        "audit",
        "health",
        "front",
        "cors",
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
const TOKENS: Section = Section {
    path: "tokens",
    known: &["key"],
    later: &[],
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
    let rules = reader
        .need(entries, &FILE, "rules")
        .and_then(|node| state::rules(reader, node));
    let blocks = optional(reader, entries, "blocks", state::blocks);
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
    let front = optional(reader, entries, "front", front::front);
    let cors = optional(reader, entries, "cors", cors::cors);
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
        blocks: blocks?,
        audit: audit?,
        health: health?,
        front: front?,
        cors: cors?,
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

/// Of each listener, by its address, whose certificates it asks for; nothing else of it is read.
pub fn doors(
    reader: &mut Reader<'_>,
    node: &Node,
) -> Option<BTreeMap<String, Option<(String, ClientAuth)>>> {
    let mut doors = BTreeMap::new();
    for item in reader.list(node, say!("`listen`"))? {
        let entries = reader.section(item, &LISTENER)?;
        let address = reader.need(entries, &LISTENER, "address")?;
        let address = reader.text(address, say!("`listen[].address`"))?;
        let tls = reader.need(entries, &LISTENER, "tls")?;
        let tls = reader.section(tls, &LISTENER_TLS)?;
        let authority = optional(reader, tls, "client_ca", |reader, node| {
            reader.text(node, say!("`listen[].tls.client_ca`"))
        })?;
        let asked = optional(reader, tls, "client_auth", client_auth)?;
        let asked = asked.unwrap_or(ClientAuth::Optional);
        doors.insert(address, authority.map(|authority| (authority, asked)));
    }
    Some(doors)
}

fn client_auth(reader: &mut Reader<'_>, node: &Node) -> Option<ClientAuth> {
    let words = [
        ("optional", ClientAuth::Optional),
        ("required", ClientAuth::Required),
    ];
    reader.word(node, say!("`listen[].tls.client_auth`"), &words)
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
    let client_auth = optional(reader, entries, "client_auth", |reader, node| {
        if entries.get("client_ca").is_none() {
            let message = say!(
                "`client_auth` says nothing without `client_ca`",
                "没有 `client_ca`，`client_auth` 就没有意义"
            );
            return reader.refuse(Diagnostic::error(code::FG4010, message).at(&node.span));
        }
        client_auth(reader, node)
    });
    Some(ListenerTls {
        certificate: certificate?,
        key: key?.0,
        client_ca: client_ca?,
        client_auth: client_auth?.unwrap_or(ClientAuth::Optional),
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

//! The section `upstreams`: where a legacy API is, how it proves itself, and which headers pass.
//!
//! Refuses URLs with more than scheme, host and port, `https` without an authority, TLS for `http`, host names
//! with a port or a wildcard, and header names that must not pass or be set.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use http::{HeaderName, HeaderValue, Uri};
use rustls_pki_types::DnsName;

use super::headers::{self, Use};
use super::limits::{count, time};
use super::reader::{Reader, Section};
use super::secret::{self, SecretSource};
use super::sections::optional;
use super::settings::{HeaderValueSource, Headers, Timeouts, Upstream, UpstreamTls};
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::source::{Node, Span};

/// `upstreams.NAME`.
pub const UPSTREAM: Section = Section {
    path: "upstreams.NAME",
    known: &[
        "url",
        "hosts",
        "tls",
        "headers",
        "timeouts",
        "connections",
        "connections_per_caller",
    ],
    later: &[],
};
/// `upstreams.NAME.tls`.
pub const TLS: Section = Section {
    path: "upstreams.NAME.tls",
    known: &["ca", "certificate", "key", "name"],
    later: &[],
};
/// `upstreams.NAME.headers`.
pub const HEADERS: Section = Section {
    path: "upstreams.NAME.headers",
    known: &["set", "request", "response"],
    later: &[],
};
/// `upstreams.NAME.timeouts`.
pub const TIMEOUTS: Section = Section {
    path: "upstreams.NAME.timeouts",
    known: &["connect", "first_byte", "idle"],
    later: &[],
};

/// Connections to one upstream at once, where nothing is written.
pub const CONNECTIONS: usize = 1000;

/// Every upstream, at least one.
pub fn all(reader: &mut Reader<'_>, node: &Node) -> Option<BTreeMap<String, Upstream>> {
    let upstreams = reader.named(node, say!("`upstreams`"))?;
    if upstreams.is_empty() {
        return reader.refuse(
            Diagnostic::error(
                code::FG4007,
                say!("`upstreams` is empty", "`upstreams` 是空的"),
            )
            .at(&node.span),
        );
    }
    let read: BTreeMap<String, Upstream> = upstreams
        .iter()
        .filter_map(|(name, node)| Some(((*name).to_owned(), upstream(reader, node)?)))
        .collect();
    (read.len() == upstreams.len()).then_some(read)
}

fn upstream(reader: &mut Reader<'_>, node: &Node) -> Option<Upstream> {
    let entries = reader.section(node, &UPSTREAM)?;
    let place = reader.need(entries, &UPSTREAM, "url");
    let shape = say!(
        "`http://` or `https://`, a host and a port, and nothing else",
        "`http://` 或 `https://` 加主机和端口，别无其他"
    );
    let url = place.and_then(|node| reader.parsed(node, say!("`url`"), shape, url));
    let hosts = optional(reader, entries, "hosts", hosts);
    let tls = match (&url, entries.get("tls")) {
        (None, _) => None,
        (Some(url), Some(tls)) if is_https(url) => tls_settings(reader, tls, url).map(Some),
        (Some(url), None) if is_https(url) => {
            let mistake = Diagnostic::error(
                code::FG4010,
                say!(
                    "an `https` upstream needs `tls: {{ ca: ... }}`",
                    "`https` 后端要写 `tls: {{ ca: ... }}`"
                ),
            )
            .at(place.map_or(&node.span, |place| &place.span))
            .help(say!(
                "name the authority its certificate comes from; the system's are never used",
                "写明它的证书由哪个 CA 签发；绝不使用系统自带的 CA"
            ));
            reader.refuse(mistake)
        }
        (Some(_), Some(tls)) => {
            let mistake = Diagnostic::error(
                code::FG4010,
                say!(
                    "`tls` for an upstream whose `url` is `http://`",
                    "后端的 `url` 是 `http://`，却写了 `tls`"
                ),
            );
            reader.refuse(mistake.at(&tls.span).help(say!(
                "write `https://`, or remove `tls`",
                "改写 `https://`，或者删掉 `tls`"
            )))
        }
        (Some(_), None) => Some(None),
    };
    let headers = optional(reader, entries, "headers", headers);
    let timeouts = optional(reader, entries, "timeouts", timeouts);
    let mut connections = CONNECTIONS;
    let place = (entries, &UPSTREAM);
    count(reader, place, "connections", 1_000_000, &mut connections);
    // A quarter is left for everybody else, whatever one caller asks for.
    let mut connections_per_caller = (connections * 3 / 4).max(1);
    let most = connections as u64;
    count(
        reader,
        place,
        "connections_per_caller",
        most,
        &mut connections_per_caller,
    );
    Some(Upstream {
        url: url?,
        hosts: hosts?,
        tls: tls?,
        headers: headers?.unwrap_or_default(),
        timeouts: timeouts?.unwrap_or_default(),
        connections,
        connections_per_caller,
    })
}

fn is_https(url: &Uri) -> bool {
    url.scheme_str() == Some("https")
}

fn url(text: &str) -> Option<Uri> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let bare = !authority.contains(['/', '?', '#', '@', '\\']);
    if !matches!(scheme, "http" | "https") || !bare {
        return None;
    }
    let url: Uri = format!("{scheme}://{authority}/").parse().ok()?;
    let host = host(url.host()?)?;
    match authority.strip_prefix(&host) {
        Some("") => Some(url),
        Some(port) => {
            let port: u16 = port.strip_prefix(':')?.parse().ok()?;
            (port != 0 && url.port_u16() == Some(port)).then_some(url)
        }
        None => None,
    }
}

/// A lower-case DNS name or an address, IPv6 in brackets: what a `Host` header holds before its port.
fn host(text: &str) -> Option<String> {
    let bracketed = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let good = match bracketed {
        Some(address) => matches!(address.parse(), Ok(IpAddr::V6(_))),
        None => matches!(text.parse(), Ok(IpAddr::V4(_))) || is_dns_name(text),
    };
    (good && !text.bytes().any(|byte| byte.is_ascii_uppercase())).then(|| text.to_owned())
}

fn is_dns_name(text: &str) -> bool {
    !text.ends_with('.') && DnsName::try_from(text).is_ok()
}

fn hosts(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<String>> {
    let items = reader.list(node, say!("`hosts`"))?;
    let shape = say!(
        "a lower-case host name or address, without port or wildcard",
        "小写的主机名或地址，不带端口和通配符"
    );
    let hosts: Vec<String> = items
        .iter()
        .filter_map(|item| reader.parsed(item, say!("a host", "主机名"), shape.clone(), host))
        .collect();
    (hosts.len() == items.len()).then_some(hosts)
}

fn tls_settings(reader: &mut Reader<'_>, node: &Node, url: &Uri) -> Option<UpstreamTls> {
    let entries = reader.section(node, &TLS)?;
    let ca = reader
        .need(entries, &TLS, "ca")
        .and_then(|node| reader.path(node, say!("`tls.ca`")));
    let client = match (entries.get("certificate"), entries.get("key")) {
        (None, None) => Some(None),
        (Some(certificate), Some(key)) => {
            let certificate = reader.path(certificate, say!("`tls.certificate`"));
            let key = reader.secret(key, say!("`tls.key`"), SecretSource::read);
            certificate
                .zip(key)
                .map(|(certificate, key)| Some((certificate, key.0)))
        }
        (Some(one), None) | (None, Some(one)) => {
            let message = say!(
                "a client certificate needs both `certificate` and `key`",
                "客户端证书要同时写 `certificate` 和 `key`"
            );
            reader.refuse::<Option<(PathBuf, SecretSource)>>(
                Diagnostic::error(code::FG4010, message).at(&one.span),
            )
        }
    };
    let name = optional(reader, entries, "name", |reader, node| {
        let shape = say!(
            "a host name or address, without brackets or port",
            "主机名或地址，不带方括号和端口"
        );
        reader.parsed(node, say!("`tls.name`"), shape, |text| {
            (is_dns_name(text) || text.parse::<IpAddr>().is_ok()).then(|| text.to_owned())
        })
    });
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    Some(UpstreamTls {
        ca: ca?,
        client: client?,
        name: name?.unwrap_or_else(|| host.to_owned()),
    })
}

fn headers(reader: &mut Reader<'_>, node: &Node) -> Option<Headers> {
    let entries = reader.section(node, &HEADERS)?;
    let set = optional(reader, entries, "set", set_headers);
    let request = optional(reader, entries, "request", |reader, node| {
        names(reader, node, Use::Request)
    });
    let response = optional(reader, entries, "response", |reader, node| {
        names(reader, node, Use::Response)
    });
    let headers = Headers {
        set: set?.unwrap_or_default(),
        request: request?.unwrap_or_default(),
        response: response?.unwrap_or_default(),
    };
    if let Some((both, _)) = headers
        .set
        .iter()
        .find(|(name, _)| headers.request.contains(name))
    {
        let message = say!(
            "{} is both set by us and let through from callers",
            "{} 既由我们填写，又从调用方放行",
            quoted(both.as_str())
        );
        return reader.refuse(
            Diagnostic::error(code::FG4010, message)
                .at(&node.span)
                .help(say!("remove one of the two", "两处删掉一处")),
        );
    }
    Some(headers)
}

fn names(reader: &mut Reader<'_>, node: &Node, purpose: Use) -> Option<Vec<HeaderName>> {
    let items = reader.keep(node.as_list(say!("a list of header names", "首部名列表")))?;
    let mut names = Vec::new();
    for item in items {
        let Some(text) = reader.text(item, say!("a header name", "首部名")) else {
            continue;
        };
        if let Some(name) = header_name(reader, &item.span, &text, purpose, &names) {
            names.push(name);
        }
    }
    (names.len() == items.len()).then_some(names)
}

fn header_name(
    reader: &mut Reader<'_>,
    place: &Span,
    text: &str,
    purpose: Use,
    before: &[HeaderName],
) -> Option<HeaderName> {
    let mistake = match headers::name(text, purpose) {
        Ok(name) if !before.contains(&name) => return Some(name),
        Ok(_) => Diagnostic::error(
            code::FG4010,
            say!("{} stands here twice", "{} 在这里出现了两次", quoted(text)),
        ),
        Err(why) => Diagnostic::error(
            code::FG4013,
            say!("the header {} {why}", "首部 {} {why}", quoted(text); why),
        ),
    };
    reader.refuse(mistake.at(place))
}

fn set_headers(
    reader: &mut Reader<'_>,
    node: &Node,
) -> Option<Vec<(HeaderName, HeaderValueSource)>> {
    let entries = reader.keep(node.as_map(say!("`headers.set`")))?;
    let mut set: Vec<(HeaderName, HeaderValueSource)> = Vec::new();
    let mut complete = true;
    for (key, value) in entries.iter() {
        let taken: Vec<HeaderName> = set.iter().map(|(name, _)| name.clone()).collect();
        let name = header_name(reader, &key.span, &key.text, Use::Set, &taken);
        let source = header_value(reader, value);
        match name.zip(source) {
            Some(header) => set.push(header),
            None => complete = false,
        }
    }
    complete.then_some(set)
}

fn header_value(reader: &mut Reader<'_>, node: &Node) -> Option<HeaderValueSource> {
    if node.scalar() == Some("caller.id") {
        return Some(HeaderValueSource::CallerId);
    }
    let (_, secret) = reader.secret(
        node,
        say!("the value of a header", "首部的值"),
        SecretSource::read,
    )?;
    match HeaderValue::from_bytes(secret::without_newline(secret.expose())) {
        Ok(mut value) if !value.is_empty() => {
            value.set_sensitive(true);
            Some(HeaderValueSource::Secret(value))
        }
        _ => reader.refuse(
            Diagnostic::error(
                code::FG4006,
                say!(
                    "this secret cannot be the value of a header",
                    "这个密钥不能用作首部的值"
                ),
            )
            .at(&node.span)
            .help(say!(
                "one line of printable characters",
                "只能是一行可打印字符"
            )),
        ),
    }
}

fn timeouts(reader: &mut Reader<'_>, node: &Node) -> Option<Timeouts> {
    let entries = reader.section(node, &TIMEOUTS)?;
    let mut timeouts = Timeouts::default();
    time(
        reader,
        entries,
        &TIMEOUTS,
        "connect",
        1,
        &mut timeouts.connect,
    );
    time(
        reader,
        entries,
        &TIMEOUTS,
        "first_byte",
        1,
        &mut timeouts.first_byte,
    );
    time(reader, entries, &TIMEOUTS, "idle", 1, &mut timeouts.idle);
    Some(timeouts)
}

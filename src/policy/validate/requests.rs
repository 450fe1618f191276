//! What a test sends, what is stored before it, and which names a refused write is told.
//!
//! Refuses bodies whose media type is none, validators that are none, and lists that name nothing, or something twice.

use http::HeaderValue;

use super::Findings;
use super::scalars::{path, sentence};
use super::values::json;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::source::{Entries, Kind, Node};

const JSON: &str = "application/json";

/// The request's body.
pub(super) struct Sent {
    /// As it is sent.
    pub bytes: Option<Vec<u8>>,
    /// Its media type.
    pub media: String,
}

/// `body`, as JSON, or as it is written where `body_type` says another media type and it is a text.
pub(super) fn body(entries: Entries<'_>, findings: &mut Findings) -> Sent {
    let said = entries.entry("body_type");
    let media = said.and_then(|(_, node)| findings.keep(media(node, "body_type")));
    let node = entries.get("body");
    if let (Some((key, _)), None) = (said, node) {
        let message = say!(
            "`body_type` stands without `body`",
            "写了 `body_type`，却没有 `body`"
        );
        findings.add(Diagnostic::error(code::FG5060, message).at(&key.span));
    }
    let media = media.unwrap_or_else(|| String::from(JSON));
    let bytes = node.and_then(|node| {
        let bytes = match &node.kind {
            Kind::Scalar { text, .. } if said.is_some() => Ok(text.clone().into_bytes()),
            _ => json(node).map(|json| json.to_string().into_bytes()),
        };
        findings.keep(bytes)
    });
    Sent { bytes, media }
}

/// The media type of what a test sends or is answered with.
pub(super) fn media(node: &Node, key: &str) -> Result<String, Diagnostic> {
    let text = node.as_str(say!("`{key}`"; same))?;
    let fits = text.contains('/') && HeaderValue::from_str(text).is_ok();
    match fits {
        true => Ok(text.to_owned()),
        false => {
            let message = say!("{} is no media type", "{} 不是媒体类型", quoted(text));
            Err(Diagnostic::error(code::FG5060, message)
                .at(&node.span)
                .help(code::FG5060.cure()))
        }
    }
}

/// The validator of the stored record.
pub(super) fn etag(entries: Entries<'_>, findings: &mut Findings) -> Option<String> {
    let (key, node) = entries.entry("stored_etag")?;
    if entries.get("stored").is_none() {
        let message = say!(
            "`stored_etag` stands without `stored`",
            "写了 `stored_etag`，却没有 `stored`"
        );
        findings.add(Diagnostic::error(code::FG5061, message).at(&key.span));
    }
    let text = findings.keep(sentence(node, say!("`stored_etag`")))?;
    let opaque = text.strip_prefix("W/").unwrap_or(&text);
    let inner = opaque
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'"';
    if inner.is_some_and(|inner| inner.bytes().all(fits)) {
        return Some(text);
    }
    let message = say!("{} is no validator", "{} 不是版本标识", quoted(&text));
    findings.add(
        Diagnostic::error(code::FG5061, message)
            .at(&node.span)
            .help(code::FG5061.cure()),
    );
    None
}

/// The names a refused write is told.
pub(super) fn refused(entries: Entries<'_>, findings: &mut Findings) -> Option<Vec<String>> {
    let node = entries.get("expect_refused")?;
    let what = say!("`expect_refused`");
    let items = findings.keep(node.as_list(what.clone()))?;
    if items.is_empty() {
        let message = say!(
            "`expect_refused` names nothing",
            "`expect_refused` 里什么也没写"
        );
        let help = say!(
            "a refusal without names is expected by its `expect_reason`",
            "没有名字的拒绝，用 `expect_reason` 断言"
        );
        findings.add(
            Diagnostic::error(code::FG5062, message)
                .at(&node.span)
                .help(help),
        );
    }
    let mut names: Vec<String> = Vec::new();
    for item in items {
        let Some(text) = findings.keep(sentence(item, what.clone())) else {
            continue;
        };
        findings.keep(path(&text, &item.span));
        if names.contains(&text) {
            let message = say!("{} is named twice", "{} 写了两次", quoted(&text));
            findings.add(Diagnostic::error(code::FG5062, message).at(&item.span));
        } else {
            names.push(text);
        }
    }
    Some(names)
}

//! How the answers of a route are written: `format` in the long form of `at`, and of events what leaves of their fields;
//! and in which charset those of a resource are.
//!
//! Refuses formats and charsets that are none, and fields of events where there are no events. A route that says nothing
//! answers with one JSON document, a resource that says nothing in UTF-8.

use std::sync::Arc;

use super::Findings;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{AnswerForm, Charset, Does, EventFields, Format, Group};
use crate::policy::source::{Entries, Key, Node};

/// The keys of a route's long form that say it.
pub(super) const KEYS: [&str; 5] = ["format", "media", "events", "ids", "retry"];

/// The keys of a resource that say in which charset.
pub(super) const OF_RESOURCES: [&str; 2] = ["charset", "answer_charset"];

/// What a route declares of its answers.
pub(super) fn form(route: &Node, findings: &mut Findings) -> AnswerForm {
    let mut form = AnswerForm::default();
    // Whether it is a map is told where its place is read.
    let Ok(entries) = route.as_map(Text::none()) else {
        return form;
    };
    if let Some(node) = entries.get("format") {
        match findings.keep(format(node)) {
            Some(format) => form.format = format,
            None => return form,
        }
    }
    if let Some(node) = entries.get("media") {
        form.media = findings.keep(media(node, form.format));
    }
    form.events = Arc::new(event_fields(entries, form.format, findings));
    form
}

fn format(node: &Node) -> Result<Format, Diagnostic> {
    let text = node.as_str(say!("`format`"))?;
    let found = Format::ALL.into_iter().find(|one| one.word() == text);
    found.ok_or_else(|| {
        let message = say!("`format` cannot be {}", "`format` 不能是 {}", quoted(text));
        let words = Format::ALL.map(Format::word);
        Diagnostic::error(code::FG2009, message)
            .at(&node.span)
            .suggest(text, words)
    })
}

/// A type that JSON comes under though it is not JSON's.
fn media(node: &Node, format: Format) -> Result<Arc<str>, Diagnostic> {
    let text = node.as_str(say!("`media`"))?;
    let mistake = |why: Text| {
        let message =
            say!("`media` cannot be {}: {why}", "`media` 不能是 {}：{why}", quoted(text); why);
        Diagnostic::error(code::FG2203, message).at(&node.span)
    };
    if format != Format::Json {
        return Err(mistake(say!(
            "the answers of this route are of another format, which has media types of its own",
            "这条路由的响应是别的格式，自有媒体类型"
        )));
    }
    let part =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.+_".contains(&byte);
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(part);
    let Some((kind, subtype)) = text
        .split_once('/')
        .filter(|(kind, subtype)| is_name(kind) && is_name(subtype))
    else {
        return Err(mistake(say!(
            "a type is written as `text/html`, in small letters and without parameters",
            "媒体类型写成 `text/html` 这样，小写，不带参数"
        )));
    };
    let is_json = kind == "application" && (subtype == "json" || subtype.ends_with("+json"));
    if is_json || kind == "multipart" {
        return Err(mistake(match is_json {
            true => say!(
                "it is JSON's own, which passes anyway",
                "它就是 JSON 的类型，本来就放行"
            ),
            false => say!("it holds several parts", "它由多个部分组成"),
        }));
    }
    Ok(text.into())
}

fn event_fields(entries: Entries<'_>, format: Format, findings: &mut Findings) -> EventFields {
    let mut fields = EventFields::default();
    for name in ["events", "ids", "retry"] {
        let Some((key, node)) = entries.entry(name) else {
            continue;
        };
        if format != Format::Sse {
            let message = say!(
                "`{name}` is said of events, and this route does not answer with any",
                "`{name}` 说的是事件，而这条路由的响应不是事件"
            );
            findings.add(Diagnostic::error(code::FG2200, message).at(&key.span));
            continue;
        }
        match name {
            "events" => fields.names = findings.keep(names(node)).unwrap_or_default(),
            "ids" => fields.ids = findings.keep(bounds(node, name)),
            _ => fields.retries = findings.keep(bounds(node, name)),
        }
    }
    fields
}

fn names(node: &Node) -> Result<Vec<String>, Diagnostic> {
    const LONGEST: usize = 64;
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let mut names: Vec<String> = Vec::new();
    for item in node.as_list(say!("`events`"))? {
        let name = item.as_str(say!("the name of an event", "事件名"))?;
        let fits = !name.is_empty() && name.len() <= LONGEST && name.bytes().all(part);
        if !fits || names.iter().any(|listed| listed == name) {
            let message = match fits {
                true => say!("{} stands twice", "{} 写了两次", quoted(name)),
                false => say!(
                    "{} is no name of an event",
                    "{} 不能用作事件名",
                    quoted(name)
                ),
            };
            return Err(Diagnostic::error(code::FG2201, message).at(&item.span));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// `{ whole: 1..1000 }`.
fn bounds(node: &Node, name: &'static str) -> Result<(u64, u64), Diagnostic> {
    let what = say!("`{name}`"; same);
    let entries = node.as_map(what.clone())?;
    let mut wrong = entries
        .check_keys(what.clone(), &["whole"], &[])
        .into_iter();
    if let Some(wrong) = wrong.next() {
        return Err(wrong);
    }
    let whole = entries.require("whole", what, &node.span)?;
    let text = whole.as_str(say!("`whole`"))?;
    let number = |text: &str| {
        let number: u64 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    };
    let bounds = text
        .split_once("..")
        .and_then(|(least, most)| Some((number(least)?, number(most)?)));
    bounds.filter(|(least, most)| least <= most).ok_or_else(|| {
        let message = say!(
            "{} is no range of whole numbers from 0 on",
            "{} 不是从 0 起的整数范围",
            quoted(text)
        );
        Diagnostic::error(code::FG2201, message).at(&whole.span)
    })
}

/// Fills in what a resource declares of the answers of all its routes.
pub(super) fn charset(entries: Entries<'_>, groups: &mut [Group], findings: &mut Findings) {
    let charset = entries.get("charset").map(charset_of);
    let charset = charset.and_then(|charset| findings.keep(charset));
    let keeps = entries
        .entry("answer_charset")
        .and_then(|(key, node)| Some((findings.keep(keeps(charset, key, node))?, key)));
    let charset = charset.unwrap_or_default();
    let routes = groups.iter_mut().flat_map(|group| &mut group.routes);
    for route in routes {
        let carries = route.does != Does::Read || route.send.is_some();
        if let (true, Some((key, _))) = (
            charset != Charset::Utf8 && carries,
            entries.entry("charset"),
        ) {
            findings.add(sends(charset, &route.text, key));
        }
        route.answer.charset = charset;
        if let Some((true, key)) = keeps {
            route.answer.keeps_charset = true;
            if route.answer.format == Format::Sse {
                findings.add(events_in_utf8(&route.text, key));
            }
        }
    }
}

fn events_in_utf8(route: &str, key: &Key) -> Diagnostic {
    let message = say!(
        "{} answers with events, which are read as UTF-8 whatever they are written in",
        "{} 的响应是服务器推送事件，不管怎么写都按 UTF-8 读",
        quoted(route)
    );
    Diagnostic::error(code::FG2204, message).at(&key.span)
}

/// What is sent is in UTF-8, which such an upstream would take for something else, even for another end of a string.
fn sends(charset: Charset, route: &str, key: &Key) -> Diagnostic {
    let charset = charset.word();
    let message = say!(
        "{} sends a body to an upstream in {charset}, which is not supported yet",
        "{} 要把请求体发给用 {charset} 的后端，暂不支持",
        quoted(route)
    );
    Diagnostic::error(code::FG1022, message)
        .at(&key.span)
        .help(say!(
            "routes that read without `send` can be declared so far: remove the route",
            "目前只能写只读而且不带 `send` 的路由：请删掉这条路由"
        ))
}

fn charset_of(node: &Node) -> Result<Charset, Diagnostic> {
    let text = node.as_str(say!("`charset`"))?;
    let found = Charset::ALL.into_iter().find(|one| one.word() == text);
    found.ok_or_else(|| {
        let message = say!(
            "`charset` cannot be {}",
            "`charset` 不能是 {}",
            quoted(text)
        );
        let words = Charset::ALL.map(Charset::word);
        Diagnostic::error(code::FG2009, message)
            .at(&node.span)
            .suggest(text, words)
    })
}

/// Whether callers get what the upstream writes in.
fn keeps(charset: Option<Charset>, key: &Key, node: &Node) -> Result<bool, Diagnostic> {
    match node.as_str(say!("`answer_charset`"))? {
        _ if charset.is_none() => {
            let message = say!(
                "`answer_charset` stands without `charset`",
                "写了 `answer_charset`，却没有 `charset`"
            );
            Err(Diagnostic::error(code::FG2202, message).at(&key.span))
        }
        "utf-8" => Ok(false),
        "upstream" => Ok(true),
        other => {
            let message = say!(
                "`answer_charset` cannot be {}",
                "`answer_charset` 不能是 {}",
                quoted(other)
            );
            Err(Diagnostic::error(code::FG2009, message)
                .at(&node.span)
                .suggest(other, ["utf-8", "upstream"]))
        }
    }
}

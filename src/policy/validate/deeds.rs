//! What a route does with records: by its method, or as its long form says.
//!
//! Refuses deeds that a method cannot do, bodies where there are none, and requests that would write several records.

use http::Method;

use super::routes::place;
use super::{Findings, answers};
use crate::path::{Path, Selector};
use crate::policy::diagnostic::{Diagnostic, Text, code, say};
use crate::policy::rules::{BodyForm, Does, RouteRule};
use crate::policy::source::{Entries, Key, Node};

/// What stands behind a route under `at`.
pub(super) struct LongForm {
    /// Where the record stands.
    pub at: Path,
    /// What a request does.
    pub does: Does,
    /// How its body is written.
    pub body: BodyForm,
}

/// A route of which nothing is said but where the record stands.
pub(super) fn by_method(at: Path, method: &Method) -> LongForm {
    LongForm {
        at,
        does: Does::by(method),
        body: BodyForm::Json,
    }
}

/// `{ record: $.data, does: read, body: json, send: {...} }`. What is sent is read once the catalogue is known.
pub(super) fn long_form(
    key: &Key,
    node: &Node,
    method: &Method,
    findings: &mut Findings,
) -> Option<LongForm> {
    let what = say!("a route", "路由");
    let entries = findings.keep(node.as_map(what.clone()))?;
    let known = [&["record", "does", "send", "body"], &answers::KEYS[..]].concat();
    findings.extend(entries.check_keys(what.clone(), &known, &["when"]));
    let said = entries
        .get("does")
        .map(|node| findings.keep(does(node, method)));
    let does = match said {
        None => Does::by(method),
        Some(does) => does?,
    };
    let said = entries.get("body").map(|node| findings.keep(form(node)));
    let body = said.unwrap_or(Some(BodyForm::Json))?;
    findings.extend(idle(entries, method, does));
    let record = findings.keep(entries.require("record", what, &key.span))?;
    Some(LongForm {
        at: findings.keep(place(record))?,
        does,
        body,
    })
}

/// What a route may do: a method promises something to everything on the way.
fn does(node: &Node, method: &Method) -> Result<Does, Diagnostic> {
    let text = node.as_str(say!("`does`"))?;
    let all = [Does::Read, Does::Create, Does::Update, Does::Delete];
    let Some(does) = all.into_iter().find(|does| does.word() == text) else {
        let message = say!(
            "`does` is one of `read`, `create`, `update`, `delete`",
            "`does` 只能是 `read`、`create`、`update`、`delete` 之一"
        );
        return Err(Diagnostic::error(code::FG2009, message).at(&node.span));
    };
    let fits = match method.as_str() {
        "POST" => true,
        "PUT" => matches!(does, Does::Create | Does::Update),
        _ => does == Does::by(method),
    };
    match fits {
        true => Ok(does),
        false => {
            let message = say!("a {method} does not {text}", "{method} 不能用来 {text}");
            Err(Diagnostic::error(code::FG2184, message)
                .at(&node.span)
                .help(code::FG2184.cure()))
        }
    }
}

fn form(node: &Node) -> Result<BodyForm, Diagnostic> {
    match node.scalar() {
        Some("json") => Ok(BodyForm::Json),
        Some("form") => Ok(BodyForm::Form),
        _ => {
            let message = say!(
                "`body` is `json` or `form`",
                "`body` 只能是 `json` 或 `form`"
            );
            Err(Diagnostic::error(code::FG2009, message).at(&node.span))
        }
    }
}

/// What means nothing on the route.
fn idle(entries: Entries<'_>, method: &Method, does: Does) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut add = |name: &str, message: fn(&str) -> Text, help: Option<Text>| {
        if let Some((key, _)) = entries.entry(name) {
            let mistake = Diagnostic::error(code::FG2137, message(&key.text)).at(&key.span);
            found.push(match help {
                Some(help) => mistake.help(help),
                None => mistake,
            });
        }
    };
    let has_body = method != Method::GET && method != Method::HEAD && does != Does::Delete;
    if !has_body {
        let none = |key: &str| {
            say!(
                "requests of this route have no body, so `{key}` means nothing here",
                "这条路由的请求没有请求体，写 `{key}` 没有意义"
            )
        };
        add("send", none, None);
        add("body", none, None);
    } else if does == Does::Read {
        if entries.get("send").is_none() {
            let none = |key: &str| {
                say!(
                    "without `send` a search takes no body, so `{key}` means nothing here",
                    "没有 `send` 的查询不收请求体，写 `{key}` 没有意义"
                )
            };
            let help = say!(
                "`send` lists what the body may hold, such as `send: {{ phone: phones[*].number }}`",
                "在 `send` 里登记请求体可以有什么，如 `send: {{ phone: phones[*].number }}`"
            );
            add("body", none, Some(help));
        }
    } else {
        let written = |key: &str| {
            say!(
                "`{key}` is of searches; what a request writes follows from its fields' classes",
                "`{key}` 用于查询；写请求能写什么，由字段的类别决定"
            )
        };
        let help = say!(
            "a POST that only searches says `does: read`; who writes which class stands under `create` and `update`",
            "只用来查询的 POST 写 `does: read`；谁能写哪些类别，写在 `create`、`update` 里"
        );
        add("send", written, Some(help));
    }
    found
}

/// A request writes one record: of several nobody could say which stored one each replaces.
pub(super) fn several_records(at: &Path, does: Does, node: &Node) -> Option<Diagnostic> {
    if does == Does::Read || is_named(at) {
        return None;
    }
    let message = say!(
        "a request that writes holds one record, and this place is that of several",
        "写请求里只有一条记录，而这里写的位置可能有多条"
    );
    let help = say!(
        "names alone, such as `$` or `$.data`",
        "只能用名字，如 `$` 或 `$.data`"
    );
    Some(
        Diagnostic::error(code::FG2186, message)
            .at(&node.span)
            .help(help),
    )
}

/// Whether a place is that of one record, in a request or in an answer.
pub(super) fn is_one(at: &Path) -> bool {
    at.segments.iter().all(|segment| {
        matches!(
            segment.selectors.as_slice(),
            [Selector::Name(_) | Selector::Index(_)]
        )
    })
}

fn is_named(at: &Path) -> bool {
    let mut segments = at.segments.iter();
    segments.all(|segment| matches!(segment.selectors.as_slice(), [Selector::Name(_)]))
}

/// Whether a request of the route may carry what it searches by in its body.
pub(super) fn is_search(route: &RouteRule) -> bool {
    route.method == Method::POST && !route.writes()
}

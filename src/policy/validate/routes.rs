//! `at:`, which routes answer with a record and where it stands in the body.
//!
//! Refuses templates that are not canonical, methods that are not built yet, places that are not
//! names, indexes or `[*]`, and routes that could both take one request.

use http::Method;

use super::searching::Searchable;
use super::template::template;
use super::{Findings, answers, params, scalars};
use crate::path::{Path, Selector};
use crate::policy::Place;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{BodyForm, Does, Group, ParamKind, RouteRule, TemplateSegment};
use crate::policy::source::{Entries, Key, Kind, Node, Span, check_name};

const LATER_METHODS: [&str; 3] = ["PUT", "PATCH", "DELETE"];
/// What a route may do that is not built yet.
const LATER_DEEDS: [&str; 3] = ["create", "update", "delete"];

/// Every route of the rule set so far, to find those that take the same requests.
#[derive(Default)]
pub(super) struct Table(Vec<(Method, Vec<TemplateSegment>, Span)>);

/// The groups of a resource, its own first, and where each route stands.
pub(super) fn groups(
    resource: &str,
    node: &Node,
    table: &mut Table,
    findings: &mut Findings,
) -> Vec<(Group, Vec<Span>)> {
    let mut own = Vec::new();
    let mut named = Vec::new();
    if let Some(entries) = findings.keep(node.as_map(say!("`at`"))) {
        for (key, value) in entries.iter() {
            if looks_like_route(&key.text) {
                own.extend(route(key, value, table, findings));
            } else {
                named.extend(group(resource, key, value, table, findings));
            }
        }
        if entries.is_empty() {
            findings.add(
                Diagnostic::error(code::FG2010, say!("`at` names no route", "`at` 里没有路由"))
                    .at(&node.span),
            );
        }
    }
    named.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let mut groups = vec![finished(resource.to_owned(), own)];
    groups.extend(named);
    groups
}

fn looks_like_route(text: &str) -> bool {
    text.contains(['/', ' ']) || text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn group(
    resource: &str,
    key: &Key,
    node: &Node,
    table: &mut Table,
    findings: &mut Findings,
) -> Option<(Group, Vec<Span>)> {
    findings.keep(check_name(
        say!("a group of routes", "路由组"),
        &key.text,
        &key.span,
    ))?;
    let entries = findings.keep(node.as_map(say!("a group of routes", "路由组")))?;
    let mut routes = Vec::new();
    for (key, value) in entries.iter() {
        if looks_like_route(&key.text) {
            routes.extend(route(key, value, table, findings));
            continue;
        }
        // Read with the resource's own gate.
        if key.text == "only" {
            continue;
        }
        let later = ["when", "is", "mode"];
        let known = key.text.as_str();
        match later.contains(&known) {
            true => findings.add(
                Diagnostic::error(
                    code::FG1022,
                    say!(
                        "`{known}` in a group is not supported yet",
                        "路由组里的 `{known}` 暂不支持"
                    ),
                )
                .at(&key.span)
                .help(say!(
                    "this version refuses the key instead of ignoring it: remove it",
                    "本版本宁可拒绝也不当没看见：请删掉这个键"
                )),
            ),
            false => findings.add(bad_route(
                key,
                say!("a route is a method and a path", "路由由方法和路径组成"),
            )),
        }
    }
    Some(finished(format!("{resource}/{}", key.text), routes))
}

/// Sorted, since the order of keys never matters.
fn finished(name: String, mut routes: Vec<(RouteRule, Span)>) -> (Group, Vec<Span>) {
    routes.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
    let (routes, spans) = routes.into_iter().unzip();
    (Group { name, routes }, spans)
}

fn route(
    key: &Key,
    node: &Node,
    table: &mut Table,
    findings: &mut Findings,
) -> Option<(RouteRule, Span)> {
    let parsed = findings.keep(method_and_template(key));
    let at = match &node.kind {
        Kind::Map(_) => long_form(key, node, findings),
        _ => findings.keep(place(node)),
    };
    let (method, template) = parsed?;
    if method == Method::POST && !matches!(node.kind, Kind::Map(_)) {
        findings.add(creates(&key.span));
        return None;
    }
    findings.extend(table.add(&method, &template, &key.span));
    Some((
        RouteRule {
            text: key.text.clone(),
            place: Place::of(&key.span),
            method,
            template,
            does: Does::Read,
            body: BodyForm::Json,
            stored: None,
            at: at?,
            answer: answers::form(node, findings),
            // Filled in once the catalogue is known.
            send: None,
        },
        key.span.clone(),
    ))
}

fn method_and_template(key: &Key) -> Result<(Method, Vec<TemplateSegment>), Diagnostic> {
    let Some((method, path)) = key.text.split_once(' ') else {
        return Err(bad_route(
            key,
            say!("a route is a method and a path", "路由由方法和路径组成"),
        ));
    };
    let method = match method {
        "GET" => Method::GET,
        "HEAD" => Method::HEAD,
        "POST" => Method::POST,
        later if LATER_METHODS.contains(&later) => {
            let message = say!(
                "`{later}` routes are not supported yet",
                "`{later}` 路由暂不支持"
            );
            let help = say!(
                "GET and HEAD can be declared so far, and a POST that only reads; remove the route",
                "目前只能写 GET、HEAD 和只查询的 POST；请删掉这条路由"
            );
            return Err(Diagnostic::error(code::FG1022, message)
                .at(&key.span)
                .help(help));
        }
        _ => {
            return Err(bad_route(
                key,
                say!(
                    "a route begins with GET, HEAD or POST",
                    "路由以 GET、HEAD 或 POST 开头"
                ),
            ));
        }
    };
    Ok((method, template(key, path)?))
}

/// Where the record stands.
fn place(node: &Node) -> Result<Path, Diagnostic> {
    let text = node.as_str(say!("the place of a record", "记录的位置"))?;
    let path = scalars::path(text, &node.span)?;
    match is_place(&path) {
        true => Ok(path),
        false => Err(Diagnostic::error(
            code::FG3002,
            say!(
                "{} is no place of a record",
                "{} 不能用作记录的位置",
                quoted(text)
            ),
        )
        .at(&node.span)
        .help(say!(
            "names, indexes and `[*]` only, such as `$.data.items[*]`",
            "只能用名字、下标和 `[*]`，如 `$.data.items[*]`"
        ))),
    }
}

/// Names, indexes and `[*]` only.
pub(super) fn is_place(path: &Path) -> bool {
    path.segments.iter().all(|segment| {
        !segment.descend
            && matches!(
                segment.selectors.as_slice(),
                [Selector::Name(_) | Selector::Index(_) | Selector::Wildcard]
            )
    })
}

/// `{ record: $.data, does: read, send: {...} }`: where the record stands. What is sent is read by [`sends`].
fn long_form(key: &Key, node: &Node, findings: &mut Findings) -> Option<Path> {
    let what = say!("a route", "路由");
    let entries = findings.keep(node.as_map(what.clone()))?;
    let known = [&["record", "does", "send", "body"], &answers::KEYS[..]].concat();
    findings.extend(entries.check_keys(what.clone(), &known, &["when"]));
    let posts = key.text.starts_with("POST ");
    let does = entries.get("does");
    match does.map(|node| (node, node.scalar())) {
        None if posts => findings.add(creates(node_of(entries, "record", key))),
        None | Some((_, Some("read"))) => {}
        Some((node, Some(later))) if LATER_DEEDS.contains(&later) => {
            let message = say!(
                "`does: {later}` is not supported yet",
                "`does: {later}` 暂不支持"
            );
            findings.add(
                Diagnostic::error(code::FG1022, message)
                    .at(&node.span)
                    .help(say!(
                        "routes that read can be declared so far: `does: read`",
                        "目前只能写只读的路由：`does: read`"
                    )),
            );
        }
        Some((node, _)) => {
            let message = say!(
                "`does` is one of `read`, `create`, `update`, `delete`",
                "`does` 只能是 `read`、`create`、`update`、`delete` 之一"
            );
            findings.add(Diagnostic::error(code::FG2009, message).at(&node.span));
        }
    }
    match entries.get("body").map(|node| (node, node.scalar())) {
        None | Some((_, Some("json"))) => {}
        Some((node, Some("form"))) => {
            let message = say!("`body: form` is not supported yet", "`body: form` 暂不支持");
            findings.add(
                Diagnostic::error(code::FG1022, message)
                    .at(&node.span)
                    .help(say!(
                        "bodies are JSON so far: leave it out",
                        "目前请求体只能是 JSON：不写即可"
                    )),
            );
        }
        Some((node, _)) => {
            let message = say!(
                "`body` is `json` or `form`",
                "`body` 只能是 `json` 或 `form`"
            );
            findings.add(Diagnostic::error(code::FG2009, message).at(&node.span));
        }
    }
    for key in ["send", "body"] {
        if let (false, Some((key, _))) = (posts, entries.entry(key)) {
            let message = say!(
                "GET and HEAD send no body, so `{}` means nothing here",
                "GET 和 HEAD 没有请求体，写 `{}` 没有意义",
                key.text
            );
            findings.add(Diagnostic::error(code::FG2137, message).at(&key.span));
        }
    }
    let record = findings.keep(entries.require("record", what, &key.span))?;
    findings.keep(place(record))
}

fn node_of<'a>(entries: Entries<'a>, name: &str, key: &'a Key) -> &'a Span {
    entries.get(name).map_or(&key.span, |node| &node.span)
}

/// A POST creates unless it says that it reads.
fn creates(span: &Span) -> Diagnostic {
    let message = say!(
        "`POST` routes that create are not supported yet",
        "新建用的 `POST` 路由暂不支持"
    );
    Diagnostic::error(code::FG1022, message).at(span).help(say!(
        "one that only searches says so: `{{ record: $.items[*], does: read, send: {{ ... }} }}`",
        "只用来查询的，要写明：`{{ record: $.items[*], does: read, send: {{ ... }} }}`"
    ))
}

/// Fills in what the bodies of searches may carry, once it is known which fields there are.
pub(super) fn sends(
    node: Option<&Node>,
    groups: &mut [(Group, Vec<Span>)],
    searchable: Searchable<'_>,
    findings: &mut Findings,
) {
    fn entries(node: &Node) -> Option<Entries<'_>> {
        node.as_map(say!("`at`")).ok()
    }
    let Some(at) = node.and_then(entries) else {
        return;
    };
    for (group, _) in groups {
        let within = match group.name.split_once('/') {
            None => Some(at),
            Some((_, name)) => at.get(name).and_then(entries),
        };
        for route in &mut group.routes {
            let written = within
                .and_then(|within| within.get(&route.text))
                .and_then(entries);
            let send = written.and_then(|long| long.get("send"));
            if let (true, Some(send)) = (route.method == Method::POST, send) {
                route.send = params::sent(send, searchable, findings);
            }
        }
    }
}

pub(super) fn bad_route(key: &Key, why: Text) -> Diagnostic {
    Diagnostic::error(
        code::FG2010,
        say!("{} is no route: {why}", "{} 不是路由：{why}", quoted(&key.text); why),
    )
    .at(&key.span)
}

impl Table {
    fn add(
        &mut self,
        method: &Method,
        template: &[TemplateSegment],
        span: &Span,
    ) -> Option<Diagnostic> {
        let same = |(other, segments, _): &&(Method, Vec<TemplateSegment>, Span)| {
            // A GET route answers HEAD too.
            let methods = other == method || *other == Method::HEAD || *method == Method::HEAD;
            methods && take_the_same(segments, template)
        };
        let found = self.0.iter().find(same).map(|(_, _, first)| {
            Diagnostic::error(
                code::FG2011,
                say!(
                    "two routes take the same requests",
                    "两条路由会接到同样的请求"
                ),
            )
            .labelled(span, say!("this one", "这一处"))
            .labelled(first, say!("and this one", "还有这一处"))
            .help(say!(
                "keep one; names of parameters make no difference, and GET answers HEAD too",
                "只留一条；参数叫什么名字没有区别，GET 也管 HEAD"
            ))
        });
        self.0
            .push((method.clone(), template.to_vec(), span.clone()));
        found
    }
}

/// Whether no literal segment tells the two apart and all their parameters overlap.
fn take_the_same(a: &[TemplateSegment], b: &[TemplateSegment]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| match (a, b) {
            (TemplateSegment::Literal(a), TemplateSegment::Literal(b)) => a == b,
            (TemplateSegment::Param { kind: a, .. }, TemplateSegment::Param { kind: b, .. }) => {
                !matches!(
                    (a, b),
                    (ParamKind::Int, ParamKind::Uuid) | (ParamKind::Uuid, ParamKind::Int)
                )
            }
            _ => false,
        })
}

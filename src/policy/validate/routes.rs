//! `at:`, which routes answer with a record and where it stands in the body.
//!
//! Refuses templates that are not canonical, methods nobody calls, places that are not names, indexes or `[*]` (of a
//! request that writes: names), and routes that could both take one request.

use http::Method;

use super::deeds::LongForm;
use super::searching::Searchable;
use super::template::template;
use super::{Findings, answers, deeds, scalars, sent};
use crate::path::{Path, Selector};
use crate::policy::Place;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{Group, GroupId, ParamKind, RouteRule, TemplateSegment};
use crate::policy::source::{Entries, Key, Kind, Node, Span, check_name};

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
    let form = match (&node.kind, &parsed) {
        (Kind::Map(_), Some((method, _))) => deeds::long_form(key, node, method, findings),
        (Kind::Map(_), None) => None,
        (_, Some((method, _))) => findings
            .keep(place(node))
            .map(|at| deeds::by_method(at, method)),
        (_, None) => None,
    };
    let (method, template) = parsed?;
    findings.extend(table.add(&method, &template, &key.span));
    let LongForm { at, does, body } = form?;
    findings.extend(deeds::several_records(&at, does, node));
    Some((
        RouteRule {
            text: key.text.clone(),
            place: Place::of(&key.span),
            method,
            template,
            does,
            body,
            // These two are filled in once all routes and the catalogue are known.
            stored: None,
            answer: answers::form(node, findings),
            send: None,
            at,
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
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => {
            return Err(bad_route(
                key,
                say!(
                    "a route begins with GET, HEAD, POST, PUT, PATCH or DELETE",
                    "路由以 GET、HEAD、POST、PUT、PATCH 或 DELETE 开头"
                ),
            ));
        }
    };
    Ok((method, template(key, path)?))
}

/// Where the record stands.
pub(super) fn place(node: &Node) -> Result<Path, Diagnostic> {
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
            if let (true, Some(send)) = (deeds::is_search(route), send) {
                route.send = sent::all(send, route.body, searchable, findings);
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

/// Finds for each route that writes the `GET` of the same path that answers with one record, and with one document: each
/// of several is a record.
pub(super) fn stored(groups: &mut [(Group, Vec<Span>)]) {
    let mut reading: Vec<(Vec<TemplateSegment>, (GroupId, usize))> = Vec::new();
    for (at, (group, _)) in groups.iter().enumerate() {
        for (index, route) in group.routes.iter().enumerate() {
            if is_of_one(route) && !route.answer.format.is_several() {
                reading.push((route.template.clone(), (GroupId(at), index)));
            }
        }
    }
    let routes = groups.iter_mut().flat_map(|(group, _)| &mut group.routes);
    for route in routes.filter(|route| route.writes()) {
        let same =
            |(template, _): &&(Vec<TemplateSegment>, _)| same_path(template, &route.template);
        route.stored = reading.iter().find(same).map(|(_, id)| *id);
    }
}

/// Whether a route answers a `GET` with one record in each document.
pub(super) fn is_of_one(route: &RouteRule) -> bool {
    route.method == Method::GET && deeds::is_one(&route.at)
}

/// Whether two templates take the same targets, whatever their parameters are called.
pub(super) fn same_path(a: &[TemplateSegment], b: &[TemplateSegment]) -> bool {
    let same = |pair: (&TemplateSegment, &TemplateSegment)| match pair {
        (TemplateSegment::Literal(a), TemplateSegment::Literal(b)) => a == b,
        (TemplateSegment::Param { kind: a, .. }, TemplateSegment::Param { kind: b, .. }) => a == b,
        _ => false,
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
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

//! `on_forbidden`, `on_put`, `on_masked` and `errors`: what a resource says of requests that write, and of an upstream's
//! errors.
//!
//! Refuses words that are none, `errors:` without a path or with one twice or with `..`, and lints a key that speaks of
//! requests no route takes.

use super::{Findings, ResourcePlaces, scalars};
use crate::path::Path;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::{Does, OnForbidden, OnMasked, OnPut, Resource, RouteRule, Writing};
use crate::policy::source::{Entries, Span};

/// The keys that speak of requests that write.
const KEYS: [&str; 3] = ["on_forbidden", "on_put", "on_masked"];

/// What a resource says of requests that write.
pub(super) fn of(entries: Entries<'_>, findings: &mut Findings) -> Writing {
    let forbidden = [
        ("refuse", OnForbidden::Refuse),
        ("strip", OnForbidden::Strip),
    ];
    let put = [
        ("refuse", OnPut::Refuse),
        ("complete", OnPut::Complete),
        ("merge-hidden", OnPut::MergeHidden),
    ];
    let masked = [("refuse", OnMasked::Refuse), ("keep", OnMasked::Keep)];
    Writing {
        on_forbidden: word(entries, "on_forbidden", &forbidden, findings),
        on_put: word(entries, "on_put", &put, findings),
        on_masked: word(entries, "on_masked", &masked, findings),
    }
}

/// Where these keys stand.
pub(super) fn places(entries: Entries<'_>) -> Vec<(&'static str, Span)> {
    let place = |name: &&'static str| Some((*name, entries.entry(name)?.0.span.clone()));
    KEYS.iter().filter_map(place).collect()
}

/// The default where nothing is written, or nonsense.
fn word<T: Copy + Default>(
    entries: Entries<'_>,
    key: &str,
    words: &[(&str, T)],
    findings: &mut Findings,
) -> T {
    let Some(node) = entries.get(key) else {
        return T::default();
    };
    let Some(text) = findings.keep(node.as_str(say!("`{key}`"; same))) else {
        return T::default();
    };
    match words.iter().find(|(word, _)| *word == text) {
        Some((_, meant)) => *meant,
        None => {
            let message = say!("`{key}` cannot be {}", "`{key}` 不能是 {}", quoted(text));
            findings.add(
                Diagnostic::error(code::FG2009, message)
                    .at(&node.span)
                    .suggest(text, words.iter().map(|(word, _)| *word)),
            );
            T::default()
        }
    }
}

/// What may leave of the body of an upstream's error.
pub(super) fn errors(entries: Entries<'_>, findings: &mut Findings) -> Vec<Path> {
    let Some(node) = entries.get("errors") else {
        return Vec::new();
    };
    let what = say!("the paths of an error", "错误信息的路径");
    let items = findings
        .keep(node.as_list(what.clone()))
        .unwrap_or_default();
    let mut paths: Vec<Path> = Vec::new();
    if items.is_empty() {
        let message = say!("`errors` names no path", "`errors` 里没有写路径");
        findings.add(Diagnostic::error(code::FG2187, message).at(&node.span));
    }
    for item in items {
        let path = item.as_str(what.clone());
        let path = path.and_then(|text| scalars::path(text, &item.span));
        let Some(path) = findings.keep(path) else {
            continue;
        };
        let mistake = if path.is_net() {
            say!(
                "a path with `..` closes, so nothing leaves by it",
                "带 `..` 的路径只收紧，不能放出什么"
            )
        } else if paths.contains(&path) {
            say!("the same path is listed twice", "同一路径写了两次")
        } else {
            paths.push(path);
            continue;
        };
        findings.add(
            Diagnostic::error(code::FG2187, mistake)
                .at(&item.span)
                .help(code::FG2187.cure()),
        );
    }
    paths
}

/// Keys that speak of requests no route of the resource takes.
pub(super) fn idle(resource: &Resource, places: &ResourcePlaces) -> Vec<Diagnostic> {
    let routes = || resource.groups.iter().flat_map(|group| &group.routes);
    let takes = |key: &str, route: &RouteRule| match key {
        // A PUT and a JSON Patch are refused whole.
        "on_forbidden" => {
            matches!(route.does, Does::Create | Does::Update) && route.method != http::Method::PUT
        }
        "on_put" => route.method == http::Method::PUT,
        _ => matches!(route.does, Does::Create | Does::Update),
    };
    let idle = places
        .writing
        .iter()
        .filter(|(key, _)| !routes().any(|route| takes(key, route)));
    idle.map(|(key, span)| {
        let message = say!(
            "`{key}` speaks of requests that no route of {} takes",
            "{} 没有哪条路由会用到 `{key}`",
            quoted(&resource.name)
        );
        Diagnostic::warning(code::FG2192, message).at(span)
    })
    .collect()
}

//! What was meant by a path that matches nothing in any fixture.

use serde_json::Value;

use super::select;
use crate::path::{Path, Segment, Selector};
use crate::policy::diagnostic::{Text, quoted, say};
use crate::policy::rules::RouteRule;

/// A path that matches, where one step more or the way to the record less makes one.
pub(super) fn cure(path: &Path, bodies: &[(&RouteRule, Value)], any_case: bool) -> Option<Text> {
    let meant = bodies.iter().find_map(|(route, body)| {
        let records = select(&route.at, body, any_case);
        let each = with_elements(path, &records, any_case)?;
        Some(quoted(&written(&each)))
    });
    if let Some(meant) = meant {
        return Some(say!(
            "there is a list on the way: write {meant}",
            "路上有一层是数组：写成 {meant}"
        ));
    }
    let (route, rest) = bodies.iter().find_map(|(route, body)| {
        let from_root = !select(path, body, any_case).is_empty();
        let rest = path.segments.strip_prefix(route.at.segments.as_slice())?;
        let segments = rest.to_vec();
        (from_root && !segments.is_empty()).then_some((route, Path { segments }))
    })?;
    let (rest, at) = (quoted(&written(&rest)), quoted(&written(&route.at)));
    Some(say!(
        "paths begin at the record, which stands at {at}: write {rest}",
        "路径从记录算起，记录在 {at}：写成 {rest}"
    ))
}

/// The path with `[*]` wherever a list stands on its way; nothing where none does, or where it still leads nowhere.
fn with_elements(path: &Path, records: &[&Value], any_case: bool) -> Option<Path> {
    let mut longer = Path::default();
    for segment in &path.segments {
        longer.segments.push(segment.clone());
        let all: Vec<&Value> = found(&longer, records, any_case);
        if !all.is_empty() && all.iter().all(|value| value.is_array()) {
            longer.segments.push(Segment {
                descend: false,
                selectors: vec![Selector::Wildcard],
            });
        }
    }
    // An array of scalars is covered by its own path.
    let last = path.segments.last()?;
    while longer.segments.last().is_some_and(|one| one != last) {
        longer.segments.pop();
    }
    let more = longer.segments.len() > path.segments.len();
    (more && !found(&longer, records, any_case).is_empty()).then_some(longer)
}

fn found<'v>(path: &Path, records: &[&'v Value], any_case: bool) -> Vec<&'v Value> {
    let records = records.iter();
    records
        .flat_map(|record| select(path, record, any_case))
        .collect()
}

/// A path of names, indexes and `[*]` as rule files write it.
fn written(path: &Path) -> String {
    let mut text = String::new();
    for selector in path.segments.iter().filter_map(|one| one.selectors.first()) {
        match selector {
            Selector::Name(name) if is_plain(name) && text.is_empty() => text.push_str(name),
            Selector::Name(name) if is_plain(name) => text.push_str(&format!(".{name}")),
            Selector::Name(name) => {
                let root = if text.is_empty() { "$" } else { "" };
                text.push_str(&format!("{root}['{name}']"));
            }
            Selector::Index(index) => text.push_str(&format!("[{index}]")),
            _ => text.push_str("[*]"),
        }
    }
    if text.is_empty() {
        text.push('$');
    }
    text
}

fn is_plain(name: &str) -> bool {
    let mut characters = name.chars();
    let first = characters.next();
    first.is_some_and(|c| c.is_alphabetic() || c == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_')
}

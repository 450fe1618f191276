//! Lints of totals: a number of records beside a gate that keeps some of them back.
//!
//! Refuses nothing; `--deny lints` does.

use super::rows;
use crate::path::Selector;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{EnvelopeEntry, GroupId, Resource, ResourceId, RoleId, RuleSet};

/// Parts of names of totals, case, `_` and `-` ignored.
const TOTALS: [&str; 11] = [
    "total",
    "count",
    "cnt",
    "hits",
    "sum",
    "总数",
    "总计",
    "合计",
    "总条数",
    "数量",
    "总量",
];

/// Entries of the envelope that say how many records there are, where rows keep some back.
pub(super) fn beside_gates(
    rules: &RuleSet,
    document: &Document,
    id: ResourceId,
    resource: &Resource,
) -> Vec<Diagnostic> {
    // A class is shown by rows whose gate the call opens, so it tells nobody behind one on records.
    let shown = resource
        .envelope
        .iter()
        .filter(|entry| entry.class.is_none());
    let totals = shown.filter(|entry| is_total(entry));
    let told = totals.filter_map(|entry| {
        let gated: Vec<&str> = gated_rows(rules, id, resource)
            .filter_map(|role| Some(rules.roles.get(role.0)?.name.as_str()))
            .collect();
        let first = gated.first()?;
        let mut names: Vec<&str> = gated.clone();
        names.sort_unstable();
        names.dedup();
        let message = match names.len() {
            1 => say!(
                "{} counts the records that {} does not get",
                "{} 会把 {} 拿不到的记录也数进去",
                quoted(&entry.text),
                quoted(first)
            ),
            _ => say!(
                "{} counts the records that {} do not get",
                "{} 会把 {} 拿不到的记录也数进去",
                quoted(&entry.text),
                Text::list(names.iter().map(|name| quoted(name)))
            ),
        };
        let help = say!(
            "a gate (`only`) keeps records back and the upstream still counts them: remove the entry, or give it a class, which rows behind a gate on records do not show",
            "`only` 扣下的记录，后端的总数照样算在内：删掉这一项，或者给它定个类别，带 `only` 的行看不到它"
        );
        let lint = Diagnostic::warning(code::FG2163, message).help(help);
        let span = document.line(&entry.place, &entry.text);
        Some(span.iter().fold(lint, Diagnostic::at))
    });
    told.collect()
}

/// Rows behind a gate, on routes that answer with several records.
fn gated_rows(
    rules: &RuleSet,
    id: ResourceId,
    resource: &Resource,
) -> impl Iterator<Item = RoleId> {
    let groups = resource.groups.iter().enumerate();
    let lists = groups.filter(|(_, group)| {
        let segments = group.routes.iter().flat_map(|route| &route.at.segments);
        let mut selectors = segments.flat_map(|segment| &segment.selectors);
        selectors.any(|selector| matches!(selector, Selector::Wildcard))
    });
    let rows = lists.flat_map(move |(group, _)| rows(rules, id, GroupId(group)));
    let gated = rows.filter(|(_, row)| !row.only.is_empty());
    gated.map(|(role, _)| role)
}

fn is_total(entry: &EnvelopeEntry) -> bool {
    let last = entry.path.segments.last();
    let mut selectors = last.into_iter().flat_map(|segment| &segment.selectors);
    selectors.any(|selector| {
        let Selector::Name(name) = selector else {
            return false;
        };
        let name: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect();
        let name = name.to_lowercase();
        TOTALS.iter().any(|total| name.contains(total))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::parse;
    use crate::policy::Place;

    #[test]
    fn totals_are_known_by_their_names() {
        let is_total = |text: &str| {
            is_total(&EnvelopeEntry {
                text: text.to_owned(),
                place: Place::default(),
                path: parse(text).unwrap(),
                class: None,
            })
        };
        for total in [
            "$.total",
            "$.data.total_count",
            "$.totalElements",
            "$.总数",
            "$.rowCount",
        ] {
            assert!(is_total(total), "{total}");
        }
        for other in ["$.page", "$.total.page", "$.size", "$.next", "$.页码"] {
            assert!(!is_total(other), "{other}");
        }
    }
}

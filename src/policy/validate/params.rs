//! `params:`, what a request may carry.
//!
//! Refuses path parameters that are not mapped or not in any route, query parameters that search a
//! field (not built yet), and `free` for names that usually choose fields or rows, without a reason.

use super::Findings;
use super::scalars::{path, sentence};
use crate::policy::diagnostic::{Diagnostic, quoted};
use crate::policy::rules::{Field, FieldId, Group, Param, ParamName, ParamRule, TemplateSegment};
use crate::policy::source::{Entries, Key, Kind, Node, Span, integer, odd_character};

/// Names that usually choose fields or rows: `free` needs a reason for them.
const CHOOSING: [&str; 22] = [
    "sort",
    "sortby",
    "order",
    "orderby",
    "q",
    "query",
    "search",
    "filter",
    "filters",
    "where",
    "field",
    "fields",
    "select",
    "include",
    "exclude",
    "expand",
    "embed",
    "populate",
    "view",
    "projection",
    "columns",
    "groupby",
];

/// All parameters, in the order of their names.
pub(super) fn all(
    node: Option<&Node>,
    groups: &[(Group, Vec<Span>)],
    fields: &[Field],
    findings: &mut Findings,
) -> Vec<Param> {
    let entries = node.and_then(|node| findings.keep(node.as_map("`params`")));
    let mut params = Vec::new();
    let mut named = Vec::new();
    for (key, value) in entries.iter().flat_map(Entries::iter) {
        let Some(name) = findings.keep(name(key, groups)) else {
            continue;
        };
        named.push(name.clone());
        if let Some(rule) = findings.keep(rule(key, &name, value, fields)) {
            params.push(Param { name, rule });
        }
    }
    params.sort_by(|a, b| a.name.cmp(&b.name));
    findings.extend(unmapped(groups, &named));
    params
}

fn name(key: &Key, groups: &[(Group, Vec<Span>)]) -> Result<ParamName, Diagnostic> {
    let text = key.text.as_str();
    if let Some(name) = text.strip_prefix("path.") {
        let known: Vec<&str> = path_names(groups).map(|(name, _)| name).collect();
        return match known.contains(&name) {
            true => Ok(ParamName::Path(name.to_owned())),
            false => {
                let message = format!(
                    "no route of this resource has the parameter {}",
                    quoted(name)
                );
                Err(Diagnostic::error("FG2013", message)
                    .at(&key.span)
                    .suggest(name, known))
            }
        };
    }
    let forbidden = ['&', '=', ';', '#', '+', '%', ' '];
    if text.is_empty() || text.contains(forbidden) || odd_character(text).is_some() {
        let message = format!("{} cannot be the name of a query parameter", quoted(text));
        let help = "write the name as it is after decoding, in ASCII or Han letters";
        return Err(Diagnostic::error("FG2013", message)
            .at(&key.span)
            .help(help));
    }
    Ok(ParamName::Query(text.to_owned()))
}

fn rule(
    key: &Key,
    name: &ParamName,
    node: &Node,
    fields: &[Field],
) -> Result<ParamRule, Diagnostic> {
    match &node.kind {
        Kind::Scalar { text, .. } if text == "free" => free(key, name, None),
        Kind::Scalar { text, .. } if text == "names" => {
            Err(later("a parameter that lists field names (`names`)", node))
        }
        Kind::Scalar { text, .. } => match name {
            ParamName::Path(_) => Ok(ParamRule::Fields(vec![catalogued(text, node, fields)?])),
            ParamName::Query(_) => Err(later("a query parameter that searches a field", node)),
        },
        Kind::List(_) => Err(later("a parameter that searches several fields", node)),
        Kind::Map(_) => map_rule(key, name, node.as_map("a parameter")?),
    }
}

fn map_rule(key: &Key, name: &ParamName, entries: Entries<'_>) -> Result<ParamRule, Diagnostic> {
    let known = ["whole", "one_of", "free", "reason"];
    let later = ["names", "field", "fields", "when", "text", "date"];
    if let Some(mistake) = entries
        .check_keys("a parameter", &known, &later)
        .into_iter()
        .next()
    {
        return Err(mistake);
    }
    match (
        entries.get("whole"),
        entries.get("one_of"),
        entries.get("free"),
    ) {
        (Some(bounds), None, None) => whole(bounds),
        (None, Some(words), None) => one_of(words),
        (None, None, Some(free_node)) => {
            if !free_node.as_bool("`free`")? {
                let help = "write `free`, or `{ free: true, reason: ... }`";
                let message = "`free: false` says nothing";
                return Err(Diagnostic::error("FG2014", message)
                    .at(&free_node.span)
                    .help(help));
            }
            let reason = entries
                .get("reason")
                .map(|node| sentence(node, "`reason`"))
                .transpose()?;
            free(key, name, reason.as_deref())
        }
        _ => {
            let help = "write `{ whole: 1..100 }`, `{ one_of: [a, b] }` or `free`";
            let message = "a parameter has one of `whole`, `one_of` and `free`";
            Err(Diagnostic::error("FG2014", message)
                .at(entries.span())
                .help(help))
        }
    }
}

fn whole(node: &Node) -> Result<ParamRule, Diagnostic> {
    let text = node.as_str("`whole`")?;
    let bounds = text
        .split_once("..")
        .and_then(|(min, max)| Some((integer(min)?, integer(max)?)));
    match bounds {
        Some((min, max)) if min <= max => Ok(ParamRule::Whole { min, max }),
        _ => {
            let message = format!("{} is no range of whole numbers", quoted(text));
            let help = "write the least and the greatest value: `whole: 1..100`";
            Err(Diagnostic::error("FG2014", message)
                .at(&node.span)
                .help(help))
        }
    }
}

fn one_of(node: &Node) -> Result<ParamRule, Diagnostic> {
    let mut words: Vec<String> = Vec::new();
    for item in node.as_list("`one_of`")? {
        let word = item.as_str("a word of `one_of`")?;
        if words.iter().any(|listed| listed == word) {
            let message = format!("{} stands twice in `one_of`", quoted(word));
            return Err(Diagnostic::error("FG2014", message).at(&item.span));
        }
        words.push(word.to_owned());
    }
    match words.is_empty() {
        false => Ok(ParamRule::OneOf(words)),
        true => Err(Diagnostic::error("FG2014", "`one_of` lists no word").at(&node.span)),
    }
}

fn free(key: &Key, name: &ParamName, reason: Option<&str>) -> Result<ParamRule, Diagnostic> {
    if let (ParamName::Query(text), None) = (name, reason) {
        let folded: String = text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|character| character.to_ascii_lowercase())
            .collect();
        if CHOOSING.contains(&folded.as_str()) {
            let message = format!(
                "{} usually chooses fields or rows, so `free` needs a reason",
                quoted(text)
            );
            let help = format!("write `{text}: {{ free: true, reason: ... }}`, or better `one_of`");
            return Err(Diagnostic::error("FG2015", message)
                .at(&key.span)
                .help(help));
        }
    }
    Ok(ParamRule::Free)
}

/// The field a path names, which must be in the catalogue with a class.
pub(super) fn catalogued(text: &str, node: &Node, fields: &[Field]) -> Result<FieldId, Diagnostic> {
    let wanted = path(text, &node.span)?;
    let found = fields.iter().position(|field| {
        field.path == wanted && field.names.is_none_or(|_| field.class.is_some())
    });
    found.map(FieldId).ok_or_else(|| {
        let message = format!("{} is no field of the catalogue", quoted(text));
        Diagnostic::error("FG2013", message)
            .at(&node.span)
            .suggest(text, fields.iter().map(|field| field.text.as_str()))
    })
}

/// Names of path parameters and the routes they stand in.
pub(super) fn path_names(groups: &[(Group, Vec<Span>)]) -> impl Iterator<Item = (&str, &Span)> {
    let routes = groups
        .iter()
        .flat_map(|(group, spans)| group.routes.iter().zip(spans));
    routes.flat_map(|(route, span)| {
        route
            .template
            .iter()
            .filter_map(move |segment| match segment {
                TemplateSegment::Param { name, .. } => Some((name.as_str(), span)),
                TemplateSegment::Literal(_) => None,
            })
    })
}

fn unmapped(groups: &[(Group, Vec<Span>)], named: &[ParamName]) -> Vec<Diagnostic> {
    let mut reported: Vec<&str> = Vec::new();
    let mut mistakes = Vec::new();
    for (name, span) in path_names(groups) {
        if named.contains(&ParamName::Path(name.to_owned())) || reported.contains(&name) {
            continue;
        }
        reported.push(name);
        let message = format!("the path parameter {} is not mapped", quoted(name));
        let help = format!(
            "under `params` write `path.{name}: FIELD`, or `path.{name}: free` if it names no data"
        );
        mistakes.push(Diagnostic::error("FG2012", message).at(span).help(help));
    }
    mistakes
}

fn later(what: &str, node: &Node) -> Diagnostic {
    Diagnostic::error("FG1022", format!("{what} is not supported yet"))
        .at(&node.span)
        .help("so far a query parameter is `{ whole: a..b }`, `{ one_of: [...] }` or `free`")
}

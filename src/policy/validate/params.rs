//! `params:`, what a request may carry.
//!
//! Refuses path parameters that are not mapped or not in any route, query parameters that search a
//! field (not built yet), and `free` for names that usually choose fields or rows, without a reason.

use super::Findings;
use super::scalars::{path, sentence};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
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
    let entries = node.and_then(|node| findings.keep(node.as_map(say!("`params`"))));
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
                let message = say!(
                    "no route of this resource has the parameter {}",
                    "这个资源的路由都没有参数 {}",
                    quoted(name)
                );
                Err(Diagnostic::error(code::FG2013, message)
                    .at(&key.span)
                    .suggest(name, known))
            }
        };
    }
    let forbidden = ['&', '=', ';', '#', '+', '%', ' '];
    if text.is_empty() || text.contains(forbidden) || odd_character(text).is_some() {
        let message = say!(
            "{} cannot be the name of a query parameter",
            "{} 不能用作查询参数名",
            quoted(text)
        );
        let help = say!(
            "write the name as it is after decoding, in ASCII or Han letters",
            "写解码之后的名字，只用 ASCII 字符和汉字"
        );
        return Err(Diagnostic::error(code::FG2013, message)
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
        Kind::Scalar { text, .. } if text == "names" => Err(later(
            say!(
                "a parameter that lists field names (`names`)",
                "列出字段名的参数（`names`）"
            ),
            node,
        )),
        Kind::Scalar { text, .. } => match name {
            ParamName::Path(_) => Ok(ParamRule::Fields(vec![catalogued(text, node, fields)?])),
            ParamName::Query(_) => Err(later(
                say!(
                    "a query parameter that searches a field",
                    "按字段查询的参数"
                ),
                node,
            )),
        },
        Kind::List(_) => Err(later(
            say!(
                "a parameter that searches several fields",
                "按多个字段查询的参数"
            ),
            node,
        )),
        Kind::Map(_) => map_rule(key, name, node.as_map(say!("a parameter", "参数"))?),
    }
}

fn map_rule(key: &Key, name: &ParamName, entries: Entries<'_>) -> Result<ParamRule, Diagnostic> {
    let known = ["whole", "one_of", "free", "reason"];
    let later = ["names", "field", "fields", "when", "text", "date"];
    if let Some(mistake) = entries
        .check_keys(say!("a parameter", "参数"), &known, &later)
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
            if !free_node.as_bool(say!("`free`"))? {
                let help = say!(
                    "write `free`, or `{{ free: true, reason: ... }}`",
                    "写 `free`，或 `{{ free: true, reason: ... }}`"
                );
                let message = say!("`free: false` says nothing", "`free: false` 没有意义");
                return Err(Diagnostic::error(code::FG2014, message)
                    .at(&free_node.span)
                    .help(help));
            }
            let reason = entries
                .get("reason")
                .map(|node| sentence(node, say!("`reason`")))
                .transpose()?;
            free(key, name, reason.as_deref())
        }
        _ => {
            let help = say!(
                "write `{{ whole: 1..100 }}`, `{{ one_of: [a, b] }}` or `free`",
                "写 `{{ whole: 1..100 }}`、`{{ one_of: [a, b] }}` 或 `free`"
            );
            let message = say!(
                "a parameter has one of `whole`, `one_of` and `free`",
                "参数要写 `whole`、`one_of`、`free` 中的一个"
            );
            Err(Diagnostic::error(code::FG2014, message)
                .at(entries.span())
                .help(help))
        }
    }
}

fn whole(node: &Node) -> Result<ParamRule, Diagnostic> {
    let text = node.as_str(say!("`whole`"))?;
    let bounds = text
        .split_once("..")
        .and_then(|(min, max)| Some((integer(min)?, integer(max)?)));
    match bounds {
        Some((min, max)) if min <= max => Ok(ParamRule::Whole { min, max }),
        _ => {
            let message = say!(
                "{} is no range of whole numbers",
                "{} 不是整数范围",
                quoted(text)
            );
            let help = say!(
                "write the least and the greatest value: `whole: 1..100`",
                "写最小值和最大值：`whole: 1..100`"
            );
            Err(Diagnostic::error(code::FG2014, message)
                .at(&node.span)
                .help(help))
        }
    }
}

fn one_of(node: &Node) -> Result<ParamRule, Diagnostic> {
    let mut words: Vec<String> = Vec::new();
    for item in node.as_list(say!("`one_of`"))? {
        let word = item.as_str(say!("a word of `one_of`", "`one_of` 里的词"))?;
        if words.iter().any(|listed| listed == word) {
            let message = say!(
                "{} stands twice in `one_of`",
                "{} 在 `one_of` 里写了两次",
                quoted(word)
            );
            return Err(Diagnostic::error(code::FG2014, message).at(&item.span));
        }
        words.push(word.to_owned());
    }
    match words.is_empty() {
        false => Ok(ParamRule::OneOf(words)),
        true => Err(Diagnostic::error(
            code::FG2014,
            say!("`one_of` lists no word", "`one_of` 里一个词也没有"),
        )
        .at(&node.span)),
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
            let message = say!(
                "{} usually chooses fields or rows, so `free` needs a reason",
                "{} 一般是用来挑选字段或记录的，写 `free` 要说明理由",
                quoted(text)
            );
            let help = say!(
                "write `{text}: {{ free: true, reason: ... }}`, or better `one_of`",
                "写 `{text}: {{ free: true, reason: ... }}`，最好用 `one_of`"
            );
            return Err(Diagnostic::error(code::FG2015, message)
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
        let message = say!(
            "{} is no field of the catalogue",
            "{} 不在字段目录里",
            quoted(text)
        );
        Diagnostic::error(code::FG2013, message)
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
        let message = say!(
            "the path parameter {} is not mapped",
            "路径参数 {} 没有登记",
            quoted(name)
        );
        let help = say!(
            "under `params` write `path.{name}: FIELD`, or `path.{name}: free` if it names no data",
            "在 `params` 里写 `path.{name}: 字段`；它不指向数据的话，写 `path.{name}: free`"
        );
        mistakes.push(Diagnostic::error(code::FG2012, message).at(span).help(help));
    }
    mistakes
}

fn later(what: Text, node: &Node) -> Diagnostic {
    Diagnostic::error(
        code::FG1022,
        say!("{what} is not supported yet", "{what}暂不支持"; what),
    )
    .at(&node.span)
    .help(say!(
        "so far a query parameter is `{{ whole: a..b }}`, `{{ one_of: [...] }}` or `free`",
        "目前查询参数只能是 `{{ whole: a..b }}`、`{{ one_of: [...] }}` 或 `free`"
    ))
}

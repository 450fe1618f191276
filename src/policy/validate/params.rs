//! `params:`, what a request may carry.
//!
//! Refuses path parameters that are not mapped or not in any route, `free` for names that usually choose fields or
//! rows, without a reason, parameters nobody lists passed on without one, and `methods` of methods no route has.

use http::Method;

use super::Findings;
use super::lints::free::free_though_listed;
use super::scalars::sentence;
use super::searching::Searchable;
use crate::policy::Place;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{Group, Param, ParamName, ParamRule, TemplateSegment, UnlistedParams};
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
    searchable: Searchable<'_>,
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
        findings.extend(free_though_listed(key, &name, value, searchable.fields));
        let on = on(&name, value, groups, findings);
        if let (Some(rule), Some(on)) = (findings.keep(rule(key, &name, value, searchable)), on) {
            let place = Place::of(&key.span);
            params.push(Param {
                name,
                place,
                rule,
                on,
            });
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
    if text.starts_with("body.") {
        let message = say!(
            "{} would be taken for a leaf of a body",
            "{} 会被当成请求体里的值",
            quoted(text)
        );
        let help = say!(
            "names of query parameters do not begin with `body.`; leaves stand under `send` of their route",
            "查询参数名不能以 `body.` 开头；请求体里的值写在路由的 `send` 里"
        );
        return Err(Diagnostic::error(code::FG2013, message)
            .at(&key.span)
            .help(help));
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

pub(super) fn rule(
    key: &Key,
    name: &ParamName,
    node: &Node,
    searchable: Searchable<'_>,
) -> Result<ParamRule, Diagnostic> {
    match &node.kind {
        Kind::Scalar { text, .. } if text == "free" => free(key, name, None),
        Kind::Scalar { text, .. } if text == "names" => Ok(ParamRule::Names(searchable.names())),
        Kind::Scalar { .. } | Kind::List(_) => Ok(ParamRule::Fields(searchable.fields(node)?)),
        Kind::Map(_) => {
            let entries = node.as_map(say!("a parameter", "参数"))?;
            map_rule(key, name, entries, searchable)
        }
    }
}

fn map_rule(
    key: &Key,
    name: &ParamName,
    entries: Entries<'_>,
    searchable: Searchable<'_>,
) -> Result<ParamRule, Diagnostic> {
    let known = [
        "whole", "one_of", "free", "reason", "field", "fields", "names", "methods",
    ];
    let later = ["when", "text", "date"];
    if let Some(mistake) = entries
        .check_keys(say!("a parameter", "参数"), &known, &later)
        .into_iter()
        .next()
    {
        return Err(mistake);
    }
    let rules = ["whole", "one_of", "free", "field", "fields", "names"];
    let mut said = entries
        .iter()
        .filter(|(key, _)| rules.contains(&key.text.as_str()));
    match (said.next(), said.next()) {
        (Some((rule, node)), None) => match rule.text.as_str() {
            "whole" => whole(node),
            "one_of" => one_of(node),
            "names" => {
                holds(rule, node)?;
                Ok(ParamRule::Names(searchable.names()))
            }
            "free" => {
                holds(rule, node)?;
                let reason = entries
                    .get("reason")
                    .map(|node| sentence(node, say!("`reason`")))
                    .transpose()?;
                free(key, name, reason.as_deref())
            }
            _ => Ok(ParamRule::Fields(searchable.fields(node)?)),
        },
        _ => {
            let help = say!(
                "write `{{ whole: 1..100 }}`, `{{ one_of: [a, b] }}` or `free`; or the fields it searches, or `names`",
                "写 `{{ whole: 1..100 }}`、`{{ one_of: [a, b] }}` 或 `free`；或写它查的字段，或 `names`"
            );
            let message = say!(
                "a parameter has one of `field`, `fields`, `names`, `whole`, `one_of` and `free`",
                "参数要写 `field`、`fields`、`names`、`whole`、`one_of`、`free` 中的一个"
            );
            Err(Diagnostic::error(code::FG2014, message)
                .at(entries.span())
                .help(help))
        }
    }
}

/// `free: true`, `names: true`
fn holds(key: &Key, node: &Node) -> Result<(), Diagnostic> {
    let name = key.text.as_str();
    if node.as_bool(say!("`{name}`"; same))? {
        return Ok(());
    }
    let message = say!("`{name}: false` says nothing", "`{name}: false` 没有意义");
    Err(Diagnostic::error(code::FG2014, message)
        .at(&node.span)
        .help(say!(
            "write `{name}`, or `{{ {name}: true, ... }}`",
            "写 `{name}`，或 `{{ {name}: true, ... }}`"
        )))
}

/// The methods a parameter belongs to, where it says; the inner `None` where it does not.
pub(super) fn on(
    name: &ParamName,
    node: &Node,
    groups: &[(Group, Vec<Span>)],
    findings: &mut Findings,
) -> Option<Option<Vec<Method>>> {
    let entries = match &node.kind {
        Kind::Map(_) => node.as_map(say!("a parameter", "参数")).ok(),
        Kind::Scalar { .. } | Kind::List(_) => None,
    };
    let Some((key, listed)) = entries.and_then(|entries| entries.entry("methods")) else {
        return Some(None);
    };
    let wrong = |span: &Span, message: Text| {
        Diagnostic::error(code::FG2185, message)
            .at(span)
            .help(code::FG2185.cure())
    };
    if !matches!(name, ParamName::Query(_)) {
        let message = say!(
            "`methods` is of parameters of the query: this one belongs to the routes that have it",
            "`methods` 只用于查询参数：这个参数属于写了它的路由"
        );
        findings.add(wrong(&key.span, message));
        return None;
    }
    let items = findings.keep(listed.as_list(say!("the methods", "方法")))?;
    if items.is_empty() {
        findings.add(wrong(
            &listed.span,
            say!("`methods` names no method", "`methods` 没有写方法"),
        ));
    }
    let routes = || groups.iter().flat_map(|(group, _)| &group.routes);
    let mut methods = Vec::new();
    for item in items {
        let text = findings.keep(item.as_str(say!("a method", "方法")))?;
        let known = routes().find(|route| route.method.as_str() == text);
        match known.map(|route| route.method.clone()) {
            Some(method) if methods.contains(&method) => {
                findings.add(wrong(
                    &item.span,
                    say!("{} is named twice", "{} 写了两次", quoted(text)),
                ));
            }
            Some(method) => methods.push(method),
            None => findings.add(wrong(
                &item.span,
                say!(
                    "no route here has the method {}",
                    "这里没有路由用方法 {}",
                    quoted(text)
                ),
            )),
        }
    }
    Some(Some(methods))
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
    let text = match name {
        ParamName::Path(_) => None,
        ParamName::Query(name) => Some(name.as_str()),
        ParamName::Body(path) => path.rsplit('.').next(),
    };
    if let (Some(text), None) = (text, reason) {
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
                "write `{0}: {{ free: true, reason: ... }}`, or better `one_of`",
                "写 `{0}: {{ free: true, reason: ... }}`，最好用 `one_of`",
                key.text
            );
            return Err(Diagnostic::error(code::FG2015, message)
                .at(&key.span)
                .help(help));
        }
    }
    Ok(ParamRule::Free)
}

/// What happens to parameters of the query that no entry lists.
pub(super) fn unlisted(entries: Entries<'_>, findings: &mut Findings) -> UnlistedParams {
    let reason = entries.entry("unlisted_params_reason");
    let Some(node) = entries.get("unlisted_params") else {
        if let Some((key, _)) = reason {
            let message = say!(
                "`unlisted_params_reason` stands without `unlisted_params: pass`",
                "写了 `unlisted_params_reason`，却没有 `unlisted_params: pass`"
            );
            findings.add(Diagnostic::error(code::FG2131, message).at(&key.span));
        }
        return UnlistedParams::Refuse;
    };
    let mistake = match (node.scalar(), reason) {
        (Some("refuse"), None) => return UnlistedParams::Refuse,
        (Some("pass"), Some((_, reason))) => {
            let reason = findings.keep(sentence(reason, say!("`unlisted_params_reason`")));
            return UnlistedParams::Pass {
                reason: reason.unwrap_or_default(),
            };
        }
        (Some("pass"), None) => {
            let message = say!(
                "`unlisted_params: pass` lets callers ask the upstream for anything, so it needs a reason",
                "`unlisted_params: pass` 让调用方可以向后端问任何事，必须写明理由"
            );
            Diagnostic::error(code::FG2131, message).help(say!(
                "write `unlisted_params_reason:` beside it, for the auditor",
                "旁边写上 `unlisted_params_reason:`，给审计看"
            ))
        }
        (Some("refuse"), Some(_)) => {
            let message = say!(
                "`unlisted_params_reason` stands without `unlisted_params: pass`",
                "写了 `unlisted_params_reason`，却没有 `unlisted_params: pass`"
            );
            Diagnostic::error(code::FG2131, message)
        }
        (written, _) => {
            let written = written.map_or_else(|| String::from("this"), quoted);
            let message = say!(
                "`unlisted_params` cannot be {written}",
                "`unlisted_params` 不能是 {written}"
            );
            Diagnostic::error(code::FG2009, message)
                .help(say!("write `refuse` or `pass`", "写 `refuse` 或 `pass`"))
        }
    };
    findings.add(mistake.at(&node.span));
    UnlistedParams::Refuse
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

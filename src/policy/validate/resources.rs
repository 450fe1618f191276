//! `resources:`, kinds of records and the routes that answer with them.
//!
//! Refuses a person that is no single catalogued field or no parameter of a route, and
//! `unlisted: show` without its reason.

use super::conditions::listed;
use super::routes::Table;
use super::scalars::sentence;
use super::searching::{Searchable, catalogued};
use super::shapes::{self, Built, Shape};
use super::{
    Findings, GatePlace, Names, Places, ResourcePlaces, answers, catalogue, files, params, routes,
    writing,
};
use crate::path::{Path, Selector};
use crate::policy::Place;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Code, Diagnostic, Text, code, quoted, say};
use crate::policy::load::Dictionaries;
use crate::policy::rules::{Field, Group, PersonRule, Resource, Unlisted, UnlistedParams, Writing};
use crate::policy::source::{Entries, Key, Node, Span, check_name};

const KNOWN: [&str; 22] = [
    "zh",
    "upstream",
    "at",
    "is",
    "dictionary",
    "person",
    "fields",
    "envelope",
    "params",
    "unlisted_params",
    "unlisted_params_reason",
    "strip_as",
    "unlisted",
    "unlisted_reason",
    "drift",
    "keys",
    "only",
    "errors",
    "files",
    "on_forbidden",
    "on_put",
    "on_masked",
];
const LATER: [&str; 6] = ["mode", "like", "when", "consents", "body", "send"];

/// Mistakes in an entry of `at` or `fields` after which the entry still counts.
const KEEPS_ENTRY: [&Code; 6] = [
    code::FG2001,
    code::FG2004,
    code::FG2011,
    code::FG2020,
    code::FG2021,
    code::FG2022,
];
/// Mistakes that may only follow from an entry that does not count: one mistake is reported once.
const LOOKUPS: [&Code; 5] = [
    code::FG2012,
    code::FG2013,
    code::FG2024,
    code::FG2025,
    code::FG2185,
];

/// All resources, in the order of their names.
pub(super) fn all(
    document: &Document,
    names: &Names,
    tables: &Dictionaries,
    places: &mut Places,
    findings: &mut Findings,
) -> Vec<Resource> {
    let mut routes = Table::default();
    let mut built = Built::new(document);
    // Those with a shape of their own first, for others to take it.
    let is_alike = |node: &Node| {
        let entries = node.as_map(say!("a resource", "资源"));
        entries.is_ok_and(|entries| entries.get("is").is_some())
    };
    let (alike, own): (Vec<_>, Vec<_>) = document
        .section("resources")
        .partition(|(_, node)| is_alike(node));
    for (key, node) in own.into_iter().chain(alike) {
        findings.keep(check_name(say!("a resource", "资源"), &key.text, &key.span));
        let context = Context {
            names,
            tables,
            built: &built,
        };
        let done = resource(key, node, context, &mut routes, findings);
        built.add(key, done);
    }
    let (resources, at) = built.in_order();
    places.resources = at;
    resources
}

/// What a resource may refer to.
#[derive(Clone, Copy)]
struct Context<'a> {
    names: &'a Names,
    tables: &'a Dictionaries,
    built: &'a Built,
}

fn resource(
    key: &Key,
    node: &Node,
    context: Context<'_>,
    table: &mut Table,
    findings: &mut Findings,
) -> (Resource, ResourcePlaces) {
    let names = context.names;
    let mut resource = empty(key);
    let mut places = ResourcePlaces {
        name: key.span.clone(),
        fields: Vec::new(),
        unlisted: None,
        unlisted_params: None,
        gates: Vec::new(),
        routes: Vec::new(),
        writing: Vec::new(),
        files: Vec::new(),
        complete: false,
    };
    let Some(entries) = findings.keep(node.as_map(say!("a resource", "资源"))) else {
        return (resource, places);
    };
    let known = [&KNOWN[..], &answers::OF_RESOURCES[..]].concat();
    findings.extend(entries.check_keys(say!("a resource", "资源"), &known, &LATER));
    resource.zh = entries
        .get("zh")
        .and_then(|zh| findings.keep(sentence(zh, say!("`zh`"))));
    resource.upstream = entries
        .get("upstream")
        .and_then(|name| findings.keep(upstream(name)));
    resource.any_case = word(entries, "keys", "exact", "any-case", findings);
    resource.strip_as_blank = word(entries, "strip_as", "strip", "blank", findings);
    resource.drift_show = word(entries, "drift", "strip", "show", findings);
    resource.writing = writing::of(entries, findings);
    resource.errors = writing::errors(entries, findings);
    (resource.files, places.files) = files::of(entries, names, findings);
    places.gates = gates(&key.text, entries, names, findings);
    places.writing = writing::places(entries);

    let mut groups = Vec::new();
    let mut shape: Option<Shape<'_>> = None;
    let before = findings.0.len();
    if let Some(at) = findings.keep(entries.require("at", say!("a resource", "资源"), &key.span))
    {
        groups = routes::groups(&key.text, at, table, findings);
        routes::stored(&mut groups);
        match entries.entry("is") {
            Some((is, base)) => shape = shapes::of(context.built, is, base, entries, findings),
            None => {
                let listed = catalogue::listed(entries, &key.span, context.tables, findings);
                let (names, any_case) = (context.names, resource.any_case);
                (resource.fields, places.fields) =
                    catalogue::fields(&listed, &key.span, names, any_case, findings);
            }
        }
    }
    if let Some(shape) = &shape {
        resource.shape_of = Some(shape.id);
        resource.any_case = shape.resource.any_case;
        resource.fields.clone_from(&shape.resource.fields);
        places.fields.clone_from(&shape.places.fields);
    }
    let found = findings.0.iter().skip(before);
    places.complete = found
        .into_iter()
        .all(|found| KEEPS_ENTRY.contains(&found.code));
    // A table that could not be read was told when it was.
    let read = |node: &Node| {
        node.scalar()
            .is_some_and(|name| context.tables.contains_key(name))
    };
    places.complete &= entries.get("dictionary").is_none_or(read);
    if let Some(shape) = &shape {
        places.complete &= shape.places.complete;
    }
    let mut lookups = Findings::default();
    resource.params = params::all(
        entries.get("params"),
        &groups,
        Searchable {
            fields: &resource.fields,
            any_case: resource.any_case,
        },
        &mut lookups,
    );
    let searchable = Searchable {
        fields: &resource.fields,
        any_case: resource.any_case,
    };
    routes::sends(entries.get("at"), &mut groups, searchable, &mut lookups);
    if let Some(node) = entries.get("person") {
        resource.person = person(node, &resource.fields, &groups, &mut lookups);
    } else if let Some(shape) = &shape {
        resource.person = shape.person(&groups);
    }
    let certain = |found: &Diagnostic| places.complete || !LOOKUPS.contains(&found.code);
    findings.extend(lookups.0.into_iter().filter(certain));
    resource.groups = match groups.is_empty() {
        true => resource.groups,
        false => {
            let (groups, spans) = groups.into_iter().unzip();
            places.routes = spans;
            groups
        }
    };
    answers::charset(entries, &mut resource.groups, findings);
    if let Some(node) = entries.get("envelope") {
        let (groups, any_case) = (&resource.groups, resource.any_case);
        resource.envelope = catalogue::envelope(node, names, groups, any_case, findings);
    }
    resource.unlisted = unlisted(entries, &mut places, findings);
    resource.unlisted_params = params::unlisted(entries, findings);
    let unlisted_params = entries.get("unlisted_params");
    places.unlisted_params = unlisted_params.map(|node| node.span.clone());
    (resource, places)
}

/// The gates of the resource and of its groups.
fn gates(
    name: &str,
    entries: Entries<'_>,
    names: &Names,
    findings: &mut Findings,
) -> Vec<GatePlace> {
    let at = entries
        .get("at")
        .and_then(|at| at.as_map(Text::none()).ok());
    let groups = at.iter().flat_map(Entries::iter).filter_map(|(key, node)| {
        let only = node.as_map(Text::none()).ok()?.get("only")?;
        Some((Some(format!("{name}/{}", key.text)), only))
    });
    let own = entries.get("only").map(|only| (None, only));
    let mut gates = Vec::new();
    for (group, node) in own.into_iter().chain(groups) {
        if let Some(only) = findings.keep(listed(node, names)) {
            let span = node.span.clone();
            gates.push(GatePlace { group, only, span });
        }
    }
    gates
}

fn empty(key: &Key) -> Resource {
    Resource {
        name: key.text.clone(),
        place: Place::of(&key.span),
        zh: None,
        upstream: None,
        // The first group is always the resource's own, even in a resource with mistakes.
        shape_of: None,
        groups: vec![Group {
            name: key.text.clone(),
            routes: Vec::new(),
        }],
        person: None,
        fields: Vec::new(),
        envelope: Vec::new(),
        params: Vec::new(),
        unlisted_params: UnlistedParams::Refuse,
        unlisted: Unlisted::Strip,
        strip_as_blank: false,
        drift_show: false,
        any_case: false,
        writing: Writing::default(),
        errors: Vec::new(),
        files: Vec::new(),
    }
}

fn upstream(node: &Node) -> Result<String, Diagnostic> {
    let name = node.as_str(say!("`upstream`"))?;
    check_name(say!("`upstream`"), name, &node.span)?;
    Ok(name.to_owned())
}

/// A key that is one of two words; `true` for the second, which is never the default.
fn word(entries: Entries<'_>, key: &str, off: &str, on: &str, findings: &mut Findings) -> bool {
    let Some(node) = entries.get(key) else {
        return false;
    };
    let Some(text) = findings.keep(node.as_str(say!("`{key}`"; same))) else {
        return false;
    };
    if text != on && text != off {
        let message = say!("`{key}` cannot be {}", "`{key}` 不能是 {}", quoted(text));
        let help = say!(
            "write `{key}: {on}`, or leave it out",
            "写 `{key}: {on}`，或者不写"
        );
        findings.add(
            Diagnostic::error(code::FG2009, message)
                .at(&node.span)
                .help(help),
        );
    }
    text == on
}

fn person(
    node: &Node,
    fields: &[Field],
    groups: &[(Group, Vec<Span>)],
    findings: &mut Findings,
) -> Option<PersonRule> {
    let entries = findings.keep(node.as_map(say!("`person`")))?;
    findings.extend(entries.check_keys(say!("`person`"), &["field", "path"], &[]));
    let field = findings.keep(entries.require("field", say!("`person`"), &node.span));
    let field = field.and_then(|node| findings.keep(person_field(node, fields)));
    let path_param = entries
        .get("path")
        .and_then(|node| findings.keep(person_path(node, groups)));
    Some(PersonRule {
        field: field?,
        path_param,
    })
}

fn person_field(
    node: &Node,
    fields: &[Field],
) -> Result<crate::policy::rules::FieldId, Diagnostic> {
    let text = node.as_str(say!("`field`"))?;
    let id = catalogued(text, node, fields).map_err(|mut mistake| {
        mistake.code = code::FG2024;
        mistake
    })?;
    let field = fields.get(id.0);
    if !field.is_some_and(|field| is_singular(&field.path) && !field.whole) {
        let message = say!(
            "{} can be more than one value",
            "{} 可能不止一个值",
            quoted(text)
        );
        let help = say!(
            "a record has one person: name one field, without `[*]`, slices, `..` or `whole`",
            "一条记录只有一个主体：只写一个字段，不带 `[*]`、切片、`..` 和 `whole`"
        );
        return Err(Diagnostic::error(code::FG2024, message)
            .at(&node.span)
            .help(help));
    }
    Ok(id)
}

fn is_singular(path: &Path) -> bool {
    path.segments.iter().all(|segment| {
        let one = matches!(
            segment.selectors.as_slice(),
            [Selector::Name(_) | Selector::Index(_)]
        );
        !segment.descend && one
    })
}

fn person_path(node: &Node, groups: &[(Group, Vec<Span>)]) -> Result<String, Diagnostic> {
    let name = node.as_str(say!("`path`"))?;
    let known: Vec<&str> = params::path_names(groups).map(|(name, _)| name).collect();
    match known.contains(&name) {
        true => Ok(name.to_owned()),
        false => {
            let message = say!(
                "no route of this resource has the parameter {}",
                "这个资源的路由都没有参数 {}",
                quoted(name)
            );
            Err(Diagnostic::error(code::FG2025, message)
                .at(&node.span)
                .suggest(name, known))
        }
    }
}

fn unlisted(
    entries: Entries<'_>,
    places: &mut ResourcePlaces,
    findings: &mut Findings,
) -> Unlisted {
    let reason = entries.entry("unlisted_reason");
    let Some(node) = entries.get("unlisted") else {
        if let Some((key, _)) = reason {
            let message = say!(
                "`unlisted_reason` stands without `unlisted: show`",
                "写了 `unlisted_reason`，却没有 `unlisted: show`"
            );
            findings.add(Diagnostic::error(code::FG2046, message).at(&key.span));
        }
        return Unlisted::Strip;
    };
    places.unlisted = Some(node.span.clone());
    match (node.scalar(), reason) {
        (Some("strip"), None) => Unlisted::Strip,
        (Some("refuse"), None) => Unlisted::Refuse,
        (Some("show"), Some((_, reason))) => Unlisted::Show {
            reason: findings
                .keep(sentence(reason, say!("`unlisted_reason`")))
                .unwrap_or_default(),
        },
        (Some("show"), None) => {
            let help = say!(
                "write `unlisted_reason:` beside it, for the auditor",
                "旁边写上 `unlisted_reason:`，给审计看"
            );
            let message = say!(
                "`unlisted: show` opens everything that is not listed, so it needs a reason",
                "`unlisted: show` 放开一切没登记的字段，必须写明理由"
            );
            findings.add(
                Diagnostic::error(code::FG2046, message)
                    .at(&node.span)
                    .help(help),
            );
            Unlisted::Strip
        }
        (Some("strip" | "refuse"), Some((key, _))) => {
            let message = say!(
                "`unlisted_reason` stands without `unlisted: show`",
                "写了 `unlisted_reason`，却没有 `unlisted: show`"
            );
            findings.add(Diagnostic::error(code::FG2046, message).at(&key.span));
            Unlisted::Strip
        }
        _ => {
            let written = node.scalar().map_or_else(|| String::from("this"), quoted);
            let message = say!(
                "`unlisted` cannot be {written}",
                "`unlisted` 不能是 {written}"
            );
            let mistake = Diagnostic::error(code::FG2009, message).at(&node.span);
            findings.add(mistake.help(say!(
                "write `strip`, `refuse` or `show`",
                "写 `strip`、`refuse` 或 `show`"
            )));
            Unlisted::Strip
        }
    }
}

//! OpenAPI 3: GET operations, their parameters and what they answer with.
//!
//! Refuses other versions. Leaves out, with a note, operations without a JSON answer, paths that rules cannot name, and
//! references to other files; a schema that holds itself is followed once.

use super::api::{Accepts, Api, PathParameter, Query, Route, name_of};
use super::shape::{Leaf, Shape};
use super::value::Value;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::source::odd_character;

/// Schemas within each other.
const MOST_LEVELS: usize = 24;
/// Places of all answers together.
const MOST_PLACES: usize = 50_000;
/// Words of a parameter that are listed as `one_of`.
const MOST_WORDS: usize = 20;

/// Whether a document says it is OpenAPI, or was once.
pub(super) fn is_one(value: &Value) -> bool {
    value.get("openapi").is_some() || value.get("swagger").is_some()
}

pub(super) fn read(document: &Value, name: &str) -> Result<Api, Diagnostic> {
    let version = document.get("openapi").and_then(Value::word);
    if !version.is_some_and(|version| version.starts_with("3.")) {
        let message = say!(
            "{} is no OpenAPI 3 document",
            "{} 不是 OpenAPI 3 文档",
            quoted(name)
        );
        return Err(Diagnostic::error(code::FG6001, message).help(say!(
            "convert it: Swagger 2.0 and others are not read",
            "请先转换：不支持 Swagger 2.0 等其他版本"
        )));
    }
    let mut reading = Reading {
        document,
        places: MOST_PLACES,
        foreign: false,
    };
    let mut api = Api::default();
    let prefix = base(document);
    let paths = document.get("paths").map(Value::members);
    for (path, item) in paths.unwrap_or_default() {
        let path = format!("{prefix}{path}");
        let item = reading.resolved(item);
        let Some(operation) = item.get("get") else {
            continue;
        };
        match reading.operation(&path, item, operation) {
            Ok((name, zh, route)) => {
                let resource = api.resource(&name);
                resource.zh = resource.zh.take().or(zh);
                resource.routes.push(route);
            }
            Err(why) => api.notes.push(say!(
                "the route {} is left out: {why}",
                "路由 {} 没有写进来：{why}",
                quoted(&path);
                why
            )),
        }
        if reading.places == 0 {
            let message = say!(
                "the answers of {} hold more than {MOST_PLACES} members",
                "{} 的响应里成员超过 {MOST_PLACES} 个",
                quoted(name)
            );
            return Err(Diagnostic::error(code::FG6002, message).help(say!(
                "cut it down to the paths that are to be governed",
                "只留下要管的接口"
            )));
        }
    }
    if reading.foreign {
        api.notes.push(say!(
            "references to other files were not followed",
            "指向其他文件的引用没有读取"
        ));
    }
    Ok(api)
}

/// The path of the first server, where it is plain.
fn base(document: &Value) -> String {
    let servers = document.get("servers").map(Value::elements);
    let url = servers
        .and_then(|servers| servers.first()?.get("url")?.text())
        .unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)),
        None => Some(url),
    };
    let path = path.unwrap_or_default().trim_end_matches('/');
    match path.starts_with('/') && !path.contains(['{', '?', '#']) {
        true => path.to_owned(),
        false => String::new(),
    }
}

struct Reading<'a> {
    document: &'a Value,
    /// How many more places may be made.
    places: usize,
    /// A reference led out of the document.
    foreign: bool,
}

impl<'a> Reading<'a> {
    fn operation(
        &mut self,
        path: &str,
        item: &'a Value,
        operation: &'a Value,
    ) -> Result<(String, Option<String>, Route), Text> {
        let schema = self.answer(operation)?;
        let mut body = Shape::default();
        self.see(schema, &mut body, &mut Vec::new());
        let at = super::locate::records(&body);
        let record = body
            .at(&at)
            .filter(|record| !record.members.is_empty())
            .ok_or_else(|| say!("its answer holds no record", "响应里没有记录"))?;
        let name = match &record.title {
            Some(title) => name_of(title),
            None => name_of(last_literal(path)),
        };
        let zh = record
            .hints
            .iter()
            .find(|hint| is_short_chinese(hint))
            .cloned();
        let (parameters, query) = self.parameters(item, operation);
        let (path, parameters) = template(path, &parameters)?;
        let route = Route {
            path,
            parameters,
            query,
            body,
            guessed: false,
        };
        Ok((name, zh, route))
    }

    /// The schema of the answer to a GET that went well.
    fn answer(&mut self, operation: &'a Value) -> Result<&'a Value, Text> {
        let none = || say!("it has no JSON answer", "没有 JSON 响应");
        let responses = operation.get("responses").ok_or_else(none)?;
        let named = ["200", "2XX", "2xx", "default"];
        let response = named.iter().find_map(|name| responses.get(name));
        let response = self.resolved(response.ok_or_else(none)?);
        let content = response.get("content").ok_or_else(none)?;
        let is_json = |media: &str| {
            let media = media.split(';').next().unwrap_or_default().trim();
            media == "application/json" || media.ends_with("+json") || media == "*/*"
        };
        let media = content.members().iter();
        let mut json = media.filter(|(name, _)| is_json(name));
        let (_, media) = json.next().ok_or_else(none)?;
        media.get("schema").ok_or_else(none)
    }

    /// What a reference within the document names, however often one names another.
    fn resolved(&mut self, mut value: &'a Value) -> &'a Value {
        for _ in 0..MOST_LEVELS {
            let Some(reference) = value.get("$ref").and_then(Value::text) else {
                return value;
            };
            match self.named(reference) {
                Some(found) => value = found,
                None => break,
            }
        }
        self.foreign = true;
        &Value::Null
    }

    fn named(&self, reference: &str) -> Option<&'a Value> {
        let mut here = self.document;
        for part in reference.strip_prefix("#/")?.split('/') {
            here = here.get(&part.replace("~1", "/").replace("~0", "~"))?;
        }
        Some(here)
    }

    /// Adds what a schema describes; `within` are the references that lead here.
    fn see(&mut self, schema: &'a Value, shape: &mut Shape, within: &mut Vec<&'a str>) {
        if within.len() >= MOST_LEVELS || self.places == 0 {
            return;
        }
        self.places -= 1;
        if let Some(reference) = schema.get("$ref").and_then(Value::text) {
            // A schema that holds itself goes on for ever.
            if within.contains(&reference) {
                return;
            }
            let title = reference.rsplit('/').next().unwrap_or_default();
            shape.title.get_or_insert_with(|| title.to_owned());
            within.push(reference);
            let found = self.resolved(schema);
            self.see(found, shape, within);
            within.pop();
            return;
        }
        for key in ["title", "description", "format"] {
            if let Some(text) = schema.get(key).and_then(Value::text)
                && text.len() <= 200
            {
                shape.hints.push(text.to_owned());
            }
        }
        within.push("");
        for key in ["allOf", "oneOf", "anyOf"] {
            for part in schema.get(key).map(Value::elements).unwrap_or_default() {
                self.see(part, shape, within);
            }
        }
        for (name, below) in schema
            .get("properties")
            .map(Value::members)
            .unwrap_or_default()
        {
            shape.object = true;
            self.see(below, shape.member(name), within);
        }
        if let Some(items) = schema.get("items") {
            self.see(items, shape.items.get_or_insert_default(), within);
        }
        within.pop();
        for kind in types(schema) {
            match kind {
                "object" => shape.object = true,
                "array" => _ = shape.items.get_or_insert_default(),
                "string" => shape.leaf.get_or_insert_default().text = true,
                "integer" | "number" => shape.leaf.get_or_insert_default().number = true,
                "boolean" => shape.leaf.get_or_insert_default().boolean = true,
                _ => {}
            }
        }
        let says_nothing = shape.members.is_empty()
            && shape.items.is_none()
            && !shape.object
            && shape.leaf.is_none();
        if says_nothing && !schema.members().is_empty() {
            shape.leaf = Some(Leaf::default());
        }
    }

    /// Parameters of the path by their names, and those of the query.
    fn parameters(
        &mut self,
        item: &'a Value,
        operation: &'a Value,
    ) -> (Vec<PathParameter>, Vec<Query>) {
        let (mut path, mut query) = (Vec::new(), Vec::new());
        let of = |value: &'a Value| value.get("parameters").map(Value::elements);
        let both = [operation, item].into_iter().filter_map(of).flatten();
        for parameter in both {
            let parameter = self.resolved(parameter);
            let (Some(name), Some(place)) = (
                parameter.get("name").and_then(Value::text),
                parameter.get("in").and_then(Value::text),
            ) else {
                continue;
            };
            let schema = parameter.get("schema").map(|schema| self.resolved(schema));
            let schema = schema.unwrap_or(&Value::Null);
            let hints = ["description", "title"].iter().filter_map(|key| {
                let said = parameter.get(key).or_else(|| schema.get(key));
                said.and_then(Value::text).map(str::to_owned)
            });
            match place {
                "path" => path.push(PathParameter {
                    name: name.to_owned(),
                    accepts: accepts(schema),
                    hints: hints.collect(),
                }),
                "query" if odd_character(name).is_none() && name.len() <= 64 => {
                    query.push(Query {
                        name: name.to_owned(),
                        rule: rule(name, schema),
                    });
                }
                _ => {}
            }
        }
        (path, query)
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::Text(one)) => vec![one.as_str()],
        Some(Value::List(several)) => several.iter().filter_map(Value::text).collect(),
        _ => Vec::new(),
    }
}

fn accepts(schema: &Value) -> Accepts {
    let format = schema.get("format").and_then(Value::text);
    match (types(schema).first(), format) {
        (Some(&"integer"), _) => Accepts::Int,
        (_, Some("uuid")) => Accepts::Uuid,
        _ => Accepts::Any,
    }
}

/// What a query parameter may be, where it names no data.
fn rule(name: &str, schema: &Value) -> Option<String> {
    const PAGES: [&str; 7] = [
        "page",
        "pageno",
        "pagenum",
        "pagenumber",
        "pageindex",
        "current",
        "yema",
    ];
    const SIZES: [&str; 6] = ["size", "pagesize", "limit", "perpage", "top", "rows"];
    const STARTS: [&str; 3] = ["offset", "skip", "start"];
    let folded = super::words::folded(name);
    let bound = |key: &str, or: i64| {
        let written = schema.get(key).and_then(Value::word);
        written
            .and_then(|text| text.parse::<i64>().ok())
            .unwrap_or(or)
    };
    let whole = |least: i64, most: i64| {
        let (least, most) = (bound("minimum", least), bound("maximum", most));
        (least <= most).then(|| format!("{{ whole: {least}..{most} }}"))
    };
    let words: Vec<&str> = schema
        .get("enum")
        .map(Value::elements)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::text)
        .collect();
    let plain = |word: &&str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        !word.is_empty()
            && word.len() <= 32
            && word.chars().all(letters)
            && !super::detect::is_data(word)
    };
    if !words.is_empty() && words.len() <= MOST_WORDS && words.iter().all(plain) {
        let mut listed: Vec<String> = Vec::new();
        for word in words {
            let word = format!("\"{word}\"");
            if !listed.contains(&word) {
                listed.push(word);
            }
        }
        return Some(format!("{{ one_of: [{}] }}", listed.join(", ")));
    }
    match types(schema).first() {
        Some(&"boolean") => Some(String::from("{ one_of: [\"true\", \"false\"] }")),
        _ if PAGES.contains(&folded.as_str()) => whole(1, 10_000),
        _ if SIZES.contains(&folded.as_str()) => whole(1, 100),
        _ if STARTS.contains(&folded.as_str()) => whole(0, 1_000_000),
        _ => None,
    }
}

fn last_literal(path: &str) -> &str {
    let mut segments = path.rsplit('/');
    let literal = segments.find(|segment| !segment.is_empty() && !segment.starts_with('{'));
    let last = literal.unwrap_or("record");
    // `/customers` holds customers, each of them a customer.
    match last.strip_suffix("ies") {
        Some(_) => last,
        None => last
            .strip_suffix('s')
            .filter(|one| !one.ends_with('s'))
            .unwrap_or(last),
    }
}

fn is_short_chinese(text: &str) -> bool {
    let han = |c: char| matches!(c, '\u{4E00}'..='\u{9FFF}');
    let short = (1..=12).contains(&text.chars().count());
    short && text.chars().all(han)
}

/// Whether a path is written as the rules write it.
pub(super) fn is_path(path: &str) -> bool {
    template(path, &[]).is_ok_and(|(written, _)| written == path)
}

/// A path as the rules write it, its parameters with names the rules allow.
fn template(path: &str, known: &[PathParameter]) -> Result<(String, Vec<PathParameter>), Text> {
    let odd = || say!("rules cannot name its path", "规则写不出这个路径");
    let rest = path.strip_prefix('/').ok_or_else(odd)?;
    let mut written = String::new();
    let mut parameters: Vec<PathParameter> = Vec::new();
    for segment in rest.split('/') {
        written.push('/');
        let inner = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let Some(name) = inner else {
            let is_plain = !segment.is_empty() && !segment.contains(['{', '}', ';']);
            if !is_plain || segment == "." || segment == ".." {
                return Err(odd());
            }
            written.push_str(&encoded(segment));
            continue;
        };
        let parameter = known.iter().find(|parameter| parameter.name == name);
        let kept = name
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        let name: String = kept.take(60).collect();
        if name.is_empty() || parameters.iter().any(|known| known.name == name) {
            return Err(odd());
        }
        written.push_str(&format!("{{{name}}}"));
        parameters.push(PathParameter {
            name,
            accepts: parameter.map_or(Accepts::Any, |parameter| parameter.accepts),
            hints: parameter
                .map(|parameter| parameter.hints.clone())
                .unwrap_or_default(),
        });
    }
    Ok((written, parameters))
}

/// A segment in its canonical form; what is encoded already stays.
pub(super) fn encoded(segment: &str) -> String {
    let mut written = String::new();
    let bytes = segment.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let digits = bytes.get(at + 1..at + 3).unwrap_or_default();
        let escape = byte == b'%' && digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit);
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        match plain || escape {
            true => written.push(char::from(byte)),
            false => written.push_str(&format!("%{byte:02X}")),
        }
    }
    written
}

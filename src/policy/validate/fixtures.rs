//! What fixtures hold where, for lints: parsed whole, which only the authoring commands may do.
//!
//! Refuses nothing; a fixture that is no JSON shows nothing.

use std::collections::HashSet;

use serde_json::Value;

use crate::path::{Child, Path, Segment};
use crate::policy::rules::{AnswerForm, Format, Resource, RouteRule, RuleSet, TemplateSegment};

/// The parsed answers that tests give to a resource's routes, each once.
pub(super) fn replies<'a>(
    rules: &'a RuleSet,
    resource: &'a Resource,
) -> Vec<(&'a RouteRule, Value)> {
    let mut seen = HashSet::new();
    let answers = rules
        .tests
        .iter()
        .filter(|test| (200..300).contains(&test.reply_status));
    answers
        .filter_map(|test| {
            let reply = test.reply.as_deref()?;
            let route = route_of(resource, &test.call)?;
            let first = seen.insert((route.text.as_str(), reply));
            first.then(|| (route, documents(&route.answer, reply)))
        })
        .flat_map(|(route, bodies)| bodies.into_iter().map(move |body| (route, body)))
        .collect()
}

/// The documents of an answer, each as the answer of its own that it is to the rules.
fn documents(form: &AnswerForm, reply: &[u8]) -> Vec<Value> {
    let decoded = form
        .charset
        .encoding()
        .and_then(|encoding| encoding.decode_without_bom_handling_and_without_replacement(reply));
    let reply = decoded.as_ref().map_or(reply, |text| text.as_bytes());
    let apart = |reply: &[u8]| {
        let documents = serde_json::Deserializer::from_slice(reply).into_iter();
        documents.collect::<Result<_, _>>().unwrap_or_default()
    };
    match form.format {
        Format::Json => serde_json::from_slice(reply).into_iter().collect(),
        Format::NdJson => apart(reply),
        Format::Sse => events(reply),
        // The separators are ASCII, so they stand in no other character.
        Format::JsonSeq => apart(
            &reply
                .split(|byte| *byte == 0x1e)
                .collect::<Vec<_>>()
                .concat(),
        ),
    }
}

/// The data of server-sent events, line ends told alike.
fn events(reply: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(reply).replace("\r\n", "\n");
    let text = text.replace('\r', "\n");
    let data = |event: &str| {
        let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
        let data: Vec<&str> = lines.collect();
        serde_json::from_str(&data.join("\n")).ok()
    };
    text.split("\n\n").filter_map(data).collect()
}

/// The route a call goes to; a literal segment beats a parameter.
fn route_of<'a>(resource: &'a Resource, call: &str) -> Option<&'a RouteRule> {
    let (method, target) = call.split_once(' ')?;
    let method = if method == "HEAD" { "GET" } else { method };
    let path = target.split('?').next()?.strip_prefix('/')?;
    let segments: Vec<&str> = path.split('/').collect();
    let literals = |route: &RouteRule| {
        let literal = |segment: &&TemplateSegment| matches!(segment, TemplateSegment::Literal(_));
        route.template.iter().filter(literal).count()
    };
    let routes = resource.groups.iter().flat_map(|group| &group.routes);
    routes
        .filter(|route| takes(route, &segments) && is_by(route, method))
        .max_by_key(|route| literals(route))
}

/// A HEAD is answered by the route of the GET.
fn is_by(route: &RouteRule, method: &str) -> bool {
    matches!((route.method.as_str(), method), ("HEAD", "GET")) || route.method == method
}

fn takes(route: &RouteRule, segments: &[&str]) -> bool {
    route.template.len() == segments.len()
        && route
            .template
            .iter()
            .zip(segments)
            .all(|(template, text)| match template {
                TemplateSegment::Literal(literal) => literal == text,
                TemplateSegment::Param { .. } => !text.is_empty(),
            })
}

/// All values a path selects.
pub(super) fn select<'v>(path: &Path, root: &'v Value, any_case: bool) -> Vec<&'v Value> {
    let mut here = vec![root];
    for segment in &path.segments {
        let mut next = Vec::new();
        for value in here {
            step(segment, value, any_case, &mut next);
        }
        here = next;
    }
    here
}

fn step<'v>(segment: &Segment, value: &'v Value, any_case: bool, into: &mut Vec<&'v Value>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                take(segment, Child::Member(name), member, any_case, into);
            }
        }
        Value::Array(elements) => {
            let length = u64::try_from(elements.len()).ok();
            for (index, element) in (0_u64..).zip(elements) {
                let child = Child::Element { index, length };
                take(segment, child, element, any_case, into);
            }
        }
        _ => {}
    }
}

fn take<'v>(
    segment: &Segment,
    child: Child<'_>,
    value: &'v Value,
    any_case: bool,
    into: &mut Vec<&'v Value>,
) {
    let text = || value.to_string();
    let mut selectors = segment.selectors.iter();
    if selectors.any(|selector| selector.may_select(child, any_case, &text)) {
        into.push(value);
    }
    if segment.descend {
        step(segment, value, any_case, into);
    }
}

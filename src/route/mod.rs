//! Which declared route a request is for. One canonical target or a refusal; no decision about rights.
//!
//! Refuses a target that is not canonical, a path no route declares, and a method the path's route does
//! not declare. What matched is handed on byte for byte: nothing is ever rewritten.

pub mod body;
pub mod canonical;
pub mod form;
pub mod query;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use http::Method;

use crate::model::Reason;
use crate::policy::{GroupId, ParamKind, ResourceId, RouteRule, RuleSet, TemplateSegment};

/// Every route of a rule set, as a tree over path segments.
#[derive(Clone, Debug, Default)]
pub struct Router {
    root: Node,
}

/// A request's route and what its target says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The kind of record.
    pub resource: ResourceId,
    /// The group whose grid applies.
    pub group: GroupId,
    /// Index into the group's routes.
    pub route: usize,
    /// The path parameters by name, decoded, in the order of the path.
    pub path_params: Vec<(String, String)>,
    /// What follows `?`, not yet read; never empty.
    pub raw_query: Option<String>,
    /// Exactly what goes upstream.
    pub target: String,
    /// Whether the caller asked with `HEAD`; the upstream is asked with `GET`.
    pub head: bool,
}

/// Why no route was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMatch {
    /// `not-canonical`, `no-such-route` or `method-not-declared`.
    pub reason: Reason,
    /// What the `Allow` header of a 405 lists; else empty.
    pub allow: Vec<Method>,
}

impl From<Reason> for NoMatch {
    fn from(reason: Reason) -> Self {
        NoMatch {
            reason,
            allow: Vec::new(),
        }
    }
}

impl Router {
    /// Builds the tree. The rule set has refused routes that could not be told apart; of two the first
    /// would win.
    pub fn new(rules: &RuleSet) -> Router {
        let mut root = Node::default();
        for (resource_at, resource) in rules.resources.iter().enumerate() {
            for (group_at, group) in resource.groups.iter().enumerate() {
                for (route_at, rule) in group.routes.iter().enumerate() {
                    root.insert(
                        &rule.template,
                        Leaf {
                            resource: ResourceId(resource_at),
                            group: GroupId(group_at),
                            route: route_at,
                            method: rule.method.clone(),
                            params: params_of(rule),
                        },
                    );
                }
            }
        }
        Router { root }
    }

    /// Finds the route of a request. The path alone picks the template, then the method must be one
    /// declared for it: a method left out of a literal route never falls through to a parameter.
    ///
    /// # Errors
    ///
    /// As [`NoMatch`] says.
    pub fn resolve(&self, method: &Method, target: &str) -> Result<Match, NoMatch> {
        let canonical = canonical::check(target)?;
        let segments: Vec<&str> = canonical.segments().collect();
        let leaves = match self.root.find(&segments) {
            Some(node) => &node.leaves,
            None => return Err(Reason::NoSuchRoute.into()),
        };
        let Some(leaf) = leaf_for(leaves, method) else {
            return Err(NoMatch {
                reason: Reason::MethodNotDeclared,
                allow: allowed(leaves),
            });
        };
        let path_params = leaf.params.iter().map(|(at, name)| {
            let value = segments.get(*at).and_then(|raw| canonical::decode(raw));
            Some((name.clone(), value?.into_owned()))
        });
        Ok(Match {
            resource: leaf.resource,
            group: leaf.group,
            route: leaf.route,
            path_params: path_params
                .collect::<Option<_>>()
                .ok_or(Reason::NotCanonical)?,
            raw_query: canonical.query.map(String::from),
            target: String::from(target),
            head: method == Method::HEAD,
        })
    }
}

/// A route that answers `HEAD` itself goes before the `GET` that would.
fn leaf_for<'a>(leaves: &'a [Leaf], method: &Method) -> Option<&'a Leaf> {
    let declared = |method: &Method| leaves.iter().find(|leaf| leaf.method == *method);
    match declared(method) {
        None if method == Method::HEAD => declared(&Method::GET),
        found => found,
    }
}

fn allowed(leaves: &[Leaf]) -> Vec<Method> {
    let mut methods: Vec<Method> = leaves.iter().map(|leaf| leaf.method.clone()).collect();
    if methods.contains(&Method::GET) {
        methods.push(Method::HEAD);
    }
    methods.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    methods.dedup();
    methods
}

fn params_of(rule: &RouteRule) -> Vec<(usize, String)> {
    let segments = rule.template.iter().enumerate();
    segments
        .filter_map(|(at, segment)| match segment {
            TemplateSegment::Literal(_) => None,
            TemplateSegment::Param { name, .. } => Some((at, name.clone())),
        })
        .collect()
}

/// What may follow one way into the tree. Each node has one way to it, so a search, backtracking
/// included, sees none twice.
#[derive(Clone, Debug, Default)]
struct Node {
    literals: BTreeMap<String, Node>,
    /// By [`width`], so narrower kinds come first.
    params: BTreeMap<u8, (ParamKind, Node)>,
    /// The routes that end here, by method.
    leaves: Vec<Leaf>,
}

#[derive(Clone, Debug)]
struct Leaf {
    resource: ResourceId,
    group: GroupId,
    route: usize,
    method: Method,
    /// Which segments are parameters, and their names.
    params: Vec<(usize, String)>,
}

impl Node {
    fn insert(&mut self, template: &[TemplateSegment], leaf: Leaf) {
        let Some((segment, rest)) = template.split_first() else {
            self.leaves.push(leaf);
            return;
        };
        match segment {
            TemplateSegment::Literal(text) => {
                let node = self.literals.entry(text.clone()).or_default();
                node.insert(rest, leaf);
            }
            TemplateSegment::Param { kind, .. } => {
                let (_, node) = self
                    .params
                    .entry(width(*kind))
                    .or_insert_with(|| (*kind, Node::default()));
                node.insert(rest, leaf);
            }
        }
    }

    /// A literal beats a parameter, left to right; what leads nowhere is stepped back from.
    fn find(&self, segments: &[&str]) -> Option<&Node> {
        let Some((first, rest)) = segments.split_first() else {
            return (!self.leaves.is_empty()).then_some(self);
        };
        let literal = self.literals.get(*first);
        literal.and_then(|node| node.find(rest)).or_else(|| {
            let fitting = self.params.values().filter(|(kind, _)| holds(*kind, first));
            fitting
                .map(|(_, node)| node)
                .find_map(|node| node.find(rest))
        })
    }
}

/// Every integer and every UUID is a plain segment, every plain segment is text.
fn width(kind: ParamKind) -> u8 {
    match kind {
        ParamKind::Int => 0,
        ParamKind::Uuid => 1,
        ParamKind::Plain => 2,
        ParamKind::Text => 3,
    }
}

/// Whether a canonical segment, as it came, is a value of the kind.
fn holds(kind: ParamKind, segment: &str) -> bool {
    match kind {
        ParamKind::Plain => {
            !segment.contains('%') && !segment.starts_with('.') && !segment.ends_with('.')
        }
        // One spelling for each number, and none that overflows in the reader behind us.
        ParamKind::Int => segment
            .parse::<i64>()
            .is_ok_and(|number| number >= 0 && query::is_spelling(segment)),
        ParamKind::Uuid => is_uuid(segment.as_bytes()),
        ParamKind::Text => true,
    }
}

fn is_uuid(segment: &[u8]) -> bool {
    let dashes = [8, 13, 18, 23];
    let form = |hex: fn(&u8) -> bool| {
        segment.iter().enumerate().all(|(at, byte)| {
            if dashes.contains(&at) {
                *byte == b'-'
            } else {
                hex(byte)
            }
        })
    };
    segment.len() == 36
        && (form(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            || form(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')))
}

//! What a request may ask with: parameters of path, query and body, and who may find by them.

use std::collections::BTreeMap;
use std::fmt;

use super::{FieldId, GroupId, ResourceId, RoleId, RouteRule};
use crate::path::Path;
use crate::policy::Place;

/// A parameter and what it may carry.
#[derive(Clone, Debug)]
pub struct Param {
    /// Where it stands and how it is called.
    pub name: ParamName,
    /// Where it was written.
    pub place: Place,
    /// What it may carry.
    pub rule: ParamRule,
    /// The methods of the routes it belongs to (`methods:`); `None`: all routes that read. One of the path belongs to the
    /// routes that have it.
    pub on: Option<Vec<http::Method>>,
}

impl Param {
    /// Whether requests of a route may carry it.
    pub fn is_for(&self, route: &RouteRule) -> bool {
        match (&self.name, &self.on) {
            (ParamName::Path(_) | ParamName::Body(_), _) => true,
            (ParamName::Query(_), None) => !route.writes(),
            (ParamName::Query(_), Some(on)) => on.contains(&route.method),
        }
    }
}

/// Where a parameter stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParamName {
    /// `path.id`: a segment of the path.
    Path(String),
    /// A parameter of the query string.
    Query(String),
    /// `body.filter.phone`: the leaves of a request's body at this path.
    Body(String),
}

impl fmt::Display for ParamName {
    /// As rules and records name it.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParamName::Path(name) => write!(to, "path.{name}"),
            ParamName::Query(name) => to.write_str(name),
            ParamName::Body(path) => write!(to, "body.{path}"),
        }
    }
}

/// What a parameter may carry.
#[derive(Clone, Debug)]
pub enum ParamRule {
    /// It searches these fields: the role needs `show` on each.
    Fields(Searched),
    /// Names of fields, parted by commas, each with `+` or `-` before it or not: the role needs `show` on each.
    Names(BTreeMap<String, Searched>),
    /// A whole number from `min` to `max`, both included.
    Whole {
        /// The least value.
        min: i64,
        /// The greatest value.
        max: i64,
    },
    /// One of these words.
    OneOf(Vec<String>),
    /// Anything; names no data.
    Free,
}

/// A role that may look a person up by one exact value it brings, though the field is masked for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Find {
    /// In which resource.
    pub resource: ResourceId,
    /// In which of its groups.
    pub group: GroupId,
    /// Who.
    pub role: RoleId,
    /// By which parameter; it searches fields.
    pub param: ParamName,
}

/// What a search reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// The fields the rules name.
    pub named: Vec<FieldId>,
    /// These, and every other entry of the catalogue that decides a part of what they cover: whoever searches
    /// `attributes[*]` searches `attributes.pin` too. Sorted.
    pub read: Vec<FieldId>,
}

/// What happens to parameters of the query that are not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnlistedParams {
    /// The request is refused (`unlisted-parameter`).
    Refuse,
    /// They go upstream as they came.
    Pass {
        /// Mandatory, for the auditor.
        reason: String,
    },
}

/// Leaves of a request's body and what they may carry.
#[derive(Clone, Debug)]
pub struct SendRule {
    /// From the body's root: names, indexes and `[*]`, which stands for elements alone.
    pub path: Path,
    /// What they may carry.
    pub param: Param,
}

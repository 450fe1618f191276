//! What was learned of an API, wherever it was learned: resources, their routes and what they answer with.
//!
//! Refuses more resources, routes and fields than anybody reviews.

use super::shape::Shape;
use crate::policy::diagnostic::{Diagnostic, Text, code, say};

/// Resources of one proposal.
const MOST_RESOURCES: usize = 200;
/// Routes of one proposal.
const MOST_ROUTES: usize = 500;
/// Places in the answer of one route.
const MOST_PLACES: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Api {
    pub resources: Vec<Resource>,
    /// What was left out, for the head of the file.
    pub notes: Vec<Text>,
}

#[derive(Debug)]
pub(super) struct Resource {
    pub name: String,
    pub zh: Option<String>,
    pub routes: Vec<Route>,
}

#[derive(Debug)]
pub(super) struct Route {
    /// `/customers/{id}`, canonical.
    pub path: String,
    pub parameters: Vec<PathParameter>,
    pub query: Vec<Query>,
    pub body: Shape,
    /// Nobody said so: it is a guess from the name of a file.
    pub guessed: bool,
}

#[derive(Clone, Debug)]
pub(super) struct PathParameter {
    pub name: String,
    pub accepts: Accepts,
    pub hints: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepts {
    Any,
    Int,
    Uuid,
}

/// A query parameter that names no data.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub name: String,
    /// What stands behind its name in the rules; `None` where nobody knows, so that it is left out.
    pub rule: Option<String>,
}

impl Api {
    /// The resource of that name, new or not.
    pub(super) fn resource(&mut self, name: &str) -> &mut Resource {
        let known = self.resources.iter().position(|known| known.name == name);
        let at = known.unwrap_or_else(|| {
            self.resources.push(Resource {
                name: name.to_owned(),
                zh: None,
                routes: Vec::new(),
            });
            self.resources.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "the place was just found or made")]
        &mut self.resources[at]
    }

    /// Whether somebody can review it.
    pub(super) fn checked(self) -> Result<Api, Diagnostic> {
        let routes = || self.resources.iter().flat_map(|resource| &resource.routes);
        let largest = routes().map(|route| route.body.size()).max();
        let too_much = |what: Text| {
            let message = say!("more than {what}", "超过 {what}"; what);
            Diagnostic::error(code::FG6002, message).help(say!(
                "cut the description down to what is to be governed",
                "只留下要管的部分"
            ))
        };
        if self.resources.len() > MOST_RESOURCES {
            return Err(too_much(say!(
                "{MOST_RESOURCES} resources",
                "{MOST_RESOURCES} 个资源"
            )));
        }
        if routes().count() > MOST_ROUTES {
            return Err(too_much(say!(
                "{MOST_ROUTES} routes",
                "{MOST_ROUTES} 条路由"
            )));
        }
        if largest.unwrap_or_default() > MOST_PLACES {
            return Err(too_much(say!(
                "{MOST_PLACES} members in one answer",
                "{MOST_PLACES} 个成员在一个响应里"
            )));
        }
        if routes().next().is_none() {
            let message = say!(
                "there is no record in it that a rule set could be about",
                "里面没有能写成规则的记录"
            );
            return Err(Diagnostic::error(code::FG6003, message).help(say!(
                "give an answer that is an object or a list of objects, GET operations with a JSON answer, or a column of field names",
                "给一份对象或对象列表的响应、有 JSON 响应的 GET 接口，或一列字段名"
            )));
        }
        Ok(self)
    }
}

/// A name rules may use, of any text: ASCII and Han letters, digits, `-`.
pub(super) fn name_of(text: &str) -> String {
    let mut name = String::new();
    for word in super::words::words(text) {
        let kept: String = word
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '\u{4E00}'..='\u{9FFF}'))
            .collect();
        if !kept.is_empty() {
            name.push_str(if name.is_empty() { "" } else { "-" });
            name.push_str(&kept);
        }
    }
    let name: String = name.chars().take(60).collect();
    match name.is_empty() {
        true => String::from("record"),
        false => name,
    }
}

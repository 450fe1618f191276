//! One answer of an API as a sample.
//!
//! Refuses an answer without a record: a scalar, or a list of scalars.

use super::api::{Accepts, Api, PathParameter, Route, name_of};
use super::shape::Shape;
use super::value::Value;

/// What a sample cannot say of itself.
pub(super) struct Asked<'a> {
    pub resource: Option<&'a str>,
    /// `/customers/{id}`
    pub path: Option<&'a str>,
    /// The sample's file, without folders.
    pub file: &'a str,
}

impl Asked<'_> {
    pub(super) fn name(&self) -> String {
        let stem = self
            .file
            .rsplit_once('.')
            .map_or(self.file, |(stem, _)| stem);
        // `customer-1001.json` is a customer.
        let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_'));
        self.resource.map_or_else(|| name_of(stem), str::to_owned)
    }

    pub(super) fn route(&self, name: &str, body: Shape) -> Route {
        let path = self.path.map_or_else(
            || format!("/{}", super::openapi::encoded(name)),
            str::to_owned,
        );
        Route {
            parameters: in_path(&path),
            path,
            query: Vec::new(),
            body,
            guessed: self.path.is_none(),
        }
    }
}

/// The parameters a path names.
fn in_path(path: &str) -> Vec<PathParameter> {
    let names = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| PathParameter {
            name: name.to_owned(),
            accepts: Accepts::Any,
            hints: Vec::new(),
        })
        .collect()
}

pub(super) fn read(value: &Value, asked: &Asked<'_>) -> Api {
    let body = Shape::of(value);
    let mut api = Api::default();
    let has_record = body
        .at(&super::locate::records(&body))
        .is_some_and(|record| !record.members.is_empty());
    if has_record {
        let name = asked.name();
        let route = asked.route(&name, body);
        api.resource(&name).routes.push(route);
    }
    api
}

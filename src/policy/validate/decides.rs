//! Which fields decide who sees what: those that a condition, a filter or `person` reads.
//!
//! Refuses nothing. Where an entry only might be what is read, above it or below it, it decides; so only those named in
//! its `written_by` write it.

use super::conditions::Use;
use crate::path::{Filter, Hop, Path, Segment, Selector};
use crate::policy::condition::{Condition, Question, closure};
use crate::policy::rules::{Resource, ResourceId};

/// Marks them. A condition decides where it is used, and wherever the records are the same.
pub(super) fn mark(resources: &mut [Resource], uses: &[Use], conditions: &[Condition]) {
    let shapes: Vec<usize> = resources
        .iter()
        .enumerate()
        .map(|(at, resource)| resource.shape_of.map_or(at, |ResourceId(shape)| shape))
        .collect();
    let mut read: Vec<(usize, Path)> = Vec::new();
    for one in uses {
        let Some(shape) = shapes.get(one.resource.0) else {
            continue;
        };
        for id in closure(conditions, [one.condition]) {
            if let Some(Question::Field(test)) = conditions.get(id.0).map(|one| &one.asks) {
                read.push((*shape, test.path.clone()));
            }
        }
    }
    for (resource, shape) in resources.iter_mut().zip(&shapes) {
        let here = read.iter().filter(|(of, _)| of == shape);
        let mut paths: Vec<Path> = here.map(|(_, path)| path.clone()).collect();
        let fields = &resource.fields;
        paths.extend(
            fields
                .iter()
                .flat_map(|field| asked_by_filters(&field.path)),
        );
        let person = resource.person.as_ref();
        let person = person.and_then(|person| fields.get(person.field.0));
        paths.extend(person.map(|field| field.path.clone()));
        for field in &mut resource.fields {
            let any_case = resource.any_case;
            field.decides = paths.iter().any(|path| meet(path, &field.path, any_case));
        }
    }
}

/// What the filters of a path read, from the record.
fn asked_by_filters(path: &Path) -> Vec<Path> {
    let mut paths = Vec::new();
    for (at, segment) in path.segments.iter().enumerate() {
        for selector in &segment.selectors {
            let Selector::Filter(filter) = selector else {
                continue;
            };
            let before = path.segments.iter().take(at + 1).cloned();
            for hops in hops(filter) {
                let after = hops.iter().map(|hop| Segment {
                    descend: false,
                    selectors: vec![selector_of(hop)],
                });
                let segments = before.clone().chain(after).collect();
                paths.push(Path { segments });
            }
        }
    }
    paths
}

fn hops(filter: &Filter) -> Vec<&[Hop]> {
    match filter {
        Filter::Any(parts) | Filter::All(parts) => parts.iter().flat_map(hops).collect(),
        Filter::Not(part) => hops(part),
        Filter::Exists(path) | Filter::Compare { path, .. } => vec![path],
    }
}

fn selector_of(hop: &Hop) -> Selector {
    match hop {
        Hop::Name(name) => Selector::Name(name.clone()),
        Hop::Index(index) => match u64::try_from(*index) {
            Ok(index) => Selector::Index(index),
            // From the end, which may be any.
            Err(_) => Selector::Wildcard,
        },
    }
}

/// Whether in some record one leads to a node the other passes or ends at.
fn meet(one: &Path, other: &Path, any_case: bool) -> bool {
    for (left, right) in one.segments.iter().zip(&other.segments) {
        if left.descend || right.descend {
            return true;
        }
        let mut selectors = left.selectors.iter();
        let meets = |one: &Selector| {
            right
                .selectors
                .iter()
                .any(|other| one.meets(other, any_case))
        };
        if !selectors.any(meets) {
            return false;
        }
    }
    true
}

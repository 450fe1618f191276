//! Which values of a reply the assertions of a test speak of.
//!
//! Errs on the side of less: what cannot be told to be asserted is not.

use serde_json::Value;

use crate::author::view::Item;
use crate::cli::document::{Node, Place as Spot, Step, leads, select};
use crate::cli::traced::{Leaf, Traced};
use crate::path;
use crate::policy::{FieldId, Resource, Test};

/// What decides a value, and its name where names are data. `start` is how far its record stands from the root.
pub(super) fn decided(resource: &Resource, leaf: &Leaf, start: usize) -> Vec<Item> {
    let mut found: Vec<Item> = leaf.fields.iter().map(|id| Item::Field(*id)).collect();
    let inside = leaf.place.get(start..).unwrap_or_default();
    if leaf.record.is_some() {
        let entries = resource.fields.iter().enumerate();
        let named = entries.filter(|(_, field)| {
            field.names.is_some()
                && leads(&field.path, inside, resource.any_case).is_some_and(|left| left > 0)
        });
        found.extend(named.map(|(at, _)| Item::Names(FieldId(at))));
    } else {
        let entries = resource.envelope.iter().enumerate();
        let met =
            entries.filter(|(_, entry)| leads(&entry.path, inside, resource.any_case).is_some());
        found.extend(met.map(|(at, _)| Item::Envelope(at)));
    }
    found
}

/// A test and what its assertions speak of.
pub(super) struct Asserted<'a> {
    pub test: &'a Test,
    pub before: &'a Node,
    pub after: Option<Node>,
    pub traced: Traced,
    pub any_case: bool,
}

impl Asserted<'_> {
    pub(super) fn leaves(&self) -> Vec<&Leaf> {
        let mut spots: Vec<Spot> = Vec::new();
        for (path, value) in &self.test.expect {
            for spot in self.found(path, self.after.as_ref()) {
                expected(value, &spot, &mut spots);
            }
        }
        let absent = self.test.absent.iter();
        let gone: Vec<Spot> = absent
            .flat_map(|path| self.found(path, Some(self.before)))
            .collect();
        let leaves = self.traced.leaves.iter();
        let asserted = leaves.filter(|leaf| {
            let kept = leaf.kept.as_ref();
            let seen = kept.is_some_and(|kept| spots.iter().any(|spot| kept.starts_with(spot)));
            let absent = kept.is_none() && gone.iter().any(|spot| leaf.place.starts_with(spot));
            let hidden = !leaf.text.is_empty()
                && self
                    .test
                    .never
                    .iter()
                    .any(|never| leaf.text.contains(never));
            seen || absent || hidden
        });
        asserted.collect()
    }

    pub(super) fn found(&self, path: &str, root: Option<&Node>) -> Vec<Spot> {
        let (Ok(path), Some(root)) = (path::parse(path), root) else {
            return Vec::new();
        };
        let found = select(&path, root, self.any_case);
        found.into_iter().map(|(spot, _)| spot).collect()
    }
}

/// The places an expected value speaks of: its members and elements, else the value as a whole.
pub(super) fn expected(value: &Value, spot: &Spot, spots: &mut Vec<Spot>) {
    let below = |step: Step| {
        let mut spot = spot.clone();
        spot.push(step);
        spot
    };
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| expected(value, &below(Step::Member(name.clone())), spots)),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(at, value)| expected(value, &below(Step::Element(at)), spots)),
        _ => spots.push(spot.clone()),
    }
}

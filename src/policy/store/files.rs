//! Which files pass unread under a plan.
//!
//! None where records are checked for their person or a contract is in force, whatever the rules say.

use std::sync::Arc;

use super::Place;
use crate::policy::plan::judge::Terms;
use crate::policy::{FileRule, RoleId};

/// A media type that passes unread, and the rule that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePass {
    /// In small letters, without parameters.
    pub media: Arc<str>,
    /// `file:line`.
    pub rule: Arc<str>,
}

/// What passes for whoever holds the roles, of which one that is named must have its row.
pub(super) fn passes(terms: &Terms, place: &Place<'_>) -> Vec<FilePass> {
    if terms.person_check || terms.contract.is_some() || !place.route.takes_files() {
        return Vec::new();
    }
    let has_row = |role: &RoleId| {
        let row = (terms.resource, terms.group, *role);
        terms.rules.rows.contains_key(&row)
    };
    let is_named = |file: &&FileRule| {
        let mut held = terms.roles.iter().filter(|role| has_row(role));
        terms.now <= file.until && held.any(|role| file.roles.contains(role))
    };
    let named = place.resource.files.iter().filter(is_named);
    let passes = named.flat_map(|file| {
        let rule: Arc<str> = file.place.to_string().into();
        file.media.iter().map(move |media| FilePass {
            media: media.as_str().into(),
            rule: Arc::clone(&rule),
        })
    });
    passes.collect()
}

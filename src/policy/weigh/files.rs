//! What passes unread that did not before.
//!
//! Weighed group by group, role by role, type by type, by names: a file is a gain where no entry let that type pass for the
//! role there as long, the role having its row.

use super::super::diagnostic::{Text, say};
use super::super::rules::{FileRule, RuleSet};
use super::Gain;

/// A media type that passes unread, for a role in a group.
struct Pass<'a> {
    group: &'a str,
    role: &'a str,
    media: &'a str,
    until: i64,
}

/// All that roles gain.
pub(super) fn gains(old: &RuleSet, new: &RuleSet) -> Vec<Gain> {
    let before = passes(old);
    let covers = |now: &Pass<'_>, was: &Pass<'_>| {
        (was.group, was.role, was.media) == (now.group, now.role, now.media)
            && was.until >= now.until
    };
    let gained = passes(new)
        .into_iter()
        .filter(|now| !before.iter().any(|was| covers(now, was)));
    gained.map(|pass| told(&pass)).collect()
}

fn told(pass: &Pass<'_>) -> Gain {
    let Pass {
        group,
        role,
        media,
        until,
    } = pass;
    let until: Text = match jiff::Timestamp::from_second(*until) {
        Ok(until) => say!("{until}", "{until}"),
        Err(_) => say!("{until}", "{until}"),
    };
    Gain::opens(
        say!(
            "{group}: {role} gets {media} unread, until {until}",
            "{group}：{role} 可拿到未经治理的 {media}，到 {until} 为止"; until
        ),
        say!(
            "{group}: {role} gets {media} unread no more, or not until {until}",
            "{group}：{role} 不再能拿到未经治理的 {media}，或不到 {until}"; until
        ),
    )
}

fn passes(rules: &RuleSet) -> Vec<Pass<'_>> {
    let mut passes = Vec::new();
    for (resource, group, role) in rules.rows.keys() {
        let (Some(listed), Some(held)) = (rules.resources.get(resource.0), rules.roles.get(role.0))
        else {
            continue;
        };
        let Some(group) = listed.groups.get(group.0) else {
            continue;
        };
        if !group.routes.iter().any(|route| route.takes_files()) {
            continue;
        }
        for file in &listed.files {
            let FileRule {
                place: _,
                media,
                roles,
                owner: _,
                reason: _,
                until,
            } = file;
            if roles.contains(role) {
                passes.extend(media.iter().map(|media| Pass {
                    group: &group.name,
                    role: &held.name,
                    media,
                    until: *until,
                }));
            }
        }
    }
    passes
}

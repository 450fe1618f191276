//! What passes unread, for those who read the rules.

use crate::policy::diagnostic::{Text, say};
use crate::policy::{FileRule, Group, Resource, RuleSet};

/// What a resource says of files, where a group has a route that may answer with one.
pub(super) fn said(rules: &RuleSet, resource: &Resource, group: &Group, at: i64) -> Vec<Text> {
    match group.routes.iter().any(|route| route.takes_files()) {
        true => resource
            .files
            .iter()
            .map(|file| one(rules, file, at))
            .collect(),
        false => Vec::new(),
    }
}

fn one(rules: &RuleSet, file: &FileRule, at: i64) -> Text {
    let roles = file.roles.iter().filter_map(|role| rules.roles.get(role.0));
    let roles: Vec<&str> = roles.map(|role| role.name.as_str()).collect();
    let (roles, media) = (roles.join(", "), file.media.join(", "));
    let until = jiff::Timestamp::from_second(file.until);
    let until = until.map_or_else(|_| file.until.to_string(), |until| until.to_string());
    let ended = match at > file.until {
        true => say!(", ended", "，已到期"),
        false => Text::none(),
    };
    let (owner, reason, place) = (&file.owner, &file.reason, &file.place);
    say!(
        "files: {media} UNREAD, for {roles}, until {until}{ended}, owner: {owner} ({place}): {reason}",
        "files：{media} 不经治理放行（UNREAD），给 {roles}，到 {until} 为止{ended}，owner: {owner}（{place}）：{reason}";
        ended
    )
}

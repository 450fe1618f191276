//! What rules need the settings to say, and what is missing.
//!
//! Refuses nothing itself; a proxy whose rules need more does not start.

use http::HeaderName;

use crate::config::Settings;
use crate::policy::RuleSet;
use crate::policy::condition::{Condition, Question};

/// What conditions read that the settings do not say.
pub(super) fn of_conditions(rules: &RuleSet, settings: &Settings) -> Vec<String> {
    let issuer = |by: &str, issuer: &String| {
        (!settings.identity.jwt.contains_key(issuer)).then(|| {
            format!("the issuer `{issuer}`, which condition `{by}` names, is not in the settings; add it to `identity.jwt`")
        })
    };
    let front = settings.front.as_ref();
    let header = |by: &str, name: &HeaderName| {
        let known = front.is_some_and(|front| front.headers.contains(name));
        (!known).then(|| {
            format!("the header `{name}`, which condition `{by}` reads, is set by nobody we trust; add it to `front.headers`")
        })
    };
    let of_condition = |condition: &Condition| match &condition.asks {
        Question::Claim(asked) => issuer(&condition.name, &asked.issuer),
        Question::Mfa(asked) => issuer(&condition.name, asked.issuer.as_ref()?),
        Question::Header(name, _) => header(&condition.name, name),
        _ => None,
    };
    rules.conditions.iter().filter_map(of_condition).collect()
}

//! Roles that the same credentials give: who holds one holds the other, and gets the more open of both.

use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::RuleSet;
use crate::policy::validate::Places;

/// A lint for each role that a role before it is no different from.
pub(super) fn matchers(rules: &RuleSet, places: &Places) -> Vec<Diagnostic> {
    let roles: Vec<_> = rules.roles.iter().zip(&places.roles).collect();
    let mut found = Vec::new();
    for (at, (role, span)) in roles.iter().enumerate() {
        let before = roles.iter().take(at);
        let same = before
            .rev()
            .find(|(other, _)| other.matchers.iter().any(|one| role.matchers.contains(one)));
        let Some((other, other_span)) = same else {
            continue;
        };
        let (name, other) = (quoted(&role.name), quoted(&other.name));
        let message = say!(
            "{name} and {other} ask for the very same: who holds one holds both",
            "{name} 和 {other} 的匹配条件一模一样：具备一个就具备另一个"
        );
        found.push(
            Diagnostic::warning(code::FG2220, message)
                .at(span)
                .labelled(other_span, say!("the same here", "这里相同"))
                .help(say!(
                    "correct the value, or make one role of them: the more open cell of both counts",
                    "改正取值，或者并成一个角色：两行里更开放的格子生效"
                )),
        );
    }
    found
}

//! What loads, and yet is probably not what was agreed with a partner.
//!
//! Refuses nothing; `--deny lints` does.

use crate::path::Selector;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{
    Cell, ClassId, Contract, ContractId, GroupId, ResourceId, Role, RoleId, Row, RuleSet,
};
use crate::policy::source::Span;
use crate::policy::validate::Places;

const DAY: i64 = 24 * 60 * 60;

/// All lints about contracts and the roles that need one.
pub(in crate::policy::validate) fn all(
    rules: &RuleSet,
    document: &Document,
    places: &Places,
    now: i64,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (at, (role, span)) in rules.roles.iter().zip(&places.roles).enumerate() {
        if !role.contract {
            continue;
        }
        let of_role = Partner {
            rules,
            id: RoleId(at),
            role,
        };
        let said = [
            of_role.sees_sensitive(),
            of_role.reads_lists(),
            of_role.has_none(),
        ];
        found.extend(said.into_iter().flatten().map(|lint| lint.at(span)));
        found.extend(of_role.closed_cells(document));
        found.extend(of_role.closed_exceptions(document));
    }
    for (at, (contract, span)) in rules.contracts.iter().zip(&places.contracts).enumerate() {
        let said = [
            ending(rules, ContractId(at), contract, now),
            opens_nothing(rules, contract),
        ];
        found.extend(said.into_iter().flatten().map(|lint| lint.at(span)));
    }
    found
}

/// A contract role.
struct Partner<'a> {
    rules: &'a RuleSet,
    id: RoleId,
    role: &'a Role,
}

impl Partner<'_> {
    fn rows(&self) -> impl Iterator<Item = ((ResourceId, GroupId), &Row)> {
        let rows = self.rules.rows.iter();
        let mine = rows.filter(|((_, _, role), _)| *role == self.id);
        mine.map(|((resource, group, _), row)| ((*resource, *group), row))
    }

    fn contracts(&self) -> impl Iterator<Item = &Contract> {
        let contracts = self.rules.contracts.iter();
        contracts.filter(|contract| contract.role == self.id)
    }

    /// Whether some contract, or none that there is, leaves a cell in clear.
    fn in_clear(&self, group: (ResourceId, GroupId), row: &Row, class: ClassId) -> bool {
        let shows = |row: &Row| {
            let choice = row.cells.get(class.0);
            choice.is_some_and(|choice| choice.cells().any(|cell| *cell == Cell::Show))
        };
        let agreed = |contract: &Contract| contract.items.get(&group).is_some_and(shows);
        shows(row) && (self.contracts().next().is_none() || self.contracts().any(agreed))
    }

    fn sees_sensitive(&self) -> Option<Diagnostic> {
        let classes = self.rules.classes.iter().enumerate();
        let mut sensitive = classes.filter(|(_, class)| class.sensitive);
        let shown = |(at, _): &(usize, _)| {
            self.rows()
                .any(|(group, row)| self.in_clear(group, row, ClassId(*at)))
        };
        let (_, class) = sensitive.find(shown)?;
        let message = say!(
            "{}, a contract role, sees the sensitive class {} in clear",
            "合同角色 {} 能看到敏感类别 {} 的明文",
            quoted(&self.role.name),
            quoted(&class.name)
        );
        let help = say!(
            "write `token` or `mask`, in the row or in the contract's `items`",
            "在行里或合同的 `items` 里写 `token` 或 `mask`"
        );
        Some(Diagnostic::warning(code::FG2124, message).help(help))
    }

    fn reads_lists(&self) -> Option<Diagnostic> {
        let group = |(resource, group): (ResourceId, GroupId)| {
            let resource = self.rules.resources.get(resource.0)?;
            resource.groups.get(group.0)
        };
        let mut groups = self.rows().filter_map(|(place, _)| group(place));
        let list = groups.find(|group| {
            let segments = group.routes.iter().flat_map(|route| &route.at.segments);
            let mut selectors = segments.flat_map(|segment| &segment.selectors);
            selectors.any(|selector| matches!(selector, Selector::Wildcard))
        })?;
        let message = say!(
            "{}, a contract role, reads the list {}",
            "合同角色 {} 能读列表 {}",
            quoted(&self.role.name),
            quoted(&list.name)
        );
        let help = say!(
            "a list can be taken whole: is a single record, asked for one by one, enough?",
            "列表可以整个拿走：逐条查询单个记录够用吗？"
        );
        Some(Diagnostic::warning(code::FG2125, message).help(help))
    }

    /// Whether some contract leaves anything of a class.
    fn leaves(&self, group: (ResourceId, GroupId), class: ClassId) -> bool {
        self.contracts().any(|contract| {
            let row = contract.items.get(&group);
            let choice = row.and_then(|row| row.cells.get(class.0));
            choice.is_some_and(|choice| choice.cells().any(|cell| *cell != Cell::Strip))
        })
    }

    /// Cells of the role's own rows that open a class which the annexes of all its contracts close.
    fn closed_cells(&self, document: &Document) -> Vec<Diagnostic> {
        if self.contracts().next().is_none() {
            return Vec::new();
        }
        let cells = self.rows().flat_map(|(group, row)| {
            let cells = row.cells.iter().zip(&row.places).zip(&row.steps);
            let mine = cells
                .enumerate()
                .filter_map(|(class, ((cell, place), steps))| {
                    (*steps == Some(0)).then_some((ClassId(class), cell, place.as_ref()?))
                });
            mine.map(move |(class, cell, place)| (group, class, cell, place))
        });
        let closed = cells.filter(|(group, class, cell, _)| {
            let opens = cell.cells().any(|cell| *cell != Cell::Strip);
            opens && !self.leaves(*group, *class)
        });
        let told = closed.filter_map(|(group, class, _, place)| {
            let class = self.rules.classes.get(class.0)?;
            let resource = self.rules.resources.get(group.0.0)?;
            let group = resource.groups.get(group.1.0)?;
            let message = say!(
                "{} of {} opens nothing to {}: no contract leaves it in `items`",
                "{1} 的 {0} 对 {2} 什么也不放开：没有一份合同的 `items` 保留它",
                quoted(&class.name),
                quoted(&group.name),
                quoted(&self.role.name)
            );
            Some(closed_by_annexes(
                message,
                document.line(place, &class.name),
            ))
        });
        told.collect()
    }

    /// Exceptions of the role that open fields of classes which the annexes of all its contracts close.
    fn closed_exceptions(&self, document: &Document) -> Vec<Diagnostic> {
        if self.contracts().next().is_none() {
            return Vec::new();
        }
        let exceptions = self.rules.exceptions.iter();
        let mine = exceptions.filter(|one| one.role == self.id && one.steps == 0);
        let closed = mine.filter(|one| {
            let resource = self.rules.resources.get(one.resource.0);
            let classes = one
                .fields
                .iter()
                .filter_map(|id| resource?.fields.get(id.0)?.class);
            let classes: Vec<ClassId> = classes.collect();
            let groups = self.rows().map(|(group, _)| group);
            let mut groups = groups.filter(|(resource, _)| *resource == one.resource);
            let opens = one.cell.cells().any(|cell| *cell != Cell::Strip);
            opens && !groups.any(|group| classes.iter().any(|class| self.leaves(group, *class)))
        });
        let told = closed.map(|one| {
            let message = say!(
                "this exception opens nothing to {}: no contract leaves the class in `items`",
                "这条例外对 {} 什么也不放开：没有一份合同的 `items` 保留这个类别",
                quoted(&self.role.name)
            );
            closed_by_annexes(message, document.line(&one.place, "field:"))
        });
        told.collect()
    }

    fn has_none(&self) -> Option<Diagnostic> {
        if self.contracts().next().is_some() || self.is_extended() {
            return None;
        }
        let message = say!(
            "{} needs a contract and has none, so it is always refused",
            "{} 要有合同才能用，而它一份也没有，总是被拒绝",
            quoted(&self.role.name)
        );
        let help = say!(
            "write one under `contracts` with `role: {0}`, or remove the role and its rows",
            "在 `contracts` 里写一份，`role: {0}`；不再合作的，连角色带它的行一起删掉",
            self.role.name
        );
        Some(Diagnostic::warning(code::FG2127, message).help(help))
    }

    /// A role that others extend may stand for what they have in common.
    fn is_extended(&self) -> bool {
        let mut roles = self.rules.roles.iter();
        roles.any(|role| role.extends == Some(self.id))
    }
}

fn closed_by_annexes(message: Text, place: Option<Span>) -> Diagnostic {
    let help = say!(
        "what `items` does not name is `strip`: name the class there, or remove it here",
        "`items` 没写的就是 `strip`：在那里写上这个类别，或者在这里删掉"
    );
    let lint = Diagnostic::warning(code::FG2164, message).help(help);
    place.iter().fold(lint, Diagnostic::at)
}

/// A contract that has ended, or soon will, unless another one goes on with it.
fn ending(rules: &RuleSet, id: ContractId, contract: &Contract, now: i64) -> Option<Diagnostic> {
    let goes_on = |other: &Contract| {
        let renewed = other.role == contract.role && other.purpose == contract.purpose;
        let later = other.term.from > contract.term.from;
        other.tokens_as == Some(id) || (renewed && later)
    };
    let warned = contract.warn_days.saturating_mul(DAY);
    let near = contract.term.until.saturating_sub(warned);
    if now <= near || rules.contracts.iter().any(goes_on) {
        return None;
    }
    let (last, zone) = (&contract.term.last_day, &contract.term.zone);
    let message = match now > contract.term.until {
        true => say!(
            "the contract {} ended on {last} ({zone})",
            "合同 {} 已于 {last} 到期（{zone}）",
            quoted(&contract.name)
        ),
        false => say!(
            "the contract {} ends on {last} ({zone})",
            "合同 {} 将于 {last} 到期（{zone}）",
            quoted(&contract.name)
        ),
    };
    let help = say!(
        "write the contract that follows it, or remove it: its calls are refused from then on",
        "写上续签的合同，或者删掉它：到期后的调用一律被拒绝"
    );
    Some(Diagnostic::warning(code::FG2126, message).help(help))
}

/// An annex that names groups where the role has no row.
fn opens_nothing(rules: &RuleSet, contract: &Contract) -> Option<Diagnostic> {
    let lacks_row = |(resource, group): &&(ResourceId, GroupId)| {
        let row = (*resource, *group, contract.role);
        !rules.rows.contains_key(&row)
    };
    let (resource, group) = contract.items.keys().find(lacks_row)?;
    let group = rules.resources.get(resource.0)?.groups.get(group.0)?;
    let role = rules.roles.get(contract.role.0)?;
    let message = say!(
        "the contract {} names {}, where {} has no row",
        "合同 {} 写了 {}，而 {} 在那里没有行",
        quoted(&contract.name),
        quoted(&group.name),
        quoted(&role.name)
    );
    let help = say!(
        "`items` only closes: give the role a row there, or remove it here",
        "`items` 只能收紧：在那里给角色写上行，或者在这里删掉"
    );
    Some(Diagnostic::warning(code::FG2127, message).help(help))
}

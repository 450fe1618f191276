//! What one test that passed proves.
//!
//! Asks the view the test was governed by, and nothing else.

use std::collections::BTreeSet;

use super::part::{Asker, Key, item_class};
use crate::author::view::{Item, View};
use crate::cli::traced::RecordOf;
use crate::policy::condition::{ConditionId, Truth};
use crate::policy::store::RouteId;
use crate::policy::{Choice, ContractId, Resource, RuleSet};

/// What one test proves.
pub(super) struct Proof<'p, 'a> {
    pub rules: &'p RuleSet,
    pub route: RouteId,
    pub resource: &'p Resource,
    pub view: &'p View<'a>,
    pub proven: BTreeSet<Key>,
}

impl Proof<'_, '_> {
    /// The cells and exceptions that decided a thing, and which way their conditions went.
    pub(super) fn of(&mut self, item: Item, truths: &[(ConditionId, Truth)]) {
        let Some(class) = item_class(self.resource, item) else {
            return;
        };
        let Some(weighing) = self.view.weighing_of_record(item, truths) else {
            return;
        };
        let route = self.route;
        if let Some(within) = &weighing.within {
            let mut all = self.rules.contracts.iter();
            let at = all.position(|one| std::ptr::eq(one, within.contract));
            let annex = |at| Key::Annex(ContractId(at), route.resource, route.group, class);
            self.proven.extend(at.map(annex));
        }
        for given in weighing.given.iter().filter(|given| given.wins) {
            if given.cell {
                let asker = Asker::Cell(route.resource, route.group, given.role, class);
                self.proven
                    .insert(Key::Cell(route.resource, route.group, given.role, class));
                let row = self
                    .rules
                    .rows
                    .get(&(route.resource, route.group, given.role));
                let cell = row.and_then(|row| row.cells.get(class.0));
                self.branch(asker, cell, truths);
            }
            for exception in &given.exceptions {
                let mut all = self.rules.exceptions.iter();
                let Some(at) = all.position(|one| std::ptr::eq(one, *exception)) else {
                    continue;
                };
                self.proven.insert(Key::Exception(at));
                self.branch(Asker::Exception(at), Some(&exception.cell), truths);
            }
        }
    }

    pub(super) fn branch(
        &mut self,
        asker: Asker,
        cell: Option<&Choice>,
        truths: &[(ConditionId, Truth)],
    ) {
        let when = cell.and_then(|cell| cell.when.as_ref());
        let Some(when) = when else { return };
        if let Some(truth) = self.view.truth(when.condition, truths) {
            let holds = truth == Truth::True;
            self.proven
                .insert(Key::Branch(asker, when.condition, holds));
        }
    }

    /// The gates a record passed, or did not.
    pub(super) fn gates(&mut self, record: &RecordOf) {
        if record.foreign {
            return;
        }
        let route = self.route;
        for (role, row) in self.view.rows() {
            let asker = Asker::Gate(route.resource, route.group, *role);
            for id in &row.only {
                if let Some(truth) = self.view.truth(*id, &record.truths) {
                    let holds = truth == Truth::True;
                    self.proven.insert(Key::Branch(asker, *id, holds));
                }
            }
        }
    }
}

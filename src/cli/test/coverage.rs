//! What of a rule set its tests prove: each cell of the grid, each right, each exception and each ceiling.
//!
//! A part counts where a test that passes reached a value that the part decides, and asserted it: `expect`, `absent` of
//! something the reply holds, or `never` of a text that value holds. The verdicts are those of the plan that governed the test.

mod asserted;
mod completed;
mod part;
mod proof;
mod proposal;
mod rights;
mod skeleton;
mod written;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::asserted::{Asserted, decided};
use self::part::{DAY, Edge, Key, first_route, parts};
use self::proof::Proof;
use super::Got;
use crate::author::view::{Item, View, items};
use crate::cli::answer::Answer;
use crate::cli::traced::trace;
use crate::json::Limits;
use crate::model::Reason;
use crate::pipeline::rehearsal::{Admitted, End, Stage, Stopped};
use crate::policy::combine::Standing;
use crate::policy::condition::{ConditionId, Truth};
use crate::policy::diagnostic::{Text, say};
use crate::policy::store::RouteId;
use crate::policy::{Contract, ContractId, Declare, Place, RoleId, Test};

/// A part that no test proves.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Missing {
    /// `cell`, `right`, `exception`, `ceiling`, `branch`, `edge` or `annex`.
    pub kind: &'static str,
    /// Which.
    pub what: String,
    /// Where it was written.
    pub place: Place,
    /// A test that would prove it, to be completed.
    pub test: String,
}

impl Missing {
    /// Its kind for people.
    pub(in crate::cli) fn kind_text(&self) -> Text {
        match self.kind {
            "cell" => say!("cell", "格子"),
            "right" => say!("right", "写权限"),
            "exception" => say!("exception", "例外"),
            "branch" => say!("branch", "分支"),
            "edge" => say!("contract", "合同"),
            "annex" => say!("annex", "合同附件"),
            _ => say!("ceiling", "上限"),
        }
    }
}

/// What the tests of a rule set prove.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Coverage {
    /// Parts that are proven.
    pub covered: usize,
    /// All parts.
    pub total: usize,
    /// Less is a failure.
    pub minimum: Option<u8>,
    /// In the order of the rules.
    pub missing: Vec<Missing>,
}

impl Coverage {
    /// Rounded down: 100 means all.
    pub(in crate::cli) fn percent(&self) -> usize {
        match self.total {
            0 => 100,
            total => self.covered * 100 / total,
        }
    }

    /// Whether it is below the minimum.
    pub(in crate::cli) fn falls_short(&self) -> bool {
        self.minimum
            .is_some_and(|minimum| self.percent() < usize::from(minimum))
    }

    /// One sentence.
    pub(in crate::cli) fn summary(&self) -> Text {
        let (percent, covered, total) = (self.percent(), self.covered, self.total);
        match self.minimum {
            Some(minimum) if self.falls_short() => say!(
                "coverage {percent} % ({covered} of {total}), below the minimum of {minimum} %",
                "覆盖率 {percent}%（{total} 项中 {covered} 项），低于要求的 {minimum}%"
            ),
            _ => say!(
                "coverage {percent} % ({covered} of {total})",
                "覆盖率 {percent}%（{total} 项中 {covered} 项）"
            ),
        }
    }
}

/// Collects what the tests prove.
pub(super) struct Collector<'a> {
    stage: &'a Stage,
    /// The moment a part is judged to matter at.
    now: i64,
    proven: BTreeSet<Key>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(stage: &'a Stage, now: i64) -> Collector<'a> {
        Collector {
            stage,
            now,
            proven: BTreeSet::new(),
        }
    }

    /// A test that passed, of a call that was allowed.
    pub(super) fn take(&mut self, test: &Test, now: i64, admitted: &Admitted, got: &Got) {
        let stage = self.stage;
        let limits = Limits {
            depth: stage.limits().depth,
            key: stage.limits().key,
        };
        let policy = stage.policy();
        let route = admitted.route;
        let names = admitted.permit.roles();
        let roles = policy.rules.roles.iter().enumerate();
        let roles = roles.filter(|(_, role)| names.contains(&role.name));
        let roles: Vec<RoleId> = roles.map(|(at, _)| RoleId(at)).collect();
        let contract = admitted.permit.contract().and_then(|names| {
            let mut all = policy.rules.contracts.iter();
            all.position(|one| one.name == *names.name).map(ContractId)
        });
        if let Some(contract) = contract {
            self.in_force(contract, now);
        }
        let standing = Standing {
            roles: &roles,
            contract,
        };
        if got.outcome.reason.is_none() {
            let rights = written::let_through(&policy.rules, test, route, standing, limits);
            self.proven.extend(rights);
        }
        let permit = &admitted.permit;
        let sent = test.reply.as_deref().unwrap_or_default();
        let Some(answer) = Answer::of_upstream(stage, permit, sent) else {
            return;
        };
        let Some(before) = answer.tree() else {
            return;
        };
        let compiled = Arc::clone(admitted.permit.compiled());
        let Some(view) = View::under(policy, compiled, route, standing, now) else {
            return;
        };
        let Some(resource) = policy.rules.resources.get(route.resource.0) else {
            return;
        };
        let asserted = Asserted {
            test,
            before: &before,
            after: match got.outcome.end {
                End::Complete => {
                    let left = Answer::of_caller(stage, permit, &got.body);
                    left.and_then(|left| left.tree())
                }
                End::Refused | End::Aborted => None,
            },
            traced: trace(permit, stage.limits().record, &answer),
            any_case: resource.any_case,
        };
        let rules = &policy.rules;
        let mut proof = Proof {
            rules,
            route,
            resource,
            view: &view,
            proven: BTreeSet::new(),
        };
        let told = test.expect_status.is_some() || test.expect_reason.is_some();
        if told && got.outcome.reason == Some(Reason::NoSuchRecord) {
            asserted
                .traced
                .records
                .iter()
                .for_each(|record| proof.gates(record));
        }
        for leaf in asserted.leaves() {
            let record = leaf.record.and_then(|at| asserted.traced.records.get(at));
            record.into_iter().for_each(|record| proof.gates(record));
            // What goes with its record is no proof of its cell.
            if record.is_some_and(|record| record.plan.is_none()) {
                continue;
            }
            let start = record.map_or(usize::from(answer.several), |record| record.place.len());
            let truths = record.map_or(&[][..], |record| &record.truths);
            for item in decided(resource, leaf, start) {
                proof.of(item, truths);
                self.ceilings(&proof, item, truths);
            }
        }
        self.proven.append(&mut proof.proven);
    }

    /// A call that a contract allowed.
    fn in_force(&mut self, id: ContractId, now: i64) {
        let Some(contract) = self.stage.policy().rules.contracts.get(id.0) else {
            return;
        };
        let term = &contract.term;
        if (term.from..term.from + DAY).contains(&now) {
            self.proven.insert(Key::Edge(id, Edge::From));
        }
        if (term.until - DAY + 1..=term.until).contains(&now) {
            self.proven.insert(Key::Edge(id, Edge::Until));
        }
    }

    /// A test that passed and said that its call is refused.
    pub(super) fn refused(&mut self, test: &Test, now: i64, stopped: &Stopped) {
        let rules = &self.stage.policy().rules;
        if let Some(route) = stopped.route {
            let rights = written::refused(rules, test, route, &stopped.roles);
            self.proven.extend(rights);
        }
        if test.expect_status.is_none() && test.expect_reason.is_none() {
            return;
        }
        let mut headers = test.headers.iter();
        let purpose = headers.find(|(name, _)| name.eq_ignore_ascii_case("Fieldgate-Purpose"));
        let purpose = purpose.map(|(_, value)| value.as_str());
        let declares = |one: &Contract| match one.declare {
            Declare::Header => purpose == Some(one.purpose.as_str()),
            Declare::Fixed => true,
        };
        for (at, contract) in rules.contracts.iter().enumerate() {
            if !stopped.roles.contains(&contract.role) {
                continue;
            }
            let term = &contract.term;
            let edge = match stopped.reason() {
                Reason::ContractSuspended => Some(Edge::Suspended),
                Reason::ContractNotStarted => {
                    Some(Edge::Before).filter(|_| (term.from - DAY..term.from).contains(&now))
                }
                Reason::ContractExpired => {
                    let after = term.until + 1..=term.until + DAY;
                    Some(Edge::After).filter(|_| after.contains(&now))
                }
                Reason::WrongNetwork => Some(Edge::Network),
                Reason::WrongPurpose => Some(Edge::Purpose),
                _ => None,
            };
            let meant = declares(contract) || edge == Some(Edge::Purpose);
            let edge = edge.filter(|edge| meant && Edge::of(rules, contract).contains(edge));
            self.proven
                .extend(edge.map(|edge| Key::Edge(ContractId(at), edge)));
        }
    }

    fn ceilings(&mut self, proof: &Proof<'_, '_>, item: Item, truths: &[(ConditionId, Truth)]) {
        let Some(weighing) = proof.view.weighing_of_record(item, truths) else {
            return;
        };
        for bound in &weighing.bounds {
            let mut all = proof.rules.ceilings.iter();
            let at = all.position(|one| std::ptr::eq(one, bound.ceiling));
            // Where a ceiling lowers something for somebody, only that proves it.
            let Some(at) = at.filter(|at| bound.lowers || !self.lowers_something(*at)) else {
                continue;
            };
            self.proven.insert(Key::Ceiling(at));
        }
    }

    /// What a role alone gets, under the first of its contracts where it needs one.
    fn view(&self, route: RouteId, role: RoleId) -> Option<View<'a>> {
        let policy = self.stage.policy();
        let standing = Standing {
            roles: &[role],
            contract: policy.contracts.of(role).first().copied(),
        };
        View::of(policy, route, standing, self.now)
    }

    fn lowers_something(&self, ceiling: usize) -> bool {
        self.lowered_by(ceiling).is_some()
    }

    /// A role and a thing for which a ceiling makes a difference.
    fn lowered_by(&self, ceiling: usize) -> Option<(RouteId, RoleId, Item)> {
        let policy = self.stage.policy();
        let wanted = policy.rules.ceilings.get(ceiling)?;
        policy
            .rules
            .rows
            .keys()
            .find_map(|(resource, group, role)| {
                let route = first_route(&policy.rules, *resource, *group);
                let view = self.view(route, *role)?;
                let listed = policy.rules.resources.get(resource.0)?;
                let lowers = |item: &Item| {
                    let weighing = view.weighing(*item);
                    weighing.is_some_and(|weighing| {
                        let mut bounds = weighing.bounds.iter();
                        bounds.any(|bound| bound.lowers && std::ptr::eq(bound.ceiling, wanted))
                    })
                };
                items(listed).find(lowers).map(|item| (route, *role, item))
            })
    }

    /// What came of it.
    pub(super) fn coverage(&self, minimum: Option<u8>) -> Coverage {
        let policy = self.stage.policy();
        let parts = parts(&policy.rules);
        let missing = parts.difference(&self.proven);
        let mut missing: Vec<Missing> = missing.filter_map(|key| self.missing(*key)).collect();
        missing.sort_by(|a, b| a.place.cmp(&b.place));
        Coverage {
            covered: parts.len() - missing.len(),
            total: parts.len(),
            minimum,
            missing,
        }
    }
}

//! What of each record decides how it is treated: the conditions its gate and its cells ask, judged from its own text, and
//! whether its person is withheld from everybody.
//!
//! Refuses nothing: a record of which nothing can be told gets the more closed of every cell, passes no gate, and is
//! withheld where anybody's are.

#[cfg(test)]
mod by_member;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use quick_cache::sync::Cache;

use super::{Plan, Withheld};
use crate::json::Cursor;
use crate::mask::token::TokenMaster;
use crate::policy::combine::{Standing, Treatments, treatments};
use crate::policy::condition::{
    Answers, ConditionId, FieldIs, Literal, Other, Possible, Question, Truth, Truths, answer, holds,
};
use crate::policy::{ContractId, GroupId, ResourceId, RoleId, Row, RuleSet};

/// Plans for records that are kept under one plan of an exchange; of more, those asked for least are compiled anew.
const MOST_CASES: usize = 64;

/// How a record is treated.
#[derive(Clone, Debug)]
pub enum Judged {
    /// Under this plan.
    Under(Arc<Plan>),
    /// It does not leave, and there is none.
    Gone,
}

/// How the records of all exchanges under one plan may be treated.
#[derive(Debug)]
pub struct Cases {
    terms: Terms,
    /// Every condition that counts.
    steps: Vec<Step>,
    /// Those that cells and gates name and only a record answers, and their steps.
    asked: Vec<(ConditionId, usize)>,
    /// Whether a record may be [`Judged::Gone`].
    gates: bool,
    known: Cache<Vec<Truth>, Judged>,
}

/// All that a plan depends on besides what a record says.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// What token keys come from.
    pub tokens: TokenMaster,
    /// Whose records.
    pub resource: ResourceId,
    /// On which routes.
    pub group: GroupId,
    /// On which of them.
    pub route: usize,
    /// The caller's roles.
    pub roles: Vec<RoleId>,
    /// The contract they call under.
    pub contract: Option<ContractId>,
    /// A moment at which the same exceptions are in force.
    pub now: i64,
    /// What the call answers.
    pub answers: Answers,
    /// Whether records must name the caller's own person.
    pub person_check: bool,
}

impl Terms {
    /// What is true of the call, and `of_record` of whatever only a record answers.
    pub fn truths(&self, of_record: Possible) -> Truths {
        Truths::settle(&self.rules.conditions, |id, asks| match asks {
            Question::Field(_) => of_record,
            _ => Possible::only(answer(&self.answers, id)),
        })
    }

    /// The rows of the caller's roles, by their roles.
    pub fn gates(&self) -> impl Iterator<Item = (RoleId, &[ConditionId])> {
        self.roles.iter().filter_map(|role| {
            let row = self.rules.rows.get(&(self.resource, self.group, *role))?;
            Some((*role, &row.only[..]))
        })
    }

    /// Whether some row counts under `truths`.
    pub fn some_row_may_count(&self, truths: &Truths) -> bool {
        self.gates()
            .any(|(role, gate)| truths.may_count(role, gate))
    }

    /// What whoever searches must reckon with: no condition on the record counts, and of rows behind gates that a record
    /// opens, each may be the only one that does. Where the call closes every gate, no row counts; a `single` record may
    /// be asked for all the same, as it will not leave.
    pub fn worlds(&self, single: bool) -> Vec<Truths> {
        let sure = self.truths(Possible::only(Truth::Unknown));
        let open = self.truths(Possible::ANYTHING);
        let all = !self.some_row_may_count(&open);
        if self.some_row_may_count(&sure) || (all && !single) {
            return vec![sure];
        }
        let rows = self
            .gates()
            .filter(|(role, gate)| all || open.may_count(*role, gate));
        let alone: Vec<Truths> = rows
            .map(|(role, _)| sure.clone().with_row_of(role))
            .collect();
        if alone.is_empty() { vec![sure] } else { alone }
    }

    /// The conditions that the rows' gates and cells and the roles' exceptions name themselves.
    fn named(&self) -> Vec<ConditionId> {
        let rows = self.roles.iter().filter_map(|role| {
            let place = (self.resource, self.group, *role);
            Some((*role, self.rules.rows.get(&place)?))
        });
        let mut named: Vec<ConditionId> = rows
            .flat_map(|(role, row)| self.rules.asked_by(self.resource, role, row))
            .collect();
        let contract = self.contract.and_then(|id| self.rules.contracts.get(id.0));
        let items = contract.and_then(|one| one.items.get(&(self.resource, self.group)));
        named.extend(items.into_iter().flat_map(Row::asked_by_cells));
        named.sort_unstable();
        named.dedup();
        named
    }

    /// The plan of an exchange: inside records the most open of what they may decide, so that what leads to a record stays
    /// wherever one could be seen; outside of them nothing is known of any.
    pub fn base(&self) -> Option<(Treatments, Plan)> {
        let mut open = self.truths(Possible::ANYTHING);
        if self.rules.conditions.is_empty() {
            return self.plan(&open);
        }
        if !self.some_row_may_count(&open) {
            open = open.without_gates();
        }
        let beside = self.treatments(&self.truths(Possible::only(Truth::Unknown)));
        let treatments = Treatments {
            envelope: beside.envelope,
            ..self.treatments(&open)
        };
        Some((treatments.clone(), self.compiled(treatments)?))
    }

    /// The plan under `truths`.
    pub fn plan(&self, truths: &Truths) -> Option<(Treatments, Plan)> {
        let treatments = self.treatments(truths);
        Some((treatments.clone(), self.compiled(treatments)?))
    }

    fn treatments(&self, truths: &Truths) -> Treatments {
        treatments(
            &self.rules,
            self.resource,
            self.group,
            Standing {
                roles: &self.roles,
                contract: self.contract,
            },
            self.now,
            &self.tokens,
            truths,
        )
    }

    fn compiled(&self, treatments: Treatments) -> Option<Plan> {
        Plan::new(
            &self.rules,
            self.resource,
            self.group,
            self.route,
            treatments,
            self.person_check,
        )
    }
}

impl Cases {
    /// What records may decide under these terms; `None` where they decide nothing.
    pub fn new(terms: Terms) -> Option<Cases> {
        let open = terms.truths(Possible::ANYTHING);
        let named = terms.named().into_iter();
        let mut steps = Steps::default();
        let asked: Vec<(ConditionId, usize)> = named
            .filter(|id| !open.of(*id).is_settled())
            .map(|id| (id, steps.add(&terms, id)))
            .collect();
        let sure = terms.truths(Possible::only(Truth::Unknown));
        let gates = terms.gates().next().is_some() && !terms.some_row_may_count(&sure);
        (gates || !asked.is_empty()).then(|| Cases {
            terms,
            steps: steps.steps,
            asked,
            gates,
            known: Cache::new(MOST_CASES),
        })
    }

    /// Whether a record may be [`Judged::Gone`].
    pub fn gates(&self) -> bool {
        self.gates
    }

    /// What records decide of these conditions alone; `None` where it is nothing.
    pub fn asking(terms: Terms, mut conditions: Vec<ConditionId>) -> Option<Cases> {
        conditions.sort_unstable();
        conditions.dedup();
        let open = terms.truths(Possible::ANYTHING);
        let mut steps = Steps::default();
        let asked: Vec<(ConditionId, usize)> = conditions
            .into_iter()
            .filter(|id| !open.of(*id).is_settled())
            .map(|id| (id, steps.add(&terms, id)))
            .collect();
        (!asked.is_empty()).then(|| Cases {
            terms,
            steps: steps.steps,
            asked,
            gates: true,
            known: Cache::new(MOST_CASES),
        })
    }

    /// What fields of the records are compared with.
    fn others(&self) -> impl Iterator<Item = (ConditionId, &Other)> {
        self.steps.iter().filter_map(|step| {
            let Step::Field(id) = step else { return None };
            match &self.terms.rules.conditions.get(id.0)?.asks {
                Question::Field(test) => match &test.is {
                    FieldIs::SameAs(other) => Some((*id, other)),
                    _ => None,
                },
                _ => None,
            }
        })
    }

    /// How a record is treated of whose conditions this is true.
    fn under(&self, truths: &[Truth]) -> Judged {
        if let Some(known) = self.known.get(truths) {
            return known;
        }
        let judged = self.judged(truths);
        self.known.insert(truths.to_vec(), judged.clone());
        judged
    }

    fn judged(&self, truths: &[Truth]) -> Judged {
        let mut all = self.terms.truths(Possible::only(Truth::Unknown));
        for ((id, _), truth) in self.asked.iter().zip(truths) {
            all.set(*id, *truth);
        }
        if !self.terms.some_row_may_count(&all) {
            return Judged::Gone;
        }
        let plan = self.terms.plan(&all);
        plan.map_or(Judged::Gone, |(_, plan)| Judged::Under(Arc::new(plan)))
    }
}

/// See the module. One for each exchange.
#[derive(Clone, Debug)]
pub struct Judge {
    kind: Kind,
    /// Whose records do not leave, and the plan that says where a record names its person.
    withheld: Option<(Withheld, Arc<Plan>)>,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Every record alike.
    Alike(Arc<Plan>),
    Conditions {
        cases: Arc<Cases>,
        /// What fields are compared with (`same_as`), by condition; `None` where the call does not say it.
        others: Vec<(ConditionId, Option<Literal>)>,
        /// Shared by all that judge one answer.
        now: Arc<AtomicI64>,
    },
    #[cfg(test)]
    Member(by_member::ByMember),
}

impl Judge {
    /// The judge of an exchange at `now` (seconds since 1970); `other` is what the call says of what fields are
    /// compared with.
    pub fn new(cases: Arc<Cases>, now: i64, other: impl Fn(&Other) -> Option<Literal>) -> Judge {
        let others = cases.others().map(|(id, with)| (id, other(with)));
        let others = others.collect();
        Judge {
            kind: Kind::Conditions {
                cases,
                others,
                now: Arc::new(AtomicI64::new(now)),
            },
            withheld: None,
        }
    }

    /// Says that it is later by now, in an answer that may go on for ever: the next record is judged by that.
    pub fn goes_on_at(&self, later: i64) {
        match &self.kind {
            Kind::Conditions { now, .. } => now.store(later, Ordering::Relaxed),
            Kind::Alike(_) => {}
            #[cfg(test)]
            Kind::Member(_) => {}
        }
    }

    /// The same, or one that treats all records alike under `plan`, but for those of persons that are withheld, and those
    /// that do not say whose they are.
    #[must_use]
    pub fn withholding(judge: Option<&Judge>, plan: &Arc<Plan>, persons: Withheld) -> Judge {
        let alike = || Kind::Alike(Arc::clone(plan));
        Judge {
            kind: judge.map_or_else(alike, |judge| judge.kind.clone()),
            withheld: Some((persons, Arc::clone(plan))),
        }
    }

    /// Whether a record is withheld, whatever it is otherwise.
    pub fn withholds(&self, text: Option<&str>) -> bool {
        let Some((persons, plan)) = &self.withheld else {
            return false;
        };
        let person = text.and_then(|text| plan.person_of(Cursor::new(text)));
        person.is_none_or(|person| persons.holds(&person))
    }

    /// Whether a record may be [`Judged::Gone`].
    pub fn gates(&self) -> bool {
        let gates = match &self.kind {
            Kind::Alike(_) => false,
            Kind::Conditions { cases, .. } => cases.gates,
            #[cfg(test)]
            Kind::Member(by_member) => by_member.gates(),
        };
        gates || self.withheld.is_some()
    }

    /// What is true of a record, of the conditions that cells and gates name: for explanation.
    pub fn truths(&self, text: Option<&str>) -> Vec<(ConditionId, Truth)> {
        match &self.kind {
            Kind::Alike(_) => Vec::new(),
            Kind::Conditions { cases, others, now } => {
                let now = now.load(Ordering::Relaxed);
                let asking = Asking::of(cases, others, now, text);
                let named = cases.asked.iter().map(|(id, _)| *id);
                named.zip(asking.truths()).collect()
            }
            #[cfg(test)]
            Kind::Member(_) => Vec::new(),
        }
    }

    /// Judges a record by its text; `None` where it outgrew the limit `record`, so that nothing of it is known.
    pub fn record(&self, text: Option<&str>) -> Judged {
        if self.withholds(text) {
            return Judged::Gone;
        }
        match &self.kind {
            Kind::Alike(plan) => Judged::Under(Arc::clone(plan)),
            Kind::Conditions { cases, others, now } => {
                let now = now.load(Ordering::Relaxed);
                let asking = Asking::of(cases, others, now, text);
                cases.under(&asking.truths())
            }
            #[cfg(test)]
            Kind::Member(by_member) => by_member.record(text),
        }
    }
}

/// One condition of a case, worked out after those before it.
#[derive(Clone, Debug)]
enum Step {
    /// The call has answered it.
    Known(Truth),
    /// A field of the record.
    Field(ConditionId),
    All(Vec<usize>),
    Any(Vec<usize>),
    Not(usize),
}

/// The conditions some are made of, each after its parts, so that none is asked twice.
#[derive(Debug, Default)]
struct Steps {
    steps: Vec<Step>,
    places: HashMap<ConditionId, usize>,
}

impl Steps {
    fn add(&mut self, terms: &Terms, id: ConditionId) -> usize {
        if let Some(place) = self.places.get(&id) {
            return *place;
        }
        let condition = terms.rules.conditions.get(id.0);
        let mut add = |parts: &[ConditionId]| -> Vec<usize> {
            parts.iter().map(|part| self.add(terms, *part)).collect()
        };
        let step = match condition.map(|condition| &condition.asks) {
            None => Step::Known(Truth::Unknown),
            Some(Question::Field(_)) => Step::Field(id),
            Some(Question::All(parts)) => Step::All(add(parts)),
            Some(Question::Any(parts)) => Step::Any(add(parts)),
            Some(Question::Not(part)) => Step::Not(self.add(terms, *part)),
            Some(_) => Step::Known(answer(&terms.answers, id)),
        };
        self.steps.push(step);
        self.places.insert(id, self.steps.len() - 1);
        self.steps.len() - 1
    }
}

/// A record and what its fields are asked by.
struct Asking<'a> {
    cases: &'a Cases,
    others: &'a [(ConditionId, Option<Literal>)],
    now: i64,
    record: Option<Cursor<'a>>,
}

impl<'a> Asking<'a> {
    /// Nothing is known of a record without a text.
    fn of(
        cases: &'a Cases,
        others: &'a [(ConditionId, Option<Literal>)],
        now: i64,
        text: Option<&'a str>,
    ) -> Self {
        Asking {
            cases,
            others,
            now,
            record: text.map(Cursor::new),
        }
    }

    /// What is true of the conditions that cells and gates name.
    fn truths(&self) -> Vec<Truth> {
        let mut truths: Vec<Truth> = Vec::with_capacity(self.cases.steps.len());
        let of = |truths: &[Truth], at: usize| truths.get(at).copied().unwrap_or(Truth::Unknown);
        for step in &self.cases.steps {
            let truth = match step {
                Step::Known(truth) => *truth,
                Step::Field(id) => self.field(*id),
                Step::All(parts) => Truth::all(parts.iter().map(|at| of(&truths, *at))),
                Step::Any(parts) => Truth::any(parts.iter().map(|at| of(&truths, *at))),
                Step::Not(part) => of(&truths, *part).opposite(),
            };
            truths.push(truth);
        }
        let asked = self.cases.asked.iter();
        asked.map(|(_, at)| of(&truths, *at)).collect()
    }

    fn field(&self, id: ConditionId) -> Truth {
        let rules = &self.cases.terms.rules;
        let condition = rules.conditions.get(id.0);
        let (Some(Question::Field(test)), Some(record)) =
            (condition.map(|condition| &condition.asks), self.record)
        else {
            return Truth::Unknown;
        };
        let resource = rules.resources.get(self.cases.terms.resource.0);
        let any_case = resource.is_some_and(|resource| resource.any_case);
        holds(test, record, any_case, self.other(id), self.now)
    }

    fn other(&self, id: ConditionId) -> Option<&Literal> {
        let mut others = self.others.iter();
        let (_, other) = others.find(|(known, _)| *known == id)?;
        other.as_ref()
    }
}

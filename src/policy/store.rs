//! One generation of the rules: what every exchange holds from its beginning to its end.
//!
//! Refuses nothing; a generation exists only for a rule set that loaded.

use std::sync::Arc;

use aws_lc_rs::digest;
use dashmap::DashMap;
use data_encoding::HEXLOWER;

use super::combine::{Treatments, treatments};
use super::plan::Plan;
use super::{GroupId, ResourceId, RoleId, RuleSet};
use crate::mask::token::TokenMaster;

/// Plans that are kept; beyond, they are compiled anew and forgotten.
const MOST_PLANS: usize = 4096;

/// An immutable rule set with the plans compiled from it so far.
#[derive(Debug)]
pub struct Policy {
    /// Counts up with each rule set that takes effect in this process.
    pub generation: u64,
    /// The rules.
    pub rules: RuleSet,
    tokens: TokenMaster,
    plans: DashMap<PlanKey, Arc<Compiled>>,
}

/// A plan with what was decided to compile it.
#[derive(Debug)]
pub struct Compiled {
    /// The automaton.
    pub plan: Arc<Plan>,
    /// What the caller gets of each entry.
    pub treatments: Treatments,
    /// `sha256:` over route, roles and the outcome of each field.
    pub digest: String,
}

/// All that a plan depends on besides the rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlanKey {
    /// The resource.
    pub resource: ResourceId,
    /// Its group of routes.
    pub group: GroupId,
    /// The route in the group.
    pub route: usize,
    /// The caller's roles, sorted.
    pub roles: Vec<RoleId>,
    /// Whether records must be of the caller's person.
    pub person_check: bool,
    /// How many of the rule set's timed exceptions have ended.
    ended: usize,
}

impl Policy {
    /// A generation of its own.
    pub fn new(generation: u64, rules: RuleSet, tokens: TokenMaster) -> Self {
        Policy {
            generation,
            rules,
            tokens,
            plans: DashMap::new(),
        }
    }

    /// The plan for a route and role set at `now` (seconds since 1970). `None` where the rules do not hold such a
    /// route, or it cannot be compiled; both are refused when rules load.
    pub fn plan(
        &self,
        resource: ResourceId,
        group: GroupId,
        route: usize,
        roles: &[RoleId],
        now: i64,
    ) -> Option<Arc<Compiled>> {
        let ended = |until: Option<i64>| until.is_some_and(|until| until < now);
        let mut roles = roles.to_vec();
        roles.sort_unstable();
        let person_check = roles.iter().any(|role| {
            self.rules
                .roles
                .get(role.0)
                .is_some_and(super::Role::same_as_person)
        });
        let key = PlanKey {
            resource,
            group,
            route,
            roles,
            person_check,
            ended: self
                .rules
                .exceptions
                .iter()
                .filter(|one| ended(one.until))
                .count(),
        };
        if let Some(known) = self.plans.get(&key) {
            return Some(Arc::clone(&known));
        }
        let compiled = Arc::new(self.compile(&key, now)?);
        if self.plans.len() < MOST_PLANS {
            self.plans.insert(key, Arc::clone(&compiled));
        }
        Some(compiled)
    }

    fn compile(&self, key: &PlanKey, now: i64) -> Option<Compiled> {
        let PlanKey {
            resource,
            group,
            route,
            ref roles,
            person_check,
            ..
        } = *key;
        let treatments = treatments(&self.rules, resource, group, roles, now, &self.tokens);
        let plan = Plan::new(
            &self.rules,
            resource,
            group,
            route,
            treatments.clone(),
            person_check,
        )?;
        let digest = self.digest(key, &plan, &treatments)?;
        Some(Compiled {
            plan: Arc::new(plan),
            treatments,
            digest,
        })
    }

    fn digest(&self, key: &PlanKey, plan: &Plan, treatments: &Treatments) -> Option<String> {
        let resource = self.rules.resources.get(key.resource.0)?;
        let group = resource.groups.get(key.group.0)?;
        let route = group.routes.get(key.route)?;
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut add = |text: &str| {
            hash.update(&(text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        for text in [&self.rules.digest, &group.name, &route.text] {
            add(text);
        }
        for role in &key.roles {
            add(&self.rules.roles.get(role.0)?.name);
        }
        for listed in plan.listed() {
            add(&listed.field);
            // The mask with its form; of a token only that it is one, since its key follows from the rules.
            add(&format!("{:?}", listed.treatment));
        }
        for treatment in &treatments.envelope {
            add(&format!("{treatment:?}"));
        }
        add(&format!(
            "{:?} {}",
            treatments.names_shown, key.person_check
        ));
        Some(format!(
            "sha256:{}",
            HEXLOWER.encode(hash.finish().as_ref())
        ))
    }
}

//! One generation of the rules: what every exchange holds from its beginning to its end.
//!
//! Refuses nothing; a generation exists only for a rule set that loaded.

mod files;
mod key;
mod params;
mod sight;
mod write;

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

pub use self::files::FilePass;
use self::key::{Asked, PlanKey, RowId, asked, ends};
pub use self::params::{Opening, ParamUse};
pub use self::sight::Sight;
use self::sight::{least_sights, sight, sights};
pub(in crate::policy) use self::write::formless;
pub use self::write::{FieldRight, Writable, WriteTerms};
use super::candidates::Candidates;
use super::combine::{Standing, Treatment, Weighings, weigh};
use super::condition::{Answers, ConditionId, Question, Truth, Truths};
use super::contract::{ByRole, ContractNames};
use super::plan::Plan;
use super::plan::judge::{Cases, Terms};
use super::{
    AnswerForm, BodyForm, Does, FieldId, Group, GroupId, Resource, ResourceId, Role, RoleId,
    RouteRule, RuleSet, Searched, SendRule,
};
use crate::mask::token::TokenMaster;

/// Plans that are kept; of more, those asked for least are compiled anew.
const MOST_PLANS: usize = 4096;

/// An immutable rule set with the plans compiled from it so far.
#[derive(Debug)]
pub struct Policy {
    /// Counts up with each rule set that takes effect in this process.
    pub generation: u64,
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// `sha256:` and the hash over the rule set's files.
    pub digest: Arc<str>,
    /// Which roles a credential could name.
    pub candidates: Candidates,
    tokens: TokenMaster,
    /// When exceptions and `files` end, in seconds since 1970, sorted.
    ends: Vec<i64>,
    routes: Routes,
    plans: Cache<PlanKey, Arc<Compiled>, UnitWeighter, RandomState>,
    /// By resource: what may leave of an upstream's errors.
    errors: Vec<Option<Arc<Plan>>>,
    /// By row, where there are any: the conditions it depends on.
    asked: HashMap<RowId, Vec<ConditionId>>,
    /// The contracts of each role.
    pub contracts: ByRole,
}

/// A plan with all that is the same for every exchange under it.
#[derive(Debug)]
pub struct Compiled {
    /// The automaton.
    pub plan: Arc<Plan>,
    /// `sha256:` over route, roles and the outcome of each field.
    pub digest: Arc<str>,
    /// Whether any of the roles has a row; without, the plan shows nothing.
    pub has_row: bool,
    /// What a request may write; `None` where the route only reads.
    pub write: Option<Arc<WriteTerms>>,
    /// The names of the roles.
    pub roles: Arc<[String]>,
    /// The contract, where there is one.
    pub contract: Option<ContractNames>,
    /// The route's own names.
    pub route: RouteNames,
    /// The upstream the resource names; `None` where there is exactly one.
    pub upstream: Option<String>,
    /// The resource's parameters, in its order.
    pub params: Vec<ParamUse>,
    /// How the answer's body is written.
    pub answer: AnswerForm,
    /// How the body of a request is written.
    pub body: BodyForm,
    /// What the leaves of a request's body may carry; `None` where the route takes no body.
    pub send: Option<Vec<(SendRule, ParamUse)>>,
    /// Whether names compare with ASCII case folded.
    pub any_case: bool,
    /// By [`FieldId`]: how well its values are seen, in every record alike.
    sights: Vec<Sight>,
    /// The listed fields in the order of their names.
    pub by_name: Vec<FieldId>,
    /// How each record may be treated, where records decide.
    pub cases: Option<Arc<Cases>>,
    /// What may leave of an error of the upstream, where something may.
    pub errors: Option<Arc<Plan>>,
    /// What passes unread.
    pub files: Vec<FilePass>,
    /// What the call answers to the conditions that its roles' rows ask.
    pub answers: Answers,
    /// Set once the access log holds this plan, by whoever saw to that.
    pub recorded: AtomicBool,
}

/// What a route is called.
#[derive(Clone, Debug)]
pub struct RouteNames {
    /// The resource, or `resource/group`.
    pub group: Arc<str>,
    /// The route as the rules write it.
    pub route: Arc<str>,
}

impl Compiled {
    /// Whether whoever has the roles may call the route at all: by a row where it reads, by a right where it writes.
    pub fn admits(&self) -> bool {
        match &self.write {
            None => self.has_row,
            Some(write) => write.open.may,
        }
    }

    /// How well what a search reads is seen: as well as the least of it.
    pub fn sight(&self, searched: &Searched) -> Sight {
        sight(&self.sights, searched)
    }
}

/// By resource, group and route.
type Routes = Vec<Vec<Vec<RouteNames>>>;

/// A route of the rules, by its indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteId {
    /// The resource.
    pub resource: ResourceId,
    /// Its group of routes.
    pub group: GroupId,
    /// The route in the group.
    pub route: usize,
}

/// What the rules say of a route.
struct Place<'a> {
    resource: &'a Resource,
    group: &'a Group,
    route: &'a RouteRule,
}

impl Policy {
    /// A generation of its own.
    pub fn new(generation: u64, rules: impl Into<Arc<RuleSet>>, tokens: TokenMaster) -> Self {
        let rules = rules.into();
        Policy {
            generation,
            digest: rules.digest.as_str().into(),
            candidates: Candidates::new(&rules),
            tokens,
            ends: ends(&rules),
            routes: rules.resources.iter().map(names).collect(),
            errors: errors(&rules),
            asked: asked(&rules),
            contracts: ByRole::new(&rules),
            plans: Cache::with(
                MOST_PLANS,
                MOST_PLANS as u64,
                UnitWeighter,
                RandomState::default(),
                DefaultLifecycle::default(),
            ),
            rules,
        }
    }

    /// What a request of a route does; `None` where the rules do not hold it.
    pub fn does(&self, route: RouteId) -> Option<Does> {
        Some(self.place(route)?.route.does)
    }

    /// What a route is called; `None` where the rules do not hold it.
    pub fn names(&self, route: RouteId) -> Option<&RouteNames> {
        let groups = self.routes.get(route.resource.0)?;
        groups.get(route.group.0)?.get(route.route)
    }

    /// The plan for a route and role set at `now` (seconds since 1970), where the call answers no condition. `None` where
    /// the rules do not hold such a route, or it cannot be compiled; both are refused when rules load.
    pub fn plan(
        &self,
        resource: ResourceId,
        group: GroupId,
        route: usize,
        standing: Standing<'_>,
        now: i64,
    ) -> Option<Arc<Compiled>> {
        let route = RouteId {
            resource,
            group,
            route,
        };
        self.plan_under(route, standing, now, &[])
    }

    /// The same, under what the call answers.
    pub fn plan_under(
        &self,
        route: RouteId,
        standing: Standing<'_>,
        now: i64,
        answers: &[(ConditionId, Truth)],
    ) -> Option<Arc<Compiled>> {
        self.known_plan(route, standing, now, answers)
            .or_else(|| self.compile(route, standing, now, answers))
    }

    /// The same where it was compiled before.
    pub fn known_plan(
        &self,
        route: RouteId,
        standing: Standing<'_>,
        now: i64,
        answers: &[(ConditionId, Truth)],
    ) -> Option<Arc<Compiled>> {
        let ended = self.ended(now);
        let known = |roles: &[RoleId]| {
            self.plans.get(&Asked {
                route,
                ended,
                roles,
                answers,
                contract: standing.contract,
            })
        };
        match standing.roles.is_sorted() {
            true => known(standing.roles),
            false => known(&sorted(standing.roles)),
        }
    }

    /// The conditions that the rows of these roles depend on, those they are made of among them, sorted.
    pub fn asked(
        &self,
        resource: ResourceId,
        group: GroupId,
        standing: Standing<'_>,
    ) -> impl Iterator<Item = (ConditionId, &Question)> {
        let mut asked: Vec<ConditionId> = Vec::new();
        if !self.asked.is_empty() {
            let rows = standing
                .roles
                .iter()
                .filter_map(|role| self.asked.get(&(resource, group, *role)));
            asked.extend(rows.flatten());
            asked.sort_unstable();
            asked.dedup();
        }
        asked
            .into_iter()
            .filter_map(|id| Some((id, &self.rules.conditions.get(id.0)?.asks)))
    }

    /// How many exceptions have ended: all that the time changes about a plan.
    fn ended(&self, now: i64) -> usize {
        self.ends.partition_point(|until| *until < now)
    }

    /// What becomes of everything where conditions are as `truths` says, how it came to be, and the plan that does it: for
    /// those who explain.
    pub fn case(
        &self,
        route: RouteId,
        standing: Standing<'_>,
        now: i64,
        truths: &Truths,
    ) -> Option<(Weighings<'_>, Plan)> {
        let RouteId {
            resource, group, ..
        } = route;
        let held = standing.roles.iter();
        let mut held = held.filter_map(|role| self.rules.roles.get(role.0));
        let terms = Terms {
            rules: Arc::clone(&self.rules),
            tokens: self.tokens.clone(),
            resource,
            group,
            route: route.route,
            roles: sorted(standing.roles),
            contract: standing.contract,
            now,
            answers: Vec::new(),
            person_check: held.any(Role::same_as_person),
        };
        let (_, plan) = terms.plan(truths)?;
        let (rules, tokens) = (&self.rules, &self.tokens);
        let weighings = weigh(rules, resource, group, standing, now, tokens, truths);
        Some((weighings, plan))
    }

    fn compile(
        &self,
        route: RouteId,
        standing: Standing<'_>,
        now: i64,
        answers: &[(ConditionId, Truth)],
    ) -> Option<Arc<Compiled>> {
        let key = PlanKey {
            route,
            ended: self.ended(now),
            roles: sorted(standing.roles),
            contract: standing.contract,
            answers: answers.to_vec(),
        };
        let compiled = Arc::new(self.compiled(&key, now)?);
        self.plans.insert(key, Arc::clone(&compiled));
        Some(compiled)
    }

    fn compiled(&self, key: &PlanKey, now: i64) -> Option<Compiled> {
        let (
            RouteId {
                resource, group, ..
            },
            roles,
        ) = (key.route, &key.roles);
        let place = self.place(key.route)?;
        let held = || roles.iter().map(|role| self.rules.roles.get(role.0));
        let person_check = held().flatten().any(Role::same_as_person);
        let standing = Standing {
            roles,
            contract: key.contract,
        };
        let terms = Terms {
            rules: Arc::clone(&self.rules),
            tokens: self.tokens.clone(),
            resource,
            group,
            route: key.route.route,
            roles: roles.clone(),
            contract: key.contract,
            now,
            answers: key.answers.clone(),
            person_check,
        };
        let (treatments, plan) = terms.base()?;
        // Where records decide, the plan above is not all: what has ended may be open to another role under a condition.
        let ended = match (self.rules.conditions.is_empty(), key.ended) {
            (true, _) | (_, 0) => String::new(),
            (false, ended) => format!(" {ended}"),
        };
        let (envelope, shown) = (treatments.envelope, &treatments.names_shown);
        let names_shown = format!("{shown:?} {person_check} {:?}{ended}", key.answers);
        let names: Option<Vec<String>> = held().map(|role| Some(role?.name.clone())).collect();
        let names = names?;
        let mut by_name: Vec<FieldId> = (0..plan.listed().len()).map(FieldId).collect();
        by_name.sort_by_key(|field| plan.listed().get(field.0).map(|listed| &listed.field));
        let cases = Cases::new(terms.clone());
        let worlds = terms.worlds(plan.is_single());
        let sights = match &cases {
            // Every record is treated alike.
            None => sights(place.resource, &plan, &treatments.names_shown),
            Some(_) => least_sights(place.resource, &terms, &worlds)?,
        };
        let write = match place.route.writes() {
            false => None,
            true => {
                let of = (place.resource, place.route);
                Some(Arc::new(WriteTerms::new(&terms, of, &sights)?))
            }
        };
        let uses = params::Uses {
            terms: &terms,
            worlds: &worlds,
            sights: &sights,
            place: &place,
            write: write.as_deref(),
        };
        let params = place
            .resource
            .params
            .iter()
            .map(|one| uses.of(one))
            .collect();
        let send = place.route.send.as_ref().map(|rules| {
            let rules = rules
                .iter()
                .map(|rule| (rule.clone(), uses.of(&rule.param)));
            rules.collect()
        });
        let contract = key.contract.and_then(|id| self.contracts.names(id));
        let has_row = self.rules.has_row(resource, group, standing);
        Some(Compiled {
            has_row,
            // Who may not read a record may not read why there is none.
            errors: self
                .errors
                .get(resource.0)
                .cloned()
                .flatten()
                .filter(|_| has_row),
            write,
            digest: self.plan_digest((&place, &names, contract), &plan, &envelope, &names_shown),
            contract: contract.cloned(),
            params,
            body: place.route.body,
            send,
            answer: place.route.answer.clone(),
            any_case: place.resource.any_case,
            files: files::passes(&terms, &place),
            sights,
            roles: names.into(),
            route: self.names(key.route)?.clone(),
            upstream: place.resource.upstream.clone(),
            by_name,
            recorded: AtomicBool::new(false),
            plan: Arc::new(plan),
            cases: cases.map(Arc::new),
            answers: key.answers.clone(),
        })
    }

    fn place(&self, route: RouteId) -> Option<Place<'_>> {
        let resource = self.rules.resources.get(route.resource.0)?;
        let group = resource.groups.get(route.group.0)?;
        let route = group.routes.get(route.route)?;
        Some(Place {
            resource,
            group,
            route,
        })
    }

    fn plan_digest(
        &self,
        (place, roles, contract): (&Place<'_>, &[String], Option<&ContractNames>),
        plan: &Plan,
        envelope: &[Treatment],
        names_shown: &str,
    ) -> Arc<str> {
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut add = |text: &str| {
            hash.update(&(text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        for text in [&self.rules.digest, &place.group.name, &place.route.text] {
            add(text);
        }
        for role in roles {
            add(role);
        }
        if let Some(contract) = contract {
            for text in ["contract", &contract.name, &contract.purpose] {
                add(text);
            }
        }
        for listed in plan.listed() {
            add(&listed.field);
            // The mask with its form; of a token only that it is one, since its key follows from the rules.
            add(&format!("{:?}", listed.treatment));
        }
        for treatment in envelope {
            add(&format!("{treatment:?}"));
        }
        add(names_shown);
        format!("sha256:{}", HEXLOWER.encode(hash.finish().as_ref())).into()
    }
}

fn names(resource: &Resource) -> Vec<Vec<RouteNames>> {
    let of_group = |group: &Group| {
        let name: Arc<str> = group.name.as_str().into();
        let routes = group.routes.iter().map(|route| RouteNames {
            group: Arc::clone(&name),
            route: route.text.as_str().into(),
        });
        routes.collect()
    };
    resource.groups.iter().map(of_group).collect()
}

fn errors(rules: &RuleSet) -> Vec<Option<Arc<Plan>>> {
    let resources = rules.resources.iter();
    resources
        .map(|resource| Plan::of_errors(resource).map(Arc::new))
        .collect()
}

fn sorted(roles: &[RoleId]) -> Vec<RoleId> {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles
}

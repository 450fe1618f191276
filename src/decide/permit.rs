//! The proof that a decision was made, and all it obliges to.

use std::sync::Arc;

use crate::policy::plan::Plan;
use crate::policy::store::{Compiled, Policy};
use crate::policy::{ParamName, RoleId};
use crate::route::Match;

/// Proof that a caller may have what a route names, under the obligations of a plan. Only `decide` makes one.
#[derive(Clone, Debug)]
pub struct Permit {
    compiled: Arc<Compiled>,
    roles: Vec<String>,
    group: String,
    route: String,
    upstream: Option<String>,
    target: String,
    path_person: Option<String>,
    mapped: Vec<Mapped>,
}

/// A parameter that names data.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// Where it stood and what it was called.
    pub name: ParamName,
    /// The fields it searches.
    pub fields: Vec<String>,
    /// Its decoded value: for hashing, never for a log.
    pub value: String,
}

impl Permit {
    pub(super) fn new(
        policy: &Policy,
        compiled: Arc<Compiled>,
        roles: &[RoleId],
        matched: &Match,
        mapped: Vec<Mapped>,
    ) -> Option<Self> {
        let resource = policy.rules.resources.get(matched.resource.0)?;
        let group = resource.groups.get(matched.group.0)?;
        let name = |role: &RoleId| policy.rules.roles.get(role.0).map(|role| role.name.clone());
        let person = resource.person_param();
        let path_person = mapped
            .iter()
            .find(|mapped| Some(&mapped.name) == person.as_ref())
            .map(|one| one.value.clone());
        Some(Permit {
            compiled,
            roles: roles.iter().filter_map(name).collect(),
            group: group.name.clone(),
            route: group.routes.get(matched.route)?.text.clone(),
            upstream: resource.upstream.clone(),
            target: matched.target.clone(),
            path_person,
            mapped,
        })
    }

    /// What is done to the answer.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.compiled.plan
    }

    /// The digest of the plan, as its audit record names it.
    pub fn plan_digest(&self) -> &str {
        &self.compiled.digest
    }

    /// The names of the caller's roles here.
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// The resource, or `resource/group`.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The route as the rules write it.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// The upstream the resource names; `None` where there is exactly one.
    pub fn upstream(&self) -> Option<&str> {
        self.upstream.as_deref()
    }

    /// Exactly what the upstream receives: the target that was matched.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The person the path names.
    pub fn path_person(&self) -> Option<&str> {
        self.path_person.as_deref()
    }

    /// The person every record must be of.
    pub fn checked_person(&self) -> Option<&str> {
        self.path_person().filter(|_| self.plan().person_check())
    }

    /// The parameters that name data.
    pub fn mapped(&self) -> &[Mapped] {
        &self.mapped
    }
}

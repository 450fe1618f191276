//! What requests that write may change: rights by class, and what a resource says of their bodies.
//!
//! Refuses nothing; a class no right names is not written, and a role without a right writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cell, ClassId, Field, GroupId, ResourceId, RoleId, RouteRule, RuleSet};
use crate::policy::combine::Standing;
use crate::policy::{ConditionId, ContractId, Place};

/// What a request does with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Does {
    /// It changes nothing.
    Read,
    /// A new record.
    Create,
    /// A record that is there.
    Update,
    /// A record that is there is gone afterwards.
    Delete,
}

impl Does {
    /// What a method does where a route does not say otherwise.
    pub fn by(method: &http::Method) -> Does {
        match method.as_str() {
            "POST" => Does::Create,
            "PUT" | "PATCH" => Does::Update,
            "DELETE" => Does::Delete,
            _ => Does::Read,
        }
    }

    /// As rules name it.
    pub fn word(self) -> &'static str {
        match self {
            Does::Read => "read",
            Does::Create => "create",
            Does::Update => "update",
            Does::Delete => "delete",
        }
    }
}

/// How a request's body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BodyForm {
    /// JSON.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// What happens to a body with leaves the caller may not write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnForbidden {
    /// The request is refused (`field-not-writable`).
    #[default]
    Refuse,
    /// They are left out, but never of a PUT or a JSON Patch.
    Strip,
}

/// What happens to a PUT, which erases what it does not carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnPut {
    /// It is refused (`put-would-erase`).
    #[default]
    Refuse,
    /// The catalogue lists the whole record: whoever sees and writes all of it may.
    Complete,
    /// What the caller cannot see or write is put back from the stored record.
    MergeHidden,
}

/// What happens to a masked value that comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnMasked {
    /// The request is refused (`masked-value-written-back`).
    #[default]
    Refuse,
    /// The stored value stays.
    Keep,
}

/// What a resource says of requests that write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Writing {
    /// `on_forbidden`.
    pub on_forbidden: OnForbidden,
    /// `on_put`.
    pub on_put: OnPut,
    /// `on_masked`.
    pub on_masked: OnMasked,
}

/// What a role may do with the records of a group of routes besides reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// The classes it may give a value in a new record.
    pub create: BTreeSet<ClassId>,
    /// The classes it may change.
    pub update: BTreeSet<ClassId>,
    /// Whether it may delete records.
    pub delete: bool,
    /// The rights count for a record where all of these hold: the gate of the role's row, where it has one, and of those
    /// it inherited rights from; else that of the resource and the group.
    pub only: Vec<ConditionId>,
    /// Where each right was written.
    pub places: BTreeMap<(Does, Option<ClassId>), Place>,
}

impl Rights {
    /// The classes a request may give values that does this; none where it deletes.
    pub fn classes(&self, does: Does) -> impl Iterator<Item = ClassId> + '_ {
        let classes = match does {
            Does::Create => Some(&self.create),
            Does::Update => Some(&self.update),
            Does::Read | Does::Delete => None,
        };
        classes.into_iter().flatten().copied()
    }

    /// Whether they allow anything of the kind.
    pub fn allow(&self, does: Does) -> bool {
        match does {
            Does::Read => false,
            Does::Delete => self.delete,
            Does::Create | Does::Update => self.classes(does).next().is_some(),
        }
    }
}

/// Rights by resource, group and role.
pub type AllRights = BTreeMap<(ResourceId, GroupId, RoleId), Rights>;

impl RuleSet {
    /// Whether whoever stands so may do that on the routes of a group: one of the roles has the right, and the contract,
    /// if there is one, names the group.
    pub fn has_right(
        &self,
        (resource, group): (ResourceId, GroupId),
        does: Does,
        standing: Standing<'_>,
    ) -> bool {
        if does == Does::Read {
            return self.has_row(resource, group, standing);
        }
        let mut roles = standing.roles.iter();
        roles.any(|role| self.right_of((resource, group), *role, does, standing.contract))
    }

    fn right_of(
        &self,
        (resource, group): (ResourceId, GroupId),
        role: RoleId,
        does: Does,
        contract: Option<ContractId>,
    ) -> bool {
        let Some(rights) = self.rights.get(&(resource, group, role)) else {
            return false;
        };
        match does {
            Does::Read => false,
            Does::Delete => rights.delete && self.names_group(contract, (resource, group)),
            Does::Create | Does::Update => {
                let mut classes = rights.classes(does);
                classes.any(|class| self.names_class(contract, (resource, group), class))
            }
        }
    }

    /// Whether a role may write a field's values with a request that does this, whatever the record.
    pub fn may_write(
        &self,
        (resource, group): (ResourceId, GroupId),
        role: RoleId,
        does: Does,
        contract: Option<ContractId>,
        field: &Field,
    ) -> bool {
        // Whoever could change what decides could decide who sees it. Where writers are named, they are all.
        let is_writer = match &field.written_by {
            Some(writers) => writers.contains(&role),
            None => !field.decides,
        };
        let class = field.class.filter(|_| !field.write_never);
        class.is_some_and(|class| {
            is_writer && self.may_write_class((resource, group), role, does, contract, class)
        })
    }

    /// The same of member names that are data.
    pub fn may_write_names(
        &self,
        place: (ResourceId, GroupId),
        role: RoleId,
        does: Does,
        contract: Option<ContractId>,
        field: &Field,
    ) -> bool {
        field.names.is_none_or(|class| {
            !field.write_never && self.may_write_class(place, role, does, contract, class)
        })
    }

    fn may_write_class(
        &self,
        (resource, group): (ResourceId, GroupId),
        role: RoleId,
        does: Does,
        contract: Option<ContractId>,
        class: ClassId,
    ) -> bool {
        let rights = self.rights.get(&(resource, group, role));
        let named = rights.is_some_and(|rights| rights.classes(does).any(|one| one == class));
        named && self.names_class(contract, (resource, group), class)
    }

    /// What a contract's annex does not name, nobody writes under it.
    fn names_class(
        &self,
        contract: Option<ContractId>,
        place: (ResourceId, GroupId),
        class: ClassId,
    ) -> bool {
        let Some(id) = contract else { return true };
        let items = self
            .contracts
            .get(id.0)
            .and_then(|one| one.items.get(&place));
        let cell = items.and_then(|row| row.cells.get(class.0));
        cell.is_some_and(|cell| cell.cells().all(|one| *one != Cell::Strip))
    }

    fn names_group(&self, contract: Option<ContractId>, place: (ResourceId, GroupId)) -> bool {
        contract.is_none_or(|id| {
            let contract = self.contracts.get(id.0);
            contract.is_some_and(|one| one.items.contains_key(&place))
        })
    }
}

impl RouteRule {
    /// Whether a request changes something.
    pub fn writes(&self) -> bool {
        self.does != Does::Read
    }
}

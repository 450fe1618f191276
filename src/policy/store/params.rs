//! What the parameters of a route mean to the callers of a plan.
//!
//! Refuses nothing; whether a request's own parameters fit is asked when it comes.

use std::sync::Arc;

use super::{Place, Sight, WriteTerms, sight};
use crate::policy::condition::Truths;
use crate::policy::plan::judge::Terms;
use crate::policy::{Find, Param, ParamName, ParamRule, RoleId};

/// What a parameter means to the callers of a plan.
#[derive(Clone, Debug)]
pub struct ParamUse {
    /// As records name it: `page`, `path.id`.
    pub text: Arc<str>,
    /// Whether requests of this route may carry it.
    pub here: bool,
    /// Whether they may name data with it.
    pub open: Opening,
    /// Whether it names the person.
    pub person: bool,
}

/// Whether the callers of a plan may search with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// They see all that it searches, or it searches nothing.
    Open,
    /// By one exact value: what it searches is masked for them, and `find` says that they may.
    Find,
    /// No.
    Closed,
    /// No: the route writes, and they may not write what it names.
    Unwritable,
}

/// All that decides it.
pub(super) struct Uses<'a> {
    pub terms: &'a Terms,
    pub worlds: &'a [Truths],
    pub sights: &'a [Sight],
    pub place: &'a Place<'a>,
    pub write: Option<&'a WriteTerms>,
}

impl Uses<'_> {
    pub(super) fn of(&self, param: &Param) -> ParamUse {
        let person = self.place.resource.person_param().as_ref() == Some(&param.name);
        let own = person && self.terms.person_check;
        ParamUse {
            text: param.name.to_string().into(),
            here: param.is_for(self.place.route),
            open: match self.write {
                // The caller's own person is theirs to name, whatever they see of it.
                _ if own => Opening::Open,
                None => self.opening(param),
                Some(write) => self.written(param, person, write),
            },
            person,
        }
    }

    fn opening(&self, param: &Param) -> Opening {
        match &param.rule {
            ParamRule::Fields(searched) => match sight(self.sights, searched) {
                Sight::Clear => Opening::Open,
                Sight::Veiled if self.may_find(&param.name) => Opening::Find,
                Sight::Veiled | Sight::Hidden => Opening::Closed,
            },
            // Of names each is asked for itself.
            ParamRule::Names(_) => Opening::Open,
            ParamRule::Whole { .. } | ParamRule::OneOf(_) | ParamRule::Free => Opening::Open,
        }
    }

    /// On a route that writes a parameter is written too. One of the path may also say which record is meant: the person, or
    /// what the caller sees anyway, so that nobody learns a hidden value by trying which of them leads to a record.
    fn written(&self, param: &Param, person: bool, write: &WriteTerms) -> Opening {
        if person {
            return Opening::Open;
        }
        let seen = match param.name {
            ParamName::Path(_) => self.opening(param),
            ParamName::Query(_) | ParamName::Body(_) => Opening::Closed,
        };
        let may = match &param.rule {
            ParamRule::Fields(searched) => write.surely(&searched.read),
            ParamRule::Names(names) => names.values().all(|one| write.surely(&one.read)),
            ParamRule::Whole { .. } | ParamRule::OneOf(_) | ParamRule::Free => true,
        };
        match (may, seen) {
            (true, _) => Opening::Open,
            (false, Opening::Open | Opening::Find) => seen,
            (false, Opening::Closed | Opening::Unwritable) => Opening::Unwritable,
        }
    }

    /// The right counts where its role's row does, in whatever record.
    fn may_find(&self, name: &ParamName) -> bool {
        let finds = |role: RoleId| {
            self.terms.rules.finds.contains(&Find {
                resource: self.terms.resource,
                group: self.terms.group,
                role,
                param: name.clone(),
            })
        };
        self.worlds.iter().all(|world| {
            let mut rows = self.terms.gates();
            rows.any(|(role, gate)| world.may_count(role, gate) && finds(role))
        })
    }
}

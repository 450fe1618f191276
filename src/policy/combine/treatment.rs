//! One outcome with its key or mask, and which of several is the more open or the more closed.
//!
//! Refuses nothing: where different masks or keys tie, `"***"` is left.

use std::sync::Arc;

use crate::mask::Mask;
use crate::mask::token::TokenKey;
use crate::model::Openness;
use crate::policy::rules::{ContractId, RoleId};

/// What happens to a value: an outcome with its key or mask.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Treatment {
    /// The bytes as they came.
    Show,
    /// A pseudonym under this key.
    Token(Arc<TokenKey>),
    /// This mask's replacement.
    Mask(Arc<Mask>),
    /// JSON null.
    Blank,
    /// Gone.
    Strip,
}

impl Treatment {
    /// `"***"`, what two different masks or two different keys end in.
    pub fn fixed() -> Treatment {
        Treatment::Mask(Arc::new(Mask::fixed()))
    }

    /// The outcome without its key or mask.
    pub fn openness(&self) -> Openness {
        match self {
            Treatment::Show => Openness::Show,
            Treatment::Token(_) => Openness::Token,
            Treatment::Mask(_) => Openness::Mask,
            Treatment::Blank => Openness::Blank,
            Treatment::Strip => Openness::Strip,
        }
    }

    /// The more closed of two.
    #[must_use]
    pub fn closer(self, other: Treatment) -> Treatment {
        Treatment::closest(&[self, other])
    }

    /// The most closed of several, strip of none. Where more than two meet this must be asked of all at
    /// once: two keys that tie end below a token, which a third treatment would be compared with.
    #[must_use]
    pub fn closest(several: &[Treatment]) -> Treatment {
        let openness = several.iter().map(Treatment::openness).min();
        Treatment::agreed(several, openness)
    }

    /// What is left of two outcomes where nobody can tell which counts: the more closed. Neither of two masks is that,
    /// nor a token or a mask, so those leave `"***"`.
    #[must_use]
    pub(super) fn in_doubt(self, other: Treatment) -> Treatment {
        let veils = |one: &Treatment| matches!(one, Treatment::Token(_) | Treatment::Mask(_));
        if veils(&self) && veils(&other) && self != other {
            return Treatment::fixed();
        }
        self.closer(other)
    }

    /// The most open of several, strip of none.
    pub(super) fn most_open(several: &[Treatment]) -> Treatment {
        let openness = several.iter().map(Treatment::openness).max();
        Treatment::agreed(several, openness)
    }

    /// What all of that openness agree on, else `"***"`.
    fn agreed(several: &[Treatment], openness: Option<Openness>) -> Treatment {
        let mut tied = several.iter().filter(|t| Some(t.openness()) == openness);
        match tied.next() {
            None => Treatment::Strip,
            Some(first) if tied.all(|other| other == first) => first.clone(),
            Some(_) => Treatment::fixed(),
        }
    }
}

/// As whom a caller is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The roles held.
    pub roles: &'a [RoleId],
    /// The contract the exchange runs under.
    pub contract: Option<ContractId>,
}

impl<'a> From<&'a [RoleId]> for Standing<'a> {
    /// Without a contract.
    fn from(roles: &'a [RoleId]) -> Standing<'a> {
        Standing {
            roles,
            contract: None,
        }
    }
}

/// What happens to everything a resource lists, for one caller and one group of routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatments {
    /// By [`FieldId`]; strip where an entry has no class.
    pub fields: Vec<Treatment>,
    /// By [`FieldId`]: whether the member names an entry gives a class (`names:`) are shown.
    pub names_shown: Vec<bool>,
    /// By the index of the envelope's entries. They list no masks, so a mask there is `"***"`.
    pub envelope: Vec<Treatment>,
}

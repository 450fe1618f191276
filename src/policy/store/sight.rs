//! How well callers see what they search by.
//!
//! Refuses nothing; what is not seen alike in every record is not seen.

use crate::policy::combine::Treatment;
use crate::policy::condition::Truths;
use crate::policy::plan::Plan;
use crate::policy::plan::judge::Terms;
use crate::policy::{FieldId, Resource, Searched};

/// How well the values of some fields are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Not at all, or not in every record.
    Hidden,
    /// Masked, or as tokens.
    Veiled,
    /// As they came.
    Clear,
}

impl Sight {
    fn of(treatment: &Treatment, names_shown: bool) -> Sight {
        match treatment {
            Treatment::Show if names_shown => Sight::Clear,
            Treatment::Show | Treatment::Blank | Treatment::Strip => Sight::Hidden,
            Treatment::Token(_) | Treatment::Mask(_) => Sight::Veiled,
        }
    }
}

pub(super) fn sight(sights: &[Sight], searched: &Searched) -> Sight {
    let seen = |field: &FieldId| sights.get(field.0).copied().unwrap_or(Sight::Hidden);
    let least = searched.read.iter().map(seen).min();
    least.unwrap_or(Sight::Hidden)
}

/// How well each field is seen in every record alike, each of `worlds`.
pub(super) fn least_sights(
    resource: &Resource,
    terms: &Terms,
    worlds: &[Truths],
) -> Option<Vec<Sight>> {
    let mut least: Option<Vec<Sight>> = None;
    for world in worlds {
        let (treatments, plan) = terms.plan(world)?;
        let seen = sights(resource, &plan, &treatments.names_shown);
        least = Some(match least {
            None => seen,
            Some(least) => least.into_iter().zip(seen).map(|(a, b)| a.min(b)).collect(),
        });
    }
    least
}

/// How well each field is seen under one plan.
pub(super) fn sights(resource: &Resource, plan: &Plan, names_shown: &[bool]) -> Vec<Sight> {
    let listed = resource.fields.iter().zip(plan.listed());
    let sights = listed.zip(names_shown).map(|((field, listed), shown)| {
        let names = field.names.is_none() || *shown;
        match field.class {
            Some(_) => Sight::of(&listed.treatment, names),
            // It says of names only.
            None if names => Sight::Clear,
            None => Sight::Hidden,
        }
    });
    sights.collect()
}

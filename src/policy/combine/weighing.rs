//! How an outcome came to be: what each role gives, and what binds the most open of it.
//!
//! Decides nothing: it is what the merge keeps of its own steps for those who ask.

use super::Treatment;
use crate::policy::contract::Contract;
use crate::policy::rules::{Ceiling, Exception, RoleId, Row};

/// The steps to one outcome.
#[derive(Clone, Debug)]
pub struct Weighing<'a> {
    /// What each of the caller's roles with a row here gives, in the order of the roles; nothing where no class is asked for.
    pub given: Vec<Given<'a>>,
    /// The most open of it.
    pub merged: Treatment,
    /// The ceilings that bind, whether they change something or not.
    pub bounds: Vec<Binding<'a>>,
    /// The contract the caller runs under.
    pub within: Option<Within<'a>>,
    /// `strip_as: blank` made null of what would go.
    pub blanked: bool,
    /// What comes out.
    pub outcome: Treatment,
}

/// What one role gives.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// The role.
    pub role: RoleId,
    /// The exceptions that speak for it; of them and the cell, the most closed counts.
    pub exceptions: Vec<&'a Exception>,
    /// Whether its cell speaks too.
    pub cell: bool,
    /// What it comes to.
    pub treatment: Treatment,
    /// None of the caller's roles gives more.
    pub wins: bool,
}

/// A ceiling that binds.
#[derive(Clone, Debug)]
pub struct Binding<'a> {
    /// The ceiling.
    pub ceiling: &'a Ceiling,
    /// It allows less than what the roles give, or something else.
    pub lowers: bool,
}

/// A contract, whose annex binds after all else.
#[derive(Clone, Debug)]
pub struct Within<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// What its annex says of the group.
    pub items: Option<&'a Row>,
    /// It allows less than what is left, or something else.
    pub lowers: bool,
}

/// The steps for everything a resource lists.
#[derive(Clone, Debug, Default)]
pub struct Weighings<'a> {
    /// By [`FieldId`](crate::policy::rules::FieldId).
    pub fields: Vec<Weighing<'a>>,
    /// The same for the member names an entry gives a class.
    pub names: Vec<Weighing<'a>>,
    /// By the index of the envelope's entries.
    pub envelope: Vec<Weighing<'a>>,
}

impl<'a> Weighing<'a> {
    /// An outcome that no cell is asked for.
    pub(super) fn settled(outcome: Treatment) -> Weighing<'a> {
        Weighing {
            given: Vec::new(),
            merged: outcome.clone(),
            bounds: Vec::new(),
            within: None,
            blanked: false,
            outcome,
        }
    }
}

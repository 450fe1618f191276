//! Which contract an exchange runs under: of those of the caller's role, the one whose purpose is declared.
//!
//! Refuses, in this order, a contract that is suspended, not begun or ended, a network it does not name, and a purpose that
//! is not its own; then a role that needs a contract and has none. Nothing here is remembered: days begin and end on their
//! second.

use http::{HeaderMap, HeaderName};

use super::Context;
use crate::model::Reason;
use crate::policy::store::Policy;
use crate::policy::{Contract, ContractId, Declare, RoleId};

/// The header in which a caller declares what the data is for.
const PURPOSE: HeaderName = HeaderName::from_static("fieldgate-purpose");

/// From the first to the last.
const ORDER: [Reason; 5] = [
    Reason::ContractSuspended,
    Reason::ContractNotStarted,
    Reason::ContractExpired,
    Reason::WrongNetwork,
    Reason::WrongPurpose,
];

/// Why there is no permit, and what was known of the contract by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The reason.
    pub reason: Reason,
    /// The contract that was judged, where it is clear which.
    pub contract: Option<ContractId>,
    /// Whether its purpose was declared.
    pub declared: bool,
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Refused {
        Refused {
            reason,
            contract: None,
            declared: false,
        }
    }
}

/// A contract role is never merged: who holds one holds no other.
///
/// # Errors
///
/// All roles of one who would hold two contract roles: under which contract they call cannot be told.
pub fn alone(policy: &Policy, roles: Vec<RoleId>) -> Result<Vec<RoleId>, Vec<RoleId>> {
    let of_contract = |role: &RoleId| is_contract(policy, *role);
    let mut partners = roles.iter().copied().filter(of_contract);
    match (partners.next(), partners.next()) {
        (None, _) => Ok(roles),
        (Some(partner), None) => Ok(vec![partner]),
        (Some(_), Some(_)) => Err(roles),
    }
}

fn is_contract(policy: &Policy, role: RoleId) -> bool {
    let role = policy.rules.roles.get(role.0);
    role.is_some_and(|role| role.contract)
}

/// The contract in force; `None` for roles that need none. `roles` are as [`alone`] left them.
///
/// # Errors
///
/// Why there is none.
pub fn in_force(
    policy: &Policy,
    roles: &[RoleId],
    context: Context<'_>,
) -> Result<Option<ContractId>, Refused> {
    let Some(partner) = roles.iter().find(|role| is_contract(policy, **role)) else {
        return Ok(None);
    };
    let declared = Declared::read(context.headers);
    let mut candidates: Vec<(ContractId, &Contract)> = of_role(policy, *partner);
    keep(&mut candidates, |one| declared.is(one));
    let named = candidates.iter().all(|(_, one)| declared.is(one));
    // Of several for one purpose, as where one goes on with another, that of the day.
    keep(&mut candidates, |one| {
        (one.term.from..=one.term.until).contains(&context.now)
    });
    let judged = |(id, one): &(ContractId, &Contract)| (*id, judge(one, declared, context));
    let verdicts: Vec<(ContractId, Option<Reason>)> = candidates.iter().map(judged).collect();
    if let Some((id, None)) = verdicts.iter().find(|(_, reason)| reason.is_none()) {
        return Ok(Some(*id));
    }
    // The one that came farthest says what is wrong.
    let place = |reason: &Option<Reason>| ORDER.iter().position(|one| Some(*one) == *reason);
    let farthest = verdicts.iter().map(|(_, reason)| place(reason)).max();
    let mut those = verdicts
        .iter()
        .filter(|(_, reason)| Some(place(reason)) == farthest);
    let Some((id, Some(reason))) = those.next() else {
        return Err(Reason::NoContract.into());
    };
    Err(Refused {
        reason: *reason,
        contract: Some(*id).filter(|_| those.next().is_none()),
        declared: named,
    })
}

fn of_role(policy: &Policy, role: RoleId) -> Vec<(ContractId, &Contract)> {
    let contracts = &policy.rules.contracts;
    let ids = policy.contracts.of(role).iter();
    ids.filter_map(|id| Some((*id, contracts.get(id.0)?)))
        .collect()
}

/// Keeps those of which something is true, where it is true of any.
fn keep(candidates: &mut Vec<(ContractId, &Contract)>, wanted: impl Fn(&Contract) -> bool) {
    if candidates.iter().any(|(_, one)| wanted(one)) {
        candidates.retain(|(_, one)| wanted(one));
    }
}

/// What is wrong with a contract, here and now.
fn judge(contract: &Contract, declared: Declared<'_>, context: Context<'_>) -> Option<Reason> {
    let peer = context.peer.to_canonical();
    let at_home = contract.networks.is_empty()
        || contract
            .networks
            .iter()
            .any(|network| network.contains(peer));
    let holds = [
        contract.suspended.is_none(),
        contract.term.from <= context.now,
        context.now <= contract.term.until,
        at_home,
        declared.is(contract),
    ];
    let wrong = ORDER.into_iter().zip(holds).find(|(_, holds)| !holds);
    wrong.map(|(reason, _)| reason)
}

/// The purpose a caller declares.
#[derive(Clone, Copy, Debug)]
enum Declared<'a> {
    Nothing,
    One(&'a [u8]),
    /// Two readers could choose differently.
    Several,
}

impl<'a> Declared<'a> {
    fn read(headers: &'a HeaderMap) -> Declared<'a> {
        let mut values = headers.get_all(PURPOSE).iter();
        match (values.next(), values.next()) {
            (None, _) => Declared::Nothing,
            (Some(one), None) => Declared::One(one.as_bytes()),
            (Some(_), Some(_)) => Declared::Several,
        }
    }

    /// Whether that is the contract's purpose. One that is fixed needs no word, but no other word either.
    fn is(self, contract: &Contract) -> bool {
        match self {
            Declared::Nothing => contract.declare == Declare::Fixed,
            Declared::One(word) => word == contract.purpose.as_bytes(),
            Declared::Several => false,
        }
    }
}

//! Three values instead of two, and what follows from them.
//!
//! `not` of what is unknown is unknown; so is what depends on it. A condition nobody answered is unknown.

use super::{Condition, ConditionId, Question};
use crate::policy::RoleId;

/// What is known of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Truth {
    /// It does not hold.
    False,
    /// It cannot be told.
    Unknown,
    /// It holds.
    True,
}

impl Truth {
    /// From the least to the most.
    pub const ALL: [Truth; 3] = [Truth::False, Truth::Unknown, Truth::True];

    /// The opposite; of what is unknown, unknown.
    #[must_use]
    pub fn opposite(self) -> Truth {
        match self {
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
            Truth::True => Truth::False,
        }
    }

    /// Whether all of these hold.
    pub fn all(several: impl Iterator<Item = Truth>) -> Truth {
        several.min().unwrap_or(Truth::True)
    }

    /// Whether one of these holds.
    pub fn any(several: impl Iterator<Item = Truth>) -> Truth {
        several.max().unwrap_or(Truth::False)
    }

    fn bit(self) -> u8 {
        match self {
            Truth::False => 1,
            Truth::Unknown => 2,
            Truth::True => 4,
        }
    }
}

impl From<bool> for Truth {
    fn from(known: bool) -> Truth {
        if known { Truth::True } else { Truth::False }
    }
}

/// What a condition may turn out to be: one thing where it is settled, several where a record decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Possible(u8);

impl Possible {
    /// Anything.
    pub const ANYTHING: Possible = Possible(7);

    /// This and nothing else.
    pub fn only(truth: Truth) -> Possible {
        Possible(truth.bit())
    }

    /// Whether it may be this.
    pub fn may_be(self, truth: Truth) -> bool {
        self.0 & truth.bit() != 0
    }

    /// Whether there is but one.
    pub fn is_settled(self) -> bool {
        self.0.count_ones() == 1
    }

    /// Everything it may be.
    pub fn each(self) -> impl Iterator<Item = Truth> {
        Truth::ALL
            .into_iter()
            .filter(move |truth| self.may_be(*truth))
    }

    fn map(self, of: impl Fn(Truth) -> Truth) -> Possible {
        Possible(self.each().fold(0, |bits, truth| bits | of(truth).bit()))
    }

    fn with(self, other: Possible, of: impl Fn(Truth, Truth) -> Truth) -> Possible {
        let pairs = self
            .each()
            .flat_map(|one| other.each().map(move |two| (one, two)));
        Possible(pairs.fold(0, |bits, (one, two)| bits | of(one, two).bit()))
    }
}

/// What every condition of a rule set may turn out to be.
#[derive(Clone, Debug, Default)]
pub struct Truths {
    by_condition: Vec<Possible>,
    rows: Rows,
}

/// Which rows count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rows {
    /// Those whose gate may let a record through.
    #[default]
    Gated,
    /// All of them.
    All,
    /// This role's.
    Only(RoleId),
}

impl Truths {
    /// Works out all conditions from what is known of those that are not made of others.
    pub fn settle(
        conditions: &[Condition],
        known: impl Fn(ConditionId, &Question) -> Possible,
    ) -> Truths {
        let mut settled = vec![None; conditions.len()];
        for index in 0..conditions.len() {
            settle(conditions, ConditionId(index), &known, &mut settled);
        }
        let unknown = Possible::only(Truth::Unknown);
        Truths {
            by_condition: settled
                .into_iter()
                .map(|one| one.unwrap_or(unknown))
                .collect(),
            rows: Rows::Gated,
        }
    }

    /// The same, with every gate open.
    #[must_use]
    pub fn without_gates(self) -> Truths {
        Truths {
            rows: Rows::All,
            ..self
        }
    }

    /// The same, with one row alone that counts.
    #[must_use]
    pub fn with_row_of(self, role: RoleId) -> Truths {
        Truths {
            rows: Rows::Only(role),
            ..self
        }
    }

    /// Says what a condition has turned out to be; those made of it are left as they are.
    pub fn set(&mut self, id: ConditionId, truth: Truth) {
        if let Some(place) = self.by_condition.get_mut(id.0) {
            *place = Possible::only(truth);
        }
    }

    /// What a condition may turn out to be.
    pub fn of(&self, id: ConditionId) -> Possible {
        let known = self.by_condition.get(id.0).copied();
        known.unwrap_or(Possible::only(Truth::Unknown))
    }

    /// Whether a role's row may count: its gate may let a record through, all of its conditions holding.
    pub fn may_count(&self, role: RoleId, gate: &[ConditionId]) -> bool {
        match self.rows {
            Rows::Gated => gate.iter().all(|id| self.of(*id).may_be(Truth::True)),
            Rows::All => true,
            Rows::Only(one) => one == role,
        }
    }
}

/// Conditions are made of others without circles, so this ends; a circle that got here would be unknown.
fn settle(
    conditions: &[Condition],
    id: ConditionId,
    known: &impl Fn(ConditionId, &Question) -> Possible,
    settled: &mut Vec<Option<Possible>>,
) -> Possible {
    let unknown = Possible::only(Truth::Unknown);
    if let Some(Some(done)) = settled.get(id.0) {
        return *done;
    }
    let Some(condition) = conditions.get(id.0) else {
        return unknown;
    };
    if let Some(place) = settled.get_mut(id.0) {
        *place = Some(unknown);
    }
    let mut part = |id: &ConditionId| settle(conditions, *id, known, settled);
    let found = match &condition.asks {
        Question::All(parts) => parts
            .iter()
            .map(&mut part)
            .fold(Possible::only(Truth::True), |all, one| {
                all.with(one, Truth::min)
            }),
        Question::Any(parts) => parts
            .iter()
            .map(&mut part)
            .fold(Possible::only(Truth::False), |any, one| {
                any.with(one, Truth::max)
            }),
        Question::Not(other) => part(other).map(Truth::opposite),
        leaf => known(id, leaf),
    };
    if let Some(place) = settled.get_mut(id.0) {
        *place = Some(found);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::Place;

    fn condition(asks: Question) -> Condition {
        Condition {
            name: String::new(),
            place: Place::default(),
            says: String::new(),
            asks,
        }
    }

    fn leaf() -> Question {
        Question::Purpose(Vec::new())
    }

    /// A list of conditions, the later ones made of earlier ones.
    fn conditions() -> impl Strategy<Value = Vec<Condition>> {
        let steps = prop::collection::vec(
            (
                0..4_u8,
                prop::collection::vec(any::<prop::sample::Index>(), 1..4),
            ),
            0..8,
        );
        steps.prop_map(|steps| {
            let mut all: Vec<Condition> = (0..3).map(|_| condition(leaf())).collect();
            for (kind, parts) in steps {
                let parts: Vec<ConditionId> = parts
                    .iter()
                    .map(|index| ConditionId(index.index(all.len())))
                    .collect();
                all.push(condition(match kind {
                    0 => Question::All(parts),
                    1 => Question::Any(parts),
                    2 => Question::Not(parts[0]),
                    _ => leaf(),
                }));
            }
            all
        })
    }

    fn truth() -> impl Strategy<Value = Truth> {
        prop::sample::select(Truth::ALL.to_vec())
    }

    /// "`not` of unknown is unknown", and Kleene's tables, one node after the other.
    fn by_hand(conditions: &[Condition], leaves: &[Truth]) -> Vec<Truth> {
        let mut all: Vec<Truth> = Vec::new();
        for (index, condition) in conditions.iter().enumerate() {
            let truth = |id: &ConditionId| all[id.0];
            let has = |parts: &[ConditionId], wanted| parts.iter().any(|id| truth(id) == wanted);
            let found = match &condition.asks {
                Question::All(parts) if has(parts, Truth::False) => Truth::False,
                Question::All(parts) if has(parts, Truth::Unknown) => Truth::Unknown,
                Question::All(_) => Truth::True,
                Question::Any(parts) if has(parts, Truth::True) => Truth::True,
                Question::Any(parts) if has(parts, Truth::Unknown) => Truth::Unknown,
                Question::Any(_) => Truth::False,
                Question::Not(part) => match truth(part) {
                    Truth::True => Truth::False,
                    Truth::False => Truth::True,
                    Truth::Unknown => Truth::Unknown,
                },
                _ => leaves[index % leaves.len()],
            };
            all.push(found);
        }
        all
    }

    proptest! {
        #[test]
        fn three_values_combine_as_kleene_wrote_them(
            conditions in conditions(),
            leaves in prop::collection::vec(truth(), 1..12),
        ) {
            let known = |id: ConditionId, _: &Question| Possible::only(leaves[id.0 % leaves.len()]);
            let settled = Truths::settle(&conditions, known);
            let by_hand = by_hand(&conditions, &leaves);
            for (index, truth) in by_hand.into_iter().enumerate() {
                prop_assert_eq!(settled.of(ConditionId(index)), Possible::only(truth));
            }
        }

        #[test]
        fn what_may_be_holds_whatever_turns_out(
            conditions in conditions(),
            leaves in prop::collection::vec(truth(), 1..12),
            open in prop::collection::vec(any::<bool>(), 12),
        ) {
            let turned_out = |id: ConditionId| leaves[id.0 % leaves.len()];
            let before = Truths::settle(&conditions, |id, _| match open[id.0 % open.len()] {
                true => Possible::ANYTHING,
                false => Possible::only(turned_out(id)),
            });
            let after = Truths::settle(&conditions, |id, _| Possible::only(turned_out(id)));
            for index in 0..conditions.len() {
                let id = ConditionId(index);
                let truth = after.of(id).each().next().unwrap();
                prop_assert!(before.of(id).may_be(truth));
            }
        }

        #[test]
        fn what_becomes_known_never_changes_what_was_known(
            conditions in conditions(),
            leaves in prop::collection::vec(truth(), 1..12),
            hidden in prop::collection::vec(any::<bool>(), 12),
        ) {
            let leaf = |id: ConditionId| leaves[id.0 % leaves.len()];
            let all = Truths::settle(&conditions, |id, _| Possible::only(leaf(id)));
            let less = Truths::settle(&conditions, |id, _| Possible::only(match hidden[id.0 % hidden.len()] {
                true => Truth::Unknown,
                false => leaf(id),
            }));
            for index in 0..conditions.len() {
                let id = ConditionId(index);
                let unknown = less.of(id) == Possible::only(Truth::Unknown);
                prop_assert!(unknown || less.of(id) == all.of(id));
            }
        }
    }

    #[test]
    fn a_circle_and_a_condition_that_is_not_there_are_unknown() {
        let circle = [condition(Question::Not(ConditionId(0)))];
        let truths = Truths::settle(&circle, |_, _| Possible::ANYTHING);
        assert_eq!(truths.of(ConditionId(0)), Possible::only(Truth::Unknown));
        assert_eq!(truths.of(ConditionId(7)), Possible::only(Truth::Unknown));
        assert!(!truths.may_count(RoleId(0), &[ConditionId(7)]));
        assert!(truths.may_count(RoleId(0), &[]));
    }
}

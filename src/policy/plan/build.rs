//! States from keys: where a node's children lead, and which names and elements differ.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::state::{Cover, Elements, Gate, Key, Members, Position, State, Zone};
use super::{Entry, Mode, Pattern, Plan};
use crate::path::{Child, Selector, Step, dominates};
use crate::policy::FieldId;
use crate::policy::combine::Treatment;

/// Elements that are told apart one by one; beyond, they are worked out when met.
const MOST_ELEMENTS: u64 = 1024;

impl Plan {
    pub(super) fn build(&self, key: Key, root: bool) -> State {
        let person = |ended: bool| {
            self.person.is_some()
                && key.positions.iter().any(|position| {
                    self.ended(position) == ended && self.field_of(position) == self.person
                })
        };
        let is_record = key.zone == Zone::RecordRoot;
        let (is_person, person_below) = (person(true), person(false));
        let must_be_empty = self.array_must_be_empty(&key);
        State {
            scalar: self.scalar(&key, root),
            null: self.null(&key, root),
            object: self.object(&key, root),
            array: self.array(&key, root),
            is_record,
            is_person,
            person_below,
            must_be_empty,
            is_plain: !(is_record || is_person || person_below || must_be_empty),
            members: self.members(&key),
            elements: self.elements(&key),
            key,
        }
    }

    /// The key of a child of the node `key` stands for, that node being an object or an array.
    pub(super) fn child(&self, key: &Key, object: bool, child: Child<'_>) -> Key {
        let mut zone = match key.zone {
            Zone::RecordRoot => Zone::Record,
            Zone::Way(_) => Zone::Envelope,
            zone => zone,
        };
        if let Some((done, step)) = self.way_on(key, object)
            && step.selector.selects(child, self.any_case)
        {
            if done + 1 == self.at.len() {
                return self.record();
            }
            zone = Zone::Way(done + 1);
        }
        let mut next = Key::new(zone, self.advance(&key.positions, child));
        next.array = if object { None } else { self.cover(key) };
        next.whole = self.whole(key).map(|cover| Cover {
            remnant: cover.remnant || (object && cover.treatment != Treatment::Show),
            ..cover
        });
        next.nets.clone_from(&key.nets);
        self.close_nets(&mut next);
        next
    }

    /// The next step of `at`, where a container of this type can be on the way to the record.
    pub(super) fn way_on(&self, key: &Key, object: bool) -> Option<(usize, &Step)> {
        let Zone::Way(done) = key.zone else {
            return None;
        };
        let step = self.at.get(done)?;
        (matches!(step.selector, Selector::Name(_)) == object).then_some((done, step))
    }

    fn advance(&self, positions: &[Position], child: Child<'_>) -> Vec<Position> {
        let mut next = Vec::new();
        for position in positions {
            let Some(step) = self.next_step(position) else {
                continue;
            };
            if step.descend {
                next.push(*position);
            }
            if step.selector.selects(child, self.any_case) {
                next.push(Position {
                    step: position.step + 1,
                    ..*position
                });
            }
        }
        next.sort_unstable();
        next.dedup();
        next
    }

    /// Nets that have matched close from here on; their ends need not be remembered.
    fn close_nets(&self, key: &mut Key) {
        let mut positions = std::mem::take(&mut key.positions);
        positions.retain(|position| {
            let Some(pattern) = self.pattern(position).filter(|pattern| pattern.net) else {
                return true;
            };
            if !self.ended(position) {
                return true;
            }
            key.nets.push(pattern.entry);
            key.caught = true;
            false
        });
        key.positions = positions;
        key.nets.sort_unstable();
        key.nets.dedup();
    }

    /// The entry that ends here and decides, of those that cover the scalars here: the one that spells out most.
    /// Where several are left, the most closed.
    pub(super) fn cover(&self, key: &Key) -> Option<Cover> {
        let ended = self.ended_here(key, |entry| entry.treatment.is_some());
        let all: Vec<Treatment> = ended
            .iter()
            .filter_map(|entry| entry.treatment.clone())
            .collect();
        let first = ended.first()?;
        Some(Cover {
            treatment: Treatment::closest(&all),
            field: first.field,
            whole: first.whole,
            remnant: false,
        })
    }

    /// Of the entries of some kind that end here, those that no other outdoes in spelling out.
    fn ended_here(&self, key: &Key, kind: impl Fn(&Entry) -> bool) -> Vec<&Entry> {
        let ended: Vec<(&Pattern, &Entry)> = key
            .positions
            .iter()
            .filter(|position| self.ended(position))
            .filter_map(|position| {
                let pattern = self.pattern(position)?;
                Some((pattern, self.entry(pattern).filter(|entry| kind(entry))?))
            })
            .collect();
        let outdone = |steps: &[Step]| {
            ended
                .iter()
                .any(|(other, _)| dominates(&other.steps, steps) && !dominates(steps, &other.steps))
        };
        let left = ended.iter().filter(|(pattern, _)| !outdone(&pattern.steps));
        left.map(|(_, entry)| *entry).collect()
    }

    /// The `whole` entry that covers a container here and what is below. An entry without `whole` lists a scalar
    /// here, and keeps those above from opening what the scalar may have grown into.
    pub(super) fn whole(&self, key: &Key) -> Option<Cover> {
        match self.cover(key).or_else(|| key.array.clone()) {
            Some(cover) => cover.whole.then_some(cover),
            None => key.whole.clone(),
        }
    }

    fn members(&self, key: &Key) -> Members {
        let mut names: FxHashMap<Box<str>, (bool, OnceLock<_>)> = FxHashMap::default();
        let mut add = |selector: &Selector, written: bool| {
            if let Selector::Name(name) = selector {
                let name = if self.any_case {
                    name.to_ascii_lowercase()
                } else {
                    name.clone()
                };
                names.entry(name.into_boxed_str()).or_default().0 |= written;
            }
        };
        if let Some((_, step)) = self.way_on(key, true) {
            add(&step.selector, true);
        }
        for position in &key.positions {
            if let (Some(step), Some(pattern)) = (self.next_step(position), self.pattern(position))
            {
                add(&step.selector, !pattern.net);
            }
        }
        Members {
            names,
            other: OnceLock::new(),
            gate: self.gate_of(key),
        }
    }

    /// Names that no path writes are data: they leave only where their class is shown, where a `whole` entry shows
    /// all below, or where unlisted data leaves.
    pub(super) fn gate_of(&self, key: &Key) -> Gate {
        let named = self.ended_here(key, |entry| entry.names.is_some());
        if !named.is_empty() {
            let shown = named.iter().all(|entry| entry.names == Some(true));
            return if shown { Gate::Pass } else { Gate::DropListed };
        }
        let whole = self.whole(key);
        let whole_shown = whole
            .as_ref()
            .is_some_and(|cover| cover.treatment == Treatment::Show && !cover.remnant);
        let wildcard = key.positions.iter().any(|position| {
            let net = self.pattern(position).is_some_and(|pattern| pattern.net);
            let step = self.next_step(position);
            !net && step.is_some_and(|step| step.selector == Selector::Wildcard)
        });
        match self.unlisted {
            _ if !wildcard || whole_shown => Gate::Pass,
            // What a `whole` entry covers is listed, though its name is not seen.
            Mode::Refuse if whole.is_some() => Gate::DropListed,
            Mode::Strip => Gate::DropUnlisted,
            Mode::Refuse => Gate::Refuse,
            Mode::Show => Gate::Pass,
        }
    }

    /// How many elements must be told apart: beyond the largest bound all are alike, unless a slice has steps.
    fn elements(&self, key: &Key) -> Elements {
        let way = self.way_on(key, false).map(|(_, step)| step);
        let steps = key
            .positions
            .iter()
            .filter_map(|position| self.next_step(position));
        let mut bound = 0;
        let mut alike = true;
        for step in steps.chain(way) {
            match step.selector {
                Selector::Index(index) => bound = bound.max(index.saturating_add(1)),
                Selector::Slice { start, end, step } => {
                    alike &= end.is_some() || step == 1;
                    bound = bound.max(end.unwrap_or(start));
                }
                Selector::Name(_) | Selector::Wildcard => {}
            }
        }
        alike &= bound <= MOST_ELEMENTS;
        let told_apart = usize::try_from(bound.min(MOST_ELEMENTS)).unwrap_or(0);
        Elements {
            first: std::iter::repeat_with(OnceLock::new)
                .take(told_apart)
                .collect(),
            rest: alike.then(OnceLock::new),
        }
    }

    pub(super) fn pattern(&self, position: &Position) -> Option<&Pattern> {
        self.patterns.get(position.pattern)
    }

    pub(super) fn entry(&self, pattern: &Pattern) -> Option<&Entry> {
        self.entries.get(pattern.entry)
    }

    pub(super) fn next_step(&self, position: &Position) -> Option<&Step> {
        self.pattern(position)?.steps.get(position.step)
    }

    pub(super) fn ended(&self, position: &Position) -> bool {
        self.next_step(position).is_none()
    }

    pub(super) fn field_of(&self, position: &Position) -> Option<FieldId> {
        self.entry(self.pattern(position)?)?.field
    }
}

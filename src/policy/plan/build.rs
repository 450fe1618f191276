//! States from keys: where a node's children lead, and which names and elements differ.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::state::{
    Act, Cover, Elements, Gate, Key, Known, Members, Position, State, Verdict, Zone,
};
use super::worlds::{Situation, most_closed};
use super::{Entry, Mode, Pattern, Plan};
use crate::path::{Child, Selected, Selector, Step, dominates};
use crate::policy::FieldId;
use crate::policy::combine::Treatment;

/// Elements that are told apart one by one; beyond, they are worked out when met.
const MOST_ELEMENTS: u64 = 1024;

impl Plan {
    pub(super) fn build(&self, situation: Situation) -> State {
        let (worlds, root) = (&situation.worlds, situation.root);
        let any = |holds: &dyn Fn(&Key) -> bool| worlds.iter().any(holds);
        let person = |ended: bool| {
            self.person.is_some()
                && any(&|key| {
                    key.positions.iter().any(|position| {
                        self.ended(position) == ended && self.field_of(position) == self.person
                    })
                })
        };
        let is_record = any(&|key| key.zone == Zone::RecordRoot);
        let (is_person, person_below) = (person(true), person(false));
        let must_be_empty = any(&|key| self.array_must_be_empty(key));
        let verdict = |judge: fn(&Plan, &Key, bool) -> Verdict| {
            most_closed(worlds.iter().map(|key| judge(self, key, root)).collect())
        };
        let mut array = verdict(Plan::array);
        if root && worlds.is_empty() {
            array.act = Act::Hollow;
        }
        let waits = !situation.open.is_empty();
        let counts = array.act == Act::Enter
            && !must_be_empty
            && any(&|key| self.next_steps(key).any(|step| step.selector.counts()));
        let mut filters: Vec<usize> = self.filters_in(&situation.open).collect();
        filters.sort_unstable();
        filters.dedup();
        State {
            scalar: verdict(Plan::scalar),
            null: verdict(Plan::null),
            object: verdict(Plan::object),
            array,
            is_record,
            is_person,
            person_below,
            must_be_empty,
            waits,
            counts,
            is_plain: !(is_record || is_person || person_below || must_be_empty || waits || counts),
            filters: filters.into(),
            known: Known::default(),
            members: self.members(worlds),
            elements: self.elements(worlds),
            situation,
        }
    }

    /// The situation of a child of a node, that node being an object or an array.
    pub(super) fn child(&self, of: &Situation, object: bool, child: Child<'_>) -> Situation {
        let worlds = of.worlds.iter();
        self.situation(
            worlds
                .map(|key| self.child_in(key, object, child))
                .collect(),
        )
    }

    /// The key of a child in one world.
    fn child_in(&self, key: &Key, object: bool, child: Child<'_>) -> Key {
        let mut zone = match key.zone {
            Zone::RecordRoot => Zone::Record,
            Zone::Way(_) => Zone::Envelope,
            zone => zone,
        };
        if let Some((done, step)) = self.way_on(key, object)
            && step.selector.selects(child, self.any_case) == Selected::Yes
        {
            if done + 1 == self.at.len() {
                return self.record();
            }
            zone = Zone::Way(done + 1);
        }
        let (positions, undecided) = self.advance(&key.positions, child);
        let mut next = Key::new(zone, positions);
        next.undecided = undecided;
        next.array = if object { None } else { self.cover(key) };
        next.whole = self.whole(key).map(|cover| Cover {
            remnant: cover.remnant || (object && cover.treatment != Treatment::Show),
            ..cover
        });
        next.nets.clone_from(&key.nets);
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

    /// How far patterns have matched at a child; and how far if a selector that must be asked selects it.
    fn advance(
        &self,
        positions: &[Position],
        child: Child<'_>,
    ) -> (Vec<Position>, Vec<(usize, Position)>) {
        let (mut next, mut undecided) = (Vec::new(), Vec::new());
        for position in positions {
            let Some(step) = self.next_step(position) else {
                continue;
            };
            if step.descend {
                next.push(*position);
            }
            let on = Position {
                step: position.step + 1,
                ..*position
            };
            match step.selector.selects(child, self.any_case) {
                Selected::No => {}
                Selected::Yes => next.push(on),
                Selected::Unknown => {
                    let asked = self.asked.iter().position(|one| *one == step.selector);
                    undecided.extend(asked.map(|asked| (asked, on)));
                }
            }
        }
        (next, undecided)
    }

    /// Nets that have matched close from here on; their ends need not be remembered.
    pub(super) fn close_nets(&self, key: &mut Key) {
        key.positions.sort_unstable();
        key.positions.dedup();
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
    /// Where several are left, such as two filters, the most closed.
    pub(super) fn cover(&self, key: &Key) -> Option<Cover> {
        let ended = self.ended_here(key, |entry| entry.treatment.is_some());
        let all: Vec<Treatment> = ended
            .iter()
            .filter_map(|entry| entry.treatment.clone())
            .collect();
        let treatment = Treatment::closest(&all);
        let decides = |entry: &&&Entry| {
            let own = entry.treatment.as_ref().map(Treatment::openness);
            own == Some(treatment.openness())
        };
        let first = ended.iter().find(decides).or(ended.first())?;
        Some(Cover {
            field: first.field,
            whole: ended.iter().all(|entry| entry.whole),
            remnant: false,
            treatment,
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

    fn members(&self, worlds: &[Key]) -> Members {
        let gates: Vec<Gate> = worlds.iter().map(|key| self.gate_of(key)).collect();
        let strictest = gates.iter().copied().max().unwrap_or_default();
        let mut names: FxHashMap<Box<str>, (Gate, OnceLock<_>)> = FxHashMap::default();
        let next: Vec<_> = worlds.iter().map(|key| self.names_next(key)).collect();
        for name in next.iter().flat_map(FxHashMap::keys) {
            if names.contains_key(name) {
                continue;
            }
            let in_each = next.iter().zip(&gates).map(|(next, gate)| {
                let written = next.get(name) == Some(&true);
                if written { Gate::Pass } else { *gate }
            });
            let gate = in_each.max().unwrap_or(strictest);
            names.insert(name.clone(), (gate, OnceLock::new()));
        }
        Members {
            names,
            other: OnceLock::new(),
            gate: strictest,
            forms: OnceLock::new(),
        }
    }

    /// The names that paths go on with, and whether a path of the catalogue writes them.
    fn names_next(&self, key: &Key) -> FxHashMap<Box<str>, bool> {
        let way = self.way_on(key, true).map(|(_, step)| (step, true));
        let written = key.positions.iter().filter_map(|position| {
            let pattern = self.pattern(position)?;
            Some((self.next_step(position)?, !pattern.net))
        });
        let mut names: FxHashMap<Box<str>, bool> = FxHashMap::default();
        for (step, written) in way.into_iter().chain(written) {
            if let Selector::Name(name) = &step.selector {
                let name = if self.any_case {
                    name.to_ascii_lowercase()
                } else {
                    name.clone()
                };
                *names.entry(name.into_boxed_str()).or_default() |= written;
            }
        }
        names
    }

    /// The steps that patterns go on with.
    fn next_steps<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = &'a Step> {
        let positions = key.positions.iter();
        positions.filter_map(|position| self.next_step(position))
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
            let any_member =
                |step: &Step| matches!(step.selector, Selector::Wildcard | Selector::Filter(_));
            !net && step.is_some_and(any_member)
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
    fn elements(&self, worlds: &[Key]) -> Elements {
        let way = worlds.iter().filter_map(|key| self.way_on(key, false));
        let way = way.map(|(_, step)| step);
        let steps = worlds.iter().flat_map(|key| self.next_steps(key));
        let mut bound = 0;
        let mut alike = true;
        for step in steps.chain(way) {
            match step.selector {
                Selector::FromEnd(_) | Selector::SliceFromEnd(_) => {
                    return Elements {
                        first: Vec::new(),
                        rest: None,
                    };
                }
                Selector::Index(index) => bound = bound.max(index.saturating_add(1)),
                Selector::Slice { start, end, step } => {
                    alike &= end.is_some() || step == 1;
                    bound = bound.max(end.unwrap_or(start));
                }
                Selector::Name(_) | Selector::Wildcard | Selector::Filter(_) => {}
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

//! What is known of the record at hand: whose it is, and which of its fields got which outcome.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::Openness;
use crate::policy::FieldId;

/// Which outcomes each listed field of one record got; fields that did not occur are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldOutcomes(Vec<(FieldId, u8)>);

impl FieldOutcomes {
    /// Those of these fields with these [`bit`]s.
    pub(super) fn of(outcomes: impl Iterator<Item = (FieldId, u8)>) -> Self {
        let mut all: Vec<(FieldId, u8)> = outcomes.collect();
        all.sort_unstable();
        all.dedup_by(|(field, bits), (same, into)| {
            let is_same = field == same;
            *into |= if is_same { *bits } else { 0 };
            is_same
        });
        FieldOutcomes(all)
    }

    /// Each field with each of its outcomes.
    pub fn iter(&self) -> impl Iterator<Item = (FieldId, Openness)> {
        self.0.iter().flat_map(|(field, bits)| {
            Openness::ALL
                .iter()
                .enumerate()
                .filter(move |(index, _)| bits & (1 << index) != 0)
                .map(move |(_, outcome)| (*field, *outcome))
        })
    }
}

/// The outcomes of the record at hand: by field their bits, and which fields have any. A field costs the same
/// however many the rules list.
#[derive(Debug, Default)]
struct Counted {
    bits: Vec<u8>,
    met: Vec<FieldId>,
}

impl Counted {
    fn clear(&mut self) {
        for field in self.met.drain(..) {
            if let Some(bits) = self.bits.get_mut(field.0) {
                *bits = 0;
            }
        }
    }

    #[inline(always)]
    fn add(&mut self, field: FieldId, bit: u8) {
        match self.bits.get_mut(field.0) {
            Some(bits) if *bits != 0 => *bits |= bit,
            Some(bits) => {
                *bits = bit;
                self.met.push(field);
            }
            None => {
                self.bits.resize(field.0 + 1, 0);
                self.add_first(field, bit);
            }
        }
    }

    #[cold]
    fn add_first(&mut self, field: FieldId, bit: u8) {
        if let Some(bits) = self.bits.get_mut(field.0) {
            *bits = bit;
            self.met.push(field);
        }
    }

    fn iter(&self) -> impl Iterator<Item = (FieldId, u8)> {
        let bits = |field: &FieldId| self.bits.get(field.0).copied().unwrap_or(0);
        self.met.iter().map(move |field| (*field, bits(field)))
    }

    fn is(&self, outcomes: &FieldOutcomes) -> bool {
        let same = |(field, bits): &(FieldId, u8)| self.bits.get(field.0) == Some(bits);
        self.met.len() == outcomes.0.len() && outcomes.0.iter().all(same)
    }

    fn to_outcomes(&self) -> FieldOutcomes {
        let mut all: Vec<(FieldId, u8)> = self.iter().collect();
        all.sort_unstable();
        FieldOutcomes(all)
    }
}

/// The bit of an outcome, in the order of [`Openness::ALL`].
#[inline]
pub(super) fn bit(outcome: Openness) -> u8 {
    match outcome {
        Openness::Show => 1,
        Openness::Token => 1 << 1,
        Openness::Mask => 1 << 2,
        Openness::Blank => 1 << 3,
        Openness::Strip => 1 << 4,
    }
}

/// A record that left.
#[derive(Clone, Copy, Debug)]
pub struct RecordDone<'a> {
    /// The output offset of the byte after its last (a root's closing bracket apart).
    pub end: u64,
    /// Whose it is: the person's string decoded or number's text; `None` where it could not be told.
    pub person: Option<&'a str>,
    /// What happened to its fields.
    pub outcomes: &'a Arc<FieldOutcomes>,
}

/// Records that left, in order, until they are forgotten. Their persons stand in one text.
#[derive(Debug, Default)]
pub struct Departed {
    records: VecDeque<Entry>,
    persons: String,
    /// How much of `persons` is of records that are forgotten.
    forgotten: usize,
    /// Where output leaves as other bytes: of how many records the ends count these.
    placed: Option<usize>,
}

#[derive(Debug)]
struct Entry {
    /// The output offset of the byte after its last (a root's closing bracket apart).
    end: u64,
    person: Option<usize>,
    outcomes: Arc<FieldOutcomes>,
}

impl Departed {
    /// From now on output leaves as other bytes, and none is said to end before it is [placed](Departed::place).
    pub(super) fn place_later(&mut self) {
        self.placed = Some(0);
    }

    /// Says of the records whose last byte is among the output's first `until` where they end as it leaves.
    pub(super) fn place(&mut self, until: u64, mut place: impl FnMut(u64) -> u64) {
        let Some(placed) = &mut self.placed else {
            return;
        };
        let rest = self.records.iter_mut().skip(*placed);
        for record in rest.take_while(|record| record.end <= until) {
            record.end = place(record.end);
            *placed += 1;
        }
    }

    pub(super) fn add(&mut self, end: u64, person: Option<&str>, outcomes: &Arc<FieldOutcomes>) {
        self.persons.push_str(person.unwrap_or_default());
        self.records.push_back(Entry {
            end,
            person: person.map(str::len),
            outcomes: Arc::clone(outcomes),
        });
    }

    /// The records whose last byte is among the output's first `end`.
    pub fn until(&self, end: u64) -> impl Iterator<Item = RecordDone<'_>> {
        let mut rest = self.persons.get(self.forgotten..).unwrap_or_default();
        let known = self.placed.unwrap_or(self.records.len());
        let records = self
            .records
            .iter()
            .take(known)
            .take_while(move |record| record.end <= end);
        records.map(move |record| {
            let person = record
                .person
                .and_then(|length| rest.split_at_checked(length));
            if let Some((_, after)) = person {
                rest = after;
            }
            RecordDone {
                end: record.end,
                person: person.map(|(person, _)| person),
                outcomes: &record.outcomes,
            }
        })
    }

    /// Forgets those.
    pub(super) fn forget(&mut self, end: u64) {
        while self.placed != Some(0)
            && let Some(record) = self.records.pop_front_if(|record| record.end <= end)
        {
            self.forgotten += record.person.unwrap_or(0);
            if let Some(placed) = &mut self.placed {
                *placed -= 1;
            }
        }
        if self.records.is_empty() {
            self.persons.clear();
            self.forgotten = 0;
        } else if self.forgotten > self.persons.len() / 2 {
            self.persons.drain(..self.forgotten);
            self.forgotten = 0;
        }
    }
}

/// What an answer held, over all records that left.
#[derive(Debug, Default)]
pub struct Tally {
    /// Records that left.
    pub records: u64,
    /// Nodes no entry lists, topmost ones, that went.
    pub unlisted: u64,
    /// By field: records under each outcome.
    fields: Vec<[u64; Openness::ALL.len()]>,
}

impl Clone for Tally {
    fn clone(&self) -> Self {
        Tally {
            fields: self.fields.clone(),
            ..*self
        }
    }

    /// Done for each chunk of an answer, so the allocation is kept.
    fn clone_from(&mut self, other: &Self) {
        self.fields.clone_from(&other.fields);
        self.records = other.records;
        self.unlisted = other.unlisted;
    }
}

impl Tally {
    /// How many records had a field under each outcome; none where it never occurred.
    pub fn of(&self, field: FieldId) -> impl Iterator<Item = (Openness, u64)> {
        let counts = self.fields.get(field.0).copied().unwrap_or_default();
        let each = Openness::ALL.into_iter().zip(counts);
        each.filter(|(_, count)| *count > 0)
    }

    /// Counts so many records with these outcomes.
    pub(super) fn add(&mut self, outcomes: &FieldOutcomes, records: u64) {
        self.records += records;
        for (field, bits) in &outcomes.0 {
            let mut bits = *bits;
            if self.fields.len() <= field.0 {
                self.fields.resize(field.0 + 1, [0; Openness::ALL.len()]);
            }
            let row = self.fields.get_mut(field.0);
            let row = row.map_or(&mut [][..], |row| row.as_mut_slice());
            while let Some(count) = row.get_mut(bits.trailing_zeros() as usize) {
                *count += records;
                bits &= bits - 1;
            }
        }
    }
}

/// What has been seen of the person so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sighting {
    #[default]
    None,
    One,
    /// Twice, or something that names nobody.
    Unusable,
}

/// The record at hand. Begun again for each, so that its buffers serve all of an answer.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The input offset of its first byte.
    pub start: u64,
    /// How many containers were open around it.
    pub depth: usize,
    pub sighting: Sighting,
    person: String,
    /// Its output waits until the person is known.
    pub held: bool,
    /// Nothing of it leaves; it is read for its person only.
    pub gone: bool,
    pub unlisted: u64,
    counted: Counted,
    /// Levels of the way to the person that were met.
    visited: Vec<bool>,
}

impl Record {
    /// Forgets the record before.
    pub fn begin(&mut self, start: u64, depth: usize, held: bool) {
        self.start = start;
        self.depth = depth;
        self.sighting = Sighting::None;
        self.person.clear();
        self.held = held;
        self.gone = false;
        self.unlisted = 0;
        self.counted.clear();
        self.visited.clear();
    }

    /// Marks a level of the way to the person; `false` where it was marked before.
    pub fn visit(&mut self, level: usize) -> bool {
        if self.visited.len() <= level {
            self.visited.resize(level + 1, false);
        }
        let Some(place) = self.visited.get_mut(level) else {
            return false;
        };
        !std::mem::replace(place, true)
    }

    #[inline(always)]
    pub fn count(&mut self, fields: &[FieldId], outcome: Openness) {
        for field in fields {
            self.counted.add(*field, bit(outcome));
        }
    }

    /// The same for one field, and the outcome's [`bit`].
    #[inline(always)]
    pub fn count_one(&mut self, field: FieldId, bit: u8) {
        self.counted.add(field, bit);
    }

    pub fn see(&mut self, person: Option<&str>) {
        self.sighting = match (self.sighting, person) {
            (Sighting::None, Some(person)) => {
                self.person.push_str(person);
                Sighting::One
            }
            _ => Sighting::Unusable,
        };
    }

    /// Whose it is, where exactly one was seen.
    pub fn person(&self) -> Option<&str> {
        (self.sighting == Sighting::One).then_some(self.person.as_str())
    }

    pub fn is_of(&self, person: Option<&str>) -> bool {
        self.person().is_some() && self.person() == person
    }

    /// What happened to its fields; `None` where it was what happened to the last record's.
    pub fn outcomes(&self, last: &FieldOutcomes) -> Option<FieldOutcomes> {
        (!self.counted.is(last)).then(|| self.counted.to_outcomes())
    }
}

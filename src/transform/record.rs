//! What is known of the record at hand: whose it is, and which of its fields got which outcome.

use std::sync::Arc;

use crate::model::Openness;
use crate::policy::FieldId;

/// All outcomes, in the order their bits and counters stand.
const OUTCOMES: [Openness; 5] = [
    Openness::Show,
    Openness::Token,
    Openness::Mask,
    Openness::Blank,
    Openness::Strip,
];

/// Which outcomes each listed field of one record got; fields that did not occur are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldOutcomes(Vec<(FieldId, u8)>);

impl FieldOutcomes {
    /// Each field with each of its outcomes.
    pub fn iter(&self) -> impl Iterator<Item = (FieldId, Openness)> {
        self.0.iter().flat_map(|(field, bits)| {
            OUTCOMES
                .iter()
                .enumerate()
                .filter(move |(index, _)| bits & (1 << index) != 0)
                .map(move |(_, outcome)| (*field, *outcome))
        })
    }

    fn add(&mut self, field: FieldId, outcome: Openness) {
        let bit = 1_u8
            << OUTCOMES
                .iter()
                .position(|known| *known == outcome)
                .unwrap_or(0);
        match self.0.binary_search_by_key(&field, |(field, _)| *field) {
            Ok(place) => {
                if let Some((_, bits)) = self.0.get_mut(place) {
                    *bits |= bit;
                }
            }
            Err(place) => self.0.insert(place, (field, bit)),
        }
    }
}

/// A record that leaves.
#[derive(Clone, Debug)]
pub struct RecordDone {
    /// The output offset of the byte after its last (a root's closing bracket apart).
    pub end: u64,
    /// Whose it is: the person's string decoded or number's text; `None` where it could not be told.
    pub person: Option<String>,
    /// What happened to its fields.
    pub outcomes: Arc<FieldOutcomes>,
}

/// What an answer held, over all records that left.
#[derive(Debug, Default)]
pub struct Tally {
    /// Records that left.
    pub records: u64,
    /// Nodes no entry lists, topmost ones, that went.
    pub unlisted: u64,
    /// By field: records under each outcome.
    fields: Vec<[u64; OUTCOMES.len()]>,
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
        let each = OUTCOMES.into_iter().zip(counts);
        each.filter(|(_, count)| *count > 0)
    }

    pub(super) fn add(&mut self, outcomes: &FieldOutcomes) {
        self.records += 1;
        for (field, outcome) in outcomes.iter() {
            if self.fields.len() <= field.0 {
                self.fields.resize(field.0 + 1, [0; OUTCOMES.len()]);
            }
            let index = OUTCOMES
                .iter()
                .position(|known| *known == outcome)
                .unwrap_or(0);
            if let Some(count) = self
                .fields
                .get_mut(field.0)
                .and_then(|row| row.get_mut(index))
            {
                *count += 1;
            }
        }
    }
}

/// What has been seen of the person so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Sighting {
    #[default]
    None,
    One(String),
    /// Twice, or something that names nobody.
    Unusable,
}

/// The record at hand.
#[derive(Debug)]
pub(super) struct Record {
    /// The input offset of its first byte.
    pub start: u64,
    /// How many containers were open around it.
    pub depth: usize,
    pub person: Sighting,
    /// Its output waits until the person is known.
    pub held: bool,
    /// Nothing of it leaves; it is read for its person only.
    pub gone: bool,
    pub unlisted: u64,
    outcomes: FieldOutcomes,
    /// Levels of the way to the person that were met.
    visited: Vec<bool>,
}

impl Record {
    pub fn new(start: u64, depth: usize, held: bool) -> Self {
        let outcomes = FieldOutcomes::default();
        Record {
            start,
            depth,
            person: Sighting::None,
            held,
            gone: false,
            unlisted: 0,
            outcomes,
            visited: Vec::new(),
        }
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

    pub fn count(&mut self, fields: &[FieldId], outcome: Openness) {
        for field in fields {
            self.outcomes.add(*field, outcome);
        }
    }

    pub fn see(&mut self, person: Option<String>) {
        self.person = match (&self.person, person) {
            (Sighting::None, Some(person)) => Sighting::One(person),
            _ => Sighting::Unusable,
        };
    }

    pub fn is_of(&self, person: Option<&str>) -> bool {
        matches!(&self.person, Sighting::One(seen) if Some(seen.as_str()) == person)
    }

    pub fn into_parts(self) -> (Option<String>, FieldOutcomes) {
        let person = match self.person {
            Sighting::One(person) => Some(person),
            Sighting::None | Sighting::Unusable => None,
        };
        (person, self.outcomes)
    }
}

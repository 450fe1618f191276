//! What is gained, told: who gains what, under which conditions, in the order in which it is found.

use std::collections::HashMap;

use super::super::combine::Treatment;
use super::super::condition::Truths;
use super::super::diagnostic::{Text, quoted, say};
use super::super::rules::Unlisted;
use super::Gain;
use super::alike::Gained;
use super::effect::{Compared, Sides, Weight};
use super::worlds::Turns;
use crate::mask::Mask;
use crate::model::Openness;

/// What a set of roles gains of one thing, not yet in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Change {
    /// It may read here.
    Row,
    /// Whose records it may read is another question.
    Person,
    /// A thing that was not listed.
    Listed(Openness),
    /// The names below a field.
    Names,
    /// Another outcome.
    Outcome {
        from: Openness,
        to: Openness,
        /// Why nobody can say whether it is more, where it is not more open.
        why: Option<Why>,
    },
}

/// Why two outcomes are not weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Why {
    /// Neither tells nothing but what the other tells.
    Incomparable,
    /// Under a contract the annex meets every outcome.
    Annex,
    /// It is the more closed of several that counts.
    Others,
}

/// What was found so far.
pub(super) struct Found<'s, 'a> {
    sides: &'s Sides<'a>,
    /// Where an outcome is the more closed of several: only what no tie can open again counts as narrower.
    meets_others: bool,
    has_contracts: bool,
    covers_containers: bool,
    ones: Vec<One>,
}

/// One gain of one set of roles.
struct One {
    /// The place of what is compared in the order of all.
    order: usize,
    compared: Compared,
    set: Vec<usize>,
    change: Change,
    first: (usize, u32),
    turns: Turns,
}

impl<'s, 'a> Found<'s, 'a> {
    pub(super) fn new(sides: &'s Sides<'a>, has_contracts: bool) -> Found<'s, 'a> {
        let fields = &sides.is.listed.fields;
        let envelope = &sides.is.listed.envelope;
        let nets = fields.iter().any(|field| field.path.is_net())
            || envelope.iter().any(|entry| entry.path.is_net());
        let overlaps = fields.iter().enumerate().any(|(at, one)| {
            let others = fields.iter().skip(at + 1);
            let mut others =
                others.filter(|other| other.path.segments.len() == one.path.segments.len());
            others.any(|other| super::shape::lie_on_one_way(&one.path, &other.path))
        });
        Found {
            sides,
            meets_others: nets || overlaps,
            has_contracts,
            covers_containers: fields.iter().any(|field| field.whole),
            ones: Vec::new(),
        }
    }

    /// What comes of one thing for one set of roles.
    pub(super) fn change(
        &self,
        compared: Compared,
        partner: bool,
        (old, new): (&Weight, &Weight),
    ) -> Option<Change> {
        if !new.has_row {
            return None;
        }
        match compared {
            Compared::Row => (!old.has_row).then_some(Change::Row),
            Compared::Person => {
                let differs = old.has_row && old.person_check != new.person_check;
                differs.then_some(Change::Person)
            }
            // The entry itself was told with the catalogue.
            Compared::Value { before: None, .. } | Compared::Envelope { before: None, .. } => {
                let hidden = !matches!(self.sides.was.listed.unlisted, Unlisted::Show { .. });
                let leaves = hidden && new.outcome != Treatment::Strip;
                leaves.then(|| Change::Listed(new.outcome.openness()))
            }
            Compared::Names { .. } => {
                let shown = |weight: &Weight| weight.outcome == Treatment::Show;
                (shown(new) && !shown(old)).then_some(Change::Names)
            }
            Compared::Value { .. } | Compared::Envelope { .. } => {
                self.outcome(partner, &old.outcome, &new.outcome)
            }
        }
    }

    fn outcome(&self, partner: bool, old: &Treatment, new: &Treatment) -> Option<Change> {
        if old == new {
            return None;
        }
        let why = if new.openness() > old.openness() {
            None
        } else if !shows_no_more(new, old) {
            Some(Why::Incomparable)
        } else if self.has_contracts && partner && !is_constant(new) {
            Some(Why::Annex)
        } else if self.covers_containers || (self.meets_others && !is_constant(new)) {
            Some(Why::Others)
        } else {
            return None;
        };
        let (from, to) = (old.openness(), new.openness());
        Some(Change::Outcome { from, to, why })
    }

    /// Takes down what is gained of one thing.
    pub(super) fn add(&mut self, order: usize, compared: Compared, gained: &[Gained]) {
        let ones = gained.iter().map(|one| One {
            order,
            compared,
            set: one.set.clone(),
            change: one.change,
            first: one.first,
            turns: one.turns,
        });
        self.ones.extend(ones);
    }

    /// All of it in the order of moments, turns, sets and things, with the conditions under which it is one.
    pub(super) fn told(mut self) -> Vec<Gain> {
        let place = |one: &One| (one.first, one.set.len(), one.set.clone(), one.order);
        self.ones.sort_by_cached_key(place);
        let reads = self.reads();
        let mut conditions: HashMap<(Turns, Turns), Text> = HashMap::new();
        let mut all = Vec::new();
        for one in &self.ones {
            let among = one.set.iter().filter_map(|at| reads.get(*at));
            let among = among.fold(0, |all, reads| all | reads);
            let told = || self.sides.worlds.told(one.turns, among);
            let told = &*conditions.entry((one.turns, among)).or_insert_with(told);
            let gain = self.gain(one);
            all.push(gain.with(|what| say!("{what}{told}", "{what}{told}"; what, told)));
        }
        all
    }

    /// The turns in which each role reads here at all.
    fn reads(&self) -> Vec<Turns> {
        let reads = |role, truths: &Truths| {
            let row = self.sides.new.row(role);
            row.is_some_and(|row| truths.may_count(role, &row.only))
        };
        let of_role = |role| {
            let turns = self.sides.turns.iter().enumerate();
            let turns = turns.filter(|(_, (_, truths))| reads(role, truths));
            turns.fold(0, |all, (at, _)| all | 1 << at)
        };
        let members = self.sides.members.iter();
        members.map(|one| one.new.map_or(0, of_role)).collect()
    }

    fn gain(&self, one: &One) -> Gain {
        let members = one.set.iter().filter_map(|at| self.sides.members.get(*at));
        let who = &Text::list(members.map(|member| member.name.clone()));
        let text = || {
            let listed = self.sides.is.listed;
            let text = match one.compared {
                Compared::Row | Compared::Person => None,
                Compared::Value { after, .. } | Compared::Names { after, .. } => {
                    listed.fields.get(after.0).map(|field| &field.text)
                }
                Compared::Envelope { after, .. } => {
                    listed.envelope.get(after).map(|entry| &entry.text)
                }
            };
            quoted(text.map_or("", String::as_str))
        };
        match one.change {
            Change::Row => Gain::opens(
                say!("{who} may read here", "{who} 可以读这里"; who),
                say!("{who} may read here no more", "{who} 不能再读这里"; who),
            ),
            Change::Person => Gain::unweighed(say!(
                "{who}: whose records may be read has changed",
                "{who}：能读谁的记录变了";
                who
            )),
            Change::Names => {
                let text = text();
                Gain::opens(
                    say!("{who} sees the names below {text}", "{who} 能看到 {text} 下的名字"; who),
                    say!("{who} sees the names below {text} no more", "{who} 不能再看到 {text} 下的名字"; who),
                )
            }
            Change::Listed(to) => {
                let (field, to) = (text(), to.word());
                Gain::opens(
                    say!("{who}: {field} from not listed to `{to}`", "{who}：{field} 从未列出变为 `{to}`"; who),
                    say!("{who}: {field} from `{to}` to not listed", "{who}：{field} 从 `{to}` 变为不再列出"; who),
                )
            }
            Change::Outcome { from, to, why } => {
                let text = text();
                let change = |from: Openness, to: Openness| {
                    let (from, to) = (from.word(), to.word());
                    say!(
                        "{who}: {text} from `{from}` to `{to}`",
                        "{who}：{text} 从 `{from}` 变为 `{to}`";
                        who
                    )
                };
                let (there, back) = (change(from, to), change(to, from));
                match why {
                    None => Gain::opens(there, back),
                    Some(why) => Gain::unweighed(there).or_back(back).since(why.text()),
                }
            }
        }
    }
}

impl Why {
    fn text(self) -> Text {
        match self {
            Why::Incomparable => say!(", which cannot be compared", "，无法比较"),
            Why::Annex => say!(", where an annex meets it", "，还要过合同附件"),
            Why::Others => say!(", where other entries meet it", "，此处还有别的条目"),
        }
    }
}

/// Whether the new outcome tells nothing of a value that the old one did not. A mask shows parts that a token hides.
fn shows_no_more(new: &Treatment, old: &Treatment) -> bool {
    match (new, old) {
        (Treatment::Strip, _) | (_, Treatment::Show) => true,
        (Treatment::Blank, other) => other.openness() >= Openness::Blank,
        (Treatment::Mask(mask), other) => {
            new == other || (**mask == Mask::Fixed && other.openness() >= Openness::Mask)
        }
        (Treatment::Token(_) | Treatment::Show, other) => new == other,
    }
}

/// Whether nothing it meets can make it show more: the more closed of it and anything is no more than it was of what it
/// replaces.
fn is_constant(new: &Treatment) -> bool {
    match new {
        Treatment::Strip | Treatment::Blank => true,
        Treatment::Mask(mask) => **mask == Mask::Fixed,
        Treatment::Token(_) | Treatment::Show => false,
    }
}

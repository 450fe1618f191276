//! Nodes of which cannot be told which paths select them: several worlds may be the case, and the more closed of what
//! a node gets in each is what it gets.
//!
//! Refuses nothing. Where there are too many worlds to go through, a node is closed: it goes, whatever else is said.

use super::Plan;
use super::state::{Act, Key, Verdict};
use crate::model::Openness;
use crate::path::{Selected, Selector};
use crate::policy::FieldId;
use crate::policy::combine::Treatment;

/// More worlds than this are not gone through.
const MOST_WORLDS: usize = 256;

/// All that decides a node, so two nodes in equal situations share a state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Situation {
    /// The body's root keeps its brackets.
    pub root: bool,
    /// What may be the case; of a node that is closed, nothing.
    pub worlds: Vec<Key>,
    /// The same before it is asked what the node holds; empty where that decides nothing.
    pub open: Vec<Key>,
}

impl Situation {
    /// One world.
    pub fn certain(key: Key, root: bool) -> Self {
        Situation {
            root,
            worlds: vec![key],
            open: Vec::new(),
        }
    }

    /// A node that goes with all in it.
    pub fn closed(root: bool) -> Self {
        Situation {
            root,
            worlds: Vec::new(),
            open: Vec::new(),
        }
    }
}

impl Plan {
    /// The situation of a child in these worlds, before it is known.
    pub(super) fn situation(&self, open: Vec<Key>) -> Situation {
        let waits = self.filters_in(&open).next().is_some();
        let worlds = self.settle(&open, |_| Selected::Unknown);
        Situation {
            root: false,
            worlds,
            open: if waits { open } else { Vec::new() },
        }
    }

    /// Those of the selectors that are asked in these worlds which are filters.
    pub(super) fn filters_in<'a>(&'a self, open: &'a [Key]) -> impl Iterator<Item = usize> + 'a {
        let asked = open.iter().flat_map(|key| &key.undecided);
        asked.map(|(asked, _)| *asked).filter(|asked| {
            let selector = self.asked.get(*asked);
            matches!(selector, Some(Selector::Filter(_)))
        })
    }

    /// The worlds that are left once each selector that was asked has answered. None where they are too many.
    pub(super) fn settle(&self, open: &[Key], answer: impl Fn(usize) -> Selected) -> Vec<Key> {
        let mut worlds = Vec::new();
        for key in open {
            let mut key = key.clone();
            let mut asked = std::mem::take(&mut key.undecided);
            asked.sort_unstable();
            let mut here = vec![key];
            for question in asked.chunk_by(|(one, _), (other, _)| one == other) {
                let Some((selector, _)) = question.first() else {
                    continue;
                };
                let positions = || question.iter().map(|(_, position)| *position);
                let mut selected = match answer(*selector) {
                    Selected::No => continue,
                    Selected::Yes => std::mem::take(&mut here),
                    Selected::Unknown => here.clone(),
                };
                for key in &mut selected {
                    key.positions.extend(positions());
                }
                here.append(&mut selected);
                if here.len() > MOST_WORLDS {
                    return Vec::new();
                }
            }
            for mut key in here {
                self.close_nets(&mut key);
                if !worlds.contains(&key) {
                    worlds.push(key);
                }
            }
            if worlds.len() > MOST_WORLDS {
                return Vec::new();
            }
        }
        worlds
    }
}

/// The more closed of what a node gets in each world. All are weighed at once, as outcomes that tie must be.
pub(super) fn most_closed(mut verdicts: Vec<Verdict>) -> Verdict {
    if verdicts.len() == 1
        && let Some(certain) = verdicts.pop()
    {
        return certain;
    }
    let mut fields: Vec<FieldId> = verdicts
        .iter()
        .flat_map(|verdict| verdict.fields.iter().copied())
        .collect();
    fields.sort_unstable();
    fields.dedup();
    let act = closest_act(&verdicts);
    let openness = verdicts.iter().map(|verdict| verdict.openness).min();
    Verdict {
        openness: treatment(&act)
            .map(|treatment| treatment.openness())
            .or(openness)
            .unwrap_or(Openness::Strip),
        act,
        fields: fields.into(),
        unlisted: verdicts.iter().any(|verdict| verdict.unlisted),
    }
}

fn closest_act(verdicts: &[Verdict]) -> Act {
    let acts = || verdicts.iter().map(|verdict| &verdict.act);
    let outcomes: Option<Vec<Treatment>> = acts().map(treatment).collect();
    match outcomes.map(|outcomes| Treatment::closest(&outcomes)) {
        Some(Treatment::Show) => Act::Show,
        Some(Treatment::Blank) => Act::Null,
        Some(Treatment::Strip) => Act::Drop,
        Some(replaced @ (Treatment::Token(_) | Treatment::Mask(_))) => Act::Replace(replaced),
        None => acts()
            .min_by_key(|act| rank(act))
            .cloned()
            .unwrap_or(Act::Drop),
    }
}

/// What is done with a scalar, as an outcome.
fn treatment(act: &Act) -> Option<Treatment> {
    match act {
        Act::Show => Some(Treatment::Show),
        Act::Replace(treatment) => Some(treatment.clone()),
        Act::Null => Some(Treatment::Blank),
        Act::Drop => Some(Treatment::Strip),
        Act::Stars | Act::Refuse(_) | Act::Enter | Act::Hollow | Act::Copy => None,
    }
}

/// What is done with a container, from most closed to most open.
fn rank(act: &Act) -> u8 {
    match act {
        Act::Refuse(_) => 0,
        Act::Drop => 1,
        Act::Hollow => 2,
        Act::Null => 3,
        Act::Stars => 4,
        Act::Replace(_) => 5,
        Act::Enter => 6,
        Act::Copy => 7,
        Act::Show => 8,
    }
}

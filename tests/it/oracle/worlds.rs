//! What a node gets where several things may be the case: the more closed of them, all weighed at once.

use fieldgate::model::{Openness, Reason};

use super::Fate;
use super::read::Node;
use super::treat::{Treatment, most_closed};

/// What a node gets in one world.
#[derive(Clone, Debug)]
pub enum Raw {
    /// For its name's sake, whatever it would get itself.
    NameRefused(Reason),
    NameGone,
    Refused(Reason),
    Gone,
    Null,
    Stars,
    /// An object's or array's items, each in every world.
    Enter(Vec<Vec<Raw>>),
    Scalar(Treatment),
}

impl Raw {
    /// From most closed to most open.
    fn rank(&self) -> u8 {
        match self {
            Raw::NameRefused(_) => 0,
            Raw::NameGone => 1,
            Raw::Refused(_) => 2,
            Raw::Gone => 3,
            Raw::Null => 4,
            Raw::Stars => 5,
            Raw::Enter(_) => 6,
            Raw::Scalar(_) => 7,
        }
    }
}

/// The fate of a node, and of all below.
pub fn collapse(worlds: Vec<Raw>, node: &Node) -> Result<Fate, Reason> {
    let closest = worlds.iter().min_by_key(|raw| raw.rank());
    match closest.expect("some world is the case") {
        Raw::NameRefused(reason) | Raw::Refused(reason) => return Err(*reason),
        Raw::NameGone | Raw::Gone => return Ok(Fate::Gone),
        Raw::Null => return Ok(Fate::Put(String::from("null"))),
        Raw::Stars => return Ok(Fate::Put(String::from("\"***\""))),
        Raw::Enter(_) | Raw::Scalar(_) => {}
    }
    match node {
        Node::Scalar { value, .. } => {
            let treatments = worlds.iter().map(|raw| match raw {
                Raw::Scalar(treatment) => treatment,
                other => unreachable!("{other:?} of a scalar"),
            });
            let outcome = most_closed(treatments);
            Ok(match outcome.openness() {
                Openness::Show => Fate::Same,
                Openness::Token | Openness::Mask => Fate::Put(outcome.replacement(value)),
                Openness::Blank => Fate::Put(String::from("null")),
                Openness::Strip => Fate::Gone,
            })
        }
        Node::Container(container) => {
            let mut items = vec![Vec::new(); container.items.len()];
            for raw in worlds {
                let Raw::Enter(below) = raw else {
                    unreachable!("{raw:?} of a container");
                };
                (items.iter_mut().zip(below)).for_each(|(item, more)| item.extend(more));
            }
            let items = items.into_iter().zip(&container.items);
            let fates = items.map(|(worlds, item)| collapse(worlds, &item.node));
            fates.collect::<Result<_, _>>().map(Fate::Enter)
        }
    }
}

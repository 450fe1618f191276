//! What is the same for every caller of a group of routes: what is listed, which exceptions speak of it, which ceilings reach it.
//!
//! Refuses nothing.

use std::cell::OnceCell;
use std::sync::Arc;

use super::reach::{Reach, level_of, reach_of};
use crate::mask::Mask;
use crate::path::Path;
use crate::policy::rules::{
    Ceiling, ClassId, Covers, Exception, FieldId, GroupId, Resource, ResourceId, RoleId, Row,
    RuleSet,
};

/// One group of routes.
pub(in crate::policy) struct Here<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) resource: ResourceId,
    pub(super) group: GroupId,
    pub(super) listed: &'a Resource,
    /// The exceptions of the resource, those that have ended included.
    exceptions: Vec<&'a Exception>,
    /// All ceilings.
    pub(super) ceilings: Vec<Covering<'a>>,
}

/// A ceiling, and what of the resource it reaches once that is asked.
pub(super) struct Covering<'a> {
    pub ceiling: &'a Ceiling,
    reach: OnceCell<Reach<'a>>,
}

/// What an outcome is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Thing {
    /// The value at a field.
    Value(FieldId),
    /// The member names below a field.
    Names(FieldId),
    /// An entry of the envelope, by its index.
    Envelope(usize),
}

/// One thing an outcome is wanted for, with what is written for it.
pub(in crate::policy) struct Governed<'a> {
    pub text: &'a str,
    thing: Thing,
    path: &'a Path,
    pub own: Option<&'a Arc<Mask>>,
    pub masks: &'a [(String, Arc<Mask>)],
    pub class: Option<ClassId>,
    /// Of all roles and times.
    pub exceptions: Vec<&'a Exception>,
}

/// All of a thing that the merge reads, but for the text that keys of its own are made of: two things of a group with equal
/// inputs have equal outcomes, whoever calls, whenever, whatever conditions turn out to be.
#[derive(PartialEq, Eq)]
pub(in crate::policy) struct Inputs<'a> {
    kind: u8,
    masks: &'a [(String, Arc<Mask>)],
    class: Option<ClassId>,
    /// By their place among those of the resource.
    exceptions: Vec<usize>,
    /// For each ceiling, whether it covers the thing.
    covered: Vec<bool>,
}

impl<'a> Here<'a> {
    pub(in crate::policy) fn new(
        rules: &'a RuleSet,
        resource: ResourceId,
        group: GroupId,
    ) -> Option<Here<'a>> {
        let exceptions = rules.exceptions.iter();
        let ceilings = rules.ceilings.iter().map(|ceiling| Covering {
            ceiling,
            reach: OnceCell::new(),
        });
        Some(Here {
            rules,
            resource,
            group,
            listed: rules.resources.get(resource.0)?,
            exceptions: exceptions.filter(|one| one.resource == resource).collect(),
            ceilings: ceilings.collect(),
        })
    }

    /// What a role may read here.
    pub(in crate::policy) fn row(&self, role: RoleId) -> Option<&'a Row> {
        self.rules.rows.get(&(self.resource, self.group, role))
    }

    /// What is written for a thing; nothing for one that is not listed.
    pub(in crate::policy) fn governed(&self, thing: Thing) -> Option<Governed<'a>> {
        Some(match thing {
            Thing::Value(id) => {
                let field = self.listed.fields.get(id.0)?;
                Governed {
                    text: &field.text,
                    thing,
                    path: &field.path,
                    own: field.masks.first().map(|(_, mask)| mask),
                    masks: &field.masks,
                    class: field.class,
                    exceptions: self.exceptions_for(id),
                }
            }
            Thing::Names(id) => {
                let field = self.listed.fields.get(id.0)?;
                Governed {
                    text: &field.text,
                    thing,
                    path: &field.path,
                    own: None,
                    masks: &[],
                    class: field.names,
                    // An exception speaks of the values; of the names only where an entry lists nothing else.
                    exceptions: match field.class {
                        Some(_) => Vec::new(),
                        None => self.exceptions_for(id),
                    },
                }
            }
            Thing::Envelope(at) => {
                let entry = self.listed.envelope.get(at)?;
                Governed {
                    text: &entry.text,
                    thing,
                    path: &entry.path,
                    own: None,
                    masks: &[],
                    class: entry.class,
                    exceptions: Vec::new(),
                }
            }
        })
    }

    pub(in crate::policy) fn inputs(&self, thing: Thing) -> Option<Inputs<'a>> {
        let governed = self.governed(thing)?;
        let place = |one: &&Exception| {
            let mut all = self.exceptions.iter();
            all.position(|other| std::ptr::eq(*one, *other))
        };
        let ceilings = self.ceilings.iter();
        Some(Inputs {
            kind: match thing {
                Thing::Value(_) => 0,
                Thing::Names(_) => 1,
                Thing::Envelope(_) => 2,
            },
            masks: governed.masks,
            class: governed.class,
            exceptions: governed.exceptions.iter().filter_map(place).collect(),
            covered: ceilings.map(|one| self.covers(one, &governed)).collect(),
        })
    }

    fn exceptions_for(&self, field: FieldId) -> Vec<&'a Exception> {
        let all = self.exceptions.iter().copied();
        all.filter(|one| one.fields.contains(&field)).collect()
    }

    /// Whether a ceiling covers a thing; none covers what has no class.
    pub(super) fn covers(&self, covering: &Covering<'a>, governed: &Governed<'_>) -> bool {
        let Some(class) = governed.class else {
            return false;
        };
        let named = match &covering.ceiling.covers {
            Covers::Fields(resource, fields) | Covers::Container(resource, fields, _) => {
                // Of the resource it has the shape of, ceilings bind here too: the records are the same.
                (*resource == self.resource || self.listed.shape_of == Some(*resource))
                    && match governed.thing {
                        Thing::Value(id) | Thing::Names(id) => fields.contains(&id),
                        // Those on fields reach nothing outside the record.
                        Thing::Envelope(_) => false,
                    }
            }
            Covers::Class(covered) => *covered == class,
            Covers::Level(level) => level_of(self.rules, class) >= *level,
        };
        let reach = || {
            let ceiling = covering.ceiling;
            let found = || reach_of(self.rules, ceiling, self.resource, self.listed);
            covering.reach.get_or_init(found)
        };
        named
            || match governed.thing {
                Thing::Value(_) => reach().holds(governed.path),
                Thing::Names(_) => reach().holds_names(governed.path),
                Thing::Envelope(_) => false,
            }
    }
}

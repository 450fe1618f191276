//! What requests of a route that writes may change, for the callers of a plan.
//!
//! Refuses nothing. Which rights count may depend on the record: [`WriteTerms::open`] holds what could be written at most,
//! [`WriteTerms::under`] what is left once it is known what is true of the record.

use std::collections::BTreeSet;
use std::sync::Arc;

use quick_cache::sync::Cache;

use super::{RouteId, Sight};
use crate::mask::{Mask, is_token};
use crate::path::Path;
use crate::policy::combine::reach::{is_bound, level_of, reach_of};
use crate::policy::combine::{Standing, Treatment, Treatments};
use crate::policy::condition::{ConditionId, Possible, Truth, Truths};
use crate::policy::plan::Plan;
use crate::policy::plan::judge::{Cases, Terms};
use crate::policy::{
    BodyForm, Ceiling, Cell, Choice, ClassId, ContractId, Covers, Does, Field, FieldId, GroupId,
    OnPut, Resource, ResourceId, RoleId, RouteRule, RuleSet, Writing,
};

/// Sets of rights that are kept compiled; of more, those asked for least are compiled anew.
const MOST_WRITABLES: usize = 64;

/// All that decides what a request may write, the same for every exchange under a plan.
#[derive(Debug)]
pub struct WriteTerms {
    /// What a request does; never [`Does::Read`].
    pub does: Does,
    /// Its method.
    pub method: http::Method,
    /// How its body is written.
    pub body: BodyForm,
    /// What the resource says of such requests.
    pub writing: Writing,
    /// Where the record stands in the request's body: as in the answer.
    pub at: Path,
    /// The field that names the person.
    pub person: Option<FieldId>,
    /// The `GET` of the same path, which answers with the stored record.
    pub stored: Option<RouteId>,
    /// Whether the stored record must be judged before the request is sent: it must be of the caller's own person, or
    /// which rights count depends on it.
    pub must_judge: bool,
    /// What could be written at most: by every right that may count.
    pub open: Arc<Writable>,
    /// What the callers see of every record alike: as it came, or masked.
    pub seen: Arc<Plan>,
    /// What of a record decides which rights count; `None` where none does.
    pub cases: Option<Arc<Cases>>,
    counting: Counting,
}

/// Whose rights count, and what may be written by them.
#[derive(Debug)]
struct Counting {
    rights: Vec<RoleRight>,
    terms: Terms,
    /// The group of the `GET` that answers with the stored record.
    stored: Option<GroupId>,
    /// By [`FieldId`], as if nothing could be written.
    fields: Vec<FieldRight>,
    known: Cache<Vec<RoleId>, Arc<Writable>>,
}

/// What may be written where certain rights count.
#[derive(Debug)]
pub struct Writable {
    /// Whether anything may be done at all: a right to create, update or delete counts, as the route does.
    pub may: bool,
    /// By [`FieldId`].
    pub fields: Vec<FieldRight>,
    /// Which entry of the catalogue decides a node: its verdict is to show what may be written, else to drop it. What no
    /// entry lists is dropped too, and so is all beside the record.
    pub plan: Arc<Plan>,
}

/// What may be done with a field of the catalogue.
#[derive(Clone, Debug)]
pub struct FieldRight {
    /// As catalogued.
    pub text: Arc<str>,
    /// Of its values; none where the entry speaks of names alone.
    pub class: Option<ClassId>,
    /// Whether the request may write its values.
    pub may_write: bool,
    /// Whether it may write names of members that are data there; so where no entry says that they are.
    pub may_name: bool,
    /// Whether the caller sees it with `show`, whatever the record.
    pub shown: bool,
    /// The masks anybody may see it under, as far as they have a form.
    pub masks: Arc<[Arc<Mask>]>,
    /// Whether somebody may see it under a mask or as a token.
    pub veiled: bool,
}

impl FieldRight {
    /// Whether all of it may be written, member names that are data too.
    pub fn is_writable(&self) -> bool {
        self.may_name && (self.may_write || self.class.is_none())
    }

    /// Whether it is seen with `show` besides.
    pub fn is_open(&self) -> bool {
        self.shown && self.is_writable()
    }

    /// Whether a string has the form of what a mask or a token makes of this field's values.
    pub fn is_veil(&self, text: &str) -> bool {
        self.veiled
            && (is_token(text)
                || Mask::Fixed.may_have_made(text)
                || self.masks.iter().any(|mask| mask.may_have_made(text)))
    }
}

/// What one role may write.
#[derive(Debug)]
struct RoleRight {
    role: RoleId,
    /// Its rights count for a record where all of these hold.
    gate: Vec<ConditionId>,
    may: bool,
    /// By [`FieldId`].
    fields: Vec<bool>,
    /// By [`FieldId`]: member names that are data.
    names: Vec<bool>,
}

impl WriteTerms {
    /// Of a route under `terms`, whose callers see the fields as `sights` says. `None` where the plan cannot be compiled.
    pub(super) fn new(
        terms: &Terms,
        (resource, route): (&Resource, &RouteRule),
        sights: &[Sight],
    ) -> Option<WriteTerms> {
        let stored = route.stored.map(|(group, route)| RouteId {
            resource: terms.resource,
            group,
            route,
        });
        let of = (resource, route);
        let rights = terms.roles.iter();
        let rights: Vec<RoleRight> = rights
            .filter_map(|role| RoleRight::of(terms, of, *role))
            .collect();
        let fields = resource.fields.iter().enumerate();
        let fields: Vec<FieldRight> = fields
            .map(|(at, field)| {
                let Veils { masks, veiled } = Veils::of(&terms.rules, terms.resource, FieldId(at));
                FieldRight {
                    text: field.text.as_str().into(),
                    class: field.class,
                    may_write: false,
                    may_name: false,
                    shown: sights.get(at) == Some(&Sight::Clear),
                    masks: masks.into(),
                    veiled,
                }
            })
            .collect();
        let asked = rights.iter().flat_map(|right| right.gate.iter().copied());
        let cases = Cases::asking(terms.clone(), asked.collect());
        let judged = terms.person_check || cases.is_some();
        let counting = Counting {
            rights,
            terms: terms.clone(),
            stored: route.stored.map(|(group, _)| group),
            fields,
            known: Cache::new(MOST_WRITABLES),
        };
        Some(WriteTerms {
            does: route.does,
            method: route.method.clone(),
            body: route.body,
            writing: resource.writing,
            at: route.at.clone(),
            person: resource.person.as_ref().map(|person| person.field),
            must_judge: judged && route.does != Does::Create,
            stored,
            open: counting.under(&terms.truths(Possible::ANYTHING))?,
            seen: Arc::new(seen(terms, sights)?),
            cases: cases.map(Arc::new),
            counting,
        })
    }

    /// Whether what is sent is laid over the stored record.
    pub fn merges(&self) -> bool {
        let merges = self.writing.on_put == OnPut::MergeHidden && self.body == BodyForm::Json;
        merges && self.method == http::Method::PUT
    }

    /// Whether the stored record is read before anything is sent.
    pub fn reads_stored(&self) -> bool {
        self.must_judge || self.merges()
    }

    /// What may be written of a record of whose conditions this is true; nothing is said of the others, so they are
    /// unknown. `None` where no right counts.
    pub fn under(&self, truths: &[(ConditionId, Truth)]) -> Option<Arc<Writable>> {
        let mut all = self.counting.terms.truths(Possible::only(Truth::Unknown));
        for (id, truth) in truths {
            all.set(*id, *truth);
        }
        self.counting.under(&all).filter(|writable| writable.may)
    }

    /// Whether whoever searches or writes by a parameter may write these fields, whatever the record.
    pub(super) fn surely(&self, fields: &[FieldId]) -> bool {
        let sure = self.under(&[]);
        let may = |field: &FieldId| {
            let sure = sure.as_ref().and_then(|sure| sure.fields.get(field.0));
            sure.is_some_and(|field| field.may_write && field.may_name)
        };
        !fields.is_empty() && fields.iter().all(may)
    }
}

impl Counting {
    fn under(&self, truths: &Truths) -> Option<Arc<Writable>> {
        let rights = self.rights.iter();
        let counting: Vec<&RoleRight> = rights
            .filter(|right| truths.may_count(right.role, &right.gate))
            .collect();
        let roles: Vec<RoleId> = counting.iter().map(|right| right.role).collect();
        if let Some(known) = self.known.get(&roles) {
            return Some(known);
        }
        let some = |at: usize, of: fn(&RoleRight) -> &[bool]| {
            let mut each = counting.iter().filter_map(|right| of(right).get(at));
            each.any(|may| *may)
        };
        let fields = self.fields.iter().enumerate();
        let fields: Vec<FieldRight> = fields
            .map(|(at, field)| FieldRight {
                // Whoever sees it clearly sends no mask back unseen.
                may_write: some(at, |right| &right.fields)
                    && (field.shown || !self.reads_without_form(FieldId(at))),
                may_name: some(at, |right| &right.names),
                ..field.clone()
            })
            .collect();
        let writable = Arc::new(Writable {
            may: counting.iter().any(|right| right.may),
            plan: Arc::new(writing_plan(&self.terms, &fields)?),
            fields,
        });
        self.known.insert(roles, Arc::clone(&writable));
        Some(writable)
    }

    /// Whether one of the caller's roles reads the field under a mask whose results look like any value.
    fn reads_without_form(&self, field: FieldId) -> bool {
        let groups = [Some(self.terms.group), self.stored];
        let mut groups = groups.into_iter().flatten();
        groups.any(|group| {
            let mut roles = self.terms.roles.iter();
            roles.any(|role| {
                let place = (self.terms.resource, group);
                let held = (&self.terms.roles[..], self.terms.contract);
                formless(&self.terms.rules, place, held, *role, field).is_some()
            })
        })
    }
}

impl RoleRight {
    /// What a role may write on a route; `None` where it has no right.
    fn of(
        terms: &Terms,
        (resource, route): (&Resource, &RouteRule),
        role: RoleId,
    ) -> Option<RoleRight> {
        let (rules, place, does) = (&terms.rules, (terms.resource, terms.group), route.does);
        let rights = rules.rights.get(&(place.0, place.1, role))?;
        let standing = Standing {
            roles: &[role],
            contract: terms.contract,
        };
        let mut gate = rights.only.clone();
        // What could not be read where the stored record is read cannot be changed here.
        let row = route
            .stored
            .and_then(|(group, _)| rules.rows.get(&(place.0, group, role)));
        gate.extend(row.iter().flat_map(|row| &row.only));
        gate.sort_unstable();
        gate.dedup();
        let fields = |may: &dyn Fn(&Field) -> bool| resource.fields.iter().map(may).collect();
        Some(RoleRight {
            role,
            gate,
            may: rules.has_right(place, does, standing),
            fields: fields(&|field| rules.may_write(place, role, does, terms.contract, field)),
            names: fields(&|field| rules.may_write_names(place, role, does, terms.contract, field)),
        })
    }
}

/// The plan that leaves of a record what is seen of every one alike.
fn seen(terms: &Terms, sights: &[Sight]) -> Option<Plan> {
    let outcome = |sight: &Sight| match sight {
        Sight::Clear => Treatment::Show,
        Sight::Veiled => Treatment::fixed(),
        Sight::Hidden => Treatment::Strip,
    };
    let resource = terms.rules.resources.get(terms.resource.0)?;
    let treatments = Treatments {
        fields: sights.iter().map(outcome).collect(),
        names_shown: sights.iter().map(|it| *it == Sight::Clear).collect(),
        envelope: vec![Treatment::Strip; resource.envelope.len()],
    };
    let (resource, group) = (terms.resource, terms.group);
    Plan::for_writing(&terms.rules, resource, group, terms.route, treatments)
}

/// The plan that shows what may be written.
fn writing_plan(terms: &Terms, fields: &[FieldRight]) -> Option<Plan> {
    let open = |may: bool| {
        if may {
            Treatment::Show
        } else {
            Treatment::Strip
        }
    };
    let envelope = terms.rules.resources.get(terms.resource.0)?.envelope.len();
    let treatments = Treatments {
        fields: fields.iter().map(|field| open(field.may_write)).collect(),
        names_shown: fields.iter().map(|field| field.may_name).collect(),
        envelope: vec![Treatment::Strip; envelope],
    };
    let (resource, group) = (terms.resource, terms.group);
    Plan::for_writing(&terms.rules, resource, group, terms.route, treatments)
}

/// A mask without a form under which a role reads a field of a group: the first there is. `held` is all that binds whoever
/// reads: the roles they hold, and their contract.
pub(in crate::policy) fn formless(
    rules: &RuleSet,
    (resource, group): (ResourceId, GroupId),
    (held, contract): (&[RoleId], Option<ContractId>),
    role: RoleId,
    field: FieldId,
) -> Option<Arc<Mask>> {
    let listed = rules.resources.get(resource.0)?.fields.get(field.0)?;
    let row = rules.rows.get(&(resource, group, role))?;
    let cell = listed.class.and_then(|class| row.cells.get(class.0));
    let exceptions = rules
        .exceptions
        .iter()
        .filter(|one| one.resource == resource && one.role == role && one.fields.contains(&field));
    let given = cell.into_iter().chain(exceptions.map(|one| &one.cell));
    let given: Vec<&Cell> = given.flat_map(Choice::cells).collect();
    let above = |cell: &&Cell| matches!(cell, Cell::Show | Cell::Token(_));
    let lowered = given.iter().any(above);
    let contract = contract.and_then(|id| rules.contracts.get(id.0));
    let items = contract.and_then(|one| one.items.get(&(resource, group)));
    let items = items.and_then(|row| row.cells.get(listed.class?.0));
    let items = items.into_iter().flat_map(Choice::cells);
    let held: BTreeSet<RoleId> = held.iter().copied().collect();
    let ceilings = bounds(rules, resource, field, move |ceiling| {
        is_bound(rules, ceiling, &held)
    });
    // What is not above a mask no mask lowers.
    let closing = items.chain(ceilings).filter(|_| lowered);
    let mut masks = given
        .iter()
        .copied()
        .chain(closing)
        .filter_map(|cell| mask_of(listed, cell));
    masks.find(|mask| !mask.has_form())
}

/// What a cell makes of a field, where that is a mask.
fn mask_of(field: &Field, cell: &Cell) -> Option<Arc<Mask>> {
    let Cell::Mask(name) = cell else { return None };
    let named = field
        .masks
        .iter()
        .find(|(listed, _)| Some(listed) == name.as_ref());
    let own = named.or(field.masks.first());
    Some(own.map_or_else(|| Arc::new(Mask::fixed()), |(_, mask)| Arc::clone(mask)))
}

/// The most open outcomes that ceilings leave a field, of those ceilings that bind.
fn bounds<'a>(
    rules: &'a RuleSet,
    resource: ResourceId,
    field: FieldId,
    binds: impl Fn(&Ceiling) -> bool + 'a,
) -> impl Iterator<Item = &'a Cell> {
    let listed = rules.resources.get(resource.0);
    let entry = listed.and_then(|listed| listed.fields.get(field.0));
    let covers = move |ceiling: &&Ceiling| {
        let (Some(listed), Some(entry)) = (listed, entry) else {
            return false;
        };
        let named = match &ceiling.covers {
            Covers::Fields(of, fields) | Covers::Container(of, fields, _) => {
                (*of == resource || listed.shape_of == Some(*of)) && fields.contains(&field)
            }
            Covers::Class(covered) => entry.class == Some(*covered),
            Covers::Level(level) => entry.class.is_some_and(|of| level_of(rules, of) >= *level),
        };
        named || reach_of(rules, ceiling, resource, listed).holds(&entry.path)
    };
    let ceilings = rules.ceilings.iter();
    let ceilings = ceilings.filter(move |one| binds(one)).filter(covers);
    ceilings.map(|one| &one.at_most)
}

/// Under what anybody may see a field, so that it may come back.
struct Veils {
    masks: Vec<Arc<Mask>>,
    veiled: bool,
}

impl Veils {
    fn of(rules: &RuleSet, resource: ResourceId, field: FieldId) -> Veils {
        let Some(listed) = rules.resources.get(resource.0) else {
            return Veils {
                masks: Vec::new(),
                veiled: false,
            };
        };
        let entry = listed.fields.get(field.0);
        let alike: BTreeSet<usize> = rules
            .resources
            .iter()
            .enumerate()
            .filter(|(at, other)| {
                let same = |one: Option<ResourceId>| one.is_some() && one == listed.shape_of;
                *at == resource.0
                    || other.shape_of == Some(resource)
                    || listed.shape_of == Some(ResourceId(*at))
                    || same(other.shape_of)
            })
            .map(|(at, _)| at)
            .collect();
        let rows = rules.rows.iter().map(|((of, _, _), row)| (*of, row));
        let items = rules.contracts.iter().flat_map(|one| &one.items);
        let rows = rows.chain(items.map(|((of, _), row)| (*of, row)));
        let class = entry.and_then(|entry| entry.class);
        let cells = rows
            .filter(|(of, _)| alike.contains(&of.0))
            .filter_map(|(_, row)| row.cells.get(class?.0));
        let exceptions = rules
            .exceptions
            .iter()
            .filter(|one| alike.contains(&one.resource.0) && one.fields.contains(&field));
        let cells = cells.chain(exceptions.map(|one| &one.cell));
        let mut cells = cells
            .flat_map(Choice::cells)
            .chain(bounds(rules, resource, field, |_| true));
        let masks = entry.into_iter().flat_map(|entry| &entry.masks);
        let masks = masks.map(|(_, mask)| mask).filter(|mask| mask.has_form());
        let masks: Vec<Arc<Mask>> = masks.cloned().collect();
        Veils {
            veiled: !masks.is_empty()
                || cells.any(|cell| matches!(cell, Cell::Mask(_) | Cell::Token(_))),
            masks,
        }
    }
}

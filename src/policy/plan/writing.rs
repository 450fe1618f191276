//! What a plan says of bodies that are written: which fields stand at a place and below, and what may be there besides.
//!
//! Refuses nothing; where it cannot be told which fields stand at a place, it says so.

use std::sync::Arc;

use super::state::{Key, Position, Zone};
use super::{Act, Node, Pattern, Plan, State, StateId, Verdict, drift_form, net_meets};
use crate::json::Cursor;
use crate::path::{Selector, Step};
use crate::policy::FieldId;

/// What the catalogue lists at a place and below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The entries, nets that could close something of them among these; sorted.
    pub fields: Vec<FieldId>,
    /// Written paths go on below, so what stands here is a container.
    pub goes_on: bool,
    /// An entry with `whole` covers the place.
    pub whole: bool,
}

/// Every element, and no member.
const ELEMENTS: Selector = Selector::Slice {
    start: 0,
    end: None,
    step: 1,
};

impl Plan {
    /// The state of that id.
    pub fn state(&self, id: StateId) -> Option<Arc<State>> {
        let at = usize::try_from(id.0).ok()?;
        self.states().as_ref().get(at).cloned()
    }

    /// Whether names compare with ASCII case folded.
    pub fn any_case(&self) -> bool {
        self.any_case
    }

    /// What the catalogue lists at a place and below; `None` where it cannot be told.
    pub fn listing(&self, state: &State) -> Option<Listing> {
        let mut listing = Listing::default();
        let worlds = &state.situation.worlds;
        if worlds.is_empty() {
            return None;
        }
        for key in worlds {
            self.stands_in(key, &mut listing);
        }
        listing.fields.sort_unstable();
        listing.fields.dedup();
        Some(listing)
    }

    fn stands_in(&self, key: &Key, listing: &mut Listing) {
        // On the way to the record, all of it stands below.
        let on_the_way: Vec<Position> = match key.zone {
            Zone::Way(_) => (0..self.envelope_from).map(Position::start).collect(),
            _ => Vec::new(),
        };
        let positions = || key.positions.iter().chain(&on_the_way);
        let is_net = |position: &Position| self.pattern(position).is_some_and(|it| it.net);
        let mut written: Vec<(&Pattern, usize)> = Vec::new();
        for position in positions().filter(|position| !is_net(position)) {
            let Some(pattern) = self.pattern(position) else {
                continue;
            };
            let entry = self.entry(pattern);
            let Some(field) = entry.and_then(|entry| entry.field) else {
                continue;
            };
            listing.fields.push(field);
            listing.goes_on |= !self.ended(position);
            written.push((pattern, position.step));
            if entry.is_some_and(|entry| entry.whole) {
                listing.whole |= self.ended(position);
            }
        }
        for cover in key.array.iter().chain(&key.whole) {
            listing.fields.extend(cover.field);
        }
        listing.whole |= key.whole.is_some();
        let covered = !listing.fields.is_empty();
        let entries = key.nets.iter().filter_map(|net| self.entries.get(*net));
        listing
            .fields
            .extend(entries.filter_map(|entry| entry.field).filter(|_| covered));
        let open = listing.whole || self.some_whole(&listing.fields);
        for position in positions().filter(|position| is_net(position)) {
            let pattern = self.pattern(position);
            let net = pattern.and_then(|it| it.steps.get(position.step..));
            let net = net.unwrap_or_default();
            let met = |(path, from): &(&Pattern, usize)| self.net_may_meet(net, path, *from);
            if open || written.iter().any(met) {
                listing.fields.extend(self.field_of(position));
            }
        }
    }

    fn some_whole(&self, fields: &[FieldId]) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| {
            let listed = entry.field.is_some_and(|field| fields.contains(&field));
            listed && entry.whole
        })
    }

    /// Whether a net could match the node of a written path, a scalar of an array there, or a node above it, further than
    /// so many steps.
    fn net_may_meet(&self, net: &[Step], path: &Pattern, from: usize) -> bool {
        let steps = path.steps.iter().enumerate().skip(from);
        // Members that `[*]` meets are unlisted but where names are data: a net closes nothing there.
        let steps = steps.map(|(at, step)| Step {
            descend: false,
            selector: match step.selector {
                Selector::Wildcard if !self.names_may_be_data(&path.steps, at) => ELEMENTS,
                ref selector => selector.clone(),
            },
        });
        let element = Step {
            descend: false,
            selector: ELEMENTS,
        };
        let path: Vec<Step> = steps.chain([element]).collect();
        net.is_empty() || net_meets(net, &path, |net, step| net.meets(step, self.any_case))
    }

    /// Whether some entry gives the names below a place a class, so many steps along a path.
    fn names_may_be_data(&self, path: &[Step], at: usize) -> bool {
        let place = path.get(..at).unwrap_or_default();
        let meets = |pattern: &Pattern| {
            let mut steps = pattern.steps.iter().zip(place);
            pattern.net
                || (pattern.steps.len() == at
                    && steps.all(|(a, b)| a.selector.meets(&b.selector, self.any_case)))
        };
        let gives_names = |pattern: &Pattern| {
            let entry = self.entry(pattern);
            entry.is_some_and(|entry| entry.names.is_some())
        };
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| gives_names(pattern) && meets(pattern))
    }

    /// The entries that decide a scalar here, in any world: that which covers it, and the nets around it.
    pub fn deciding(&self, state: &State) -> Vec<FieldId> {
        let mut fields = Vec::new();
        for key in &state.situation.worlds {
            let Some(cover) = self.cover_of_scalar(key) else {
                continue;
            };
            fields.extend(cover.field);
            let nets = key.nets.iter().filter_map(|net| self.entries.get(*net));
            fields.extend(nets.filter_map(|entry| entry.field));
        }
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// Whether a record stands here or below, so that what stands here belongs to none.
    pub fn is_above_records(&self, state: &State) -> bool {
        let worlds = &state.situation.worlds;
        worlds.iter().any(|key| matches!(key.zone, Zone::Way(_)))
    }

    /// Whether a name that no path writes here would be one that a path does write, were case, `_` and `-` ignored: a
    /// reader that ignores them would take the one for the other.
    pub fn resembles(&self, state: &State, name: &str) -> bool {
        let folded = self.any_case.then(|| name.to_ascii_lowercase());
        let written = folded.as_deref().unwrap_or(name);
        let names = &state.members.names;
        if names.is_empty() || names.contains_key(written) {
            return false;
        }
        let forms = || names.keys().map(|name| drift_form(name)).collect();
        let forms = state.members.forms.get_or_init(forms);
        forms.contains(&drift_form(name))
    }

    /// How many elements of an array here are told apart by where they stand, those behind them being alike as far as
    /// that can be told; `None` where all are alike.
    pub fn told_apart(&self, state: &State) -> Option<u64> {
        let elements = &state.elements;
        let apart = !elements.first.is_empty() || elements.rest.is_none();
        apart.then(|| u64::try_from(elements.first.len()).unwrap_or(u64::MAX))
    }

    /// Whether whoever sees what this plan shows could see an array here without some of its elements, though all are as
    /// the catalogue writes them; `None` where the plan cannot grow any more.
    pub fn may_lose_elements(&self, state: &State) -> Option<bool> {
        // Those behind the last that is listed are missed by nobody.
        let mut listed = false;
        let apart = u64::try_from(state.elements.first.len()).ok()?;
        for index in (0..=apart).rev() {
            let element = self.state(self.element(state, index, None)?)?;
            let nodes = self.nodes_at(&element);
            let lost = |verdict: &Verdict| matches!(verdict.act, Act::Drop | Act::Refuse(_));
            let mut each = nodes.iter();
            if (listed && nodes.is_empty())
                || each.any(|node| self.in_some_world(&element, *node, lost))
            {
                return Some(true);
            }
            listed |= !nodes.is_empty();
        }
        Some(false)
    }

    /// The types of the nodes that the catalogue has here.
    fn nodes_at(&self, state: &State) -> Vec<Node> {
        let worlds = &state.situation.worlds;
        let covered = worlds.iter().any(|key| self.cover_of_scalar(key).is_some());
        let goes_on = |object: bool| worlds.iter().any(|key| self.fits(key, object));
        let (object, array) = (goes_on(true), goes_on(false));
        let nodes = [
            (Node::Scalar, covered),
            (Node::Null, covered || object || array),
            (Node::Object, object),
            (Node::Array, array),
        ];
        let nodes = nodes.into_iter().filter(|(_, fits)| *fits);
        nodes.map(|(node, _)| node).collect()
    }

    /// Whether the catalogue has an object here.
    pub fn takes_object(&self, state: &State) -> bool {
        self.takes(state, true)
    }

    /// Whether it has an array here: one that paths go on into, or scalars of which an entry covers.
    pub fn takes_array(&self, state: &State) -> bool {
        self.takes(state, false)
            || state
                .situation
                .worlds
                .iter()
                .any(|key| self.cover(key).is_some())
    }

    /// Whether it has an array here that an object would take the place of: paths go on into its elements, and not by
    /// member names that are data.
    pub fn takes_elements(&self, state: &State) -> bool {
        state.situation.worlds.iter().any(|key| {
            let named = self.names_are_listed(key);
            key.positions.iter().any(|position| {
                let net = self.pattern(position).is_some_and(|pattern| pattern.net);
                let step = self.next_step(position).map(|step| &step.selector);
                !net && match step {
                    None | Some(Selector::Name(_)) => false,
                    Some(Selector::Wildcard | Selector::Filter(_)) => !named,
                    Some(_) => true,
                }
            })
        })
    }

    /// The entries that make member names here data, where a name is one that no path writes.
    pub fn naming(&self, state: &State, name: &str) -> Vec<FieldId> {
        let folded = self.any_case.then(|| name.to_ascii_lowercase());
        let written = folded.as_deref().unwrap_or(name);
        if state.members.names.contains_key(written) {
            return Vec::new();
        }
        let worlds = state.situation.worlds.iter();
        let ended = worlds
            .flat_map(|key| &key.positions)
            .filter(|position| self.ended(position));
        let entries = ended.filter_map(|position| self.entry(self.pattern(position)?));
        let naming = entries.filter(|entry| entry.names.is_some());
        naming.filter_map(|entry| entry.field).collect()
    }

    fn takes(&self, state: &State, object: bool) -> bool {
        let mut worlds = state.situation.worlds.iter();
        worlds.any(|key| {
            self.fits(key, object)
                || self.way_on(key, object).is_some()
                || self.whole(key).is_some()
        })
    }

    /// Whether the catalogue has a member of that name in an object here: a path writes it, or names are data.
    pub fn takes_member(&self, state: &State, name: &str) -> bool {
        let folded = self.any_case.then(|| name.to_ascii_lowercase());
        let written = folded.as_deref().unwrap_or(name);
        let mut worlds = state.situation.worlds.iter();
        state.members.names.contains_key(written) || worlds.any(|key| self.names_are_listed(key))
    }

    fn names_are_listed(&self, key: &Key) -> bool {
        let mut ended = key.positions.iter().filter(|position| self.ended(position));
        let lists = |position: &Position| {
            let entry = self.pattern(position).and_then(|it| self.entry(it));
            entry.is_some_and(|entry| entry.names.is_some())
        };
        ended.any(lists) || self.whole(key).is_some()
    }

    /// The one record of a body and where in its text it begins; `None` where there may be several, or none.
    pub fn record_in<'a>(&self, text: &'a str) -> Option<(Cursor<'a>, usize)> {
        let mut here = Cursor::new(text);
        let mut at = text.find(|char| !matches!(char, ' ' | '\t' | '\n' | '\r'))?;
        for step in &self.at {
            match &step.selector {
                Selector::Name(name) => {
                    let member = here.members().find(|member| match self.any_case {
                        true => member.name.eq_ignore_ascii_case(name),
                        false => member.name == *name,
                    })?;
                    at += member.end - member.value.text().len();
                    here = member.value;
                }
                Selector::Index(index) => {
                    let mut elements = here.elements();
                    here = elements.nth(usize::try_from(*index).ok()?)?;
                    at += elements.end() - here.text().len();
                }
                _ => return None,
            }
        }
        Some((here, at))
    }
}

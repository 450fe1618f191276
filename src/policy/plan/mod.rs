//! What one caller may read of one route, as an automaton over the answer's nodes.
//!
//! A plan is compiled from a rule set, a route and the treatments of a role set. Its states are built when a
//! document first reaches them and shared by all exchanges under the plan, so a rule set of any size costs a
//! response nothing but the paths it really has.

mod build;
mod decide;
mod errors;
pub mod judge;
mod state;
mod withheld;
mod worlds;
mod writing;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::combine::{Treatment, Treatments};
use super::condition::text_at;
use super::{FieldId, GroupId, Resource, ResourceId, RouteRule, RuleSet, Unlisted};
use crate::json::Cursor;
use crate::path::{Path, Selected, Selector, Step, patterns};
pub use state::{Act, Gate, Node, State, StateId, Verdict};
use state::{Key, Position, Zone};
pub use withheld::Withheld;
use worlds::Situation;
pub use writing::Listing;

/// A plan never grows beyond this many states; a document that would need more is refused.
const MOST_STATES: usize = 100_000;

/// See the module.
#[derive(Debug)]
pub struct Plan {
    entries: Vec<Entry>,
    /// The catalogue's patterns first, then the envelope's.
    patterns: Vec<Pattern>,
    /// Where the envelope's patterns begin.
    envelope_from: usize,
    at: Vec<Step>,
    /// An answer may hold several documents.
    several: bool,
    /// The selectors that must be asked, each once: filters, and what is counted from the end.
    asked: Vec<Selector>,
    unlisted: Mode,
    drift_show: bool,
    any_case: bool,
    /// The last names of all listed paths, case, `_` and `-` ignored.
    last_names: HashSet<String>,
    record_visible: bool,
    person: Option<FieldId>,
    /// Where a record names its person; singular.
    person_path: Option<Path>,
    person_check: bool,
    listed: Vec<Listed>,
    states: ArcSwap<Vec<Arc<State>>>,
    /// The ids of the states; its lock also serialises growth.
    ids: Mutex<HashMap<Situation, StateId>>,
}

/// A listed field under this plan, for audit and explanation.
#[derive(Clone, Debug)]
pub struct Listed {
    /// As catalogued.
    pub field: String,
    /// What happens to it, the nets that surely meet it considered.
    pub treatment: Treatment,
}

/// What happens to what no entry lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Strip,
    Refuse,
    Show,
}

/// An entry of the catalogue or the envelope under this plan.
#[derive(Debug)]
struct Entry {
    /// `None` where the entry gives names a class and nothing else.
    treatment: Option<Treatment>,
    whole: bool,
    /// Whether names below may be seen, where the entry says.
    names: Option<bool>,
    field: Option<FieldId>,
}

#[derive(Debug)]
struct Pattern {
    steps: Vec<Step>,
    entry: usize,
    net: bool,
    /// Its field is not stripped, the nets that surely meet it considered.
    visible: bool,
}

impl Plan {
    /// Compiles the plan of a route under `treatments`.
    ///
    /// `person_check` says that the caller may see only records of their own person.
    pub fn new(
        rules: &RuleSet,
        resource: ResourceId,
        group: GroupId,
        route: usize,
        treatments: Treatments,
        person_check: bool,
    ) -> Option<Plan> {
        let resource = rules.resources.get(resource.0)?;
        let route = resource.route(group, route)?;
        let unlisted = match resource.unlisted {
            Unlisted::Strip => Mode::Strip,
            Unlisted::Refuse => Mode::Refuse,
            Unlisted::Show { .. } => Mode::Show,
        };
        let drift = resource.drift_show;
        Plan::compiled(resource, route, treatments, person_check, (unlisted, drift))
    }

    /// Compiles what a request of a route may write: its treatments show that, and strip all else. Nothing is written that
    /// no entry lists, whatever the resource says of answers.
    pub fn for_writing(
        rules: &RuleSet,
        resource: ResourceId,
        group: GroupId,
        route: usize,
        treatments: Treatments,
    ) -> Option<Plan> {
        let resource = rules.resources.get(resource.0)?;
        let route = resource.route(group, route)?;
        Plan::compiled(resource, route, treatments, false, (Mode::Strip, false))
    }

    fn compiled(
        resource: &Resource,
        route: &RouteRule,
        treatments: Treatments,
        person_check: bool,
        (unlisted, drift_show): (Mode, bool),
    ) -> Option<Plan> {
        let mut plan = Plan {
            entries: Vec::new(),
            patterns: Vec::new(),
            envelope_from: 0,
            at: patterns(&route.at)?.into_iter().next()?,
            several: route.answer.format.is_several(),
            asked: Vec::new(),
            unlisted,
            drift_show,
            any_case: resource.any_case,
            last_names: HashSet::new(),
            record_visible: false,
            person: resource.person.as_ref().map(|person| person.field),
            person_path: resource.person_path().cloned(),
            person_check,
            listed: Vec::new(),
            states: ArcSwap::default(),
            ids: Mutex::default(),
        };
        let Treatments {
            fields,
            names_shown,
            envelope,
        } = treatments;
        let fields = resource
            .fields
            .iter()
            .zip(fields)
            .zip(names_shown)
            .enumerate();
        for (index, ((field, treatment), names_shown)) in fields {
            plan.listed.push(Listed {
                field: field.text.clone(),
                treatment: treatment.clone(),
            });
            let entry = Entry {
                treatment: field.class.map(|_| treatment),
                whole: field.whole,
                names: field.names.map(|_| names_shown),
                field: Some(FieldId(index)),
            };
            plan.add(&field.path, entry)?;
        }
        plan.envelope_from = plan.patterns.len();
        for (listed, treatment) in resource.envelope.iter().zip(envelope) {
            let entry = Entry {
                treatment: Some(treatment),
                whole: false,
                names: None,
                field: None,
            };
            plan.add(&listed.path, entry)?;
        }
        plan.settle_visibility();
        plan.state_id(plan.root());
        Some(plan)
    }

    fn add(&mut self, path: &Path, entry: Entry) -> Option<()> {
        for steps in patterns(path)? {
            if let Some(name) = last_name(&steps) {
                self.last_names.insert(drift_form(name));
            }
            for step in &steps {
                let asks = step.selector.counts() || matches!(step.selector, Selector::Filter(_));
                if asks && !self.asked.contains(&step.selector) {
                    self.asked.push(step.selector.clone());
                }
            }
            self.patterns.push(Pattern {
                steps,
                entry: self.entries.len(),
                net: path.is_net(),
                visible: false,
            });
        }
        self.entries.push(entry);
        Some(())
    }

    /// A field that a net surely strips is not visible, whatever its own outcome.
    fn settle_visibility(&mut self) {
        let closed: Vec<Option<Treatment>> = (0..self.patterns.len())
            .map(|index| self.closed_by_nets(index))
            .collect();
        for (pattern, closed) in self.patterns.iter_mut().zip(closed) {
            let Some(closed) = closed else { continue };
            pattern.visible = closed != Treatment::Strip;
            let field = self
                .entries
                .get(pattern.entry)
                .and_then(|entry| entry.field);
            if let Some(listed) = field.and_then(|field| self.listed.get_mut(field.0)) {
                listed.treatment = listed.treatment.clone().closer(closed);
            }
        }
        let mut catalogue = self.patterns.iter().take(self.envelope_from);
        self.record_visible =
            self.unlisted == Mode::Show || catalogue.any(|pattern| pattern.visible && !pattern.net);
    }

    /// What a pattern's own outcome and the nets that surely meet it leave.
    fn closed_by_nets(&self, index: usize) -> Option<Treatment> {
        let pattern = self.patterns.get(index)?;
        let own = self.entries.get(pattern.entry)?.treatment.clone()?;
        let range = if index < self.envelope_from {
            0..self.envelope_from
        } else {
            self.envelope_from..self.patterns.len()
        };
        let met = self
            .nets_that_meet(pattern, range)
            .filter_map(|net| self.entries.get(net.entry)?.treatment.clone());
        let all: Vec<Treatment> = std::iter::once(own).chain(met).collect();
        Some(Treatment::closest(&all))
    }

    fn nets_that_meet<'a>(
        &'a self,
        pattern: &'a Pattern,
        range: std::ops::Range<usize>,
    ) -> impl Iterator<Item = &'a Pattern> {
        let among = self.patterns.get(range).unwrap_or_default().iter();
        among.filter(|other| {
            other.net && net_surely_meets(&other.steps, &pattern.steps, self.any_case)
        })
    }

    /// The entries with `..` that surely meet what a field's entry decides, for explanation.
    pub fn nets_over(&self, field: FieldId) -> Vec<FieldId> {
        let field_of = |pattern: &Pattern| self.entries.get(pattern.entry)?.field;
        let catalogue = self.patterns.iter().take(self.envelope_from);
        let own = catalogue.filter(|pattern| field_of(pattern) == Some(field));
        let mut nets: Vec<FieldId> = own
            .flat_map(|pattern| self.nets_that_meet(pattern, 0..self.envelope_from))
            .filter_map(field_of)
            .filter(|net| *net != field)
            .collect();
        nets.sort_unstable();
        nets.dedup();
        nets
    }

    fn root(&self) -> Situation {
        let envelope = (self.envelope_from..self.patterns.len())
            .map(Position::start)
            .collect();
        if self.at.is_empty() {
            return Situation::certain(self.record(), true);
        }
        Situation::certain(Key::new(Zone::Way(0), envelope), true)
    }

    fn record(&self) -> Key {
        Key::new(
            Zone::RecordRoot,
            (0..self.envelope_from).map(Position::start).collect(),
        )
    }

    /// The states built so far. Ids stay valid; take a fresh copy when an id is beyond its end.
    pub fn states(&self) -> Arc<Vec<Arc<State>>> {
        self.states.load_full()
    }

    /// The id of the state for the body's root.
    pub fn root_state(&self) -> StateId {
        StateId(0)
    }

    /// The id of the state for a record; `None` where the plan has grown too large.
    pub fn record_state(&self) -> Option<StateId> {
        self.state_id(Situation::certain(self.record(), self.at.is_empty()))
    }

    /// The state for a situation, built where it is new; `None` beyond [`MOST_STATES`].
    fn state_id(&self, situation: Situation) -> Option<StateId> {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = ids.get(&situation) {
            return Some(*id);
        }
        let known = self.states.load();
        if known.len() >= MOST_STATES {
            return None;
        }
        let id = StateId(u32::try_from(known.len()).ok()?);
        let mut grown = Vec::with_capacity(known.len() + 1);
        grown.extend(known.iter().cloned());
        grown.push(Arc::new(self.build(situation.clone())));
        ids.insert(situation, id);
        self.states.store(Arc::new(grown));
        Some(id)
    }

    /// The state of a member, by its decoded name, and whether the names rule lets it in.
    pub fn member(&self, state: &State, name: &str) -> Option<(StateId, Gate)> {
        state.member(name, self.any_case, |situation, child| {
            self.state_id(self.child(situation, true, child))
        })
    }

    /// The state of an element, in an array of so many, where they were counted.
    pub fn element(&self, state: &State, index: u64, length: Option<u64>) -> Option<StateId> {
        state.element(index, length, |situation, child| {
            self.state_id(self.child(situation, false, child))
        })
    }

    /// Whether something holds of what happens to a node of that type in some world that cannot be ruled out.
    fn in_some_world(&self, state: &State, node: Node, holds: impl Fn(&Verdict) -> bool) -> bool {
        let judge = match node {
            Node::Scalar => Plan::scalar,
            Node::Null => Plan::null,
            Node::Object => Plan::object,
            Node::Array => Plan::array,
        };
        let Situation { worlds, root, .. } = &state.situation;
        let mut worlds = worlds.iter();
        worlds.any(|key| holds(&judge(self, key, *root)))
    }

    /// The state of a node that waits for being known; `None` of a node of which nothing is known.
    pub fn known(&self, state: &State, node: Option<Cursor<'_>>) -> Option<StateId> {
        let ask = |asked: &usize| match (self.asked.get(*asked), node) {
            (Some(Selector::Filter(filter)), Some(node)) => filter.selects(node, self.any_case),
            _ => Selected::Unknown,
        };
        let answers: Vec<Selected> = state.filters.iter().map(ask).collect();
        let known = || state.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known().get(answers.as_slice()) {
            return Some(*id);
        }
        let answer = |asked: usize| {
            let place = state.filters.iter().position(|filter| *filter == asked);
            let answer = place.and_then(|place| answers.get(place));
            answer.copied().unwrap_or(Selected::Unknown)
        };
        let id = self.state_id(Situation {
            root: false,
            worlds: self.settle(&state.situation.open, answer),
            open: Vec::new(),
        })?;
        known().insert(answers.into(), id);
        Some(id)
    }

    /// The state of a node that goes with all in it; the body's root keeps its brackets.
    pub fn closed_state(&self, root: bool) -> Option<StateId> {
        self.state_id(Situation::closed(root))
    }

    /// Whether what is too large to be known is treated by what is certain of it, instead of going.
    pub fn keeps_unknown(&self) -> bool {
        self.drift_show
    }

    /// Whether a member that no entry lists looks like listed data under another spelling.
    #[inline]
    pub fn looks_listed(&self, name: &str) -> bool {
        self.unlisted == Mode::Show
            && !self.drift_show
            && self.last_names.contains(&drift_form(name))
    }

    /// Whether records must name the caller's own person.
    pub fn person_check(&self) -> bool {
        self.person_check
    }

    /// Whether the catalogue says whose data a record is.
    pub fn has_person(&self) -> bool {
        self.person.is_some()
    }

    /// Whose data a record is, by its text: the person's string decoded or number's text. `None` where the record names
    /// nobody, or not clearly.
    pub fn person_of(&self, record: Cursor<'_>) -> Option<String> {
        text_at(self.person_path.as_ref()?, record, self.any_case)
    }

    /// Whether data may leave beside the records that no entry speaks of.
    pub fn shows_beside_records(&self) -> bool {
        self.unlisted == Mode::Show && !self.at.is_empty()
    }

    /// Whether the route answers with one record, not a list.
    pub fn is_single(&self) -> bool {
        !self.several && self.at.iter().all(|step| step.selector.spells_out() > 0)
    }

    /// The catalogue's fields and what happens to each.
    pub fn listed(&self) -> &[Listed] {
        &self.listed
    }
}

/// Whether a net matches the node of a written path, or one above it, in every document.
fn net_surely_meets(net: &[Step], path: &[Step], any_case: bool) -> bool {
    net_meets(net, path, |net, step| net.covers(step, any_case))
}

/// The same where `hits` says which selectors of the two fall on one child.
fn net_meets(net: &[Step], path: &[Step], hits: impl Fn(&Selector, &Selector) -> bool) -> bool {
    let mut reached = vec![false; net.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for step in path {
        let mut next = vec![false; net.len() + 1];
        for (index, net_step) in net.iter().enumerate() {
            if !reached.get(index).copied().unwrap_or(false) {
                continue;
            }
            if let (true, Some(stays)) = (net_step.descend, next.get_mut(index)) {
                *stays = true;
            }
            let hit = hits(&net_step.selector, &step.selector);
            if let (true, Some(moves)) = (hit, next.get_mut(index + 1)) {
                *moves = true;
            }
        }
        if next.last() == Some(&true) {
            return true;
        }
        reached = next;
    }
    false
}

/// The last member name a pattern writes.
fn last_name(steps: &[Step]) -> Option<&str> {
    steps.iter().rev().find_map(|step| match &step.selector {
        Selector::Name(name) => Some(name.as_str()),
        _ => None,
    })
}

/// A name with case, `_` and `-` ignored.
fn drift_form(name: &str) -> String {
    name.chars()
        .filter(|char| !matches!(char, '_' | '-'))
        // Some letters are one only in capitals: `ſ` and `s`.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

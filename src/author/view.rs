//! What callers get of everything a resource lists, and which rules decided it.
//!
//! The outcomes are those of the plans the proxy enforces; nothing is worked out a second time.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::outcome::mask_name;
pub use super::outcome::{
    Cause, Does, Item, Kind, Outcome, chosen, class_of, covered, items, written,
};
use crate::policy::combine::{Given, Standing, Treatment, Weighing, Weighings};
use crate::policy::condition::{ConditionId, Possible, Question, Truth, Truths, answer};
use crate::policy::plan::Plan;
use crate::policy::store::{Compiled, Policy, RouteId};
use crate::policy::{Cell, Choice, ClassId, ContractId, Covers, Field, FieldId, Resource, RoleId};
use crate::policy::{Row, RuleSet, Unlisted};

/// Conditions of one outcome whose every combination is looked at; of more, the most open outcome is told.
const MOST_CONDITIONS: usize = 4;

/// What callers with some roles get on one route.
pub struct View<'a> {
    policy: &'a Policy,
    route: RouteId,
    roles: Vec<RoleId>,
    contract: Option<ContractId>,
    now: i64,
    rules: &'a RuleSet,
    resource: &'a Resource,
    /// The rows of those roles that have one here.
    rows: Vec<(RoleId, &'a Row)>,
    /// What the proxy enforces where the call answers what it did.
    pub compiled: Arc<Compiled>,
    /// What is known of conditions.
    truths: Truths,
    /// The most open of what they leave.
    open: Case<'a>,
    /// What was asked of records that decide, by what was supposed.
    supposed: RefCell<Vec<(Supposed, Rc<Case<'a>>)>>,
}

type Case<'a> = (Weighings<'a>, Plan);
type Supposed = Vec<(ConditionId, Truth)>;

impl<'a> View<'a> {
    /// What callers with exactly these roles get at `now`, whatever conditions turn out to be; nothing where the rules hold
    /// no such route.
    pub fn of(
        policy: &'a Policy,
        route: RouteId,
        standing: Standing<'_>,
        now: i64,
    ) -> Option<View<'a>> {
        let compiled = policy.plan(route.resource, route.group, route.route, standing, now)?;
        let truths = Truths::settle(&policy.rules.conditions, |_, _| Possible::ANYTHING);
        View::new(policy, compiled, (route, standing, now), truths)
    }

    /// What the caller of an exchange gets that was allowed: what the call answers is settled.
    pub fn under(
        policy: &'a Policy,
        compiled: Arc<Compiled>,
        route: RouteId,
        standing: Standing<'_>,
        now: i64,
    ) -> Option<View<'a>> {
        let truths = Truths::settle(&policy.rules.conditions, |id, asks| match asks {
            Question::Field(_) => Possible::ANYTHING,
            _ => Possible::only(answer(&compiled.answers, id)),
        });
        View::new(policy, compiled, (route, standing, now), truths)
    }

    fn new(
        policy: &'a Policy,
        compiled: Arc<Compiled>,
        (route, standing, now): (RouteId, Standing<'_>, i64),
        truths: Truths,
    ) -> Option<View<'a>> {
        let rules: &RuleSet = &policy.rules;
        let row = |role: &RoleId| {
            let row = rules.rows.get(&(route.resource, route.group, *role))?;
            Some((*role, row))
        };
        let rows: Vec<(RoleId, &Row)> = standing.roles.iter().filter_map(row).collect();
        let counts = |(role, row): &(RoleId, &Row)| truths.may_count(*role, &row.only);
        // Where no gate lets anything through, what lies behind it is still to be explained.
        let truths = match rows.iter().any(counts) {
            true => truths,
            false => truths.without_gates(),
        };
        Some(View {
            rules,
            resource: rules.resources.get(route.resource.0)?,
            rows,
            compiled,
            open: policy.case(route, standing, now, &truths)?,
            supposed: RefCell::default(),
            policy,
            route,
            roles: standing.roles.to_vec(),
            contract: standing.contract,
            now,
            truths,
        })
    }

    /// The rows and their gates.
    pub fn rows(&self) -> &[(RoleId, &'a Row)] {
        &self.rows
    }

    /// What is known of a condition, of a record of which `truths` is true.
    pub fn truth(&self, id: ConditionId, truths: &[(ConditionId, Truth)]) -> Option<Truth> {
        let of_record = truths.iter().find(|(known, _)| *known == id);
        let of_record = of_record.map(|(_, truth)| *truth);
        let possible = self.truths.of(id);
        let settled = || possible.each().next().filter(|_| possible.is_settled());
        of_record.or_else(settled)
    }

    /// What happens to what no entry lists.
    pub fn unlisted(&self) -> Outcome<'a> {
        let treatment = match self.resource.unlisted {
            Unlisted::Strip | Unlisted::Refuse => Treatment::Strip,
            Unlisted::Show { .. } => Treatment::Show,
        };
        Outcome {
            does: Does::new(&treatment, None),
            conditions: Vec::new(),
            cases: Vec::new(),
            causes: Vec::new(),
        }
    }

    /// What happens to the brackets of a container on the way to something that stays.
    pub fn bracket(&self) -> Outcome<'a> {
        Outcome {
            does: Does::new(&Treatment::Show, None),
            conditions: Vec::new(),
            cases: Vec::new(),
            causes: Vec::new(),
        }
    }

    /// What happens to one thing.
    pub fn outcome(&self, item: Item) -> Outcome<'a> {
        let mut outcome = self.outcome_in(&self.open, item);
        let asked = self.asked(item);
        if asked.is_empty() {
            return outcome;
        }
        if asked.len() <= MOST_CONDITIONS {
            let cases = assignments(asked.len()).map(|truths| {
                let supposed = asked.iter().copied().zip(truths.iter().copied()).collect();
                let case = self.suppose(supposed);
                let does = case.map_or_else(Does::gone, |case| self.outcome_in(&case, item).does);
                (truths, does)
            });
            outcome.cases = cases.collect();
        }
        let conditions = asked
            .iter()
            .filter_map(|id| self.rules.conditions.get(id.0));
        outcome.conditions = conditions.collect();
        outcome
            .causes
            .extend(outcome.conditions.iter().map(|condition| Cause {
                kind: Kind::Condition,
                role: None,
                says: condition.name.clone(),
                place: Some(&condition.place),
                reason: None,
            }));
        outcome
    }

    /// What happens where a record is known.
    pub fn outcome_of_record(&self, item: Item, truths: &[(ConditionId, Truth)]) -> Does {
        let case = self.suppose(truths.to_vec());
        case.map_or_else(Does::gone, |case| self.outcome_in(&case, item).does)
    }

    /// How a thing's outcome came to be where a record is known.
    pub fn weighing_of_record(
        &self,
        item: Item,
        truths: &[(ConditionId, Truth)],
    ) -> Option<Weighing<'a>> {
        let case = self.suppose(truths.to_vec())?;
        weighing_in(&case.0, item).cloned()
    }

    /// The conditions that a thing's cells and exceptions name and that are not settled.
    fn asked(&self, item: Item) -> Vec<ConditionId> {
        let class = self.class(item);
        let Some(weighing) = weighing_in(&self.open.0, item) else {
            return Vec::new();
        };
        let mut asked: Vec<ConditionId> = Vec::new();
        let annex = weighing.within.as_ref().and_then(|within| within.items);
        let annex = annex.and_then(|row| row.cells.get(class?.0));
        asked.extend(annex.and_then(|cell| Some(cell.when.as_ref()?.condition)));
        for given in &weighing.given {
            let exceptions = given.exceptions.iter().map(|one| &one.cell);
            let row = self.rows.iter().find(|(id, _)| *id == given.role);
            let cell = row.and_then(|(_, row)| row.cells.get(class?.0));
            let cells = exceptions.chain(cell.filter(|_| given.cell));
            asked.extend(cells.filter_map(|cell| Some(cell.when.as_ref()?.condition)));
        }
        asked.retain(|id| !self.truths.of(*id).is_settled());
        asked.sort_unstable();
        asked.dedup();
        asked
    }

    /// What follows where these conditions are settled so.
    fn suppose(&self, supposed: Supposed) -> Option<Rc<Case<'a>>> {
        let known = self
            .supposed
            .borrow()
            .iter()
            .find(|(one, _)| *one == supposed)
            .map(|(_, case)| Rc::clone(case));
        if known.is_some() {
            return known;
        }
        let standing = Standing {
            roles: &self.roles,
            contract: self.contract,
        };
        let mut truths = self.truths.clone();
        for (id, truth) in &supposed {
            truths.set(*id, *truth);
        }
        let case = Rc::new(self.policy.case(self.route, standing, self.now, &truths)?);
        self.supposed
            .borrow_mut()
            .push((supposed, Rc::clone(&case)));
        Some(case)
    }

    fn class(&self, item: Item) -> Option<ClassId> {
        match item {
            Item::Field(id) => self.field(id)?.class,
            Item::Names(id) => self.field(id)?.names,
            Item::Envelope(at) => self.resource.envelope.get(at)?.class,
        }
    }

    fn outcome_in(&self, (weighings, plan): &Case<'a>, item: Item) -> Outcome<'a> {
        let class = self.class(item);
        let Some(weighing) = weighing_in(weighings, item) else {
            return Outcome {
                does: Does::gone(),
                conditions: Vec::new(),
                cases: Vec::new(),
                causes: Vec::new(),
            };
        };
        let mut causes = self.causes(weighing, class);
        if let (Item::Envelope(at), None) = (item, class) {
            causes.extend(self.resource.envelope.get(at).map(|entry| Cause {
                kind: Kind::Envelope,
                role: None,
                says: format!("{}: show", entry.text),
                place: Some(&entry.place),
                reason: None,
            }));
        }
        let treatment = match item {
            Item::Field(id) => self.enforced(plan, id, weighing, &mut causes),
            // Names are shown or they go.
            Item::Names(_) if weighing.outcome != Treatment::Show => Treatment::Strip,
            Item::Names(_) | Item::Envelope(_) => weighing.outcome.clone(),
        };
        let field = match item {
            Item::Field(id) => self.field(id),
            Item::Names(_) | Item::Envelope(_) => None,
        };
        let name = match &treatment {
            Treatment::Mask(mask) => Some(mask_name(mask, field)),
            Treatment::Token(_) => self.shared_key(&treatment, weighing, class),
            Treatment::Show | Treatment::Blank | Treatment::Strip => None,
        };
        Outcome {
            does: Does::new(&treatment, name),
            conditions: Vec::new(),
            cases: Vec::new(),
            causes,
        }
    }

    /// The steps to an outcome, nets apart; where conditions decide, to the most open.
    pub fn weighing(&self, item: Item) -> Option<&Weighing<'a>> {
        weighing_in(&self.open.0, item)
    }

    fn field(&self, id: FieldId) -> Option<&'a Field> {
        self.resource.fields.get(id.0)
    }

    /// What the plan does, which knows the nets; they are causes where they close.
    fn enforced(
        &self,
        plan: &Plan,
        id: FieldId,
        weighing: &Weighing<'a>,
        causes: &mut Vec<Cause<'a>>,
    ) -> Treatment {
        let listed = plan.listed().get(id.0);
        let treatment = listed.map_or(&weighing.outcome, |listed| &listed.treatment);
        if *treatment != weighing.outcome {
            let nets = plan.nets_over(id).into_iter();
            causes.extend(nets.filter_map(|net| self.field(net)).map(|field| Cause {
                kind: Kind::Net,
                role: None,
                says: field.text.clone(),
                place: Some(&field.place),
                reason: None,
            }));
        }
        treatment.clone()
    }

    fn causes(&self, weighing: &Weighing<'a>, class: Option<ClassId>) -> Vec<Cause<'a>> {
        let mut causes = Vec::new();
        for given in weighing.given.iter().filter(|given| given.wins) {
            causes.extend(self.of_role(given, class));
        }
        for bound in weighing.bounds.iter().filter(|bound| bound.lowers) {
            let ceiling = bound.ceiling;
            causes.push(Cause {
                kind: Kind::Ceiling,
                role: None,
                says: format!(
                    "{} at_most: {}",
                    self.covered(&ceiling.covers),
                    written(&ceiling.at_most)
                ),
                place: Some(&ceiling.place),
                reason: Some(&ceiling.reason),
            });
        }
        if let Some(within) = weighing.within.as_ref().filter(|within| within.lowers) {
            let name = &within.contract.name;
            let item = class.and_then(|class| {
                let known = &self.rules.classes.get(class.0)?.name;
                let row = within.items?;
                let place = row.places.get(class.0)?.as_ref()?;
                let cell = chosen(self.rules, row.cells.get(class.0)?);
                Some((format!("{name}: {known}: {cell}"), place))
            });
            let unnamed = || (format!("{name}: strip"), &within.contract.place);
            let (says, place) = item.unwrap_or_else(unnamed);
            causes.push(Cause {
                kind: Kind::Contract,
                role: None,
                says,
                place: Some(place),
                reason: None,
            });
        }
        if weighing.blanked {
            causes.push(Cause {
                kind: Kind::StripAs,
                role: None,
                says: String::from("strip_as: blank"),
                place: Some(&self.resource.place),
                reason: None,
            });
        }
        causes
    }

    /// The cell or the exceptions by which a role gives what it gives.
    pub fn of_role(&self, given: &Given<'a>, class: Option<ClassId>) -> Vec<Cause<'a>> {
        let role = self.rules.roles.get(given.role.0);
        let exceptions = given.exceptions.iter().map(|exception| Cause {
            kind: Kind::Exception,
            role,
            says: format!("do: {}", chosen(self.rules, &exception.cell)),
            place: Some(&exception.place),
            reason: Some(&exception.reason),
        });
        let mut causes: Vec<Cause<'a>> = exceptions.collect();
        if given.cell {
            causes.extend(self.cell(given.role, class));
        }
        causes
    }

    fn cell(&self, id: RoleId, class: Option<ClassId>) -> Option<Cause<'a>> {
        let class = class?;
        let (_, row) = self.rows.iter().find(|(role, _)| *role == id)?;
        let cell = row.cells.get(class.0).unwrap_or(&Choice::STRIP);
        let place = row.places.get(class.0).and_then(Option::as_ref);
        let name = &self.rules.classes.get(class.0)?.name;
        Some(Cause {
            kind: match place {
                Some(_) => Kind::Cell,
                None => Kind::Unnamed,
            },
            role: self.rules.roles.get(id.0),
            says: format!("{name}: {}", chosen(self.rules, cell)),
            place: place.or(Some(&row.place)),
            reason: None,
        })
    }

    fn covered(&self, covers: &Covers) -> String {
        covered(self.rules, covers)
    }

    /// The name of a token's key, where the rule that gives the token shares it by name.
    fn shared_key(
        &self,
        treatment: &Treatment,
        weighing: &Weighing<'a>,
        class: Option<ClassId>,
    ) -> Option<String> {
        let named = |choice: &Choice| choice.cells().find_map(key_name);
        let of_given = weighing
            .given
            .iter()
            .filter(|given| given.treatment == *treatment);
        let of_roles = of_given.flat_map(|given| {
            let exceptions = given.exceptions.iter().map(|one| &one.cell);
            let row = self.rows.iter().find(|(id, _)| *id == given.role);
            let cell = row.and_then(|(_, row)| row.cells.get(class?.0));
            let cell = cell.filter(|_| given.cell);
            exceptions.chain(cell).find_map(named)
        });
        let of_ceilings = weighing.bounds.iter().filter(|bound| bound.lowers);
        of_roles
            .chain(of_ceilings.filter_map(|bound| key_name(&bound.ceiling.at_most)))
            .next()
    }
}

fn weighing_in<'v, 'a>(weighings: &'v Weighings<'a>, item: Item) -> Option<&'v Weighing<'a>> {
    match item {
        Item::Field(id) => weighings.fields.get(id.0),
        Item::Names(id) => weighings.names.get(id.0),
        Item::Envelope(at) => weighings.envelope.get(at),
    }
}

/// Everything that so many conditions may be.
fn assignments(conditions: usize) -> impl Iterator<Item = Vec<Truth>> {
    const EACH: [Truth; 3] = [Truth::True, Truth::False, Truth::Unknown];
    let mut all = vec![Vec::new()];
    for _ in 0..conditions {
        let longer = all
            .into_iter()
            .flat_map(|one: Vec<Truth>| EACH.map(|truth| [&one[..], &[truth]].concat()));
        all = longer.collect();
    }
    all.into_iter()
}

fn key_name(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Token(name) => name.clone(),
        _ => None,
    }
}

//! The decision for each node, from its whole location.
//!
//! The places where the text leaves room are marked `reading:`; `rules.md` is quoted where it decides.

use std::cell::RefCell;
use std::collections::HashMap;

use fieldgate::model::{Openness, Reason};
use fieldgate::path::{Path, Segment, Selector};
use fieldgate::policy::Unlisted;

use super::filters;
use super::matching::{Queries, Step, matches, same_name, selects};
use super::read::{Container, Document, Node, Tree};
use super::treat::{Treatment, most_closed};
use super::worlds::{Raw, collapse};
use super::{Fate, View};

/// One entry of the catalogue or of the envelope.
struct Entry<'a> {
    path: &'a Path,
    treatment: Option<&'a Treatment>,
    whole: bool,
    /// Whether member names below are shown, where the entry gives them a class.
    names_shown: Option<bool>,
}

impl Entry<'_> {
    fn segments(&self) -> &[Segment] {
        &self.path.segments
    }
}

/// Which entries speak: inside a record only `fields`, outside only `envelope`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Region {
    Envelope,
    Record,
}

/// What covers a node from above, where no entry's path ends at the node itself.
#[derive(Clone, Copy)]
enum Above {
    Nothing,
    /// An entry with `whole: true`.
    Whole(usize),
    /// An object under a closed `whole`, which stays for a longer path only.
    OnlyLonger,
    /// An entry without `whole` whose path ends at the array around this element.
    Elements(usize),
}

/// A node and how it was reached.
#[derive(Clone)]
struct Place<'n> {
    region: Region,
    /// From the body to the region's root.
    base: Vec<Step>,
    /// From the region's root to the node.
    location: Vec<Step>,
    above: Above,
    /// The member's name.
    member: Option<&'n str>,
}

impl Place<'_> {
    fn is_root(&self) -> bool {
        self.base.is_empty() && self.location.is_empty()
    }

    fn is_record(&self) -> bool {
        self.region == Region::Record && self.location.is_empty()
    }
}

/// What to do with an object or array.
enum Plan {
    Gone,
    Null,
    Stars,
    Enter(Above),
}

struct Judge<'a> {
    view: View<'a>,
    queries: Option<&'a Queries>,
    fields: Vec<Entry<'a>>,
    envelope: Vec<Entry<'a>>,
    at: &'a [Segment],
    unlisted: &'a Unlisted,
    drift_show: bool,
    fold: bool,
    /// Last names of all entries, case, `_` and `-` removed.
    last_names: Vec<String>,
    leads: RefCell<HashMap<(Region, Vec<Step>), bool>>,
    /// Selectors that ask more than which step it is.
    asked: Vec<Selector>,
}

/// Every node's fate.
pub fn judge(view: View<'_>, queries: Option<&Queries>, body: &Document) -> Result<Fate, Reason> {
    let resource = &view.rules.resources[view.resource.0];
    let at = &resource.groups[view.group.0].routes[view.route].at;
    let fields: Vec<Entry<'_>> = (resource.fields.iter().enumerate())
        .map(|(index, field)| Entry {
            path: &field.path,
            treatment: view.treatments.fields[index].as_ref(),
            whole: field.whole,
            names_shown: (view.treatments.names[index].as_ref())
                .map(|names| *names == Treatment::Show),
        })
        .collect();
    let envelope: Vec<Entry<'_>> = (resource.envelope.iter().enumerate())
        .map(|(index, entry)| Entry {
            path: &entry.path,
            treatment: Some(&view.treatments.envelope[index]),
            whole: false,
            names_shown: None,
        })
        .collect();
    let last_names = (fields.iter().chain(&envelope))
        .flat_map(|entry| last_names(entry.path))
        .map(plain_name)
        .collect();
    let segments = (fields.iter().chain(&envelope)).flat_map(|entry| entry.segments());
    let mut asked: Vec<Selector> = Vec::new();
    for selector in segments.flat_map(|segment| &segment.selectors) {
        let asks = selector.counts() || matches!(selector, Selector::Filter(_));
        if asks && !asked.contains(selector) {
            asked.push(selector.clone());
        }
    }
    let judge = Judge {
        asked,
        view,
        queries,
        fields,
        envelope,
        at: &at.segments,
        unlisted: &resource.unlisted,
        drift_show: resource.drift_show,
        fold: resource.any_case,
        last_names,
        leads: RefCell::default(),
    };
    let root = Place {
        region: Region::Envelope,
        base: Vec::new(),
        location: Vec::new(),
        above: Above::Nothing,
        member: None,
    };
    let fate = collapse(vec![judge.envelope_node(root, &body.root)?], &body.root)?;
    judge.single_record_is_the_persons(&body.root)?;
    Ok(fate)
}

/// "a member whose name equals a listed last name once case, `_` and `-` are ignored"
fn plain_name(name: &str) -> String {
    name.replace(['_', '-'], "").to_lowercase()
}

/// All names of the last segment that writes one.
fn last_names(path: &Path) -> Vec<&str> {
    let names = |segment: &'_ Segment| -> Vec<usize> {
        (segment.selectors.iter().enumerate())
            .filter(|(_, selector)| matches!(selector, Selector::Name(_)))
            .map(|(index, _)| index)
            .collect()
    };
    let last = path
        .segments
        .iter()
        .rev()
        .find(|segment| !names(segment).is_empty());
    (last.iter().flat_map(|segment| &segment.selectors))
        .filter_map(|selector| match selector {
            Selector::Name(name) => Some(name.as_str()),
            _ => None,
        })
        .collect()
}

/// How much of a path is spelled out, for a node it matches: "a name or index over a filter, a filter over `[*]` or slice".
fn spelled_out(segments: &[Segment], location: &[Step], fold: bool) -> usize {
    (segments.iter().zip(location))
        .map(|(segment, step)| {
            let selecting = (segment.selectors.iter()).filter(|one| selects(one, step, fold));
            let ranks = selecting.map(|selector| match selector {
                Selector::Name(_) | Selector::Index(_) | Selector::FromEnd(_) => 2,
                Selector::Filter(_) => 1,
                Selector::Wildcard | Selector::Slice { .. } | Selector::SliceFromEnd(_) => 0,
            });
            ranks.max().unwrap_or(0)
        })
        .sum()
}

/// Whether a net selects whatever a written path selects, as far as their selectors tell.
fn covers(net: &[Segment], written: &[Segment], fold: bool) -> bool {
    let Some((segment, rest)) = net.split_first() else {
        return written.is_empty();
    };
    let covered = |selector: &Selector| {
        (segment.selectors.iter()).any(|own| match (own, selector) {
            (Selector::Wildcard, _) => true,
            (Selector::Name(own), Selector::Name(name)) => same_name(own, name, fold),
            (own, selector) => own == selector,
        })
    };
    let last = match segment.descend {
        true => written.len(),
        false => written.len().min(1),
    };
    (0..last).any(|skipped| {
        written[skipped].selectors.iter().all(covered)
            && covers(rest, &written[skipped + 1..], fold)
    })
}

/// Whether `at` leads to the location: there, `[*]` stands for the elements of an array and nothing else.
fn leads_to(at: &[Segment], location: &[Step], fold: bool) -> bool {
    let element = |(segment, step): (&Segment, &Step)| {
        !segment.selectors.contains(&Selector::Wildcard) || matches!(step.plain(), Step::Index(_))
    };
    matches(at, location, fold) && at.iter().zip(location).all(element)
}

fn child(location: &[Step], step: Step) -> Vec<Step> {
    let mut child = location.to_vec();
    child.push(step);
    child
}

/// Whether there is an array, or an object, in which a selector that asks more selects what the step leads to.
fn may_select(selector: &Selector, step: &Step) -> bool {
    match (selector, step) {
        (Selector::Filter(_), _) => true,
        (Selector::FromEnd(_), Step::Index(_)) => true,
        // Longer than any bound that is counted from the end.
        (Selector::SliceFromEnd(slice), Step::Index(index)) => {
            (1..64).any(|more| filters::slice_selects(slice, *index, index + more))
        }
        _ => false,
    }
}

/// Whether it is known of every step which filters select what it leads to.
fn is_certain(location: &[Step]) -> bool {
    (location.iter()).all(|step| !matches!(step, Step::Asked(_, _, false)))
}

impl<'a> Judge<'a> {
    fn entries(&self, region: Region) -> &[Entry<'a>] {
        match region {
            Region::Envelope => &self.envelope,
            Region::Record => &self.fields,
        }
    }

    fn shows_unlisted(&self) -> bool {
        matches!(self.unlisted, Unlisted::Show { .. })
    }

    // --- Which paths match -------------------------------------------------------------------------

    fn selected(&self, place: &Place<'_>, segments: &[Segment], location: &[Step]) -> bool {
        let by_hand = matches(segments, location, self.fold);
        let plain =
            (segments.iter().flat_map(|segment| &segment.selectors)).all(
                |selector| match selector {
                    Selector::Filter(filter) => filters::is_plain(filter) && is_certain(location),
                    _ => true,
                },
            );
        if let Some(queries) = self.queries
            && plain
            && let Some(selected) = queries.selects(&place.base, segments, location)
        {
            return selected;
        }
        by_hand
    }

    /// "of all entries that cover a node, the one whose match lies deepest; at the same node the one
    /// that spells out more". Entries that end at the node itself are the deepest there can be.
    fn strongest(
        &self,
        region: Region,
        location: &[Step],
        selected: impl Fn(&[Segment]) -> bool,
        counts: impl Fn(&Entry<'_>) -> bool,
    ) -> Option<usize> {
        (self.entries(region).iter().enumerate())
            .filter(|(_, entry)| !entry.path.is_net() && counts(entry))
            .filter(|(_, entry)| selected(entry.segments()))
            .max_by_key(|(_, entry)| spelled_out(entry.segments(), location, self.fold))
            .map(|(index, _)| index)
    }

    fn ends_here(&self, place: &Place<'_>) -> Option<usize> {
        self.strongest(
            place.region,
            &place.location,
            |segments| self.selected(place, segments, &place.location),
            |entry| entry.treatment.is_some(),
        )
    }

    /// The segments with which written paths go on below the node.
    fn goes_on(&self, place: &Place<'_>) -> Vec<&Segment> {
        let depth = place.location.len();
        (self.entries(place.region).iter())
            .filter(|entry| !entry.path.is_net())
            .filter_map(|entry| {
                let next = entry.segments().get(depth)?;
                self.selected(place, &entry.segments()[..depth], &place.location)
                    .then_some(next)
            })
            .collect()
    }

    /// All segments of nets, which may go on anywhere.
    fn net_segments(&self, place: &Place<'_>) -> impl Iterator<Item = &Segment> {
        let entries = self.entries(place.region).iter();
        entries
            .filter(|entry| entry.path.is_net())
            .flat_map(|entry| entry.segments())
    }

    /// The segment with which the place of the records goes on below the node.
    fn at_goes_on(&self, place: &Place<'_>) -> Option<&Segment> {
        let depth = place.location.len();
        let next = self.at.get(depth)?;
        (place.region == Region::Envelope
            && leads_to(&self.at[..depth], &place.location, self.fold))
        .then_some(next)
    }

    fn is_on_a_way(&self, place: &Place<'_>) -> bool {
        !self.goes_on(place).is_empty() || self.at_goes_on(place).is_some()
    }

    /// "A `..` path closes wherever it matches and all below".
    fn nets(&self, place: &Place<'_>) -> Vec<&Treatment> {
        (self.entries(place.region).iter())
            .filter(|entry| entry.path.is_net())
            .filter(|entry| {
                (0..=place.location.len())
                    .any(|depth| self.selected(place, entry.segments(), &place.location[..depth]))
            })
            .filter_map(|entry| entry.treatment)
            .collect()
    }

    /// Whether some path writes the name at the object.
    ///
    /// reading: a net writes no names, for it "opens nothing by itself".
    fn writes(&self, object: &Place<'_>, name: &str) -> bool {
        let is_name = |selector: &Selector| match selector {
            Selector::Name(written) => same_name(written, name, self.fold),
            _ => false,
        };
        let next = self.goes_on(object).into_iter();
        next.chain(self.at_goes_on(object))
            .any(|segment| segment.selectors.iter().any(is_name))
    }

    // --- Which containers lead to a visible field --------------------------------------------------

    /// Whether a node at this location would be decided by an entry that ends there and is visible.
    fn is_visible(&self, region: Region, location: &[Step]) -> bool {
        let ends = self.strongest(
            region,
            location,
            |segments| matches(segments, location, self.fold),
            |entry| entry.treatment.is_some(),
        );
        let Some(entry) = ends.map(|entry| &self.entries(region)[entry]) else {
            return false;
        };
        // Of a union, what selects this node.
        let segments = entry
            .segments()
            .iter()
            .zip(location)
            .map(|(segment, step)| Segment {
                descend: false,
                selectors: (segment.selectors.iter())
                    .filter(|selector| selects(selector, step, self.fold))
                    .cloned()
                    .collect(),
            });
        self.is_visible_as_written(region, entry, &segments.collect::<Vec<_>>())
    }

    /// Whether an entry is not stripped, the nets that match its path as it is written considered.
    ///
    /// reading: a net that matches some of the nodes an entry covers does not hide the way to it.
    fn is_visible_as_written(
        &self,
        region: Region,
        entry: &Entry<'_>,
        written: &[Segment],
    ) -> bool {
        let nets = (self.entries(region).iter()).filter(|net| {
            net.path.is_net()
                && (0..=written.len())
                    .any(|length| covers(net.segments(), &written[..length], self.fold))
        });
        let outcomes = nets.chain([entry]).filter_map(|entry| entry.treatment);
        most_closed(outcomes).openness() != Openness::Strip
    }

    /// Whether some node that could stand below this location would be visible by an entry of its own:
    /// all names and indexes that any path writes are tried, and one of each that none does.
    fn leads(&self, region: Region, location: &[Step]) -> bool {
        let known = self
            .leads
            .borrow()
            .get(&(region, location.to_vec()))
            .copied();
        if let Some(known) = known {
            return known;
        }
        let depth = location.len();
        let alive = (self.entries(region).iter()).any(|entry| {
            !entry.path.is_net()
                && entry.segments().len() > depth
                && matches(&entry.segments()[..depth], location, self.fold)
        });
        let leads = alive
            && self.steps(region, depth).into_iter().any(|step| {
                let below = child(location, step);
                self.is_visible(region, &below) || self.leads(region, &below)
            });
        self.leads
            .borrow_mut()
            .insert((region, location.to_vec()), leads);
        leads
    }

    /// One of each that paths tell apart so deep.
    fn steps(&self, region: Region, depth: usize) -> Vec<Step> {
        let mut steps = vec![Step::Name(String::from("\u{1}no path writes this"))];
        let mut bound = 0;
        let written = self
            .entries(region)
            .iter()
            .filter(|entry| !entry.path.is_net());
        let selectors: Vec<&Selector> = written
            .filter_map(|entry| entry.segments().get(depth))
            .flat_map(|segment| &segment.selectors)
            .collect();
        for selector in &selectors {
            match selector {
                Selector::Name(name) => steps.push(Step::Name(name.clone())),
                Selector::Wildcard
                | Selector::FromEnd(_)
                | Selector::SliceFromEnd(_)
                | Selector::Filter(_) => {}
                Selector::Index(index) => bound = bound.max(*index),
                Selector::Slice { start, end, step } => {
                    bound = bound.max(end.unwrap_or(0)).max(start + step);
                }
            }
        }
        steps.extend((0..=bound + 2).map(Step::Index));
        // Each of them where it is selected by what asks more, too.
        let plain = steps.clone();
        for selector in self.asked.iter().filter(|asked| selectors.contains(asked)) {
            let may_be = plain.iter().filter(|step| may_select(selector, step));
            let asked =
                |step: &Step| Step::Asked(Box::new(step.clone()), vec![selector.clone()], true);
            steps.extend(may_be.map(asked));
        }
        steps
    }

    /// "An object or array on the written way to a field visible to the caller".
    fn leads_to_a_visible_field(&self, place: &Place<'_>) -> bool {
        // reading: under `unlisted: show` the records themselves are worth the way to them.
        let records = || {
            self.shows_unlisted()
                || self.is_visible(Region::Record, &[])
                || self.leads(Region::Record, &[])
        };
        match place.region {
            Region::Record => {
                self.leads(Region::Record, &place.location)
                    || place.is_record() && self.shows_unlisted()
            }
            Region::Envelope => {
                self.leads(Region::Envelope, &place.location)
                    || self.at_goes_on(place).is_some() && records()
            }
        }
    }

    /// Whether a record has nothing visible of its own and stays for what `unlisted: show` shows of it.
    fn leads_only_to_records(&self, place: &Place<'_>) -> bool {
        place.is_record() && !self.leads(Region::Record, &place.location)
    }

    // --- Nodes ---------------------------------------------------------------------------------------

    /// A node outside the records, or one at their place.
    fn envelope_node(&self, place: Place<'_>, node: &Node) -> Result<Raw, Reason> {
        if !leads_to(self.at, &place.location, self.fold) {
            return self.node(&place, node);
        }
        let is_list = self.is_list();
        let record = Place {
            region: Region::Record,
            base: place.location,
            location: Vec::new(),
            above: Above::Nothing,
            member: None,
        };
        let fate = self.node(&record, node)?;
        if is_list && !self.is_the_persons(&record, node) && !record.is_root() {
            return Ok(Raw::Gone);
        }
        Ok(fate)
    }

    fn node(&self, place: &Place<'_>, node: &Node) -> Result<Raw, Reason> {
        match node {
            Node::Scalar { value, .. } => self.scalar(place, value),
            Node::Container(container) => self.container(place, container),
        }
    }

    fn scalar(&self, place: &Place<'_>, value: &Tree) -> Result<Raw, Reason> {
        let nets = self.nets(place);
        let closed = |outcome: &Treatment| {
            let outcome = most_closed(nets.iter().copied().chain([outcome]));
            match outcome.openness() {
                Openness::Strip => Raw::Gone,
                _ => Raw::Scalar(outcome),
            }
        };
        let entries = self.entries(place.region);
        let covering = match (self.ends_here(place), place.above) {
            (Some(entry), _) => Some(entry),
            (None, Above::Whole(entry) | Above::Elements(entry)) => Some(entry),
            (None, Above::OnlyLonger) => return Ok(Raw::Gone),
            (None, Above::Nothing) => None,
        };
        if let Some(outcome) = covering.and_then(|entry| entries[entry].treatment) {
            return match closed(outcome) {
                // "a root scalar must be listed (`$`) and not stripped, else the body is refused"
                Raw::Gone if place.is_root() && *value != Tree::Null => {
                    Err(Reason::UnexpectedShape)
                }
                Raw::Gone if place.is_root() => Ok(Raw::Scalar(Treatment::Show)),
                fate => Ok(fate),
            };
        }
        if place.is_root() {
            return match value {
                Tree::Null => Ok(Raw::Scalar(Treatment::Show)),
                _ => Err(Reason::UnexpectedShape),
            };
        }
        let on_a_way = self.is_on_a_way(place);
        // "A scalar where the path goes on is unlisted; null there stays null."
        if on_a_way && *value == Tree::Null {
            return Ok(match self.leads_to_a_visible_field(place) {
                true => closed(&Treatment::Show),
                false => Raw::Gone,
            });
        }
        match self.unlisted {
            Unlisted::Strip => Ok(Raw::Gone),
            Unlisted::Refuse => Err(Reason::UnlistedField),
            Unlisted::Show { .. } if !self.drift_show && (on_a_way || self.looks_listed(place)) => {
                Ok(Raw::Gone)
            }
            Unlisted::Show { .. } => Ok(closed(&Treatment::Show)),
        }
    }

    /// "a member whose name equals a listed last name once case, `_` and `-` are ignored"
    ///
    /// reading: a member that a net selects is not like a listed one, it is listed.
    fn looks_listed(&self, place: &Place<'_>) -> bool {
        let caught = (self.entries(place.region).iter()).any(|entry| {
            entry.path.is_net() && self.selected(place, entry.segments(), &place.location)
        });
        !caught
            && place
                .member
                .is_some_and(|name| self.last_names.contains(&plain_name(name)))
    }

    fn container(&self, place: &Place<'_>, container: &Container) -> Result<Raw, Reason> {
        let mut plan = self.plan(place, container)?;
        // "its `strip` and `blank` take a container whole"
        match (most_closed(self.nets(place)).openness(), &plan) {
            (Openness::Strip, _) => plan = Plan::Gone,
            (Openness::Blank, Plan::Null | Plan::Stars | Plan::Enter(_)) => plan = Plan::Null,
            _ => {}
        }
        match plan {
            Plan::Enter(above) => self.items(place, above, container),
            // "The body's root keeps its brackets"
            _ if place.is_root() => Ok(Raw::Enter(vec![vec![Raw::Gone]; container.items.len()])),
            Plan::Gone => Ok(Raw::Gone),
            Plan::Null => Ok(Raw::Null),
            Plan::Stars => Ok(Raw::Stars),
        }
    }

    fn plan(&self, place: &Place<'_>, container: &Container) -> Result<Plan, Reason> {
        let entries = self.entries(place.region);
        let ends_here = self.ends_here(place);
        let covers = |entry: usize| ends_here == Some(entry);
        let above = match ends_here {
            Some(entry) if entries[entry].whole => Above::Whole(entry),
            Some(entry) => Above::Elements(entry),
            None => place.above,
        };
        // reading: what an array that is removed whole holds is not looked at.
        let stripped = ends_here.is_none_or(|entry| openness(&entries[entry]) == Openness::Strip);
        let leads_further = match ends_here {
            Some(_) => self.leads(place.region, &place.location),
            None => self.leads_to_a_visible_field(place),
        };
        let removed = stripped && !leads_further;
        if !removed || place.is_root() || container.object {
            self.check_shape(place, container)?;
        }
        // Under an entry that covers the record whole, nothing of it is unlisted that could be worth the way.
        let longer = || self.is_on_a_way(place) && self.leads(place.region, &place.location);
        let stays_for_longer = |above: Above| match longer() {
            true => Plan::Enter(above),
            false => Plan::Gone,
        };
        Ok(match above {
            Above::Whole(entry) => match (openness(&entries[entry]), container.object) {
                (Openness::Show, _) => Plan::Enter(above),
                (Openness::Strip, false) => stays_for_longer(above),
                (_, false) => Plan::Enter(above),
                (Openness::Strip, true) => stays_for_longer(Above::OnlyLonger),
                (_, true) if longer() => Plan::Enter(Above::OnlyLonger),
                (Openness::Blank, true) => Plan::Null,
                (_, true) => Plan::Stars,
            },
            Above::OnlyLonger => stays_for_longer(Above::OnlyLonger),
            // An array at the path of an entry: the entry covers its scalars.
            Above::Elements(entry) if covers(entry) && !container.object => {
                match openness(&entries[entry]) {
                    Openness::Strip => stays_for_longer(above),
                    // reading: `[]` where a record stands passes; under `drift: show` it is a value like others.
                    Openness::Blank
                        if place.is_record() && container.items.is_empty() && !self.drift_show =>
                    {
                        Plan::Enter(above)
                    }
                    Openness::Blank if !longer() => Plan::Null,
                    _ => Plan::Enter(above),
                }
            }
            // "An object there, or an object or array in that array, is unlisted"
            Above::Elements(_) => self.uncovered(place, container, true)?,
            Above::Nothing => self.uncovered(place, container, false)?,
        })
    }

    /// A container that no entry covers.
    fn uncovered(
        &self,
        place: &Place<'_>,
        container: &Container,
        where_a_scalar_is_listed: bool,
    ) -> Result<Plan, Reason> {
        let enter = Plan::Enter(Above::Nothing);
        let lenient = !self.shows_unlisted() || self.drift_show;
        // reading: under `drift: show` a container of the wrong kind on the way stays; what it holds is unlisted.
        if self.is_on_a_way(place) {
            let fits = self.fits(place, container);
            return Ok(match self.leads_to_a_visible_field(place) {
                true if !lenient && !fits && !self.leads_only_to_records(place) => Plan::Gone,
                true => enter,
                // The root's brackets stay, and its members have their own fates.
                false if place.is_root() => enter,
                false => Plan::Gone,
            });
        }
        let is_empty_list = !container.object && container.items.is_empty();
        if place.is_root() && is_empty_list {
            return Ok(enter);
        }
        match self.unlisted {
            Unlisted::Strip => Ok(Plan::Gone),
            Unlisted::Refuse => Err(Reason::UnlistedField),
            Unlisted::Show { .. }
                if !lenient && (where_a_scalar_is_listed || self.looks_listed(place)) =>
            {
                Ok(Plan::Gone)
            }
            Unlisted::Show { .. } => Ok(enter),
        }
    }

    /// Whether some path that goes on at the node can go on in a container of this kind.
    fn fits(&self, place: &Place<'_>, container: &Container) -> bool {
        let is_empty_list = !container.object && container.items.is_empty();
        let at = self.at_goes_on(place);
        let at_fits = at.is_some_and(|segment| is_empty_list || self.at_fits(segment, container));
        at_fits
            || place.is_record() && (is_empty_list || place.is_root())
            || (self.goes_on(place).iter())
                .flat_map(|segment| &segment.selectors)
                .any(|selector| match selector {
                    Selector::Name(_) => container.object,
                    Selector::Wildcard | Selector::Filter(_) => true,
                    Selector::Index(_)
                    | Selector::Slice { .. }
                    | Selector::FromEnd(_)
                    | Selector::SliceFromEnd(_) => !container.object,
                })
    }

    /// In `at`, `[*]` stands for the elements of an array and nothing else.
    fn at_fits(&self, segment: &Segment, container: &Container) -> bool {
        (segment.selectors.iter())
            .any(|selector| matches!(selector, Selector::Name(_)) == container.object)
    }

    /// "A place `at` names that is missing, null or `[]` passes; an object where `at` writes `[*]`, or
    /// an array where it writes the record, is `unexpected-shape`, unless `drift: show`."
    fn check_shape(&self, place: &Place<'_>, container: &Container) -> Result<(), Reason> {
        match self.is_misplaced(place, container) && !self.drift_show {
            true => Err(Reason::UnexpectedShape),
            false => Ok(()),
        }
    }

    fn is_misplaced(&self, place: &Place<'_>, container: &Container) -> bool {
        let is_empty_list = !container.object && container.items.is_empty();
        let misfit = match self.at_goes_on(place) {
            Some(segment) => !self.at_fits(segment, container),
            None => place.is_record() && !container.object,
        };
        misfit && !is_empty_list
    }

    // --- Members and elements ------------------------------------------------------------------------

    fn items(&self, place: &Place<'_>, above: Above, container: &Container) -> Result<Raw, Reason> {
        let mut fates = Vec::new();
        for (index, item) in container.items.iter().enumerate() {
            let gone = match item.name() {
                Some(name) => self.name_goes(place, above, name),
                None => Ok(false),
            };
            let worlds = self.worlds(place, container, index).into_iter();
            let in_each = worlds.map(|step| {
                let below = Place {
                    region: place.region,
                    base: place.base.clone(),
                    location: child(&place.location, step),
                    above,
                    member: item.name(),
                };
                match place.region {
                    Region::Envelope => self.envelope_node(below, &item.node),
                    Region::Record => self.node(&below, &item.node),
                }
                .unwrap_or_else(Raw::Refused)
            });
            fates.push(match gone {
                Ok(true) => vec![Raw::NameGone],
                Ok(false) => in_each.collect(),
                Err(reason) => vec![Raw::NameRefused(reason)],
            });
        }
        Ok(Raw::Enter(fates))
    }

    /// The step to an item, once for each thing that may be the case.
    fn worlds(&self, place: &Place<'_>, container: &Container, index: usize) -> Vec<Step> {
        let item = &container.items[index];
        let step = match item.name() {
            Some(name) => Step::Name(name.to_owned()),
            None => Step::Index(index as u64),
        };
        let next: Vec<&Selector> = (self.goes_on(place).into_iter())
            .chain(self.net_segments(place))
            .flat_map(|segment| &segment.selectors)
            .collect();
        let asked = (self.asked.iter()).filter(|asked| next.contains(asked));
        let asked: Vec<&Selector> = asked.collect();
        if asked.is_empty() {
            return vec![step];
        }
        let (index, length) = (index as u64, container.items.len() as u64);
        let mut worlds = vec![Vec::new()];
        let mut certain = true;
        for selector in asked {
            let answer = match selector {
                Selector::Filter(filter) => filters::selects(filter, &item.node.tree(), self.fold),
                _ if container.object => Some(false),
                Selector::FromEnd(back) => Some(index + back == length),
                Selector::SliceFromEnd(slice) => Some(filters::slice_selects(slice, index, length)),
                _ => unreachable!("it asks nothing"),
            };
            certain &= answer.is_some();
            let mut selected = worlds.clone();
            selected
                .iter_mut()
                .for_each(|world| world.push(selector.clone()));
            match answer {
                Some(true) => worlds = selected,
                Some(false) => {}
                None => worlds.append(&mut selected),
            }
        }
        let asked = |selected| Step::Asked(Box::new(step.clone()), selected, certain);
        worlds.into_iter().map(asked).collect()
    }

    /// "Member names that no path writes are data. Where `[*]` or a filter meets an object, its members
    /// are unlisted, unless the catalogue gives their names a class; where that class is not shown, the
    /// member goes. (Under `unlisted: show` names leave.)"
    fn name_goes(&self, object: &Place<'_>, above: Above, name: &str) -> Result<bool, Reason> {
        if self.writes(object, name) {
            return Ok(false);
        }
        let entries = self.entries(object.region);
        let names = self.strongest(
            object.region,
            &object.location,
            |segments| self.selected(object, segments, &object.location),
            |entry| entry.names_shown.is_some(),
        );
        if let Some(shown) = names.and_then(|entry| entries[entry].names_shown) {
            return Ok(!shown);
        }
        let met = (self.goes_on(object).iter())
            .flat_map(|segment| &segment.selectors)
            .any(|selector| matches!(selector, Selector::Wildcard | Selector::Filter(_)));
        if !met || self.shows_unlisted() {
            return Ok(false);
        }
        match above {
            Above::Whole(entry) if openness(&entries[entry]) == Openness::Show => Ok(false),
            Above::Whole(_) | Above::OnlyLonger => Ok(true),
            Above::Nothing | Above::Elements(_) => match self.unlisted {
                Unlisted::Refuse => Err(Reason::UnlistedField),
                _ => Ok(true),
            },
        }
    }

    // --- Persons -------------------------------------------------------------------------------------

    fn is_list(&self) -> bool {
        (self.at.iter()).any(|segment| segment.selectors.contains(&Selector::Wildcard))
    }

    /// "missing, duplicated, different or not reached": not the person's.
    fn is_the_persons(&self, record: &Place<'_>, node: &Node) -> bool {
        let Some(person) = self.view.person else {
            return true;
        };
        let resource = &self.view.rules.resources[self.view.resource.0];
        let Some(rule) = &resource.person else {
            return false;
        };
        let path = &resource.fields[rule.field.0].path.segments;
        let mut reached = vec![Vec::new(); path.len() + 1];
        collect(node, &record.location, &mut |location, node| {
            if (location.len() <= path.len())
                && matches(&path[..location.len()], location, self.fold)
            {
                reached[location.len()].push(node.tree());
            }
        });
        // reading: a record is duplicated in its person too where a member on the way is.
        let unique = reached.iter().all(|nodes| nodes.len() == 1);
        match reached.last().map(Vec::as_slice) {
            Some([Tree::String(text) | Tree::Number(text)]) => unique && text == person,
            _ => false,
        }
    }

    fn single_record_is_the_persons(&self, body: &Node) -> Result<(), Reason> {
        if self.view.person.is_none() || self.is_list() {
            return Ok(());
        }
        let mut records = 0;
        let mut theirs = 0;
        collect(body, &[], &mut |location, node| {
            if leads_to(self.at, location, self.fold) {
                let record = Place {
                    region: Region::Record,
                    base: location.to_vec(),
                    location: Vec::new(),
                    above: Above::Nothing,
                    member: None,
                };
                records += 1;
                theirs += usize::from(self.is_the_persons(&record, node));
            }
        });
        match records > 0 && records == theirs {
            true => Ok(()),
            false => Err(Reason::NoSuchRecord),
        }
    }
}

fn openness(entry: &Entry<'_>) -> Openness {
    entry.treatment.map_or(Openness::Strip, Treatment::openness)
}

fn collect(node: &Node, location: &[Step], visit: &mut impl FnMut(&[Step], &Node)) {
    visit(location, node);
    if let Node::Container(container) = node {
        for (index, item) in container.items.iter().enumerate() {
            let step = match item.name() {
                Some(name) => Step::Name(name.to_owned()),
                None => Step::Index(index as u64),
            };
            collect(&item.node, &child(location, step), visit);
        }
    }
}

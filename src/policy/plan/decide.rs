//! Which outcome a node gets, by its JSON type. The sentences of the rule language's "Reading" in code.

use super::state::{Act, Cover, Gate, Key, Position, Verdict, Zone};
use super::{Mode, Plan};
use crate::model::{Openness, Reason};
use crate::path::{Step, dominates};
use crate::policy::FieldId;
use crate::policy::combine::Treatment;

/// A container stays on its way to the record only if it is empty, unless drift is shown.
const UNEXPECTED_SHAPE: Act = Act::Refuse(Reason::UnexpectedShape);

impl Plan {
    /// A string, number or boolean.
    pub(super) fn scalar(&self, key: &Key, root: bool) -> Verdict {
        let Some(cover) = self.cover_of_scalar(key) else {
            if root {
                return listed(UNEXPECTED_SHAPE, Openness::Strip, []);
            }
            return self.unlisted_scalar(key, self.goes_on(key));
        };
        let verdict = self.covered_scalar(key, &cover);
        if root && verdict.act == Act::Drop {
            return listed(UNEXPECTED_SHAPE, Openness::Strip, []);
        }
        verdict
    }

    /// `null` is a scalar where one is listed; where the path goes on it stands for the container that is not there.
    pub(super) fn null(&self, key: &Key, root: bool) -> Verdict {
        let place = match key.zone {
            Zone::Way(_) => true,
            Zone::RecordRoot => root || self.record_visible || self.goes_on(key),
            Zone::Envelope | Zone::Record => false,
        };
        if key.zone == Zone::RecordRoot && self.person_check && !root {
            // A record that names nobody is not the caller's.
            return gone();
        }
        if let Some(cover) = self.cover_of_scalar(key) {
            let verdict = self.covered_scalar(key, &cover);
            if !root || verdict.act != Act::Drop {
                return verdict;
            }
        }
        if !place && !self.goes_on(key) {
            return self.unlisted_scalar(key, false);
        }
        if root || (place && self.record_visible) || self.leads_on(key) {
            return self.scalar_verdict(key, Treatment::Show, []);
        }
        listed(Act::Drop, Openness::Strip, self.fields_of(key))
    }

    pub(super) fn object(&self, key: &Key, root: bool) -> Verdict {
        let verdict = match key.zone {
            Zone::Way(_) => self.way(key, root, true),
            _ => self.container(key, root, true),
        };
        self.guard(key, root, verdict)
    }

    pub(super) fn array(&self, key: &Key, root: bool) -> Verdict {
        let verdict = match key.zone {
            Zone::Way(_) => self.way(key, root, false),
            Zone::RecordRoot if !self.drift_show => {
                let stripped = (self.cover(key))
                    .is_some_and(|cover| cover.treatment == Treatment::Strip)
                    && !self.leads_on(key);
                if root || (self.record_visible && !stripped) {
                    enter()
                } else if stripped || self.goes_on(key) {
                    gone()
                } else {
                    self.unlisted_container(key, false)
                }
            }
            _ => self.container(key, root, false),
        };
        self.guard(key, root, verdict)
    }

    /// An array where a record is written, or where the way to it goes on by name.
    pub(super) fn array_must_be_empty(&self, key: &Key) -> bool {
        let place = match key.zone {
            Zone::Way(_) => self.way_on(key, false).is_none(),
            Zone::RecordRoot => true,
            _ => false,
        };
        place && !self.drift_show
    }

    /// A container on the way to the record.
    fn way(&self, key: &Key, root: bool, object: bool) -> Verdict {
        if self.way_on(key, object).is_none() {
            if self.drift_show && self.unlisted == Mode::Show {
                return self.unlisted_container(key, true);
            }
            if object && !self.drift_show {
                return listed(UNEXPECTED_SHAPE, Openness::Strip, []);
            }
        }
        if root || self.record_visible || self.leads_on(key) {
            enter()
        } else {
            gone()
        }
    }

    /// A container in a record or beside the way.
    fn container(&self, key: &Key, root: bool, object: bool) -> Verdict {
        let cover = self.cover_of_container(key, object);
        let scalar_listed = cover.is_none() && self.cover_of_scalar(key).is_some();
        if self.leads_on(key) {
            let misfit = !root && !self.fits(key, object) && cover.is_none();
            if misfit && self.unlisted == Mode::Show && !self.drift_show {
                return self.unlisted_container(key, true);
            }
            return enter();
        }
        if let Some(cover) = cover {
            return self.covered_container(key, &cover, object);
        }
        let goes_on = self.goes_on(key);
        let open_record = key.zone == Zone::RecordRoot && self.unlisted == Mode::Show;
        if (open_record && (goes_on || !scalar_listed)) || (root && goes_on) {
            return enter();
        }
        if goes_on {
            return listed(Act::Drop, Openness::Strip, self.fields_of(key));
        }
        self.unlisted_container(key, scalar_listed)
    }

    /// The entry that covers a container: for an array also one without `whole`, of whose scalars it decides.
    fn cover_of_container(&self, key: &Key, object: bool) -> Option<Cover> {
        let own = if object { None } else { self.cover(key) };
        own.or_else(|| self.whole(key))
    }

    /// A container under an entry of its own or a `whole` one above, with nothing visible further in.
    fn covered_container(&self, key: &Key, cover: &Cover, object: bool) -> Verdict {
        let openness = cover.treatment.openness();
        let act = match &cover.treatment {
            Treatment::Strip => Act::Drop,
            _ if cover.remnant => Act::Drop,
            Treatment::Show if cover.whole && self.is_bare(key) => Act::Copy,
            Treatment::Show => Act::Enter,
            Treatment::Blank if object || !cover.whole => Act::Null,
            Treatment::Mask(_) | Treatment::Token(_) if object => Act::Stars,
            Treatment::Mask(_) | Treatment::Token(_) | Treatment::Blank => Act::Enter,
        };
        let openness = if act == Act::Drop {
            Openness::Strip
        } else {
            openness
        };
        let fields = if act == Act::Enter { None } else { cover.field };
        listed(act, openness, fields)
    }

    pub(super) fn cover_of_scalar(&self, key: &Key) -> Option<Cover> {
        self.cover(key)
            .or_else(|| key.array.clone())
            .or_else(|| key.whole.clone())
    }

    fn covered_scalar(&self, key: &Key, cover: &Cover) -> Verdict {
        let treatment = if cover.remnant {
            Treatment::Strip
        } else {
            cover.treatment.clone()
        };
        self.scalar_verdict(key, treatment, cover.field)
    }

    /// What no entry lists. `drift`: it looks like listed data in another shape.
    fn unlisted_scalar(&self, key: &Key, drift: bool) -> Verdict {
        let verdict = match self.unlisted {
            Mode::Show if !drift || self.drift_show => {
                self.scalar_verdict(key, Treatment::Show, [])
            }
            Mode::Strip | Mode::Show => listed(Act::Drop, Openness::Strip, []),
            Mode::Refuse => listed(Act::Refuse(Reason::UnlistedField), Openness::Strip, []),
        };
        Verdict {
            unlisted: !self.is_caught(key),
            ..verdict
        }
    }

    /// Where unlisted data leaves, what a net selects is listed by it.
    fn is_caught(&self, key: &Key) -> bool {
        key.caught && self.unlisted == Mode::Show
    }

    fn unlisted_container(&self, key: &Key, drift: bool) -> Verdict {
        let act = match self.unlisted {
            Mode::Show if self.drift_show && self.is_bare(key) => Act::Copy,
            Mode::Show if !drift || self.drift_show => Act::Enter,
            Mode::Strip | Mode::Show => Act::Drop,
            Mode::Refuse => Act::Refuse(Reason::UnlistedField),
        };
        let openness = if act == Act::Drop {
            Openness::Strip
        } else {
            Openness::Show
        };
        Verdict {
            unlisted: !self.is_caught(key),
            ..listed(act, openness, [])
        }
    }

    /// Nets that strip or blank take a container whole; the body's root keeps its brackets.
    fn guard(&self, key: &Key, root: bool, verdict: Verdict) -> Verdict {
        let verdict = match (self.nets(key), &verdict.act) {
            (_, Act::Drop | Act::Refuse(_)) => verdict,
            (Some(Treatment::Strip), _) => listed(Act::Drop, Openness::Strip, self.fields_of(key)),
            (Some(Treatment::Blank), _) => listed(Act::Null, Openness::Blank, self.fields_of(key)),
            _ => verdict,
        };
        if root && matches!(verdict.act, Act::Drop | Act::Stars | Act::Null) {
            return Verdict {
                act: Act::Hollow,
                ..verdict
            };
        }
        verdict
    }

    /// What the nets around a node leave open; `None` where there are none.
    fn nets(&self, key: &Key) -> Option<Treatment> {
        let closed = self.net_treatments(key);
        (!closed.is_empty()).then(|| Treatment::closest(&closed))
    }

    fn net_treatments(&self, key: &Key) -> Vec<Treatment> {
        let entries = key.nets.iter().filter_map(|entry| self.entries.get(*entry));
        entries
            .filter_map(|entry| entry.treatment.clone())
            .collect()
    }

    /// A scalar under `treatment`, the nets around it considered.
    fn scalar_verdict(
        &self,
        key: &Key,
        treatment: Treatment,
        fields: impl IntoIterator<Item = FieldId>,
    ) -> Verdict {
        let mut all = self.net_treatments(key);
        all.push(treatment);
        let treatment = Treatment::closest(&all);
        let openness = treatment.openness();
        let act = match treatment {
            Treatment::Show => Act::Show,
            Treatment::Token(_) | Treatment::Mask(_) => Act::Replace(treatment),
            Treatment::Blank => Act::Null,
            Treatment::Strip => Act::Drop,
        };
        listed(act, openness, fields)
    }

    /// Whether a written path goes on below this node.
    fn goes_on(&self, key: &Key) -> bool {
        matches!(key.zone, Zone::Way(_)) || self.written(key).next().is_some()
    }

    /// Whether one goes on to a field the caller sees.
    fn leads_on(&self, key: &Key) -> bool {
        self.written(key).any(|position| {
            self.pattern(position)
                .is_some_and(|pattern| pattern.visible)
                && !self.is_shadowed(key, position)
        })
    }

    /// Whether something of a container of this type could be on such a way.
    pub(super) fn fits(&self, key: &Key, object: bool) -> bool {
        self.written(key).any(|position| {
            self.next_step(position)
                .is_some_and(|step| step.selector.fits(object))
        })
    }

    /// Positions of written paths (not nets) that go on.
    fn written<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = &'a Position> {
        key.positions.iter().filter(|position| {
            !self.ended(position) && self.pattern(position).is_some_and(|pattern| !pattern.net)
        })
    }

    /// Whether another path decides every node this one could still reach, and hides it.
    fn is_shadowed(&self, key: &Key, position: &Position) -> bool {
        let Some(pattern) = self.pattern(position) else {
            return false;
        };
        let rest: &[Step] = pattern.steps.get(position.step..).unwrap_or_default();
        self.written(key).any(|other| {
            let Some(over) = self.pattern(other) else {
                return false;
            };
            let over_rest = over.steps.get(other.step..).unwrap_or_default();
            let decides = self
                .entry(over)
                .is_some_and(|entry| entry.treatment.is_some());
            decides
                && !over.visible
                && dominates(&over.steps, &pattern.steps)
                && !dominates(&pattern.steps, &over.steps)
                && over_rest.len() == rest.len()
                && over_rest
                    .iter()
                    .zip(rest)
                    .all(|(over, step)| over.selector.covers(&step.selector, self.any_case))
        })
    }

    /// Nothing below could be decided otherwise, nor is anything below looked for.
    fn is_bare(&self, key: &Key) -> bool {
        key.nets.is_empty()
            && key.positions.iter().all(|position| self.ended(position))
            && self.gate_of(key) == Gate::Pass
    }

    /// The fields of the entries here and below.
    fn fields_of(&self, key: &Key) -> Vec<FieldId> {
        let mut fields: Vec<FieldId> = key
            .positions
            .iter()
            .filter_map(|position| self.field_of(position))
            .collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }
}

fn listed(act: Act, openness: Openness, fields: impl IntoIterator<Item = FieldId>) -> Verdict {
    Verdict {
        act,
        openness,
        fields: fields.into_iter().collect(),
        unlisted: false,
    }
}

fn enter() -> Verdict {
    listed(Act::Enter, Openness::Show, [])
}

fn gone() -> Verdict {
    listed(Act::Drop, Openness::Strip, [])
}

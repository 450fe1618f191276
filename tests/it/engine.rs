//! The engine as the tests drive it: a sketch in, bytes and an end out, nothing of its inside.

use std::sync::Arc;

use fieldgate::model::Reason;
use fieldgate::policy::combine;
use fieldgate::policy::plan::Plan;
use fieldgate::policy::{GroupId, ResourceId};
use fieldgate::transform::{BodyLimits, govern};

use crate::oracle::treat::{Treatment, Treatments};
use crate::sketch::{PERSON, Sketch};

/// What became of an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub sent: Vec<u8>,
    pub end: Result<(), Reason>,
    /// What was counted, as text.
    pub tally: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sent = String::from_utf8_lossy(&self.sent);
        write!(f, "{:?} {sent:?} {}", self.end, self.tally)
    }
}

/// One plan, ready for any answer.
pub struct Engine {
    plan: Arc<Plan>,
    person: Option<&'static str>,
}

impl Engine {
    pub fn new(sketch: &Sketch) -> Engine {
        let person = sketch.person.map(|_| PERSON);
        let plan = Plan::new(
            &sketch.rules(),
            ResourceId(0),
            GroupId(0),
            0,
            combined(&sketch.treatments()),
            person.is_some(),
        );
        Engine {
            plan: Arc::new(plan.expect("a plan")),
            person,
        }
    }

    pub fn govern(&self, chunks: &[&[u8]]) -> Answer {
        let limits = BodyLimits {
            record: 64 << 20,
            ..BodyLimits::default()
        };
        let governed = govern(
            &self.plan,
            &limits,
            self.person,
            None,
            chunks.iter().copied(),
        );
        Answer {
            sent: governed.sent,
            end: governed.end,
            tally: format!("{:?}", governed.tally),
        }
    }
}

fn combined(treatments: &Treatments) -> combine::Treatments {
    let treatment = |treatment: &Treatment| match treatment {
        Treatment::Show => combine::Treatment::Show,
        Treatment::Token(key) => combine::Treatment::Token(Arc::new((**key).clone())),
        Treatment::Mask(mask) => combine::Treatment::Mask(Arc::new(mask.clone())),
        Treatment::Blank => combine::Treatment::Blank,
        Treatment::Strip => combine::Treatment::Strip,
    };
    combine::Treatments {
        fields: (treatments.fields.iter())
            .map(|field| field.as_ref().map_or(combine::Treatment::Strip, treatment))
            .collect(),
        names_shown: (treatments.names.iter())
            .map(|names| *names == Some(Treatment::Show))
            .collect(),
        envelope: treatments.envelope.iter().map(treatment).collect(),
    }
}

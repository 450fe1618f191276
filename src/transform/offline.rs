//! The engine and the commit rule without network, decoder or clock: what the three properties are about.

use std::sync::Arc;

use super::{BodyLimits, Commit, Engine, Tally};
use crate::model::Reason;
use crate::policy::plan::Plan;
use crate::policy::plan::judge::Judge;

/// What became of an answer.
#[derive(Debug)]
pub struct Governed {
    /// The bytes that leave. After a fault: the whole frames that had left before it, none before the commit.
    pub sent: Vec<u8>,
    /// Whether the answer is complete.
    pub end: Result<(), Reason>,
    /// What it held.
    pub tally: Tally,
}

/// Governs an answer that comes in `chunks`, in which no time passes.
pub fn govern<'a>(
    plan: &Arc<Plan>,
    limits: &BodyLimits,
    person: Option<&str>,
    judge: Option<&Arc<Judge>>,
    chunks: impl Iterator<Item = &'a [u8]>,
) -> Governed {
    let mut engine = Engine::new(
        Arc::clone(plan),
        *limits,
        person.map(str::to_owned),
        judge.map(Arc::clone),
    );
    let mut commit = Commit::default();
    let mut sent = Vec::new();
    let mut end = Ok(());
    for chunk in chunks {
        end = engine.feed(chunk);
        commit.push(engine.output());
        engine.forget_output();
        while let Some(frame) = commit.frame() {
            sent.extend_from_slice(&frame);
        }
        if end.is_err() {
            break;
        }
    }
    if end.is_ok() {
        end = engine.finish();
        if end.is_ok() {
            commit.push(engine.output());
            engine.forget_output();
            sent.extend_from_slice(&commit.rest());
        }
    }
    Governed {
        sent,
        end,
        tally: engine.tally().clone(),
    }
}

//! Rule sets that take effect, or do not: the record, the swap, the metrics and the log.
//!
//! Refuses a rule set that cannot be recorded and archived: nothing is decided by rules the access log does not hold.
//! An exchange holds one generation from its beginning to its end, so none sees the swap.

use std::sync::Arc;

use super::{Generation, Proxy};
use crate::audit::{ArchiveError, Audit, RulesLooked, Unavailable};
use crate::mask::token::TokenMaster;
use crate::policy::store::Policy;
use crate::policy::{Fingerprint, Loaded};
use crate::telemetry::Metrics;

/// Why a rule set was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The proxy starts.
    Start,
    /// The directory holds something else than before.
    Change,
    /// Somebody asked.
    Signal,
}

impl Cause {
    /// The word of records.
    pub fn code(self) -> &'static str {
        match self {
            Cause::Start => "start",
            Cause::Change => "change",
            Cause::Signal => "signal",
        }
    }
}

/// Where a rule set was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the configured directory.
    Directory,
    /// It is the copy of the last good one.
    LastGood,
}

impl Source {
    /// The word of records.
    pub fn code(self) -> &'static str {
        match self {
            Source::Directory => "directory",
            Source::LastGood => "last-good",
        }
    }
}

/// Why a rule set is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It changed each time it was read.
    Changing,
    /// It cannot be read, or does not load.
    DoesNotLoad,
    /// It names what the settings do not have.
    DoesNotFit,
    /// Its own tests fail, and it does not only narrow.
    Tests,
    /// The access log cannot be written.
    Unrecorded,
}

impl Why {
    /// The word of records and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Why::Changing => "changing",
            Why::DoesNotLoad => "does-not-load",
            Why::DoesNotFit => "does-not-fit",
            Why::Tests => "tests",
            Why::Unrecorded => "unrecorded",
        }
    }
}

/// A rule set that may be taken.
#[derive(Debug)]
pub struct Found {
    /// The rules.
    pub loaded: Loaded,
    /// All that was looked at.
    pub contents: Fingerprint,
    /// Where.
    pub source: Source,
    /// How many of its tests do not hold, where they were run.
    pub tests_failed: Option<usize>,
}

/// A rule set that is not taken.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Why.
    pub why: Why,
    /// All that was looked at, where it could be read.
    pub contents: Option<Fingerprint>,
    /// How many of its tests do not hold, where they were run.
    pub tests_failed: Option<usize>,
    /// For operators, a line each; nothing of a fixture.
    pub messages: Vec<String>,
}

/// Archives and records a rule set that is about to take effect.
///
/// # Errors
///
/// [`ArchiveError`]: it must not.
pub async fn record(
    audit: &Audit,
    generation: u64,
    cause: Cause,
    found: &Found,
) -> Result<(), ArchiveError> {
    let files: Vec<(String, Vec<u8>)> = found
        .loaded
        .sources
        .iter()
        .map(|file| (file.name.clone(), file.source.text.clone().into_bytes()))
        .collect();
    let looked = RulesLooked {
        generation,
        contents: Some(found.contents.text()),
        cause: cause.code(),
        source: found.source.code(),
        tests_failed: found.tests_failed,
    };
    audit
        .policy(&looked, &found.loaded.rules.digest, &files)
        .await
}

/// Puts a rule set in force: exchanges that begin from now on are decided by it, with plans of its own.
///
/// # Errors
///
/// [`ArchiveError`]: the one before stays in force.
pub async fn take(
    proxy: &Proxy,
    tokens: TokenMaster,
    cause: Cause,
    found: Found,
) -> Result<(), ArchiveError> {
    let generation = proxy.generation.load().policy.generation + 1;
    record(&proxy.audit, generation, cause, &found)
        .await
        .inspect_err(|_| proxy.metrics.audit_failed())?;
    taken(&proxy.metrics, generation, cause, &found);
    let policy = Policy::new(generation, found.loaded.rules, tokens);
    proxy.generation.store(Arc::new(Generation::new(policy)));
    Ok(())
}

/// Says that a rule set is in force.
pub fn taken(metrics: &Metrics, generation: u64, cause: Cause, found: &Found) {
    let digest = found.loaded.rules.digest.as_str();
    let (cause, source) = (cause.code(), found.source.code());
    match found.tests_failed {
        Some(failed) if failed > 0 => tracing::error!(
            generation,
            digest,
            cause,
            source,
            "rules taken although {failed} of their tests fail: they only narrow what was in force"
        ),
        _ => tracing::info!(generation, digest, cause, source, "rules taken"),
    }
    metrics.rules_loaded(generation);
    metrics.rules_judged("taken");
    metrics.rules_stale(found.source == Source::LastGood);
}

/// Says and records that a rule set is not taken; `generation` stays in force.
///
/// # Errors
///
/// [`Unavailable`]: it was said, and not recorded.
pub async fn refuse(
    audit: &Audit,
    metrics: &Metrics,
    generation: u64,
    cause: Cause,
    refused: &Refused,
) -> Result<(), Unavailable> {
    let why = refused.why.code();
    for message in &refused.messages {
        tracing::error!("{message}");
    }
    tracing::error!(
        in_force = generation,
        cause = cause.code(),
        why,
        "rules refused"
    );
    metrics.rules_judged(why);
    metrics.rules_stale(true);
    let looked = RulesLooked {
        generation,
        contents: refused.contents.as_ref().map(Fingerprint::text),
        cause: cause.code(),
        source: Source::Directory.code(),
        tests_failed: refused.tests_failed,
    };
    let recorded = audit.policy_refused(&looked, why).await;
    recorded.inspect_err(|_| metrics.audit_failed())
}

/// Says that the directory holds what is in force.
pub fn unchanged(proxy: &Proxy, cause: Cause) {
    let generation = proxy.generation.load().policy.generation;
    proxy.metrics.rules_stale(false);
    tracing::info!(
        generation,
        cause = cause.code(),
        "the rules are those in force"
    );
}

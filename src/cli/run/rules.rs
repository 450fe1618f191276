//! Which rule set counts: what the directory holds, or what is in force, or the copy of the last good one.
//!
//! A set is refused that does not load, that names what the settings do not have, or whose own tests fail; the last is
//! taken all the same where it only narrows what is in force. Everything here blocks, and is asked where that is no
//! harm.

use std::time::{Duration, Instant};

use super::super::test::failing;
use super::{INTERNAL, RULES, StartError, check_names};
use crate::audit::Audit;
use crate::config::Settings;
use crate::mask::token::TokenMaster;
use crate::pipeline::rehearsal::Stage;
use crate::pipeline::rules::{Cause, Found, Refused, Source, Why, record, refuse, taken};
use crate::policy::diagnostic::{Diagnostic, Lang};
use crate::policy::store::Policy;
use crate::policy::weigh::gains;
use crate::policy::{self, Fingerprint, Loaded, RuleSet, Unread};
use crate::telemetry::Metrics;

/// The generation of the first rule set.
pub(super) const FIRST: u64 = 1;
/// The most that a set's own tests may take; what was not run by then counts as failed.
const TESTS_TIME: Duration = Duration::from_secs(60);
/// Of what failed or would open, how much is told.
const TOLD: usize = 10;

/// Rules for the start, and what was wrong with the configured ones where they are not these.
#[derive(Debug)]
pub(super) struct Chosen {
    pub found: Found,
    pub refused: Option<Refused>,
    /// Whether a copy of them is worth keeping.
    pub good: bool,
}

/// The rules to start with. With `last_good`, they are judged as at a reload, against that copy; without, they need not
/// pass their tests.
///
/// # Errors
///
/// Where neither the directory nor the copy can be used.
pub(super) fn choose(settings: &Settings) -> Result<Chosen, StartError> {
    let configured = fitting(settings);
    let Some(last_good) = &settings.rules.last_good else {
        let (loaded, contents) = configured.map_err(NotFitting::into_error)?;
        return Ok(alone(loaded, contents));
    };
    let copy = policy::last_good(last_good);
    match (configured, copy) {
        (Ok((loaded, contents)), Ok((_, kept))) if contents == kept => Ok(Chosen {
            good: true,
            ..alone(loaded, contents)
        }),
        (Ok((loaded, contents)), Ok((place, _))) => match fitting_copy(settings, &place) {
            Err(why) => {
                tracing::error!("the copy of the last good rules cannot be used: {why}");
                Ok(untested(settings, loaded, contents))
            }
            Ok(kept) => match tested(settings, loaded, contents, &kept.0.rules) {
                Ok(found) => Ok(Chosen {
                    found,
                    refused: None,
                    good: true,
                }),
                Err(refused) => Ok(from_copy(kept, refused)),
            },
        },
        (Ok((loaded, contents)), Err(why)) => {
            if !matches!(why, policy::LastGoodError::Missing(_)) {
                tracing::error!("the copy of the last good rules cannot be used: {why}");
            }
            Ok(untested(settings, loaded, contents))
        }
        (Err(wrong), Ok((place, _))) => match fitting_copy(settings, &place) {
            Ok(kept) => Ok(from_copy(kept, wrong.refused)),
            Err(why) => Err(wrong.and(format!(
                "the copy of the last good rules cannot be used either: {why}"
            ))),
        },
        (Err(wrong), Err(why)) => Err(wrong.and(format!(
            "the copy of the last good rules cannot be used either: {why}"
        ))),
    }
}

/// Records the rules that count, and those that were meant to where they are others.
pub(super) async fn tell(
    chosen: &Chosen,
    audit: &Audit,
    metrics: &Metrics,
) -> Result<(), StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::new(INTERNAL, error);
    if let Some(refused) = &chosen.refused {
        refuse(audit, metrics, FIRST, Cause::Start, refused)
            .await
            .map_err(|error| failed(&error))?;
    }
    let found = &chosen.found;
    record(audit, FIRST, Cause::Start, found)
        .await
        .map_err(|error| failed(&error))?;
    if found.source == Source::LastGood {
        tracing::error!("the last good rules are used: the configured ones cannot be");
    }
    taken(metrics, FIRST, Cause::Start, found);
    Ok(())
}

/// A set without one to hold it against: it counts, and is the last good one only if its tests hold.
fn untested(settings: &Settings, loaded: Loaded, contents: Fingerprint) -> Chosen {
    let (failed, messages) = tests(settings, &loaded.rules);
    for message in &messages {
        tracing::error!("{message}");
    }
    let mut chosen = alone(loaded, contents);
    if failed > 0 {
        tracing::error!(
            "{failed} tests of the rules fail; they are used because there is no copy of better ones"
        );
    }
    chosen.good = failed == 0;
    chosen
}

fn alone(loaded: Loaded, contents: Fingerprint) -> Chosen {
    Chosen {
        found: Found {
            loaded,
            contents,
            source: Source::Directory,
            tests_failed: None,
        },
        refused: None,
        good: false,
    }
}

fn from_copy((loaded, contents): (Loaded, Fingerprint), refused: Refused) -> Chosen {
    Chosen {
        found: Found {
            loaded,
            contents,
            source: Source::LastGood,
            tests_failed: None,
        },
        refused: Some(refused),
        good: false,
    }
}

/// Judges what the directory holds against the rules in force.
///
/// # Errors
///
/// Why they stay in force.
pub(super) fn judge(settings: &Settings, in_force: &RuleSet) -> Result<Found, Refused> {
    let (loaded, contents) = fitting(settings).map_err(|wrong| wrong.refused)?;
    tested(settings, loaded, contents, in_force)
}

fn tested(
    settings: &Settings,
    loaded: Loaded,
    contents: Fingerprint,
    in_force: &RuleSet,
) -> Result<Found, Refused> {
    let (failed, mut messages) = tests(settings, &loaded.rules);
    if failed > 0 {
        let now = jiff::Timestamp::now().as_second();
        let gains = gains(in_force, &loaded.rules, now);
        if !gains.is_empty() {
            let told = gains.iter().take(TOLD);
            messages.extend(told.map(|gain| {
                let text = gain.text();
                let text = text.get(Lang::En);
                format!("and the rules do not only narrow what is in force: {text}")
            }));
            return Err(Refused {
                why: Why::Tests,
                contents: Some(contents),
                tests_failed: Some(failed),
                messages,
            });
        }
    }
    Ok(Found {
        loaded,
        contents,
        source: Source::Directory,
        tests_failed: Some(failed),
    })
}

/// How many tests do not hold, and which; nothing of what they compare.
fn tests(settings: &Settings, rules: &RuleSet) -> (usize, Vec<String>) {
    let policy = Policy::new(0, rules.clone(), tokens(settings));
    let stage = Stage::new(policy, settings.limits);
    let failed = failing(&stage, Instant::now() + TESTS_TIME);
    let told = failed.iter().take(TOLD);
    let lines = told.map(|test| {
        let (name, place) = (test.name.escape_debug(), test.place.escape_debug());
        format!("the test `{name}` does not hold ({place}); `fieldgate test` says why")
    });
    (failed.len(), lines.collect())
}

/// The key of the outcome `token`; rules that use it do not get here without.
pub(super) fn tokens(settings: &Settings) -> TokenMaster {
    match &settings.tokens {
        Some(tokens) => TokenMaster::new(tokens.key.clone()),
        None => TokenMaster::test_key(),
    }
}

/// Why the directory gives no rules, for the start and for a reload.
struct NotFitting {
    error: StartError,
    refused: Refused,
}

impl NotFitting {
    fn into_error(self) -> StartError {
        self.error
    }

    fn and(mut self, message: String) -> StartError {
        self.error.messages.push(message);
        self.error
    }
}

/// What the directory holds, loaded whole, if it fits the settings.
fn fitting(settings: &Settings) -> Result<(Loaded, Fingerprint), NotFitting> {
    let dir = &settings.rules.dir;
    let refused = |why, contents, messages| Refused {
        why,
        contents,
        tests_failed: None,
        messages,
    };
    let (loaded, contents) = policy::load_settled(dir).map_err(|unread| match unread {
        Unread::Mistakes(mistakes, contents) => NotFitting {
            refused: refused(Why::DoesNotLoad, contents, lines(&mistakes)),
            error: StartError::diagnostics(RULES, &mistakes),
        },
        Unread::Changing => {
            let message = format!("`{}` changes each time it is read", dir.display());
            NotFitting {
                refused: refused(Why::Changing, None, vec![message.clone()]),
                error: StartError::new(RULES, message),
            }
        }
    })?;
    match check_names(&loaded.rules, settings) {
        Ok(()) => Ok((loaded, contents)),
        Err(error) => Err(NotFitting {
            refused: refused(Why::DoesNotFit, Some(contents), error.messages.clone()),
            error,
        }),
    }
}

fn fitting_copy(
    settings: &Settings,
    place: &std::path::Path,
) -> Result<(Loaded, Fingerprint), String> {
    let (loaded, contents) = policy::load_settled(place).map_err(|unread| match unread {
        Unread::Mistakes(mistakes, _) => lines(&mistakes).join("; "),
        Unread::Changing => String::from("it changes while it is read"),
    })?;
    check_names(&loaded.rules, settings).map_err(|error| error.messages.join("; "))?;
    Ok((loaded, contents))
}

fn lines(mistakes: &[Diagnostic]) -> Vec<String> {
    mistakes.iter().map(Diagnostic::line).collect()
}

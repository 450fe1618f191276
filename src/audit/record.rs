//! What the access log says: one plain struct per kind of record, filled in by whoever observed it.
//!
//! Nothing here can hold a field's value, a credential or a query string: who and what is named by rule
//! names, routes and keyed hashes. `docs/audit.md` explains every member.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::chain::Hash;
use super::clock;
use super::line;
use super::person::KeyedHash;
use crate::model::{Openness, Reason};

/// The most person hashes one `persons` record holds.
pub const PERSONS_PER_RECORD: usize = 256;

/// What an exchange's `intent` and `outcome` share: who, what and on what ground.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// From a valid `traceparent`; see [`trace_id`].
    pub trace_id: Option<String>,
    /// Who called.
    pub caller: RecordedCaller,
    /// What the caller does: `read`, `create`, `update`, `delete`.
    pub action: Option<&'static str>,
    /// The resource, or `resource/group`, as the rules name it.
    pub resource: Option<Arc<str>>,
    /// The route as the rules write it, never the target that was sent.
    pub route: Option<Arc<str>>,
    /// The upstream's name in the settings.
    pub upstream: Option<Arc<str>>,
    /// The declared purpose.
    pub purpose: Option<Arc<str>>,
    /// The contract the exchange runs under.
    pub contract: Option<Arc<str>>,
    /// The rule set that decided.
    pub policy: Option<PolicyRef>,
}

impl Exchange {
    /// What is known of an exchange at its beginning.
    pub fn from_peer(peer: IpAddr) -> Self {
        Exchange {
            trace_id: None,
            caller: RecordedCaller {
                id: None,
                roles: None,
                jwt: None,
                certificate: None,
                api_key: None,
                peer,
            },
            action: None,
            resource: None,
            route: None,
            upstream: None,
            purpose: None,
            contract: None,
            policy: None,
        }
    }
}

/// Who called, as far as it is known.
#[derive(Clone, Debug)]
pub struct RecordedCaller {
    /// The caller's id; under a role with `same_as: person` that person's hash.
    pub id: Option<String>,
    /// The roles held here.
    pub roles: Option<Arc<[String]>>,
    /// The token they proved who they are with.
    pub jwt: Option<Proof>,
    /// The client certificate they did.
    pub certificate: Option<Proof>,
    /// The API key they did.
    pub api_key: Option<Proof>,
    /// The address the connection came from.
    pub peer: IpAddr,
}

/// A credential, as far as a record may know it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The issuer, authority or API key, as the settings name it.
    pub issuer: Arc<str>,
    /// The hexadecimal SHA-256 of the token, certificate or key.
    pub sha256: Arc<str>,
}

/// Which rule set decided.
#[derive(Clone, Debug)]
pub struct PolicyRef {
    /// The generation in this process.
    pub generation: u64,
    /// The rule set's digest.
    pub digest: Arc<str>,
    /// The digest of the `plan` record that lists the fields.
    pub plan: Option<Arc<str>>,
}

/// What is added before the upstream is contacted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Intent<'a> {
    /// Mapped parameters, as keyed hashes.
    pub params: &'a [(Arc<str>, KeyedHash)],
    /// Those of them the caller finds by, though what they search is masked for them.
    pub finds: &'a [Arc<str>],
    /// The person the path parameter names, if it names one.
    pub person: Option<KeyedHash>,
    /// What it changes, where it writes.
    pub writes: Option<Writes<'a>>,
}

/// What a request that writes would change.
#[derive(Clone, Copy, Debug, Default)]
pub struct Writes<'a> {
    /// Fields as catalogued, and how many values of each are sent.
    pub fields: &'a [(&'a str, u64)],
    /// The upstream is asked for the stored record first.
    pub stored: bool,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// What was decided; `None` where it never came to a decision.
    pub decision: Option<Decision>,
    /// Why it was refused or replaced.
    pub reason: Option<Reason>,
    /// Records that left.
    pub records: u64,
    /// The person that stands in no `persons` record.
    pub person: Option<KeyedHash>,
    /// Per listed field the number of records under each outcome.
    pub fields: &'a [(&'a str, Counts)],
    /// Topmost unlisted nodes removed.
    pub unlisted: u64,
    /// Records whose person could not be read.
    pub persons_unknown: u64,
    /// The media type of a file that passed unread, and the rule that let it.
    pub file: Option<(&'a str, &'a str)>,
    /// Of one that writes: whether the upstream may have got the write.
    pub sent: Option<bool>,
    /// The status sent, if one was.
    pub status: Option<u16>,
    /// Bytes of body sent.
    pub bytes: u64,
    /// How it ended.
    pub end: End,
}

impl Outcome<'_> {
    /// An outcome with nothing counted yet.
    pub fn ending(end: End) -> Self {
        Outcome {
            decision: None,
            reason: None,
            records: 0,
            person: None,
            fields: &[],
            unlisted: 0,
            persons_unknown: 0,
            file: None,
            sent: None,
            status: None,
            bytes: 0,
            end,
        }
    }
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// With obligations.
    Allow,
    /// With a reason.
    Deny,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The last byte went.
    Complete,
    /// The caller hung up, or something broke.
    Aborted,
    /// No upstream was contacted.
    Refused,
}

/// How many records had a field under each outcome; zeros are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The bytes as they came.
    pub show: u64,
    /// A pseudonym.
    pub token: u64,
    /// A mask's replacement.
    pub mask: u64,
    /// JSON null.
    pub blank: u64,
    /// Gone.
    pub strip: u64,
}

impl Counts {
    /// The number under an outcome.
    pub fn of(&self, outcome: Openness) -> u64 {
        match outcome {
            Openness::Show => self.show,
            Openness::Token => self.token,
            Openness::Mask => self.mask,
            Openness::Blank => self.blank,
            Openness::Strip => self.strip,
        }
    }
}

/// Which fields are under which outcome, written grouped by outcome: `{"show":["id"],"mask":["name"]}`.
pub type Pattern<'a> = &'a [(&'a str, Openness)];

/// The listed fields by outcome: once per generation, route and role set.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The generation of the rule set.
    pub generation: u64,
    /// The digest intents carry; it must differ where route, roles, contract or fields differ.
    pub digest: &'a str,
    /// The resource, or `resource/group`.
    pub resource: &'a str,
    /// The route as the rules write it.
    pub route: &'a str,
    /// The role set.
    pub roles: &'a [&'a str],
    /// The contract, where there is one.
    pub contract: Option<&'a str>,
    /// Its purpose.
    pub purpose: Option<&'a str>,
    /// The listed fields.
    pub fields: Pattern<'a>,
}

/// Somebody who gets nothing, or no longer.
#[derive(Clone, Debug, Serialize)]
pub struct BlockRecord<'a> {
    /// What is blocked: a constant code.
    pub what: &'static str,
    /// Which, as the rules or this log name it.
    pub name: String,
    /// Since when.
    pub since: &'a str,
    /// Who said so.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
}

#[derive(Serialize)]
pub(super) struct Lift<'a> {
    #[serde(flatten)]
    pub block: &'a BlockRecord<'a>,
    pub lifted_by: Option<&'a str>,
}

/// A rule set that was looked at, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct RulesLooked<'a> {
    /// The generation in force from now on.
    pub generation: u64,
    /// The hash over all that was looked at, fixtures included; `None` where it could not be read.
    pub contents: Option<&'a str>,
    /// Why it was looked at: a constant code.
    pub cause: &'static str,
    /// Where it was found: a constant code.
    pub source: &'static str,
    /// How many of its tests do not hold; `None` where they were not run.
    pub tests_failed: Option<usize>,
}

/// Refused before there was a request.
#[derive(Clone, Debug, Serialize)]
pub struct Connection {
    /// The address the connection came from.
    pub peer: IpAddr,
    /// The listener's address.
    pub listener: std::net::SocketAddr,
    /// A constant code (`tls-handshake`), never text from the peer.
    pub reason: &'static str,
    /// The hash of the client certificate, if one was presented.
    pub credential: Option<String>,
}

/// A record with the moment it was made.
#[derive(Serialize)]
struct Dated<'a, T> {
    kind: &'static str,
    ts: String,
    #[serde(flatten)]
    rest: &'a T,
}

/// The members of a record of this kind, dated now.
pub(super) fn dated<T: Serialize>(
    kind: &'static str,
    rest: &T,
) -> Result<Vec<u8>, serde_json::Error> {
    line::members(&Dated {
        kind,
        ts: clock::now(),
        rest,
    })
}

/// The trace id of a valid W3C `traceparent`; anything else is `None`.
pub fn trace_id(traceparent: &str) -> Option<String> {
    let mut parts = traceparent.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let (parent, flags) = (parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let set = |text: &str| text.bytes().any(|b| b != b'0');
    let known_form = version != "ff" && (version != "00" || parts.next().is_none());
    let valid = known_form
        && [(version, 2), (trace, 32), (parent, 16), (flags, 2)]
            .iter()
            .all(|(t, n)| hex(t, *n))
        && set(trace)
        && set(parent);
    valid.then(|| trace.to_owned())
}

#[derive(Serialize)]
pub(super) struct Start {
    pub version: &'static str,
    pub durability: &'static str,
}

#[derive(Serialize)]
pub(super) struct Stop {}

/// A part of the segment that was moved aside.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Tail {
    pub file: String,
    pub bytes: u64,
    #[serde(serialize_with = "shown")]
    pub sha256: Hash,
}

#[derive(Serialize)]
pub(super) struct Recovered<'a> {
    pub tails: &'a [Tail],
}

#[derive(Serialize)]
pub(super) struct Gap<'a> {
    pub since: &'a str,
    pub cause: &'a str,
    pub refused: u64,
    pub synced: u64,
}

/// A rule set that is in force has digest and files; one that is not has the reason.
#[derive(Serialize)]
pub(super) struct Policy<'a> {
    generation: u64,
    digest: Option<&'a str>,
    files: Option<BTreeMap<&'a str, String>>,
    contents: Option<&'a str>,
    cause: &'static str,
    source: &'static str,
    tests_failed: Option<usize>,
    refused: Option<&'static str>,
}

impl<'a> Policy<'a> {
    pub fn taken(
        looked: &RulesLooked<'a>,
        digest: &'a str,
        files: BTreeMap<&'a str, String>,
    ) -> Self {
        Policy {
            digest: Some(digest),
            files: Some(files),
            ..Policy::of(looked, None)
        }
    }

    pub fn refused(looked: &RulesLooked<'a>, why: &'static str) -> Self {
        Policy::of(looked, Some(why))
    }

    fn of(looked: &RulesLooked<'a>, refused: Option<&'static str>) -> Self {
        let RulesLooked {
            generation,
            contents,
            cause,
            source,
            tests_failed,
        } = *looked;
        Policy {
            generation,
            digest: None,
            files: None,
            contents,
            cause,
            source,
            tests_failed,
            refused,
        }
    }
}

#[derive(Serialize)]
pub(super) struct PlanBody<'a> {
    generation: u64,
    digest: &'a str,
    resource: &'a str,
    route: &'a str,
    roles: &'a [&'a str],
    contract: Option<&'a str>,
    purpose: Option<&'a str>,
    #[serde(serialize_with = "grouped")]
    fields: Pattern<'a>,
}

impl<'a> From<&Plan<'a>> for PlanBody<'a> {
    fn from(plan: &Plan<'a>) -> Self {
        let Plan {
            generation,
            digest,
            resource,
            route,
            roles,
            contract,
            purpose,
            fields,
        } = *plan;
        PlanBody {
            generation,
            digest,
            resource,
            route,
            roles,
            contract,
            purpose,
            fields,
        }
    }
}

fn shown<S: Serializer>(value: &impl std::fmt::Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

fn grouped<S: Serializer>(pattern: &Pattern<'_>, to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(None)?;
    for outcome in Openness::ALL {
        let fields: Vec<&str> = under(pattern, outcome).collect();
        if !fields.is_empty() {
            map.serialize_entry(outcome.word(), &fields)?;
        }
    }
    map.end()
}

/// The fields of a pattern that are under an outcome.
pub(super) fn under<'a>(
    pattern: Pattern<'a>,
    outcome: Openness,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let fields = pattern.iter().filter(move |(_, under)| *under == outcome);
    fields.map(|(field, _)| *field)
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;

//! What the access log says: one plain struct per kind of record, filled in by whoever observed it.
//!
//! Nothing here can hold a field's value, a credential or a query string: who and what is named by rule
//! names, routes and keyed hashes. `docs/audit.md` explains every member.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Zoned;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use ulid::Ulid;

use super::chain::Hash;
use super::line;
use super::person::KeyedHash;
use crate::model::{Openness, Reason};

/// The most person hashes one `persons` record holds.
pub const PERSONS_PER_RECORD: usize = 256;

/// What an exchange's `intent` and `outcome` share: who, what and on what ground.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// From a valid `traceparent`; see [`trace_id`].
    pub trace_id: Option<String>,
    /// Who called.
    pub caller: RecordedCaller,
    /// What the caller does: `read`.
    pub action: Option<&'static str>,
    /// The resource, or `resource/group`, as the rules name it.
    pub resource: Option<String>,
    /// The route as the rules write it, never the target that was sent.
    pub route: Option<String>,
    /// The upstream's name in the settings.
    pub upstream: Option<String>,
    /// The declared purpose.
    pub purpose: Option<String>,
    /// The contract the exchange runs under.
    pub contract: Option<String>,
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
                roles: Vec::new(),
                auth: None,
                issuer: None,
                credential: None,
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
#[derive(Clone, Debug, Serialize)]
pub struct RecordedCaller {
    /// The caller's id; under a role with `same_as: person` that person's hash.
    pub id: Option<String>,
    /// The roles held here.
    pub roles: Vec<String>,
    /// How the caller proved who they are.
    pub auth: Option<Auth>,
    /// The issuer or authority, as the settings name it; both joined by `+` for [`Auth::JwtAndMtls`].
    pub issuer: Option<String>,
    /// `sha256:` and the credential's hash; both joined by `+` for [`Auth::JwtAndMtls`].
    pub credential: Option<String>,
    /// The address the connection came from.
    pub peer: IpAddr,
}

/// How a caller proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Auth {
    /// A bearer token.
    #[serde(rename = "jwt")]
    Jwt,
    /// A client certificate.
    #[serde(rename = "mtls")]
    Mtls,
    /// Both.
    #[serde(rename = "jwt+mtls")]
    JwtAndMtls,
}

/// Which rule set decided.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyRef {
    /// The generation in this process.
    pub generation: u64,
    /// The rule set's digest.
    pub digest: String,
    /// The digest of the `plan` record that lists the fields.
    pub plan: Option<String>,
}

/// What is added before the upstream is contacted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Intent {
    /// Mapped parameters, as keyed hashes.
    pub params: BTreeMap<String, KeyedHash>,
    /// The person the path parameter names, if it names one.
    pub persons: Vec<KeyedHash>,
}

/// How an exchange ended.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// What was decided; `None` where it never came to a decision.
    pub decision: Option<Decision>,
    /// Why it was refused or replaced.
    #[serde(serialize_with = "code")]
    pub reason: Option<Reason>,
    /// Records that left.
    pub records: u64,
    /// Persons that stand in no `persons` record.
    pub persons: Vec<KeyedHash>,
    /// Per listed field the number of records under each outcome.
    pub fields: BTreeMap<String, Counts>,
    /// Topmost unlisted nodes removed.
    pub unlisted: u64,
    /// Records whose person could not be read.
    pub persons_unknown: u64,
    /// The status sent, if one was.
    pub status: Option<u16>,
    /// Bytes of body sent.
    pub bytes: u64,
    /// How it ended.
    #[serde(skip)] // written after `ms`, which the trail measures
    pub end: End,
}

impl Outcome {
    /// An outcome with nothing counted yet.
    pub fn ending(end: End) -> Self {
        Outcome {
            decision: None,
            reason: None,
            records: 0,
            persons: Vec::new(),
            fields: BTreeMap::new(),
            unlisted: 0,
            persons_unknown: 0,
            status: None,
            bytes: 0,
            end,
        }
    }
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// With obligations.
    Allow,
    /// With a reason.
    Deny,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The last byte went.
    Complete,
    /// The caller hung up, or something broke.
    Aborted,
    /// No upstream was contacted.
    Refused,
}

/// How many records had a field under each outcome; zeros are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The bytes as they came.
    #[serde(skip_serializing_if = "is_zero")]
    pub show: u64,
    /// A pseudonym.
    #[serde(skip_serializing_if = "is_zero")]
    pub token: u64,
    /// A mask's replacement.
    #[serde(skip_serializing_if = "is_zero")]
    pub mask: u64,
    /// JSON null.
    #[serde(skip_serializing_if = "is_zero")]
    pub blank: u64,
    /// Gone.
    #[serde(skip_serializing_if = "is_zero")]
    pub strip: u64,
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
    /// The listed fields.
    pub fields: Pattern<'a>,
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
        ts: now(),
        rest,
    })
}

/// Now, as RFC 3339 with milliseconds and offset.
pub(super) fn now() -> String {
    Zoned::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.3f%:z")
        .to_string()
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

#[derive(Serialize)]
pub(super) struct Policy<'a> {
    pub generation: u64,
    pub digest: &'a str,
    pub files: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
pub(super) struct PlanBody<'a> {
    generation: u64,
    digest: &'a str,
    resource: &'a str,
    route: &'a str,
    roles: &'a [&'a str],
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
            fields,
        } = *plan;
        PlanBody {
            generation,
            digest,
            resource,
            route,
            roles,
            fields,
        }
    }
}

#[derive(Serialize)]
pub(super) struct IntentBody<'a> {
    #[serde(serialize_with = "shown")]
    pub id: Ulid,
    #[serde(flatten)]
    pub exchange: &'a Exchange,
    #[serde(flatten)]
    pub intent: &'a Intent,
}

#[derive(Serialize)]
pub(super) struct PersonsBody<'a> {
    #[serde(serialize_with = "shown")]
    pub id: Ulid,
    pub persons: &'a [KeyedHash],
    #[serde(serialize_with = "grouped")]
    pub fields: Pattern<'a>,
}

#[derive(Serialize)]
pub(super) struct OutcomeBody<'a> {
    #[serde(serialize_with = "shown")]
    pub id: Ulid,
    #[serde(flatten)]
    pub exchange: &'a Exchange,
    #[serde(flatten)]
    pub outcome: &'a Outcome,
    #[serde(serialize_with = "milliseconds")]
    pub ms: Duration,
    pub end: End,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn shown<S: Serializer>(value: &impl std::fmt::Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

fn code<S: Serializer>(reason: &Option<Reason>, to: S) -> Result<S::Ok, S::Error> {
    reason.map(Reason::code).serialize(to)
}

/// Milliseconds with one decimal.
fn milliseconds<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((duration.as_secs_f64() * 10_000.0).round() / 10.0)
}

fn grouped<S: Serializer>(pattern: &Pattern<'_>, to: S) -> Result<S::Ok, S::Error> {
    use Openness::{Blank, Mask, Show, Strip, Token};
    let mut map = to.serialize_map(None)?;
    for outcome in [Show, Token, Mask, Blank, Strip] {
        let of =
            |(field, under): &(&'_ str, Openness)| (*under == outcome).then(|| (*field).to_owned());
        let fields: Vec<String> = pattern.iter().filter_map(of).collect();
        if !fields.is_empty() {
            map.serialize_entry(outcome.word(), &fields)?;
        }
    }
    map.end()
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;

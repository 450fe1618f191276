//! The records every exchange has, written straight into one buffer: `intent`, `persons`, `outcome`.
//!
//! What they say is what [`super::record`] holds; the other kinds, which are rare, go through serde.

use std::net::IpAddr;
use std::time::Duration;

use ulid::{ULID_LEN, Ulid};

use super::clock;
use super::line::Draft;
use super::person::KeyedHash;
use super::record::{
    Counts, Decision, End, Exchange, Intent, Outcome, Pattern, Proof, RecordedCaller, under,
};
use crate::model::{Openness, Reason};

/// Writes an intent's members.
pub fn intent(out: &mut Vec<u8>, id: Ulid, exchange: &Exchange, intent: &Intent<'_>) {
    let mut draft = begun(out, "intent", id);
    draft.exchange(exchange);
    draft.raw(r#","params":{"#);
    for (at, (name, hash)) in intent.params.iter().enumerate() {
        draft.raw(if at > 0 { "," } else { "" });
        draft.text(name).raw(":").hash(hash);
    }
    draft.raw("}");
    if !intent.finds.is_empty() {
        draft.raw(r#","finds":"#).list(intent.finds, |draft, name| {
            draft.text(name);
        });
    }
    if let Some(writes) = &intent.writes {
        draft.raw(r#","writes":{"#);
        for (at, (name, count)) in writes.fields.iter().enumerate() {
            draft.raw(if at > 0 { "," } else { "" });
            draft.text(name).raw(":").number(*count);
        }
        draft.raw(r#"},"stored":"#).raw(word(writes.stored));
    }
    draft.persons(intent.person.as_slice());
}

fn word(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}

/// Writes the members of a record of persons.
pub fn persons(out: &mut Vec<u8>, id: Ulid, persons: &[KeyedHash], fields: Pattern<'_>) {
    let mut draft = begun(out, "persons", id);
    draft.persons(persons).raw(r#","fields":{"#);
    let mut first = true;
    for outcome in Openness::ALL {
        let mut fields = under(fields, outcome).peekable();
        if fields.peek().is_some() {
            draft.raw(if first { "\"" } else { ",\"" });
            first = false;
            draft.raw(outcome.word()).raw("\":");
            draft.list(fields, |draft, field| {
                draft.text(field);
            });
        }
    }
    draft.raw("}");
}

/// Writes an outcome's members.
pub fn outcome(
    out: &mut Vec<u8>,
    id: Ulid,
    exchange: &Exchange,
    outcome: &Outcome<'_>,
    took: Duration,
) {
    let mut draft = begun(out, "outcome", id);
    draft.exchange(exchange);
    draft.raw(match outcome.decision {
        None => r#","decision":null,"reason":"#,
        Some(Decision::Allow) => r#","decision":"allow","reason":"#,
        Some(Decision::Deny) => r#","decision":"deny","reason":"#,
    });
    draft.optional(outcome.reason.map(Reason::code));
    draft.raw(r#","records":"#).number(outcome.records);
    draft.persons(outcome.person.as_slice());
    draft.fields(outcome.fields);
    draft.raw(r#","unlisted":"#).number(outcome.unlisted);
    let unknown = outcome.persons_unknown;
    draft.raw(r#","persons_unknown":"#).number(unknown);
    if let Some((media, rule)) = &outcome.file {
        draft.raw(r#","file":{"media":"#).text(media);
        draft.raw(r#","rule":"#).text(rule);
        draft.raw("}");
    }
    if let Some(sent) = outcome.sent {
        draft.raw(r#","sent":"#).raw(word(sent));
    }
    draft.raw(r#","status":"#);
    match outcome.status {
        Some(status) => draft.number(status.into()),
        None => draft.raw("null"),
    };
    draft.raw(r#","bytes":"#).number(outcome.bytes);
    // Milliseconds with one decimal.
    let tenths = (took.as_secs_f64() * 10_000.0).round() as u64;
    draft.raw(r#","ms":"#).number(tenths / 10);
    draft.raw(".").number(tenths % 10);
    draft.raw(match outcome.end {
        End::Complete => r#","end":"complete""#,
        End::Aborted => r#","end":"aborted""#,
        End::Refused => r#","end":"refused""#,
    });
}

/// What all of them begin with.
fn begun<'a>(out: &'a mut Vec<u8>, kind: &'static str, id: Ulid) -> Draft<'a> {
    let mut draft = Draft(out);
    draft.raw(r#""kind":""#).raw(kind).raw(r#"","ts":""#);
    clock::append_now(draft.0);
    let mut text = [0; ULID_LEN];
    draft.raw(r#"","id":""#).raw(id.array_to_str(&mut text));
    draft.raw("\"");
    draft
}

/// A kind of credential and, where one was presented, what is known of it.
type Named<'a> = (&'static str, Option<&'a Proof>);
/// What of it is written.
type Part = for<'a> fn(&'static str, &'a Proof) -> &'a str;

impl Draft<'_> {
    fn hash(&mut self, hash: &KeyedHash) -> &mut Self {
        self.raw("\"hmac:").hex(hash.bytes()).raw("\"")
    }

    fn persons(&mut self, persons: &[KeyedHash]) -> &mut Self {
        self.raw(r#","persons":"#).list(persons, |draft, person| {
            draft.hash(person);
        })
    }

    fn exchange(&mut self, exchange: &Exchange) -> &mut Self {
        let Exchange {
            trace_id,
            caller,
            action,
            resource,
            route,
            upstream,
            purpose,
            contract,
            policy,
        } = exchange;
        self.raw(r#","trace_id":"#).optional(trace_id.as_deref());
        self.caller(caller);
        for (name, value) in [
            (r#","action":"#, *action),
            (r#","resource":"#, resource.as_deref()),
            (r#","route":"#, route.as_deref()),
            (r#","upstream":"#, upstream.as_deref()),
            (r#","purpose":"#, purpose.as_deref()),
            (r#","contract":"#, contract.as_deref()),
        ] {
            self.raw(name).optional(value);
        }
        let Some(policy) = policy else {
            return self.raw(r#","policy":null"#);
        };
        self.raw(r#","policy":{"generation":"#);
        self.number(policy.generation);
        self.raw(r#","digest":"#).text(&policy.digest);
        self.raw(r#","plan":"#).optional(policy.plan.as_deref());
        self.raw("}")
    }

    fn caller(&mut self, caller: &RecordedCaller) {
        let RecordedCaller {
            id,
            roles,
            jwt,
            certificate,
            api_key,
            peer,
        } = caller;
        self.raw(r#","caller":{"id":"#).optional(id.as_deref());
        let roles = roles.iter().flat_map(|roles| roles.iter());
        self.raw(r#","roles":"#).list(roles, |draft, role| {
            draft.text(role);
        });
        let proofs = [
            ("jwt", jwt.as_ref()),
            ("mtls", certificate.as_ref()),
            ("api-key", api_key.as_ref()),
        ];
        self.raw(r#","auth":"#);
        self.joined("", proofs, |word, _| word);
        self.raw(r#","issuer":"#);
        self.joined("", proofs, |_, proof| &proof.issuer);
        self.raw(r#","credential":"#);
        self.joined("sha256:", proofs, |_, proof| &proof.sha256);
        self.raw(r#","peer":""#);
        self.address(*peer);
        self.raw(r#""}"#);
    }

    /// Something of each credential, a `+` between them.
    fn joined(&mut self, prefix: &str, proofs: [Named<'_>; 3], part: Part) {
        let known = proofs
            .into_iter()
            .filter_map(|(word, proof)| Some((word, proof?)));
        let mut known = known.peekable();
        if known.peek().is_none() {
            self.raw("null");
            return;
        }
        self.raw("\"");
        for (at, (word, proof)) in known.enumerate() {
            self.raw(if at > 0 { "+" } else { "" }).raw(prefix);
            self.part(part(word, proof));
        }
        self.raw("\"");
    }

    fn address(&mut self, peer: IpAddr) {
        match peer {
            IpAddr::V4(four) => {
                for (at, byte) in four.octets().into_iter().enumerate() {
                    self.raw(if at > 0 { "." } else { "" });
                    self.number(byte.into());
                }
            }
            IpAddr::V6(six) => {
                self.raw(&six.to_string());
            }
        }
    }

    fn fields(&mut self, fields: &[(&str, Counts)]) {
        self.raw(r#","fields":{"#);
        for (at, (name, counts)) in fields.iter().enumerate() {
            self.raw(if at > 0 { "," } else { "" });
            self.text(name).raw(":{");
            let mut first = true;
            for outcome in Openness::ALL {
                let count = counts.of(outcome);
                if count > 0 {
                    self.raw(if first { "\"" } else { ",\"" });
                    first = false;
                    self.raw(outcome.word()).raw("\":").number(count);
                }
            }
            self.raw("}");
        }
        self.raw("}");
    }
}

//! The catalogue of attacks, on the wire: bytes written by hand on one side, an upstream that remembers every byte
//! on the other.
//!
//! Each attack has its fate, and after it three things hold: the connection answers nothing but what was asked next,
//! what arrived at the upstream is what was authorised and recorded (O6), and every request has its record.

mod answers;
mod connections;
mod floods;
mod frames;
mod headers;
mod lines;
mod targets;
mod tokens;
mod writes;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use fieldgate::model::Reason;

use self::answers::{CANARIES, holds_a_canary};
use super::rig::{Answer, Caller, Http1, Rig, Setup, Upstream, json};

const RULES: &str = include_str!("../rig/rules.yaml");
/// What an attacker would like to see at the upstream, or back.
const FORGED: &str = "forged";

/// What becomes of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// 400, by us or by the HTTP library before us.
    Bad,
    /// This problem document.
    Refused(u16, &'static str),
    /// It does no harm: this target arrives, and of what was attempted nothing.
    Arrives(&'static str),
    /// On HTTP/2, where one stream can end without it: the whole connection ends.
    Cut,
}

/// One request, to the byte. `$H` is a `Host` line, `$A` the line of a teller's token, `$T` that token.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Attack {
    /// Its place in the catalogue.
    id: &'static str,
    bytes: Vec<u8>,
    fate: Fate,
}

const RECORD: &str = "/customers/1001";

fn attack(id: &'static str, bytes: impl AsRef<[u8]>, fate: Fate) -> Attack {
    let bytes = bytes.as_ref().to_vec();
    Attack { id, bytes, fate }
}

/// A good request for a record, with these lines more and what follows the head.
fn with(lines: impl AsRef<[u8]>, rest: &str) -> Vec<u8> {
    let head = format!("GET {RECORD} HTTP/1.1\r\n$H$A");
    [head.as_bytes(), lines.as_ref(), b"\r\n", rest.as_bytes()].concat()
}

fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = (rest.windows(from.len())).position(|window| window == from.as_bytes()) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to.as_bytes());
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

/// A proxy under attack.
struct Target {
    /// What is hidden in the upstream's answers just now.
    canary: Arc<Mutex<&'static str>>,
    upstream: Upstream,
    rig: Rig,
    /// The ids of all exchanges that were answered.
    answered: BTreeSet<String>,
    /// Attacks that were refused before there was an exchange.
    unanswered: usize,
    /// Fates that were others than expected; told all at once.
    wrong: Vec<String>,
}

impl Target {
    async fn new() -> Target {
        let canary = Arc::new(Mutex::new(CANARIES[0]));
        let hidden = Arc::clone(&canary);
        let upstream = Upstream::start(move |_| {
            let canary = *hidden.lock().unwrap();
            json(format!(
                r#"{{"id":"1001","{canary}":1,"name":"n","secret":"{canary}"}}"#
            ))
        })
        .await;
        let setup = Setup::new(upstream.address()).rules(RULES);
        let rig = setup.upstream("hosts: [localhost]").start().await;
        Target {
            canary,
            upstream,
            rig,
            answered: BTreeSet::new(),
            unanswered: 0,
            wrong: Vec::new(),
        }
    }

    async fn meet_all(mut self, attacks: &[Attack]) {
        for attack in attacks {
            // O1: what is hidden makes no difference, to whoever attacks neither.
            let mut seen: Vec<Option<Answer>> = Vec::new();
            for canary in CANARIES {
                *self.canary.lock().unwrap() = canary;
                seen.push(self.meet(attack).await);
            }
            let [one, other] = &seen[..] else {
                unreachable!("there are two")
            };
            if one != other {
                self.wrong
                    .push(format!("{}: {one:?}, and then {other:?}", attack.id));
            }
        }
        self.finish().await;
    }

    /// What the attacker gets, but for the ids.
    async fn meet(&mut self, attack: &Attack) -> Option<Answer> {
        let heard = self.upstream.count();
        let token = self.rig.door.teller().token.unwrap();
        let line = format!("Authorization: Bearer {token}\r\n");
        let bytes = replace(&attack.bytes, "$H", "Host: localhost\r\n");
        let bytes = replace(&replace(&bytes, "$A", &line), "$T", &token);
        let mut client = Http1::connect(&self.rig.door, &Caller::default()).await;
        client.write(&bytes).await;
        let shown = attack.bytes.get(..200).unwrap_or(&attack.bytes);
        let what = format!("{} {:?}", attack.id, String::from_utf8_lossy(shown));
        let answer = client.next_answer().await;
        self.judge(attack.fate, answer.as_ref(), &what);
        let arrived = answer.as_ref().is_some_and(|answer| answer.status == 200);
        if let (Some(answer), Fate::Arrives(target)) = (&answer, attack.fate)
            && arrived
        {
            self.arrived(target, answer.id(), &what);
        }
        let seen = answer.as_ref().map(Answer::comparable);
        self.answers_only_what_is_asked_next(client, answer, &what)
            .await;
        assert_eq!(
            self.upstream.count(),
            heard + usize::from(arrived),
            "{what}"
        );
        seen
    }

    fn judge(&mut self, fate: Fate, answer: Option<&Answer>, what: &str) {
        let Some(answer) = answer else {
            self.unanswered += 1;
            self.expect(Fate::Bad, fate, what);
            return;
        };
        let text = format!("{answer:?} {}", answer.text());
        assert!(!text.contains(FORGED), "{what}: {text}");
        assert!(!holds_a_canary(&text), "{what}: {text}");
        for (name, _) in &answer.headers {
            assert!(!name.starts_with("access-control"), "{what}: {text}");
        }
        if answer.header("x-request-id").is_none() {
            // The library's own; it also says 431 for a length that no number holds.
            assert!([400, 431].contains(&answer.status), "{what}: {text}");
            assert!(answer.body.is_empty(), "{what}: {text}");
            self.unanswered += 1;
            self.expect(Fate::Bad, fate, what);
            return;
        }
        assert!(self.answered.insert(answer.id().to_owned()), "{what}");
        let was = match (answer.status, fate) {
            (200, Fate::Arrives(target)) => Fate::Arrives(target),
            (200, _) => Fate::Arrives("somewhere"),
            (status, _) => match Reason::ALL.iter().find(|one| one.code() == answer.reason()) {
                Some(Reason::MalformedRequest) => Fate::Bad,
                reason => Fate::Refused(status, reason.unwrap().code()),
            },
        };
        self.expect(was, fate, what);
    }

    fn expect(&mut self, was: Fate, fate: Fate, what: &str) {
        if was != fate {
            self.wrong.push(format!("{what}: {was:?}, not {fate:?}"));
        }
    }

    /// O6: the head that arrived is the one we meant to send, whatever the client sent.
    fn arrived(&self, target: &str, id: &str, what: &str) {
        const OURS: [&str; 5] = ["accept", "accept-encoding", "host", "via", "x-request-id"];
        const LISTED: [&str; 7] = [
            "accept-language",
            "content-type",
            "if-match",
            "idempotency-key",
            "traceparent",
            "tracestate",
            "user-agent",
        ];
        let head = self.upstream.last();
        let mut lines = head.trim_end().split("\r\n");
        let first = lines.next().unwrap();
        assert_eq!(first, format!("GET {target} HTTP/1.1"), "{what}");
        let lines: Vec<(&str, &str)> = lines.map(|line| line.split_once(": ").unwrap()).collect();
        let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
        for ours in OURS {
            let times = names.iter().filter(|name| **name == ours).count();
            assert_eq!(times, 1, "{what}: {head}");
        }
        for name in &names {
            assert!(
                OURS.contains(name) || LISTED.contains(name),
                "{what}: {head}"
            );
        }
        let host = self.upstream.address().to_string();
        assert!(lines.contains(&("host", host.as_str())), "{what}: {head}");
        assert!(lines.contains(&("x-request-id", id)), "{what}: {head}");
        assert!(!head.contains(FORGED), "{what}: {head}");
    }

    /// Bytes of an attack are never taken for a request, and its answer never for that of another.
    async fn answers_only_what_is_asked_next(
        &mut self,
        mut client: Http1,
        answer: Option<Answer>,
        what: &str,
    ) {
        let closes = answer.is_none_or(|answer| answer.header("connection") == Some("close"));
        if !closes
            && client.try_send("GET", "/next", &[]).await.is_ok()
            && let Some(next) = client.next_answer().await
        {
            if next.header("x-request-id").is_none() {
                // What was left of the attack makes the next head unreadable.
                assert_eq!((next.status, next.body.len()), (400, 0), "{what}: {next:?}");
                self.unanswered += 1;
            } else {
                assert_eq!(next.reason(), "no-credential", "{what}");
                self.answered.insert(next.id().to_owned());
                return;
            }
        }
        assert_eq!(client.rest().await, b"", "{what}");
    }

    /// Every exchange has its record, every request that arrived its intent, and nothing else has one.
    async fn finish(self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        let arrived: BTreeSet<String> = (self.upstream.heads().iter())
            .map(|head| {
                let id = head.split("x-request-id: ").nth(1).unwrap();
                id.split("\r\n").next().unwrap().to_owned()
            })
            .collect();
        // O2: no sink holds what is hidden.
        assert!(!holds_a_canary(&self.rig.metrics().await));
        let log = self.rig.finish().await;
        assert!(!holds_a_canary(log.everything()));
        let ids = log
            .of_kind("outcome")
            .map(|one| one["id"].as_str().unwrap().to_owned());
        assert_eq!(ids.collect::<BTreeSet<_>>(), self.answered);
        assert_eq!(log.intended(), arrived);
        assert_eq!(self.upstream.count(), arrived.len());
        assert_eq!(log.of_kind("connection").count(), self.unanswered);
        assert!(
            !format!("{log:?}").contains(FORGED),
            "the log repeats what was sent"
        );
    }
}

#[test]
fn there_are_two_hundred_attacks_and_no_two_are_the_same() {
    let lists = [
        lines::all(),
        headers::all(),
        targets::all(),
        tokens::all(),
        frames::all(),
    ];
    let all: Vec<Attack> = lines_of(lists);
    let distinct: BTreeSet<&[u8]> = all.iter().map(|attack| &attack.bytes[..]).collect();
    assert_eq!(distinct.len(), all.len());
    println!("on the wire: {} distinct attack requests", all.len());
    assert!(all.len() >= 200, "{}", all.len());
}

fn lines_of(lists: [Vec<Attack>; 5]) -> Vec<Attack> {
    lists.into_iter().flatten().collect()
}

//! The lines records become.

use proptest::prelude::*;

use super::*;
use crate::audit::chain::Chain;
use crate::audit::person::Hasher;
use crate::audit::strict;
use crate::model::Secret;

fn hash(text: &str) -> KeyedHash {
    Hasher::new(&Secret::new([1; 32])).person(text)
}

fn exchange(text: &str) -> Exchange {
    Exchange {
        trace_id: Some(text.to_owned()),
        caller: RecordedCaller {
            id: Some(text.to_owned()),
            roles: vec![text.to_owned()],
            auth: Some(Auth::JwtAndMtls),
            issuer: Some(text.to_owned()),
            credential: Some(text.to_owned()),
            peer: "10.2.0.7".parse().unwrap(),
        },
        action: Some("read"),
        resource: Some(text.to_owned()),
        route: Some(text.to_owned()),
        upstream: Some(text.to_owned()),
        purpose: Some(text.to_owned()),
        contract: Some(text.to_owned()),
        policy: Some(PolicyRef {
            generation: 18,
            digest: text.to_owned(),
            plan: Some(text.to_owned()),
        }),
    }
}

fn outcome(text: &str) -> Outcome {
    Outcome {
        decision: Some(Decision::Allow),
        records: 1,
        persons: vec![hash(text)],
        fields: [(
            text.to_owned(),
            Counts {
                mask: 2,
                strip: 1,
                ..Counts::default()
            },
        )]
        .into(),
        unlisted: 2,
        status: Some(200),
        bytes: 412,
        ..Outcome::ending(End::Complete)
    }
}

/// One record of every kind with `text` wherever text goes.
fn every_kind(text: &str) -> Vec<Vec<u8>> {
    let (exchange, outcome) = (exchange(text), outcome(text));
    let intent = Intent {
        params: [(text.to_owned(), hash(text))].into(),
        persons: vec![hash(text)],
    };
    let id = Ulid::from(1u128);
    let fields = [(text, Openness::Show), (text, Openness::Strip)];
    let plan = Plan {
        generation: 1,
        digest: text,
        resource: text,
        route: text,
        roles: &[text],
        fields: &fields,
    };
    let tails = [Tail {
        file: text.to_owned(),
        bytes: 1,
        sha256: Hash::ZERO,
    }];
    let peer = "::1".parse().unwrap();
    [
        dated(
            "start",
            &Start {
                version: "0.1.0",
                durability: "process",
            },
        ),
        dated("stop", &Stop {}),
        dated("recovered", &Recovered { tails: &tails }),
        dated(
            "gap",
            &Gap {
                since: text,
                cause: text,
                refused: 1,
                synced: 2,
            },
        ),
        dated(
            "policy",
            &Policy {
                generation: 1,
                digest: text,
                files: [(text, Hash::ZERO.to_string())].into(),
            },
        ),
        dated("plan", &PlanBody::from(&plan)),
        dated(
            "connection",
            &Connection {
                peer,
                listener: "[::1]:8443".parse().unwrap(),
                reason: "tls-handshake",
                credential: Some(text.to_owned()),
            },
        ),
        dated(
            "intent",
            &IntentBody {
                id,
                exchange: &exchange,
                intent: &intent,
            },
        ),
        dated(
            "persons",
            &PersonsBody {
                id,
                persons: &[hash(text)],
                fields: &fields,
            },
        ),
        dated(
            "outcome",
            &OutcomeBody {
                id,
                exchange: &exchange,
                outcome: &outcome,
                ms: Duration::from_micros(7_949),
                end: outcome.end,
            },
        ),
    ]
    .into_iter()
    .map(Result::unwrap)
    .collect()
}

#[test]
fn an_outcome_has_the_members_of_the_contract_in_their_order() {
    let body = every_kind("x").pop().unwrap();
    let text = String::from_utf8(body).unwrap();
    let (before, after) = text.split_once(r#""ts":""#).unwrap();
    let (ts, rest) = after.split_once('"').unwrap();
    assert_eq!(before, r#""kind":"outcome","#);
    let digits: String = ts
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert!(digits.starts_with("0000-00-00T00:00:00.000"), "{ts}");
    assert!(
        digits.ends_with("+00:00") || digits.ends_with("-00:00"),
        "{ts}"
    );
    let person = hash("x");
    assert_eq!(
        rest,
        format!(
            concat!(
                r#","id":"00000000000000000000000001","trace_id":"x","#,
                r#""caller":{{"id":"x","roles":["x"],"auth":"jwt+mtls","issuer":"x","credential":"x","peer":"10.2.0.7"}},"#,
                r#""action":"read","resource":"x","route":"x","upstream":"x","purpose":"x","contract":"x","#,
                r#""policy":{{"generation":18,"digest":"x","plan":"x"}},"decision":"allow","reason":null,"#,
                r#""records":1,"persons":["{}"],"fields":{{"x":{{"mask":2,"strip":1}}}},"unlisted":2,"#,
                r#""persons_unknown":0,"status":200,"bytes":412,"ms":7.9,"end":"complete""#
            ),
            person
        )
    );
}

#[test]
fn p01_hostile_text_in_every_member_stays_one_strict_line() {
    let hostile = "\u{1b}]0;pwn\u{7}\r\n{\"decision\":\"allow\"}\u{9b}2J\u{2028}\u{202e}\0\\\"";
    let mut chain = Chain::EMPTY;
    for body in every_kind(hostile) {
        let mut line = Vec::new();
        chain.append("gw-1", &body, &mut line);
        assert_eq!(line.pop(), Some(b'\n'));
        let text = std::str::from_utf8(&line).unwrap();
        assert!(!text.chars().any(char::is_control), "{text}");
        assert!(!text.contains(['\u{2028}', '\u{202e}']), "{text}");
        assert_eq!(strict::facts(&line).unwrap().seq, chain.seq);
    }
}

#[test]
fn only_a_valid_traceparent_has_a_trace_id() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let valid = format!("00-{trace}-00f067aa0ba902b7-01");
    assert_eq!(trace_id(&valid).as_deref(), Some(trace));
    assert_eq!(
        trace_id(&format!("01{}-later", &valid[2..])).as_deref(),
        Some(trace)
    );
    for bad in [
        "",
        "00",
        &valid.to_uppercase(),
        &format!("{valid}-x"),
        &format!("ff{}", &valid[2..]),
        &valid.replace(trace, &"0".repeat(32)),
        &valid.replace("00f067aa0ba902b7", "0000000000000000"),
        &format!(" {valid}"),
    ] {
        assert_eq!(trace_id(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn p01_any_text_in_any_member_stays_one_strict_line(text in any::<String>()) {
        let mut chain = Chain::EMPTY;
        for body in every_kind(&text) {
            let mut line = Vec::new();
            chain.append("gw-1", &body, &mut line);
            line.pop();
            prop_assert!(!std::str::from_utf8(&line).unwrap().chars().any(char::is_control));
            prop_assert!(strict::facts(&line).is_ok());
        }
    }
}

//! The lines records become.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use ulid::Ulid;

use super::*;
use crate::audit::chain::Chain;
use crate::audit::person::Hasher;
use crate::audit::{render, strict};
use crate::model::Secret;

fn hash(text: &str) -> KeyedHash {
    Hasher::new(&Secret::new([1; 32])).person(text)
}

fn exchange(text: &str) -> Exchange {
    let proof = || Proof {
        issuer: text.into(),
        sha256: text.into(),
    };
    Exchange {
        trace_id: Some(text.to_owned()),
        caller: RecordedCaller {
            id: Some(text.to_owned()),
            roles: Some([text.to_owned()].into()),
            jwt: Some(proof()),
            certificate: Some(proof()),
            api_key: Some(proof()),
            peer: "10.2.0.7".parse().unwrap(),
        },
        action: Some("read"),
        resource: Some(text.into()),
        route: Some(text.into()),
        upstream: Some(text.into()),
        purpose: Some(text.into()),
        contract: Some(text.into()),
        policy: Some(PolicyRef {
            generation: 18,
            digest: text.into(),
            plan: Some(text.into()),
        }),
    }
}

const COUNTS: Counts = Counts {
    show: 0,
    token: 0,
    mask: 2,
    blank: 0,
    strip: 1,
};

fn outcome<'a>(text: &str, fields: &'a [(&'a str, Counts)]) -> Outcome<'a> {
    Outcome {
        decision: Some(Decision::Allow),
        records: 1,
        person: Some(hash(text)),
        fields,
        unlisted: 2,
        status: Some(200),
        bytes: 412,
        ..Outcome::ending(End::Complete)
    }
}

fn rendered(render: impl FnOnce(&mut Vec<u8>)) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::new();
    render(&mut out);
    Ok(out)
}

/// One record of every kind with `text` wherever text goes.
fn every_kind(text: &str) -> Vec<Vec<u8>> {
    let exchange = exchange(text);
    let counted = [(text, COUNTS)];
    let outcome = outcome(text, &counted);
    let params = [(text.into(), hash(text))];
    let intent = Intent {
        params: &params,
        finds: &[text.into()],
        person: Some(hash(text)),
        writes: Some(Writes {
            fields: &[(text, 2)],
            stored: true,
        }),
    };
    let id = Ulid::from(1u128);
    let fields = [(text, Openness::Show), (text, Openness::Strip)];
    let plan = Plan {
        generation: 1,
        digest: text,
        resource: text,
        route: text,
        roles: &[text],
        contract: None,
        purpose: None,
        fields: &fields,
    };
    let tails = [Tail {
        file: text.to_owned(),
        bytes: 1,
        sha256: Hash::ZERO,
    }];
    let peer = "::1".parse().unwrap();
    let looked = RulesLooked {
        generation: 1,
        contents: Some(text),
        cause: "change",
        source: "directory",
        tests_failed: Some(1),
    };
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
            &Policy::taken(&looked, text, [(text, Hash::ZERO.to_string())].into()),
        ),
        dated("policy", &Policy::refused(&looked, "tests")),
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
        rendered(|out| render::intent(out, id, &exchange, &intent)),
        rendered(|out| render::persons(out, id, &[hash(text)], &fields)),
        rendered(|out| {
            let took = Duration::from_micros(7_949);
            render::outcome(out, id, &exchange, &outcome, took);
        }),
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
                r#""caller":{{"id":"x","roles":["x"],"auth":"jwt+mtls+api-key","issuer":"x+x+x","#,
                r#""credential":"sha256:x+sha256:x+sha256:x","#,
                r#""peer":"10.2.0.7"}},"#,
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
fn the_intent_of_a_write_names_its_fields_and_how_many_values_of_each() {
    let writes = |stored| Writes {
        fields: &[("email", 1), ("phones[*].number", 2)],
        stored,
    };
    let written = |writes| {
        let intent = Intent {
            writes,
            ..Intent::default()
        };
        let id = Ulid::from(1u128);
        let text = rendered(|out| render::intent(out, id, &exchange("x"), &intent)).unwrap();
        String::from_utf8(text).unwrap()
    };
    let fields = r#""writes":{"email":1,"phones[*].number":2}"#;
    for stored in [true, false] {
        let end = format!(r#""params":{{}},{fields},"stored":{stored},"persons":[]"#);
        let text = written(Some(writes(stored)));
        assert!(text.ends_with(&end), "{text}");
    }
    assert!(written(None).ends_with(r#""params":{},"persons":[]"#));
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

/// A record read back, its moment apart.
fn read(body: Vec<u8>) -> Value {
    let text = String::from_utf8(body).unwrap();
    let mut value: Value = serde_json::from_str(&format!("{{{text}}}")).unwrap();
    value.as_object_mut().unwrap().remove("ts").unwrap();
    value
}

proptest! {
    #[test]
    fn what_is_not_known_is_null_and_all_else_reads_back(
        text in any::<String>(),
        known in any::<[bool; 13]>(),
        numbers in any::<[u64; 4]>(),
        counts in any::<[Option<u64>; 5]>(),
        status in any::<Option<u16>>(),
        peer in any::<IpAddr>(),
        milliseconds in 0..10_000_000_u64,
    ) {
        let full = exchange(&text);
        let [trace_id, id, roles, jwt, certificate, api_key, action, resource, route, upstream, policy, plan, person] = known;
        let exchange = Exchange {
            trace_id: full.trace_id.filter(|_| trace_id),
            caller: RecordedCaller {
                id: full.caller.id.filter(|_| id),
                roles: full.caller.roles.filter(|_| roles),
                jwt: full.caller.jwt.filter(|_| jwt),
                certificate: full.caller.certificate.filter(|_| certificate),
                api_key: full.caller.api_key.filter(|_| api_key),
                peer,
            },
            action: full.action.filter(|_| action),
            resource: full.resource.filter(|_| resource),
            route: full.route.filter(|_| route),
            upstream: full.upstream.filter(|_| upstream),
            purpose: None,
            contract: None,
            policy: full.policy.filter(|_| policy).map(|full| PolicyRef {
                plan: full.plan.filter(|_| plan),
                ..full
            }),
        };
        let [show, token, mask, blank, strip] = counts.map(Option::unwrap_or_default);
        let fields = [(text.as_str(), Counts { show, token, mask, blank, strip }), ("other", COUNTS)];
        let outcome = Outcome {
            reason: Some(Reason::NoRole).filter(|_| policy),
            records: numbers[0],
            person: Some(hash(&text)).filter(|_| person),
            unlisted: numbers[1],
            persons_unknown: numbers[2],
            file: Some((&text, "bank.yaml:7")),
            sent: Some(policy),
            status,
            bytes: numbers[3],
            ..outcome(&text, &fields)
        };
        let took = Duration::from_millis(milliseconds);
        let id_of = Ulid::from(77u128);
        let written = rendered(|out| render::outcome(out, id_of, &exchange, &outcome, took));
        let presented = [("jwt", jwt), ("mtls", certificate), ("api-key", api_key)];
        let presented = presented.iter().filter(|(_, known)| *known).map(|(word, _)| *word);
        let joined = |part: &dyn Fn(&str) -> String| {
            let parts: Vec<String> = presented.clone().map(part).collect();
            (!parts.is_empty()).then(|| parts.join("+"))
        };
        let some = |known: bool| known.then_some(&text);
        let counted: serde_json::Map<String, Value> =
            [("show", show), ("token", token), ("mask", mask), ("blank", blank), ("strip", strip)]
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(name, count)| (name.to_owned(), json!(count)))
                .collect();
        let mut all_fields = json!({ &text: counted });
        all_fields["other"] = json!({"mask": 2, "strip": 1});
        let persons: Vec<String> = person.then(|| hash(&text).to_string()).into_iter().collect();
        let auth = joined(&str::to_owned);
        let expected = json!({
            "kind": "outcome", "id": id_of.to_string(), "trace_id": some(trace_id),
            "caller": {
                "id": some(id), "roles": some(roles).into_iter().collect::<Vec<_>>(), "auth": auth,
                "issuer": joined(&|_| text.clone()),
                "credential": joined(&|_| format!("sha256:{text}")), "peer": peer.to_string(),
            },
            "action": action.then_some("read"), "resource": some(resource), "route": some(route),
            "upstream": some(upstream), "purpose": null, "contract": null,
            "policy": policy.then(|| json!({"generation": 18, "digest": text, "plan": some(plan)})),
            "decision": "allow", "reason": policy.then_some("no-role"), "records": numbers[0],
            "persons": persons, "fields": all_fields, "unlisted": numbers[1],
            "persons_unknown": numbers[2], "file": { "media": text, "rule": "bank.yaml:7" }, "sent": policy, "status": status, "bytes": numbers[3],
            "ms": milliseconds as f64, "end": "complete",
        });
        prop_assert_eq!(read(written.unwrap()), expected);
    }

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

//! Attacks on the whole: what an outsider tried, kept as tests.

use std::sync::Arc;

use fieldgate::mask::token::TokenMaster;
use fieldgate::model::Reason;
use fieldgate::policy::store::Policy;
use fieldgate::policy::{GroupId, ResourceId, RoleId};
use fieldgate::transform::{BodyLimits, Engine};
use proptest::prelude::*;

fn policy(rules: &str) -> Policy {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rules.yaml"), rules).unwrap();
    let loaded = fieldgate::policy::load(dir.path()).unwrap();
    Policy::new(1, loaded.rules, TokenMaster::test_key())
}

const ORDERS: &str = r#"
fieldgate: 1
classes: { basic: { level: 2 }, secret: { level: 4 } }
resources:
  order:
    at: { "GET /customers/{id}/orders": "$.items[*]" }
    person: { field: owner.id, path: id }
    fields:
      owner.id: basic
      owner.name: basic
      lines[*].text: basic
      note: { class: basic, mask: last4 }
      hidden: secret
      all: { class: basic, whole: true }
    envelope: { $.total: show }
    params: { path.id: owner.id }
roles:
  self: { jwt: app, claim: customer_id, same_as: person }
  teller: { jwt: staff, claim: roles, has: teller }
read:
  order:
    self: { basic: show }
    teller: { basic: show, secret: mask }
"#;

fn run(
    policy: &Policy,
    role: RoleId,
    limits: &BodyLimits,
    body: &[u8],
    size: usize,
) -> (Vec<u8>, String) {
    let compiled = policy
        .plan(ResourceId(0), GroupId(0), 0, [role][..].into(), 0)
        .unwrap();
    let plan = Arc::clone(&compiled.plan);
    let mut engine = Engine::new(plan, *limits, Some("1001".to_owned()), None);
    let fed: Result<(), Reason> = body.chunks(size).try_for_each(|chunk| engine.feed(chunk));
    let end = fed.and_then(|()| engine.finish());
    (
        engine.take_output().to_vec(),
        format!("{end:?} {:?}", engine.tally()),
    )
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(""), Just(" "), Just("\n  "), Just("        ")]
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z张]{0,12}".prop_map(|text| format!("\"{text}\"")),
        (0..100_000_u32).prop_map(|number| number.to_string()),
        Just("null".to_owned()),
        Just("\"1001\"".to_owned()),
        Just("1001".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = prop_oneof![
            Just("id"),
            Just("name"),
            Just("owner"),
            Just("lines"),
            Just("text"),
            Just("note"),
            Just("hidden"),
            Just("other"),
            Just("o\\u0077ner"),
            Just("a long name 张三"),
        ];
        prop_oneof![
            (prop::collection::vec((blank(), inner.clone(), blank()), 0..4)).prop_map(|all| {
                let all: Vec<String> = all.iter().map(|(a, v, b)| format!("{a}{v}{b}")).collect();
                format!("[{}]", all.join(","))
            }),
            (prop::collection::vec((blank(), name, blank(), inner, blank()), 0..4)).prop_map(
                |all| {
                    let all: Vec<String> = all
                        .iter()
                        .map(|(a, n, b, v, c)| format!("{a}\"{n}\"{b}:{a}{v}{c}"))
                        .collect();
                    format!("{{{}}}", all.join(","))
                }
            ),
        ]
    })
}

fn record() -> impl Strategy<Value = String> {
    let id = prop_oneof![
        4 => Just("\"1001\""), 2 => Just("1001"), 1 => Just("\"1002\""), 1 => Just("null"),
        1 => Just("\"10\\u00301\""),
    ];
    let member = prop_oneof![
        2 => (blank(), id).prop_map(|(b, id)| format!("\"owner\":{b}{{\"id\":{b}{id}{b},\"name\":{b}\"x\"}}")),
        1 => (blank(), value()).prop_map(|(b, v)| format!("\"lines\"{b}:{b}[{{\"text\":{v}}}{b}]")),
        1 => (blank(), value()).prop_map(|(b, v)| format!("\"note\"{b}:{v}")),
        1 => (blank(), value()).prop_map(|(b, v)| format!("{b}\"all\":{b}{v}")),
        1 => (blank(), value()).prop_map(|(b, v)| format!("{b}\"hidden\":{b}{v}")),
        1 => value().prop_map(|v| format!("\"owner\":{v}")),
    ];
    prop_oneof![
        8 => prop::collection::vec(member, 0..5).prop_map(|all| format!("{{{}}}", all.join(" , "))),
        1 => value(),
    ]
}

fn body() -> impl Strategy<Value = String> {
    let records = prop::collection::vec((blank(), record(), blank()), 0..6);
    (records, blank()).prop_map(|(records, b)| {
        let all: Vec<String> = records
            .iter()
            .map(|(a, r, c)| format!("{a}{r}{c}"))
            .collect();
        format!(
            "{{{b}\"total\":{b}3,\"items\":{b}[{}]{b}}}{b}",
            all.join(",")
        )
    })
}

#[test]
fn a_ceiling_on_a_container_binds_whatever_else_can_lie_below_it() {
    let rules = |fields: &str, container: &str| {
        format!(
            r#"
fieldgate: 1
classes: {{ basic: {{ level: 2 }}, secret: {{ level: 4 }} }}
resources:
  c:
    at: {{ "GET /c": $ }}
    fields: {{ {fields} }}
roles:
  teller: {{ jwt: staff, claim: roles, has: teller }}
read:
  c:
    teller: {{ basic: show, secret: show }}
ceilings:
  - {{ field: "{container}", to: everyone, at_most: mask, reason: nobody sees it }}
"#
        )
    };
    let body = br#"{"accounts":[{"no":"A0","x":"X0"},{"no":"A1","x":"X1"}],"b":"B"}"#;
    for (fields, container, sent) in [
        (
            r#""accounts[*].x": basic, "accounts[0].no": secret, b: basic"#,
            "c.accounts[*]",
            r#"{"accounts":[{"no":"***","x":"***"},{"x":"***"}],"b":"B"}"#,
        ),
        (
            r#""accounts[*].x": basic, "$['accounts','cards'][*].no": secret, b: basic"#,
            "c.accounts",
            r#"{"accounts":[{"no":"***","x":"***"},{"no":"***","x":"***"}],"b":"B"}"#,
        ),
        (
            r#""accounts[*].x": basic, "*[*].no": secret, b: basic"#,
            "c.accounts",
            r#"{"accounts":[{"no":"***","x":"***"},{"no":"***","x":"***"}],"b":"B"}"#,
        ),
    ] {
        let policy = policy(&rules(fields, container));
        let (bytes, end) = run(&policy, RoleId(0), &BodyLimits::default(), body, 64);
        assert_eq!(String::from_utf8(bytes).unwrap(), sent, "{fields} {end}");
    }
}

#[test]
fn what_stands_before_a_single_record_is_not_held_beyond_the_limit() {
    let rules = ORDERS
        .replace("$.items[*]", "$.data")
        .replace("envelope: { $.total: show }", "envelope: { $.notes: show }");
    let policy = policy(&rules);
    let compiled = policy
        .plan(ResourceId(0), GroupId(0), 0, [SELF][..].into(), 0)
        .unwrap();
    let limits = BodyLimits {
        record: 1 << 10,
        ..BodyLimits::default()
    };
    let with_note = |length: usize| {
        let note = "x".repeat(length);
        format!("{{\"notes\":\"{note}\",\"data\":{{\"owner\":{{\"id\":\"1001\"}}}}}}")
    };
    let fits = run(&policy, SELF, &limits, with_note(900).as_bytes(), 64);
    assert_eq!(String::from_utf8(fits.0).unwrap(), with_note(900));
    for size in [1, 64, 8192] {
        let mut engine = Engine::new(
            Arc::clone(&compiled.plan),
            limits,
            Some("1001".to_owned()),
            None,
        );
        let body = with_note(4096);
        let fed: Result<(), Reason> = body
            .as_bytes()
            .chunks(size)
            .try_for_each(|one| engine.feed(one));
        assert_eq!(fed, Err(Reason::NoSuchRecord), "in chunks of {size}");
        assert!(engine.take_output().is_empty());
    }
}

fn cuts_alike(
    role: RoleId,
    limits: &BodyLimits,
    body: &str,
) -> Result<Option<Vec<u8>>, TestCaseError> {
    let whole = run(
        policy_once(),
        role,
        limits,
        body.as_bytes(),
        body.len().max(1),
    );
    for size in [1, 2, 3, 5, 7, 11, 16] {
        let cut = run(policy_once(), role, limits, body.as_bytes(), size);
        let text = String::from_utf8_lossy(&cut.0);
        prop_assert_eq!(text, String::from_utf8_lossy(&whole.0), "{} {}", size, body);
        prop_assert_eq!(&cut.1, &whole.1, "{} {}", size, body);
    }
    Ok(whole.1.starts_with("Ok").then_some(whole.0))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn the_cut_of_the_chunks_is_not_seen_in_records_around_the_limit(
        body in body(), record in 1..120_usize, value in 1..20_usize
    ) {
        let limits = BodyLimits { record, value, ..BodyLimits::default() };
        let Some(sent) = cuts_alike(SELF, &limits, &body)? else { return Ok(()) };
        let read: serde_json::Value = serde_json::from_slice(&sent).unwrap();
        for item in read["items"].as_array().unwrap() {
            let id = &item["owner"]["id"];
            prop_assert!(id == "1001" || id == 1001, "{} from {}", item, body);
        }
    }

    #[test]
    fn the_cut_of_the_chunks_is_not_seen_in_values_around_the_limit(
        body in body(), value in 1..20_usize, key in 5..20_usize, depth in 3..9_usize
    ) {
        let limits = BodyLimits { value, key, depth, ..BodyLimits::default() };
        cuts_alike(TELLER, &limits, &body)?;
    }
}

const SELF: RoleId = RoleId(0);
const TELLER: RoleId = RoleId(1);

fn policy_once() -> &'static Policy {
    static POLICY: std::sync::OnceLock<Policy> = std::sync::OnceLock::new();
    POLICY.get_or_init(|| policy(ORDERS))
}

//! Contracts over the wire: two behind one certificate, and what the log says of each call.

use serde_json::{Value, json as value};

use super::rig::door::BOTH;
use super::rig::{Rig, Setup, Upstream};

const BODY: &str = r#"{"total":2,"items":[{"id":"1001","name":"A","phone":"13800138000"},{"id":"1002","name":"B","phone":"13900139000"}]}"#;

/// The partner's certificate, with two contracts in force and more that are not.
const RULES: &str = "fieldgate: 1
classes: { basic: { level: 1 }, contact: { level: 3 } }
resources:
  customer:
    at: { GET /one: $, list: { GET /customers: '$.items[*]' } }
    fields: { id: basic, name: basic, phone: { class: contact, mask: cn-phone } }
    envelope: { $.total: show }
roles:
  acme: { mtls: partner-ca, san: 'spiffe://partners.bank.example/acme', contract: required }
read:
  customer: { acme: { basic: show } }
  customer/list: { acme: { basic: show, contact: show } }
contracts:
  HT-1:
    role: acme
    purpose: loyalty-points
    from: 2020-01-01
    until: 2999-12-31
    zone: Asia/Shanghai
    items: { customer/list: { basic: token, contact: mask } }
  HT-2:
    role: acme
    purpose: survey
    from: 2020-01-01
    until: 2999-12-31
    zone: UTC
    items: { customer/list: { basic: token } }
  HT-3: { role: acme, purpose: ended, from: 2019-01-01, until: 2019-12-31, zone: UTC, items: { customer/list: { basic: show } } }
  HT-4: { role: acme, purpose: coming, from: 2990-01-01, until: 2999-12-31, zone: UTC, items: { customer/list: { basic: show } } }
  HT-5:
    role: acme
    purpose: stopped
    from: 2020-01-01
    until: 2999-12-31
    zone: UTC
    suspended: { since: 2026-01-01, by: dpo, reason: an incident }
    items: { customer/list: { basic: show } }
  HT-6:
    role: acme
    purpose: elsewhere
    from: 2020-01-01
    until: 2999-12-31
    zone: UTC
    networks: [203.0.113.0/24]
    items: { customer/list: { basic: show } }
";

async fn rig(upstream: &Upstream, rules: &str) -> Rig {
    let setup = Setup::new(upstream.address()).rules(rules);
    setup.start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_contracts_behind_one_certificate_are_told_apart_by_their_purpose() {
    let upstream = Upstream::always(BODY).await;
    let rig = rig(&upstream, RULES).await;
    let partner = rig.door.partner();
    let mut answers = Vec::new();
    for version in BOTH {
        for (purpose, contract) in [("loyalty-points", "HT-1"), ("survey", "HT-2")] {
            let headers = [("fieldgate-purpose", purpose)];
            let ask = rig
                .door
                .ask(version, &partner, "GET", "/customers", &headers);
            answers.push((ask.await, purpose, contract));
            let head = upstream.last().to_ascii_lowercase();
            assert!(!head.contains("fieldgate-purpose"), "{head}");
        }
    }
    let record = |at: usize| answers[at].0.json()["items"][0].clone();
    assert_eq!(record(0)["phone"], "138****8000");
    assert_eq!(record(1)["phone"], Value::Null);
    assert!(record(0)["id"].as_str().unwrap().starts_with("tok_"));
    assert_ne!(
        record(0)["id"],
        record(1)["id"],
        "each has its own pseudonyms"
    );
    assert_eq!(record(0), record(2), "whatever the version");
    assert_eq!(answers[0].0.json()["total"], 2);
    let log = rig.finish().await;
    let plans: Vec<&Value> = log.of_kind("plan").collect();
    assert_eq!(plans.len(), 2, "one for each contract");
    for (answer, purpose, contract) in answers {
        let (intent, outcome) = (log.intent(answer.id()), log.outcome(answer.id()));
        for record in [intent, outcome] {
            assert_eq!(record["contract"], contract);
            assert_eq!(record["purpose"], purpose);
            assert_eq!(record["caller"]["roles"], value!(["acme"]));
            assert_eq!(record["caller"]["auth"], "mtls");
        }
        let mut mine = plans.iter().filter(|plan| plan["contract"] == contract);
        let plan = mine.next().unwrap();
        assert_eq!(plan["purpose"], purpose);
        assert_eq!(intent["policy"]["plan"], plan["digest"]);
    }
    assert_ne!(plans[0]["digest"], plans[1]["digest"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_that_is_not_in_force_is_refused_before_the_upstream_hears_of_it() {
    let upstream = Upstream::always(BODY).await;
    let rig = rig(&upstream, RULES).await;
    let partner = rig.door.partner();
    let mut refused = Vec::new();
    for version in BOTH {
        for (headers, reason, contract) in [
            (
                &[("Fieldgate-Purpose", "stopped")][..],
                "contract-suspended",
                Some("HT-5"),
            ),
            (
                &[("Fieldgate-Purpose", "coming")],
                "contract-not-started",
                Some("HT-4"),
            ),
            (
                &[("Fieldgate-Purpose", "ended")],
                "contract-expired",
                Some("HT-3"),
            ),
            (
                &[("Fieldgate-Purpose", "elsewhere")],
                "wrong-network",
                Some("HT-6"),
            ),
            (&[("Fieldgate-Purpose", "CANARY")], "wrong-purpose", None),
            (&[], "wrong-purpose", None),
        ] {
            let ask = rig
                .door
                .ask(version, &partner, "GET", "/customers", headers);
            let answer = ask.await;
            assert_eq!((answer.status, answer.reason().as_str()), (403, reason));
            refused.push((
                answer,
                headers.first().map(|(_, purpose)| *purpose),
                contract,
            ));
        }
        // The annex of none names this one.
        let headers = [("Fieldgate-Purpose", "survey")];
        let answer = rig
            .door
            .ask(version, &partner, "GET", "/one", &headers)
            .await;
        assert_eq!((answer.status, answer.reason().as_str()), (403, "no-row"));
        refused.push((answer, Some("survey"), Some("HT-2")));
    }
    assert_eq!(upstream.count(), 0);
    let log = rig.finish().await;
    for (answer, purpose, contract) in refused {
        let outcome = log.outcome(answer.id());
        assert_eq!(outcome["contract"], value!(contract), "{purpose:?}");
        let declared = contract.and(purpose);
        assert_eq!(
            outcome["purpose"],
            value!(declared),
            "never what was sent else"
        );
        assert_eq!(outcome["decision"], "deny");
    }
    assert!(!format!("{log:?}").contains("CANARY"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_role_without_a_contract_is_refused() {
    let upstream = Upstream::always(BODY).await;
    let none = RULES.split("contracts:").next().unwrap();
    let rig = rig(&upstream, none).await;
    for version in BOTH {
        let answer = rig.get(version, &rig.door.partner(), "/customers").await;
        assert_eq!(
            (answer.status, answer.reason().as_str()),
            (403, "no-contract")
        );
    }
    assert_eq!(upstream.count(), 0);
    rig.finish().await;
}

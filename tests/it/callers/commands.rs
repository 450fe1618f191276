//! Contracts and API keys in `fieldgate test` and `fieldgate apply`: `as` skips the matchers, and everything after is the
//! proxy's.

use crate::binary::{fieldgate, rules};

/// The partner of the rule language's own example, with an API key beside.
const RULES: &str = r#"fieldgate: 1
classes:
  basic:      { level: 2, zh: 基本信息 }
  contact:    { level: 3, zh: 联系信息 }
  preference: { level: 2, zh: 偏好信息 }
resources:
  customer:
    at: { list: { GET /customers: "$.items[*]" } }
    fields:
      id: basic
      name: { class: basic, mask: cn-name }
      phones[*].number: { class: contact, mask: cn-phone }
      reading.topics: preference
    envelope: { $.total: show }
roles:
  acme:  { mtls: partner-ca, san: "spiffe://partners.bank.example/acme", contract: required }
  batch: { api_key: nightly-batch }
read:
  customer/list:
    acme:  { basic: mask, contact: token, preference: show }
    batch: { basic: show }
exceptions:
  - field: customer.id
    role: acme
    do: token
    reason: a stable pseudonym instead of our customer number
contracts:
  HT-2026-0117:
    role: acme
    partner: { name: Acme Loyalty, contact: dpo@acme.example }
    owner: retail-partnerships
    purpose: loyalty-points
    from: 2026-01-01
    until: 2026-12-31
    zone: Asia/Shanghai
    warn_days: 30
    networks: [203.0.113.0/24]
    items:
      customer/list: { basic: token, contact: token, preference: show }
tests_at: 2026-06-01T10:00:00+08:00
tests:
  - name: partner within the contract
    as: acme
    peer: 203.0.113.9
    headers: { Fieldgate-Purpose: loyalty-points }
    call: GET /customers
    reply: fixtures/customers.json
    expect:
      total: 1
      items[0].id: masked
      items[0].name: 张*
      items[0].phones[0].number: masked
      items[0].reading.topics: [travel]
    never: ["13800138000"]
  - name: partner on the last day of the contract
    as: acme
    peer: 203.0.113.9
    headers: { Fieldgate-Purpose: loyalty-points }
    now: 2026-12-31T23:59:59+08:00
    call: GET /customers
    reply: fixtures/customers.json
    expect_status: 200
  - name: partner after the contract ended
    as: acme
    peer: 203.0.113.9
    headers: { Fieldgate-Purpose: loyalty-points }
    now: 2027-01-01T00:00:00+08:00
    call: GET /customers
    expect_status: 403
    expect_reason: contract-expired
  - name: partner before the contract began
    as: acme
    peer: 203.0.113.9
    headers: { Fieldgate-Purpose: loyalty-points }
    now: 2025-12-31T23:59:59+08:00
    call: GET /customers
    expect_reason: contract-not-started
  - name: partner from elsewhere
    as: acme
    headers: { Fieldgate-Purpose: loyalty-points }
    call: GET /customers
    expect_reason: wrong-network
  - name: partner without a purpose
    caller: { mtls: partner-ca, san: "spiffe://partners.bank.example/acme" }
    peer: 203.0.113.9
    call: GET /customers
    expect_reason: wrong-purpose
  - name: the nightly batch
    caller: { api_key: nightly-batch }
    call: GET /customers
    reply: fixtures/customers.json
    expect: { "items[0].id": "1001", "items[0].name": 张三 }
    absent: ["items[0].phones"]
"#;
const LIST: &str = r#"{"total":1,"items":[{"id":"1001","name":"张三","phones":[{"number":"13800138000"}],"reading":{"topics":["travel"]}}]}"#;

fn files() -> tempfile::TempDir {
    rules(&[("rules.yaml", RULES), ("fixtures/customers.json", LIST)])
}

#[test]
fn the_contract_part_of_the_rule_languages_example_passes_its_tests() {
    let dir = files();
    let run = fieldgate(&["test", dir.path().to_str().unwrap()], b"");
    assert_eq!(
        (run.exit, run.text().as_str()),
        (0, "7 tests passed\n"),
        "{}",
        run.err
    );
}

#[test]
fn apply_runs_under_the_contract_the_call_declares() {
    let dir = files();
    let apply = |now: &str, more: &[&str]| {
        let dir = dir.path().to_str().unwrap();
        let common = ["apply", dir, "--call", "GET /customers", "--now", now];
        fieldgate(&[&common[..], more].concat(), LIST.as_bytes())
    };
    let (within, after) = ("2026-06-01T10:00:00+08:00", "2027-01-01T00:00:00+08:00");
    let partner = [
        "--as",
        "acme",
        "--peer",
        "203.0.113.9",
        "--header",
        "Fieldgate-Purpose: loyalty-points",
    ];
    let run = apply(within, &partner);
    assert_eq!(run.exit, 0, "{}", run.err);
    assert!(run.text().contains(r#""name":"张*""#), "{}", run.text());
    let run = apply(after, &partner);
    assert_eq!((run.exit, run.text().as_str()), (8, ""));
    assert!(run.err.contains("contract-expired"), "{}", run.err);
    let run = apply(within, &partner[..4]);
    assert!(run.err.contains("wrong-purpose"), "{}", run.err);

    let run = apply(within, &["--caller", "{ api_key: nightly-batch }"]);
    assert_eq!(run.exit, 0, "{}", run.err);
    assert!(run.text().contains(r#""id":"1001""#));
    let run = apply(within, &["--caller", "{ api_key: other }"]);
    assert!(run.err.contains("no-role"), "{}", run.err);
    let run = apply(within, &["--as", "batch", "--header", "X-Api-Key: k"]);
    assert_eq!(run.exit, 2, "{}", run.err);
    assert!(run.err.contains("x-api-key"), "{}", run.err);
    let run = apply(within, &["--as", "acme,batch"]);
    assert_eq!(run.exit, 2, "{}", run.err);
    assert!(
        run.err.contains("acme") && run.err.contains("no other"),
        "{}",
        run.err
    );
}

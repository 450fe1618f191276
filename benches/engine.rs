//! The engine alone, beside serde_json, on generated customer lists and real payloads.
//!
//! `make bench` runs it. Figures are bytes of input per second; compare them within one run only.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use fieldgate::mask::token::TokenMaster;
use fieldgate::policy::plan::Plan;
use fieldgate::policy::store::Policy;
use fieldgate::policy::{GroupId, ResourceId, RoleId, load_texts};
use fieldgate::transform::{BodyLimits, Engine};

fn main() {
    divan::main();
}

const RULES: &str = r#"
fieldgate: 1
classes:
  basic: { level: 1 }
  contact: { level: 3 }
  secret: { level: 4 }
resources:
  customer:
    at:
      list:
        GET /customers: $.items[*]
    person: { field: id }
    fields:
      id: basic
      name: { class: contact, mask: cn-name }
      branch: basic
      phones[*].kind: basic
      phones[*].number: { class: contact, mask: cn-phone }
      email: { class: contact, mask: email }
      id_card: { class: secret, mask: cn-id }
      accounts[*].card_no: secret
      accounts[*].balance: secret
    envelope:
      $.total: show
roles:
  teller: { jwt: staff, claim: roles, has: teller }
read:
  customer/list:
    teller: { basic: show, contact: mask, secret: strip }
"#;

const SHOW_ALL: &str = r#"
fieldgate: 1
classes:
  all: { level: 1 }
resources:
  anything:
    at: { GET /x: $ }
    fields: { $: all }
    unlisted: show
    unlisted_reason: a benchmark
    drift: show
roles:
  reader: { jwt: staff, claim: roles, has: reader }
read:
  anything: { reader: { all: show } }
"#;

/// The plan of the only role for the first route of a group.
fn plan(rules: &str, group: &str) -> Arc<Plan> {
    let rules = load_texts(&[("bench.yaml", rules.as_bytes())])
        .unwrap()
        .rules;
    let groups = &rules.resources.first().unwrap().groups;
    let group = GroupId(groups.iter().position(|known| known.name == group).unwrap());
    let policy = Policy::new(1, rules, TokenMaster::test_key());
    let compiled = policy
        .plan(ResourceId(0), group, 0, &[RoleId(0)], 0)
        .unwrap();
    Arc::clone(&compiled.plan)
}

/// Customers of about 400 bytes each, until there are `size` bytes.
fn customers(size: usize) -> Vec<u8> {
    let mut body = String::from(r#"{"total":9,"items":["#);
    let mut number = 1_000_u64;
    while body.len() < size {
        if number > 1_000 {
            body.push(',');
        }
        body.push_str(&format!(
            r#"{{"id":"{number}","name":"张三丰","branch":"0101","phones":[{{"kind":"mobile","number":"13800138000"}}],"email":"zhang{number}@example.cn","id_card":"11010519491231002X","birth_date":"1949-12-31","accounts":[{{"card_no":"6222020200112233445","balance":{number}.25}}],"internal_score":{number},"consent":{{"marketing":true}}}}"#
        ));
        number += 1;
    }
    body.push_str("]}");
    body.into_bytes()
}

fn govern(plan: &Arc<Plan>, body: &[u8]) -> usize {
    let mut engine = Engine::new(Arc::clone(plan), BodyLimits::default(), None);
    let mut sent = 0;
    for chunk in body.chunks(64 << 10) {
        engine.feed(chunk).unwrap();
        sent += engine.take_output().len();
        engine.records().forget(u64::MAX);
    }
    engine.finish().unwrap();
    sent + engine.take_output().len()
}

const SIZES: [usize; 4] = [1 << 10, 20 << 10, 1 << 20, 64 << 20];

#[divan::bench(args = SIZES, max_time = 2)]
fn customers_masked(bencher: Bencher<'_, '_>, size: usize) {
    let (plan, body) = (plan(RULES, "customer/list"), customers(size));
    bencher
        .counter(BytesCount::of_slice(&body))
        .bench(|| govern(&plan, black_box(&body)));
}

#[divan::bench(args = SIZES, max_time = 2)]
fn customers_shown_whole(bencher: Bencher<'_, '_>, size: usize) {
    let (plan, body) = (plan(SHOW_ALL, "anything"), customers(size));
    bencher
        .counter(BytesCount::of_slice(&body))
        .bench(|| govern(&plan, black_box(&body)));
}

#[divan::bench(args = SIZES, max_time = 2)]
fn customers_validated_by_serde_json(bencher: Bencher<'_, '_>, size: usize) {
    let body = customers(size);
    bencher.counter(BytesCount::of_slice(&body)).bench(|| {
        serde_json::from_slice::<serde::de::IgnoredAny>(black_box(&body)).unwrap();
    });
}

#[divan::bench(args = SIZES, max_time = 2)]
fn customers_parsed_and_printed_by_serde_json(bencher: Bencher<'_, '_>, size: usize) {
    let body = customers(size);
    bencher.counter(BytesCount::of_slice(&body)).bench(|| {
        let value: serde_json::Value = serde_json::from_slice(black_box(&body)).unwrap();
        serde_json::to_vec(&value).unwrap()
    });
}

const PAYLOADS: [&str; 4] = [
    "twitter.json",
    "citm_catalog.json",
    "github_events.json",
    "canada.json",
];

#[divan::bench(args = PAYLOADS, max_time = 2)]
fn payload_shown_whole(bencher: Bencher<'_, '_>, name: &str) {
    let Some(body) = payload(name) else { return };
    let plan = plan(SHOW_ALL, "anything");
    bencher
        .counter(BytesCount::of_slice(&body))
        .bench(|| govern(&plan, black_box(&body)));
}

#[divan::bench(args = PAYLOADS, max_time = 2)]
fn payload_validated_by_serde_json(bencher: Bencher<'_, '_>, name: &str) {
    let Some(body) = payload(name) else { return };
    bencher.counter(BytesCount::of_slice(&body)).bench(|| {
        serde_json::from_slice::<serde::de::IgnoredAny>(black_box(&body)).unwrap();
    });
}

/// A file of the corpora, which are not part of the project.
fn payload(name: &str) -> Option<Vec<u8>> {
    let corpora = std::env::var_os("FIELDGATE_CORPORA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
        PathBuf::from,
    );
    let read = std::fs::read(corpora.join("payloads").join(name));
    if read.is_err() {
        eprintln!("skipped: {name} is not below {}", corpora.display());
    }
    read.ok()
}

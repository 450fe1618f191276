//! What a large rule set costs: 200 resources of 50 fields and 30 roles, with conditions, beside one resource and three roles.
//!
//! `cargo bench --bench sets` prints how long a check and a comparison take, and what one exchange costs under either set;
//! with `-- --write` it puts that into `docs/benchmarks.md`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and one that cannot be set up has nothing to measure"
)]

#[path = "fixture/mod.rs"]
mod fixture;

use std::fmt::Write as _;
use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;

use fieldgate::decide::{Context, Decision, decide};
use fieldgate::mask::token::TokenMaster;
use fieldgate::model::{Caller, JwtCredential};
use fieldgate::pipeline::Generation;
use fieldgate::policy::store::Policy;
use fieldgate::policy::{RuleSet, load_texts, weigh};
use fieldgate::transform::{BodyLimits, Engine};
use fixture::page;
use http::{HeaderMap, Method};
use rustix::time::{ClockId, clock_gettime};

const LARGE: Size = Size {
    resources: 200,
    fields: 50,
    roles: 30,
};
const SMALL: Size = Size {
    resources: 1,
    fields: 50,
    roles: 3,
};
const CLASSES: [&str; 5] = ["basic", "contact", "identity", "transaction", "preference"];
const NOW: i64 = 1_790_000_000;
const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 2, 0, 7));
const ROUNDS: usize = 9;

#[derive(Clone, Copy)]
struct Size {
    resources: usize,
    fields: usize,
    roles: usize,
}

type Files = Vec<(String, String)>;

/// A rule set: gates on lists, cells with conditions on the record and on the caller, a ceiling.
fn files(size: Size) -> Files {
    let mut common = String::from("fieldgate: 1\nclasses:\n");
    for (at, class) in CLASSES.iter().enumerate() {
        writeln!(common, "  {class}: {{ level: {} }}", at + 1).unwrap();
    }
    common.push_str("roles:\n");
    for role in 0..size.roles {
        let matcher = format!("jwt: staff, claim: roles, has: r{role}");
        writeln!(common, "  role{role}: {{ {matcher} }}").unwrap();
    }
    common.push_str(
        "conditions:
  own-branch: { field: branch, same_as: claim.branch }
  consent: { field: consent.marketing, is: true }
  recent: { field: since, after: 2020-01-01 }
  senior: { claim: grade, jwt: staff, in: [4, 5] }
  both: { all: [consent, recent] }
ceilings:
  - { class: transaction, to: everyone, at_most: mask, reason: nobody sees a full number }
",
    );
    let mut files = vec![(String::from("common.yaml"), common)];
    for at in 0..size.resources {
        files.push((format!("r{at:03}.yaml"), resource(size, at)));
    }
    files
}

fn resource(size: Size, at: usize) -> String {
    let mut text = format!(
        "fieldgate: 1
resources:
  res{at}:
    at:
      GET /res{at}/{{id}}: $
      list: {{ GET /res{at}: \"$.items[*]\" }}
    fields:
      id: basic
      branch: basic
      since: basic
      consent.marketing: preference
"
    );
    for field in 4..size.fields {
        let mask = ["", ", mask: last4", ", mask: cn-phone"][field % 3];
        let class = CLASSES[field % CLASSES.len()];
        writeln!(text, "      {}: {{ class: {class}{mask} }}", path(field)).unwrap();
    }
    writeln!(text, "    params: {{ path.id: id }}\nread:").unwrap();
    for (group, gate) in [("", ""), ("/list", "only: [own-branch], ")] {
        writeln!(text, "  res{at}{group}:").unwrap();
        for role in 0..size.roles {
            let transaction = ["strip", "show if senior else mask"][role % 2];
            writeln!(
                text,
                "    role{role}: {{ {gate}basic: show, contact: show if consent else mask, identity: mask, transaction: {transaction}, preference: show if both }}"
            )
            .unwrap();
        }
    }
    text
}

fn path(field: usize) -> String {
    match field % 2 {
        0 => format!("field{field}"),
        _ => format!("group{}.items[*].field{field}", field % 7),
    }
}

/// Twenty records, half of them of the caller's branch, a third with consent.
fn body(size: Size) -> Vec<u8> {
    let records: Vec<serde_json::Value> = (0..20)
        .map(|record| {
            let mut one = serde_json::json!({
                "id": format!("{record}"),
                "branch": format!("b{}", record % 2),
                "since": format!("20{}-03-01", 15 + record % 10),
                "consent": { "marketing": record % 3 == 0 },
            });
            for field in 4..size.fields {
                let value = serde_json::json!(format!("138{field:08}"));
                match field % 2 {
                    0 => one[format!("field{field}")] = value,
                    _ => {
                        let items = &mut one[format!("group{}", field % 7)]["items"];
                        if items.is_null() {
                            *items = serde_json::json!([{}]);
                        }
                        items[0][format!("field{field}")] = value;
                    }
                }
            }
            one
        })
        .collect();
    serde_json::to_vec(&serde_json::json!({ "items": records })).unwrap()
}

fn load(files: &Files) -> RuleSet {
    let texts: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    let loaded = load_texts(&texts).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    loaded.rules
}

fn caller() -> Caller {
    let claims = serde_json::json!({ "roles": ["r0", "r1"], "branch": "b1", "grade": 4 });
    Caller {
        jwt: Some(Arc::new(JwtCredential {
            issuer: "staff".into(),
            claims: claims.as_object().unwrap().clone(),
            sha256: "00".into(),
            expires: i64::MAX,
        })),
        certificate: None,
        api_key: None,
        peer: PEER,
    }
}

/// One exchange but for its network and its log: the route, the decision, every byte of the answer.
fn exchange(generation: &Generation, caller: &Caller, body: &[u8]) -> usize {
    let headers = HeaderMap::new();
    let matched = generation.router.resolve(&Method::GET, "/res0").unwrap();
    let context = Context {
        now: NOW,
        peer: PEER,
        headers: &headers,
        front: false,
    };
    let Decision::Allow(permit) = decide(&generation.policy, caller, &matched, context) else {
        panic!("it is refused");
    };
    let (plan, judge) = (Arc::clone(permit.plan()), permit.judge().cloned());
    let mut engine = Engine::new(plan, BodyLimits::default(), None, judge);
    engine.feed(black_box(body)).unwrap();
    engine.finish().unwrap();
    black_box(engine.take_output()).len()
}

/// Seconds of this thread's CPU.
fn timed(work: impl FnOnce()) -> f64 {
    let cpu = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
    };
    let before = cpu();
    work();
    cpu() - before
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

fn main() {
    let (large, small) = (files(LARGE), files(SMALL));
    let check = |files: &Files| median((0..5).map(|_| timed(|| drop(load(files)))).collect());
    let checks = [check(&large), check(&small)];

    let policy = |files: &Files| Policy::new(1, load(files), TokenMaster::test_key());
    let [of_large, of_small] = [&large, &small].map(|files| Generation::new(policy(files)));
    let (caller, body) = (caller(), body(SMALL));
    let left = [&of_large, &of_small].map(|one| exchange(one, &caller, &body));
    assert_eq!(left[0], left[1], "they do the same");
    let mut samples = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (generation, samples) in [&of_large, &of_small].into_iter().zip(&mut samples) {
            let many = || {
                for _ in 0..400 {
                    black_box(exchange(generation, &caller, &body));
                }
            };
            samples.push(timed(many) / 400.0);
        }
    }
    let [of_large, of_small] = samples.map(median);

    let mut changed = large.clone();
    let moved = changed[1]
        .1
        .replacen("field5: { class: basic", "field5: { class: contact", 1);
    assert_ne!(moved, changed[1].1);
    changed[1].1 = moved;
    let (old, one) = (load(&large), load(&changed));
    for (_, text) in changed.iter_mut().skip(1) {
        *text = text.replace("identity: mask", "identity: strip");
    }
    let all = load(&changed);
    let weighed = |new: &RuleSet| {
        median(
            (0..3)
                .map(|_| timed(|| drop(black_box(weigh::gains(&old, new, NOW)))))
                .collect(),
        )
    };

    let text = format!(
        "`cargo bench --bench sets`: {} resources of {} fields and {} roles, two groups of routes each, gates on lists and cells with conditions, beside one such resource and {} roles. CPU time of one thread, medians.

| | large set | small set | ratio |
| --- | ---: | ---: | ---: |
| load and check, ms | {:.0} | {:.1} | |
| one exchange of a list of 20 records ({} KB), plan warm, µs | {:.0} | {:.0} | {:.2} |
| weigh a set in which one field has another class, ms | {:.0} | | |
| weigh a set in which every row has another cell, ms | {:.0} | | |",
        LARGE.resources,
        LARGE.fields,
        LARGE.roles,
        SMALL.roles,
        checks[0] * 1e3,
        checks[1] * 1e3,
        body.len() >> 10,
        of_large * 1e6,
        of_small * 1e6,
        of_large / of_small,
        weighed(&one) * 1e3,
        weighed(&all) * 1e3,
    );
    println!("{text}");
    if std::env::args().any(|word| word == "--write") {
        page::write("sets", &text);
    }
}

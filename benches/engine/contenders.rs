//! What the engine is measured against: the same masks and strips by parse, edit and print, and what no engine beats.

use std::hint::black_box;

use fieldgate::audit::Hasher;
use fieldgate::mask::{Mask, Scalar};
use fieldgate::model::Secret;
use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde::de::IgnoredAny;
use serde_json::Value;
use simd_json::BorrowedValue;
use simd_json::prelude::*;

use crate::clock::Contender;
use crate::fixture::Policy;

/// The engine under one policy.
pub fn engine<'a>(name: &str, policy: &'a Policy, body: &'a [u8]) -> Contender<'a> {
    Contender::new(name, body.len(), || {
        black_box(policy.govern(black_box(body), |_, _| ()));
    })
}

/// The same, with the hash the audit takes of each record's person.
pub fn engine_and_hash<'a>(name: &str, policy: &'a Policy, body: &'a [u8]) -> Contender<'a> {
    let hasher = Hasher::new(&Secret::new([7; 32]));
    Contender::new(name, body.len(), move || {
        policy.govern(black_box(body), |_, records| {
            for person in records.until(u64::MAX).filter_map(|record| record.person) {
                black_box(hasher.person(person));
            }
        });
    })
}

/// The name under which ratios find it.
pub const VALIDATE: &str = "serde_json, validate only";

/// Reads and throws away.
pub fn validate(body: &[u8]) -> Contender<'_> {
    Contender::new(VALIDATE, body.len(), || {
        serde_json::from_slice::<IgnoredAny>(black_box(body)).unwrap();
    })
}

/// The limits: nothing reads faster than it copies, or finds a string faster than its quote.
pub fn limits(body: &[u8]) -> [Contender<'_>; 2] {
    let mut copy = vec![0; body.len()];
    [
        Contender::new("limit: `memchr` over quotes", body.len(), || {
            black_box(memchr::memchr_iter(b'"', black_box(body)).count());
        }),
        Contender::new("limit: `memcpy`", body.len(), move || {
            copy.copy_from_slice(black_box(body));
            black_box(&mut copy);
        }),
    ]
}

/// Parse, edit, print with `serde_json`.
pub fn edited_by_serde_json(body: &[u8]) -> Vec<u8> {
    let masks = Masks::new();
    let mut value: Value = serde_json::from_slice(body).unwrap();
    for record in value["items"].as_array_mut().unwrap() {
        let record = record.as_object_mut().unwrap();
        for (name, mask) in &masks.members {
            masked_in_serde(record.get_mut(*name), mask);
        }
        for phone in record["phones"].as_array_mut().unwrap() {
            masked_in_serde(phone.get_mut("number"), &masks.phone);
        }
        for name in STRIPPED {
            record.remove(name);
        }
    }
    serde_json::to_vec(&value).unwrap()
}

fn masked_in_serde(value: Option<&mut Value>, mask: &Mask) {
    if let Some(Value::String(text)) = value {
        *text = masked(mask, text);
    }
}

/// Parse, edit, print with `simd-json`, which needs a copy it may write to.
pub fn edited_by_simd_json(body: &[u8]) -> Vec<u8> {
    let masks = Masks::new();
    let mut copy = body.to_vec();
    let mut value = simd_json::to_borrowed_value(&mut copy).unwrap();
    for record in value.get_mut("items").unwrap().as_array_mut().unwrap() {
        let record = record.as_object_mut().unwrap();
        for (name, mask) in &masks.members {
            masked_in_simd(record.get_mut(*name), mask);
        }
        let phones = record.get_mut("phones").unwrap();
        for phone in phones.as_array_mut().unwrap() {
            masked_in_simd(phone.get_mut("number"), &masks.phone);
        }
        for name in STRIPPED {
            record.remove(name);
        }
    }
    let mut out = Vec::with_capacity(body.len());
    value.write(&mut out).unwrap();
    out
}

fn masked_in_simd(value: Option<&mut BorrowedValue<'_>>, mask: &Mask) {
    if let Some(BorrowedValue::String(text)) = value {
        *text = masked(mask, text).into();
    }
}

pub fn serde_json_edit(body: &[u8]) -> Contender<'_> {
    Contender::new("serde_json: parse, edit, print", body.len(), || {
        black_box(edited_by_serde_json(black_box(body)));
    })
}

pub fn simd_json_edit(body: &[u8]) -> Contender<'_> {
    Contender::new("simd-json: parse, edit, print", body.len(), || {
        black_box(edited_by_simd_json(black_box(body)));
    })
}

/// One query for each rule that masks or strips, on a value that is parsed already; nothing edited, nothing printed.
pub fn jsonpath(body: &[u8]) -> Contender<'_> {
    let paths = [
        "name",
        "phones[*].number",
        "email",
        "id_card",
        "accounts[*].card_no",
        "accounts[*].balance",
        "birth_date",
        "internal_score",
        "consent.marketing",
    ];
    let queries: Vec<JpQuery> = paths
        .iter()
        .map(|path| parse_json_path(&format!("$.items[*].{path}")).unwrap())
        .collect();
    let value: Value = serde_json::from_slice(body).unwrap();
    Contender::new(
        "jsonpath-rust: one query for each rule, on a parsed value",
        body.len(),
        move || {
            for query in &queries {
                black_box(js_path_process(query, black_box(&value)).unwrap());
            }
        },
    )
}

/// Members the policy `mask_and_strip` takes from a customer, containers it empties among them.
const STRIPPED: [&str; 4] = ["birth_date", "accounts", "internal_score", "consent"];

/// The masks of the policy `mask_and_strip`, from the same code the engine calls.
struct Masks {
    members: [(&'static str, Mask); 3],
    phone: Mask,
}

impl Masks {
    fn new() -> Self {
        Masks {
            members: [
                ("name", Mask::CnName),
                ("email", Mask::Email),
                ("id_card", Mask::CnId),
            ],
            phone: Mask::CnPhone,
        }
    }
}

/// The replacement's text without its quotes; these masks write nothing that is escaped.
fn masked(mask: &Mask, text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    mask.apply(Scalar::String(text), &mut out);
    out.pop();
    out.remove(0);
    String::from_utf8(out).unwrap()
}

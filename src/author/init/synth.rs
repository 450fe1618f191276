//! Values for fixtures: made up, obviously so, and of the form a mask or a detector wants.
//!
//! Refuses every text and every number the sample holds. ID cards are of the region 000000, which no authority has,
//! and of a right checksum; cards begin with 999999 and pass Luhn; addresses of mail and machines are those reserved
//! for documentation.

use std::collections::HashSet;

use super::detect::{Kind, id_check, luhn};
use super::shape::Leaf;
use super::value::Value;

/// Tries before a value is taken as it is.
const TRIES: usize = 10_000;

pub(super) struct Synth {
    /// Every text and number of the sample, and every one made.
    taken: HashSet<String>,
    /// How many of each kind were made.
    made: Vec<(Option<Kind>, usize)>,
}

impl Synth {
    pub(super) fn new(sample: HashSet<String>) -> Synth {
        Synth {
            taken: sample,
            made: Vec::new(),
        }
    }

    /// A value of that kind, in the JSON type seen.
    pub(super) fn value(&mut self, kind: Option<Kind>, leaf: &Leaf, hints: &[String]) -> Value {
        match (leaf.text, leaf.number, leaf.boolean) {
            (false, false, true) => Value::Bool(true),
            (false, true, _) => Value::Number(self.fresh(kind, |n| number(kind, n))),
            _ => {
                let digits = leaf.text && leaf.texts.iter().all(|text| is_digits(text));
                let uuid = hints.iter().any(|hint| hint == "uuid");
                let form = match (uuid, digits && !leaf.texts.is_empty()) {
                    (true, _) => Form::Uuid,
                    (_, true) => Form::Digits,
                    _ => Form::Any,
                };
                Value::Text(self.fresh(kind, |n| text(kind, form, n)))
            }
        }
    }

    fn fresh(&mut self, kind: Option<Kind>, make: impl Fn(usize) -> String) -> String {
        let known = self.made.iter().position(|(known, _)| *known == kind);
        let at = known.unwrap_or_else(|| {
            self.made.push((kind, 0));
            self.made.len() - 1
        });
        let before = self.made.get(at).map_or(0, |(_, made)| *made);
        for n in before + 1..=before + TRIES {
            let value = make(n);
            if self.taken.insert(value.clone()) {
                if let Some((_, made)) = self.made.get_mut(at) {
                    *made = n;
                }
                return value;
            }
        }
        make(before + 1)
    }
}

#[derive(Clone, Copy)]
enum Form {
    Any,
    Digits,
    Uuid,
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(kind: Option<Kind>, n: usize) -> String {
    match kind {
        Some(Kind::Mobile) => mobile(n),
        Some(Kind::Card) => card(n),
        // A number does not end in X.
        Some(Kind::IdCard) => (n..n + 20)
            .map(id_card)
            .find(|id| is_digits(id))
            .unwrap_or_default(),
        Some(Kind::Birth) => format!("1900{:02}{:02}", n / 28 % 12 + 1, n % 28 + 1),
        Some(Kind::Amount) => format!("{}.25", 8_000 + n),
        _ => (900_000 + n).to_string(),
    }
}

fn text(kind: Option<Kind>, form: Form, n: usize) -> String {
    match (kind, form) {
        (_, Form::Uuid) => format!("00000000-0000-4000-8000-{n:012}"),
        (Some(Kind::Name), _) => name(n),
        (Some(Kind::Mobile), _) => mobile(n),
        (Some(Kind::Email), _) => format!("user{n:04}@example.com"),
        (Some(Kind::Address), _) => format!("某省某市某区测试路{n:04}号"),
        (Some(Kind::IdCard), _) => id_card(n),
        (Some(Kind::OtherId), _) => format!("TEST{n:08}"),
        (Some(Kind::Birth), _) => format!("1900-{:02}-{:02}", n / 28 % 12 + 1, n % 28 + 1),
        (Some(Kind::Card), _) => card(n),
        (Some(Kind::Account), _) => format!("99{n:013}"),
        (Some(Kind::Amount), _) => format!("{}.25", 8_000 + n),
        (Some(Kind::Ip), _) => format!("192.0.2.{}", n % 254 + 1),
        (Some(Kind::Device), _) => format!("test-device-{n:04}"),
        (Some(Kind::Chat), _) => format!("test-chat-{n:04}"),
        (Some(Kind::Time), _) => {
            format!(
                "1900-01-01T{:02}:{:02}:{:02}Z",
                n / 3600 % 24,
                n / 60 % 60,
                n % 60
            )
        }
        (_, Form::Digits) => (900_000 + n).to_string(),
        (Some(Kind::Id), _) => format!("id-{n:04}"),
        _ => format!("synthetic-{n:04}"),
    }
}

fn name(n: usize) -> String {
    const STEMS: [&str; 10] = ["癸", "甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬"];
    let stem = |n: usize| STEMS.get(n % STEMS.len()).copied().unwrap_or_default();
    match n / STEMS.len() {
        0 => format!("测试{}", stem(n)),
        1..10 => format!("测试{}{}", stem(n / 10), stem(n)),
        more => format!("测{}{}{}", stem(more / 10), stem(more), stem(n)),
    }
}

fn mobile(n: usize) -> String {
    format!("1300{:07}", n % 10_000_000)
}

fn id_card(n: usize) -> String {
    let digits = format!(
        "0000001900{:02}{:02}{:03}",
        n / 1_000 % 12 + 1,
        n / 12_000 % 28 + 1,
        n % 1_000
    );
    let check = id_check(digits.as_bytes()).unwrap_or(b'0');
    format!("{digits}{}", char::from(check))
}

fn card(n: usize) -> String {
    let front = format!("999999{n:09}");
    let sum = luhn(format!("{front}0").as_bytes());
    format!("{front}{}", (10 - sum) % 10)
}

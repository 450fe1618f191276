//! Generated conditions, cells with `if` and gates, held against an oracle that knows three values and nothing of plans.
//!
//! The oracle looks at each record as it was drawn, never at its text. Every answer is governed in several cuts, which must not
//! matter, and once more with all that was hidden replaced, which must not either.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use fieldgate::decide::{Context, Decision, decide};
use fieldgate::mask::token::TokenMaster;
use fieldgate::model::{Caller, JwtCredential};
use fieldgate::pipeline::Generation;
use fieldgate::policy::load_texts;
use fieldgate::policy::store::Policy;
use fieldgate::transform::{BodyLimits, Engine};
use http::{HeaderMap, Method};
use proptest::prelude::*;

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 2, 0, 7));
const NOW: i64 = 1_780_315_200;

/// What `k` and `w.v` may hold; `None` where the member is not there.
const VALUES: [Option<&str>; 12] = [
    Some("\"p\""),
    Some("\"q\""),
    Some("\"\""),
    Some("1"),
    Some("1.0"),
    Some("2"),
    Some("true"),
    Some("false"),
    Some("null"),
    Some("[]"),
    Some("{}"),
    None,
];
const DATES: [Option<&str>; 4] = [
    Some("\"2020-01-01\""),
    Some("\"2030-01-01\""),
    Some("\"soon\""),
    None,
];
/// What stands in the place of `w`.
const AROUND: [Option<&str>; 5] = [None, Some("null"), Some("5"), Some("{}"), Some("[]")];
const OUTCOMES: [Outcome; 4] = [Outcome::Strip, Outcome::Blank, Outcome::Mask, Outcome::Show];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    False,
    Unknown,
    True,
}

/// From most closed to most open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Strip,
    Blank,
    Mask,
    Show,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Strip => "strip",
            Outcome::Blank => "blank",
            Outcome::Mask => "mask",
            Outcome::Show => "show",
        }
    }
}

#[derive(Clone, Debug)]
enum Asks {
    /// A field, one of these values, and whether `or: empty`.
    Is(Field, Vec<usize>, bool),
    Empty(Field),
    Exists(Field),
    Before,
    /// The claim `c` of the caller.
    Same(Field),
    Claim(bool),
    All(Vec<usize>),
    Any(Vec<usize>),
    Not(usize),
}

#[derive(Clone, Copy, Debug)]
enum Field {
    K,
    Wv,
}

impl Field {
    fn path(self) -> &'static str {
        match self {
            Field::K => "k",
            Field::Wv => "w.v",
        }
    }
}

/// A record as it was drawn: indexes into the lists above.
#[derive(Clone, Debug)]
struct Record {
    k: usize,
    /// `k` stands there twice.
    twice: bool,
    date: usize,
    /// What is in the place of `w`: an object with this `v`, or something else.
    w: Result<usize, usize>,
    hidden: u8,
}

#[derive(Clone, Debug)]
struct Row {
    gate: Vec<usize>,
    a: Cell,
    b: Cell,
}

#[derive(Clone, Debug)]
struct Cell {
    holds: Outcome,
    when: Option<(usize, Outcome)>,
}

#[derive(Clone, Debug)]
struct Case {
    conditions: Vec<Asks>,
    /// Of the first role, and of a second one where the caller holds it.
    rows: Vec<Row>,
    records: Vec<Record>,
    /// The claim `c`.
    claim: Option<&'static str>,
}

// What the oracle makes of it.

impl Case {
    fn truths(&self, record: &Record) -> Vec<Truth> {
        let mut truths: Vec<Truth> = Vec::new();
        for asks in &self.conditions {
            let truth = match asks {
                Asks::All(parts) => parts.iter().map(|at| truths[*at]).min().unwrap(),
                Asks::Any(parts) => parts.iter().map(|at| truths[*at]).max().unwrap(),
                Asks::Not(part) => match truths[*part] {
                    Truth::True => Truth::False,
                    Truth::Unknown => Truth::Unknown,
                    Truth::False => Truth::True,
                },
                Asks::Claim(is_p) => match self.claim {
                    None => Truth::Unknown,
                    Some(claim) if (claim == "p") == *is_p => Truth::True,
                    Some(_) => Truth::False,
                },
                Asks::Before => match DATES[record.date] {
                    Some("\"2020-01-01\"") => Truth::True,
                    Some("\"2030-01-01\"") => Truth::False,
                    _ => Truth::Unknown,
                },
                Asks::Is(field, values, or_empty) => match self.found(record, *field) {
                    Found::Unclear => Truth::Unknown,
                    Found::Missing if *or_empty => Truth::True,
                    Found::Missing => Truth::Unknown,
                    Found::Value("null" | "\"\"") if *or_empty => Truth::True,
                    Found::Value(value) => {
                        among(value, values.iter().map(|at| VALUES[*at].unwrap()))
                    }
                },
                Asks::Empty(field) => match self.found(record, *field) {
                    Found::Missing | Found::Value("null" | "\"\"") => Truth::True,
                    Found::Unclear | Found::Value("[]" | "{}") => Truth::Unknown,
                    Found::Value(_) => Truth::False,
                },
                Asks::Exists(field) => match self.found(record, *field) {
                    Found::Unclear => Truth::Unknown,
                    Found::Missing => Truth::False,
                    Found::Value(_) => Truth::True,
                },
                Asks::Same(field) => match (self.found(record, *field), self.claim) {
                    (Found::Value(value), Some(claim)) => {
                        among(value, std::iter::once(format!("\"{claim}\"").as_str()))
                    }
                    _ => Truth::Unknown,
                },
            };
            truths.push(truth);
        }
        truths
    }

    fn found(&self, record: &Record, field: Field) -> Found {
        let value = |at: usize| VALUES[at].map_or(Found::Missing, Found::Value);
        match field {
            Field::K if record.twice => Found::Unclear,
            Field::K => value(record.k),
            Field::Wv => match record.w {
                Ok(v) => value(v),
                Err(at) => match AROUND[at] {
                    None | Some("null" | "{}") => Found::Missing,
                    Some(_) => Found::Unclear,
                },
            },
        }
    }

    /// What the caller gets of a record.
    fn seen(&self, record: &Record) -> Option<String> {
        let truths = self.truths(record);
        let opens = |row: &&Row| row.gate.iter().all(|at| truths[*at] == Truth::True);
        let rows: Vec<&Row> = self.rows.iter().filter(opens).collect();
        if rows.is_empty() {
            return None;
        }
        let outcome = |cell: &Cell| match cell.when {
            None => cell.holds,
            Some((at, otherwise)) => match truths[at] {
                Truth::True => cell.holds,
                Truth::False => otherwise,
                Truth::Unknown => cell.holds.min(otherwise),
            },
        };
        let a = rows.iter().map(|row| outcome(&row.a)).max().unwrap();
        let b = rows.iter().map(|row| outcome(&row.b)).max().unwrap();
        let mut members = Vec::new();
        for (name, value) in record.members() {
            let left = match (name, value.as_str()) {
                ("a", _) => as_shown(a, &value),
                ("b", _) => as_shown(b, &value),
                // An object where a scalar is listed is listed nowhere, nor is anything else where `w.v` goes on.
                ("k", "{}") | ("w", "5") => None,
                ("w", "{\"v\":{}}") => Some(String::from("{}")),
                _ => Some(value),
            };
            members.extend(left.map(|value| format!("\"{name}\":{value}")));
        }
        Some(format!("{{{}}}", members.join(",")))
    }

    fn expected(&self) -> String {
        let records: Vec<String> = self
            .records
            .iter()
            .filter_map(|one| self.seen(one))
            .collect();
        format!("{{\"items\":[{}]}}", records.join(","))
    }

    /// The same with everything replaced that the caller does not see.
    fn twin(&self) -> Case {
        let mut twin = self.clone();
        for record in &mut twin.records {
            record.hidden = record.hidden.wrapping_add(1);
        }
        let shows = |cell: &Cell| {
            let otherwise = cell.when.map(|(_, otherwise)| otherwise);
            cell.holds == Outcome::Show || otherwise == Some(Outcome::Show)
        };
        // Only where no cell shows what is replaced.
        if twin.rows.iter().any(|row| shows(&row.a) || shows(&row.b)) {
            return self.clone();
        }
        twin
    }
}

enum Found {
    Value(&'static str),
    Missing,
    Unclear,
}

/// Types compared, numbers by value.
fn among<'a>(value: &str, values: impl Iterator<Item = &'a str>) -> Truth {
    let kind = |text: &str| match text.as_bytes()[0] {
        b'"' => 's',
        b't' | b'f' => 'b',
        b'0'..=b'9' => 'n',
        _ => '-',
    };
    let plain = |text: &str| text.trim_end_matches(".0").to_owned();
    if kind(value) == '-' {
        return Truth::Unknown;
    }
    let alike: Vec<&str> = values.filter(|other| kind(other) == kind(value)).collect();
    match alike.iter().any(|other| plain(other) == plain(value)) {
        true => Truth::True,
        false if alike.is_empty() => Truth::Unknown,
        false => Truth::False,
    }
}

fn as_shown(outcome: Outcome, value: &str) -> Option<String> {
    match outcome {
        Outcome::Show => Some(value.to_owned()),
        Outcome::Mask => Some(String::from("\"***\"")),
        Outcome::Blank => Some(String::from("null")),
        Outcome::Strip => None,
    }
}

// What the proxy is given.

impl Record {
    fn members(&self) -> Vec<(&'static str, String)> {
        let mut members = Vec::new();
        let mut add = |name, value: Option<&str>| {
            members.extend(value.map(|value| (name, value.to_owned())));
        };
        add("a", Some(&format!("\"a{}\"", self.hidden)));
        add("k", VALUES[self.k]);
        match self.w {
            Ok(v) => {
                let inside = VALUES[v].map_or(String::new(), |v| format!("\"v\":{v}"));
                add("w", Some(&format!("{{{inside}}}")));
            }
            Err(at) => add("w", AROUND[at]),
        }
        add("t", DATES[self.date]);
        if self.twice {
            add("k", Some(VALUES[self.k].unwrap_or("\"p\"")));
            if VALUES[self.k].is_none() {
                add("k", Some("\"p\""));
            }
        }
        add("b", Some(&format!("\"b{}\"", self.hidden)));
        members
    }
}

impl Case {
    fn rules(&self) -> String {
        let mut text = String::from(
            "fieldgate: 1
classes: { basic: { level: 1 }, one: { level: 2 }, two: { level: 2 } }
resources:
  r:
    at: { GET /r: '$.items[*]' }
    fields: { k: basic, t: basic, w.v: basic, a: one, b: two }
roles:
  r0: { jwt: idp, claim: roles, has: r0 }
  r1: { jwt: idp, claim: roles, has: r1 }
conditions:
",
        );
        for (at, asks) in self.conditions.iter().enumerate() {
            let names = |parts: &[usize]| -> String {
                let names: Vec<String> = parts.iter().map(|at| format!("c{at}")).collect();
                names.join(", ")
            };
            let asked = match asks {
                Asks::Is(field, values, or_empty) => {
                    let values: Vec<&str> = values.iter().map(|at| VALUES[*at].unwrap()).collect();
                    let or = if *or_empty { ", or: empty" } else { "" };
                    format!("field: {}, in: [{}]{or}", field.path(), values.join(", "))
                }
                Asks::Empty(field) => format!("field: {}, is: empty", field.path()),
                Asks::Exists(field) => format!("field: {}, exists: true", field.path()),
                Asks::Before => String::from("field: t, before: 2025-01-01"),
                Asks::Same(field) => format!("field: {}, same_as: claim.c", field.path()),
                Asks::Claim(is_p) => {
                    format!("claim: c, jwt: idp, is: {}", if *is_p { "p" } else { "q" })
                }
                Asks::All(parts) => format!("all: [{}]", names(parts)),
                Asks::Any(parts) => format!("any: [{}]", names(parts)),
                Asks::Not(part) => format!("not: c{part}"),
            };
            writeln!(text, "  c{at}: {{ {asked} }}").unwrap();
        }
        text.push_str("read:\n  r:\n");
        for (at, row) in self.rows.iter().enumerate() {
            let gate: Vec<String> = row.gate.iter().map(|at| format!("c{at}")).collect();
            let gate = match gate.is_empty() {
                true => String::new(),
                false => format!("only: [{}], ", gate.join(", ")),
            };
            let cell = |cell: &Cell| match cell.when {
                None => cell.holds.word().to_owned(),
                Some((at, otherwise)) => {
                    format!("{} if c{at} else {}", cell.holds.word(), otherwise.word())
                }
            };
            let (a, b) = (cell(&row.a), cell(&row.b));
            writeln!(
                text,
                "    r{at}: {{ {gate}basic: show, one: {a}, two: {b} }}"
            )
            .unwrap();
        }
        text
    }

    fn body(&self) -> String {
        let records: Vec<String> = self
            .records
            .iter()
            .map(|record| {
                let members = record.members();
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            })
            .collect();
        format!("{{\"items\":[{}]}}", records.join(","))
    }

    fn caller(&self) -> Caller {
        let roles: Vec<String> = (0..self.rows.len()).map(|at| format!("r{at}")).collect();
        let mut claims = serde_json::json!({ "roles": roles });
        if let Some(claim) = self.claim {
            claims["c"] = claim.into();
        }
        Caller {
            jwt: Some(Arc::new(JwtCredential {
                issuer: "idp".into(),
                claims: claims.as_object().unwrap().clone(),
                sha256: "00".into(),
                expires: i64::MAX,
            })),
            certificate: None,
            api_key: None,
            peer: PEER,
        }
    }
}

/// What leaves of an answer, cut into pieces of so many bytes.
fn governed(case: &Case, body: &str, chunk: usize) -> String {
    let rules = case.rules();
    let loaded = load_texts(&[("a.yaml", rules.as_bytes())]);
    let loaded = loaded.unwrap_or_else(|mistakes| panic!("{rules}\n{mistakes:?}"));
    let generation = Generation::new(Policy::new(1, loaded.rules, TokenMaster::test_key()));
    let matched = generation.router.resolve(&Method::GET, "/r").unwrap();
    let headers = HeaderMap::new();
    let context = Context {
        now: NOW,
        peer: PEER,
        headers: &headers,
        front: false,
    };
    let Decision::Allow(permit) = decide(&generation.policy, &case.caller(), &matched, context)
    else {
        panic!("it is refused: {rules}");
    };
    let (plan, judge) = (Arc::clone(permit.plan()), permit.judge().cloned());
    let mut engine = Engine::new(plan, BodyLimits::default(), None, judge);
    let mut out = Vec::new();
    for piece in body.as_bytes().chunks(chunk) {
        engine.feed(piece).unwrap();
        out.extend_from_slice(&engine.take_output());
    }
    engine.finish().unwrap();
    out.extend_from_slice(&engine.take_output());
    String::from_utf8(out).unwrap()
}

// What is drawn.

/// Conditions, each made of earlier ones or of none. `not` of what asks `exists` does not load.
fn conditions(words: &[(u8, u8, u8, bool)]) -> Vec<Asks> {
    let mut all: Vec<Asks> = Vec::new();
    let mut exists: Vec<bool> = Vec::new();
    for (kind, one, two, flag) in words {
        let field = if *one % 2 == 0 { Field::K } else { Field::Wv };
        let earlier = |word: u8| usize::from(word) % all.len().max(1);
        let parts = vec![earlier(*one), earlier(*two)];
        let asks = match kind % 9 {
            6 if !all.is_empty() => Asks::All(parts),
            7 if !all.is_empty() => Asks::Any(parts),
            8 if !all.is_empty() && !exists[parts[0]] => Asks::Not(parts[0]),
            1 => Asks::Empty(field),
            2 => Asks::Exists(field),
            3 => Asks::Before,
            4 => Asks::Same(field),
            5 => Asks::Claim(*flag),
            _ => {
                let mut values = vec![usize::from(*one / 2) % 8, usize::from(*two) % 8];
                // An empty text among others is `or: empty`.
                values.retain(|at| VALUES[*at] != Some("\"\""));
                values.sort_unstable();
                values.dedup();
                match values.is_empty() {
                    true => Asks::Empty(field),
                    false => Asks::Is(field, values, *flag),
                }
            }
        };
        exists.push(match &asks {
            Asks::Exists(_) => true,
            Asks::All(parts) | Asks::Any(parts) => parts.iter().any(|at| exists[*at]),
            Asks::Not(part) => exists[*part],
            _ => false,
        });
        all.push(asks);
    }
    all
}

fn cases() -> impl Strategy<Value = Case> {
    let word = (any::<u8>(), any::<u8>(), any::<u8>(), any::<bool>());
    let cell = (
        0..4_usize,
        prop::option::of((any::<prop::sample::Index>(), 0..4_usize)),
    );
    let gate = prop::collection::vec(any::<prop::sample::Index>(), 0..3);
    let row = (gate, cell.clone(), cell);
    let record = (
        0..VALUES.len(),
        prop::bool::weighted(0.1),
        0..DATES.len(),
        prop_oneof![3 => (0..VALUES.len()).prop_map(Ok), 1 => (0..AROUND.len()).prop_map(Err)],
    );
    (
        prop::collection::vec(word, 1..7),
        prop::collection::vec(row, 1..3),
        prop::collection::vec(record, 0..6),
        prop::option::of(prop::sample::select(vec!["p", "q"])),
    )
        .prop_map(|(words, rows, records, claim)| {
            let conditions = conditions(&words);
            let count = conditions.len();
            let cell = |(holds, when): (usize, Option<(prop::sample::Index, usize)>)| Cell {
                holds: OUTCOMES[holds],
                when: when.map(|(at, otherwise)| (at.index(count), OUTCOMES[otherwise])),
            };
            let rows = rows.into_iter().map(|(gate, a, b)| {
                let mut gate: Vec<usize> = gate.iter().map(|at| at.index(count)).collect();
                gate.sort_unstable();
                gate.dedup();
                Row {
                    gate,
                    a: cell(a),
                    b: cell(b),
                }
            });
            let records = records.into_iter().map(|(k, twice, date, w)| Record {
                k,
                twice,
                date,
                w,
                hidden: 0,
            });
            Case {
                rows: rows.collect(),
                records: records.collect(),
                conditions,
                claim,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn properties_of_conditions_gates_and_cells(case in cases()) {
        let body = case.body();
        let expected = case.expected();
        for chunk in [usize::MAX, 1, 7] {
            let left = governed(&case, &body, chunk.min(body.len().max(1)));
            prop_assert_eq!(&left, &expected, "{} {} in chunks of {}", case.rules(), body, chunk);
        }
        let twin = case.twin();
        prop_assert_eq!(governed(&case, &twin.body(), 3), expected);
    }
}

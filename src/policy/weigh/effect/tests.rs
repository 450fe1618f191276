//! What is gained, held against the long way: every set of roles, thing, moment and turn of the conditions asked for by itself.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::super::combine::{Treatments, treatments};
use super::super::{members, routes};
use super::*;
use crate::policy::diagnostic::Lang;
use crate::policy::load_texts;
use crate::policy::rules::Exception;

/// The middle of 2026-06-01 in UTC.
const NOW: i64 = 1_780_315_200;
/// Rule sets are drawn as this many small numbers, so that another one is the same with a few of them changed.
const GENES: usize = 70;
const ROLES: [&str; 7] = ["a", "b", "c", "d", "e", "own", "partner"];
const CELLS: [&str; 12] = [
    "strip",
    "show",
    "mask",
    "token",
    "\"token:shared\"",
    "\"mask:ends\"",
    "blank",
    "show if x else mask",
    "token if office",
    "\"mask:ends if x else token:shared\"",
    "\"show if both else mask:ends\"",
    "token if not-x else mask",
];
const GATES: [&str; 8] = [
    "-",
    "",
    "",
    "",
    "only: [x], ",
    "only: [office], ",
    "only: [not-x], ",
    "only: [both], ",
];
const CEILINGS: [&str; 10] = [
    "{ class: one, to: everyone, at_most: mask, reason: r }",
    "{ class: two, to: [a], at_most: token, reason: r }",
    "{ class: one, to: [b, c], at_most: \"mask:ends\", reason: r }",
    "{ field: r.f, to: everyone, at_most: token, reason: r }",
    "{ level: 2, to: everyone, at_most: \"token:shared\", reason: r }",
    "{ field: r.g, to: [d], at_most: strip, reason: r }",
    "{ class: one, to: contracts, at_most: token, reason: r }",
    "{ class: two, to: everyone, except: [contracts], at_most: mask, reason: r }",
    "{ field: r.box, to: everyone, at_most: blank, reason: r }",
    "{ field: r.k, to: [a, own], at_most: mask, reason: r }",
];
const EXCEPTIONS: [&str; 8] = [
    "{ field: r.f, role: a, do: show, reason: r }",
    "{ field: r.f, role: b, do: show, reason: r, until: 2026-06-10 }",
    "{ field: r.g, role: c, do: strip, reason: r }",
    "{ field: r.g, role: a, do: token if x else strip, reason: r }",
    "{ field: r.f, role: d, do: \"mask:ends\", reason: r }",
    "{ field: r.h, role: a, do: show, reason: r, until: 2026-08-31 }",
    "{ field: r.k, role: b, do: show, reason: r }",
    "{ field: r.box, role: own, do: blank, reason: r }",
];

fn text(genes: &[u8]) -> String {
    let mut genes = genes.iter().copied();
    let mut gene = move |of: usize| usize::from(genes.next().unwrap()) % of;
    let mut text = String::from("fieldgate: 1\nclasses:\n");
    let levels = [gene(3) + 1, gene(3) + 1];
    writeln!(
        text,
        "  one: {{ level: {} }}\n  two: {{ level: {} }}",
        levels[0], levels[1]
    )
    .unwrap();
    let classes = ["one", "two", "one", "two"];
    let mut class = |at: usize| classes[at + gene(8) / 7 % 2];
    let (f, g, h, k, total) = (class(0), class(1), class(1), class(0), class(1));
    let masks = ["[cn-name, ends]", "[ends, cn-name]", "ends", "last4"];
    text += "masks: { ends: { keep: { first: 1, last: 1 } } }
conditions:
  x: { field: h, is: v }
  office: { network: 10.0.0.0/8 }
  not-x: { not: x }
  both: { all: [x, office] }
resources:
  r:
    at: { \"GET /r/{id}\": $ }
    person: { field: id, path: id }
    params: { path.id: id }
    fields:
";
    let spelled = ["f", "f", "f", "$.f"][gene(4)];
    let mask = masks[gene(4)];
    let fields = [
        String::from("id: one"),
        format!("{spelled}: {{ class: {f}, mask: {mask} }}"),
        format!("twin: {{ class: {f}, mask: {mask} }}"),
        format!("g: {{ class: {g}, mask: {} }}", masks[gene(4)]),
        format!("h: {h}"),
        format!("k: {{ names: {k} }}"),
        String::from("like.f: { class: two, mask: [cn-name, ends] }"),
        [
            String::from("box.a: one"),
            String::from("box.a: { class: one, mask: last4 }"),
        ][gene(2)]
        .clone(),
        String::from("..net: two"),
        String::from("whole: { class: one, whole: true }"),
        String::from("box[*]: one"),
    ];
    for (at, field) in fields.into_iter().enumerate() {
        let left_out = match at {
            // What exceptions and ceilings name stays.
            0..=5 | 7 => false,
            6 => gene(8) == 7,
            _ => gene(8) != 7,
        };
        if !left_out {
            writeln!(text, "      {field}").unwrap();
        }
    }
    let envelope = ["$.total: show, ", ""][gene(6) / 5];
    writeln!(text, "    envelope: {{ {envelope}$.sum: {total} }}").unwrap();
    if gene(6) == 5 {
        text += "    strip_as: blank\n";
    }
    text += "roles:\n";
    for role in &ROLES[..4] {
        let extends = if *role == "d" { ", extends: a" } else { "" };
        writeln!(
            text,
            "  {role}: {{ jwt: i, claim: roles, has: {role}{extends} }}"
        )
        .unwrap();
    }
    text += "  e: { any: [{ jwt: i, claim: roles, has: e }, { api_key: e }], extends: a }
  own: { jwt: j, claim: id, same_as: person }
  partner: { mtls: ca, san: s, contract: required }
read:
  r:
";
    let mut rows = Vec::new();
    for role in ROLES {
        let gate = GATES[gene(GATES.len())];
        let cells = [CELLS[gene(CELLS.len())], CELLS[gene(CELLS.len())]];
        // What is left out is inherited where there is somebody to inherit from.
        let cells: Vec<String> = [("one", cells[0]), ("two", cells[1])]
            .into_iter()
            .filter(|_| gene(4) < 3)
            .map(|(class, cell)| format!("{class}: {cell}"))
            .collect();
        if gate == "-" {
            continue;
        }
        rows.push(role);
        writeln!(text, "    {role}: {{ {gate}{} }}", cells.join(", ")).unwrap();
    }
    if rows.is_empty() {
        text += "    a: { one: show }\n";
    }
    let mut drawn = |section: &str, all: &[&str], rows: Option<&[&str]>| {
        let mut lines = String::new();
        for one in all {
            let has_row = rows.is_none_or(|rows| {
                rows.iter()
                    .any(|role| one.contains(&format!("role: {role},")))
            });
            if gene(3) == 2 && has_row {
                writeln!(lines, "  - {one}").unwrap();
            }
        }
        match lines.is_empty() {
            true => String::new(),
            false => format!("{section}:\n{lines}"),
        }
    };
    text += &drawn("ceilings", &CEILINGS, None);
    text += &drawn("exceptions", &EXCEPTIONS, Some(&rows));
    if rows.contains(&"partner") {
        text += "contracts:
  K: { role: partner, partner: { name: A, contact: a@b.example }, owner: o, purpose: p, from: 2026-01-01, until: 2026-12-31, zone: UTC, items: { r: { one: token } } }
";
    }
    text
}

fn load(text: &str) -> Option<RuleSet> {
    let loaded = load_texts(&[("a.yaml", text.as_bytes())]);
    loaded.ok().map(|loaded| loaded.rules)
}

/// What a set of roles gets on one side.
struct All {
    treatments: Treatments,
    has_row: bool,
    person_check: bool,
}

/// The long way: no two things, roles, turns or moments are taken for alike.
fn the_long_way(scales: &Scales<'_>, sides: &Sides<'_>) -> Vec<String> {
    let exceptions = scales.old.exceptions.iter().chain(&scales.new.exceptions);
    let ended = |one: &Exception| Some(one.until? + 1);
    let later = exceptions.filter_map(ended).filter(|moment| *moment > NOW);
    let moments: BTreeSet<i64> = later.chain([NOW]).collect();
    let mut things: Vec<Compared> = vec![Compared::Row, Compared::Person];
    let (was, is) = (sides.was.listed, sides.is.listed);
    for (at, field) in is.fields.iter().enumerate() {
        let before = was.fields.iter().position(|one| one.path == field.path);
        let (before, after) = (before.map(FieldId), FieldId(at));
        things.push(Compared::Value { before, after });
        if let Some(before) = before {
            things.push(Compared::Names { before, after });
        }
    }
    for (after, entry) in is.envelope.iter().enumerate() {
        let before = was.envelope.iter().position(|one| one.path == entry.path);
        things.push(Compared::Envelope { before, after });
    }
    let every = (1..1_usize << sides.members.len()).map(|bits| -> Vec<usize> {
        let all = 0..sides.members.len();
        all.filter(|at| bits >> at & 1 == 1).collect()
    });
    let mut sets: Vec<Vec<usize>> = every.collect();
    sets.sort_by_key(|set| (set.len(), set.clone()));
    let is_partner = |at: &usize| sides.members[*at].contract;
    sets.retain(|set| set.len() == 1 || !set.iter().any(is_partner));

    let tokens = TokenMaster::test_key();
    let get =
        |rules: &RuleSet, site: &Site<'_>, held: Vec<(RoleId, &Member)>, now, truths: &Truths| {
            let roles: Vec<RoleId> = held.iter().map(|(role, _)| *role).collect();
            let counts = |role: &RoleId| {
                let row = rules.rows.get(&(site.resource, site.group, *role));
                row.is_some_and(|row| truths.may_count(*role, &row.only))
            };
            let (resource, group) = (site.resource, site.group);
            let standing = roles.as_slice().into();
            All {
                has_row: roles.iter().any(counts),
                person_check: held.iter().any(|(_, one)| one.same_as_person),
                treatments: treatments(rules, resource, group, standing, now, &tokens, truths),
            }
        };
    let weight = |of: &All, thing: Option<Thing>| {
        let names = |at: usize| match of.treatments.names_shown[at] {
            true => Treatment::Show,
            false => Treatment::Strip,
        };
        Weight {
            has_row: of.has_row,
            person_check: of.person_check,
            outcome: match thing {
                None => Treatment::Strip,
                Some(Thing::Value(at)) => of.treatments.fields[at.0].clone(),
                Some(Thing::Names(at)) => names(at.0),
                Some(Thing::Envelope(at)) => of.treatments.envelope[at].clone(),
            },
        }
    };

    let judge = Found::new(sides, !scales.new.contracts.is_empty());
    // For each turn and thing, the sets it was told of.
    let mut told: HashMap<(usize, usize), Vec<Vec<usize>>> = HashMap::new();
    let mut all: Vec<(usize, alike::Gained)> = Vec::new();
    for (moment, now) in moments.iter().enumerate() {
        for (turn, (before, after)) in sides.turns.iter().enumerate() {
            for set in &sets {
                let held: Vec<&Member> = set.iter().map(|at| sides.members[*at]).collect();
                let of = |side: fn(&Member) -> Option<RoleId>| -> Vec<(RoleId, &Member)> {
                    let held = held.iter();
                    held.filter_map(|one| Some((side(one)?, *one))).collect()
                };
                let old = get(scales.old, sides.was, of(|one| one.old), *now, before);
                let new = get(scales.new, sides.is, of(|one| one.new), *now, after);
                for (order, compared) in things.iter().enumerate() {
                    let (thing_before, thing_after) = compared.things();
                    let pair = (weight(&old, thing_before), weight(&new, thing_after));
                    let partner = held.iter().any(|one| one.contract);
                    let Some(change) = judge.change(*compared, partner, (&pair.0, &pair.1)) else {
                        continue;
                    };
                    let told = told.entry((turn, order)).or_default();
                    if told
                        .iter()
                        .any(|part| part.iter().all(|at| set.contains(at)))
                    {
                        continue;
                    }
                    told.push(set.clone());
                    let same = |(known, one): &&mut (usize, alike::Gained)| {
                        *known == order && one.set == *set && one.change == change
                    };
                    match all.iter_mut().find(same) {
                        Some((_, known)) => known.turns |= 1 << turn,
                        None => all.push((
                            order,
                            alike::Gained {
                                set: set.clone(),
                                change,
                                first: (moment, u32::try_from(turn).unwrap()),
                                turns: 1 << turn,
                            },
                        )),
                    }
                }
            }
        }
    }
    let mut found = Found::new(sides, !scales.new.contracts.is_empty());
    let before_order: Vec<(usize, u32, usize, Vec<usize>, usize)> = all
        .iter()
        .map(|(order, one)| {
            (
                one.first.0,
                one.first.1,
                one.set.len(),
                one.set.clone(),
                *order,
            )
        })
        .collect();
    assert!(
        before_order.is_sorted(),
        "the order in which they are found"
    );
    for (order, one) in all {
        found.add(order, things[order], &[one]);
    }
    english(&found.told())
}

fn english(gains: &[Gain]) -> Vec<String> {
    let texts = gains.iter().map(|gain| gain.text());
    texts.map(|text| text.get(Lang::En).to_owned()).collect()
}

#[track_caller]
fn both(old: &RuleSet, new: &RuleSet) -> [Vec<String>; 2] {
    let scales = Scales {
        old,
        new,
        roles: members(old, new),
        now: NOW,
    };
    let (was, is) = (routes(old)[0].0, routes(new)[0].0);
    let worlds = Worlds::of((old, &was), (new, &is));
    let mut budget = usize::MAX;
    let gains = gains(&scales, (&was, &is), &worlds, &mut budget);
    let sides = Sides::new(&scales, (&was, &is), &worlds).unwrap();
    [english(&gains), the_long_way(&scales, &sides)]
}

fn genes() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let edits = prop::collection::vec((0..GENES, any::<u8>()), 1..6);
    let alike = prop::collection::vec((0..ROLES.len(), 0..ROLES.len()), 0..4);
    (prop::collection::vec(any::<u8>(), GENES), edits, alike).prop_map(|(mut old, edits, alike)| {
        let rows = 17;
        let copy = |genes: &mut Vec<u8>| {
            for (from, to) in &alike {
                for at in 0..5 {
                    genes[rows + 5 * to + at] = genes[rows + 5 * from + at];
                }
            }
        };
        copy(&mut old);
        let mut new = old.clone();
        for (at, gene) in edits {
            new[at] = gene;
        }
        // Roles that are written alike in both, or in one alone.
        if alike.len() % 2 == 0 {
            copy(&mut new);
        }
        (old, new)
    })
}

/// The long way is long: a few dozen in every run, as many as `PROPTEST_CASES` says where it is set.
fn config() -> ProptestConfig {
    let config = ProptestConfig {
        failure_persistence: None,
        // Some of what is drawn does not load.
        max_global_rejects: u32::MAX,
        ..ProptestConfig::default()
    };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig {
            cases: 24,
            ..config
        },
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_gained_is_what_the_long_way_says((old, new) in genes()) {
        let (old, new) = (text(&old), text(&new));
        let loaded = (load(&old), load(&new));
        prop_assume!(loaded.0.is_some() && loaded.1.is_some());
        let (was, is) = (loaded.0.unwrap(), loaded.1.unwrap());
        let [short, long] = both(&was, &is);
        prop_assert_eq!(short, long, "{}\n---\n{}", old, new);
    }
}

//! The tests of a proposal: what a reader sees of each route, what is absent, and what must occur nowhere.
//!
//! Refuses nothing; what it asserts is what the first grid gives, and the command runs it before anybody sees it.

use super::api::Accepts;
use super::fixture::{self, Fixture, Sees};
use super::propose::{Mapped, Placed, Proposed};
use super::synth::Synth;
use super::write::{SCHEMA_FILE, Writer, scalar};
use crate::policy::diagnostic::{Lang, Text, say};

/// Assertions of one kind in one test.
const MOST_ASSERTED: usize = 20;
/// A text shorter than this may stand in an answer by chance.
const LONG_ENOUGH: usize = 6;

impl Writer<'_> {
    /// The tests, and the fixtures they read.
    pub(super) fn tests(&self, synth: &mut Synth) -> (String, Vec<(String, String)>) {
        let mut fixtures = Vec::new();
        let mut text = format!("# yaml-language-server: $schema={SCHEMA_FILE}\n");
        text += &self.comment(0, &say!(
            "What the rules promise. The values in the fixtures are made up, none is from the sample.",
            "规则的承诺。样例文件里的值都是编造的，没有一个来自原样例。"
        ));
        text += "tests:\n";
        for one in self.resources {
            let mut number = 0;
            for group in &one.groups {
                for placed in &group.routes {
                    number += 1;
                    let name = format!("fixtures/{}-{number}.json", one.name);
                    let fixture = fixture::of(placed, &one.catalogue, synth);
                    text += &self.test(one, placed, &fixture, &name, number == 1);
                    fixtures.push((name, format!("{}\n", fixture::json(&fixture.body, 0))));
                }
            }
        }
        (text, fixtures)
    }

    fn test(
        &self,
        one: &Proposed,
        placed: &Placed,
        fixture: &Fixture,
        file: &str,
        first: bool,
    ) -> String {
        let call = call(one, placed, fixture);
        let route = format!("GET {}", placed.route.path);
        let named = |title: Text| scalar(title.get(self.lang));
        let mut text = String::new();
        if hides(one, placed) {
            let title = named(say!(
                "{route} is asked for by what the reader may not see",
                "{route} 按看不到的字段查询，被拒绝"
            ));
            text += &format!("  - name: {title}\n    as: reader\n    call: {call}\n");
            text += "    expect_status: 403\n    expect_reason: filter-on-hidden\n";
        } else {
            let title = named(say!(
                "a reader sees of {route} what the grid gives, and nothing else",
                "reader 在 {route} 只看到矩阵给的，别的都没有"
            ));
            text += &format!("  - name: {title}\n    as: reader\n    call: {call}\n");
            text += &format!("    reply: {}\n", scalar(file));
            text += &assertions(fixture, self.lang);
        }
        if first {
            let title = named(say!(
                "without a role {route} is refused",
                "没有角色，{route} 被拒绝"
            ));
            text += &format!(
                "  - name: {title}\n    caller: {{ jwt: staff-idp, claims: {{ roles: [nobody] }} }}\n"
            );
            text +=
                &format!("    call: {call}\n    expect_status: 403\n    expect_reason: no-role\n");
        }
        text
    }
}

/// Whether the path is mapped to a field that the first grid does not show.
fn hides(one: &Proposed, placed: &Placed) -> bool {
    placed.route.parameters.iter().any(|parameter| {
        let mut mapped = one.parameters.iter();
        mapped.any(|(name, mapped)| match mapped {
            Mapped::Field(_, kind) => *name == parameter.name && !kind.is_basic(),
            Mapped::Free => false,
        })
    })
}

/// The route with the fixture's own values in its path.
fn call(one: &Proposed, placed: &Placed, fixture: &Fixture) -> String {
    let mut path = placed.route.path.clone();
    for parameter in &placed.route.parameters {
        let mapped = one.parameters.iter();
        let mapped = mapped.filter(|(name, _)| *name == parameter.name);
        let field = mapped.into_iter().find_map(|(_, mapped)| match mapped {
            Mapped::Field(path, _) => Some(path),
            Mapped::Free => None,
        });
        let mut scalars = fixture.scalars.iter();
        let found = scalars.find(|scalar| field.is_some() && scalar.field.as_ref() == field);
        let value = found.and_then(|scalar| scalar.value.word());
        path = path.replace(
            &format!("{{{}}}", parameter.name),
            &segment(value, parameter.accepts),
        );
    }
    scalar(&format!("GET {path}"))
}

fn segment(value: Option<&str>, accepts: Accepts) -> String {
    let fits = |text: &&str| match accepts {
        Accepts::Int => text.bytes().all(|byte| byte.is_ascii_digit()),
        Accepts::Uuid => text.len() == 36 && text.starts_with("00000000-"),
        Accepts::Any => text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
    };
    let own = match accepts {
        Accepts::Uuid => "00000000-0000-4000-8000-000000000000",
        Accepts::Int | Accepts::Any => "1001",
    };
    value
        .filter(|text| !text.is_empty())
        .filter(fits)
        .unwrap_or(own)
        .to_owned()
}

fn assertions(fixture: &Fixture, lang: Lang) -> String {
    let of = |sees: Sees| {
        let scalars = fixture.scalars.iter();
        scalars.filter(move |scalar| scalar.sees == sees)
    };
    let shown = of(Sees::Shown).map(|one| (&one.path, fixture::json(&one.value, 0)));
    let masked = of(Sees::Masked).map(|one| (&one.path, String::from("masked")));
    let line = |(path, value): (&String, String)| format!("      {}: {value}\n", scalar(path));
    let (shown, shown_more) = cut(shown.map(line));
    let (masked, masked_more) = cut(masked.map(line));
    let mut text = listed("expect", &(shown + &masked), shown_more + masked_more, lang);
    let absent = of(Sees::Nothing).map(|one| format!("      - {}\n", scalar(&one.path)));
    let (absent, more) = cut(absent);
    text += &listed("absent", &absent, more, lang);
    let never = of(Sees::Nothing)
        .chain(of(Sees::Masked))
        .filter_map(|one| one.value.word())
        .filter(|word| word.len() >= LONG_ENOUGH)
        .map(|word| format!("      - {}\n", fixture::quoted(word)));
    let (never, more) = cut(never);
    text += &listed("never", &never, more, lang);
    if text.is_empty() {
        text += "    expect_status: 200\n";
    }
    text
}

/// As many assertions as one test takes, and how many more there would be.
fn cut(lines: impl Iterator<Item = String>) -> (String, usize) {
    let lines: Vec<String> = lines.collect();
    let more = lines.len().saturating_sub(MOST_ASSERTED);
    let kept = lines.into_iter().take(MOST_ASSERTED);
    (kept.collect(), more)
}

/// Assertions of one kind; what was cut is said.
fn listed(key: &str, lines: &str, more: usize, lang: Lang) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!("    {key}:\n{lines}");
    if more > 0 {
        let said = say!(
            "and {more} more that this test does not assert",
            "另有 {more} 项，这条测试没有写"
        );
        text += &format!("      # {}\n", said.get(lang));
    }
    text
}

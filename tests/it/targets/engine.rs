//! The engine under rules of every kind: however an answer is cut, the same leaves, and what is complete is JSON.

use std::sync::LazyLock;

use fieldgate::decide::{Context, Decision, decide_as};
use fieldgate::mask::token::TokenMaster;
use fieldgate::policy::store::Policy;
use fieldgate::policy::{self, RoleId};
use fieldgate::route::Router;
use fieldgate::transform::{BodyLimits, govern};
use http::{HeaderMap, Method};
use serde::de::IgnoredAny;

const RULES: &str = r#"
fieldgate: 1
classes: { plain: { level: 1 }, secret: { level: 4 }, key: { level: 2 } }
resources:
  r:
    at:
      GET /one/{id}: $
      list:
        GET /all: $.items[*]
    fields:
      id: key
      name: { class: secret, mask: cn-name }
      m: { class: secret, mask: "cn-phone" }
      a.b[*].c: plain
      a.b[0].d: secret
      list[?@.k=='x'].v: plain
      list[-1].w: plain
      w: { class: plain, whole: true }
      w.s: secret
      names: { names: plain }
      open: plain
      "$..net": secret
    envelope: { "$.total": show }
    params: { path.id: { whole: 0..9 } }
roles:
  some: { jwt: i, claim: c, has: x }
  other: { jwt: i, claim: c, has: z }
conditions: { opened: { field: open, is: true } }
read:
  r:
    some: { plain: show, secret: mask, key: show }
    other: { plain: "show if opened else mask", secret: token, key: show, only: [opened] }
  r/list:
    some: { plain: show, secret: mask, key: token }
    other: { plain: "show if opened else mask", secret: token, key: show, only: [opened] }
tests_at: 2026-01-01T00:00:00Z
"#;

static RULED: LazyLock<(Policy, Router)> = LazyLock::new(|| {
    let loaded = policy::load_texts(&[("rules.yaml", RULES.as_bytes())]);
    let rules = loaded
        .unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
        .rules;
    let router = Router::new(&rules);
    (Policy::new(1, rules, TokenMaster::test_key()), router)
});

/// The first byte says under which rows, the second how long chunks are.
pub fn run(data: &[u8]) {
    let [rows, length, text @ ..] = data else {
        return;
    };
    let (policy, router) = &*RULED;
    let target = ["/one/7", "/all"][usize::from(rows & 1)];
    let matched = router.resolve(&Method::GET, target).expect("a route");
    let (one, other) = (RoleId(1), RoleId(0));
    let roles = [vec![one], vec![other], vec![other, one]][usize::from(rows >> 1) % 3].clone();
    let context = Context {
        now: 1_767_225_600,
        peer: [127, 0, 0, 1].into(),
        headers: &HeaderMap::new(),
        front: false,
    };
    let Decision::Allow(permit) = decide_as(policy, roles, &matched, context) else {
        panic!("a permit");
    };
    let limits = BodyLimits {
        depth: 24,
        record: 512,
        value: 128,
        ..BodyLimits::default()
    };
    let govern = |length: usize| {
        let chunks = text.chunks(length.max(1));
        govern(permit.plan(), &limits, None, permit.judge(), chunks)
    };
    let whole = govern(text.len());
    let cut = govern(usize::from(*length));
    assert_eq!((&cut.sent, &cut.end), (&whole.sent, &whole.end));
    if whole.end.is_ok() {
        let read: Result<IgnoredAny, _> = serde_json::from_slice(&whole.sent);
        assert!(read.is_ok(), "{}", String::from_utf8_lossy(&whole.sent));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rules_have_the_roles_that_are_asked_for() {
        let names = super::RULED.0.rules.roles.iter().map(|role| &role.name);
        assert!(names.eq(["other", "some"]));
    }
}

//! What resources say of themselves besides their fields, from rule files to the caller's bytes: `strip_as`, and shapes,
//! grids and dictionaries that are written once.

use fieldgate::config::Limits;
use fieldgate::mask::token::TokenMaster;
use fieldgate::model::Reason;
use fieldgate::pipeline::rehearsal::{Call, Reply, Stage, Who, admit, answer};
use fieldgate::policy::diagnostic::Diagnostic;
use fieldgate::policy::store::Policy;
use fieldgate::policy::{RoleId, load_texts};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};

/// A rule set in force.
struct Rules(Stage);

impl Rules {
    fn of(files: &[(&str, &[u8])]) -> Rules {
        let loaded = load_texts(files).unwrap_or_else(|found| panic!("{}", lines(&found)));
        let policy = Policy::new(1, loaded.rules, TokenMaster::test_key());
        Rules(Stage::new(policy, Limits::default()))
    }

    fn text(rules: &str) -> Rules {
        Rules::of(&[("rules.yaml", rules.as_bytes())])
    }

    /// What `role` gets of the upstream's answer.
    fn get(&self, role: &str, target: &str, body: &str) -> Result<String, Reason> {
        let roles = self.0.policy().rules.roles.iter();
        let role = RoleId(roles.clone().position(|one| one.name == role).unwrap());
        let call = Call {
            who: Who::Holder(vec![role]),
            method: Method::GET,
            target: target.to_owned(),
            headers: HeaderMap::new(),
            peer: "127.0.0.1".parse().unwrap(),
            now: 0,
        };
        let reason = |outcome: &fieldgate::pipeline::rehearsal::Outcome| outcome.reason;
        let admitted = admit(&self.0, &call, "").map_err(|refused| reason(&refused).unwrap())?;
        let json = HeaderValue::from_static("application/json");
        let reply = Reply {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: body.as_bytes(),
            chunk: 7,
        };
        let mut out = Vec::new();
        let outcome = answer(&self.0, &admitted, reply, "", &mut out).unwrap();
        match reason(&outcome) {
            None => Ok(String::from_utf8(out).unwrap()),
            Some(reason) => Err(reason),
        }
    }
}

fn lines(found: &[Diagnostic]) -> String {
    let lines: Vec<String> = found.iter().map(Diagnostic::line).collect();
    lines.join("\n")
}

fn some(text: &str) -> Result<String, Reason> {
    Ok(text.to_owned())
}

const BLANKING: &str = "fieldgate: 1
classes: { open: { level: 1 }, secret: { level: 4 } }
resources:
  customer:
    at: { 'GET /customers/{id}': $ }
    fields:
      id: open
      pin: secret
      cards[*].no: secret
      keys: { class: secret, whole: true }
      names: { names: secret }
    params: { path.id: free }
    strip_as: blank
roles:
  teller: { jwt: staff, claim: roles, has: teller }
  guest: { jwt: staff, claim: roles, has: guest }
read:
  customer: { teller: { open: show } }
";

#[test]
fn strip_as_blank_turns_every_strip_of_a_listed_field_into_null() {
    let rules = Rules::text(BLANKING);
    let body = r#"{"id":1,"pin":"0000","cards":[{"no":"6222","x":1},{}],"keys":{"a":[1]},"names":{"a":1},"more":2}"#;
    assert_eq!(
        rules.get("teller", "/customers/1", body),
        some(r#"{"id":1,"pin":null,"cards":[{"no":null},{}],"keys":null}"#),
        "what is not listed goes all the same, and so do names that are data"
    );
    let stripped = Rules::text(&BLANKING.replace("    strip_as: blank\n", ""));
    assert_eq!(
        stripped.get("teller", "/customers/1", body),
        some(r#"{"id":1}"#)
    );
    assert_eq!(rules.get("guest", "/customers/1", body), Err(Reason::NoRow));
}

#[test]
fn what_is_blank_instead_of_stripped_is_searched_by_nobody() {
    let rules = BLANKING.replace("path.id: free", "path.id: free, pin: pin, sort: names");
    let rules = Rules::text(&rules);
    for query in ["pin=0000", "sort=pin"] {
        let found = rules.get("teller", &format!("/customers/1?{query}"), "{}");
        assert_eq!(found, Err(Reason::FilterOnHidden), "{query}");
    }
}

//! Conditions, cells that choose by them, and gates, from rule files to bytes, through the stages of the live proxy.

use std::sync::Arc;

use fieldgate::config::{Front, Limits};
use fieldgate::mask::token::TokenMaster;
use fieldgate::model::{Caller, JwtCredential, Openness};
use fieldgate::pipeline::rehearsal::{Call, End, Reply, Stage, Who, admit, answer};
use fieldgate::policy::condition::Network;
use fieldgate::policy::diagnostic::Diagnostic;
use fieldgate::policy::load_texts;
use fieldgate::policy::store::Policy;
use fieldgate::transform::{BodyLimits, govern};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// 2026-06-01T12:00:00+08:00
const NOON: i64 = 1_780_286_400;

const BASE: &str = "fieldgate: 1
classes: { basic: { level: 1 }, contact: { level: 2 }, secret: { level: 4 } }
resources:
  customer:
    at:
      GET /customers/{id}: $
      list: { GET /customers: '$.items[*]' }
      nested: { GET /nested: $.data }
    fields:
      id: basic
      branch: basic
      phone: { class: contact, mask: cn-phone }
      consent: contact
      status: secret
      born: secret
      tags[*]: secret
    envelope: { $.total: show, $.owner: contact }
    params: { path.id: id, phone: phone, page: { whole: 1..9 } }
roles:
  teller: { jwt: staff, claim: roles, has: teller }
  manager: { jwt: staff, claim: roles, has: manager }
";

/// One rule set, and one call of it.
struct Case {
    stage: Stage,
    call: Call,
}

fn lines(found: &[Diagnostic]) -> String {
    found
        .iter()
        .map(|one| format!("{}\n", one.line()))
        .collect()
}

impl Case {
    /// These rows and conditions; a teller calls for the list.
    #[track_caller]
    fn of(rest: &str) -> Case {
        let rules = load_texts(&[("rules.yaml", format!("{BASE}{rest}").as_bytes())])
            .unwrap_or_else(|mistakes| panic!("{}", lines(&mistakes)))
            .rules;
        let policy = Policy::new(1, rules, TokenMaster::test_key());
        let case = Case {
            stage: Stage::new(policy, Limits::default()),
            call: Call {
                who: Who::Holder(Vec::new()),
                method: Method::GET,
                target: "/customers".to_owned(),
                headers: HeaderMap::new(),
                peer: [127, 0, 0, 1].into(),
                now: NOON,
                body: None,
                stored: None,
            },
        };
        case.claims(json!({"roles": ["teller"]}))
    }

    /// The same, where managers extend tellers.
    #[track_caller]
    fn extending(rest: &str) -> Case {
        let extending = format!("{BASE}{rest}").replacen(
            "manager: { jwt: staff,",
            "manager: { extends: teller, jwt: staff,",
            1,
        );
        let rules = load_texts(&[("rules.yaml", extending.as_bytes())])
            .unwrap_or_else(|mistakes| panic!("{}", lines(&mistakes)))
            .rules;
        let policy = Policy::new(1, rules, TokenMaster::test_key());
        Case {
            stage: Stage::new(policy, Limits::default()),
            ..Case::of(rest)
        }
    }

    fn claims(mut self, claims: Value) -> Case {
        let Value::Object(claims) = claims else {
            panic!("not an object")
        };
        self.call.who = Who::Caller(Caller {
            jwt: Some(Arc::new(JwtCredential {
                issuer: "staff".into(),
                claims,
                sha256: "".into(),
                expires: i64::MAX,
            })),
            certificate: None,
            ..no_caller()
        });
        self
    }

    fn target(mut self, target: &str) -> Case {
        self.call.target = target.to_owned();
        self
    }

    fn peer(mut self, peer: [u8; 4]) -> Case {
        self.call.peer = peer.into();
        self
    }

    fn header(mut self, name: &'static str, value: &'static str) -> Case {
        let name = HeaderName::from_static(name);
        let value = HeaderValue::from_static(value);
        self.call.headers.append(name, value);
        self
    }

    fn now(mut self, now: &str) -> Case {
        self.call.now = now.parse::<jiff::Timestamp>().unwrap().as_second();
        self
    }

    /// What the caller gets of this body, or the reason of the refusal, at every chunk size alike.
    #[track_caller]
    fn gets(&self, body: &str) -> String {
        let admitted = match admit(&self.stage, &self.call, "") {
            Ok(admitted) => admitted,
            Err(outcome) => return outcome.reason.unwrap().code().to_owned(),
        };
        let run = |chunk: usize| {
            let json = HeaderValue::from_static("application/json");
            let reply = Reply {
                status: StatusCode::OK,
                headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
                body: body.as_bytes(),
                chunk,
            };
            let mut sent = Vec::new();
            let outcome = answer(&self.stage, &admitted, reply, "", &mut sent).unwrap();
            match outcome.end {
                End::Complete => String::from_utf8(sent).unwrap(),
                End::Refused | End::Aborted => {
                    assert!(sent.is_empty(), "not one byte before a refusal");
                    outcome.reason.unwrap().code().to_owned()
                }
            }
        };
        let whole = run(body.len());
        for chunk in [1, 2, 3, 7, 64] {
            assert_eq!(run(chunk), whole, "in chunks of {chunk}");
        }
        whole
    }
}

fn no_caller() -> Caller {
    Caller {
        jwt: None,
        certificate: None,
        api_key: None,
        peer: [127, 0, 0, 1].into(),
    }
}

const READ: &str = "read:
  customer/list: { teller: { basic: show, contact: show if agreed else mask } }
  customer: { teller: { basic: show, contact: show if agreed else mask } }
  customer/nested: { teller: { basic: show, contact: show if agreed } }
";

#[test]
fn each_record_is_shown_by_its_own_field() {
    let case = Case::of(&format!(
        "{READ}conditions: {{ agreed: {{ field: consent, is: true }} }}\n"
    ));
    assert_eq!(
        case.gets(
            r#"{"items":[{"id":1,"phone":"13800138000","consent":true}, {"consent":false,"phone":"13800138000"},{"phone":"13800138000"}],"total":3,"owner":"x"}"#
        ),
        r#"{"items":[{"id":1,"phone":"13800138000","consent":true}, {"consent":"***","phone":"138****8000"},{"phone":"138****8000"}],"total":3,"owner":"***"}"#,
        "outside of the records nothing is known of any"
    );
    let phone = |consent: &str| {
        let body = format!(r#"{{"items":[{{"phone":"13800138000"{consent}}}]}}"#);
        case.gets(&body).contains("13800138000")
    };
    assert!(phone(r#","consent":true"#));
    for unknown in [
        r#","consent":"true""#,
        r#","consent":1"#,
        r#","consent":null"#,
        r#","consent":[true]"#,
        r#","consent":true,"consent":true"#,
        r#","consent":true,"\u0063onsent":true"#,
    ] {
        assert!(!phone(unknown), "{unknown}");
    }
}

#[test]
fn a_condition_may_stand_behind_what_it_decides() {
    let case = Case::of(&format!(
        "{READ}conditions: {{ agreed: {{ field: consent, is: true }} }}\n"
    ));
    for target in ["/customers/1", "/nested"] {
        let case = Case {
            stage: Stage::new(
                Policy::new(
                    1,
                    Arc::clone(&case.stage.policy().rules),
                    TokenMaster::test_key(),
                ),
                Limits::default(),
            ),
            call: case.call.clone(),
        }
        .target(target);
        let body = |consent: &str| {
            let record = format!(r#"{{"phone":"1","id":"2","consent":{consent}}}"#);
            match target {
                "/nested" => format!(r#"{{"data":{record}}}"#),
                _ => record,
            }
        };
        assert_eq!(case.gets(&body("true")), body("true"));
        assert!(!case.gets(&body("false")).contains("\"1\""));
    }
}

#[test]
fn a_record_over_the_limit_is_unknown_even_to_exists() {
    let read = "read:\n  customer/list: { teller: { basic: show, contact: show if there else blank, secret: show } }\n";
    let case = Case::of(&format!(
        "{read}conditions: {{ there: {{ field: status, exists: true }} }}\n"
    ));
    let record = |length: usize| {
        let rest = "x".repeat(length - r#"{"phone":"1","status":""}"#.len());
        format!(r#"{{"phone":"1","status":"{rest}"}}"#)
    };
    let limit = BodyLimits::default().record;
    let list = |record: &str| format!(r#"{{"items":[{record}]}}"#);
    let fits = list(&record(limit));
    assert!(case.gets(&fits) == fits);
    let larger = case.gets(&list(&record(limit + 1)));
    assert!(larger.starts_with(r#"{"items":[{"phone":null,"status":"xx"#));
}

const GATED: &str = "read:
  customer/list:
    only: [active]
    teller: { basic: show }
    manager: { only: [near], basic: show, contact: show }
  customer:
    teller: { only: [active], basic: show }
conditions:
  active: { field: status, is: active }
  near: { field: branch, same_as: claim.branch }
";

#[test]
fn records_that_pass_no_gate_are_gone_with_their_comma() {
    let case = Case::of(GATED);
    assert_eq!(
        case.gets(
            r#"{"items":[ {"id":1,"status":"active"} , {"id":2,"status":"closed"},{"id":3}, {"id":4,"status":"active"} ],"total":4}"#
        ),
        r#"{"items":[ {"id":1}, {"id":4} ],"total":4}"#
    );
    assert_eq!(
        case.gets(r#"{"items":[{"id":1,"status":"closed"}, null, 7]}"#),
        r#"{"items":[]}"#
    );
}

#[test]
fn a_single_record_that_passes_no_gate_is_as_one_that_does_not_exist() {
    let case = Case::of(GATED).target("/customers/1");
    assert_eq!(case.gets(r#"{"id":1,"status":"active"}"#), r#"{"id":1}"#);
    for body in [
        r#"{"id":1,"status":"closed"}"#,
        r#"{"id":1}"#,
        r#"{"status":"active","id":1,"status":"active"}"#,
        "null",
        "[]",
    ] {
        assert_eq!(case.gets(body), "no-such-record", "{body}");
    }
}

#[test]
fn a_gate_that_holds_for_what_is_empty_tells_nobody_that_there_is_no_record() {
    let case = Case::of(
        "read:
  customer: { teller: { only: [free], basic: show } }
  customer/nested: { teller: { only: [free], basic: show } }
  customer/list: { teller: { only: [free], basic: show } }
conditions: { free: { field: status, is: empty } }
",
    );
    let single = case.target("/customers/1");
    assert_eq!(single.gets(r#"{"id":1,"status":null}"#), r#"{"id":1}"#);
    assert_eq!(single.gets(r#"{"id":1,"status":"held"}"#), "no-such-record");
    assert_eq!(single.gets("null"), "no-such-record");
    assert_eq!(single.gets(" [ ] "), "no-such-record");
    let nested = single.target("/nested");
    assert_eq!(nested.gets(r#"{"data":{"id":1}}"#), r#"{"data":{"id":1}}"#);
    for body in [r#"{"data":null}"#, r#"{"data":[]}"#, "{}"] {
        assert_eq!(nested.gets(body), "no-such-record", "{body}");
    }
    // In a list, `null` is no record that could be hidden.
    let list = nested.target("/customers");
    assert_eq!(
        list.gets(r#"{"items":[null,{"id":1}]}"#),
        r#"{"items":[null,{"id":1}]}"#
    );
}

#[test]
fn a_204_is_as_a_hidden_record_where_one_may_be_hidden() {
    let reason = |only: &str| {
        let case = Case::of(&format!(
            "read: {{ customer: {{ teller: {{ {only}basic: show }} }} }}
conditions: {{ active: {{ field: status, is: active }} }}
"
        ));
        let case = case.target("/customers/1");
        let admitted = admit(&case.stage, &case.call, "").unwrap();
        let reply = Reply {
            status: StatusCode::NO_CONTENT,
            headers: HeaderMap::new(),
            body: &b""[..],
            chunk: 1,
        };
        let outcome = answer(&case.stage, &admitted, reply, "", &mut Vec::new()).unwrap();
        (outcome.status, outcome.reason.map(|reason| reason.code()))
    };
    assert_eq!(reason(""), (StatusCode::NO_CONTENT, None));
    assert_eq!(
        reason("only: [active], "),
        (StatusCode::NOT_FOUND, Some("no-such-record"))
    );
}

#[test]
fn with_several_roles_each_row_counts_where_its_own_gate_is_true() {
    let both = json!({"roles": ["teller", "manager"], "branch": "0101"});
    let case = Case::of(GATED).claims(both);
    let record = |id: u8, branch: &str, status: &str| {
        format!(r#"{{"id":{id},"branch":"{branch}","phone":"1","status":"{status}"}}"#)
    };
    let body = format!(
        r#"{{"items":[{},{},{}]}}"#,
        record(1, "0101", "active"),
        record(2, "0102", "active"),
        record(3, "0101", "closed"),
    );
    assert_eq!(
        case.gets(&body),
        r#"{"items":[{"id":1,"branch":"0101","phone":"1"},{"id":2,"branch":"0102"}]}"#,
        "the gate of the grid is every row's"
    );
    let manager = json!({"roles": ["manager"], "branch": "0101"});
    let alone = Case::of(GATED).claims(manager);
    assert_eq!(
        alone.gets(&body),
        r#"{"items":[{"id":1,"branch":"0101","phone":"1"}]}"#
    );
    let nowhere = Case::of(GATED).claims(json!({"roles": ["manager"]}));
    assert_eq!(nowhere.gets(&body), r#"{"items":[]}"#);
}

#[test]
fn a_gate_may_stand_at_a_resource_a_group_or_a_row() {
    let rest = "read: { customer/list: { teller: { basic: show } }, customer: { teller: { basic: show } } }
conditions: { active: { field: status, is: active } }
";
    let body = r#"{"items":[{"id":1,"status":"closed"}]}"#;
    let loaded = |from: &str, to: &str, target: &str, body: &str| {
        let text = format!("{BASE}{rest}").replacen(from, to, 1);
        assert_ne!(text, format!("{BASE}{rest}"));
        let rules = load_texts(&[("rules.yaml", text.as_bytes())]);
        let rules = rules.unwrap_or_else(|mistakes| panic!("{}", lines(&mistakes)));
        let policy = Policy::new(1, rules.rules, TokenMaster::test_key());
        let case = Case {
            stage: Stage::new(policy, Limits::default()),
            ..Case::of(rest)
        };
        case.target(target).gets(body)
    };
    let single = r#"{"id":1,"status":"closed"}"#;
    let resource = ("    at:\n", "    only: [active]\n    at:\n");
    assert_eq!(
        loaded(resource.0, resource.1, "/customers", body),
        r#"{"items":[]}"#
    );
    assert_eq!(
        loaded(resource.0, resource.1, "/customers/1", single),
        "no-such-record"
    );
    let group = ("list: { GET", "list: { only: [active], GET");
    assert_eq!(
        loaded(group.0, group.1, "/customers", body),
        r#"{"items":[]}"#
    );
    assert_eq!(
        loaded(group.0, group.1, "/customers/1", single),
        r#"{"id":1}"#
    );
    let row = ("teller: { basic", "teller: { only: [active], basic");
    assert_eq!(loaded(row.0, row.1, "/customers", body), r#"{"items":[]}"#);
    let grid = (
        "customer/list: { teller",
        "customer/list: { only: [active], teller",
    );
    assert_eq!(
        loaded(grid.0, grid.1, "/customers", body),
        r#"{"items":[]}"#
    );
}

#[test]
fn a_gate_that_the_call_closes_lets_no_record_through_and_keeps_the_rest() {
    let case = || {
        Case::of(
            "read:
  customer/list: { teller: { only: [office], basic: show } }
  customer: { teller: { only: [office], basic: show } }
conditions: { office: { hours: 08:00-18:00, zone: Asia/Shanghai } }
",
        )
    };
    let body = r#"{"items":[{"id":1},{"id":2}],"total":2}"#;
    assert_eq!(case().gets(body), body);
    let night = case().now("2026-06-01T23:00:00+08:00");
    assert_eq!(night.gets(body), r#"{"items":[],"total":2}"#);
    let single = night.target("/customers/1");
    assert_eq!(single.gets(r#"{"id":1}"#), "no-such-record");
}

#[test]
fn where_the_call_closes_every_gate_nothing_is_searched() {
    let case = || {
        Case::of(
            "read:
  customer/list: { teller: { only: [office], basic: show, contact: show } }
conditions: { office: { hours: 08:00-18:00, zone: Asia/Shanghai } }
",
        )
        .target("/customers?phone=1")
    };
    let body = r#"{"items":[{"id":1,"phone":"1"}],"total":1}"#;
    assert_eq!(case().gets(body), body);
    let night = case().now("2026-06-01T23:00:00+08:00");
    assert_eq!(night.gets(body), "filter-on-hidden", "the total would tell");
    let page = night.target("/customers?page=1");
    assert_eq!(page.gets(body), r#"{"items":[],"total":1}"#);
}

#[test]
fn the_right_to_find_counts_where_its_row_does() {
    let case = |gate: &str| {
        Case::of(&format!(
            "read:
  customer/list:
    teller: {{ only: [{gate}], basic: show, contact: mask }}
    manager: {{ basic: show, contact: mask }}
find: {{ customer/list: {{ teller: [phone] }} }}
conditions:
  office: {{ hours: 08:00-18:00, zone: Asia/Shanghai }}
  active: {{ field: status, is: active }}
"
        ))
        .target("/customers?phone=13800138000")
    };
    let body = r#"{"items":[]}"#;
    let both = || json!({"roles": ["teller", "manager"]});
    let at_night = |case: Case| case.now("2026-06-01T23:00:00+08:00");
    assert_eq!(case("office").gets(body), body);
    assert_eq!(case("office").claims(both()).gets(body), body);
    assert_eq!(at_night(case("office")).gets(body), "filter-on-hidden");
    assert_eq!(
        at_night(case("office")).claims(both()).gets(body),
        "filter-on-hidden"
    );
    assert_eq!(case("active").gets(body), body);
    assert_eq!(
        case("active").claims(both()).gets(body),
        "filter-on-hidden",
        "it would tell of records that only the manager's row lets out"
    );
}

#[test]
fn a_record_that_shows_nothing_once_its_conditions_are_known_is_removed_and_its_list_stays() {
    let case = Case::of(
        "read:\n  customer/list: { teller: { contact: show if agreed } }\nconditions: { agreed: { field: consent, is: true } }\n",
    );
    assert_eq!(
        case.gets(r#"{"items":[{"id":1,"phone":"1"},{"id":2,"phone":"2","consent":true}]}"#),
        r#"{"items":[{"phone":"2","consent":true}]}"#
    );
    assert_eq!(case.gets(r#"{"items":[{"id":1}]}"#), r#"{"items":[]}"#);
}

#[test]
fn all_any_and_not_mix_what_the_call_and_the_record_say() {
    let case = |claims: Value| {
        Case::of(
            "read:
  customer/list: { teller: { basic: show, contact: show if seen else mask } }
conditions:
  seen: { any: [agreed, trusted] }
  agreed: { all: [consented, strong] }
  trusted: { not: plain }
  consented: { field: consent, is: true }
  plain: { field: status, in: [plain, new] }
  strong: { jwt: staff, mfa: true }
",
        )
        .claims(claims)
    };
    let sees = |case: &Case, consent: &str, status: &str| {
        let body = format!(
            r#"{{"items":[{{"phone":"13800138000","consent":{consent},"status":{status}}}]}}"#
        );
        case.gets(&body).contains("13800138000")
    };
    let strong = case(json!({"roles": "teller", "amr": ["pwd", "mfa"]}));
    let weak = case(json!({"roles": "teller", "amr": ["pwd"]}));
    let silent = case(json!({"roles": "teller"}));
    assert!(sees(&strong, "true", "\"plain\""));
    assert!(!sees(&weak, "true", "\"plain\""));
    assert!(!sees(&silent, "true", "\"plain\""));
    assert!(sees(&weak, "true", "\"old\""));
    assert!(!sees(&strong, "false", "1"), "`not` of unknown is unknown");
    assert!(sees(&strong, "true", "1"), "unknown beside true");
}

#[test]
fn a_search_needs_show_for_the_whole_request() {
    let rules = |contact: &str| {
        format!(
            "read:
  customer/list: {{ teller: {{ basic: show, contact: {contact} }}, manager: {{ only: [active], basic: show, contact: show }} }}
  customer: {{ teller: {{ only: [active], basic: show }} }}
conditions:
  agreed: {{ field: consent, is: true }}
  office: {{ network: 10.0.0.0/8 }}
  active: {{ field: status, is: active }}
"
        )
    };
    let search = |contact: &str, claims: Value, peer: [u8; 4]| {
        let case = Case::of(&rules(contact)).claims(claims).peer(peer);
        case.target("/customers?phone=1").gets(r#"{"items":[]}"#)
    };
    let teller = || json!({"roles": "teller"});
    let (inside, outside) = ([10, 0, 0, 1], [11, 0, 0, 1]);
    let found = r#"{"items":[]}"#;
    assert_eq!(search("show", teller(), inside), found);
    assert_eq!(
        search("show if agreed", teller(), inside),
        "filter-on-hidden"
    );
    assert_eq!(search("show if office", teller(), inside), found);
    assert_eq!(
        search("show if office", teller(), outside),
        "filter-on-hidden"
    );
    // Whoever sees a record at all sees the field in it.
    assert_eq!(search("show", json!({"roles": "manager"}), inside), found);
    let both = || json!({"roles": ["teller", "manager"]});
    assert_eq!(search("mask", both(), inside), "filter-on-hidden");
    // A gate does not keep a record from being asked for by its own number.
    let single = Case::of(&rules("show")).target("/customers/1");
    assert_eq!(single.gets(r#"{"id":1,"status":"active"}"#), r#"{"id":1}"#);
}

#[test]
fn headers_count_only_from_the_networks_of_the_front() {
    let rest = "read: { customer/list: { teller: { basic: show if branch } } }
conditions: { branch: { header: X-Channel, is: branch } }
";
    let body = r#"{"items":[{"id":1}]}"#;
    let case = |peer| Case::of(rest).header("x-channel", "branch").peer(peer);
    assert_eq!(
        case([11, 0, 0, 1]).gets(body),
        body,
        "a test speaks for the front"
    );
    let behind = |case: Case| Case {
        stage: case.stage.behind(Some(Front {
            networks: vec![Network::read("10.0.0.0/8").unwrap()],
            headers: vec![HeaderName::from_static("x-channel")],
        })),
        ..Case::of(rest)
    };
    let with_call = |peer: [u8; 4]| {
        let call = case(peer).call;
        Case {
            call,
            ..behind(Case::of(rest))
        }
    };
    assert_eq!(with_call([10, 0, 0, 1]).gets(body), body);
    assert_eq!(with_call([11, 0, 0, 1]).gets(body), "{}");
    let twice = case([10, 0, 0, 1]).header("x-channel", "branch");
    assert_eq!(twice.gets(body), "{}");
}

#[test]
fn what_happened_to_each_record_is_counted_exactly() {
    let case = Case::of(&format!(
        "{READ}conditions: {{ agreed: {{ field: consent, is: true }} }}\n"
    ));
    let admitted = admit(&case.stage, &case.call, "").unwrap();
    let body = r#"{"items":[{"phone":"1","consent":true},{"phone":"2"},{"phone":"3","consent":true},{"phone":"4","consent":false}]}"#;
    let governed = govern(
        admitted.permit.plan(),
        &BodyLimits::default(),
        None,
        admitted.permit.judge(),
        std::iter::once(body.as_bytes()),
    );
    let listed = admitted.permit.plan().listed();
    let phone = listed.iter().position(|one| one.field == "phone").unwrap();
    let counts: Vec<_> = governed
        .tally
        .of(fieldgate::policy::FieldId(phone))
        .collect();
    assert_eq!(counts, [(Openness::Show, 2), (Openness::Mask, 2)]);
    assert_eq!(governed.tally.records, 4);
    // The plan says the most that may happen.
    assert_eq!(listed[phone].treatment.openness(), Openness::Show);
}

#[test]
fn conditions_keep_to_the_resources_spelling_of_names() {
    let rest = format!("{READ}conditions: {{ agreed: {{ field: CONSENT, is: true }} }}\n");
    let mistakes = load_texts(&[("rules.yaml", format!("{BASE}{rest}").as_bytes())]).unwrap_err();
    let shown = lines(&mistakes);
    assert!(
        shown.contains("FG2065") && shown.contains("`consent`"),
        "{shown}"
    );
    let any_case =
        format!("{BASE}{rest}").replacen("    at:\n", "    keys: any-case\n    at:\n", 1);
    load_texts(&[("rules.yaml", any_case.as_bytes())])
        .unwrap_or_else(|mistakes| panic!("{}", lines(&mistakes)));
}

/// The page's spans in backticks that begin the cells of its tables' first column, one list for each table.
fn written(page: &str) -> Vec<Vec<String>> {
    let mut tables: Vec<Vec<String>> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        let row = line.strip_prefix("| ");
        if row.is_some() && !inside {
            tables.push(Vec::new());
        }
        inside = line.starts_with('|');
        let Some(first) = row.and_then(|row| row.split(" | ").next()) else {
            continue;
        };
        let spans = first.split('`').skip(1).step_by(2).map(str::to_owned);
        tables.last_mut().unwrap().extend(spans);
    }
    tables
}

#[test]
fn every_condition_of_the_page_loads() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/conditions.md")).unwrap();
    let tables = written(&page);
    let [calls, records] = &tables[..] else {
        panic!("two tables, of {tables:?}")
    };
    let mut conditions: Vec<String> = Vec::new();
    let mut last = String::new();
    for span in calls {
        let whole = if span.starts_with('{') {
            last = span.clone();
            span.clone()
        } else if span.starts_with('[') {
            // Another value of the one before.
            let (subject, _) = last.split_once(": ").unwrap();
            format!("{subject}: {span} }}")
        } else {
            // Another test of the one before.
            let (subject, _) = last.rsplit_once(", ").unwrap();
            format!("{subject}, {span} }}")
        };
        conditions.push(whole.replace("[...]", "[branch, phone]"));
    }
    let mut test = "";
    for span in records {
        let whole = match span.split_once(": ") {
            Some((name, _)) => {
                test = name;
                span.clone()
            }
            None => format!("{test}: {span}"),
        };
        conditions.push(format!("{{ field: status, {whole} }}"));
        conditions.push(format!("{{ field: status, {whole}, or: empty }}"));
    }
    assert!(conditions.len() > 30, "{conditions:#?}");
    let rest = "read: { customer/list: { teller: { basic: show } } }\nconditions:\n";
    for condition in conditions {
        let rules = format!("{BASE}{rest}  c: {condition}\n");
        load_texts(&[("rules.yaml", rules.as_bytes())])
            .unwrap_or_else(|mistakes| panic!("{condition}\n{}", lines(&mistakes)));
    }
}

#[test]
fn every_example_of_the_page_loads() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/conditions.md")).unwrap();
    let mut blocks = page.split("```yaml\n").skip(1).map(|block| {
        let (text, _) = block.split_once("```").unwrap();
        text.to_owned()
    });
    let (first, second) = (blocks.next().unwrap(), blocks.next().unwrap());
    assert!(blocks.next().is_none());
    let base = BASE
        .replace(
            "  manager:",
            "  partner: { mtls: ca, san: partner }\n  manager:",
        )
        .replace("consent: contact", "consent.marketing: contact");
    let agreed = "  agreed:  { field: consent.marketing, is: true }\n";
    let read =
        "read: { customer/list: { teller: { only: [seen, trusted, away], basic: show } } }\n";
    for rest in [first, format!("{read}{second}")] {
        assert!(rest.contains(&agreed.trim().replace("  ", " ")) || rest.contains(agreed));
        load_texts(&[("rules.yaml", format!("{base}{rest}").as_bytes())])
            .unwrap_or_else(|mistakes| panic!("{}", lines(&mistakes)));
    }
}

#[test]
fn a_role_that_extends_another_stays_behind_its_gate() {
    let rest = "read:
  customer/list:
    teller: { only: [active], basic: show, contact: show }
    manager: { contact: mask }
conditions: { active: { field: status, is: active } }
";
    let case = Case::extending(rest);
    let case = case.claims(json!({"roles": ["manager"]}));
    assert_eq!(
        case.gets(r#"{"items":[{"id":1,"status":"closed"},{"id":2,"phone":"13800138000","status":"active"}]}"#),
        r#"{"items":[{"id":2,"phone":"138****8000"}]}"#
    );
}

#[test]
fn an_exception_that_is_inherited_does_not_open_in_front_of_its_gate() {
    let rest = "read:
  customer/list:
    teller: { only: [active], basic: show }
    manager: { basic: show }
exceptions: [{ field: customer.phone, role: teller, do: show, reason: r }]
conditions: { active: { field: status, is: active } }
";
    let closing = rest.replacen("do: show", "do: strip", 1);
    let case = |rest: &str| Case::extending(rest).claims(json!({"roles": ["manager"]}));
    let body = r#"{"items":[{"id":1,"phone":"1","status":"closed"},{"id":2,"phone":"2","status":"active"}]}"#;
    assert_eq!(case(rest).gets(body), r#"{"items":[{"id":2,"phone":"2"}]}"#);
    assert_eq!(
        case(&closing).gets(body),
        r#"{"items":[{"id":1},{"id":2}]}"#,
        "what opens nothing needs no gate"
    );
    // A cell of the role's own is not opened by it, so its row stays in front.
    let own = rest.replacen(
        "manager: { basic: show }",
        "manager: { basic: show, contact: mask }",
        1,
    );
    assert_eq!(
        case(&own).gets(body),
        r#"{"items":[{"id":1,"phone":"***"},{"id":2,"phone":"***"}]}"#
    );
}

#[test]
fn a_grid_that_groups_share_brings_its_gate_and_its_conditions() {
    let rest = "grids:
  readers:
    only: [active]
    teller: { basic: show, contact: show if agreed else mask }
read:
  customer: { like: readers }
  customer/list: { like: readers }
conditions:
  active: { field: status, is: active }
  agreed: { field: consent, is: true }
";
    let case = Case::of(rest);
    assert_eq!(
        case.gets(r#"{"items":[{"id":1},{"id":2,"phone":"13800138000","status":"active"}]}"#),
        r#"{"items":[{"id":2,"phone":"138****8000"}]}"#
    );
    let single = case.target("/customers/1");
    assert_eq!(
        single.gets(r#"{"id":1,"status":"closed"}"#),
        "no-such-record"
    );
    let typo = rest.replace("field: status", "field: state");
    let mistakes = load_texts(&[("rules.yaml", format!("{BASE}{typo}").as_bytes())]).unwrap_err();
    assert!(lines(&mistakes).contains("FG2065"));
}

#[test]
fn as_a_role_has_no_claims_and_all_the_rest() {
    let rest = "read:
  customer/list: { teller: { basic: show if near, contact: show if inside, secret: show if late } }
conditions:
  near: { field: branch, same_as: claim.branch }
  inside: { network: 10.0.0.0/8 }
  late: { hours: 22:00-06:00, zone: Asia/Shanghai }
";
    let mut case = Case::of(rest)
        .peer([10, 1, 1, 1])
        .now("2026-06-01T23:00:00+08:00");
    let rules = Arc::clone(&case.stage.policy().rules);
    let teller = rules.roles.iter().position(|role| role.name == "teller");
    case.call.who = Who::Holder(vec![fieldgate::policy::RoleId(teller.unwrap())]);
    assert_eq!(
        case.gets(r#"{"items":[{"id":1,"branch":"0101","phone":"2","status":"x"}]}"#),
        r#"{"items":[{"phone":"2","status":"x"}]}"#
    );
}

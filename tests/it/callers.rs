//! "Callers, roles, merging", sentence by sentence: what a caller with these credentials gets under these rules.
//!
//! Each test names its sentence. The stages are those of the live proxy, without a network.

mod commands;
mod contracts;
mod extending;
mod merging;
mod roles;

use std::net::IpAddr;
use std::sync::Arc;

use fieldgate::config::Limits;
use fieldgate::mask::token::TokenMaster;
use fieldgate::model::{ApiKeyCredential, Caller, CertificateCredential, JwtCredential};
use fieldgate::pipeline::rehearsal::{Call, End, Reply, Stage, Who, admit, answer};
use fieldgate::policy::diagnostic::Diagnostic;
use fieldgate::policy::store::Policy;
use fieldgate::policy::{Loaded, TestCaller, call_parts, load_caller, load_texts};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

/// What the upstream says of one customer, whoever is asked for.
const RECORD: &str =
    r#"{"id":"1","name":"张三丰","phone":"13800138000","card":"6222021234567890127"}"#;
const LIST: &str = r#"{"total":2,"items":[{"id":"1","name":"张三丰"},{"id":"2","name":"欧阳修"}]}"#;

/// Classes and a resource; roles and rows are each test's own.
const CATALOGUE: &str = "fieldgate: 1
classes: { basic: { level: 1 }, contact: { level: 3 }, secret: { level: 4, sensitive: true } }
resources:
  customer:
    at:
      GET /customers/{id}: $
      GET /me: $
      list: { GET /customers: '$.items[*]' }
    person: { field: id, path: id }
    fields:
      id: basic
      name: { class: basic, mask: [cn-name, first1-last1] }
      phone: { class: contact, mask: [cn-phone, last4] }
      card: { class: secret, mask: bank-card }
    envelope: { $.total: show }
    params: { path.id: id }
";

/// A rule set of the catalogue with these sections.
fn load(sections: &str) -> Result<Loaded, Vec<Diagnostic>> {
    let text = format!("{CATALOGUE}{sections}");
    load_texts(&[("rules.yaml", text.as_bytes())])
}

/// The mistakes and lints of a rule set, one line each.
fn told(sections: &str) -> String {
    let found = match load(sections) {
        Ok(loaded) => loaded.warnings,
        Err(mistakes) => mistakes,
    };
    let lines: Vec<String> = found.iter().map(Diagnostic::line).collect();
    lines.join("\n")
}

/// Asserts that a rule set does not load, and that what is said holds these parts.
#[track_caller]
fn refuses(sections: &str, parts: &[&str]) {
    assert!(load(sections).is_err(), "it loads:\n{sections}");
    let told = told(sections);
    for part in parts {
        assert!(told.contains(part), "{part:?} is missing in:\n{told}");
    }
}

/// The proxy under a rule set.
struct Desk(Stage);

/// A request, as most tests send it.
struct Request<'a> {
    caller: &'a str,
    call: &'a str,
    peer: &'a str,
    headers: &'a [(&'a str, &'a str)],
    now: &'a str,
}

impl<'a> Request<'a> {
    /// A call by this caller, written as the `caller:` of a test.
    fn new(caller: &'a str, call: &'a str) -> Request<'a> {
        Request {
            caller,
            call,
            peer: "127.0.0.1",
            headers: &[],
            now: "2026-06-01T10:00:00+08:00",
        }
    }
}

impl Desk {
    #[track_caller]
    fn new(sections: &str) -> Desk {
        let Ok(loaded) = load(sections) else {
            panic!("{}", told(sections));
        };
        let policy = Policy::new(1, loaded.rules, TokenMaster::test_key());
        Desk(Stage::new(policy, Limits::default()))
    }

    /// What this caller gets: the body, or the reason.
    fn gives(&self, caller: &str, call: &str) -> Result<String, &'static str> {
        self.answers(&Request::new(caller, call))
    }

    fn answers(&self, request: &Request<'_>) -> Result<String, &'static str> {
        let call = called(request);
        let admitted = match admit(&self.0, &call, "") {
            Ok(admitted) => admitted,
            Err(outcome) => return Err(outcome.reason.unwrap().code()),
        };
        let json = HeaderValue::from_static("application/json");
        let body = match call.target.starts_with("/customers/") || call.target == "/me" {
            true => RECORD,
            false => LIST,
        };
        let reply = Reply {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: body.as_bytes(),
            chunk: 7,
        };
        let mut sent = Vec::new();
        let outcome = answer(&self.0, &admitted, reply, "", &mut sent).unwrap();
        match outcome.end {
            End::Complete => Ok(String::from_utf8(sent).unwrap()),
            End::Refused | End::Aborted => Err(outcome.reason.unwrap().code()),
        }
    }
}

fn called(request: &Request<'_>) -> Call {
    let (method, target) = call_parts(request.call).unwrap();
    let peer: IpAddr = request.peer.parse().unwrap();
    let headers = request.headers.iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    });
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, value);
    }
    let now: jiff::Timestamp = request.now.parse().unwrap();
    Call {
        who: Who::Caller(caller(request.caller, peer)),
        method,
        target: target.to_owned(),
        headers: map,
        body: None,
        stored: None,
        peer,
        now: now.as_second(),
    }
}

fn caller(text: &str, peer: IpAddr) -> Caller {
    let mut caller = Caller {
        jwt: None,
        certificate: None,
        api_key: None,
        peer,
    };
    let credentials = load_caller("caller", text).unwrap();
    let TestCaller::Credentials { jwt, mtls, api_key } = credentials else {
        return caller;
    };
    let sha256: Arc<str> = "".into();
    caller.jwt = jwt.map(|(issuer, claims)| {
        Arc::new(JwtCredential {
            issuer: issuer.into(),
            claims,
            sha256: sha256.clone(),
            expires: i64::MAX,
        })
    });
    caller.certificate = mtls.map(|(authority, san)| {
        Arc::new(CertificateCredential {
            authority: authority.into(),
            sans: vec![san],
            sha256: sha256.clone(),
        })
    });
    caller.api_key = api_key.map(|name| {
        Arc::new(ApiKeyCredential {
            name: name.into(),
            sha256: sha256.clone(),
        })
    });
    caller
}

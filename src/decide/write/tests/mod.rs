//! What a caller may write, sentence by sentence of the rule language's "Writing".

mod forms;
mod leaves;
mod patches;
mod properties;
mod puts;
mod stored;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use http::{HeaderMap, Method};

use super::*;
use crate::decide::{Context, Decision, decide_as, with_body, with_stored};
use crate::mask::token::TokenMaster;
use crate::policy::store::Policy;
use crate::policy::{
    ClassId, GroupId, ResourceId, Rights, RoleId, RouteRule, RuleSet, TemplateSegment, load_texts,
};
use crate::route::Router;

/// A bank: a teller reads contact masked and writes it, a manager reads and writes more, customers their own.
pub(super) const BANK: &str = "fieldgate: 1
classes:
  basic: { level: 2 }
  contact: { level: 3 }
  identity: { level: 4 }
  transaction: { level: 4 }
  preference: { level: 2 }
  history: { level: 2 }
resources:
  customer:
    at: { 'GET /customers/{id}': $ }
    person: { field: id, path: id }
    params: { path.id: id }
    fields:
      id: basic
      name: { class: basic, mask: cn-name }
      branch: basic
      phones[*].number: { class: contact, mask: cn-phone }
      email: { class: contact, mask: email }
      address.street: { class: contact, mask: cn-address }
      address.city: contact
      id_card: { class: identity, mask: cn-id }
      accounts[*].card_no: { class: transaction, mask: bank-card }
      accounts[*].balance: transaction
      topics: preference
      settings: { class: preference, whole: true }
      settings.pin: identity
      tags[*].key: history
      tags[?@.open==true].value: preference
      limits: { names: preference }
      limits[*]: preference
roles:
  teller: { jwt: staff, claim: roles, has: teller }
  manager: { jwt: staff, claim: roles, has: manager }
  self: { jwt: app, claim: customer_id, same_as: person }
  owner: { jwt: staff, claim: roles, has: owner }
read:
  customer:
    teller: { basic: show, contact: mask, identity: mask }
    manager: { basic: show, contact: show, identity: mask, transaction: show, preference: show, history: show }
    self: { basic: show, contact: show, identity: show, transaction: show, preference: show, history: show }
    owner: { basic: show, contact: show, identity: show, transaction: show, preference: show, history: show }
";

/// Rules with routes that write, and who may do what on them.
#[derive(Clone)]
pub(super) struct World {
    pub rules: RuleSet,
    policy: Option<std::sync::Arc<Policy>>,
}

impl World {
    /// Rules that read.
    pub fn reading(text: &str) -> World {
        let loaded = load_texts(&[("rules.yaml", text.as_bytes())]);
        let rules = loaded
            .unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
            .rules;
        World {
            rules,
            policy: None,
        }
    }

    /// A route beside the first, with its place of the record. `POST` has no last segment.
    pub fn route(mut self, method: &str, change: impl Fn(&mut RouteRule)) -> World {
        let group = &mut self.rules.resources[0].groups[0];
        let mut route = group.routes[0].clone();
        route.method = method.parse().unwrap();
        route.does = Does::by(&route.method);
        route.text = route.text.replace("GET", method);
        route.stored = Some((GroupId(0), 0));
        if method == "POST" {
            route.stored = None;
            if let Some(TemplateSegment::Param { .. }) = route.template.last() {
                route.template.pop();
            }
        }
        change(&mut route);
        group.routes.push(route);
        self
    }

    /// Lets a role do something to classes.
    pub fn right(mut self, role: &str, does: Does, classes: &[&str]) -> World {
        let role = self.role(role);
        let classes: BTreeSet<ClassId> = classes.iter().map(|name| self.class(name)).collect();
        let rights = &mut self.rules.rights;
        let right = rights.entry((ResourceId(0), GroupId(0), role)).or_default();
        let Rights {
            create,
            update,
            delete,
            ..
        } = right;
        match does {
            Does::Create => create.extend(classes),
            Does::Update => update.extend(classes),
            Does::Delete => *delete = true,
            Does::Read => {}
        }
        self
    }

    pub fn writing(mut self, change: impl Fn(&mut crate::policy::Writing)) -> World {
        change(&mut self.rules.resources[0].writing);
        self
    }

    /// Changes an entry of the catalogue.
    pub fn field(mut self, text: &str, change: impl Fn(&mut crate::policy::Field)) -> World {
        let fields = &mut self.rules.resources[0].fields;
        change(fields.iter_mut().find(|field| field.text == text).unwrap());
        self
    }

    pub fn role(&self, name: &str) -> RoleId {
        let mut roles = self.rules.roles.iter();
        RoleId(roles.position(|role| role.name == name).unwrap())
    }

    fn class(&self, name: &str) -> ClassId {
        let mut classes = self.rules.classes.iter();
        ClassId(classes.position(|class| class.name == name).unwrap())
    }

    /// The rules as a policy, kept.
    pub fn kept(mut self) -> World {
        let policy = Policy::new(1, self.rules.clone(), TokenMaster::test_key());
        self.policy = Some(std::sync::Arc::new(policy));
        self
    }

    /// A permit for a call that writes.
    pub fn permit(&self, roles: &[&str], call: &str) -> Result<Permit, Reason> {
        let policy = match &self.policy {
            Some(policy) => std::sync::Arc::clone(policy),
            None => {
                let policy = Policy::new(1, self.rules.clone(), TokenMaster::test_key());
                std::sync::Arc::new(policy)
            }
        };
        let (method, target) = call.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let router = Router::new(&policy.rules);
        let matched = router.resolve(&method, target).unwrap();
        let headers = HeaderMap::new();
        let context = Context {
            now: 0,
            peer: Ipv4Addr::LOCALHOST.into(),
            headers: &headers,
            front: false,
        };
        let roles = roles.iter().map(|role| self.role(role)).collect();
        match decide_as(&policy, roles, &matched, context) {
            Decision::Allow(permit) => Ok(*permit),
            Decision::Deny(denial) => Err(denial.reason),
        }
    }

    /// What goes upstream; or why nothing does.
    pub fn sent(&self, role: &str, call: &str, body: &str) -> Answer {
        let stored = Some((r#"{"id":"1001"}"#, "\"1\""));
        self.sent_as(role, call, body, Sent::default(), stored)
    }

    /// The same of a JSON Patch.
    pub fn patched(&self, role: &str, body: &str) -> Answer {
        let call = "PATCH /customers/1001";
        let stored = Some((r#"{"id":"1001"}"#, "\"1\""));
        self.sent_as(role, call, body, Sent { patch: true }, stored)
    }

    /// The same where `stored` is read first, if it has to be.
    pub fn sent_as(
        &self,
        role: &str,
        call: &str,
        body: &str,
        sent: Sent,
        stored: Option<(&str, &str)>,
    ) -> Answer {
        let roles: Vec<&str> = role.split('+').collect();
        let permit = self.permit(&roles, call).map_err(|it| refusal(it.into()))?;
        assert!(permit.awaits_body() && permit.body().is_none());
        let bytes = Bytes::copy_from_slice(body.as_bytes());
        let limits = Limits {
            depth: 64,
            key: 256,
        };
        let mut permit = with_body(permit, bytes, sent, limits).map_err(refusal)?;
        if let Some(target) = permit.stored() {
            assert!(permit.body().is_none(), "nothing goes before it is judged");
            assert!(call.contains(target));
            let (record, etag) = stored.unzip();
            let etag = etag.and_then(|etag| HeaderValue::from_str(etag).ok());
            let etag = etag.filter(|etag| !etag.is_empty());
            let is_strong = |etag: &HeaderValue| etag.as_bytes().starts_with(b"\"");
            let strong = etag.clone().filter(is_strong);
            permit = with_stored(permit, record, etag.as_ref()).map_err(refusal)?;
            assert_eq!(permit.if_match(), strong.as_ref());
        }
        assert!(permit.stored().is_none());
        let body = permit.body().unwrap();
        Ok(String::from_utf8(body.to_vec()).unwrap())
    }
}

/// What goes upstream; or the reason and the names of a refusal.
pub(super) type Answer = Result<String, (Reason, Vec<String>)>;

fn refusal(unwritable: Unwritable) -> (Reason, Vec<String>) {
    (unwritable.reason, unwritable.names)
}

/// A refusal.
pub(super) fn no(reason: Reason, names: &[&str]) -> Answer {
    Err((
        reason,
        names.iter().map(|name| (*name).to_owned()).collect(),
    ))
}

/// Whether it goes as it came.
pub(super) fn goes(world: &World, role: &str, call: &str, body: &str) {
    assert_eq!(
        world.sent(role, call, body),
        Ok(body.to_owned()),
        "{role} {call} {body}"
    );
}

/// The bank with everything that writes.
pub(super) fn bank() -> World {
    let everything = [
        "basic",
        "contact",
        "identity",
        "transaction",
        "preference",
        "history",
    ];
    World::reading(BANK)
        .route("PATCH", |_| {})
        .route("PUT", |_| {})
        .route("POST", |_| {})
        .route("DELETE", |_| {})
        .right("teller", Does::Update, &["contact"])
        .right("manager", Does::Update, &["basic", "contact", "preference"])
        .right("self", Does::Update, &["contact", "preference"])
        .right("owner", Does::Update, &everything)
        .right("teller", Does::Create, &["basic", "contact"])
        .right("owner", Does::Create, &everything)
        .right("manager", Does::Delete, &[])
        .right("self", Does::Delete, &[])
        .field("id", |field| field.decides = true)
}

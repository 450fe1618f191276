//! The proof that a decision was made, and all it obliges to.

use std::sync::Arc;

use bytes::Bytes;

use crate::policy::AnswerForm;
use crate::policy::contract::ContractNames;
use crate::policy::plan::judge::Judge;
use crate::policy::plan::{Plan, Withheld};
use crate::policy::store::Compiled;

/// Proof that a caller may have what a route names, under the obligations of a plan. Only `decide` makes one.
#[derive(Clone, Debug)]
pub struct Permit {
    compiled: Arc<Compiled>,
    target: String,
    /// Which of the parameters the person is.
    person: Option<usize>,
    mapped: Vec<Mapped>,
    body: Body,
    /// What decides of each record, where records decide.
    judge: Option<Arc<Judge>>,
    /// The path names somebody whose records are withheld.
    withheld: bool,
}

/// What goes upstream besides the head.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    /// Nothing.
    None,
    /// Not judged yet, so the request must not go.
    Awaited,
    /// These bytes, as they came.
    Judged(Bytes),
}

/// A parameter that names data.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// What it is called, as records name it: `phone`, `path.id`.
    pub name: Arc<str>,
    /// Its decoded value: for hashing, never for a log.
    pub value: String,
    /// What it searches is masked for the caller, who may find by it (`find`).
    pub find: bool,
}

impl Permit {
    pub(super) fn new(
        compiled: Arc<Compiled>,
        target: &str,
        person: Option<usize>,
        mapped: Vec<Mapped>,
        judge: Option<Arc<Judge>>,
    ) -> Self {
        let body = match compiled.send {
            Some(_) => Body::Awaited,
            None => Body::None,
        };
        Permit {
            compiled,
            target: target.to_owned(),
            person,
            mapped,
            body,
            judge,
            withheld: false,
        }
    }

    /// The same with the body it awaited, and what of it names data.
    pub(super) fn with_body(mut self, bytes: Bytes, mapped: Vec<Mapped>) -> Self {
        self.mapped.extend(mapped);
        self.body = Body::Judged(bytes);
        self
    }

    /// The same without the records of some persons, and without those that do not say whose they are.
    #[must_use]
    pub fn withholding(mut self, persons: Withheld) -> Self {
        self.withheld = self
            .path_person()
            .is_some_and(|person| persons.holds(person));
        let judge = Judge::withholding(self.judge.as_deref(), self.plan(), persons);
        self.judge = Some(Arc::new(judge));
        self
    }

    /// Whether the path names somebody whose records are withheld, so that nothing of the answer leaves.
    pub fn is_withheld(&self) -> bool {
        self.withheld
    }

    /// Whether the request's body has still to be judged.
    pub fn awaits_body(&self) -> bool {
        self.body == Body::Awaited
    }

    /// The body exactly as the upstream receives it; `None` while it is not judged, when nothing may be sent.
    pub fn body(&self) -> Option<Bytes> {
        match &self.body {
            Body::None => Some(Bytes::new()),
            Body::Awaited => None,
            Body::Judged(bytes) => Some(bytes.clone()),
        }
    }

    /// What decides of each record how it is treated, where the records do.
    pub fn judge(&self) -> Option<&Arc<Judge>> {
        self.judge.as_ref()
    }

    /// What is done to the answer.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.compiled.plan
    }

    /// The plan with all that is the same for every exchange under it.
    pub fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }

    /// How the answer's body is written.
    pub fn answer(&self) -> &AnswerForm {
        &self.compiled.answer
    }

    /// The digest of the plan, as its audit record names it.
    pub fn plan_digest(&self) -> &Arc<str> {
        &self.compiled.digest
    }

    /// The names of the caller's roles here.
    pub fn roles(&self) -> &Arc<[String]> {
        &self.compiled.roles
    }

    /// The contract the exchange runs under.
    pub fn contract(&self) -> Option<&ContractNames> {
        self.compiled.contract.as_ref()
    }

    /// The resource, or `resource/group`.
    pub fn group(&self) -> &str {
        &self.compiled.route.group
    }

    /// The route as the rules write it.
    pub fn route(&self) -> &str {
        &self.compiled.route.route
    }

    /// The upstream the resource names; `None` where there is exactly one.
    pub fn upstream(&self) -> Option<&str> {
        self.compiled.upstream.as_deref()
    }

    /// Exactly what the upstream receives: the target that was matched.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The person the path names.
    pub fn path_person(&self) -> Option<&str> {
        let person = self.mapped.get(self.person?)?;
        Some(&person.value)
    }

    /// The person every record must be of.
    pub fn checked_person(&self) -> Option<&str> {
        self.path_person().filter(|_| self.plan().person_check())
    }

    /// Whether the one record asked for may be hidden, so that none may look otherwise than a hidden one.
    pub fn may_hide(&self) -> bool {
        let gated = self.judge.as_ref().is_some_and(|judge| judge.gates());
        self.plan().is_single() && (self.plan().person_check() || gated)
    }

    /// The parameters that name data.
    pub fn mapped(&self) -> &[Mapped] {
        &self.mapped
    }
}

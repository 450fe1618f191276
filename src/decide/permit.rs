//! The proof that a decision was made, and all it obliges to.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;

use super::write::Sent;
use crate::policy::AnswerForm;
use crate::policy::contract::ContractNames;
use crate::policy::plan::judge::Judge;
use crate::policy::plan::{Plan, Withheld};
use crate::policy::store::{Compiled, FilePass, WriteTerms};
use crate::policy::{Does, FieldId};

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
    /// What decides of a record whether rights to write it count, where it does.
    write_judge: Option<Arc<Judge>>,
    /// What of the target names the stored record.
    stored: Option<String>,
    /// What the stored record must still be when the request arrives.
    if_match: Option<HeaderValue>,
    /// How many leaves of the body write each field.
    written: BTreeMap<FieldId, u64>,
}

/// What goes upstream besides the head.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    /// Nothing.
    None,
    /// Not judged yet, so the request must not go.
    Awaited,
    /// These bytes, as they came or as they were made of what came.
    Judged(Bytes),
    /// These came, or none where the request takes none; the stored record has still to be judged, so it must not go.
    Waiting(Option<(Bytes, Sent)>),
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
        (person, mapped): (Option<usize>, Vec<Mapped>),
        judge: Option<Arc<Judge>>,
        write_judge: Option<Arc<Judge>>,
    ) -> Self {
        let write = compiled.write.as_deref();
        // Under the same parameters, or another record might be judged than is written.
        let stored = write.filter(|write| write.reads_stored());
        let stored = stored.map(|_| target.to_owned());
        let takes_body = match write {
            Some(write) => write.does != Does::Delete,
            None => compiled.send.is_some(),
        };
        let body = match (takes_body, &stored) {
            (true, _) => Body::Awaited,
            (false, Some(_)) => Body::Waiting(None),
            (false, None) => Body::None,
        };
        Permit {
            write_judge,
            stored,
            if_match: None,
            written: BTreeMap::new(),
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
        // Whose record is written only the record says, where the path does not.
        let write = self.compiled.write.as_deref();
        let reads = write.is_some_and(|write| {
            write.stored.is_some() && matches!(write.does, Does::Update | Does::Delete)
        });
        if reads && self.path_person().is_none() {
            self.stored = Some(self.target.to_string());
        }
        self
    }

    /// Whether the path names somebody whose records are withheld, so that nothing of the answer leaves.
    pub fn is_withheld(&self) -> bool {
        self.withheld
    }

    /// The same with a body that waits for the stored record.
    pub(super) fn awaiting_record(
        mut self,
        bytes: Bytes,
        sent: Sent,
        written: BTreeMap<FieldId, u64>,
    ) -> Self {
        self.body = Body::Waiting(Some((bytes, sent)));
        self.written = written;
        self
    }

    /// The same with what is written, nothing being left to judge.
    pub(super) fn with_write(
        mut self,
        bytes: Bytes,
        written: BTreeMap<FieldId, u64>,
        if_match: Option<HeaderValue>,
    ) -> Self {
        self.body = Body::Judged(bytes);
        self.stored = None;
        self.written = written;
        self.if_match = if_match;
        self
    }

    /// The same once the stored record is judged, where that changes nothing about the body.
    pub(super) fn with_record(mut self, if_match: Option<HeaderValue>) -> Self {
        self.stored = None;
        self.if_match = if_match;
        if let Body::Waiting(_) = self.body {
            self.body = Body::None;
        }
        self
    }

    /// The body that waits for the stored record.
    pub fn awaited(&self) -> Option<(Bytes, Sent)> {
        match &self.body {
            Body::Waiting(awaited) => awaited.clone(),
            Body::None | Body::Awaited | Body::Judged(_) => None,
        }
    }

    /// What the request may write, where it writes.
    pub fn write_terms(&self) -> Option<Arc<WriteTerms>> {
        self.compiled.write.clone()
    }

    /// The same to be sent once the stored record was read, though rights may not ask for it.
    #[must_use]
    pub fn reading_stored(mut self) -> Self {
        self.stored = Some(self.target.clone());
        self
    }

    /// What decides of a record whether rights to write it count, where it does.
    pub(super) fn write_judge(&self) -> Option<&Judge> {
        self.write_judge.as_deref()
    }

    /// The target whose answer to GET holds the stored record, which has to be judged before the request may go.
    pub fn stored(&self) -> Option<&str> {
        self.stored.as_deref()
    }

    /// The fields the request writes, as catalogued, and by how many leaves of its body.
    pub fn written(&self) -> Vec<(&str, u64)> {
        let fields = self.compiled.write.iter().flat_map(|write| {
            let named = self.written.iter();
            named.filter_map(|(field, leaves)| {
                Some((&*write.open.fields.get(field.0)?.text, *leaves))
            })
        });
        fields.collect()
    }

    /// The validator that the request must carry as `If-Match`, and no other.
    pub fn if_match(&self) -> Option<&HeaderValue> {
        self.if_match.as_ref()
    }

    /// Whether the request's body has still to be judged.
    pub fn awaits_body(&self) -> bool {
        self.body == Body::Awaited
    }

    /// The body exactly as the upstream receives it; `None` while it is not judged, when nothing may be sent.
    pub fn body(&self) -> Option<Bytes> {
        if self.stored.is_some() {
            return None;
        }
        match &self.body {
            Body::None => Some(Bytes::new()),
            Body::Awaited | Body::Waiting(_) => None,
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

    /// What passes unread. Nothing where what a record holds decides whether it leaves, or where persons are withheld and
    /// the path does not say whose it is: nobody reads it.
    pub fn files(&self) -> &[FilePass] {
        let gated = self.compiled.cases.as_ref().is_some_and(|one| one.gates());
        let withholds = self.judge.as_ref().is_some_and(|judge| judge.gates());
        match gated || (withholds && self.path_person().is_none()) || self.plan().person_check() {
            true => &[],
            false => &self.compiled.files,
        }
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

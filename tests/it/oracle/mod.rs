//! The oracle: "Reading" of the rule language as parse-then-edit, slow, and independent of the engine.
//!
//! The text is read into a tree that keeps every byte; each node's fate is decided from its whole
//! location by matching every path afresh; the white-space rule is applied last. On documents without
//! duplicated names `jsonpath-rust` on a `serde_json::Value` decides which paths match, instead of us.

pub mod filters;
mod judge;
pub mod matching;
pub mod read;
mod render;
pub mod treat;
mod worlds;

use fieldgate::model::Reason;
use fieldgate::policy::{GroupId, ResourceId, RuleSet};

use matching::Queries;
use read::{Document, Tree};
use treat::Treatments;

/// What one caller gets of one route: all that "Reading" depends on but the body.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub rules: &'a RuleSet,
    pub resource: ResourceId,
    pub group: GroupId,
    pub route: usize,
    pub treatments: &'a Treatments,
    /// The person a `same_as: person` caller is.
    pub person: Option<&'a str>,
}

/// What happens to one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The member or element goes, with all in it.
    Gone,
    /// A scalar leaves as it came.
    Same,
    /// This JSON text stands for it.
    Put(String),
    /// The brackets stay; each member or element has its own fate.
    Enter(Vec<Fate>),
}

/// The bytes that leave.
pub fn govern_bytes(view: View<'_>, body: &[u8]) -> Result<Vec<u8>, Reason> {
    let document = read::read(body)?;
    let fate = fate(view, &document)?;
    let sent = render::bytes(&document, &fate).into_bytes();
    let parsed = render::tree(&document.root, &fate).expect("the root stays");
    let again = read::read(&sent).expect("what leaves is JSON").root.tree();
    assert_eq!(again, parsed, "the white-space rule changed a value");
    Ok(sent)
}

/// The value that leaves, blanks aside.
pub fn govern(view: View<'_>, body: &Document) -> Result<Tree, Reason> {
    let fate = fate(view, body)?;
    Ok(render::tree(&body.root, &fate).expect("the root stays"))
}

/// Every node's fate, with `jsonpath-rust` in place of our own matching; `None` where a
/// `serde_json::Value` cannot hold the document or the resource folds case.
pub fn fate_by_jsonpath(view: View<'_>, body: &Document) -> Option<Result<Fate, Reason>> {
    let folds = view.rules.resources[view.resource.0].any_case;
    if folds || body.has_duplicates() {
        return None;
    }
    let queries = Queries::new(&body.root.tree());
    Some(judge::judge(view, Some(&queries), body))
}

/// Every node's fate.
pub fn fate(view: View<'_>, body: &Document) -> Result<Fate, Reason> {
    judge::judge(view, None, body)
}

//! Conditions as rules hold them: a closed list of questions, and what is true, false or unknown about them.
//!
//! Decides nothing about fields, and opens nothing: whoever asks gives what is unknown the more closed of two outcomes.
//! What cannot be read exactly is unknown, never guessed.

mod hours;
mod moment;
mod number;
mod record;
mod truth;

use http::HeaderName;

pub use super::network::{Network, NetworkError};
pub use hours::{Hours, clock};
pub use moment::{Age, When};
pub use number::Number;
pub use record::{holds, text_at};
pub use truth::{Possible, Truth, Truths};

use super::Place;
use crate::path::Path;

/// Index into [`RuleSet::conditions`](super::RuleSet::conditions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConditionId(pub usize);

/// A named condition.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The name rule files use.
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// What it asks, as rule files write it: `field: branch, same_as: claim.branch`.
    pub says: String,
    /// What it asks.
    pub asks: Question,
}

/// What a condition asks.
#[derive(Clone, Debug)]
pub enum Question {
    /// A field of the record.
    Field(FieldTest),
    /// A claim of the caller's token.
    Claim(ClaimCondition),
    /// A header that a trusted front sets: one of these values.
    Header(HeaderName, Vec<String>),
    /// The purpose of the contract the call runs under.
    Purpose(Vec<String>),
    /// Where the call comes from.
    Network(Vec<Network>),
    /// How the caller proved who they are.
    Mfa(Mfa),
    /// The time of day.
    Hours(Hours),
    /// All of these.
    All(Vec<ConditionId>),
    /// One of these.
    Any(Vec<ConditionId>),
    /// Not this.
    Not(ConditionId),
}

impl Question {
    /// The conditions it is made of.
    pub fn parts(&self) -> &[ConditionId] {
        match self {
            Question::All(parts) | Question::Any(parts) => parts,
            Question::Not(part) => std::slice::from_ref(part),
            Question::Field(_)
            | Question::Claim(_)
            | Question::Header(..)
            | Question::Purpose(_)
            | Question::Network(_)
            | Question::Mfa(_)
            | Question::Hours(_) => &[],
        }
    }
}

/// What is asked of a field of the record.
#[derive(Clone, Debug)]
pub struct FieldTest {
    /// As written.
    pub text: String,
    /// Singular: names and indexes only.
    pub path: Path,
    /// What it must be.
    pub is: FieldIs,
    /// `or: empty`
    pub or_empty: bool,
}

/// What a field must be.
#[derive(Clone, Debug)]
pub enum FieldIs {
    /// One of these values, types compared.
    OneOf(Vec<Literal>),
    /// Absent, null or `""`.
    Empty,
    /// There.
    Exists,
    /// A date or moment before this one.
    Before(When),
    /// A date or moment after this one.
    After(When),
    /// A date or moment less long ago.
    YoungerThan(Age),
    /// The same as what the call says.
    SameAs(Other),
}

/// What of a call a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Other {
    /// A claim of the caller's token: its name and the members to walk into it.
    Claim(Vec<String>),
    /// A path parameter.
    Path(String),
}

/// A scalar of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A string.
    Text(String),
    /// A number.
    Number(Number),
    /// A boolean.
    Bool(bool),
}

impl Literal {
    /// Whether it is of the same JSON type as another.
    pub fn is_like(&self, other: &Literal) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Whether it is one of several; unknown where none of them is of its type.
    pub fn among(&self, several: &[Literal]) -> Truth {
        if several.contains(self) {
            Truth::True
        } else if several.iter().any(|one| one.is_like(self)) {
            Truth::False
        } else {
            Truth::Unknown
        }
    }
}

/// What is asked of a claim.
#[derive(Clone, Debug)]
pub struct ClaimCondition {
    /// The issuer's name in `fieldgate.yaml`: the same claim of another says nothing.
    pub issuer: String,
    /// The claim's name and the members to walk into it.
    pub claim: Vec<String>,
    /// What it must be.
    pub is: ClaimIs,
}

/// What a claim must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimIs {
    /// One whole element of an array, or the whole string.
    Has(String),
    /// One of these values, types compared.
    OneOf(Vec<Literal>),
}

/// How a caller must have proved who they are (RFC 8176, OpenID Connect Core).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mfa {
    /// The issuer's name in `fieldgate.yaml`, where it is named.
    pub issuer: Option<String>,
    /// One of these among the token's `amr`.
    pub amr: Vec<String>,
    /// Or one of these as its `acr`.
    pub acr: Vec<String>,
}

/// All conditions that some depend on, themselves among them, sorted.
pub fn closure(
    conditions: &[Condition],
    some: impl IntoIterator<Item = ConditionId>,
) -> Vec<ConditionId> {
    let mut found: Vec<ConditionId> = Vec::new();
    let mut open: Vec<ConditionId> = some.into_iter().collect();
    while let Some(id) = open.pop() {
        if found.contains(&id) {
            continue;
        }
        found.push(id);
        let condition = conditions.get(id.0);
        open.extend(condition.map_or(&[][..], |condition| condition.asks.parts()));
    }
    found.sort_unstable();
    found
}

/// The headers that conditions read.
pub fn headers(conditions: &[Condition]) -> impl Iterator<Item = &HeaderName> {
    conditions.iter().filter_map(|one| match &one.asks {
        Question::Header(name, _) => Some(name),
        _ => None,
    })
}

/// What a call answers to the conditions that it alone decides, in the order of the conditions.
pub type Answers = Vec<(ConditionId, Truth)>;

/// What a call answers to one condition.
pub fn answer(answers: &[(ConditionId, Truth)], id: ConditionId) -> Truth {
    let found = answers.binary_search_by_key(&id, |(known, _)| *known);
    let found = found.ok().and_then(|at| answers.get(at));
    found.map_or(Truth::Unknown, |(_, truth)| *truth)
}

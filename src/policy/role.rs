//! Who a caller is to the rules: roles, and what must be presented to hold one.

use super::Place;
use super::rules::RoleId;

/// Who a caller is to the rules.
#[derive(Clone, Debug)]
pub struct Role {
    /// The name rule files use.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// What a caller must present: one of these, each whole.
    pub matchers: Vec<Matcher>,
    /// The role whose cells and exceptions it has where it has none of its own.
    pub extends: Option<RoleId>,
    /// `contract: required`, its own or inherited: whoever holds it needs a contract in force, and holds no other role.
    pub contract: bool,
}

/// What a caller must present. All of it must hold, and nothing else may be presented.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matcher {
    /// What a token must say.
    pub jwt: Option<JwtMatcher>,
    /// What a client certificate must say.
    pub mtls: Option<MtlsMatcher>,
    /// The name of the API key in `fieldgate.yaml`.
    pub api_key: Option<String>,
}

/// What a token must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtMatcher {
    /// The issuer's name in `fieldgate.yaml`.
    pub issuer: String,
    /// The claim's name and the members to walk into it.
    pub claim: Vec<String>,
    /// What the claim must be.
    pub test: ClaimTest,
}

/// What a claim must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimTest {
    /// One whole element of an array, or the whole string.
    Has(String),
    /// The whole string.
    Is(String),
    /// Equal to the person the path names, and again to the person each record names.
    SameAsPerson,
}

/// What a client certificate must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MtlsMatcher {
    /// The authority's name in `fieldgate.yaml`.
    pub authority: String,
    /// One of the certificate's URI or DNS names, compared exactly.
    pub san: String,
}

impl Role {
    /// Whether the role is tied to the record's person (`same_as: person`).
    ///
    /// Alternatives agree in this: whoever holds it, by whichever of them, is tied or is not.
    pub fn same_as_person(&self) -> bool {
        self.matchers.iter().any(Matcher::same_as_person)
    }
}

impl Matcher {
    /// Whether it asks for the record's person.
    pub fn same_as_person(&self) -> bool {
        let jwt = self.jwt.as_ref();
        jwt.is_some_and(|jwt| jwt.test == ClaimTest::SameAsPerson)
    }
}

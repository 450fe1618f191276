//! Which matchers of roles ask for what a claim says, for a certificate's names or for an API key, found without
//! asking each.
//!
//! Decides nothing: a matcher may ask for more than was found here. A rule set of any number of roles costs a request
//! nothing but those it names.

use std::collections::HashMap;

use super::rules::{ClaimTest, JwtMatcher, Matcher, RoleId, RuleSet};

/// Index into [`Candidates::alternatives`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlternativeId(usize);

/// One of the ways to hold a role.
#[derive(Debug)]
pub struct Alternative {
    /// The role.
    pub role: RoleId,
    /// What must be presented.
    pub matcher: Matcher,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Candidates {
    /// In the order of the roles.
    alternatives: Vec<Alternative>,
    claims: Vec<Claim>,
    /// Those that some matcher compares with the person, in the order of the roles.
    persons: Vec<usize>,
    /// By authority, then by name.
    names: HashMap<String, HashMap<String, Vec<AlternativeId>>>,
    /// By the API key's name.
    keys: HashMap<String, Vec<AlternativeId>>,
}

/// A claim that matchers ask for, and what they want it to say.
#[derive(Debug)]
pub struct Claim {
    /// The issuer's name in `fieldgate.yaml`.
    pub issuer: String,
    /// The claim's name and the members to walk into it.
    pub path: Vec<String>,
    words: HashMap<String, Word>,
    /// `same_as: person`.
    persons: Vec<AlternativeId>,
}

/// The matchers that ask for one word.
#[derive(Debug, Default)]
pub struct Word {
    /// `has`: as the claim, or as an element of it.
    pub has: Vec<AlternativeId>,
    /// `is`: as the claim.
    pub is: Vec<AlternativeId>,
}

impl Claim {
    /// The matchers that ask for this word, if any do.
    pub fn word(&self, word: &str) -> Option<&Word> {
        self.words.get(word)
    }

    /// The matchers that ask for the record's person.
    pub fn persons(&self) -> &[AlternativeId] {
        &self.persons
    }
}

impl Candidates {
    /// Sorts the matchers of a rule set by what they ask for.
    pub fn new(rules: &RuleSet) -> Self {
        let mut candidates = Candidates::default();
        for (at, role) in rules.roles.iter().enumerate() {
            for matcher in &role.matchers {
                candidates.add(RoleId(at), matcher);
            }
        }
        candidates
    }

    fn add(&mut self, role: RoleId, matcher: &Matcher) {
        let id = AlternativeId(self.alternatives.len());
        if let Some(jwt) = &matcher.jwt {
            self.add_claim(id, jwt);
        }
        if let Some(mtls) = &matcher.mtls {
            let names = self.names.entry(mtls.authority.clone()).or_default();
            names.entry(mtls.san.clone()).or_default().push(id);
        }
        if let Some(name) = &matcher.api_key {
            self.keys.entry(name.clone()).or_default().push(id);
        }
        self.alternatives.push(Alternative {
            role,
            matcher: matcher.clone(),
        });
    }

    fn add_claim(&mut self, id: AlternativeId, wanted: &JwtMatcher) {
        let known = |claim: &Claim| claim.issuer == wanted.issuer && claim.path == wanted.claim;
        let at = self.claims.iter().position(known);
        let at = at.unwrap_or_else(|| {
            self.claims.push(Claim {
                issuer: wanted.issuer.clone(),
                path: wanted.claim.clone(),
                words: HashMap::new(),
                persons: Vec::new(),
            });
            self.claims.len() - 1
        });
        let Some(claim) = self.claims.get_mut(at) else {
            return;
        };
        match &wanted.test {
            ClaimTest::Has(word) => {
                let words = claim.words.entry(word.clone()).or_default();
                words.has.push(id);
            }
            ClaimTest::Is(word) => {
                let words = claim.words.entry(word.clone()).or_default();
                words.is.push(id);
            }
            ClaimTest::SameAsPerson => {
                claim.persons.push(id);
                if !self.persons.contains(&at) {
                    self.persons.push(at);
                }
            }
        }
    }

    /// A way to hold a role.
    pub fn alternative(&self, id: AlternativeId) -> Option<&Alternative> {
        self.alternatives.get(id.0)
    }

    /// Every claim that some matcher asks for.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Those of them that name the person, to matchers that ask for the record's.
    pub fn person_claims(&self) -> impl Iterator<Item = &Claim> {
        self.persons.iter().filter_map(|at| self.claims.get(*at))
    }

    /// The matchers that ask for a certificate of this name.
    pub fn named(&self, authority: &str, san: &str) -> &[AlternativeId] {
        let names = self.names.get(authority);
        names
            .and_then(|names| names.get(san))
            .map_or(&[], Vec::as_slice)
    }

    /// The matchers that ask for the API key of this name.
    pub fn keyed(&self, name: &str) -> &[AlternativeId] {
        self.keys.get(name).map_or(&[], Vec::as_slice)
    }
}

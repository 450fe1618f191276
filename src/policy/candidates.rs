//! Which roles ask for what a claim says, and which for a certificate's names, found without asking each.
//!
//! Decides nothing: a role may ask for more than was found here. A rule set of any number of roles costs a request
//! nothing but those it names.

use std::collections::HashMap;

use super::rules::{ClaimTest, JwtMatcher, RoleId, RuleSet};

/// See the module.
#[derive(Debug, Default)]
pub struct Candidates {
    claims: Vec<Claim>,
    /// Those that some role compares with the person, in the order of the roles.
    persons: Vec<usize>,
    /// By authority, then by name.
    names: HashMap<String, HashMap<String, Vec<RoleId>>>,
    /// Roles that ask for nothing.
    anyone: Vec<RoleId>,
}

/// A claim that roles ask for, and what they want it to say.
#[derive(Debug)]
pub struct Claim {
    /// The issuer's name in `fieldgate.yaml`.
    pub issuer: String,
    /// The claim's name and the members to walk into it.
    pub path: Vec<String>,
    words: HashMap<String, Word>,
    /// `same_as: person`.
    persons: Vec<RoleId>,
}

/// The roles that ask for one word.
#[derive(Debug, Default)]
pub struct Word {
    /// `has`: as the claim, or as an element of it.
    pub has: Vec<RoleId>,
    /// `is`: as the claim.
    pub is: Vec<RoleId>,
}

impl Claim {
    /// The roles that ask for this word, if any do.
    pub fn word(&self, word: &str) -> Option<&Word> {
        self.words.get(word)
    }

    /// The roles that ask for the record's person.
    pub fn persons(&self) -> &[RoleId] {
        &self.persons
    }
}

impl Candidates {
    /// Sorts the roles of a rule set by what they ask for.
    pub fn new(rules: &RuleSet) -> Self {
        let mut candidates = Candidates::default();
        for (at, role) in rules.roles.iter().enumerate() {
            let id = RoleId(at);
            if let Some(jwt) = &role.jwt {
                candidates.add_claim(id, jwt);
            }
            if let Some(mtls) = &role.mtls {
                let names = candidates.names.entry(mtls.authority.clone()).or_default();
                names.entry(mtls.san.clone()).or_default().push(id);
            }
            if role.jwt.is_none() && role.mtls.is_none() {
                candidates.anyone.push(id);
            }
        }
        candidates
    }

    fn add_claim(&mut self, role: RoleId, wanted: &JwtMatcher) {
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
                words.has.push(role);
            }
            ClaimTest::Is(word) => {
                let words = claim.words.entry(word.clone()).or_default();
                words.is.push(role);
            }
            ClaimTest::SameAsPerson => {
                claim.persons.push(role);
                if !self.persons.contains(&at) {
                    self.persons.push(at);
                }
            }
        }
    }

    /// Every claim that some role asks for.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Those of them that name the person, to roles that ask for the record's.
    pub fn person_claims(&self) -> impl Iterator<Item = &Claim> {
        self.persons.iter().filter_map(|at| self.claims.get(*at))
    }

    /// The roles that ask for a certificate of this name.
    pub fn named(&self, authority: &str, san: &str) -> &[RoleId] {
        let names = self.names.get(authority);
        names
            .and_then(|names| names.get(san))
            .map_or(&[], Vec::as_slice)
    }

    /// The roles that ask for nothing.
    pub fn anyone(&self) -> &[RoleId] {
        &self.anyone
    }
}

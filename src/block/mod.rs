//! The kill switch: contracts, roles, callers and credentials that get nothing, and persons whose records nobody gets,
//! whatever the rules say.
//!
//! It lives in a file of its own, outside the rule set, and only closes. A file that cannot be read, or is gone after it
//! was there, refuses everybody: nobody knows who was in it.

mod file;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use file::{FileError, change, read};

use crate::model::Caller;

/// What is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Whoever calls under a contract.
    Contract,
    /// Whoever holds a role.
    Role,
    /// Whoever has a name: a token's subject, a certificate's name, an API key's.
    Caller,
    /// One token, certificate or API key, by its SHA-256.
    Credential,
    /// Whose data a record is, by the keyed hash the access log has of them.
    Person,
}

impl Kind {
    /// The word of commands, the file and records.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Contract => "contract",
            Kind::Role => "role",
            Kind::Caller => "caller",
            Kind::Credential => "credential",
            Kind::Person => "person",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.word())
    }
}

/// One block, in force or lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// What.
    pub kind: Kind,
    /// Which, as the rules or the access log name it.
    pub name: String,
    /// Since when: RFC 3339.
    pub since: String,
    /// The operating system's user who said so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Of a person: which key their hash was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Who lifted it, and when; `None` while it is in force.
    pub lifted: Option<Lifted>,
}

/// The end of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifted {
    /// When: RFC 3339.
    pub at: String,
    /// The operating system's user who said so.
    pub by: String,
}

/// Who gets nothing, as the file says at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// All of the file, in its order.
    pub entries: Vec<Block>,
    contracts: HashSet<String>,
    roles: HashSet<String>,
    callers: HashSet<String>,
    credentials: HashSet<String>,
    persons: HashSet<String>,
    everybody: bool,
}

impl Blocks {
    /// What these entries say.
    pub fn new(entries: Vec<Block>) -> Self {
        let mut blocks = Blocks::default();
        for block in entries.iter().filter(|block| block.lifted.is_none()) {
            let names = match block.kind {
                Kind::Contract => &mut blocks.contracts,
                Kind::Role => &mut blocks.roles,
                Kind::Caller => &mut blocks.callers,
                Kind::Credential => &mut blocks.credentials,
                Kind::Person => &mut blocks.persons,
            };
            names.insert(block.name.clone());
        }
        blocks.entries = entries;
        blocks
    }

    /// What to go by where the file cannot be read: nobody gets anything.
    pub fn everybody() -> Self {
        Blocks {
            everybody: true,
            ..Blocks::default()
        }
    }

    /// Those in force.
    pub fn in_force(&self) -> impl Iterator<Item = &Block> {
        self.entries.iter().filter(|block| block.lifted.is_none())
    }

    /// Whether something is blocked.
    pub fn holds(&self, kind: Kind, name: &str) -> bool {
        let names = match kind {
            Kind::Contract => &self.contracts,
            Kind::Role => &self.roles,
            Kind::Caller => &self.callers,
            Kind::Credential => &self.credentials,
            Kind::Person => &self.persons,
        };
        names.contains(name)
    }

    /// All that either blocks.
    #[must_use]
    pub fn and(&self, other: &Blocks) -> Blocks {
        let more = other.without(self).into_iter().cloned();
        Blocks {
            everybody: self.everybody || other.everybody,
            ..Blocks::new(self.entries.iter().cloned().chain(more).collect())
        }
    }

    fn is_idle(&self) -> bool {
        let Blocks {
            entries: _,
            contracts,
            roles,
            callers,
            credentials,
            persons,
            everybody,
        } = self;
        !everybody
            && contracts.is_empty()
            && roles.is_empty()
            && callers.is_empty()
            && credentials.is_empty()
            && persons.is_empty()
    }

    /// Whether a party gets nothing.
    pub fn stop(&self, party: &Party) -> bool {
        if self.is_idle() {
            return false;
        }
        let Party {
            caller,
            person,
            roles,
            contract,
            reach,
        } = party;
        let Caller {
            jwt,
            certificate,
            api_key,
            peer: _,
        } = caller;
        let subject = jwt.as_ref().and_then(|jwt| jwt.claims.get("sub")?.as_str());
        let sans = certificate.iter().flat_map(|one| &one.sans);
        let key = api_key.as_ref().map(|key| &*key.name);
        let mut names = subject
            .into_iter()
            .chain(person.as_deref())
            .chain(sans.map(String::as_str))
            .chain(key);
        let hashes = [
            jwt.as_ref().map(|jwt| &jwt.sha256),
            certificate.as_ref().map(|one| &one.sha256),
            api_key.as_ref().map(|key| &key.sha256),
        ];
        let under = contract.as_deref();
        self.everybody
            || under.is_some_and(|name| self.contracts.contains(name))
            || roles.iter().any(|role| self.roles.contains(role))
            || names.any(|name| self.callers.contains(name))
            || reach.as_ref().is_some_and(|reach| self.reaches(reach))
            || hashes
                .into_iter()
                .flatten()
                .any(|hash| self.credentials.contains(&**hash))
    }

    /// Whether somebody's records are withheld.
    pub fn has_persons(&self) -> bool {
        !self.persons.is_empty()
    }

    /// Whether somebody is withheld by now whose records an exchange may hand out.
    fn reaches(&self, reach: &Reach) -> bool {
        let new = |person: &&String| !reach.withheld.persons.contains(*person);
        let may_be = |person: &String| reach.only.as_ref().is_none_or(|only| only == person);
        self.persons.iter().filter(new).any(may_be)
    }

    /// Whether every person in force was hashed with this key; of others nobody can tell who they are.
    pub fn knows_persons_by(&self, key: &str) -> bool {
        let mut persons = self.in_force().filter(|block| block.kind == Kind::Person);
        persons.all(|block| block.key.as_deref() == Some(key))
    }

    /// Of what is in force here, what is not there.
    pub fn without<'a>(&'a self, other: &Blocks) -> Vec<&'a Block> {
        let known: BTreeSet<(Kind, &str)> = other
            .in_force()
            .map(|block| (block.kind, block.name.as_str()))
            .collect();
        let is_new = |block: &&Block| !known.contains(&(block.kind, block.name.as_str()));
        self.in_force().filter(is_new).collect()
    }
}

/// Who an exchange is with, as far as a block could name it.
#[derive(Clone, Debug)]
pub struct Party {
    /// The verified credentials.
    pub caller: Caller,
    /// Who they say they are where a role compares that with a record's person: its keyed hash, as records have it.
    pub person: Option<String>,
    /// The roles they hold here, once that is known.
    pub roles: Arc<[String]>,
    /// The contract they call under, once that is known.
    pub contract: Option<Arc<str>>,
    /// Whose records they may get, once that is known; `None` where no record says whose it is.
    pub reach: Option<Reach>,
}

/// Whose records an exchange may hand out.
#[derive(Clone, Debug)]
pub struct Reach {
    /// One person's alone, by their keyed hash; else anybody's.
    pub only: Option<String>,
    /// But for those that were withheld when it began.
    pub withheld: Arc<Blocks>,
}

/// The blocks in force, shared by all exchanges, and what wakes those under way when they change.
#[derive(Clone, Debug, Default)]
pub struct Switch(watch::Sender<Arc<Blocks>>);

impl Switch {
    /// The blocks in force.
    pub fn blocks(&self) -> Arc<Blocks> {
        Arc::clone(&self.0.borrow())
    }

    /// Puts blocks in force, and wakes whoever waits.
    pub fn set(&self, blocks: Blocks) {
        self.0.send_replace(Arc::new(blocks));
    }

    /// Whether a party gets nothing.
    pub fn stops(&self, party: &Party) -> bool {
        self.0.borrow().stop(party)
    }

    /// What tells an exchange under way that its party gets nothing any more.
    pub fn cut(&self, party: Party) -> Cut {
        Cut {
            changes: self.0.subscribe(),
            party,
        }
    }
}

/// See [`Switch::cut`].
#[derive(Debug)]
pub struct Cut {
    changes: watch::Receiver<Arc<Blocks>>,
    party: Party,
}

impl Cut {
    /// Whether it is time.
    pub fn is_due(&self) -> bool {
        self.changes.borrow().stop(&self.party)
    }

    /// Waits until it is; for ever where nobody is blocked any more by anyone.
    pub async fn due(&mut self) {
        let Cut { changes, party } = self;
        if changes.wait_for(|blocks| blocks.stop(party)).await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests;

//! The access log as it lies on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use fieldgate::audit;
use serde_json::Value;

/// All whole lines of the only node's log, and what all files of one that ended hold, the rule set's among them.
pub struct Log(pub Vec<Value>, String);

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Log {
    /// What is there now; the line that is being written is left out.
    pub fn read(dir: &Path) -> Log {
        let text = fs::read_to_string(dir.join("gw-1-000001.jsonl")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let records = whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        Log(records.collect(), String::new())
    }

    /// The same, of a log that verifies.
    pub fn verified(dir: &Path) -> Log {
        let mut report = Vec::new();
        if let Err(damage) = audit::verify(dir, &mut report) {
            panic!("{damage}\n{}", String::from_utf8_lossy(&report));
        }
        let Log(records, _) = Log::read(dir);
        Log(records, everything_below(dir))
    }

    /// What all its files hold, of a log that verified.
    pub fn everything(&self) -> &str {
        assert!(!self.1.is_empty(), "it was read while it was written");
        &self.1
    }

    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |record| record["kind"] == kind)
    }

    /// The records of one exchange.
    pub fn of(&self, id: &str) -> Vec<&Value> {
        self.0.iter().filter(|record| record["id"] == id).collect()
    }

    /// The kinds of the records of one exchange, in their order.
    pub fn kinds(&self, id: &str) -> Vec<&str> {
        let of = self.of(id);
        of.iter()
            .map(|record| record["kind"].as_str().unwrap())
            .collect()
    }

    pub fn outcome(&self, id: &str) -> &Value {
        self.one(id, "outcome")
    }

    pub fn intent(&self, id: &str) -> &Value {
        self.one(id, "intent")
    }

    fn one(&self, id: &str, kind: &str) -> &Value {
        let of = self.of(id);
        let mut found = of.into_iter().filter(|record| record["kind"] == kind);
        let one = found
            .next()
            .unwrap_or_else(|| panic!("no `{kind}` of {id}"));
        assert!(found.next().is_none(), "two `{kind}` of {id}");
        one
    }

    /// The persons of an exchange's `persons` records.
    pub fn persons(&self, id: &str) -> Vec<&str> {
        let records = self.of(id).into_iter();
        records
            .filter(|record| record["kind"] == "persons")
            .flat_map(|record| record["persons"].as_array().unwrap())
            .map(|person| person.as_str().unwrap())
            .collect()
    }

    /// Every exchange has one outcome alone, or one intent before it; after a clean stop none lacks its outcome.
    pub fn check_exchanges(&self) {
        let mut exchanges: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for record in self.0.iter().filter(|record| record["id"].is_string()) {
            let id = record["id"].as_str().unwrap();
            exchanges.entry(id).or_default().push(record);
        }
        for (id, records) in exchanges {
            let kinds: Vec<_> = records.iter().map(|record| &record["kind"]).collect();
            let (last, before) = records.split_last().unwrap();
            assert_eq!(last["kind"], "outcome", "{id}: {kinds:?}");
            match before.split_first() {
                None => assert!(
                    last["end"] == "refused"
                        || last["end"] == "aborted"
                        || last["action"] == "preflight",
                    "{last}"
                ),
                Some((first, between)) => {
                    assert_eq!(first["kind"], "intent", "{id}: {kinds:?}");
                    assert_ne!(last["end"], "refused", "{id} was intended: {last}");
                    assert!(
                        between.iter().all(|record| record["kind"] == "persons"),
                        "{id}: {kinds:?}"
                    );
                }
            }
        }
    }

    /// All ids there are.
    pub fn intended(&self) -> BTreeSet<String> {
        self.of_kind("intent")
            .map(|intent| intent["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn everything_below(dir: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&everything_below(&path));
        } else {
            text.push_str(&String::from_utf8_lossy(&fs::read(path).unwrap()));
        }
    }
    text
}

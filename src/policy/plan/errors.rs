//! What may leave of the body of an upstream's error: the paths `errors:` lists, and the containers that lead to them.
//!
//! Refuses nothing by itself. An error carries no record: nobody's person is looked for, and nothing of it is counted.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use arc_swap::ArcSwap;

use super::{Entry, Mode, Plan};
use crate::policy::Resource;
use crate::policy::combine::Treatment;

impl Plan {
    /// The plan for the errors of a resource; `None` where nothing of them may leave.
    pub fn of_errors(resource: &Resource) -> Option<Plan> {
        if resource.errors.is_empty() {
            return None;
        }
        let mut plan = Plan {
            entries: Vec::new(),
            patterns: Vec::new(),
            envelope_from: 0,
            at: Vec::new(),
            several: false,
            asked: Vec::new(),
            unlisted: Mode::Strip,
            // An error has whatever shape it has: what no path leads into is empty.
            drift_show: true,
            any_case: resource.any_case,
            last_names: HashSet::new(),
            record_visible: false,
            person: None,
            person_check: false,
            person_path: None,
            listed: Vec::new(),
            states: ArcSwap::default(),
            ids: Mutex::new(HashMap::new()),
        };
        for path in &resource.errors {
            let shown = Entry {
                treatment: Some(Treatment::Show),
                whole: false,
                names: None,
                field: None,
            };
            plan.add(path, shown)?;
        }
        plan.envelope_from = plan.patterns.len();
        plan.settle_visibility();
        plan.state_id(plan.root());
        Some(plan)
    }
}

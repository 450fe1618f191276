//! Bodies of requests: any bytes are refused, or are leaves of the JSON text that serde_json reads.

use fieldgate::json::Limits;
use fieldgate::route::body::{MOST, Step, Value, read};
use serde_json::Value as Json;

const LIMITS: Limits = Limits {
    depth: 32,
    key: 1 << 10,
};

pub fn run(data: &[u8]) {
    let Ok(leaves) = read(data, LIMITS) else {
        return;
    };
    assert!(leaves.len() <= MOST);
    // Numbers beyond what it can hold are all that serde_json refuses here.
    let Ok(root) = serde_json::from_slice::<Json>(data) else {
        let numbers = leaves
            .iter()
            .any(|leaf| matches!(leaf.value, Value::Number(_)));
        assert!(numbers);
        return;
    };
    assert_eq!(leaves.len(), count(&root, true));
    for leaf in leaves {
        let mut here = &root;
        for step in &leaf.place {
            here = match step {
                Step::Member(name) => &here[name.as_str()],
                Step::Element(index) => &here[usize::try_from(*index).expect("an index")],
            };
        }
        match &leaf.value {
            Value::Text(text) => assert_eq!(here.as_str(), Some(text.as_str())),
            Value::Number(_) => assert!(here.is_number()),
            Value::Word(word) => assert_eq!(here.to_string(), *word),
            Value::Written(_) => panic!("no JSON is a form"),
            Value::Empty => assert!(
                matches!(here, Json::Array(all) if all.is_empty())
                    || matches!(here, Json::Object(all) if all.is_empty())
            ),
        }
    }
}

/// `{}` at the root has no leaf.
fn count(value: &Json, is_root: bool) -> usize {
    match value {
        Json::Object(all) if all.is_empty() => usize::from(!is_root),
        Json::Array(all) if all.is_empty() => 1,
        Json::Object(all) => all.values().map(|one| count(one, false)).sum(),
        Json::Array(all) => all.iter().map(|one| count(one, false)).sum(),
        _ => 1,
    }
}

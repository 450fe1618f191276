//! What is accepted, stripped and merged, against trees that are walked by themselves.

use std::collections::BTreeSet as Set;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const PATCH: &str = "PATCH /customers/1001";
const PUT: &str = "PUT /customers/1001";

/// What each role may write of the bank's places, told by hand: `*` is any element or member.
const WRITABLE: [(&str, &[&str]); 3] = [
    (
        "teller",
        &["phones.*.number", "email", "address.street", "address.city"],
    ),
    (
        "manager",
        &[
            "name",
            "branch",
            "phones.*.number",
            "email",
            "address.street",
            "address.city",
            "topics",
            "settings.**",
            "limits.*",
        ],
    ),
    (
        "self",
        &[
            "phones.*.number",
            "email",
            "address.street",
            "address.city",
            "topics",
            "settings.**",
            "limits.*",
        ],
    ),
];

static BANK_KEPT: LazyLock<World> = LazyLock::new(|| bank().kept());
static STRIPPING: LazyLock<World> = LazyLock::new(|| {
    bank()
        .writing(|it| it.on_forbidden = OnForbidden::Strip)
        .kept()
});
static MERGING: LazyLock<World> =
    LazyLock::new(|| bank().writing(|it| it.on_put = OnPut::MergeHidden).kept());

/// Names that are listed, nearly listed or not, and values of every type.
fn name() -> impl Strategy<Value = String> {
    const NAMES: [&str; 23] = [
        "id", "name", "branch", "phones", "number", "email", "address", "street", "city",
        "id_card", "accounts", "card_no", "balance", "topics", "settings", "pin", "PIN", "tags",
        "limits", "x", "Email", "p_in", "0",
    ];
    proptest::sample::select(&NAMES[..]).prop_map(str::to_owned)
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => Just(json!("text")),
        1 => Just(json!(1)),
        1 => Just(json!(true)),
        1 => Just(Value::Null),
        1 => Just(json!("***")),
        1 => Just(json!({})),
        1 => Just(json!([])),
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            2 => proptest::collection::btree_map(name(), inner.clone(), 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
            1 => proptest::collection::vec(inner, 0..3).prop_map(Value::Array),
        ]
    })
}

/// A record more often of the catalogue's shape than not.
fn record() -> impl Strategy<Value = Value> {
    let text = || prop_oneof![3 => Just(json!("a")), 1 => Just(json!("b")), 1 => Just(json!(3))];
    let phone = || text().prop_map(|number| json!({ "number": number }));
    let shaped = (
        proptest::option::of(text()),
        proptest::option::of(text()),
        proptest::option::of(proptest::collection::vec(phone(), 0..3)),
        proptest::option::of((text(), text())),
        proptest::option::of(proptest::collection::vec(text(), 0..3)),
        proptest::option::of(tree()),
        proptest::option::of((name(), tree())),
    );
    shaped.prop_map(
        |(email, branch, phones, address, topics, settings, other)| {
            let mut record = Map::new();
            let mut add = |name: &str, value: Option<Value>| {
                record.extend(value.map(|value| (name.to_owned(), value)));
            };
            add("email", email);
            add("branch", branch);
            add("phones", phones.map(Value::Array));
            add(
                "address",
                address.map(|(city, street)| json!({ "city": city, "street": street })),
            );
            add("topics", topics.map(Value::Array));
            add("settings", settings.filter(Value::is_object));
            if let Some((name, value)) = other {
                add(&name, Some(value));
            }
            Value::Object(record)
        },
    )
}

/// The way one step further.
fn further(way: &str, step: &str) -> String {
    match way {
        "" => step.to_owned(),
        way => format!("{way}.{step}"),
    }
}

/// Every scalar and every empty container, with the way to it.
fn leaves(value: &Value, way: &str, found: &mut Vec<(String, Value)>) {
    let next = |step: &str| further(way, step);
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                leaves(value, &next(name), found);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (index, value) in elements.iter().enumerate() {
                leaves(value, &next(&format!("[{index}]")), found);
            }
        }
        leaf => found.push((way.to_owned(), leaf.clone())),
    }
}

/// Whether a way is one a role may write, by the list above: elements only where the list has a star below an array.
fn may_write(role: &str, way: &str) -> bool {
    let (_, places) = WRITABLE.iter().find(|(name, _)| *name == role).unwrap();
    if way == "id" {
        return true;
    }
    places.iter().any(|place| {
        let mut steps = way.split('.');
        for wanted in place.split('.') {
            let Some(step) = steps.next() else {
                return wanted == "**";
            };
            let element = step.starts_with('[');
            let fits = match wanted {
                "**" => {
                    return !way
                        .to_lowercase()
                        .replace(['_', '-'], "")
                        .starts_with("settings.pin");
                }
                "*" if place.starts_with("limits") => true,
                "*" => element,
                name => step == name,
            };
            if !fits {
                return false;
            }
        }
        // A class covers an array of scalars too.
        steps
            .next()
            .is_none_or(|step| step.starts_with('[') && steps.next().is_none())
    })
}

/// The tree without what the role may not write, and without what that empties.
fn stripped(role: &str, value: &Value, way: &str) -> Option<Value> {
    let next = |step: &str| further(way, step);
    match value {
        Value::Object(members) if !members.is_empty() => {
            let left = members.iter();
            let left: Map<String, Value> = left
                .filter_map(|(name, value)| {
                    Some((name.clone(), stripped(role, value, &next(name))?))
                })
                .collect();
            (!left.is_empty()).then_some(Value::Object(left))
        }
        Value::Array(elements) if !elements.is_empty() => {
            let left = elements.iter().enumerate();
            let left: Vec<Value> = left
                .filter_map(|(index, value)| stripped(role, value, &next(&format!("[{index}]"))))
                .collect();
            (!left.is_empty()).then_some(Value::Array(left))
        }
        // What an empty container stands for is another rule's matter.
        Value::Object(_) | Value::Array(_) => Some(value.clone()),
        leaf => may_write(role, way).then(|| leaf.clone()),
    }
}

/// A value, and nothing that stands for whatever else is listed there.
fn is_value(leaf: &Value) -> bool {
    !leaf.is_object() && !leaf.is_array() && !leaf.is_null()
}

fn role() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("teller"), Just("manager"), Just("self")]
}

/// A pointer to a place of the catalogue or beside it.
fn pointer() -> impl Strategy<Value = String> {
    const STEPS: [&str; 18] = [
        "email", "address", "city", "street", "phones", "number", "topics", "settings", "pin", "a",
        "accounts", "balance", "id_card", "branch", "score", "0", "1", "-",
    ];
    let step = proptest::sample::select(&STEPS[..]);
    proptest::collection::vec(step, 1..4).prop_map(|steps| format!("/{}", steps.join("/")))
}

/// A pointer that leads somewhere, more often than not.
fn known() -> impl Strategy<Value = String> {
    const PLACES: [&str; 14] = [
        "/email",
        "/address/city",
        "/address/street",
        "/phones/0/number",
        "/phones/1",
        "/phones/-",
        "/topics/0",
        "/topics/-",
        "/settings/a",
        "/settings/pin",
        "/accounts/0/balance",
        "/id_card",
        "/branch",
        "/phones",
    ];
    prop_oneof![3 => proptest::sample::select(&PLACES[..]).prop_map(str::to_owned), 1 => pointer()]
}

fn operation() -> impl Strategy<Value = Value> {
    let value = || {
        prop_oneof![
            3 => Just(json!("new")),
            1 => Just(json!({ "number": "new" })),
            1 => Just(json!(["new"])),
            1 => Just(json!([])),
            1 => tree(),
        ]
    };
    let op = |words: &'static [&'static str]| proptest::sample::select(words);
    prop_oneof![
        3 => (op(&["add", "replace"]), known(), value())
            .prop_map(|(op, path, value)| json!({ "op": op, "path": path, "value": value })),
        1 => known().prop_map(|path| json!({ "op": "remove", "path": path })),
        2 => (op(&["copy", "move"]), known(), known())
            .prop_map(|(op, from, path)| json!({ "op": op, "from": from, "path": path })),
        1 => (known(), prop_oneof![Just(json!("a")), Just(json!("secret-1")), value()])
            .prop_map(|(path, value)| json!({ "op": "test", "path": path, "value": value })),
    ]
}

/// A record as the bank stores it: every place filled, with something hidden in each container.
fn full(role: &str, secret: &str) -> Value {
    // What the role does not see as it is stored.
    let identity = if role == "self" { "c" } else { secret };
    let transaction = if role == "teller" { secret } else { "c" };
    json!({
        "id": "1001", "name": "n", "branch": "b", "email": "a", "score": secret, "id_card": identity,
        "address": { "city": "a", "street": "b", "geo": secret },
        "phones": [{ "number": "a", "since": secret }, { "number": "b", "since": secret }],
        "topics": ["a", "b"],
        "settings": { "a": "a", "pin": identity },
        "accounts": [{ "balance": transaction, "card_no": transaction }],
    })
}

/// RFC 6902, as far as these operations go; `None` where one fails.
fn apply(record: &Value, operations: &[Value]) -> Option<Value> {
    let mut record = record.clone();
    for operation in operations {
        let text = |name: &str| operation[name].as_str();
        let path = text("path")?;
        match text("op")? {
            "add" => add(&mut record, path, operation["value"].clone())?,
            "remove" => drop(take(&mut record, path)?),
            "replace" => *record.pointer_mut(path)? = operation["value"].clone(),
            "test" => (record.pointer(path)? == &operation["value"]).then_some(())?,
            "copy" => {
                let value = record.pointer(text("from")?)?.clone();
                add(&mut record, path, value)?;
            }
            "move" => {
                let value = take(&mut record, text("from")?)?;
                add(&mut record, path, value)?;
            }
            _ => return None,
        }
    }
    Some(record)
}

fn add(record: &mut Value, path: &str, value: Value) -> Option<()> {
    let (above, last) = path.rsplit_once('/')?;
    match record.pointer_mut(above)? {
        Value::Object(members) => drop(members.insert(last.to_owned(), value)),
        Value::Array(elements) => {
            let index = if last == "-" {
                elements.len()
            } else {
                last.parse().ok()?
            };
            (index <= elements.len()).then(|| elements.insert(index, value))?;
        }
        _ => return None,
    }
    Some(())
}

fn take(record: &mut Value, path: &str) -> Option<Value> {
    let (above, last) = path.rsplit_once('/')?;
    match record.pointer_mut(above)? {
        Value::Object(members) => members.remove(last),
        Value::Array(elements) => {
            let index: usize = last.parse().ok()?;
            (index < elements.len()).then(|| elements.remove(index))
        }
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_accepted_holds_only_leaves_the_role_may_write(role in role(), body in record()) {
        let text = body.to_string();
        let sent = BANK_KEPT.sent(role, PATCH, &text);
        let mut found = Vec::new();
        leaves(&body, "", &mut found);
        let scalars = found.iter().filter(|(_, leaf)| is_value(leaf));
        let all: Set<bool> = scalars.map(|(way, _)| may_write(role, way)).collect();
        match sent {
            Ok(sent) => {
                prop_assert_eq!(sent, text);
                prop_assert!(!all.contains(&false), "{} {:?}", role, found);
            }
            Err((Reason::FieldNotWritable, names)) => {
                prop_assert!(!names.is_empty());
                let empties = found.iter().any(|(_, leaf)| !is_value(leaf));
                prop_assert!(all.contains(&false) || empties, "{} {:?}", role, body);
            }
            Err((reason, _)) => prop_assert!(
                matches!(
                    reason,
                    Reason::EmptyWrite | Reason::DuplicateKey | Reason::WouldErase | Reason::MaskedValueWrittenBack | Reason::PersonMismatch
                ),
                "{:?}", reason
            ),
        }
    }

    #[test]
    fn what_is_stripped_is_exactly_what_the_role_may_not_write(role in role(), body in record()) {
        let Ok(sent) = STRIPPING.sent(role, PATCH, &body.to_string()) else {
            return Ok(());
        };
        let sent: Value = serde_json::from_str(&sent).unwrap();
        let mut found = Vec::new();
        leaves(&sent, "", &mut found);
        for (way, leaf) in &found {
            prop_assert!(!is_value(leaf) || may_write(role, way), "{} {}", role, way);
        }
        let mut before = Vec::new();
        leaves(&body, "", &mut before);
        if before.iter().all(|(_, leaf)| is_value(leaf)) {
            prop_assert_eq!(Some(sent), stripped(role, &body, ""));
        }
    }

    #[test]
    fn what_is_hidden_is_as_it_was_and_what_is_sent_stands_there(
        role in prop_oneof![Just("manager"), Just("self")],
        stored in record(),
        secret in proptest::option::of(tree()),
        body in record(),
    ) {
        let mut stored = stored;
        let members = stored.as_object_mut().unwrap();
        members.insert(String::from("id"), json!("1001"));
        members.insert(String::from("score"), json!(7));
        if let Some(secret) = secret {
            members.insert(String::from("id_card"), secret);
        }
        let stored_text = stored.to_string();
        let record = Some((stored_text.as_str(), "\"v\""));
        let sent = MERGING.sent_as(role, PUT, &body.to_string(), Sent::default(), record);
        let Ok(sent) = sent else { return Ok(()) };
        let sent: Value = serde_json::from_str(&sent).unwrap();
        // The body stands there.
        let mut asked = Vec::new();
        leaves(&body, "", &mut asked);
        for (way, leaf) in &asked {
            let is_empty = leaf.is_object() || leaf.is_array();
            let there = at(&sent, way);
            prop_assert!(is_empty || there == Some(leaf), "{} of {}: {:?}", way, body, there);
        }
        // What the role may not write is as it was; the bank shows these roles all that they write.
        let mut before = Vec::new();
        leaves(&stored, "", &mut before);
        for (way, leaf) in &before {
            // An empty list of what the role sees and writes is theirs to leave out.
            let is_empty = !is_value(leaf) && !way.starts_with("id_card");
            if (!may_write(role, way) && !is_empty) || way == "id" {
                prop_assert_eq!(at(&sent, way), Some(leaf), "{} of {}", way, sent);
            }
        }
        // Nothing comes from anywhere else.
        let mut after = Vec::new();
        leaves(&sent, "", &mut after);
        for (way, leaf) in &after {
            let known = at(&body, way) == Some(leaf) || at(&stored, way) == Some(leaf);
            prop_assert!(known || leaf.is_object(), "{} of {}", way, sent);
        }
    }

    #[test]
    fn i03_no_patch_changes_moves_or_asks_for_what_is_hidden(
        role in role(),
        operations in proptest::collection::vec(operation(), 1..4),
    ) {
        let text = Value::Array(operations.clone()).to_string();
        let stored = Some((r#"{"id":"1001"}"#, ""));
        if BANK_KEPT.sent_as(role, PATCH, &text, Sent { patch: true }, stored).is_err() {
            return Ok(());
        }
        let (one, other) = (full(role, "secret-1"), full(role, "secret-2"));
        let (left, other) = (apply(&one, &operations), apply(&other, &operations));
        // Whether it works does not tell what is hidden.
        prop_assert_eq!(left.is_some(), other.is_some(), "{}", text);
        let Some(left) = left else { return Ok(()) };
        let seen = left.to_string().replace("secret-1", "?");
        let other = other.map(|other| other.to_string().replace("secret-2", "?"));
        prop_assert_eq!(Some(seen), other, "{}", text);
        // What is hidden or may not be written stands where it stood, or went with what the caller took out whole.
        let mut before = Vec::new();
        leaves(&one, "", &mut before);
        for (way, leaf) in &before {
            let lies_in_list = way.starts_with("phones");
            // What no entry lists goes with a container that may be written whole.
            let went_along = way.starts_with("address.geo") && at(&left, way).is_none();
            if !may_write(role, way) && !lies_in_list && !went_along {
                prop_assert_eq!(at(&left, way), Some(leaf), "{}: {}", way, text);
            }
        }
        let mut after = Vec::new();
        leaves(&left, "", &mut after);
        // Elements move where one is put before them; none goes whose number the caller does not see.
        let in_list = |found: &[(String, Value)]| {
            let hidden = |(way, leaf): &&(String, Value)| way.starts_with("phones") && leaf == "secret-1";
            found.iter().filter(hidden).count()
        };
        prop_assert!(role != "teller" || in_list(&before) == in_list(&after), "{}", text);
        for (way, leaf) in &after {
            let is_secret = leaf.as_str() == Some("secret-1");
            prop_assert!(!is_secret || at(&one, way).is_some() || way.starts_with("phones"), "{}: {}", way, text);
        }
    }
}

fn at<'v>(value: &'v Value, way: &str) -> Option<&'v Value> {
    way.split('.')
        .filter(|step| !step.is_empty())
        .try_fold(value, |here, step| {
            let index = step
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            match index {
                Some(index) => here.as_array()?.get(index.parse::<usize>().ok()?),
                None => here.as_object()?.get(step),
            }
        })
}

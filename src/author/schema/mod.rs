//! The JSON Schema (2020-12) of rule files, for editors: which keys there are, what they hold and what they mean.
//!
//! Refuses, as `check` does, every key that is unknown or not built yet ([`NOT_YET`]); a test tries each key in each place
//! both ways. What names mean, and whether they exist, only `check` knows.

mod callers;
mod grids;
mod resources;
mod tests_of_rules;

use serde_json::{Map, Value, json};

use crate::policy::diagnostic::{Lang, Text, say};

/// Keys of the language that `check` refuses so far, as `place.key`; they are left out. What is built leaves this list.
const NOT_YET: &[&str] = &[];

/// What an entry of an object is.
struct Entry {
    name: &'static str,
    about: Text,
    schema: Value,
    needed: bool,
}

fn entry(name: &'static str, schema: Value, about: Text) -> Entry {
    Entry {
        name,
        about,
        schema,
        needed: false,
    }
}

fn needed(name: &'static str, schema: Value, about: Text) -> Entry {
    Entry {
        needed: true,
        ..entry(name, schema, about)
    }
}

/// Another place of the schema.
fn at(place: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{place}") })
}

/// Names of one's own, each with what stands at the place.
fn map_of(place: &str) -> Value {
    json!({ "type": "object", "additionalProperties": at(place) })
}

fn list_of(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// One, or a list of them.
fn one_or_more(of: Value) -> Value {
    json!({ "anyOf": [of, { "type": "array", "items": of, "minItems": 1 }] })
}

fn one_of(words: &[&str]) -> Value {
    json!({ "enum": words })
}

fn is_built(place: &str, key: &str) -> bool {
    !NOT_YET
        .iter()
        .any(|later| later.split_once('.') == Some((place, key)))
}

/// Every place there is, by its name.
struct Places {
    lang: Lang,
    defs: Map<String, Value>,
}

impl Places {
    fn add(&mut self, place: &str, schema: Value) {
        self.defs.insert(place.to_owned(), schema);
    }

    fn said(&self, text: &Text) -> String {
        text.get(self.lang).to_owned()
    }

    /// An object of these keys alone.
    fn closed(&self, place: &str, entries: Vec<Entry>) -> Value {
        let built = || entries.iter().filter(|entry| is_built(place, entry.name));
        let needed: Vec<&str> = built()
            .filter(|entry| entry.needed)
            .map(|entry| entry.name)
            .collect();
        let mut properties = Map::new();
        for entry in built() {
            let mut schema = entry.schema.clone();
            if let Some(schema) = schema.as_object_mut() {
                schema.insert(String::from("description"), self.said(&entry.about).into());
            }
            properties.insert(entry.name.to_owned(), schema);
        }
        let mut schema = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        if let Some(object) = schema.as_object_mut()
            && !needed.is_empty()
        {
            object.insert(String::from("required"), needed.into());
        }
        schema
    }

    fn add_closed(&mut self, place: &str, entries: Vec<Entry>) {
        let schema = self.closed(place, entries);
        self.add(place, schema);
    }
}

/// The schema as text.
pub fn document(lang: Lang) -> String {
    let mut places = Places {
        lang,
        defs: Map::new(),
    };
    // Unquoted numbers and booleans keep their text where a text is meant.
    places.add("text", json!({ "type": ["string", "number", "boolean"] }));
    grids::add(&mut places);
    resources::add(&mut places);
    callers::add(&mut places);
    tests_of_rules::add(&mut places);
    let mut schema = places.closed("rules", sections());
    if let Some(object) = schema.as_object_mut() {
        let about = say!(
            "Rules of Fieldgate: who sees which field of an API's answers",
            "Fieldgate 规则：谁能看到接口响应里的哪些字段"
        );
        object.insert(
            String::from("$schema"),
            "https://json-schema.org/draft/2020-12/schema".into(),
        );
        object.insert(String::from("title"), places.said(&about).into());
        object.insert(String::from("$defs"), Value::Object(places.defs));
    }
    format!("{schema:#}\n")
}

fn sections() -> Vec<Entry> {
    vec![
        entry(
            "fieldgate",
            json!({ "const": 1 }),
            say!(
                "The version of the language; one file of a rule set says it",
                "规则语言的版本；一套规则里有一个文件写明即可"
            ),
        ),
        entry(
            "classes",
            map_of("class"),
            say!(
                "What data is: classes of fields",
                "数据类别：字段分成哪几类"
            ),
        ),
        entry(
            "masks",
            map_of("mask"),
            say!(
                "Masks of one's own, beside the built-in ones",
                "自定义的脱敏方式，内置的不用写"
            ),
        ),
        entry(
            "resources",
            map_of("resource"),
            say!(
                "Kinds of records, the routes that answer with them, and their fields",
                "资源：一类记录、返回它的路由、它的字段"
            ),
        ),
        entry(
            "roles",
            map_of("role"),
            say!("Who a caller is to the rules", "角色：调用方凭什么身份"),
        ),
        entry(
            "read",
            map_of("rows"),
            say!(
                "Who sees what: resource or group, role, class, outcome. What is not named is removed",
                "谁看什么：资源或路由组 → 角色 → 类别 → 处理方式。没写的就是删除"
            ),
        ),
        entry(
            "grids",
            map_of("grid"),
            say!(
                "Grids that several groups take with `like`",
                "几个路由组共用的权限表，用 `like` 引用"
            ),
        ),
        entry(
            "create",
            map_of("written"),
            say!(
                "Who may give which classes a value in a new record: resource or group, role, classes",
                "谁能新建：资源或路由组 → 角色 → 可写的类别"
            ),
        ),
        entry(
            "update",
            map_of("written"),
            say!(
                "Who may change which classes: resource or group, role, classes",
                "谁能修改：资源或路由组 → 角色 → 可写的类别"
            ),
        ),
        entry(
            "delete",
            json!({ "type": "object", "additionalProperties": list_of(at("text")) }),
            say!(
                "Who may delete records: resource or group, roles",
                "谁能删除：资源或路由组 → 角色"
            ),
        ),
        entry(
            "find",
            json!({ "type": "object", "additionalProperties": {
            "type": "object", "additionalProperties": list_of(at("text"))
        } }),
            say!(
                "Parameters by whose exact value a role may look somebody up, though the field is masked for it: group, role, parameters",
                "角色可以凭准确取值查找的参数（即使字段对它脱敏）：路由组 → 角色 → 参数"
            ),
        ),
        entry(
            "exceptions",
            list_of(at("exception")),
            say!(
                "Single fields that differ from their class, for one role",
                "例外：某角色的个别字段和所属类别不同"
            ),
        ),
        entry(
            "ceilings",
            list_of(at("ceiling")),
            say!(
                "Nobody gets more than this, whatever their roles",
                "上限：不管有什么角色，最多看到这么多"
            ),
        ),
        entry(
            "conditions",
            map_of("condition"),
            say!(
                "Questions that cells (`show if NAME`) and gates (`only: [NAME]`) ask",
                "条件：供格子（`show if 条件`）和门槛（`only: [条件]`）使用"
            ),
        ),
        entry(
            "contracts",
            map_of("contract"),
            say!(
                "Under which partners call: for how long, for what, from where, at most what",
                "合同：合作方在多长时间内、为什么目的、从哪里、最多看什么"
            ),
        ),
        entry(
            "tests_at",
            at("text"),
            say!(
                "The moment tests run at, unless they say `now`: 2026-06-01T10:00:00+08:00",
                "测试所处的时刻（测试自己写 `now` 的除外）：2026-06-01T10:00:00+08:00"
            ),
        ),
        entry(
            "tests",
            list_of(at("test")),
            say!(
                "What the rules promise, tried through the real engine",
                "规则的承诺，用真正的引擎验证"
            ),
        ),
    ]
}

#[cfg(test)]
mod tests;

//! A line read back, strictly: well-formed JSON, no member twice at any depth, the chain's own members in
//! their one form. What it cannot read that way it refuses.
//!
//! Kinds and members it does not know are accepted, so that later records stay verifiable.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use ulid::Ulid;

use super::chain::Hash;

/// What recovery and verification need of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The writer.
    pub node: String,
    /// The line's number.
    pub seq: u64,
    /// The hash of the line before.
    pub prev: Hash,
    /// What kind of record it is.
    pub kind: String,
    /// The exchange, where the kind has one.
    pub id: Option<Ulid>,
    /// Whether it says `"decision":"allow"`.
    pub allowed: bool,
    /// The archived rule files of a `policy` record, with their hashes, and the rule set's digest.
    pub rules: Option<(String, Vec<(String, Hash)>)>,
}

/// Reads one line, given without its newline.
///
/// # Errors
///
/// What is wrong with it, in constant words: nothing of the line is repeated.
pub fn facts(line: &[u8]) -> Result<Facts, &'static str> {
    let members: Members<'_> =
        serde_json::from_slice(line).map_err(|_| "it is not strict JSON of the expected shape")?;
    if members.v != Some(1) {
        return Err("its `v` is not 1");
    }
    if members.alg.as_deref() != Some("sha256") {
        return Err("its `alg` is not `sha256`");
    }
    let kind = members.kind.ok_or("it has no `kind`")?;
    let id = match (&*kind, members.id) {
        ("intent" | "persons" | "outcome", Some(id)) => {
            Some(Ulid::from_string(&id).map_err(|_| "its `id` is not a ULID")?)
        }
        ("intent" | "persons" | "outcome", None) => return Err("it has no `id`"),
        _ => None,
    };
    let rules = match (&*kind, members.digest, members.files, members.refused) {
        ("policy", Some(digest), Some(files), None) => Some((digest.into_owned(), hashes(files)?)),
        // What was refused is not in force, so nothing of it is kept.
        ("policy", None, None, Some(_)) => None,
        ("policy", ..) => return Err("it names no rule files"),
        _ => None,
    };
    Ok(Facts {
        node: members.node.ok_or("it has no `node`")?.into_owned(),
        seq: members.seq.ok_or("it has no `seq`")?,
        prev: members
            .prev
            .as_deref()
            .and_then(Hash::parse)
            .ok_or("it has no `prev`")?,
        allowed: members.decision.as_deref() == Some("allow"),
        kind: kind.into_owned(),
        id,
        rules,
    })
}

fn hashes(files: Pairs<'_>) -> Result<Vec<(String, Hash)>, &'static str> {
    let pair = |(name, hash): (Cow<'_, str>, Cow<'_, str>)| {
        let hash = Hash::parse(&hash).ok_or("a rule file's hash cannot be read")?;
        Ok((name.into_owned(), hash))
    };
    files.0.into_iter().map(pair).collect()
}

#[derive(Default)]
struct Members<'a> {
    v: Option<u64>,
    alg: Option<Cow<'a, str>>,
    node: Option<Cow<'a, str>>,
    seq: Option<u64>,
    prev: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    decision: Option<Cow<'a, str>>,
    digest: Option<Cow<'a, str>>,
    files: Option<Pairs<'a>>,
    refused: Option<Cow<'a, str>>,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Members::default();
                let mut seen = HashSet::new();
                while let Some(Text(name)) = map.next_key()? {
                    match &*name {
                        "v" => members.v = Some(map.next_value()?),
                        "seq" => members.seq = Some(map.next_value()?),
                        "alg" => members.alg = text(&mut map)?,
                        "node" => members.node = text(&mut map)?,
                        "prev" => members.prev = text(&mut map)?,
                        "kind" => members.kind = text(&mut map)?,
                        "id" => members.id = text(&mut map)?,
                        "digest" => members.digest = text(&mut map)?,
                        "decision" => members.decision = text(&mut map)?,
                        "files" => members.files = map.next_value()?,
                        "refused" if members.kind.as_deref() == Some("policy") => {
                            members.refused = text(&mut map)?;
                        }
                        _ => {
                            map.next_value::<Checked>()?;
                        }
                    }
                    once(&mut seen, name)?;
                }
                Ok(members)
            }
        }
        from.deserialize_map(Read)
    }
}

/// A string or null.
fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(map
        .next_value::<Option<Text<'de>>>()?
        .map(|Text(text)| text))
}

fn once<'a, E: de::Error>(seen: &mut HashSet<Cow<'a, str>>, name: Cow<'a, str>) -> Result<(), E> {
    if seen.insert(name) {
        Ok(())
    } else {
        Err(E::custom("duplicate member"))
    }
}

/// A string, borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(Read)
    }
}

/// An object of strings.
struct Pairs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let (mut pairs, mut seen) = (Vec::new(), HashSet::new());
                while let Some((Text(name), Text(value))) = map.next_entry()? {
                    once(&mut seen, name.clone())?;
                    pairs.push((name, value));
                }
                Ok(Pairs(pairs))
            }
        }
        from.deserialize_map(Read)
    }
}

/// Any value, walked for duplicate members and kept nowhere.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Checked)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Checked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Checked, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Checked, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Checked, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Checked, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Checked, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Checked, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Checked, A::Error> {
        while seq.next_element::<Checked>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Checked, A::Error> {
        let mut seen = HashSet::new();
        while let Some((Text(name), Checked)) = map.next_entry()? {
            once(&mut seen, name)?;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(members: &str) -> String {
        let prev = Hash::ZERO;
        format!(
            r#"{{"v":1,"alg":"sha256","node":"n","seq":1,"kind":"start",{members}"prev":"{prev}"}}"#
        )
    }

    #[test]
    fn a_line_is_read() {
        let facts = facts(line(r#""x":[null,true,-1,1.5,"s",{"a":{}}],"#).as_bytes()).unwrap();
        assert_eq!(
            (facts.node.as_str(), facts.seq, facts.prev),
            ("n", 1, Hash::ZERO)
        );
        assert_eq!(
            (facts.kind.as_str(), facts.id, facts.allowed),
            ("start", None, false)
        );
    }

    #[test]
    fn p17_a_duplicate_member_is_refused_at_every_depth() {
        for twice in [
            r#""seq":1,"#,
            r#""x":1,"x":1,"#,
            r#""x":1,"\u0078":1,"#,
            r#""x":[{"a":1,"a":2}],"#,
            r#""x":{"y":{"a":1,"a":2}},"#,
            r#""files":{"a":"1","a":"2"},"#,
        ] {
            assert!(facts(line(twice).as_bytes()).is_err(), "{twice}");
        }
    }

    #[test]
    fn p14_hostile_lines_are_refused_without_harm() {
        let deep = format!(r#""x":{}{},"#, "[".repeat(100_000), "]".repeat(100_000));
        for bad in [
            line(&deep),
            line(r#""x":1e999,"#),
            line("\"x\":\"\u{1}\","),
            line(r#""x":"\ud800","#),
            format!("{}x", line("")),
            String::new(),
            "[]".to_owned(),
            line("").replace("\"v\":1", "\"v\":2"),
            line("").replace("\"v\":1", "\"v\":1.0"),
            line("").replace("sha256\"", "sm3\""),
            line("").replace("\"seq\":1", "\"seq\":-1"),
            line("").replace("\"start\"", "\"intent\""),
            line("\"id\":\"x\",").replace("\"start\"", "\"intent\""),
        ] {
            assert!(
                facts(bad.as_bytes()).is_err(),
                "{}",
                &bad[..bad.len().min(120)]
            );
        }
        assert!(facts(b"{\"v\":1,\"x\":\"\xff\"}").is_err());
    }
}

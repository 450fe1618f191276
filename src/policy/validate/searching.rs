//! What a parameter that names fields searches: those fields, and whatever else can stand where they do.
//!
//! Refuses what names no field of the catalogue, and paths with `..`, which close and name nothing.

use std::collections::BTreeMap;

use super::scalars::path;
use crate::path::{Path, Selector};
use crate::policy::combine::reach::Reach;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::{Field, FieldId, Searched};
use crate::policy::source::{Kind, Node};

/// A catalogue, as a parameter searches it.
#[derive(Clone, Copy)]
pub(super) struct Searchable<'a> {
    /// Its entries.
    pub fields: &'a [Field],
    /// `keys: any-case`.
    pub any_case: bool,
}

impl Searchable<'_> {
    /// What a field, or a list of fields, searches.
    pub(super) fn fields(self, node: &Node) -> Result<Searched, Diagnostic> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if items.is_empty() {
            let message = say!(
                "a parameter that searches fields names none",
                "按字段查询的参数一个字段也没写"
            );
            return Err(Diagnostic::error(code::FG2013, message).at(&node.span));
        }
        let mut named = Vec::new();
        for item in items {
            let text = item.as_str(say!("a field", "字段"))?;
            let field = self.field(text, item)?;
            if named.contains(&field) {
                let message = say!("{} is named twice", "{} 写了两次", quoted(text));
                return Err(Diagnostic::error(code::FG2013, message).at(&item.span));
            }
            named.push(field);
        }
        Ok(self.searched(named))
    }

    fn field(self, text: &str, node: &Node) -> Result<FieldId, Diagnostic> {
        let field = catalogued(text, node, self.fields)?;
        if self
            .fields
            .get(field.0)
            .is_some_and(|field| field.path.is_net())
        {
            let message = say!(
                "{} has `..`, so it closes what others open, and names no field",
                "{} 带 `..`，只收紧别的条目，不指明是哪个字段",
                quoted(text)
            );
            return Err(Diagnostic::error(code::FG2130, message)
                .at(&node.span)
                .help(code::FG2130.cure()));
        }
        Ok(field)
    }

    /// Every field that a list of names may hold, by the names it may have there: as catalogued, and without its `[*]`.
    pub(super) fn names(self) -> BTreeMap<String, Searched> {
        let mut named: BTreeMap<String, Vec<FieldId>> = BTreeMap::new();
        for (at, field) in self.fields.iter().enumerate() {
            if field.class.is_none() || field.path.is_net() {
                continue;
            }
            let dotted = dotted(&field.path);
            for spelling in [Some(field.text.clone()), dotted].into_iter().flatten() {
                let named = named.entry(spelling).or_default();
                if !named.contains(&FieldId(at)) {
                    named.push(FieldId(at));
                }
            }
        }
        // A list is cut at its commas, and a sign is no part of a name.
        named.retain(|name, _| !name.contains(',') && !name.starts_with(['+', '-']));
        let searched = |(name, fields)| (name, self.searched(fields));
        named.into_iter().map(searched).collect()
    }

    /// Whoever searches a field searches all that can stand where it does, and below: an upstream knows nothing of
    /// which entry decides.
    fn searched(self, named: Vec<FieldId>) -> Searched {
        let path_of = |id: &FieldId| self.fields.get(id.0).map(|field| &field.path);
        let below = Reach::there_and_below(named.iter().filter_map(path_of), self.any_case);
        let closed_by = |net: &Path| {
            let above = Reach::there_and_below(std::iter::once(net), self.any_case);
            let mut paths = named.iter().filter_map(path_of);
            paths.any(|path| above.holds_names(path))
        };
        let met = |(at, field): &(usize, &Field)| {
            named.contains(&FieldId(*at))
                || below.holds(&field.path)
                || (field.path.is_net() && closed_by(&field.path))
        };
        let entries = self.fields.iter().enumerate();
        Searched {
            read: entries.filter(met).map(|(at, _)| FieldId(at)).collect(),
            named,
        }
    }
}

/// `phones.number` for `phones[*].number`, as most APIs name fields; `None` where a path is more than names.
fn dotted(path: &Path) -> Option<String> {
    let mut names = Vec::new();
    for segment in &path.segments {
        match segment.selectors.as_slice() {
            [Selector::Name(name)] if !name.contains('.') => names.push(name.as_str()),
            [Selector::Wildcard] => {}
            _ => return None,
        }
    }
    (!names.is_empty()).then(|| names.join("."))
}

/// The field a path names, which must be in the catalogue with a class.
pub(super) fn catalogued(text: &str, node: &Node, fields: &[Field]) -> Result<FieldId, Diagnostic> {
    let wanted = path(text, &node.span)?;
    let found = fields.iter().position(|field| {
        field.path == wanted && field.names.is_none_or(|_| field.class.is_some())
    });
    found.map(FieldId).ok_or_else(|| {
        let message = say!(
            "{} is no field of the catalogue",
            "{} 不在字段目录里",
            quoted(text)
        );
        Diagnostic::error(code::FG2013, message)
            .at(&node.span)
            .suggest(text, fields.iter().map(|field| field.text.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::parse;
    use crate::policy::rules::ClassId;

    fn fields(paths: &[&str]) -> Vec<Field> {
        let field = |text: &&str| Field {
            text: (*text).to_owned(),
            place: crate::policy::Place::default(),
            path: parse(text).unwrap(),
            class: Some(ClassId(0)),
            masks: Vec::new(),
            whole: false,
            names: None,
            written_by: None,
            write_never: false,
            decides: false,
            zh: None,
        };
        paths.iter().map(field).collect()
    }

    /// What a search of the first of these reads besides it.
    fn read<'a>(paths: &[&'a str]) -> Vec<&'a str> {
        let fields = fields(paths);
        let searchable = Searchable {
            fields: &fields,
            any_case: false,
        };
        let read = searchable.searched(vec![FieldId(0)]).read;
        assert_eq!(read[0], FieldId(0));
        read[1..].iter().map(|id| paths[id.0]).collect()
    }

    #[test]
    fn a_wildcard_field_is_searched_with_every_more_specific_one() {
        assert_eq!(
            read(&["attributes[*]", "attributes.pin", "attributes[0]", "name"]),
            ["attributes.pin", "attributes[0]"]
        );
        assert_eq!(
            read(&["phones[*].number", "phones[0].number", "phones[*].kind"]),
            ["phones[0].number"]
        );
        assert_eq!(read(&["a[0:2]", "a[1]", "a[2]"]), ["a[1]"]);
    }

    #[test]
    fn a_field_is_searched_with_all_below_it_and_the_nets_around_it() {
        assert_eq!(
            read(&["address", "address.city", "addresses"]),
            ["address.city"]
        );
        assert_eq!(read(&["tags", "tags[0]", "tag"]), ["tags[0]"]);
        assert_eq!(
            read(&["a.b", "$..b", "$..a", "$..c", "a..x"]),
            ["$..b", "$..a", "$..c", "a..x"],
            "a net could fall on the field, above it or below it"
        );
        assert_eq!(read(&["a.b", "c..x"]), [""; 0]);
    }

    #[test]
    fn a_named_field_is_not_searched_with_a_wildcard_it_is_told_apart_from() {
        assert_eq!(read(&["name", "$.*", "id"]), [""; 0]);
    }

    #[test]
    fn a_field_may_be_named_with_its_wildcards_and_without() {
        let fields = fields(&["id", "phones[*].number", "a['x','y']", "$..n", "$['-b']"]);
        let searchable = Searchable {
            fields: &fields,
            any_case: false,
        };
        let names: Vec<String> = searchable.names().into_keys().collect();
        assert_eq!(
            names,
            ["$['-b']", "id", "phones.number", "phones[*].number"]
        );
    }
}

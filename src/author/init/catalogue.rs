//! Which fields of a record are proposed, and which are left out and why.
//!
//! Refuses, that is leaves out, what it does not recognise, secrets, members whose names are data, and paths the rule
//! language would read otherwise. Never proposes `whole`.

use super::detect::{Kind, field, is_data};
use super::shape::{Leaf, Shape, Step};
use crate::path::{self, Selector};
use crate::policy::source::odd_character;

/// Bytes of one path: YAML limits its keys.
const LONGEST: usize = 400;

/// A field that is proposed.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub path: Vec<Step>,
    pub kind: Kind,
    /// Only its values say what it is.
    pub by_value: bool,
}

/// Why something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Unknown,
    Secret,
    /// Its name is rather data, and written nowhere.
    Data,
}

#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub fields: Vec<Field>,
    pub left: Vec<(Vec<Step>, Why)>,
}

impl Catalogue {
    pub(super) fn of(record: &Shape) -> Catalogue {
        let mut catalogue = Catalogue::default();
        catalogue.walk(record, &mut Vec::new(), false);
        catalogue
    }

    pub(super) fn find(&self, path: &[Step]) -> Option<&Field> {
        self.fields.iter().find(|field| field.path == path)
    }

    /// `covered` is an array's element, whose scalars the array's own path covers.
    fn walk(&mut self, shape: &Shape, path: &mut Vec<Step>, covered: bool) {
        let mut leaf = shape.leaf.clone().filter(|_| !covered);
        if let Some(more) = shape.items.as_ref().and_then(|items| items.leaf.as_ref()) {
            let mine = leaf.get_or_insert_default();
            mine.texts.extend(more.texts.iter().cloned());
        }
        if let Some(leaf) = leaf {
            self.leaf(path, shape, &leaf);
        }
        if let Some(items) = &shape.items {
            path.push(Step::Each);
            self.walk(items, path, true);
            path.pop();
        }
        for (name, below) in &shape.members {
            if is_data(name) {
                if !self.left.contains(&(path.clone(), Why::Data)) {
                    self.left.push((path.clone(), Why::Data));
                }
                continue;
            }
            path.push(Step::Name(name.clone()));
            self.walk(below, path, false);
            path.pop();
        }
    }

    fn leaf(&mut self, path: &[Step], shape: &Shape, leaf: &Leaf) {
        let found = field(path, &shape.hints, leaf).filter(|_| is_read_alike(path));
        match found {
            Some((kind, by_value)) if kind.class().is_some() => self.fields.push(Field {
                path: path.to_vec(),
                kind,
                by_value,
            }),
            Some(_) => self.left.push((path.to_vec(), Why::Secret)),
            None => self.left.push((path.to_vec(), Why::Unknown)),
        }
    }
}

/// A path as rules write it: from the record, or `at` a place of the body.
pub(super) fn written(path: &[Step]) -> String {
    let mut text = String::new();
    let simple = |name: &str| {
        let mut characters = name.chars();
        let han = |c: char| matches!(c, '\u{4E00}'..='\u{9FFF}');
        characters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || han(c))
            && characters.all(|c| c.is_ascii_alphanumeric() || c == '_' || han(c))
    };
    let all_simple = path.iter().all(|step| match step {
        Step::Name(name) => simple(name),
        Step::Each => true,
    });
    if !all_simple || matches!(path.first(), None | Some(Step::Each)) {
        text.push('$');
    }
    for step in path {
        match step {
            Step::Each => text.push_str("[*]"),
            Step::Name(name) if simple(name) => {
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(name);
            }
            Step::Name(name) => {
                text.push_str("['");
                for character in name.chars() {
                    match character {
                        '\'' | '\\' => text.extend(['\\', character]),
                        c if odd_character(c.encode_utf8(&mut [0; 4])).is_none() => text.push(c),
                        c => {
                            for unit in c.encode_utf16(&mut [0; 2]) {
                                text.push_str(&format!("\\u{unit:04x}"));
                            }
                        }
                    }
                }
                text.push_str("']");
            }
        }
    }
    text
}

/// Whether the rule language reads the path as it is meant.
fn is_read_alike(path: &[Step]) -> bool {
    let text = written(path);
    let Ok(read) = path::parse(&text) else {
        return false;
    };
    if text.len() > LONGEST {
        return false;
    }
    let same = |segment: &path::Segment, step: &Step| match (segment.selectors.as_slice(), step) {
        ([Selector::Name(name)], Step::Name(meant)) => name == meant,
        ([Selector::Wildcard], Step::Each) => true,
        _ => false,
    };
    let mut pairs = read.segments.iter().zip(path);
    read.segments.len() == path.len() && pairs.all(|(segment, step)| same(segment, step))
}

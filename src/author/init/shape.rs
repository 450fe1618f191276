//! What an answer looks like: which members there are, and what their scalars look like.
//!
//! Refuses nothing; how much it may hold is limited where it is made.

use super::value::Value;

/// Texts kept of one place, for the detectors.
const MOST_SAMPLES: usize = 50;

/// A step from a node to one below it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Name(String),
    /// Every element of an array.
    Each,
}

/// Everything seen at one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// What a schema calls it.
    pub title: Option<String>,
    /// What people say of it: titles, descriptions, formats.
    pub hints: Vec<String>,
    pub leaf: Option<Leaf>,
    pub members: Vec<(String, Shape)>,
    pub items: Option<Box<Shape>>,
    /// An object, even one without members.
    pub object: bool,
}

/// The scalars of one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaf {
    pub texts: Vec<String>,
    pub text: bool,
    pub number: bool,
    pub boolean: bool,
}

impl Shape {
    pub(super) fn of(value: &Value) -> Shape {
        let mut shape = Shape::default();
        shape.see(value);
        shape
    }

    /// Adds what one more value looks like.
    pub(super) fn see(&mut self, value: &Value) {
        match value {
            Value::List(elements) => {
                let items = self.items.get_or_insert_default();
                elements.iter().for_each(|element| items.see(element));
            }
            Value::Map(members) => {
                self.object = true;
                for (name, value) in members {
                    self.member(name).see(value);
                }
            }
            scalar => self.leaf.get_or_insert_default().see(scalar),
        }
    }

    /// The member of that name, new or not.
    pub(super) fn member(&mut self, name: &str) -> &mut Shape {
        let known = self.members.iter().position(|(known, _)| known == name);
        let at = known.unwrap_or_else(|| {
            self.members.push((name.to_owned(), Shape::default()));
            self.members.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "the place was just found or made")]
        &mut self.members[at].1
    }

    /// Adds what another shape of the same place knows.
    pub(super) fn merge(&mut self, other: Shape) {
        self.title = self.title.take().or(other.title);
        for hint in other.hints {
            if !self.hints.contains(&hint) {
                self.hints.push(hint);
            }
        }
        self.object |= other.object;
        if let Some(leaf) = other.leaf {
            let mine = self.leaf.get_or_insert_default();
            mine.text |= leaf.text;
            mine.number |= leaf.number;
            mine.boolean |= leaf.boolean;
            let room = MOST_SAMPLES.saturating_sub(mine.texts.len());
            mine.texts.extend(leaf.texts.into_iter().take(room));
        }
        if let Some(items) = other.items {
            self.items.get_or_insert_default().merge(*items);
        }
        for (name, shape) in other.members {
            self.member(&name).merge(shape);
        }
    }

    /// The shape below, along a path.
    pub(super) fn at(&self, path: &[Step]) -> Option<&Shape> {
        path.iter().try_fold(self, |shape, step| match step {
            Step::Each => shape.items.as_deref(),
            Step::Name(name) => {
                let mut members = shape.members.iter();
                members
                    .find(|(known, _)| known == name)
                    .map(|(_, below)| below)
            }
        })
    }

    /// Places in it, itself included.
    pub(super) fn size(&self) -> usize {
        let members: usize = self.members.iter().map(|(_, below)| below.size()).sum();
        1 + members + self.items.as_ref().map_or(0, |items| items.size())
    }
}

impl Leaf {
    fn see(&mut self, scalar: &Value) {
        match scalar {
            Value::Text(_) => self.text = true,
            Value::Number(_) => self.number = true,
            Value::Bool(_) => self.boolean = true,
            Value::Null | Value::List(_) | Value::Map(_) => {}
        }
        if let Some(word) = scalar.word()
            && self.texts.len() < MOST_SAMPLES
        {
            self.texts.push(word.to_owned());
        }
    }
}

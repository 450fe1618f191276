//! Makes a failing case small: entries and words of the rules, members, elements and blanks of the body
//! are taken out one by one for as long as the case still fails. proptest shrinks the numbers a case is
//! drawn from, and one number less can change everything that is drawn after it.

use super::Case;
use crate::oracle::read::{Document, Item, Node, Tree, read};
use crate::sketch::{Sketch, UnlistedWord};

/// The smallest case this finds that still fails.
pub fn reduce(mut case: Case, fails: impl Fn(&Case) -> bool) -> Case {
    let mut left = 4000;
    loop {
        let mut progress = false;
        for step in [smaller_rules, smaller_body] {
            let mut index = 0;
            while let Some(smaller) = step(&case, index) {
                left -= 1;
                if left == 0 {
                    return case;
                }
                if smaller.differs_from(&case) && fails(&smaller) {
                    case = smaller;
                    progress = true;
                } else {
                    index += 1;
                }
            }
        }
        if !progress {
            return case;
        }
    }
}

impl Case {
    fn differs_from(&self, other: &Case) -> bool {
        self.sketch != other.sketch || self.body != other.body
    }
}

fn smaller_rules(case: &Case, index: usize) -> Option<Case> {
    let mut sketch = case.sketch.clone();
    let (fields, envelope) = (sketch.fields.len(), sketch.envelope.len());
    match index.checked_sub(3 * fields) {
        None => match index % 3 {
            0 => remove_field(&mut sketch, index / 3),
            1 => sketch.fields[index / 3].whole = false,
            _ if sketch.fields[index / 3].outcome.is_none() => {}
            _ => sketch.fields[index / 3].names = None,
        },
        Some(0) => sketch.unlisted = UnlistedWord::Strip,
        Some(1) => sketch.drift_show = false,
        Some(2) => sketch.any_case = false,
        Some(3) => sketch.person = None,
        Some(entry) if entry - 4 < envelope => drop(sketch.envelope.remove(entry - 4)),
        Some(_) => return None,
    }
    Some(Case {
        sketch,
        ..case.clone()
    })
}

fn remove_field(sketch: &mut Sketch, field: usize) {
    match sketch.person {
        _ if sketch.fields.len() == 1 => return,
        Some(person) if person == field => return,
        Some(person) if person > field => sketch.person = Some(person - 1),
        _ => {}
    }
    sketch.fields.remove(field);
}

/// The body without blanks; then, for each node below the root, without it, with `1` in its place, and
/// with its first part in its place.
fn smaller_body(case: &Case, index: usize) -> Option<Case> {
    let mut document = read(case.body.as_bytes()).ok()?;
    let Some(index) = index.checked_sub(1) else {
        document.lead.clear();
        document.trail.clear();
        without_blanks(&mut document.root);
        return Some(case.with(&document));
    };
    let mut count = index / 3;
    let (items, place) = nth(&mut document.root, &mut count)?;
    match index % 3 {
        0 => drop(items.remove(place)),
        1 => {
            items[place].node = Node::Scalar {
                text: String::from("1"),
                value: Tree::Number(String::from("1")),
            };
        }
        _ => {
            if let Node::Container(container) = &items[place].node
                && let Some(first) = container.items.first()
            {
                items[place].node = first.node.clone();
            }
        }
    }
    Some(case.with(&document))
}

impl Case {
    fn with(&self, document: &Document) -> Case {
        Case {
            body: document.text(),
            ..self.clone()
        }
    }
}

fn without_blanks(node: &mut Node) {
    if let Node::Container(container) = node {
        container.inside.clear();
        for item in &mut container.items {
            item.before.clear();
            item.after.clear();
            if let Some(key) = &mut item.key {
                key.before_colon.clear();
                key.after_colon.clear();
            }
            without_blanks(&mut item.node);
        }
    }
}

/// The container and the place of the node that comes `count` after the first, parents before children.
fn nth<'n>(node: &'n mut Node, count: &mut usize) -> Option<(&'n mut Vec<Item>, usize)> {
    let Node::Container(container) = node else {
        return None;
    };
    if *count < container.items.len() {
        return Some((&mut container.items, *count));
    }
    *count -= container.items.len();
    container
        .items
        .iter_mut()
        .find_map(|item| nth(&mut item.node, count))
}

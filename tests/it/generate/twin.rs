//! Documents that are equal to another in one caller's eyes: only what is hidden was changed.
//!
//! "the same kept nodes in the same order with the same shown bytes and the same blanks left by the
//! white-space rule, equal mask and token results" - each change is kept only if the oracle's bytes stay.

use super::{Choices, document};
use crate::oracle::read::{Document, Item, Key, Node, read};
use crate::oracle::{Fate, View, fate, govern_bytes};

/// Up to six changed documents, each with one more change than the one before.
pub fn twins(view: View<'_>, body: &str, choices: &mut Choices) -> Vec<String> {
    let Ok(seen) = govern_bytes(view, body.as_bytes()) else {
        return Vec::new();
    };
    let mut document = read(body.as_bytes()).expect("it was governed");
    let mut twins = Vec::new();
    for _ in 0..6 {
        let mut changed = document.clone();
        let fate = fate(view, &changed).expect("it is equal to one that is not refused");
        change(&mut changed, &fate, choices);
        let text = changed.text();
        if changed != document && govern_bytes(view, text.as_bytes()).as_ref() == Ok(&seen) {
            twins.push(text);
            document = changed;
        }
    }
    twins
}

/// Where a hidden value stands: the item's index in each container from the root.
fn hidden(node: &Node, fate: &Fate, here: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
    if let (Node::Container(container), Fate::Enter(fates)) = (node, fate) {
        for (index, (item, fate)) in container.items.iter().zip(fates).enumerate() {
            here.push(index);
            match fate {
                Fate::Gone | Fate::Put(_) => found.push(here.clone()),
                Fate::Same => {}
                Fate::Enter(_) => hidden(&item.node, fate, here, found),
            }
            here.pop();
        }
    }
}

fn change(document: &mut Document, fate: &Fate, choices: &mut Choices) {
    let mut places = Vec::new();
    hidden(&document.root, fate, &mut Vec::new(), &mut places);
    if places.is_empty() {
        return add_stray_member(&mut document.root, choices);
    }
    let place = choices.pick(&places).clone();
    let (last, way) = place.split_last().expect("the root is never hidden");
    let mut items = items_of(&mut document.root);
    for index in way {
        items = items_of(&mut items[*index].node);
    }
    match choices.below(8) {
        0..=3 => items[*last].node = stray(choices),
        4 => drop(items.remove(*last)),
        5 => {
            let copy = items[*last].clone();
            items.insert(*last, copy);
        }
        6 => {
            if let Some(key) = &mut items[*last].key {
                key.name.push('q');
                key.text.insert(key.text.len() - 1, 'q');
            }
        }
        _ => {
            let after = items[*last].clone();
            let key = after.key.map(|key| Key {
                text: String::from("\"qq\""),
                name: String::from("qq"),
                ..key
            });
            items.insert(
                *last + 1,
                Item {
                    key,
                    node: stray(choices),
                    ..after
                },
            );
        }
    }
}

fn add_stray_member(node: &mut Node, choices: &mut Choices) {
    if let Node::Container(container) = node
        && container.object
        && let Some(first) = container.items.first().cloned()
    {
        container.items.push(Item {
            key: first.key.map(|key| Key {
                text: String::from("\"qq\""),
                name: String::from("qq"),
                ..key
            }),
            node: stray(choices),
            ..first
        });
    }
}

fn items_of(node: &mut Node) -> &mut Vec<Item> {
    match node {
        Node::Container(container) => &mut container.items,
        Node::Scalar { .. } => unreachable!("the way leads through containers"),
    }
}

fn stray(choices: &mut Choices) -> Node {
    read(document::stray_value(choices).as_bytes())
        .expect("generated JSON is JSON")
        .root
}

//! The white-space rule, and the value without blanks.
//!
//! In `{ w0 m1 wa , wb m2 ... wz }` the first kept member is preceded by `w0`, each later one by the
//! `wa , wb` directly before it, the bracket by `wz`.

use super::Fate;
use super::read::{Document, Item, Node, Tree, read};

/// The longest run of blanks that leaves.
const LONGEST_RUN: usize = 256;

fn run(blank: &str) -> &str {
    &blank[..blank.len().min(LONGEST_RUN)]
}

/// The bytes of a governed document.
pub fn bytes(document: &Document, fate: &Fate) -> String {
    let mut out = String::from(run(&document.lead));
    value(&document.root, fate, &mut out);
    out.push_str(run(&document.trail));
    out
}

fn value(node: &Node, fate: &Fate, out: &mut String) {
    match (fate, node) {
        (Fate::Same, Node::Scalar { text, .. }) => out.push_str(text),
        (Fate::Put(text), _) => out.push_str(text),
        (Fate::Enter(fates), Node::Container(container)) => {
            let (open, close) = if container.object {
                ('{', '}')
            } else {
                ('[', ']')
            };
            out.push(open);
            out.push_str(run(&container.inside));
            items(&container.items, fates, out);
            out.push(close);
        }
        (fate, node) => panic!("{fate:?} is no fate of {node:?}"),
    }
}

fn items(items: &[Item], fates: &[Fate], out: &mut String) {
    let mut kept = 0;
    for (index, (item, fate)) in items.iter().zip(fates).enumerate() {
        if *fate == Fate::Gone {
            continue;
        }
        if kept == 0 {
            out.push_str(run(&items[0].before));
        } else {
            out.push_str(run(&items[index - 1].after));
            out.push(',');
            out.push_str(run(&item.before));
        }
        kept += 1;
        if let Some(key) = &item.key {
            out.push_str(&key.text);
            out.push_str(run(&key.before_colon));
            out.push(':');
            out.push_str(run(&key.after_colon));
        }
        value(&item.node, fate, out);
    }
    if kept > 0 {
        out.push_str(run(&items[items.len() - 1].after));
    }
}

/// The value of a governed node; `None` where it goes.
pub fn tree(node: &Node, fate: &Fate) -> Option<Tree> {
    Some(match (fate, node) {
        (Fate::Gone, _) => return None,
        (Fate::Same, Node::Scalar { value, .. }) => value.clone(),
        (Fate::Put(text), _) => read(text.as_bytes())
            .expect("a replacement is JSON")
            .root
            .tree(),
        (Fate::Enter(fates), Node::Container(container)) => {
            let kept = container.items.iter().zip(fates);
            if container.object {
                let member = |(item, fate): (&Item, &Fate)| {
                    Some((
                        item.name().unwrap_or("").to_owned(),
                        tree(&item.node, fate)?,
                    ))
                };
                Tree::Object(kept.filter_map(member).collect())
            } else {
                Tree::Array(
                    kept.filter_map(|(item, fate)| tree(&item.node, fate))
                        .collect(),
                )
            }
        }
        (fate, node) => panic!("{fate:?} is no fate of {node:?}"),
    })
}

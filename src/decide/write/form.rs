//! A form (`application/x-www-form-urlencoded`) that is written: each name is a member of the record.
//!
//! Refuses what [`form::read`] refuses.

use super::cut::Children;
use super::names::Place;
use super::walk::{Node, Walk};
use super::{Judged, Judging, Unwritable};
use crate::json::{Cursor, Limits};
use crate::model::Reason;
use crate::policy::plan::Gate;
use crate::policy::store::Writable;
use crate::route::form;

/// Judges a form.
pub(super) fn judge(
    judging: &Judging<'_>,
    bytes: &[u8],
    limits: Limits,
    writable: &Writable,
) -> Result<Judged, Unwritable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::UnreadableRequest)?;
    let pairs = form::read(text, limits)?;
    let plan = &writable.plan;
    let id = plan.record_state().ok_or(Reason::Overloaded)?;
    let state = plan.state(id).ok_or(Reason::Internal)?;
    let mut walk = Walk::new(writable, judging.manner());
    let mut children = Children::default();
    for pair in &pairs {
        let place = Place::Member(&Place::Root, &pair.name);
        let (id, gate) = plan.member(&state, &pair.name).ok_or(Reason::Overloaded)?;
        let stays = match gate == Gate::Pass && !plan.resembles(&state, &pair.name) {
            false => walk.unnamed(&place),
            true => {
                let value = as_json(&pair.value);
                let node = Node {
                    value: Cursor::new(&value),
                    at: 0,
                    place: &place,
                    in_array: false,
                };
                walk.value(node, id)?
            }
        };
        let mark = walk.found.cuts.mark();
        children.next(pair.span.clone(), stays, mark, &mut walk.found.cuts);
    }
    judging.refuse(walk.found, !children.all_went(), text, writable)
}

/// A text as the JSON string it would be.
fn as_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => json.extend(['\\', char]),
            '\0'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", u32::from(char))),
            _ => json.push(char),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_the_json_string_that_says_it() {
        for text in ["", "张\"\\\n\0x", "plain"] {
            let json = as_json(text);
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}

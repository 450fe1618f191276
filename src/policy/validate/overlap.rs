//! Whether two paths can meet the same node, and which of them spells out more.
//!
//! Refuses nothing; where it is not sure that two paths stay apart, it says that they meet.

use crate::path::{Path, Segment, Selector, slices};

/// Whether both can match one node with neither spelling out more. Segment by segment a name or an
/// index spells out more than `[*]` or a slice.
pub(super) fn tie(a: &Path, b: &Path, any_case: bool) -> bool {
    // Nets do not decide, they only close; and a deeper match always wins over a shallower one.
    if a.is_net() || b.is_net() || a.segments.len() != b.segments.len() {
        return false;
    }
    // Which of the two has spelled out more somewhere on the way, and whether two filters told them apart; unions make
    // several ways.
    let mut ways = vec![(false, false, false)];
    for (left, right) in a.segments.iter().zip(&b.segments) {
        let mut next = Vec::new();
        for (left, right) in pairs(left, right) {
            if !left.meets(right, any_case) || apart(left, right) {
                continue;
            }
            let (l, r) = (left.spells_out(), right.spells_out());
            let two = left != right && l == r && matches!(left, Selector::Filter(_));
            for (left_more, right_more, filters) in &ways {
                let way = (*left_more || l > r, *right_more || r > l, *filters || two);
                if !next.contains(&way) {
                    next.push(way);
                }
            }
        }
        ways = next;
    }
    // Of two filters that both select, the more closed outcome counts, so nothing is left to chance.
    let is_tie = |(left_more, right_more, filters): &(bool, bool, bool)| {
        left_more == right_more && (*left_more || !filters)
    };
    ways.iter().any(is_tie)
}

/// Whether an envelope path can match a record, something in one, or an array's scalar that is one.
pub(super) fn meets_record(envelope: &Path, at: &Path, any_case: bool) -> bool {
    if at.segments.is_empty() {
        return false;
    }
    if envelope.is_net() {
        return true;
    }
    let along = envelope
        .segments
        .iter()
        .zip(&at.segments)
        .all(|(a, b)| pairs(a, b).any(|(a, b)| a.meets(b, any_case) && !apart(a, b)));
    let last_is_element = at.segments.last().is_some_and(|last| {
        !last
            .selectors
            .iter()
            .any(|s| matches!(s, Selector::Name(_)))
    });
    let reaches = envelope.segments.len() >= at.segments.len();
    let covers_elements = envelope.segments.len() + 1 == at.segments.len() && last_is_element;
    along && (reaches || covers_elements)
}

fn pairs<'a>(
    left: &'a Segment,
    right: &'a Segment,
) -> impl Iterator<Item = (&'a Selector, &'a Selector)> {
    let each = |l| right.selectors.iter().map(move |r| (l, r));
    left.selectors.iter().flat_map(each)
}

/// Whether the steps of two slices never fall on one element, though their ranges meet.
fn apart(left: &Selector, right: &Selector) -> bool {
    let Some([(start, end, step), (from, to, by)]) = slices(left, right) else {
        return false;
    };
    let first = start.max(from);
    let reach = |end: Option<u64>| end.is_none_or(|end| first < end);
    let common = greatest_common_divisor(step, by).max(1);
    !(reach(end) && reach(to) && start.abs_diff(from).is_multiple_of(common))
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    match b {
        0 => a,
        _ => greatest_common_divisor(b, a % b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::parse;

    fn ties(a: &str, b: &str) -> bool {
        let (a, b) = (parse(a).unwrap(), parse(b).unwrap());
        assert_eq!(tie(&a, &b, false), tie(&b, &a, false));
        tie(&a, &b, false)
    }

    #[test]
    fn entries_tie_where_neither_spells_out_more() {
        assert!(ties("a[*].b", "a[0:2].b"));
        assert!(ties("*.b", "a.*"));
        assert!(ties("['a','b']", "b"));
        assert!(ties("a[0::2]", "a[2]") == ties("a[2]", "a[0::2]"));
        assert!(ties("a[0::2]", "a[4::6]"));
    }

    #[test]
    fn entries_apart_or_ordered_do_not_tie() {
        assert!(!ties("a[*].b", "a[0].b"));
        assert!(!ties("a", "b"));
        assert!(!ties("a", "A"));
        assert!(!ties("a[*]", "a[*].b"));
        assert!(!ties("a[0]", "a.x"));
        assert!(!ties("a[0::2]", "a[1::2]"));
        assert!(!ties("a[0:2]", "a[2:4]"));
        assert!(!ties("..a", "a"));
        assert!(!ties("*.b", "a.b"));
        assert!(!ties("a[-1]", "a[*]"));
        assert!(!ties("a[-1]", "a[-2]"));
        assert!(!ties("a[?@.k].b", "a[*].b"));
        assert!(!ties("a[?@.k].b", "a[-1].b"));
    }

    #[test]
    fn two_filters_may_both_select_and_the_same_filter_ties() {
        assert!(!ties("a[?@.k].b", "a[?@.l].b"));
        assert!(!ties("a[?@.k].b[*]", "a[?@.l].b[0:2]"));
        assert!(ties("a[?@.k].b[*]", "a[?@.k].b[0:2]"));
        assert!(ties("a[?@.k].b[0]", "a[-1].b[*]"));
        assert!(ties("a[0]", "a[-1]"));
        assert!(ties("a[-2:]", "a[*]"));
    }

    #[test]
    fn folded_names_meet() {
        let (a, b) = (parse("Name").unwrap(), parse("name").unwrap());
        assert!(tie(&a, &b, true));
    }

    #[test]
    fn an_envelope_path_meets_records_and_what_is_in_them() {
        let meets = |envelope: &str, at: &str| {
            meets_record(&parse(envelope).unwrap(), &parse(at).unwrap(), false)
        };
        assert!(meets("$.items[*]", "$.items[*]"));
        assert!(meets("$.items[0].id", "$.items[*]"));
        assert!(meets("$.*", "$.items[*]"));
        assert!(meets("$.items", "$.items[*]"));
        assert!(meets("$..total", "$.items[*]"));
        assert!(meets("$.data", "$.data"));
        assert!(!meets("$.total", "$.items[*]"));
        assert!(!meets("$", "$.data"));
        assert!(!meets("$.total", "$"));
    }
}

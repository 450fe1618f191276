//! A path as the automaton walks it: one selector a step, unions spelled out.
//!
//! Refuses a path whose unions multiply into more patterns than anyone means.

use crate::json::Cursor;

use super::{Path, Selected, Selector};

/// The most patterns one path may become.
pub const MOST_PATTERNS: usize = 256;

/// One step of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// `..`: the selector applies at any depth below.
    pub descend: bool,
    /// The one selector.
    pub selector: Selector,
}

/// A child of a node, as a selector sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child<'a> {
    /// A member with this decoded name.
    Member(&'a str),
    /// A member with a name no pattern writes here.
    OtherMember,
    /// An element.
    Element {
        /// Counted from the front.
        index: u64,
        /// Of the array, where it was counted.
        length: Option<u64>,
    },
}

/// Spells a path's unions out. `None` where that gives more than [`MOST_PATTERNS`].
pub fn patterns(path: &Path) -> Option<Vec<Vec<Step>>> {
    let mut all = vec![Vec::new()];
    for segment in &path.segments {
        if all.len().checked_mul(segment.selectors.len())? > MOST_PATTERNS {
            return None;
        }
        all = all
            .iter()
            .flat_map(|start| {
                segment.selectors.iter().map(move |selector| {
                    let step = Step {
                        descend: segment.descend,
                        selector: selector.clone(),
                    };
                    start.iter().cloned().chain([step]).collect()
                })
            })
            .collect();
    }
    Some(all)
}

impl Selector {
    /// Whether this selects `child`; `any_case` folds ASCII case in names. Unknown where that depends on what the child
    /// holds, or on its array's length, which nobody has counted.
    pub fn selects(&self, child: Child<'_>, any_case: bool) -> Selected {
        Selected::from(match (self, child) {
            (Selector::Wildcard, _) => true,
            (Selector::Filter(_), _) => return Selected::Unknown,
            (Selector::Name(name), Child::Member(member)) => {
                if any_case {
                    name.eq_ignore_ascii_case(member)
                } else {
                    name == member
                }
            }
            (Selector::Index(wanted), Child::Element { index, .. }) => *wanted == index,
            (Selector::Slice { start, end, step }, Child::Element { index, .. }) => {
                index >= *start
                    && end.is_none_or(|end| index < end)
                    && (index - start).checked_rem(*step) == Some(0)
            }
            (
                Selector::FromEnd(_) | Selector::SliceFromEnd(_),
                Child::Element { length: None, .. },
            ) => return Selected::Unknown,
            (
                Selector::FromEnd(back),
                Child::Element {
                    index,
                    length: Some(length),
                },
            ) => length.checked_sub(*back) == Some(index),
            (
                Selector::SliceFromEnd(slice),
                Child::Element {
                    index,
                    length: Some(length),
                },
            ) => slice.selects(index, length),
            _ => false,
        })
    }

    /// Whether this selects a child whose text is at hand; what cannot be told counts as selected.
    pub fn may_select(&self, child: Child<'_>, any_case: bool, text: &dyn Fn() -> String) -> bool {
        let selected = match self {
            Selector::Filter(filter) => filter.selects(Cursor::new(&text()), any_case),
            _ => self.selects(child, any_case),
        };
        selected != Selected::No
    }

    /// Whether it surely selects a child of any document.
    fn surely_selects(&self, child: Child<'_>, any_case: bool) -> bool {
        self.selects(child, any_case) == Selected::Yes
    }

    /// Whether what it selects depends on the length of the array.
    pub fn counts(&self) -> bool {
        matches!(self, Selector::FromEnd(_) | Selector::SliceFromEnd(_))
    }

    /// Whether it can select anything of an object (else: of an array). `[*]` selects of both.
    pub fn fits(&self, object: bool) -> bool {
        match self {
            Selector::Wildcard | Selector::Filter(_) => true,
            Selector::Name(_) => object,
            Selector::Index(_)
            | Selector::Slice { .. }
            | Selector::FromEnd(_)
            | Selector::SliceFromEnd(_) => !object,
        }
    }

    /// Whether everything `other` selects, this selects too.
    pub fn covers(&self, other: &Selector, any_case: bool) -> bool {
        match (self, other) {
            (Selector::Wildcard, _) => true,
            (Selector::Name(_), Selector::Name(name)) => {
                self.surely_selects(Child::Member(name), any_case)
            }
            (_, Selector::Index(index)) => {
                let child = Child::Element {
                    index: *index,
                    length: None,
                };
                self.surely_selects(child, any_case)
            }
            (Selector::Slice { .. }, Selector::Slice { .. }) => slice_covers(self, other),
            (Selector::Slice { start, end, step }, other) if other.counts() => {
                (*start, *end, *step) == (0, None, 1)
            }
            _ => self == other,
        }
    }

    /// Whether some child could be selected by both. Never says no where one could.
    pub fn meets(&self, other: &Selector, any_case: bool) -> bool {
        match (self, other) {
            (Selector::Wildcard | Selector::Filter(_), _)
            | (_, Selector::Wildcard | Selector::Filter(_)) => true,
            (Selector::Slice { .. }, Selector::Slice { .. }) => slices_meet(self, other),
            (Selector::FromEnd(one), Selector::FromEnd(other)) => one == other,
            (Selector::Name(_), one) | (one, Selector::Name(_)) if one.counts() => false,
            _ if self.counts() || other.counts() => true,
            _ => self.covers(other, any_case) || other.covers(self, any_case),
        }
    }

    /// How much it spells out: a name or an index over a filter, a filter over `[*]` and slices.
    pub fn spells_out(&self) -> u8 {
        match self {
            Selector::Name(_) | Selector::Index(_) | Selector::FromEnd(_) => 2,
            Selector::Filter(_) => 1,
            Selector::Wildcard | Selector::Slice { .. } | Selector::SliceFromEnd(_) => 0,
        }
    }
}

/// Where both are slices counted from the front: of each its start, end and step.
pub fn slices(a: &Selector, b: &Selector) -> Option<[(u64, Option<u64>, u64); 2]> {
    let slice = |selector: &Selector| match selector {
        Selector::Slice { start, end, step } => Some((*start, *end, *step)),
        _ => None,
    };
    Some([slice(a)?, slice(b)?])
}

/// Whether each index of the one is an index of the other.
fn slice_covers(a: &Selector, b: &Selector) -> bool {
    let Some([(start, end, step), (from, to, by)]) = slices(a, b) else {
        return false;
    };
    let ends_before = end.is_none_or(|end| to.is_some_and(|to| to <= end));
    let in_step = by % step == 0 && from.checked_sub(start).is_some_and(|over| over % step == 0);
    ends_before && in_step
}

/// Slices with steps are taken to meet wherever their ranges do.
fn slices_meet(a: &Selector, b: &Selector) -> bool {
    let Some([(start, end, _), (from, to, _)]) = slices(a, b) else {
        return false;
    };
    end.is_none_or(|end| from < end) && to.is_none_or(|to| start < to)
}

/// Whether `a` spells out at least as much as `b` at every step, both matching the same node.
pub fn dominates(a: &[Step], b: &[Step]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| a.selector.spells_out() >= b.selector.spells_out())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::parse;

    fn first(text: &str) -> Vec<Step> {
        patterns(&parse(text).unwrap()).unwrap().remove(0)
    }

    #[test]
    fn a_slice_covers_another_that_lies_in_its_steps_and_one_of_all_covers_what_counts() {
        let selector = |text: &str| first(text)[0].selector.clone();
        for (one, other, covers) in [
            ("[0:]", "[-2:]", true),
            ("[0::1]", "[-1]", true),
            ("[1:]", "[-2:]", false),
            ("[0::2]", "[-2:]", false),
            ("[0:5]", "[-1]", false),
            ("[0:]", "[3:5]", true),
            ("[1:9:2]", "[3:9:4]", true),
            ("[1:9:2]", "[2:9:4]", false),
            ("[1:5]", "[1:]", false),
            ("[2:]", "[1:]", false),
            ("[0:]", "[*]", false),
            ("[-2:]", "[-1]", false),
        ] {
            assert_eq!(
                selector(one).covers(&selector(other), false),
                covers,
                "{one} {other}"
            );
        }
    }

    #[test]
    fn unions_are_spelled_out_and_bounded() {
        assert_eq!(
            patterns(&parse("a['x','y'][0,1]").unwrap()).unwrap().len(),
            4
        );
        let wide = "['a','b','c','d']".repeat(5);
        assert_eq!(patterns(&parse(&wide).unwrap()), None);
    }

    #[test]
    fn a_slice_selects_its_elements_only() {
        let slice = &first("[1:7:2]")[0].selector;
        let selected: Vec<u64> = (0..10)
            .filter(|index| {
                let child = Child::Element {
                    index: *index,
                    length: None,
                };
                slice.surely_selects(child, false)
            })
            .collect();
        assert_eq!(selected, [1, 3, 5]);
        assert!(!slice.surely_selects(Child::Member("1"), false));
    }

    #[test]
    fn what_is_counted_from_the_end_needs_the_length() {
        let last = &first("[-1]")[0].selector;
        let element = |index, length| last.selects(Child::Element { index, length }, false);
        assert_eq!(element(4, Some(5)), Selected::Yes);
        assert_eq!(element(3, Some(5)), Selected::No);
        assert_eq!(element(4, None), Selected::Unknown);
        assert_eq!(last.selects(Child::OtherMember, false), Selected::No);
        let far = &first("[-3]")[0].selector;
        let element = |index, length| far.selects(Child::Element { index, length }, false);
        assert_eq!(element(0, Some(2)), Selected::No);
        assert_eq!(element(0, Some(3)), Selected::Yes);
    }

    #[test]
    fn an_index_spells_out_more_than_a_wildcard() {
        assert!(dominates(&first("a[0].x"), &first("a[*].x")));
        assert!(!dominates(&first("a[*].x"), &first("a[0].x")));
        assert!(!dominates(&first("a[0].b[*]"), &first("a[*].b[0]")));
    }

    #[test]
    fn a_filter_spells_out_more_than_a_wildcard_and_less_than_a_name() {
        let outdoes =
            |a: &str, b: &str| dominates(&first(a), &first(b)) && !dominates(&first(b), &first(a));
        assert!(outdoes("[?@.a].x", "[*].x"));
        assert!(outdoes("[?@.a].x", "[1:].x"));
        assert!(outdoes("[?@.a].x", "[-2:].x"));
        assert!(outdoes("[0].x", "[?@.a].x"));
        assert!(outdoes("[-1].x", "[?@.a].x"));
        assert!(outdoes("n.x", "[?@.a].x"));
        assert!(!outdoes("[?@.a].x", "[?@.b].x"));
    }

    #[test]
    fn selectors_meet_where_a_child_could_be_both() {
        let meets = |a: &str, b: &str| first(a)[0].selector.meets(&first(b)[0].selector, false);
        assert!(meets("[0:3]", "[2:9]"));
        assert!(!meets("[0:3]", "[3:9]"));
        assert!(meets("[2]", "[0:3]"));
        assert!(!meets("[3]", "[0:3]"));
        assert!(meets("[*]", "a"));
        assert!(!meets("b", "a"));
        assert!(meets("[-1]", "[0]") && meets("[0:3]", "[-1]") && meets("[-2:]", "[-1]"));
        assert!(!meets("[-1]", "[-2]") && !meets("[-1]", "a") && !meets("a", "[::-1]"));
        assert!(meets("[?@.x]", "a") && meets("[1]", "[?@.x]"));
    }
}

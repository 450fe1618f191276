//! A path as the automaton walks it: one selector a step, unions spelled out.
//!
//! Refuses a path whose unions multiply into more patterns than anyone means.

use super::{Path, Selector};

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
    Element(u64),
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
    /// Whether this selects `child`; `any_case` folds ASCII case in names.
    pub fn selects(&self, child: Child<'_>, any_case: bool) -> bool {
        match (self, child) {
            (Selector::Wildcard, _) => true,
            (Selector::Name(name), Child::Member(member)) => {
                if any_case {
                    name.eq_ignore_ascii_case(member)
                } else {
                    name == member
                }
            }
            (Selector::Index(index), Child::Element(element)) => *index == element,
            (Selector::Slice { start, end, step }, Child::Element(element)) => {
                element >= *start
                    && end.is_none_or(|end| element < end)
                    && (element - start).checked_rem(*step) == Some(0)
            }
            _ => false,
        }
    }

    /// Whether it can select anything of an object (else: of an array). `[*]` selects of both.
    pub fn fits(&self, object: bool) -> bool {
        match self {
            Selector::Wildcard => true,
            Selector::Name(_) => object,
            Selector::Index(_) | Selector::Slice { .. } => !object,
        }
    }

    /// Whether everything `other` selects, this selects too.
    pub fn covers(&self, other: &Selector, any_case: bool) -> bool {
        match (self, other) {
            (Selector::Wildcard, _) => true,
            (Selector::Name(_), Selector::Name(name)) => {
                self.selects(Child::Member(name), any_case)
            }
            (_, Selector::Index(index)) => self.selects(Child::Element(*index), any_case),
            _ => self == other,
        }
    }

    /// Whether some child could be selected by both. Never says no where one could.
    pub fn meets(&self, other: &Selector, any_case: bool) -> bool {
        match (self, other) {
            (Selector::Wildcard, _) | (_, Selector::Wildcard) => true,
            (Selector::Slice { .. }, Selector::Slice { .. }) => slices_meet(self, other),
            _ => self.covers(other, any_case) || other.covers(self, any_case),
        }
    }

    /// How much it spells out: a name or an index over `[*]` and slices.
    pub fn spells_out(&self) -> u8 {
        match self {
            Selector::Name(_) | Selector::Index(_) => 1,
            Selector::Wildcard | Selector::Slice { .. } => 0,
        }
    }
}

/// Slices with steps are taken to meet wherever their ranges do.
fn slices_meet(a: &Selector, b: &Selector) -> bool {
    let (
        Selector::Slice { start, end, .. },
        Selector::Slice {
            start: from,
            end: to,
            ..
        },
    ) = (a, b)
    else {
        return false;
    };
    end.is_none_or(|end| *from < end) && to.is_none_or(|to| *start < to)
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
            .filter(|index| slice.selects(Child::Element(*index), false))
            .collect();
        assert_eq!(selected, [1, 3, 5]);
        assert!(!slice.selects(Child::Member("1"), false));
    }

    #[test]
    fn an_index_spells_out_more_than_a_wildcard() {
        assert!(dominates(&first("a[0].x"), &first("a[*].x")));
        assert!(!dominates(&first("a[*].x"), &first("a[0].x")));
        assert!(!dominates(&first("a[0].b[*]"), &first("a[*].b[0]")));
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
    }
}

//! Whom a ceiling binds, and which entries lie where others lead: what it covers "there and anywhere below".
//!
//! Errs on the covered side: an entry counts as covered everywhere if some document puts one of its
//! nodes there, and slices that overlap meet whatever their steps. A net covers no other entry: its own
//! treatment, which the ceiling binds, closes exactly what it falls on while bytes stream.

use std::collections::{BTreeSet, HashMap};

use super::super::rules::{
    Bound, Ceiling, ClassId, Covers, FieldId, Resource, ResourceId, RoleId, RuleSet,
};
use crate::path::{Path, Segment, Selector};

/// The places a ceiling covers.
pub(in crate::policy) struct Reach<'a> {
    /// Covering paths by their first member name, where they begin with just one.
    by_name: HashMap<String, Vec<&'a Path>>,
    /// All others but nets.
    rest: Vec<&'a Path>,
    nets: Vec<&'a Path>,
    /// Whether only what lies truly below is covered.
    below: bool,
    any_case: bool,
}

impl<'a> Reach<'a> {
    /// All places these paths lead to, and all below them.
    pub(in crate::policy) fn there_and_below(
        paths: impl Iterator<Item = &'a Path>,
        any_case: bool,
    ) -> Reach<'a> {
        Reach::new(paths, false, any_case)
    }

    /// All places below those these paths lead to.
    pub(in crate::policy) fn below(
        paths: impl Iterator<Item = &'a Path>,
        any_case: bool,
    ) -> Reach<'a> {
        Reach::new(paths, true, any_case)
    }

    fn new(paths: impl Iterator<Item = &'a Path>, below: bool, any_case: bool) -> Reach<'a> {
        let mut reach = Reach {
            by_name: HashMap::new(),
            rest: Vec::new(),
            nets: Vec::new(),
            below,
            any_case,
        };
        for path in paths {
            if path.is_net() {
                reach.nets.push(path);
                continue;
            }
            match reach.first_name(path) {
                Some(name) => reach.by_name.entry(name).or_default().push(path),
                None => reach.rest.push(path),
            }
        }
        reach
    }

    /// Whether some node an entry with this path decides is covered.
    pub(in crate::policy) fn holds(&self, path: &Path) -> bool {
        let meets =
            |covering: &&Path| self.leads_above(covering, path) && !gives_way(path, covering);
        let named = match self.first_name(path) {
            Some(name) => self.by_name.get(&name).into_iter().flatten().any(meets),
            None => self.by_name.values().flatten().any(meets),
        };
        named || self.rest.iter().any(meets)
    }

    /// Whether member names below some node this path leads to are covered. Nets count: they close
    /// values, and leave names to this.
    pub(in crate::policy) fn holds_names(&self, path: &Path) -> bool {
        let meets = |covering: &&Path| self.leads_above(covering, path);
        self.holds(path) || self.nets.iter().any(meets)
    }

    fn first_name(&self, path: &Path) -> Option<String> {
        match path.segments.first()? {
            Segment {
                descend: false,
                selectors,
            } => match &selectors[..] {
                [Selector::Name(name)] if self.any_case => Some(name.to_ascii_lowercase()),
                [Selector::Name(name)] => Some(name.clone()),
                _ => None,
            },
            Segment { descend: true, .. } => None,
        }
    }

    /// Whether a place `covering` leads to can be one `path` passes (or, unless `below`, ends at).
    ///
    /// Walks both paths over all documents at once: `here` holds which segments of `path` may be next
    /// after the segments of `covering` seen so far.
    fn leads_above(&self, covering: &Path, path: &Path) -> bool {
        let mut here = vec![false; path.segments.len() + 1];
        if let Some(start) = here.first_mut() {
            *start = true;
        }
        for segment in &covering.segments {
            let mut next = vec![false; here.len()];
            for (at, step) in path.segments.iter().enumerate() {
                if here.get(at) != Some(&true) {
                    continue;
                }
                if self.meet(segment, step) {
                    mark(&mut next, at + 1);
                }
                if segment.descend {
                    // The covering path may go deeper before its selector counts.
                    mark(&mut here, at + 1);
                }
                if step.descend {
                    mark(&mut next, at);
                }
            }
            here = next;
        }
        let left = if self.below { 1 } else { 0 };
        let ends = here.len().saturating_sub(left);
        here.iter().take(ends).any(|&reached| reached)
    }

    fn meet(&self, one: &Segment, other: &Segment) -> bool {
        one.selectors
            .iter()
            .any(|a| other.selectors.iter().any(|b| self.overlap(a, b)))
    }

    fn overlap(&self, one: &Selector, other: &Selector) -> bool {
        match (one, other) {
            (Selector::Wildcard | Selector::Filter(_), _)
            | (_, Selector::Wildcard | Selector::Filter(_)) => true,
            (Selector::Name(a), Selector::Name(b)) if self.any_case => a.eq_ignore_ascii_case(b),
            (Selector::Name(a), Selector::Name(b)) => a == b,
            (Selector::Name(_), _) | (_, Selector::Name(_)) => false,
            (Selector::Index(a), Selector::Index(b))
            | (Selector::FromEnd(a), Selector::FromEnd(b)) => a == b,
            (Selector::FromEnd(_) | Selector::SliceFromEnd(_), _)
            | (_, Selector::FromEnd(_) | Selector::SliceFromEnd(_)) => true,
            (Selector::Index(index), Selector::Slice { start, end, step })
            | (Selector::Slice { start, end, step }, Selector::Index(index)) => {
                index >= start
                    && end.is_none_or(|end| *index < end)
                    && (index - start).is_multiple_of(*step)
            }
            (
                Selector::Slice { start, end, .. },
                Selector::Slice {
                    start: other_start,
                    end: other_end,
                    ..
                },
            ) => {
                end.is_none_or(|end| *other_start < end)
                    && other_end.is_none_or(|other_end| *start < other_end)
            }
        }
    }
}

/// Whether an entry with `path` decides no node an entry with `covering` matches, because it spells
/// out less at the same depth.
fn gives_way(path: &Path, covering: &Path) -> bool {
    let less = |(path, covering): (&Segment, &Segment)| {
        path == covering || (!path.descend && path.selectors == [Selector::Wildcard])
    };
    path != covering
        && path.segments.len() == covering.segments.len()
        && path.segments.iter().zip(&covering.segments).all(less)
}

fn mark(states: &mut [bool], at: usize) {
    if let Some(state) = states.get_mut(at) {
        *state = true;
    }
}

/// Whether a ceiling binds who holds these roles.
pub(in crate::policy) fn is_bound(
    rules: &RuleSet,
    ceiling: &Ceiling,
    held: &BTreeSet<RoleId>,
) -> bool {
    let of_contract = |role: &RoleId| rules.roles.get(role.0).is_some_and(|role| role.contract);
    let is_partner = held.iter().any(of_contract);
    let named = match &ceiling.to {
        Bound::Everyone => true,
        Bound::Contracts => is_partner,
        Bound::Roles(roles) => roles.iter().any(|role| held.contains(role)),
    };
    named && !(ceiling.except_contracts && is_partner)
}

/// A class nobody knows is as high as can be.
pub(in crate::policy) fn level_of(rules: &RuleSet, class: ClassId) -> u8 {
    rules
        .classes
        .get(class.0)
        .map_or(u8::MAX, |class| class.level)
}

/// The paths of a resource a ceiling covers: those it names, there and below; those of its classes
/// only below, since at the same place another entry says another class on purpose.
pub(in crate::policy) fn reach_of<'a>(
    rules: &RuleSet,
    ceiling: &'a Ceiling,
    resource: ResourceId,
    listed: &'a Resource,
) -> Reach<'a> {
    let of_class = |covers: &dyn Fn(ClassId) -> bool| {
        let entries = listed.fields.iter();
        let covered = entries.filter(|field| field.class.is_some_and(covers));
        Reach::below(covered.map(|field| &field.path), listed.any_case)
    };
    let of_fields = |fields: &[FieldId], container: Option<&'a Path>| {
        let covered = fields.iter().filter_map(|field| listed.fields.get(field.0));
        let paths = covered.map(|field| &field.path).chain(container);
        Reach::there_and_below(paths, listed.any_case)
    };
    let bound = |of: &ResourceId| *of == resource || listed.shape_of == Some(*of);
    match &ceiling.covers {
        Covers::Fields(of, fields) if bound(of) => of_fields(fields, None),
        Covers::Container(of, fields, path) if bound(of) => of_fields(fields, Some(path)),
        Covers::Fields(..) | Covers::Container(..) => of_fields(&[], None),
        Covers::Class(class) => of_class(&|other| other == *class),
        Covers::Level(level) => of_class(&|other| level_of(rules, other) >= *level),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a[*].b`, `a[0]`, `..b`, `a[1:3]`, parted by blanks.
    fn path(text: &str) -> Path {
        let segments = text.split_whitespace().map(|word| {
            let (descend, word) = match word.strip_prefix("..") {
                Some(word) => (true, word),
                None => (false, word),
            };
            let selectors = word.split(',').map(|selector| match selector {
                "*" => Selector::Wildcard,
                _ => match (selector.split_once(':'), selector.parse()) {
                    (Some((start, end)), _) => Selector::Slice {
                        start: start.parse().unwrap(),
                        end: end.parse().ok(),
                        step: 1,
                    },
                    (None, Ok(index)) => Selector::Index(index),
                    (None, Err(_)) => Selector::Name(selector.to_owned()),
                },
            });
            Segment {
                descend,
                selectors: selectors.collect(),
            }
        });
        Path {
            segments: segments.collect(),
        }
    }

    fn covers(covering: &str, other: &str) -> bool {
        Reach::there_and_below([&path(covering)].into_iter(), false).holds(&path(other))
    }

    fn covers_below(covering: &str, other: &str) -> bool {
        Reach::below([&path(covering)].into_iter(), false).holds(&path(other))
    }

    #[test]
    fn a_path_covers_itself_and_all_below() {
        assert!(covers("a b", "a b"));
        assert!(covers("a", "a b c"));
        assert!(covers("", "a"));
        assert!(!covers("a b", "a"));
        assert!(!covers("a b", "a c"));
        assert!(!covers("a", ""));
    }

    #[test]
    fn selectors_meet_where_some_document_has_a_node_for_both() {
        let meet = |one: &str, other: &str| covers_below(one, &format!("{other} x"));
        let meeting = [
            "* a", "* 0", "0:2 1", "0:2 1:9", "1:x 5", "a,b b,c", "0,2 1:3",
        ];
        for (one, other) in meeting.iter().filter_map(|pair| pair.split_once(' ')) {
            assert!(meet(one, other) && meet(other, one), "{one} {other}");
        }
        let apart = ["a 0", "a b", "0 1", "0:2 2", "0:2 2:4", "a 0:2"];
        for (one, other) in apart.iter().filter_map(|pair| pair.split_once(' ')) {
            assert!(!meet(one, other) && !meet(other, one), "{one} {other}");
        }
    }

    #[test]
    fn a_net_covers_the_names_below_whatever_it_can_fall_on() {
        let covers = |net: &str, other: &str| {
            let net = path(net);
            let reach = Reach::there_and_below([&net].into_iter(), false);
            assert!(!reach.holds(&path(other)));
            reach.holds_names(&path(other))
        };
        assert!(covers("..balances", "accounts * balances"));
        assert!(covers("..balances", "balances usd"));
        assert!(covers("a ..c", "a b c d"));
        assert!(covers("..a ..b", "x a y b z"));
        assert!(!covers("a ..c", "b c"));
        assert!(!covers("..balances", "accounts owners"));
        assert!(!covers("..a ..b", "x b y a z"));
    }

    #[test]
    fn an_entry_that_spells_out_less_at_the_same_place_is_not_covered() {
        assert!(!covers("phone", "*"));
        assert!(!covers("a b", "a *"));
        assert!(covers("phone", "* number"));
        assert!(covers("*", "phone"));
        assert!(covers("a *", "* b"));
    }

    #[test]
    fn a_net_is_covered_wherever_it_can_fall() {
        assert!(covers("accounts * card_no", "..card_no"));
        assert!(covers("accounts * card_no", "..last4"));
        assert!(!covers("accounts * card_no", "id ..card_no"));
    }

    #[test]
    fn below_leaves_the_place_itself_out() {
        assert!(!covers_below("a b", "a b"));
        assert!(!covers_below("a *", "a b"));
        assert!(covers_below("a *", "a b c"));
        assert!(covers_below("", "a"));
        assert!(!covers_below("", ""));
    }

    #[test]
    fn a07_any_case_folds_member_names() {
        let covering = path("Address");
        let reach = Reach::there_and_below([&covering].into_iter(), true);
        assert!(reach.holds(&path("aDDRESS city")));
        assert!(!covers("Address", "address"));
    }
}

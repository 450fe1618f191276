//! Fields that rebuild a masked one, each masked field on its own.
//!
//! `cn-id` beside `cn-address` and a birth date leaves 33,183 candidates. What belongs to the same object counts first; what
//! belongs to an object above is somebody else's.

use super::{cell_of, rows};
use crate::mask::Mask;
use crate::path::{Path, Segment, Selector};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{Cell, Field, GroupId, Resource, ResourceId, RuleSet};
use crate::policy::source::Span;
use crate::policy::validate::ResourcePlaces;

type Listed<'a> = (&'a Field, &'a Span);

/// A lint for each masked ID number that what stands beside it narrows.
pub(super) fn ids(
    rules: &RuleSet,
    id: ResourceId,
    resource: &Resource,
    place: &ResourcePlaces,
) -> Vec<Diagnostic> {
    let listing = |wanted: fn(&Mask) -> bool| -> Vec<Listed<'_>> {
        let fields = resource.fields.iter().zip(&place.fields);
        let masked = |field: &Field| field.masks.first().is_some_and(|(_, mask)| wanted(mask));
        fields.filter(|(field, _)| masked(field)).collect()
    };
    let cards = listing(|mask| matches!(mask, Mask::CnId | Mask::CnId64));
    let addresses = listing(|mask| matches!(mask, Mask::CnAddress));
    let births = listing(|mask| matches!(mask, Mask::YearOnly | Mask::Date(_)));
    let each = cards.into_iter().filter_map(|card| {
        let (addresses, births) = (beside(card, &addresses), beside(card, &births));
        narrowed(rules, id, resource, card, (&addresses, &births))
    });
    each.collect()
}

/// Of these fields those of the card's own object, else those of what lies below it.
fn beside<'a>(card: Listed<'_>, fields: &[Listed<'a>]) -> Vec<Listed<'a>> {
    let own = object(&card.0.path);
    let same = fields
        .iter()
        .filter(|(field, _)| object(&field.path) == own);
    let same: Vec<Listed<'a>> = same.copied().collect();
    if !same.is_empty() {
        return same;
    }
    let below = fields
        .iter()
        .filter(|(field, _)| object(&field.path).starts_with(own));
    below.copied().collect()
}

/// The way to the object a field belongs to: to the last element of a list on it.
fn object(path: &Path) -> &[Segment] {
    let element = |segment: &Segment| {
        let named = matches!(segment.selectors.as_slice(), [Selector::Name(_)]);
        segment.descend || !named
    };
    let last = path.segments.iter().rposition(element);
    let length = last.map_or(0, |last| last + 1);
    path.segments.get(..length).unwrap_or_default()
}

fn narrowed(
    rules: &RuleSet,
    id: ResourceId,
    resource: &Resource,
    (card, card_span): Listed<'_>,
    (addresses, births): (&[Listed<'_>], &[Listed<'_>]),
) -> Option<Diagnostic> {
    let mut affected: Vec<&str> = Vec::new();
    let mut labels: Option<(&Span, &Span)> = None;
    for (group, _) in resource.groups.iter().enumerate() {
        for (role, row) in rows(rules, id, GroupId(group)) {
            let some =
                |field: &Field, wanted: fn(&Cell) -> bool| cell_of(row, field).cells().any(wanted);
            let visible = |(field, _): &&Listed<'_>| {
                some(field, |cell| matches!(cell, Cell::Show | Cell::Mask(_)))
            };
            let masked = some(card, |cell| matches!(cell, Cell::Mask(_)));
            let seen = addresses
                .iter()
                .find(visible)
                .zip(births.iter().find(visible));
            let Some(((_, address), (_, birth))) = seen.filter(|_| masked) else {
                continue;
            };
            labels.get_or_insert((address, birth));
            let name = rules.roles.get(role.0);
            let name = name.map_or("", |role| role.name.as_str());
            if !affected.contains(&name) {
                affected.push(name);
            }
        }
    }
    let (address_span, birth_span) = labels?;
    let message = say!(
        "an ID number can be narrowed to some ten thousand by what {} sees beside its mask",
        "{} 看到脱敏的身份证号，又看到旁边的字段，合起来能把号码缩小到几万个候选",
        Text::list(affected.iter().map(|name| quoted(name)))
    );
    Some(
        Diagnostic::warning(code::FG2109, message)
            .labelled(card_span, say!("the masked number", "脱敏的号码"))
            .labelled(
                address_span,
                say!(
                    "its first six digits follow from the district",
                    "由区县可推出前六位"
                ),
            )
            .labelled(
                birth_span,
                say!(
                    "and the next ones from the birth date",
                    "由出生日期可推出接下来几位"
                ),
            )
            .help(say!(
                "strip one of the three for these roles",
                "对这些角色，三者中删掉一个"
            )),
    )
}

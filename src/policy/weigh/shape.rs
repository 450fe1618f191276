//! The parts of a resource that no role changes: what is catalogued, what may be asked, where records stand.
//!
//! A change here is a gain unless it can only take away: a route, an entry no other one could stand in for, a
//! parameter, values of a parameter, or leave for what is not listed.

use super::super::diagnostic::{Text, quoted, say};
use super::super::rules::{
    EnvelopeEntry, Field, FieldId, Param, ParamRule, PersonRule, Resource, RouteRule, Searched,
    SendRule, Unlisted, UnlistedParams,
};
use super::{Gain, Site, writes};
use crate::path::{Path, Segment};

/// Whether the record stands in the same site of the answer, and the path names the same parameters.
pub(super) fn same_route(one: &RouteRule, other: &RouteRule) -> bool {
    let RouteRule {
        text: _,
        place: _,
        method,
        template,
        at,
        // Weighed of its own.
        answer: _,
        // Weighed leaf by leaf.
        send: _,
        does,
        body,
        // Follows from the routes.
        stored: _,
    } = one;
    let same_deed = *does == other.does && *body == other.body;
    same_deed && *method == other.method && *template == other.template && *at == other.at
}

/// Whether a body the new route takes is one the old took. An entry that is gone may leave its leaves to another.
pub(super) fn sends_less(old: (&Resource, &RouteRule), new: (&Resource, &RouteRule)) -> bool {
    let (before, now) = match (&old.1.send, &new.1.send) {
        (_, None) => return true,
        (None, Some(_)) => return false,
        (Some(before), Some(now)) => (before, now),
    };
    let kept = |one: &SendRule, all: &[SendRule]| all.iter().any(|other| other.path == one.path);
    before.iter().all(|one| kept(one, now))
        && now.iter().all(|one| {
            let mut known = before.iter().filter(|other| other.path == one.path);
            known.any(|other| carries_less((old.0, &other.param.rule), (new.0, &one.param.rule)))
        })
}

/// All that the catalogue of `is` gives over that of `was`.
pub(super) fn gains(was: &Site<'_>, is: &Site<'_>) -> Vec<Gain> {
    let (old, new) = (was.listed, is.listed);
    let Resource {
        name: _,
        place: _,
        zh: _,
        upstream,
        groups: _,
        person: _,
        fields,
        envelope,
        params: _,
        unlisted_params,
        unlisted,
        // Its catalogue was copied when it was loaded.
        shape_of: _,
        // Weighed with the outcomes.
        strip_as_blank: _,
        drift_show,
        any_case,
        // Weighed role by role.
        files: _,
        // Weighed below.
        writing: _,
        errors: _,
    } = new;
    let mut gains = Vec::new();
    let mut unweighed = |changed: bool, text: Text| {
        if changed {
            gains.push(Gain::unweighed(text));
        }
    };
    unweighed(
        *upstream != old.upstream,
        say!("another upstream answers", "换了后端"),
    );
    unweighed(
        *any_case != old.any_case,
        say!("`keys` has changed", "`keys` 变了"),
    );
    unweighed(
        person(new) != person(old),
        say!("`person` has changed", "`person` 变了"),
    );
    if *drift_show && !old.drift_show {
        gains.push(Gain::opens(
            say!("`drift: show` is new", "新增了 `drift: show`"),
            say!("`drift: show` is gone", "去掉了 `drift: show`"),
        ));
    }
    let passes = |rule: &UnlistedParams| matches!(rule, UnlistedParams::Pass { reason: _ });
    if passes(unlisted_params) && !passes(&old.unlisted_params) {
        gains.push(Gain::opens(
            say!(
                "parameters that are not listed go upstream",
                "未列出的参数会传给后端"
            ),
            say!(
                "parameters that are not listed are refused",
                "未列出的参数不再放行"
            ),
        ));
    }
    if leave(unlisted) > leave(&old.unlisted) {
        gains.push(Gain::opens(
            say!(
                "more of what is not listed leaves",
                "未列出的内容放出得更多"
            ),
            say!(
                "less of what is not listed leaves",
                "未列出的内容放出得更少"
            ),
        ));
    }
    let hides_unlisted = !matches!(unlisted, Unlisted::Show { .. });
    let before: Vec<Entry<'_>> = old.fields.iter().map(field).collect();
    let now: Vec<Entry<'_>> = fields.iter().map(field).collect();
    gains.extend(entries(&before, &now, hides_unlisted));
    let before: Vec<Entry<'_>> = old.envelope.iter().map(envelope_entry).collect();
    let now: Vec<Entry<'_>> = envelope.iter().map(envelope_entry).collect();
    gains.extend(entries(&before, &now, hides_unlisted));
    gains.extend(params(old, new));
    gains.extend(writes::of_resource(old, new));
    gains
}

/// How much of what is not listed leaves, and of the answer around it.
fn leave(unlisted: &Unlisted) -> u8 {
    match unlisted {
        Unlisted::Refuse => 0,
        Unlisted::Strip => 1,
        Unlisted::Show { reason: _ } => 2,
    }
}

/// Whose data a record is, by the paths that say so.
fn person(resource: &Resource) -> Option<(Option<&Path>, Option<&String>)> {
    let PersonRule { field, path_param } = resource.person.as_ref()?;
    Some((path_of(resource, *field), path_param.as_ref()))
}

fn path_of(resource: &Resource, field: FieldId) -> Option<&Path> {
    resource.fields.get(field.0).map(|field| &field.path)
}

/// What of an entry does not depend on roles.
struct Entry<'a> {
    text: &'a str,
    path: &'a Path,
    /// Whether it has a class, covers containers, and gives names a class.
    form: (bool, bool, bool),
}

fn field(field: &Field) -> Entry<'_> {
    let Field {
        text,
        place: _,
        zh: _,
        path,
        class,
        masks: _,
        whole,
        names,
        // Weighed with the rights.
        written_by: _,
        write_never: _,
        decides: _,
    } = field;
    Entry {
        text,
        path,
        form: (class.is_some(), *whole, names.is_some()),
    }
}

fn envelope_entry(entry: &EnvelopeEntry) -> Entry<'_> {
    let EnvelopeEntry {
        text,
        place: _,
        path,
        class: _,
    } = entry;
    Entry {
        text,
        path,
        form: (true, false, false),
    }
}

/// An entry that comes writes names and may stand above others, so it is never weighed. One that goes leaves its
/// nodes to what is not listed, unless another entry leads there, from there, or past it.
fn entries(old: &[Entry<'_>], new: &[Entry<'_>], hides_unlisted: bool) -> Vec<Gain> {
    let mut gains = Vec::new();
    for entry in new {
        match old.iter().find(|other| other.path == entry.path) {
            None => {
                let text = quoted(entry.text);
                let gain = Gain::unweighed(say!("{text} is listed now", "新列出了 {text}"));
                gains.push(gain.or_back(say!("{text} is not listed any more", "不再列出 {text}")));
            }
            Some(before) if before.form != entry.form => gains.push(Gain::unweighed(say!(
                "{} covers something else",
                "{} 覆盖的范围变了",
                quoted(entry.text)
            ))),
            Some(_) => {}
        }
    }
    for gone in old {
        if new.iter().any(|entry| entry.path == gone.path) {
            continue;
        }
        let stands_in =
            |entry: &&Entry<'_>| !entry.path.is_net() && lie_on_one_way(entry.path, gone.path);
        if !hides_unlisted || gone.path.is_net() || new.iter().any(|entry| stands_in(&entry)) {
            gains.push(Gain::unweighed(say!(
                "{} is not listed any more, and something else may decide it",
                "不再列出 {}，可能改由别的条目决定",
                quoted(gone.text)
            )));
        }
    }
    gains
}

/// Whether in some document one path leads to a node the other passes or ends at. Names are compared without case,
/// which errs on the side of yes.
pub(super) fn lie_on_one_way(one: &Path, other: &Path) -> bool {
    let meet = |(a, b): (&Segment, &Segment)| {
        let mut selectors = a.selectors.iter();
        selectors.any(|one| b.selectors.iter().any(|other| one.meets(other, true)))
    };
    one.segments.iter().zip(&other.segments).all(meet)
}

/// A parameter that is gone is refused, unless it passes as one that is not listed; one that stays may carry less.
fn params(old: &Resource, new: &Resource) -> Vec<Gain> {
    let mut gains = Vec::new();
    for param in &new.params {
        let Param {
            name,
            place: _,
            rule,
            // Weighed by the routes it belongs to.
            on: _,
        } = param;
        let more_routes = |before: &Param| {
            let mut routes = new.groups.iter().flat_map(|group| &group.routes);
            routes.any(|route| param.is_for(route) && !before.is_for(route))
        };
        let text = name.to_string();
        let before = old.params.iter().find(|param| param.name == *name);
        match before {
            None => {
                let name = quoted(&text);
                gains.push(Gain::opens(
                    say!("the parameter {name} is new", "新增了参数 {name}"),
                    say!("the parameter {name} is gone", "去掉了参数 {name}"),
                ));
            }
            Some(before)
                if !carries_less((old, &before.rule), (new, rule)) || more_routes(before) =>
            {
                gains.push(Gain::unweighed(say!(
                    "the parameter {} may carry something else",
                    "参数 {} 可带的内容变了",
                    quoted(&text)
                )));
            }
            Some(_) => {}
        }
    }
    if new.unlisted_params != UnlistedParams::Refuse {
        for gone in &old.params {
            if !new.params.iter().any(|param| param.name == gone.name) {
                let name = gone.name.to_string();
                gains.push(Gain::unweighed(say!(
                    "the parameter {} passes unlisted",
                    "参数 {} 作为未列出的参数放行",
                    quoted(&name)
                )));
            }
        }
    }
    gains
}

/// Whether every value the new rule takes, the old one took from the same callers; that a field is not more open
/// than before is weighed for each of them.
fn carries_less(old: (&Resource, &ParamRule), new: (&Resource, &ParamRule)) -> bool {
    let reads_all = |before: &Searched, now: &Searched| {
        let searched = |path: Option<&Path>| {
            let mut read = now.read.iter();
            read.any(|field| path_of(new.0, *field) == path)
        };
        let mut read = before.read.iter();
        read.all(|field| searched(path_of(old.0, *field)))
    };
    match (old.1, new.1) {
        (ParamRule::Free, _) => true,
        (ParamRule::Fields(before), ParamRule::Fields(now)) => reads_all(before, now),
        (ParamRule::Names(before), ParamRule::Names(now)) => now.iter().all(|(name, now)| {
            let before = before.get(name);
            before.is_some_and(|before| reads_all(before, now))
        }),
        (
            ParamRule::Whole { min, max },
            ParamRule::Whole {
                min: least,
                max: most,
            },
        ) => min <= least && most <= max,
        (ParamRule::OneOf(before), ParamRule::OneOf(now)) => {
            now.iter().all(|word| before.contains(word))
        }
        (
            ParamRule::Fields(_)
            | ParamRule::Names(_)
            | ParamRule::Whole { .. }
            | ParamRule::OneOf(_),
            ParamRule::Fields(_)
            | ParamRule::Names(_)
            | ParamRule::Whole { .. }
            | ParamRule::OneOf(_)
            | ParamRule::Free,
        ) => false,
    }
}

//! A test of one thing for one role: what conditions must be, which route is called, and what is asserted.

use super::Collector;
use super::proposal::{Asked, is_plain, text_of};
use super::skeleton::Skeleton;
use crate::author::view::{Item, Outcome};
use crate::model::Openness;
use crate::path::{self, Path, Selector};
use crate::policy::condition::{Condition, ConditionId, Truth};
use crate::policy::diagnostic::{Text, say};
use crate::policy::store::Opening;
use crate::policy::{Does, Group, ParamName, Resource, RouteRule, TemplateSegment};

/// What conditions must be, and what then becomes of a thing; nothing where no case fits.
type Case = (Vec<(ConditionId, bool)>, Option<Openness>);

impl Collector<'_> {
    /// What conditions must be for a thing to come out as asked, and what then becomes of it: nothing where no case fits.
    pub(super) fn case(&self, asked: &Asked, item: Item) -> Option<Case> {
        let rules = &self.stage.policy().rules;
        let outcome = self.sight(asked)?.outcome(item);
        let ids: Vec<ConditionId> = ids_of(&rules.conditions, &outcome);
        let wanted = asked.branch.and_then(|(id, holds)| {
            let at = ids.iter().position(|one| *one == id)?;
            Some((at, if holds { Truth::True } else { Truth::False }))
        });
        let known = |truths: &[Truth]| !truths.contains(&Truth::Unknown);
        let cases = outcome.cases.iter().filter(|(truths, _)| known(truths));
        let mut cases = cases.filter(|(truths, does)| match wanted {
            Some((at, truth)) => truths.get(at) == Some(&truth),
            None => *does == outcome.does,
        });
        let truths = |truths: &[Truth]| {
            let truths = truths.iter().map(|truth| *truth == Truth::True);
            ids.iter().copied().zip(truths).collect()
        };
        let found = match ids.is_empty() {
            true => Some((Vec::new(), Some(outcome.does.openness))),
            false => (cases.next()).map(|(of, does)| (truths(of), Some(does.openness))),
        };
        Some(found.unwrap_or_default())
    }

    pub(super) fn named(&self, asked: Asked, name: Text) -> Option<String> {
        let policy = self.stage.policy();
        let rules = &policy.rules;
        let role = rules.roles.get(asked.role.0)?;
        let contract = asked.contract.and_then(|id| rules.contracts.get(id.0));
        let resource = rules.resources.get(asked.route.resource.0)?;
        let group = resource.groups.get(asked.route.group.0)?;
        let row = rules
            .rows
            .get(&(asked.route.resource, asked.route.group, asked.role))?;
        let mut skeleton = Skeleton::new(rules, role, contract, self.now);
        let zone = contract.map_or("UTC", |one| one.term.zone.as_str());
        if contract.is_some() || asked.now.is_some() {
            skeleton.at(self.moment(&asked), zone);
        }
        let person = resource.person.as_ref();
        let person = person.and_then(|person| person.path_param.as_deref());
        let person = person.filter(|_| role.same_as_person());
        let rule = reading(group, person);
        let rule = rule.or_else(|| group.routes.first())?;
        let mut needed: Vec<(ConditionId, bool)> = row.only.iter().map(|id| (*id, true)).collect();
        let mut decided = None;
        if let Some(item) = asked.item {
            let (truths, openness) = self.case(&asked, item)?;
            needed.extend(truths);
            decided = openness;
        } else if let Some((id, holds)) = asked.branch {
            let gate = needed.iter_mut().find(|(gate, _)| *gate == id);
            gate.into_iter().for_each(|(_, truth)| *truth = holds);
        }
        needed.sort_unstable();
        needed.dedup();
        let twice = needed
            .windows(2)
            .any(|two| two.first().map(|one| one.0) == two.last().map(|one| one.0));
        if twice || (asked.item.is_some() && decided.is_none()) {
            skeleton.stuck(say!(
                "no case of the conditions comes out so for a record that leaves",
                "能放行的记录里，条件不会是这样的组合"
            ));
        }
        needed
            .into_iter()
            .for_each(|(id, holds)| skeleton.suppose(id, holds));
        if rule.does != Does::Read {
            skeleton.stuck(say!("its routes only write", "这个路由组只有写操作"));
        }
        if let Some(closed) = self.closed(&asked, resource, rule) {
            skeleton.stuck(say!(
                "`{closed}` searches what the role does not see in clear: each call is 403 `filter-on-hidden`",
                "`{closed}` 查的字段这个角色看不到明文，每次调用都是 403 `filter-on-hidden`"
            ));
        }
        let asserted = match asked.item {
            Some(item) => {
                if !is_plain(resource, item) {
                    skeleton.stuck(say!(
                        "its path leads to more than one place: {}",
                        "它的路径不止指向一处：{}",
                        text_of(resource, item)?
                    ));
                }
                let text = text_of(resource, item)?;
                let text = match item {
                    Item::Field(_) | Item::Names(_) => below_record(&rule.at, text),
                    Item::Envelope(_) => text.to_owned(),
                };
                let asserted = assertion(decided.unwrap_or(Openness::Strip), &text);
                format!("reply: fixtures/FILE.json\n  {asserted}")
            }
            None => goes_whole(&mut skeleton, &rule.at),
        };
        let person = person.filter(|param| has_param(rule, param));
        Some(skeleton.written(&name, rule, person, &asserted))
    }

    /// A path parameter that the role may not search with.
    fn closed(&self, asked: &Asked, resource: &Resource, rule: &RouteRule) -> Option<String> {
        let view = self.sight(asked)?;
        let params = resource.params.iter().enumerate();
        let mut closed = params.filter(|(at, param)| {
            let ParamName::Path(name) = &param.name else {
                return false;
            };
            let open = view.compiled.params.get(*at).map(|usage| usage.open);
            has_param(rule, name) && matches!(open, Some(Opening::Closed))
        });
        closed.next().map(|(_, param)| param.name.to_string())
    }
}

/// What a list leaves out, or a single record's 404.
fn goes_whole(skeleton: &mut Skeleton<'_>, at: &Path) -> String {
    let selectors = at.segments.iter().flat_map(|segment| &segment.selectors);
    let single = selectors
        .clone()
        .all(|one| matches!(one, Selector::Name(_)));
    if single {
        return String::from(
            "reply: fixtures/FILE.json\n  expect_status: 404\n  expect_reason: no-such-record",
        );
    }
    skeleton.note(say!(
        "a reply with this one record alone",
        "响应里只放这一条记录"
    ));
    let path = quoted(&below_record(at, ""));
    format!("reply: fixtures/FILE.json\n  absent: [{path}]")
}

/// The conditions an outcome depends on.
fn ids_of(conditions: &[Condition], outcome: &Outcome<'_>) -> Vec<ConditionId> {
    let asked = outcome.conditions.iter();
    let ids = asked.filter_map(|one| conditions.iter().position(|known| known.name == one.name));
    ids.map(ConditionId).collect()
}

/// A route that reads, by GET if there is one, and names the person where that is asked.
pub(super) fn reading<'a>(group: &'a Group, person: Option<&str>) -> Option<&'a RouteRule> {
    let reads = group.routes.iter().filter(|rule| {
        let named = person.is_none_or(|param| has_param(rule, param));
        rule.does == Does::Read && named
    });
    reads.min_by_key(|rule| rule.send.is_some())
}

pub(super) fn has_param(rule: &RouteRule, param: &str) -> bool {
    rule.template.iter().any(|segment| match segment {
        TemplateSegment::Param { name, .. } => name == param,
        TemplateSegment::Literal(_) => false,
    })
}

fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    match path.chars().all(plain) {
        true => path.to_owned(),
        false => serde_json::Value::from(path).to_string(),
    }
}

fn assertion(does: Openness, path: &str) -> String {
    let path = quoted(path);
    match does {
        Openness::Strip => format!("absent: [{path}]"),
        Openness::Mask | Openness::Token => format!("expect: {{ {path}: masked }}"),
        Openness::Show => format!("expect: {{ {path}: VALUE }}"),
        // YAML has no word for null here.
        Openness::Blank => String::from("never: [VALUE]"),
    }
}

/// The path of a field from the root of the answer, its first element where the record is in a list.
fn below_record(at: &Path, field: &str) -> String {
    let mut text = String::new();
    for segment in &at.segments {
        match segment.selectors.first() {
            Some(path::Selector::Name(name)) if text.is_empty() => text.push_str(name),
            Some(path::Selector::Name(name)) => text.push_str(&format!(".{name}")),
            Some(path::Selector::Index(index)) => text.push_str(&format!("[{index}]")),
            _ => text.push_str("[0]"),
        }
    }
    let field = field.replace("[*]", "[0]");
    if field.is_empty() {
        return text;
    }
    match (text.is_empty(), field.starts_with(['[', '.'])) {
        (true, _) => field,
        (false, true) => format!("{text}{field}"),
        (false, false) => format!("{text}.{field}"),
    }
}

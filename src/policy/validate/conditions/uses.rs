//! Where conditions are used, and whether they can be answered there.
//!
//! Notices conditions nobody uses, that change nothing, that open where a field is missing, and that tell of a field the
//! caller does not see. Refuses a condition on a field that the resource does not list, on a path parameter that none of its routes has,
//! and on the purpose of a caller who has no contract.

use std::cmp::Ordering;

use super::super::{Catalogue, Findings};
use super::Place;
use crate::path::Segment;
use crate::policy::condition::{
    Condition, ConditionId, FieldIs, FieldTest, Other, Question, closure,
};
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::{
    Cell, Choice, ClassId, Exception, Field, Resource, ResourceId, RoleId, TemplateSegment,
};
use crate::policy::source::Span;
use crate::policy::validate::cells::openness;
use crate::policy::validate::grid::Rows;

/// What a cell or a gate asks, wherever it counts.
#[derive(Clone)]
pub(in crate::policy::validate) struct Asked {
    /// Which condition.
    pub condition: ConditionId,
    /// The cell that asks; `None` where a gate does.
    pub choice: Option<Choice>,
    /// Where it stands.
    pub place: Span,
    /// For whom; `None` where it is a gate for all.
    pub role: Option<RoleId>,
}

impl Asked {
    /// Asked of the records of a resource.
    pub fn of(self, resource: ResourceId) -> Use {
        let Asked {
            condition,
            choice,
            place,
            role,
        } = self;
        Use {
            condition,
            choice,
            place,
            resource,
            role,
        }
    }
}

/// One use of a condition.
pub(in crate::policy::validate) struct Use {
    /// Which.
    pub condition: ConditionId,
    /// The cell that asks; `None` where a gate does.
    pub choice: Option<Choice>,
    /// Where it stands.
    pub place: Span,
    /// About whose records.
    pub resource: ResourceId,
    /// For whom; `None` where it is a gate for all.
    pub role: Option<RoleId>,
}

/// Checks every use.
pub(in crate::policy::validate) fn check(
    uses: &[Use],
    conditions: &[Condition],
    places: &[Place],
    known: Catalogue<'_>,
    is_contract: impl Fn(RoleId) -> bool,
    findings: &mut Findings,
) {
    let mut told: Vec<(ResourceId, ConditionId)> = Vec::new();
    for one in uses {
        for id in closure(conditions, [one.condition]) {
            let Some(condition) = conditions.get(id.0) else {
                continue;
            };
            let mistake = match &condition.asks {
                Question::Field(test) => not_here(test, one.resource, known),
                Question::Purpose(_) if !one.role.is_some_and(&is_contract) => Some(no_purpose()),
                _ => None,
            };
            let Some(mistake) = mistake.filter(|_| !told.contains(&(one.resource, id))) else {
                continue;
            };
            told.push((one.resource, id));
            let mistake = match places.get(id.0) {
                Some(place) => mistake.labelled(&place.subject, say!("asked here", "在这里问")),
                None => mistake,
            };
            findings.add(mistake.labelled(&one.place, say!("used here", "在这里用")));
        }
    }
}

/// What is probably not what was meant; only of a rule set without mistakes.
pub(in crate::policy::validate) fn lints(
    uses: &[Use],
    conditions: &[Condition],
    places: &[Place],
    resources: &[Resource],
    rows: &Rows,
    exceptions: &[Exception],
) -> Vec<Diagnostic> {
    let mut found = unused(uses, conditions, places);
    for one in uses {
        if let Some(choice) = &one.choice {
            found.extend(idle(choice, one));
            found.extend(opens_on_absence(choice, one, conditions));
        }
        if let (Some(role), Some(resource)) = (one.role, resources.get(one.resource.0)) {
            let seen = |field: usize, class: ClassId| {
                let mine = rows
                    .iter()
                    .filter(|((of, _, who), _)| *of == one.resource && *who == role);
                let cells = mine.filter_map(|(_, row)| row.cells.get(class.0));
                let own = exceptions.iter().filter(|exception| {
                    exception.resource == one.resource
                        && exception.role == role
                        && exception.fields.iter().any(|covered| covered.0 == field)
                });
                let all = cells.chain(own.map(|exception| &exception.cell));
                all.flat_map(Choice::cells).any(|cell| *cell != Cell::Strip)
            };
            found.extend(unseen(one, resource, conditions, seen));
        }
    }
    found
}

fn unused(uses: &[Use], conditions: &[Condition], places: &[Place]) -> Vec<Diagnostic> {
    let used = closure(conditions, uses.iter().map(|one| one.condition));
    let each = conditions.iter().zip(places).enumerate();
    let unused = each.filter(|(index, _)| !used.contains(&ConditionId(*index)));
    unused
        .map(|(_, (condition, place))| {
            let message = say!(
                "nothing uses the condition {}",
                "条件 {} 没有用到",
                quoted(&condition.name)
            );
            let lint = Diagnostic::warning(code::FG2120, message).at(&place.name);
            lint.help(say!(
                "write `show if {0}` in a cell, or `only: [{0}]`, or remove it",
                "在格子里写 `show if {0}`，或写 `only: [{0}]`，或者删掉它",
                condition.name
            ))
        })
        .collect()
}

fn idle(choice: &Choice, one: &Use) -> Option<Diagnostic> {
    let when = choice.when.as_ref()?;
    (when.otherwise == choice.cell).then(|| {
        let message = say!(
            "this condition changes nothing: both outcomes are the same",
            "这个条件不起作用：两个处理方式相同"
        );
        Diagnostic::warning(code::FG2123, message).at(&one.place)
    })
}

fn opens_on_absence(choice: &Choice, one: &Use, conditions: &[Condition]) -> Option<Diagnostic> {
    let when = choice.when.as_ref()?;
    let asks = closure(conditions, [when.condition]);
    let exists = asks.iter().any(|id| {
        let test = conditions.get(id.0).map(|condition| &condition.asks);
        matches!(test, Some(Question::Field(field)) if matches!(field.is, FieldIs::Exists))
    });
    (exists && openness(&when.otherwise) > openness(&choice.cell)).then(|| {
        let message = say!(
            "this cell opens where a field is missing",
            "字段缺失时，这个格子反而放开"
        );
        Diagnostic::warning(code::FG2122, message)
            .at(&one.place)
            .help(say!(
                "write a condition with `is: empty`, or turn the cell round",
                "改用 `is: empty` 的条件，或者把格子反过来写"
            ))
    })
}

/// A field the condition reads and the role never sees.
fn unseen(
    one: &Use,
    resource: &Resource,
    conditions: &[Condition],
    seen: impl Fn(usize, ClassId) -> bool,
) -> Option<Diagnostic> {
    let asks = closure(conditions, [one.condition]);
    let tests = asks
        .iter()
        .filter_map(|id| match &conditions.get(id.0)?.asks {
            Question::Field(test) => Some(test),
            _ => None,
        });
    let hidden = |test: &&FieldTest| {
        let fields = resource.fields.iter().enumerate();
        !fields
            .filter(|(_, field)| covers(field, test, resource.any_case))
            .any(|(index, field)| field.class.is_some_and(|class| seen(index, class)))
    };
    let test = tests.into_iter().find(hidden)?;
    let message = say!(
        "what the caller gets tells of {}, which the role does not see",
        "从结果能看出 {} 的信息，而这个角色看不到它",
        quoted(&test.text)
    );
    Some(Diagnostic::warning(code::FG2121, message).at(&one.place))
}

fn no_purpose() -> Diagnostic {
    let message = say!(
        "`purpose` is asked of contract roles only: nobody else declares one that counts",
        "`purpose` 只问合同角色：别人申报的目的不算数"
    );
    Diagnostic::error(code::FG2066, message).help(say!(
        "use it in the row of a role with `contract: required`",
        "只在 `contract: required` 的角色的行里用它"
    ))
}

/// What is wrong with asking this of the records of a resource.
fn not_here(test: &FieldTest, id: ResourceId, known: Catalogue<'_>) -> Option<Diagnostic> {
    let resource = known.resources.get(id.0)?;
    if known.places.get(id.0).is_some_and(|place| place.complete) && !is_listed(test, resource) {
        return Some(unlisted(test, resource));
    }
    match &test.is {
        FieldIs::SameAs(Other::Path(name)) => no_parameter(name, resource),
        _ => None,
    }
}

/// A typing mistake would be a field that is never there, and that closes for good, or opens.
fn unlisted(test: &FieldTest, resource: &Resource) -> Diagnostic {
    let message = say!(
        "{} is no field of the catalogue of {}",
        "{} 不在 {} 的字段目录里",
        quoted(&test.text),
        quoted(&resource.name)
    );
    let fields = resource.fields.iter().map(|field| field.text.as_str());
    let mistake = Diagnostic::error(code::FG2065, message);
    match mistake.did_you_mean(&test.text, fields) {
        Ok(meant) => meant,
        Err(mistake) => mistake.help(say!(
            "list it under `fields`, in a class that no row names if nobody may see it",
            "在 `fields` 里登记它；谁也不该看到的话，归入没有行提到的类别"
        )),
    }
}

fn is_listed(test: &FieldTest, resource: &Resource) -> bool {
    let mut fields = resource.fields.iter();
    fields.any(|field| covers(field, test, resource.any_case))
}

/// Whether an entry of the catalogue says what the field is that a condition reads, or, where it asks whether a
/// container exists, what is below it.
fn covers(field: &Field, test: &FieldTest, any_case: bool) -> bool {
    let (listed, asked) = (&field.path.segments, &test.path.segments);
    let fits = match asked.len().cmp(&listed.len()) {
        Ordering::Less => matches!(test.is, FieldIs::Exists),
        Ordering::Equal => true,
        Ordering::Greater => field.whole,
    };
    let leads = |(listed, asked): (&Segment, &Segment)| meet(listed, asked, any_case);
    field.class.is_some() && !field.path.is_net() && fits && listed.iter().zip(asked).all(leads)
}

fn meet(listed: &Segment, asked: &Segment, any_case: bool) -> bool {
    listed.selectors.iter().any(|one| {
        let mut asked = asked.selectors.iter();
        asked.any(|other| one.covers(other, any_case))
    })
}

fn no_parameter(name: &str, resource: &Resource) -> Option<Diagnostic> {
    let routes = resource.groups.iter().flat_map(|group| &group.routes);
    let known: Vec<&str> = routes
        .flat_map(|route| &route.template)
        .filter_map(|segment| match segment {
            TemplateSegment::Param { name, .. } => Some(name.as_str()),
            TemplateSegment::Literal(_) => None,
        })
        .collect();
    if known.contains(&name) {
        return None;
    }
    let message = say!(
        "no route of {} has the parameter {}",
        "{} 的路由都没有参数 {}",
        quoted(&resource.name),
        quoted(name)
    );
    Some(Diagnostic::error(code::FG2065, message).suggest(name, known))
}

//! `read:`, who sees what, and `grids:`, rows that several groups share.
//!
//! Refuses rows of groups, roles, classes, conditions and grids that do not exist.

use std::collections::BTreeMap;

use super::cells::choice;
use super::conditions::{Asked, Use};
use super::gates::{asked_by, gate, gates_above};
use super::{Findings, Names, ResourcePlaces, inherit};
use crate::policy::Place;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::rules::{
    Choice, ClassId, GroupId, Resource, ResourceId, Role, RoleId, Row, Unlisted,
};
use crate::policy::source::{Entries, Key, Node, Span, check_name};

/// Rows by resource, group and role.
pub(super) type Rows = BTreeMap<(ResourceId, GroupId, RoleId), Row>;

/// What rows speak of.
#[derive(Clone, Copy)]
pub(super) struct Subjects<'a> {
    /// Whose records.
    pub resources: &'a [Resource],
    /// Where the parts of each stand, its gates among them.
    pub places: &'a [ResourcePlaces],
    /// For whom.
    pub roles: &'a [Role],
}

/// A row with the role it is for, and what it asks.
#[derive(Clone)]
struct NamedRow {
    key: Key,
    role: RoleId,
    row: Row,
    asked: Vec<Asked>,
}

impl NamedRow {
    /// The same behind one more gate.
    fn behind(&mut self, gate: &[Asked]) {
        self.row.only.extend(gate.iter().map(|one| one.condition));
        self.row.only.sort_unstable();
        self.row.only.dedup();
        self.asked.extend_from_slice(gate);
    }
}

/// A grid written once for several groups.
struct Grid {
    name: Key,
    rows: Vec<NamedRow>,
    used: bool,
}

/// The whole grid.
pub(super) fn rows(
    document: &Document,
    names: &Names,
    subjects: Subjects<'_>,
    uses: &mut Vec<Use>,
    findings: &mut Findings,
) -> Rows {
    let Subjects {
        resources, roles, ..
    } = subjects;
    let mut grids = grids(document, names, findings);
    let mut rows = Rows::new();
    let mut places: BTreeMap<(ResourceId, GroupId, RoleId), Span> = BTreeMap::new();
    for (key, node) in document.section("read") {
        let group = findings.keep(find_group(key, resources));
        let Some(entries) = findings.keep(node.as_map(say!("the rows of a resource", "资源的行")))
        else {
            continue;
        };
        // For all rows of this grid: the resource's and the group's gates, and one that stands beside the rows.
        let mut before_all = gate(entries, names, None, findings);
        if let Some((resource, group)) = group {
            before_all.extend(gates_above(subjects, resource, group));
        }
        let mut of_group: Vec<NamedRow> = Vec::new();
        for (role_key, row_node) in entries.iter() {
            match role_key.text.as_str() {
                "only" | "like" => {}
                _ => of_group.extend(named_row(role_key, row_node, names, findings)),
            }
        }
        if let Some(like) = entries.get("like") {
            let at = findings.keep(grid_named(like, &grids));
            if let Some(grid) = at.and_then(|at| grids.get_mut(at)) {
                grid.used = true;
                // A row of the group's own takes the place of the grid's, whole.
                let own = |role: &Key| entries.get(&role.text).is_some();
                let shared = grid.rows.iter().filter(|one| !own(&one.key));
                // What is wrong with it here is wrong because of `like`.
                of_group.extend(shared.map(|one| {
                    let (span, text) = (like.span.clone(), one.key.text.clone());
                    NamedRow {
                        key: Key { span, text },
                        ..one.clone()
                    }
                }));
            }
        }
        let Some((resource, group)) = group else {
            continue;
        };
        for mut one in of_group {
            one.behind(&before_all);
            let NamedRow {
                key: role_key,
                role,
                row,
                asked,
            } = one;
            findings.extend(never_held(
                &role_key, role, resource, group, resources, roles,
            ));
            uses.extend(asked.into_iter().map(|one| one.of(resource)));
            rows.insert((resource, group, role), row);
            places.insert((resource, group, role), role_key.span);
        }
    }
    findings.extend(grids.iter().filter(|grid| !grid.used).map(unused));
    inherit::rows(&mut rows, roles);
    for (place, row) in &rows {
        let (resource, group, role) = *place;
        let Some(role) = roles.get(role.0) else {
            continue;
        };
        // A row that is inherited stands where its role does.
        let span = match places.get(place) {
            Some(span) => span,
            None => match document
                .section("roles")
                .find(|(key, _)| key.text == role.name)
            {
                Some((key, _)) => &key.span,
                None => continue,
            },
        };
        let resource = resources.get(resource.0);
        findings.extend(resource.map_or_else(Vec::new, |resource| {
            let gated = !row.only.is_empty() && stands_beside(resource, group);
            shows_unlisted(role, span, resource, gated)
        }));
    }
    rows
}

fn named_row(key: &Key, node: &Node, names: &Names, findings: &mut Findings) -> Option<NamedRow> {
    let role = findings.keep(names.role_named(&key.text, &key.span));
    let (row, asked) = row(key, node, names, role, findings)?;
    Some(NamedRow {
        key: key.clone(),
        role: role?,
        row,
        asked,
    })
}

/// `grids:`, each a grid that groups may be like.
fn grids(document: &Document, names: &Names, findings: &mut Findings) -> Vec<Grid> {
    let mut grids = Vec::new();
    for (key, node) in document.section("grids") {
        findings.keep(check_name(say!("a grid", "权限表"), &key.text, &key.span));
        let entries = findings.keep(node.as_map(say!("a grid", "权限表")));
        let before_all = entries.map(|entries| gate(entries, names, None, findings));
        let mut rows: Vec<NamedRow> = Vec::new();
        for (role_key, row_node) in entries.iter().flat_map(Entries::iter) {
            match role_key.text.as_str() {
                "only" => {}
                "like" => findings.add(later(role_key)),
                _ => rows.extend(named_row(role_key, row_node, names, findings)),
            }
        }
        for one in &mut rows {
            one.behind(before_all.as_deref().unwrap_or_default());
        }
        grids.push(Grid {
            name: key.clone(),
            rows,
            used: false,
        });
    }
    grids
}

fn grid_named(node: &Node, grids: &[Grid]) -> Result<usize, Diagnostic> {
    let name = node.as_str(say!("`like`"))?;
    match grids.iter().position(|grid| grid.name.text == name) {
        Some(at) => Ok(at),
        None => {
            let message = say!("there is no grid {}", "没有 {} 这张权限表", quoted(name));
            Err(Diagnostic::error(code::FG2135, message)
                .at(&node.span)
                .suggest(name, grids.iter().map(|grid| grid.name.text.as_str())))
        }
    }
}

fn unused(grid: &Grid) -> Diagnostic {
    let message = say!(
        "no group is like the grid {}",
        "没有路由组使用权限表 {}",
        quoted(&grid.name.text)
    );
    Diagnostic::warning(code::FG2151, message).at(&grid.name.span)
}

pub(super) fn row(
    key: &Key,
    node: &Node,
    names: &Names,
    role: Option<RoleId>,
    findings: &mut Findings,
) -> Option<(Row, Vec<Asked>)> {
    let entries =
        findings.keep(node.as_map(say!("a row of `class: outcome`", "`类别: 处理方式` 的行")))?;
    let mut asked = gate(entries, names, role, findings);
    let mut row = Row {
        place: Place::of(&key.span),
        places: vec![None; names.classes.len()],
        cells: vec![Choice::STRIP; names.classes.len()],
        steps: vec![None; names.classes.len()],
        only: asked.iter().map(|one| one.condition).collect(),
    };
    for (key, value) in entries.iter().filter(|(key, _)| key.text != "only") {
        let class = findings.keep(names.class_named(&key.text, &key.span));
        let choice = findings.keep(choice(value, names));
        if let (Some(ClassId(class)), Some(choice)) = (class, choice)
            && let Some(kept) = row.cells.get_mut(class)
            && let (Some(place), Some(steps)) =
                (row.places.get_mut(class), row.steps.get_mut(class))
        {
            asked.extend(asked_by(&choice, value, role));
            *kept = choice;
            (*place, *steps) = (Some(Place::of(&key.span)), Some(0));
        }
    }
    Some((row, asked))
}

fn later(key: &Key) -> Diagnostic {
    let message = say!(
        "{} in `read` is not supported yet",
        "`read` 里的 {} 暂不支持",
        quoted(&key.text)
    );
    Diagnostic::error(code::FG1022, message)
        .at(&key.span)
        .help(say!(
            "this version refuses the key instead of ignoring it: remove it",
            "本版本宁可拒绝也不当没看见：请删掉这个键"
        ))
}

/// The group a key of the grid names: `customer` or `customer/list`.
pub(super) fn find_group(
    key: &Key,
    resources: &[Resource],
) -> Result<(ResourceId, GroupId), Diagnostic> {
    let all = resources.iter().enumerate().flat_map(|(resource, rule)| {
        let groups = rule.groups.iter().enumerate();
        groups.map(move |(group, rule)| ((ResourceId(resource), GroupId(group)), &rule.name))
    });
    all.clone()
        .find(|(_, name)| **name == key.text)
        .map(|(ids, _)| ids)
        .ok_or_else(|| {
            let message = say!(
                "there is no resource or group {}",
                "没有 {} 这个资源或路由组",
                quoted(&key.text)
            );
            let known: Vec<&str> = all.map(|(_, name)| name.as_str()).collect();
            Diagnostic::error(code::FG2003, message)
                .at(&key.span)
                .suggest(&key.text, known)
        })
}

/// Whether something can stand beside the records of a group: some record is not the whole body.
fn stands_beside(resource: &Resource, group: GroupId) -> bool {
    let group = resource.groups.get(group.0);
    group.is_some_and(|group| {
        let mut routes = group.routes.iter();
        routes.any(|route| !route.at.segments.is_empty())
    })
}

/// What lies beside records is checked for nobody's person and by no gate, and no contract lists it.
fn shows_unlisted(role: &Role, place: &Span, resource: &Resource, gated: bool) -> Vec<Diagnostic> {
    if !matches!(resource.unlisted, Unlisted::Show { .. }) {
        return Vec::new();
    }
    let (role_name, resource) = (quoted(&role.name), quoted(&resource.name));
    let of_one_person = role.same_as_person().then(|| {
        let message = say!(
            "{} may see one person's records only, but {} has `unlisted: show`",
            "{} 只能看某一主体的记录，而 {} 写了 `unlisted: show`",
            role_name,
            resource
        );
        (code::FG2047, message)
    });
    let behind_a_gate = gated.then(|| {
        let message = say!(
            "{} sees records of {} through a gate (`only`), but `unlisted: show` lets out what stands beside them",
            "{} 的记录要先过 `only`，而 {} 写了 `unlisted: show`，记录以外的内容不经过它就流出",
            role_name,
            resource
        );
        (code::FG2047, message)
    });
    let under_contract = role.contract.then(|| {
        let message = say!(
            "{} calls under a contract, but {} has `unlisted: show`",
            "{} 凭合同调用，而 {} 写了 `unlisted: show`",
            role_name,
            resource
        );
        (code::FG2088, message)
    });
    let told = |(code, message)| {
        let help = say!(
            "list the fields and remove `unlisted: show`, or remove the row",
            "把字段登记进目录并删掉 `unlisted: show`，或者删掉这一行"
        );
        Diagnostic::error(code, message).at(place).help(help)
    };
    let found = of_one_person.into_iter().chain(behind_a_gate);
    let found = found.chain(under_contract);
    found.map(told).collect()
}

/// A row of a `same_as: person` role where no route names a person is held by nobody.
pub(super) fn never_held(
    key: &Key,
    role: RoleId,
    resource: ResourceId,
    group: GroupId,
    resources: &[Resource],
    roles: &[Role],
) -> Option<Diagnostic> {
    if !roles.get(role.0)?.same_as_person() {
        return None;
    }
    let resource = resources.get(resource.0)?;
    let group = resource.groups.get(group.0)?;
    let person = resource
        .person
        .as_ref()
        .and_then(|person| person.path_param.as_deref());
    let names_person = group.routes.iter().any(|route| {
        route.template.iter().any(|segment| match segment {
            crate::policy::rules::TemplateSegment::Param { name, .. } => {
                Some(name.as_str()) == person
            }
            crate::policy::rules::TemplateSegment::Literal(_) => false,
        })
    });
    if names_person {
        return None;
    }
    let message = say!(
        "nobody can hold {} on {}",
        "在 {1} 上没有人能具备 {0} 这个角色",
        quoted(&key.text),
        quoted(&group.name)
    );
    let help = say!(
        "no route here has the path parameter that `person:` names; where the path names nobody, let the role hold by `has` or `is` and gate its row: `only: [NAME]`, a condition `{{ field: .., same_as: claim.NAME }}`",
        "这里的路由都没有 `person:` 指定的路径参数；路径里没有主体的，角色改用 `has` 或 `is`，行里写 `only: [条件]`，条件写 `{{ field: 字段, same_as: claim.声明 }}`"
    );
    Some(
        Diagnostic::warning(code::FG2110, message)
            .at(&key.span)
            .help(help),
    )
}

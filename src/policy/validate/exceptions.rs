//! `exceptions:` for single fields and `ceilings:` for everybody.
//!
//! Refuses entries without a reason, fields outside the catalogue, exceptions of roles without a row,
//! two exceptions for one field and role, and `until` on what does not only open.

use super::cells::{cell, choice, openness};
use super::conditions::Use;
use super::gates::asked_by;
use super::grid::Rows;
use super::scalars::{self, moment_or_day, reason, within};
use super::{Catalogue, Findings, Names};
use crate::path::{Path, Segment};
use crate::policy::Place;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{
    Bound, Ceiling, Cell, Choice, Class, Covers, Exception, Field, FieldId, Resource, ResourceId,
    RoleId,
};
use crate::policy::source::{Entries, Kind, Node};

/// All exceptions, files in the order of their names.
pub(super) fn all(
    document: &Document,
    names: &Names,
    known: Catalogue<'_>,
    rows: &Rows,
    uses: &mut Vec<Use>,
    findings: &mut Findings,
) -> Vec<Exception> {
    let mut found: Vec<(Exception, &Node)> = Vec::new();
    for node in document.list("exceptions") {
        let Some(exception) = exception(node, names, known, rows, uses, findings) else {
            continue;
        };
        let same = |(other, _): &&(Exception, &Node)| {
            other.resource == exception.resource
                && other.role == exception.role
                && other
                    .fields
                    .iter()
                    .any(|field| exception.fields.contains(field))
        };
        if let Some((_, first)) = found.iter().find(same) {
            let message = say!(
                "two exceptions for the same field and role",
                "同一字段、同一角色写了两条例外"
            );
            let mistake = Diagnostic::error(code::FG2043, message)
                .labelled(&node.span, say!("this one", "这一处"));
            findings.add(
                mistake
                    .labelled(&first.span, say!("and this one", "还有这一处"))
                    .help(say!("keep one of them", "只留一个")),
            );
        }
        found.push((exception, node));
    }
    found.into_iter().map(|(exception, _)| exception).collect()
}

fn exception(
    node: &Node,
    names: &Names,
    known: Catalogue<'_>,
    rows: &Rows,
    uses: &mut Vec<Use>,
    findings: &mut Findings,
) -> Option<Exception> {
    let entries = findings.keep(node.as_map(say!("an exception", "例外")))?;
    let keys = ["field", "role", "do", "reason", "until"];
    let later = [
        "to",
        "only",
        "except",
        "if",
        "from",
        "contract",
        "contracts",
    ];
    findings.extend(entries.check_keys(say!("an exception", "例外"), &keys, &later));
    let field = require(entries, "field", say!("an exception", "例外"), findings);
    let found = field.and_then(|field| findings.keep(exception_fields(field, known)));
    let role_node = require(entries, "role", say!("an exception", "例外"), findings);
    let role = role_node.and_then(|role| findings.keep(role_of(role, names)));
    let cell_node = require(entries, "do", say!("an exception", "例外"), findings);
    let cell = cell_node.and_then(|node| findings.keep(choice(node, names)));
    let reason = findings.keep(reason(entries, say!("an exception", "例外"), &node.span));
    let until = entries.entry("until");
    let moment = until.and_then(|(_, node)| findings.keep(moment_or_day(node, say!("`until`"))));

    let (resource, fields) = found?;
    let (role, cell) = (role?, cell?);
    let asked = cell_node.and_then(|node| asked_by(&cell, node, Some(role)));
    uses.extend(asked.map(|asked| asked.of(resource)));
    let mine: Vec<_> = rows
        .iter()
        .filter(|((of, _, who), _)| *of == resource && *who == role)
        .map(|(_, row)| row)
        .collect();
    if mine.is_empty() && known.all_rows {
        let message = say!(
            "no exception opens anything for a role without a row",
            "没有行的角色，例外也打不开任何字段"
        );
        let help = say!(
            "give the role a row of this resource under `read`",
            "在 `read` 里给这个角色写上该资源的行"
        );
        let place = &role_node?.span;
        findings.add(
            Diagnostic::error(code::FG2041, message)
                .at(place)
                .help(help),
        );
    } else if !mine.is_empty()
        && let Some((key, _)) = until
        && !only_opens(&cell, &fields, &mine, known.resources.get(resource.0))
    {
        let message = say!(
            "`until` on an exception that does not open every row it changes would open the rest when it ends",
            "这条例外对有些行不是放开，到期后那些行反而会被放开，所以不能写 `until`"
        );
        let help = say!(
            "remove `until`; a field is closed for good or not at all",
            "删掉 `until`；收紧字段没有期限"
        );
        findings.add(
            Diagnostic::error(code::FG2042, message)
                .at(&key.span)
                .help(help),
        );
    }
    Some(Exception {
        place: Place::of(&node.span),
        resource,
        fields,
        role,
        cell,
        reason: reason?,
        until: moment,
        steps: 0,
    })
}

/// Whether the exception shows more of a field than some row does, and nowhere less or something else, whatever becomes
/// of their conditions.
fn only_opens(
    choice: &Choice,
    fields: &[FieldId],
    rows: &[&crate::policy::rules::Row],
    resource: Option<&Resource>,
) -> bool {
    let given = rows.iter().flat_map(|row| {
        fields.iter().map(|FieldId(index)| {
            let field = resource.and_then(|resource| resource.fields.get(*index));
            // Where an entry lists names alone, the exception speaks of them.
            let class = field.and_then(|field| field.class.or(field.names));
            class
                .and_then(|class| row.cells.get(class.0))
                .unwrap_or(&Choice::STRIP)
        })
    });
    let opens = |cell: &Cell, given: &Cell| openness(cell) > openness(given);
    let never_less = |given: &Choice| {
        choice == given
            || outcomes(choice)
                .all(|cell| outcomes(given).all(|given| cell == given || opens(&cell, &given)))
    };
    let sometimes_more = |given: &Choice| {
        choice != given
            && outcomes(choice).any(|cell| outcomes(given).all(|given| opens(&cell, &given)))
    };
    given.clone().any(sometimes_more) && given.clone().all(never_less)
}

/// Every outcome a cell can have: those it names, and what is left of two masks or a token where nobody knows which.
fn outcomes(choice: &Choice) -> impl Iterator<Item = Cell> {
    let veils = |cell: &Cell| matches!(cell, Cell::Token(_) | Cell::Mask(_));
    let doubt = choice.when.as_ref().and_then(|when| {
        let both = veils(&choice.cell) && veils(&when.otherwise);
        (both && choice.cell != when.otherwise).then(|| Cell::Mask(Some(String::from("fixed"))))
    });
    choice.cells().cloned().chain(doubt)
}

/// All ceilings, files in the order of their names.
pub(super) fn ceilings(
    document: &Document,
    names: &Names,
    known: Catalogue<'_>,
    classes: &[Class],
    findings: &mut Findings,
) -> Vec<Ceiling> {
    document
        .list("ceilings")
        .iter()
        .filter_map(|node| ceiling(node, names, known, classes, findings))
        .collect()
}

fn ceiling(
    node: &Node,
    names: &Names,
    known: Catalogue<'_>,
    classes: &[Class],
    findings: &mut Findings,
) -> Option<Ceiling> {
    let entries = findings.keep(node.as_map(say!("a ceiling", "上限")))?;
    let keys = [
        "field", "class", "level", "to", "at_most", "except", "reason",
    ];
    findings.extend(entries.check_keys(say!("a ceiling", "上限"), &keys, &["until", "if"]));
    let covers = findings.keep(covers(node, entries, names, known));
    let to = require(entries, "to", say!("a ceiling", "上限"), findings);
    let to = to.and_then(|to| findings.keep(bound(to, names)));
    let except = entries.get("except");
    let except_contracts = match (except, &to) {
        (Some(node), Some(to)) => findings.keep(except_contracts(node, to)).is_some(),
        _ => false,
    };
    let at_most = require(entries, "at_most", say!("a ceiling", "上限"), findings);
    let at_most = at_most.and_then(|node| findings.keep(cell(node, names)));
    let reason = findings.keep(reason(entries, say!("a ceiling", "上限"), &node.span));
    if let Some(Covers::Level(level)) = covers
        && classes.iter().all(|class| class.level < level)
    {
        let message = say!(
            "no class has level {level} or a higher one: this ceiling binds nothing",
            "没有 {level} 级或更高的类别：这条上限管不到任何字段"
        );
        findings.add(Diagnostic::warning(code::FG2111, message).at(&node.span));
    }
    Some(Ceiling {
        place: Place::of(&node.span),
        covers: covers?,
        to: to?,
        except_contracts,
        at_most: at_most?,
        reason: reason?,
    })
}

fn covers(
    node: &Node,
    entries: Entries<'_>,
    names: &Names,
    known: Catalogue<'_>,
) -> Result<Covers, Diagnostic> {
    match (
        entries.get("field"),
        entries.get("class"),
        entries.get("level"),
    ) {
        (Some(field), None, None) => {
            let found = find(field, known)?;
            let (resource, fields) = found.all_below(field)?;
            let is_listed = !found.fields(|field| field.path == found.path).is_empty();
            Ok(match is_listed {
                true => Covers::Fields(resource, fields),
                false => Covers::Container(resource, fields, found.path),
            })
        }
        (None, Some(class), None) => names.class(class).map(Covers::Class),
        (None, None, Some(level)) => {
            let number = within(level, say!("`level`"), 1..=100)?;
            Ok(Covers::Level(u8::try_from(number).unwrap_or(1)))
        }
        _ => {
            let message = say!(
                "a ceiling is over one of `field`, `class` and `level`",
                "上限要写 `field`、`class`、`level` 中的一个"
            );
            Err(Diagnostic::error(code::FG2044, message).at(&node.span))
        }
    }
}

/// `except: [contracts]`, the only exception from a ceiling there is.
fn except_contracts(node: &Node, to: &Bound) -> Result<(), Diagnostic> {
    let items = node.as_list(say!("`except`"))?;
    let is_it = |item: &Node| item.scalar() == Some("contracts");
    if items.len() == 1 && items.iter().all(is_it) && *to != Bound::Contracts {
        return Ok(());
    }
    let message = say!(
        "`except` leaves out the callers with a contract, of a ceiling that binds others",
        "`except` 用来把有合同的调用方排除在外，其余人仍受上限约束"
    );
    let help = say!(
        "write `except: [contracts]` beside `to: everyone` or a list of roles",
        "在 `to: everyone` 或角色列表旁写 `except: [contracts]`"
    );
    Err(Diagnostic::error(code::FG2044, message)
        .at(&node.span)
        .help(help))
}

/// Whom a ceiling binds.
fn bound(node: &Node, names: &Names) -> Result<Bound, Diagnostic> {
    match &node.kind {
        Kind::Scalar { text, .. } if text == "everyone" => Ok(Bound::Everyone),
        Kind::Scalar { text, .. } if text == "contracts" => Ok(Bound::Contracts),
        Kind::List(items) if !items.is_empty() => {
            let mut roles = Vec::new();
            for item in items {
                let role = role_of(item, names)?;
                if !roles.contains(&role) {
                    roles.push(role);
                }
            }
            Ok(Bound::Roles(roles))
        }
        _ => {
            let help = say!(
                "write `to: everyone`, `to: contracts` or `to: [role, role]`",
                "写 `to: everyone`、`to: contracts` 或 `to: [角色, 角色]`"
            );
            let message = say!("`to` says whom a ceiling binds", "`to` 要写明上限管谁");
            Err(Diagnostic::error(code::FG2044, message)
                .at(&node.span)
                .help(help))
        }
    }
}

fn role_of(node: &Node, names: &Names) -> Result<RoleId, Diagnostic> {
    names.role_named(node.as_str(say!("a role", "角色"))?, &node.span)
}

fn require<'a>(
    entries: Entries<'a>,
    key: &str,
    what: Text,
    findings: &mut Findings,
) -> Option<&'a Node> {
    findings.keep(entries.require(key, what, entries.span()))
}

/// The catalogued path itself, or all below a container.
fn exception_fields(
    node: &Node,
    known: Catalogue<'_>,
) -> Result<(ResourceId, Vec<FieldId>), Diagnostic> {
    let found = find(node, known)?;
    let exact = found.fields(|field| field.path == found.path);
    match exact.is_empty() {
        true => {
            found.no_other_way_in(node)?;
            found.all_below(node)
        }
        false => Ok((found.id, exact)),
    }
}

/// A resource and a path of its record, as exceptions and ceilings name them.
struct Found<'a> {
    id: ResourceId,
    resource: &'a Resource,
    complete: bool,
    path: Path,
}

/// `customer.accounts[*].card_no`: the resource's name, then a path of the record.
fn find<'a>(node: &Node, known: Catalogue<'a>) -> Result<Found<'a>, Diagnostic> {
    let text = node.as_str(say!("`field`"))?;
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let mut resources = known.resources.iter().zip(known.places).enumerate();
    let found = resources.find(|(_, (resource, _))| resource.name == name);
    let Some((id, (resource, place))) = found else {
        let message = say!("there is no resource {}", "没有 {} 这个资源", quoted(name));
        return Err(Diagnostic::error(code::FG2003, message)
            .at(&node.span)
            .help(say!(
                "write the resource and the field: `customer.accounts[*].card_no`",
                "写资源加字段：`customer.accounts[*].card_no`"
            ))
            .suggest(
                name,
                known
                    .resources
                    .iter()
                    .map(|resource| resource.name.as_str()),
            ));
    };
    if rest.is_empty() {
        let message = say!(
            "{} names a resource, not a field",
            "{} 是资源，不是字段",
            quoted(text)
        );
        let mistake = Diagnostic::error(code::FG2040, message).at(&node.span);
        return Err(mistake.help(say!("write `{name}.FIELD`", "写 `{name}.字段`")));
    }
    let path = match rest.strip_prefix('.') {
        Some(plain) if !plain.starts_with('.') => plain,
        _ => rest,
    };
    let path = scalars::path(path, &node.span)?;
    let (id, complete) = (ResourceId(id), place.complete);
    Ok(Found {
        id,
        resource,
        complete,
        path,
    })
}

impl Found<'_> {
    fn fields(&self, wanted: impl Fn(&Field) -> bool) -> Vec<FieldId> {
        let fields = self.resource.fields.iter().enumerate();
        let found = fields.filter(|(_, field)| wanted(field));
        found.map(|(index, _)| FieldId(index)).collect()
    }

    /// `accounts[*]` as a container is also above `accounts[0].no`, but does not say so: whoever reads the exception
    /// would take it for covered.
    fn no_other_way_in(&self, node: &Node) -> Result<(), Diagnostic> {
        let container = &self.path.segments;
        let any_case = self.resource.any_case;
        let meets = |a: &Segment, b: &Segment| {
            let pairs = a
                .selectors
                .iter()
                .flat_map(|a| b.selectors.iter().map(move |b| (a, b)));
            pairs.into_iter().any(|(a, b)| a.meets(b, any_case))
        };
        let other = self.resource.fields.iter().find(|field| {
            let path = &field.path.segments;
            !field.path.is_net()
                && path.len() >= container.len()
                && !path.starts_with(container)
                && container.iter().zip(path).all(|(a, b)| meets(a, b))
        });
        let Some(other) = other else { return Ok(()) };
        let written = node.scalar().unwrap_or_default();
        let name = &self.resource.name;
        let message = say!(
            "{} also stands above {}, which is written otherwise",
            "{} 也在 {} 之上，而后者的写法不同",
            quoted(written),
            quoted(&other.text)
        );
        let help = say!(
            "write an exception for each field: `{name}.{}`",
            "给每个字段各写一条例外：`{name}.{}`",
            other.text
        );
        Err(Diagnostic::error(code::FG2048, message)
            .at(&node.span)
            .help(help))
    }

    fn all_below(&self, node: &Node) -> Result<(ResourceId, Vec<FieldId>), Diagnostic> {
        let container = &self.path.segments;
        let below = self.fields(|field| field.path.segments.starts_with(container));
        if !below.is_empty() || !self.complete {
            return Ok((self.id, below));
        }
        let written = node.scalar().unwrap_or_default();
        let name = &self.resource.name;
        let fields = self.resource.fields.iter();
        let known: Vec<String> = fields
            .map(|field| format!("{name}.{}", field.text))
            .collect();
        let message = say!(
            "{} is no field of the catalogue and no container above one",
            "{} 既不是字段目录里的字段，也不在哪个字段之上",
            quoted(written)
        );
        let mistake = Diagnostic::error(code::FG2040, message).at(&node.span);
        Err(mistake.suggest(written, known.iter().map(String::as_str)))
    }
}

//! `contracts:`, under which partners call: for how long, for what, from where, and at most what.
//!
//! Refuses contracts of roles that do not ask for one, days and zones that do not exist, an end before the beginning, two
//! contracts between which a purpose does not decide, and pseudonyms of a contract that is not an older one of the role.
//! Age is never an error.

mod lints;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

pub(super) use lints::all as lints;

use super::conditions::{Asked, Use};
use super::grid::{find_group, row};
use super::scalars::{self, sentence, within};
use super::{Findings, Names, Places};
use crate::policy::Place;
use crate::policy::ast::Document;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::network::Network;
use crate::policy::rules::{
    Contract, ContractId, Declare, GroupId, Partner, Resource, ResourceId, Role, RoleId, Row,
    Suspension, Term,
};
use crate::policy::source::{Entries, Key, Node, Span, check_name, last_second};

const KNOWN: [&str; 13] = [
    "role",
    "partner",
    "owner",
    "purpose",
    "declare",
    "from",
    "until",
    "zone",
    "warn_days",
    "networks",
    "items",
    "suspended",
    "tokens_as",
];
const LATER: [&str; 1] = ["limits"];
/// How many days before its end a contract is warned of, unless it says so.
const WARN_DAYS: i64 = 30;

/// What contracts speak of.
type Subjects<'a> = (&'a [Resource], &'a [Role]);

/// All contracts, in the order of their names.
pub(super) fn all(
    document: &Document,
    names: &Names,
    subjects: Subjects<'_>,
    (places, uses): (&mut Places, &mut Vec<Use>),
    findings: &mut Findings,
) -> Vec<Contract> {
    let section = || document.section("contracts");
    let ids: BTreeMap<&str, ContractId> = section()
        .enumerate()
        .map(|(at, (key, _))| (key.text.as_str(), ContractId(at)))
        .collect();
    let reader = Reader {
        names,
        subjects,
        ids,
    };
    let read: Vec<Option<Contract>> = section()
        .map(|(key, node)| reader.contract(key, node, uses, findings))
        .collect();
    let spans = section().map(|(key, node)| (key.span.clone(), node));
    let written: Vec<(Span, &Node)> = spans.collect();
    for (contract, (_, node)) in read.iter().zip(&written) {
        if let Some(contract) = contract {
            findings.extend(goes_on_with(contract, &read, node));
        }
    }
    let both = read.iter().zip(&written);
    let known: Vec<(&Contract, &Span)> = both
        .filter_map(|(contract, (span, _))| Some((contract.as_ref()?, span)))
        .collect();
    findings.extend(undecided(&known));
    places.contracts = written.iter().map(|(span, _)| span.clone()).collect();
    // With a mistake in one of them nothing loads, so that ids then lead astray matters to nobody.
    read.into_iter().flatten().collect()
}

/// What is the same for all contracts.
struct Reader<'a> {
    names: &'a Names,
    subjects: Subjects<'a>,
    ids: BTreeMap<&'a str, ContractId>,
}

impl Reader<'_> {
    fn contract(
        &self,
        key: &Key,
        node: &Node,
        uses: &mut Vec<Use>,
        findings: &mut Findings,
    ) -> Option<Contract> {
        let what = say!("a contract", "合同");
        findings.keep(check_name(what.clone(), &key.text, &key.span));
        let entries = findings.keep(node.as_map(what.clone()))?;
        findings.extend(entries.check_keys(what.clone(), &KNOWN, &LATER));
        let need = |name: &str| entries.require(name, what.clone(), &key.span);
        let role = findings.keep(need("role"));
        let role = role.and_then(|node| findings.keep(self.role(node)));
        let purpose_node = findings.keep(need("purpose"));
        let said = purpose_node.and_then(|node| findings.keep(purpose(node)));
        let term = term(entries, &key.span, findings);
        let items = findings.keep(need("items"));
        let items = items.map(|node| self.items(node, role, uses, findings));
        let mut optional = |name: &str| {
            let node = entries.get(name)?;
            findings.keep(sentence(node, say!("`{name}`"; same)))
        };
        let owner = optional("owner");
        let partner = entries
            .get("partner")
            .and_then(|node| partner(node, findings));
        let declare = entries
            .get("declare")
            .map(|node| findings.keep(declare(node)));
        let days = say!("`warn_days`");
        let warn_days = entries
            .get("warn_days")
            .map(|node| findings.keep(within(node, days, 0..=3650)));
        let networks = entries.get("networks").map(|node| networks(node, findings));
        let suspended = entries.get("suspended");
        let suspended = suspended.map(|node| suspension(node, findings));
        let tokens_as = entries.get("tokens_as");
        let tokens_as = tokens_as.map(|node| findings.keep(self.other(node)));
        Some(Contract {
            name: key.text.clone(),
            place: Place::of(&key.span),
            role: role?,
            partner,
            owner,
            purpose: said?,
            declare: declare.unwrap_or(Some(Declare::Header))?,
            term: term?,
            warn_days: warn_days.unwrap_or(Some(WARN_DAYS))?,
            networks: networks.unwrap_or_default(),
            items: items?,
            suspended: match suspended {
                None => None,
                Some(suspended) => Some(suspended?),
            },
            tokens_as: match tokens_as {
                None => None,
                Some(older) => Some(older?),
            },
        })
    }

    /// A role that says that it needs a contract.
    fn role(&self, node: &Node) -> Result<RoleId, Diagnostic> {
        let name = node.as_str(say!("`role`"))?;
        let id = self.names.role_named(name, &node.span)?;
        let (_, roles) = self.subjects;
        if roles.get(id.0).is_some_and(|role| role.contract) {
            return Ok(id);
        }
        let message = say!(
            "{} does not say `contract: required`, so it would be held without this contract too",
            "角色 {} 没写 `contract: required`，没有这份合同也照样能用",
            quoted(name)
        );
        let help = say!(
            "add `contract: required` to the role",
            "给这个角色写上 `contract: required`"
        );
        Err(Diagnostic::error(code::FG2083, message)
            .at(&node.span)
            .help(help))
    }

    /// The annex: rows by group.
    fn items(
        &self,
        node: &Node,
        role: Option<RoleId>,
        uses: &mut Vec<Use>,
        findings: &mut Findings,
    ) -> BTreeMap<(ResourceId, GroupId), Row> {
        let (resources, _) = self.subjects;
        let mut items = BTreeMap::new();
        let entries = findings.keep(node.as_map(say!("`items`")));
        for (key, node) in entries.iter().flat_map(|entries| entries.iter()) {
            let group = findings.keep(find_group(key, resources));
            let row = row(key, node, self.names, role, findings);
            if let (Some(group), Some((row, asked))) = (group, row) {
                findings.extend(asked.iter().find(|one| one.choice.is_none()).map(no_gate));
                uses.extend(asked.into_iter().map(|one| one.of(group.0)));
                items.insert(group, row);
            }
        }
        items
    }

    fn other(&self, node: &Node) -> Result<ContractId, Diagnostic> {
        let name = node.as_str(say!("`tokens_as`"))?;
        self.ids.get(name).copied().ok_or_else(|| {
            let message = say!("there is no contract {}", "没有 {} 这份合同", quoted(name));
            Diagnostic::error(code::FG2087, message)
                .at(&node.span)
                .suggest(name, self.ids.keys().copied())
        })
    }
}

/// A gate on records stands in the row of the role, which the annex only closes.
fn no_gate(asked: &Asked) -> Diagnostic {
    let message = say!("no gate can stand in `items`", "`items` 里不能写 `only`");
    let help = say!(
        "write `only` in the row of the role under `read`",
        "把 `only` 写在 `read` 里这个角色的行上"
    );
    Diagnostic::error(code::FG2068, message)
        .at(&asked.place)
        .help(help)
}

/// What stands in a header as it is written.
fn purpose(node: &Node) -> Result<String, Diagnostic> {
    let text = node.as_str(say!("`purpose`"))?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
    if !text.is_empty() && text.len() <= 128 && text.bytes().all(fits) {
        return Ok(text.to_owned());
    }
    let message = say!(
        "{} cannot be sent as a purpose",
        "{} 不能作为用途发送",
        quoted(text)
    );
    let help = say!(
        "callers send it in the header `Fieldgate-Purpose`: up to 128 ASCII letters, digits and `-`, `_`, `.`, `:`, `/`",
        "调用方在请求首部 `Fieldgate-Purpose` 里发送它：最多 128 个 ASCII 字母、数字和 `-`、`_`、`.`、`:`、`/`"
    );
    Err(Diagnostic::error(code::FG2089, message)
        .at(&node.span)
        .help(help))
}

fn declare(node: &Node) -> Result<Declare, Diagnostic> {
    let text = node.as_str(say!("`declare`"))?;
    match text {
        "header" => Ok(Declare::Header),
        "fixed" => Ok(Declare::Fixed),
        _ => {
            let message = say!(
                "a purpose is not declared by {}",
                "用途不能用 {} 的方式声明",
                quoted(text)
            );
            Err(Diagnostic::error(code::FG2089, message)
                .at(&node.span)
                .suggest(text, ["header", "fixed"]))
        }
    }
}

fn partner(node: &Node, findings: &mut Findings) -> Option<Partner> {
    let what = say!("`partner`");
    let entries = findings.keep(node.as_map(what.clone()))?;
    findings.extend(entries.check_keys(what.clone(), &["name", "contact"], &[]));
    let name = findings.keep(entries.require("name", what, &node.span))?;
    let contact = entries.get("contact");
    Some(Partner {
        name: findings.keep(sentence(name, say!("`name`")))?,
        contact: contact.and_then(|node| findings.keep(sentence(node, say!("`contact`")))),
    })
}

fn suspension(node: &Node, findings: &mut Findings) -> Option<Suspension> {
    let what = say!("`suspended`");
    let entries = findings.keep(node.as_map(what.clone()))?;
    findings.extend(entries.check_keys(what.clone(), &["since", "by", "reason"], &[]));
    let mut text = |name: &str| {
        let node = findings.keep(entries.require(name, what.clone(), &node.span))?;
        let text = findings.keep(sentence(node, say!("`{name}`"; same)))?;
        Some((node, text))
    };
    let (since, by, reason) = (text("since"), text("by"), text("reason"));
    let (place, since) = since?;
    if last_second(&since).is_none() {
        let message = say!(
            "{} is neither a day nor a moment",
            "{} 既不是日期，也不是时刻",
            quoted(&since)
        );
        findings.add(
            Diagnostic::error(code::FG2084, message)
                .at(&place.span)
                .help(say!("write `2026-05-01`", "写 `2026-05-01`")),
        );
    }
    Some(Suspension {
        since,
        by: by?.1,
        reason: reason?.1,
    })
}

fn networks(node: &Node, findings: &mut Findings) -> Vec<Network> {
    let items = findings.keep(node.as_list(say!("`networks`")));
    if items.is_some_and(<[Node]>::is_empty) {
        let message = say!("`networks` names none", "`networks` 没有写网段");
        let help = say!(
            "name the networks calls may come from, or remove the key: then they may come from anywhere",
            "写明允许的来源网段；删掉这个键则不限来源"
        );
        findings.add(
            Diagnostic::error(code::FG2085, message)
                .at(&node.span)
                .help(help),
        );
    }
    let items = items.unwrap_or_default().iter();
    items
        .filter_map(|item| findings.keep(scalars::network(item, code::FG2085)))
        .collect()
}

/// Whole days in a zone.
fn term(entries: Entries<'_>, place: &Span, findings: &mut Findings) -> Option<Term> {
    let what = say!("a contract", "合同");
    let need = |name: &str| entries.require(name, what.clone(), place);
    let (from, until, zone) = (
        findings.keep(need("from")),
        findings.keep(need("until")),
        findings.keep(need("zone")),
    );
    let from = from.and_then(|node| findings.keep(day(node, say!("`from`"))));
    let until = until.and_then(|node| Some((node, findings.keep(day(node, say!("`until`")))?)));
    let zone = zone.and_then(|node| findings.keep(time_zone(node)));
    let (first, (until_node, last), (zone, zone_name)) = (from?, until?, zone?);
    if last < first {
        let message = say!("the contract ends before it begins", "合同还没开始就结束了");
        let help = say!(
            "`from` is the first day, {first}, and `until` the last, {last}: are they the wrong way round, or is a year?",
            "`from` 是第一天（{first}），`until` 是最后一天（{last}）：看看是不是写反了，或者年份写错了"
        );
        findings.add(
            Diagnostic::error(code::FG2086, message)
                .at(&until_node.span)
                .help(help),
        );
        return None;
    }
    let begins = |day: Date| Some(day.to_zoned(zone.clone()).ok()?.timestamp().as_second());
    // The day after the last day there is never comes.
    let after = last.tomorrow().ok().and_then(begins);
    Some(Term {
        from: begins(first)?,
        until: after.map_or(i64::MAX, |after| after - 1),
        first_day: first.to_string(),
        last_day: last.to_string(),
        zone: zone_name,
    })
}

fn day(node: &Node, what: Text) -> Result<Date, Diagnostic> {
    let text = node.as_str(what.clone())?;
    let day = text.parse::<Date>().ok();
    day.filter(|_| text.len() == 10).ok_or_else(|| {
        let message = say!("{what} is no day: {}", "{what} 不是日期：{}", quoted(text); what);
        let help = say!(
            "a contract runs for whole days in its `zone`: write `2026-12-31`",
            "合同按 `zone` 时区的整天计算：写 `2026-12-31`"
        );
        Diagnostic::error(code::FG2084, message)
            .at(&node.span)
            .help(help)
    })
}

fn time_zone(node: &Node) -> Result<(TimeZone, String), Diagnostic> {
    let text = node.as_str(say!("`zone`"))?;
    match TimeZone::get(text) {
        Ok(zone) => Ok((zone, text.to_owned())),
        Err(_) => {
            let message = say!("{} is no time zone", "{} 不是时区", quoted(text));
            let help = say!(
                "write its name in the IANA database: `Asia/Shanghai`, `UTC`",
                "写 IANA 时区名：`Asia/Shanghai`、`UTC`"
            );
            Err(Diagnostic::error(code::FG2084, message)
                .at(&node.span)
                .help(help))
        }
    }
}

/// A contract goes on with the pseudonyms of an older one of its own role: those of another's would join two partners'
/// data.
fn goes_on_with(contract: &Contract, all: &[Option<Contract>], node: &Node) -> Option<Diagnostic> {
    let ContractId(older) = contract.tokens_as?;
    let older = all.get(older)?.as_ref()?;
    if older.role == contract.role && older.term.from < contract.term.from {
        return None;
    }
    let message = say!(
        "{} is not an older contract of the same role",
        "{} 不是同一角色更早的合同",
        quoted(&older.name)
    );
    let help = say!(
        "pseudonyms shared with another partner would let both join what they know",
        "和别的合作方共用假名，双方就能把数据对起来"
    );
    let entries = node.as_map(Text::none()).ok()?;
    Some(
        Diagnostic::error(code::FG2087, message)
            .at(&entries.get("tokens_as")?.span)
            .help(help),
    )
}

/// Contracts of one role between which the declared purpose does not decide.
fn undecided(contracts: &[(&Contract, &Span)]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (at, (one, place)) in contracts.iter().enumerate() {
        for (other, other_place) in contracts.iter().skip(at + 1) {
            let fixed = [one, other].iter().any(|one| one.declare == Declare::Fixed);
            let meet = one.term.from <= other.term.until && other.term.from <= one.term.until;
            if one.role != other.role || !(fixed || (one.purpose == other.purpose && meet)) {
                continue;
            }
            let (message, help) = match fixed {
                true => (
                    say!(
                        "with `declare: fixed` a role has one contract only",
                        "写了 `declare: fixed`，一个角色就只能有一份合同"
                    ),
                    say!(
                        "let callers declare the purpose, or give each contract its own role",
                        "改由调用方声明用途，或者每份合同用各自的角色"
                    ),
                ),
                false => (
                    say!(
                        "two contracts of one role have the same purpose on the same day",
                        "同一角色的两份合同在同一天用途相同"
                    ),
                    say!(
                        "a call runs under the one whose purpose it declares: give each its own, or its own days",
                        "调用按声明的用途归入一份合同：让用途或起止日期错开"
                    ),
                ),
            };
            found.push(
                Diagnostic::error(code::FG2090, message)
                    .labelled(place, say!("this one", "这一份"))
                    .labelled(other_place, say!("and this one", "还有这一份"))
                    .help(help),
            );
        }
    }
    found
}

//! An explanation for people.

use unicode_width::UnicodeWidthStr as _;

use super::refusal::Refused;
use super::reply::Explained;
use super::{Allowed, Explanation, Line, Verdict, writing};
use crate::author::matrix::{answers, class_label, truth_word};
use crate::author::view::{Cause, Item};
use crate::pipeline::rehearsal::Step;
use crate::policy::diagnostic::{Lang, Text, say};
use crate::policy::{Place, Row, RuleSet, Unlisted};

/// Records whose values are listed.
const MOST_RECORDS: usize = 20;

pub(super) fn written(explanation: &Explanation<'_>, lang: Lang) -> String {
    let call = explanation.call;
    let mut text = format!("{} {}\n", call.method, call.target);
    match &explanation.verdict {
        Verdict::Refused(refused) => self::refused(refused, lang, &mut text),
        Verdict::Allowed(allowed) => self::allowed(explanation, allowed, lang, &mut text),
    }
    text
}

fn refused(refused: &Refused, lang: Lang, text: &mut String) {
    let (status, code) = (refused.status, refused.reason.code());
    let stage = stage(refused.step);
    let head =
        say!("  refused: {status} {code}, {stage}", "  拒绝：{status} {code}，{stage}"; stage);
    line(&head, None, lang, text);
    if !refused.roles.is_empty() {
        let roles = refused.roles.join(", ");
        line(
            &say!("  roles: {roles}", "  角色：{roles}"),
            None,
            lang,
            text,
        );
    }
    for (because, place) in &refused.because {
        let sentence = say!("  - {because}", "  - {because}"; because);
        line(&sentence, place.as_ref(), lang, text);
    }
}

/// Which stage of the line refused.
pub(super) fn stage(step: Step) -> Text {
    match step {
        Step::Target => say!("when its target was read", "读请求目标时"),
        Step::Credential => say!("when its credentials were read", "读凭证时"),
        Step::Route => say!("when its route was looked for", "找路由时"),
        Step::Rights => say!("when its rights were decided", "判定权限时"),
        Step::Body => say!("when its body was read", "读请求体时"),
        Step::Header => say!("when its header was read", "读请求首部时"),
        Step::Stored => say!(
            "when it was judged by the stored record",
            "按已存的记录判定时"
        ),
    }
}

fn allowed(explanation: &Explanation<'_>, allowed: &Allowed<'_>, lang: Lang, text: &mut String) {
    let (route, group) = (&allowed.fields.route.text, allowed.fields.group);
    let head = say!(
        "  allowed: {route} of {group}",
        "  获准：{group} 的 {route}"
    );
    line(&head, Some(&allowed.fields.route.place), lang, text);
    let rules = &explanation.stage.policy().rules;
    for id in &allowed.roles {
        let Some(role) = rules.roles.get(id.0) else {
            continue;
        };
        let route = allowed.admitted.route;
        let name = &role.name;
        match rules.rows.get(&(route.resource, route.group, *id)) {
            Some(row) => {
                let gates = gates(rules, row);
                let row_says = match gates.is_empty() {
                    true => say!("  role {name}, its row", "  角色 {name}，它的行"),
                    false => {
                        let gates = gates.join(", ");
                        say!(
                            "  role {name}, its row, for records that pass only: [{gates}]",
                            "  角色 {name}，它的行，只限过得了 only: [{gates}] 的记录"
                        )
                    }
                };
                line(&row_says, Some(&row.place), lang, text);
            }
            None => line(
                &say!("  role {name}, no row here", "  角色 {name}，这里没有行"),
                Some(&role.place),
                lang,
                text,
            ),
        }
    }
    if let Some(contract) = allowed.admitted.permit.contract() {
        let (name, purpose) = (&contract.name, &contract.purpose);
        let place = rules.contracts.iter().find(|one| one.name == **name);
        let sentence = say!(
            "  contract {name} for {purpose}",
            "  合同 {name}，用途 {purpose}"
        );
        line(&sentence, place.map(|one| &one.place), lang, text);
    }
    for (name, truth, place) in answered(explanation, allowed) {
        let sentence = say!("  condition {name}: {truth}", "  条件 {name}：{truth}");
        line(&sentence, Some(place), lang, text);
    }
    for sentence in writing::before(rules, allowed) {
        line(
            &say!("  {sentence}", "  {sentence}"; sentence),
            None,
            lang,
            text,
        );
    }
    for sentence in holds(allowed) {
        line(
            &say!("  {sentence}", "  {sentence}"; sentence),
            None,
            lang,
            text,
        );
    }
    text.push('\n');
    for one in &allowed.lines {
        field(allowed, one, lang, text);
        written_field(rules, allowed, one, lang, text);
    }
    if let Some(explained) = &allowed.reply {
        text.push('\n');
        self::reply(explained, lang, text);
    }
}

/// The conditions a record must meet for a row to count, each with what it asks.
pub(super) fn gates(rules: &RuleSet, row: &Row) -> Vec<String> {
    let conditions = row.only.iter().filter_map(|id| rules.conditions.get(id.0));
    let gates = conditions.map(|one| format!("{} ({})", one.name, one.says));
    gates.collect()
}

/// What the call answers to each condition that its roles' rows ask.
pub(super) fn answered<'e>(
    explanation: &'e Explanation<'_>,
    allowed: &Allowed<'_>,
) -> Vec<(&'e str, &'static str, &'e Place)> {
    let rules = &explanation.stage.policy().rules;
    let answers = allowed.admitted.permit.compiled().answers.iter();
    let answers = answers.filter_map(|(id, truth)| {
        let condition = rules.conditions.get(id.0)?;
        Some((
            condition.name.as_str(),
            truth_word(*truth),
            &condition.place,
        ))
    });
    answers.collect()
}

/// Whether the answer streams, and what is held of it.
pub(super) fn holds(allowed: &Allowed<'_>) -> Vec<Text> {
    let permit = &allowed.admitted.permit;
    let plan = permit.plan();
    let person = allowed.fields.resource.person.as_ref();
    let field = person.and_then(|person| allowed.fields.resource.fields.get(person.field.0));
    let field = field.map_or("", |field| field.text.as_str());
    let mut holds = answers::written(permit.answer());
    holds.extend(permit.files().iter().map(|file| {
        let (media, rule) = (&file.media, &file.rule);
        say!(
            "passes {media} unread, whatever it holds ({rule})",
            "{media} 不经治理放行，里面有什么都放（{rule}）"
        )
    }));
    let before = holds.len();
    if plan.person_check() {
        holds.push(match plan.is_single() {
            true => say!(
                "holds the record to its end: {field} must name the caller's own person, else 404 no-such-record",
                "整条记录先扣住：{field} 必须是调用方本人，否则 404 no-such-record"
            ),
            false => say!(
                "holds each record to its end: {field} must name the caller's own person, else it goes",
                "每条记录先扣住：{field} 必须是调用方本人，否则删除"
            ),
        });
    }
    if let Some(judge) = permit.judge() {
        holds.push(match judge.gates() {
            true => say!(
                "holds each record to its end: a gate or a cell asks what it holds, and it may go",
                "每条记录先扣住：门或格子要看记录内容，不过门就删除"
            ),
            false => say!(
                "holds each record to its end: a cell asks what it holds",
                "每条记录先扣住：格子要看记录内容"
            ),
        });
    }
    if holds.len() == before {
        holds.push(say!(
            "streams: nothing is held but a value that is masked or becomes a token",
            "边读边发：只扣住正在脱敏或变成假名的那个值"
        ));
    }
    holds
}

fn field(allowed: &Allowed<'_>, one: &Line<'_>, lang: Lang, text: &mut String) {
    let kind = match one.kind {
        Some(Item::Names(_)) => say!(" (member names)", "（成员名）"),
        Some(Item::Envelope(_)) => say!(" (envelope)", "（记录之外）"),
        Some(Item::Field(_)) | None => Text::none(),
    };
    let does = one.outcome.text();
    let class = match one.class {
        Some(class) => format!("  {}", class_label(class)),
        None => String::new(),
    };
    let name = &one.text;
    let head = say!("{name}{kind}  {does}{class}", "{name}{kind}  {does}{class}"; kind);
    line(&head, one.place, lang, text);
    if let Some(below) = one
        .unlisted
        .as_ref()
        .map(|one| one.below)
        .filter(|below| *below > 0)
    {
        line(
            &say!(
                "    a container: {below} entries lie below it, and it stays where one of them stays",
                "    容器：下面登记了 {below} 个条目，只要有一个留下，它就留下"
            ),
            None,
            lang,
            text,
        );
    } else if let Some(one) = &one.unlisted {
        let unlisted = match &allowed.fields.resource.unlisted {
            Unlisted::Strip => String::from("unlisted: strip"),
            Unlisted::Refuse => String::from("unlisted: refuse"),
            Unlisted::Show { reason } => format!("unlisted: show, {reason}"),
        };
        line(
            &say!(
                "    no entry lists it; {unlisted}",
                "    没有条目登记它；{unlisted}"
            ),
            None,
            lang,
            text,
        );
        if let Some(hint) = &one.hint {
            line(&say!("    {hint}", "    {hint}"; hint), None, lang, text);
        }
    }
    for cause in &one.outcome.causes {
        line(&sentence(cause), cause.place, lang, text);
    }
    if !one.outdone.is_empty() {
        let outdone = pairs(&one.outdone);
        line(
            &say!("    outdone: {outdone}", "    被盖过：{outdone}"),
            None,
            lang,
            text,
        );
    }
    if !one.others.is_empty() {
        let others = pairs(&one.others);
        line(
            &say!("    others: {others}", "    其他角色：{others}"),
            None,
            lang,
            text,
        );
    }
}

fn written_field(
    rules: &RuleSet,
    allowed: &Allowed<'_>,
    one: &Line<'_>,
    lang: Lang,
    text: &mut String,
) {
    let Some(written) = writing::of(rules, allowed, one.kind) else {
        return;
    };
    let said = match written.may {
        true => say!("may be written", "可写"),
        false => say!("may not be written", "不可写"),
    };
    for (because, place) in &written.because {
        let sentence = say!("    {said}: {because}", "    {said}：{because}"; said, because);
        line(&sentence, place.as_ref(), lang, text);
    }
}

fn pairs(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(role, does)| format!("{role} {does}"))
        .collect();
    pairs.join(", ")
}

fn sentence(cause: &Cause<'_>) -> Text {
    let (kind, says) = (cause.kind.text(), &cause.says);
    let what = match cause.role {
        Some(role) => {
            let name = &role.name;
            say!("    {kind} of {name}: {says}", "    {name} 的{kind}：{says}"; kind)
        }
        None => say!("    {kind}: {says}", "    {kind}：{says}"; kind),
    };
    match cause.reason {
        Some(reason) => say!("{what}, {reason}", "{what}，{reason}"; what),
        None => what,
    }
}

fn reply(explained: &Explained, lang: Lang, text: &mut String) {
    let status = explained.status;
    let head = match explained.reason {
        None => say!("this reply: {status}", "这条响应：{status}"),
        Some(reason) => {
            let code = reason.code();
            say!("this reply: {status} {code}", "这条响应：{status} {code}")
        }
    };
    line(&head, None, lang, text);
    let widest = |of: fn(&super::reply::ValueLine) -> &str| {
        let widths = explained.values.iter().map(|one| of(one).width());
        widths.max().unwrap_or_default()
    };
    let (paths, outcomes) = (widest(|one| &one.path), widest(|one| &one.does));
    let values = |of: Option<usize>, text: &mut String| {
        for one in explained.values.iter().filter(|one| one.record == of) {
            let blanks = |shown: &str, width: usize| " ".repeat(width - shown.width());
            let (path, does) = (&one.path, &one.does);
            let (after_path, after_does) = (blanks(path, paths), blanks(does, outcomes));
            let lead = format!("  {path}{after_path}  {does}{after_does}  ");
            match &one.entry {
                Some((entry, place)) => line(
                    &say!("{lead}{entry}", "{lead}{entry}"),
                    Some(place),
                    lang,
                    text,
                ),
                None if one.unlisted => {
                    line(
                        &say!("{lead}no entry lists it", "{lead}没有条目登记它"),
                        None,
                        lang,
                        text,
                    );
                }
                None => line(&say!("{}", "{}", lead.trim_end()), None, lang, text),
            }
        }
    };
    values(None, text);
    for (at, record) in explained.records.iter().enumerate().take(MOST_RECORDS) {
        let path = &record.path;
        let head = match (&record.because, record.leaves) {
            (Some(because), _) => {
                say!("record {path} goes: {because}", "记录 {path} 删除：{because}"; because)
            }
            (None, true) => say!("record {path} leaves", "记录 {path} 放行"),
            (None, false) => say!("record {path} goes", "记录 {path} 删除"),
        };
        line(&head, None, lang, text);
        for (name, truth, place) in &record.conditions {
            let sentence = say!("  condition {name}: {truth}", "  条件 {name}：{truth}");
            line(&sentence, Some(place), lang, text);
        }
        if record.leaves {
            values(Some(at), text);
            continue;
        }
        let all = explained.values.iter();
        let all = all.filter(|one| one.record == Some(at)).count();
        let sentence = say!(
            "  with all it holds: {all} values",
            "  连同里面的 {all} 个值"
        );
        line(&sentence, None, lang, text);
    }
    if let Some(more) = explained
        .records
        .len()
        .checked_sub(MOST_RECORDS)
        .filter(|more| *more > 0)
    {
        line(
            &say!("and {more} more records", "还有 {more} 条记录"),
            None,
            lang,
            text,
        );
    }
}

fn line(sentence: &Text, place: Option<&Place>, lang: Lang, text: &mut String) {
    text.push_str(sentence.get(lang));
    if let Some(place) = place {
        text.push_str(&format!(" ({place})"));
    }
    text.push('\n');
}

//! The words a matrix is made of, in both languages.

use super::{Line, Matrix, Note, Sheet, answers};
use crate::author::view::{Item, chosen, written};
use crate::policy::diagnostic::{Lang, Text, say};
use crate::policy::store::Opening;
use crate::policy::{
    Bound, ClaimTest, Class, Contract, Field, FieldId, Matcher, ParamRule, Resource, Role, RuleSet,
    Searched, Unlisted, UnlistedParams,
};

/// `identity 身份信息 4!`: name, Chinese name, level, and a mark for sensitive classes.
pub(super) fn class(class: Option<&Class>) -> String {
    let Some(class) = class else {
        return String::from("-");
    };
    let zh = class
        .zh
        .as_ref()
        .map(|zh| format!(" {zh}"))
        .unwrap_or_default();
    let mark = if class.sensitive { "!" } else { "" };
    format!("{}{zh} {}{mark}", class.name, class.level)
}

/// What a line is about.
pub(super) fn line(line: &Line<'_>) -> Text {
    let text = line.text;
    match line.item {
        Item::Field(_) if line.whole => say!("{text} (whole)", "{text}（whole）"),
        Item::Field(_) => say!("{text}", "{text}"),
        Item::Names(_) => say!("{text} (member names)", "{text}（成员名）"),
        Item::Envelope(_) => say!("{text} (envelope)", "{text}（记录之外）"),
    }
}

/// Name and Chinese name of a group.
pub(super) fn group(sheet: &Sheet<'_>) -> String {
    match &sheet.resource.zh {
        Some(zh) => format!("{} {zh}", sheet.group.name),
        None => sheet.group.name.clone(),
    }
}

/// Who holds a role, as the rules say it.
pub(super) fn matcher(rules: &RuleSet, role: &Role) -> String {
    let matchers: Vec<String> = role.matchers.iter().map(alternative).collect();
    let base = role.extends.and_then(|id| rules.roles.get(id.0));
    let mut text = matchers.join(" | ");
    if let Some(base) = base {
        text.push_str(&format!("; extends: {}", base.name));
    }
    if role.contract {
        text.push_str("; contract: required");
    }
    text
}

fn alternative(matcher: &Matcher) -> String {
    let mut parts = Vec::new();
    if let Some(jwt) = &matcher.jwt {
        let claim = jwt.claim.join(".");
        let test = match &jwt.test {
            ClaimTest::Has(value) => format!("has: {value}"),
            ClaimTest::Is(value) => format!("is: {value}"),
            ClaimTest::SameAsPerson => String::from("same_as: person"),
        };
        parts.push(format!("jwt: {}, claim: {claim}, {test}", jwt.issuer));
    }
    if let Some(mtls) = &matcher.mtls {
        parts.push(format!("mtls: {}, san: {}", mtls.authority, mtls.san));
    }
    if let Some(key) = &matcher.api_key {
        parts.push(format!("api_key: {key}"));
    }
    parts.join(", ")
}

/// What a role is, in one sentence.
pub(super) fn role(rules: &RuleSet, role: &Role) -> Text {
    let (name, matcher, place) = (&role.name, matcher(rules, role), &role.place);
    say!(
        "{name}: {matcher} ({place})",
        "{name}：{matcher}（{place}）"
    )
}

/// One sentence for each condition.
pub(super) fn conditions(rules: &RuleSet) -> Vec<Text> {
    let conditions = rules.conditions.iter().map(|condition| {
        let (name, asks, place) = (&condition.name, &condition.says, &condition.place);
        say!("{name}: {asks} ({place})", "{name}：{asks}（{place}）")
    });
    conditions.collect()
}

/// What a parameter may carry.
pub(super) fn param(resource: &Resource, rule: &ParamRule) -> Text {
    let fields = |searched: &Searched| {
        let named = searched
            .named
            .iter()
            .filter_map(|FieldId(at)| resource.fields.get(*at));
        let named: Vec<&str> = named.map(|field: &Field| field.text.as_str()).collect();
        named.join(", ")
    };
    match rule {
        ParamRule::Fields(searched) => say!("searches {}", "查 {}", fields(searched)),
        ParamRule::Names(known) => {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            say!("names of fields: {}", "字段名：{}", names.join(", "))
        }
        ParamRule::Whole { min, max } => say!("whole number {min}..{max}", "整数 {min}..{max}"),
        ParamRule::OneOf(words) => say!("one of {}", "其中之一：{}", words.join(", ")),
        ParamRule::Free => say!("free: names no data", "free：不指向数据"),
    }
}

/// Whether a role may search with a parameter.
pub(super) fn opening(opening: Opening) -> Text {
    match opening {
        Opening::Open => say!("yes", "可以"),
        Opening::Find => say!("find: one exact value", "find：一个确切值"),
        Opening::Closed | Opening::Unwritable => say!("no", "不可以"),
    }
}

/// What a resource says besides its fields, one sentence each.
pub(super) fn facts(sheet: &Sheet<'_>) -> Vec<Text> {
    let resource = sheet.resource;
    let mut facts = vec![match &resource.unlisted {
        Unlisted::Strip => say!("what no entry lists: strip", "没登记的：strip（删除）"),
        Unlisted::Refuse => {
            say!(
                "what no entry lists: refuse the whole answer",
                "没登记的：refuse（整个响应拒绝）"
            )
        }
        Unlisted::Show { reason } => say!(
            "what no entry lists: SHOW, {reason}",
            "没登记的：SHOW（明文放行），{reason}"
        ),
    }];
    if let UnlistedParams::Pass { reason } = &resource.unlisted_params {
        facts.push(say!(
            "parameters nobody lists: PASS, {reason}",
            "没登记的参数：PASS（放行），{reason}"
        ));
    }
    facts.extend(answers::facts(sheet.routes()));
    facts.extend(sheet.files.iter().cloned());
    if resource.drift_show {
        facts.push(say!(
            "drift: show, listed data in another shape leaves too",
            "drift: show，登记过的数据换了结构也放行"
        ));
    }
    if resource.strip_as_blank {
        facts.push(say!(
            "strip_as: blank, listed fields that would go are null",
            "strip_as: blank，该删除的登记字段改为 null"
        ));
    }
    if resource.any_case {
        facts.push(say!("keys: any-case", "keys: any-case，键名不分大小写"));
    }
    facts.extend(gates(sheet));
    facts.extend(super::writes::facts(sheet));
    if let Some(person) = &resource.person {
        let field = resource
            .fields
            .get(person.field.0)
            .map_or("", |field| field.text.as_str());
        facts.push(match &person.path_param {
            Some(path) => say!(
                "person: {field}, in the path {{{path}}}",
                "主体：{field}，路径参数 {{{path}}}"
            ),
            None => say!("person: {field}", "主体：{field}"),
        });
    }
    facts
}

/// Which records a role gets at all, one sentence for each row that says so.
pub(super) fn gates(sheet: &Sheet<'_>) -> impl Iterator<Item = Text> {
    sheet.gates.iter().map(|gate| {
        let (role, only, place) = (&gate.role.name, gate.only.join(", "), gate.place);
        say!(
            "{role} only gets records where {only} ({place})",
            "{role} 只能得到满足 {only} 的记录（{place}）"
        )
    })
}

/// `exception for acme: do: token, because ... (bank.yaml:70)`.
pub(super) fn note(note: &Note) -> Text {
    let kind = note.kind.text();
    let says = &note.says;
    let place = &note.place;
    let what = match &note.role {
        Some(role) => say!("{kind} for {role}: {says}", "{role} 的{kind}：{says}"; kind),
        None => say!("{kind}: {says}", "{kind}：{says}"; kind),
    };
    match &note.reason {
        Some(reason) => say!("{what} ({place}): {reason}", "{what}（{place}）：{reason}"; what),
        None => say!("{what} ({place})", "{what}（{place}）"; what),
    }
}

/// One sentence for each exception and ceiling of the rule set, whether it changes something today or not.
pub(super) fn rules_apart(matrix: &Matrix<'_>) -> (Vec<Text>, Vec<Text>) {
    let rules = matrix.rules;
    let exceptions = rules.exceptions.iter().map(|exception| {
        let role = rules
            .roles
            .get(exception.role.0)
            .map_or("", |role| role.name.as_str());
        let covers = crate::policy::Covers::Fields(exception.resource, exception.fields.clone());
        let fields = crate::author::view::covered(rules, &covers);
        let (does, reason, place) = (
            chosen(rules, &exception.cell),
            &exception.reason,
            &exception.place,
        );
        let until = exception
            .until
            .and_then(|until| jiff::Timestamp::from_second(until).ok());
        match until {
            Some(until) => say!(
                "{fields}, role: {role}, do: {does}, until {until} ({place}): {reason}",
                "{fields}，role: {role}，do: {does}，到 {until} 为止（{place}）：{reason}"
            ),
            None => say!(
                "{fields}, role: {role}, do: {does} ({place}): {reason}",
                "{fields}，role: {role}，do: {does}（{place}）：{reason}"
            ),
        }
    });
    let ceilings = rules.ceilings.iter().map(|ceiling| {
        let covers = crate::author::view::covered(rules, &ceiling.covers);
        let to = bound(rules, &ceiling.to);
        let (at_most, reason, place) = (written(&ceiling.at_most), &ceiling.reason, &ceiling.place);
        say!(
            "{covers}, to: {to}, at_most: {at_most} ({place}): {reason}",
            "{covers}，to: {to}，at_most: {at_most}（{place}）：{reason}"
        )
    });
    (exceptions.collect(), ceilings.collect())
}

/// Whom a ceiling binds, as rule files write it.
pub(super) fn bound(rules: &RuleSet, to: &Bound) -> String {
    match to {
        Bound::Everyone => String::from("everyone"),
        Bound::Contracts => String::from("contracts"),
        Bound::Roles(roles) => {
            let names = roles.iter().filter_map(|id| rules.roles.get(id.0));
            let names: Vec<&str> = names.map(|role| role.name.as_str()).collect();
            format!("[{}]", names.join(", "))
        }
    }
}

/// Whether a contract is in force at a moment.
pub(super) fn standing(contract: &Contract, now: i64) -> Text {
    match &contract.suspended {
        Some(_) => say!("suspended", "已中止"),
        None if now < contract.term.from => say!("not started", "未生效"),
        None if now > contract.term.until => say!("ended", "已到期"),
        None => say!("in force", "有效"),
    }
}

/// One sentence for each contract.
pub(super) fn contracts(matrix: &Matrix<'_>) -> Vec<Text> {
    let rules = matrix.rules;
    let contracts = rules.contracts.iter().map(|contract| {
        let role = rules.roles.get(contract.role.0).map_or("", |role| role.name.as_str());
        let (name, purpose, place) = (&contract.name, &contract.purpose, &contract.place);
        let (first, last, zone) = (&contract.term.first_day, &contract.term.last_day, &contract.term.zone);
        let partner = contract.partner.as_ref().map_or("-", |partner| partner.name.as_str());
        let owner = contract.owner.as_deref().unwrap_or("-");
        let standing = standing(contract, matrix.at);
        let reason = contract.suspended.as_ref().map(|one| format!(": {}", one.reason)).unwrap_or_default();
        say!(
            "{name}: role: {role}, partner: {partner}, owner: {owner}, purpose: {purpose}, {first} to {last} ({zone}), {standing}{reason} ({place})",
            "{name}：role: {role}，partner: {partner}，owner: {owner}，purpose: {purpose}，{first} 至 {last}（{zone}），{standing}{reason}（{place}）";
            standing
        )
    });
    contracts.collect()
}

/// The legend of outcomes.
pub(super) fn legend(lang: Lang) -> &'static str {
    match lang {
        Lang::En => {
            "show: as it came · token: a stable pseudonym · mask NAME: masked so, *** where no mask is listed · \
             blank: null · strip: gone · !: sensitive class · [n]: see the notes"
        }
        Lang::Zh => {
            "show 明文 · token 假名 · mask 脱敏（没登记脱敏方式为 ***）· blank 置为 null · strip 删除 · ! 敏感类别 · [n] 见注"
        }
    }
}

//! A test to complete: who calls with which claims, from where and when, and what is asserted.
//!
//! Refuses to propose what could not pass however it is filled in: a comment says what stands in the way. What only the author
//! knows is in capitals.

use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::cli::lang;
use crate::policy::condition::{
    ClaimIs, Condition, ConditionId, FieldIs, Hours, Literal, Mfa, Network, Other, Question,
};
use crate::policy::diagnostic::{Text, say};
use crate::policy::{
    BodyForm, ClaimTest, Contract, Declare, Role, RouteRule, RuleSet, TemplateSegment,
};

/// Addresses that stand for elsewhere (RFC 5737).
const ELSEWHERE: [Ipv4Addr; 3] = [
    Ipv4Addr::new(192, 0, 2, 1),
    Ipv4Addr::new(198, 51, 100, 1),
    Ipv4Addr::new(203, 0, 113, 1),
];
/// Who calls where a test does not say from where.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A test in the making.
pub(super) struct Skeleton<'a> {
    rules: &'a RuleSet,
    role: &'a Role,
    contract: Option<&'a Contract>,
    /// The moment tests run at that say nothing else.
    today: i64,
    comments: Vec<Text>,
    /// What the token must say besides what the role asks.
    claims: Map<String, Value>,
    headers: Vec<(String, String)>,
    peer: Option<IpAddr>,
    /// In seconds since 1970, and on whose clocks it is written.
    now: Option<(i64, TimeZone)>,
    /// Why there is nothing to write.
    stuck: Option<Text>,
}

impl<'a> Skeleton<'a> {
    pub(super) fn new(
        rules: &'a RuleSet,
        role: &'a Role,
        contract: Option<&'a Contract>,
        today: i64,
    ) -> Skeleton<'a> {
        let mut skeleton = Skeleton {
            rules,
            role,
            contract,
            today,
            comments: Vec::new(),
            claims: Map::new(),
            headers: Vec::new(),
            peer: None,
            now: None,
            stuck: None,
        };
        if let Some(contract) = contract {
            if contract.declare == Declare::Header {
                let header = (String::from("Fieldgate-Purpose"), contract.purpose.clone());
                skeleton.headers.push(header);
            }
            skeleton.peer = contract.networks.first().map(Network::first);
        }
        skeleton
    }

    /// The call is made at this moment.
    pub(super) fn at(&mut self, now: i64, zone: &str) {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        self.now = Some((now, zone));
    }

    /// The call declares another purpose than the contract's.
    pub(super) fn declares_another(&mut self) {
        self.headers = vec![(String::from("Fieldgate-Purpose"), String::from("OTHER"))];
    }

    /// The call comes from outside of the contract's networks.
    pub(super) fn comes_from_elsewhere(&mut self) {
        let networks = self.contract.map_or(&[][..], |one| &one.networks);
        self.peer = outside(networks);
        if self.peer.is_none() {
            self.stuck(say!(
                "the contract's networks hold every address",
                "合同的 `networks` 包含了所有地址"
            ));
        }
    }

    pub(super) fn note(&mut self, note: Text) {
        self.comments.push(note);
    }

    /// It could not pass, and why; the first reason counts.
    pub(super) fn stuck(&mut self, why: Text) {
        self.stuck.get_or_insert(why);
    }

    /// What must be true of a condition, or not true.
    pub(super) fn suppose(&mut self, id: ConditionId, holds: bool) {
        let Some(condition) = self.rules.conditions.get(id.0) else {
            return;
        };
        let (name, says) = (&condition.name, &condition.says);
        self.note(match holds {
            true => say!("where {name} is true ({says})", "{name} 成立时（{says}）"),
            false => say!(
                "where {name} is not true ({says})",
                "{name} 不成立时（{says}）"
            ),
        });
        self.bring_about(condition, holds);
    }

    fn bring_about(&mut self, condition: &Condition, holds: bool) {
        match (&condition.asks, holds) {
            (Question::All(parts), true) | (Question::Any(parts), false) => {
                parts.iter().for_each(|part| self.part(*part, holds));
            }
            (Question::All(parts), false) | (Question::Any(parts), true) => {
                parts
                    .iter()
                    .take(1)
                    .for_each(|part| self.part(*part, holds));
            }
            (Question::Not(part), _) => self.part(*part, !holds),
            (Question::Field(test), _) => {
                if let FieldIs::SameAs(Other::Claim(claim)) = &test.is {
                    let value = match holds {
                        true => format!("VALUE OF {}", test.text),
                        false => format!("OTHER THAN {}", test.text),
                    };
                    add(&mut self.claims, claim, Value::from(value));
                }
            }
            (Question::Claim(asked), true) => {
                let value = match &asked.is {
                    ClaimIs::Has(word) => Value::from(vec![word.as_str()]),
                    ClaimIs::OneOf(values) => match values.first() {
                        Some(Literal::Text(text)) => Value::from(text.as_str()),
                        Some(Literal::Bool(value)) => Value::from(*value),
                        Some(Literal::Number(_)) | None => Value::from("NUMBER"),
                    },
                };
                add(&mut self.claims, &asked.claim, value);
                self.issued_by(&asked.issuer);
            }
            (Question::Header(name, values), true) => {
                let value = values.first().cloned().unwrap_or_default();
                self.headers.push((name.as_str().to_owned(), value));
            }
            (Question::Purpose(purposes), true) => {
                let declared = self
                    .contract
                    .is_some_and(|one| purposes.contains(&one.purpose));
                if !declared {
                    self.stuck(say!(
                        "no contract of the role has such a purpose",
                        "这个角色的合同没有这样的用途"
                    ));
                }
            }
            (Question::Purpose(purposes), false) => {
                if self
                    .contract
                    .is_some_and(|one| purposes.contains(&one.purpose))
                {
                    self.stuck(say!("the contract has this purpose", "合同就是这个用途"));
                }
            }
            (Question::Network(networks), _) => self.from(networks, holds),
            (Question::Mfa(mfa), true) => self.proved(mfa),
            (Question::Hours(hours), _) => self.in_hours(hours, holds),
            // What is not sent is not there.
            (Question::Claim(_) | Question::Header(..) | Question::Mfa(_), false) => {}
        }
    }

    fn part(&mut self, id: ConditionId, holds: bool) {
        if let Some(condition) = self.rules.conditions.get(id.0) {
            self.bring_about(condition, holds);
        }
    }

    fn issued_by(&mut self, issuer: &str) {
        let mut tokens = self.role.matchers.iter().filter_map(|one| one.jwt.as_ref());
        if !tokens.any(|jwt| jwt.issuer == *issuer) {
            self.stuck(say!(
                "the role's callers bring no token of {issuer}",
                "这个角色的调用方没有 {issuer} 签发的令牌"
            ));
        }
    }

    fn proved(&mut self, mfa: &Mfa) {
        match (mfa.amr.first(), mfa.acr.first()) {
            (Some(method), _) => add(
                &mut self.claims,
                &[String::from("amr")],
                Value::from(vec![method.as_str()]),
            ),
            (None, Some(class)) => add(
                &mut self.claims,
                &[String::from("acr")],
                Value::from(class.as_str()),
            ),
            (None, None) => {}
        }
        if let Some(issuer) = &mfa.issuer {
            self.issued_by(issuer);
        }
    }

    fn from(&mut self, networks: &[Network], inside: bool) {
        let within = |all: &[Network], address: IpAddr| all.iter().any(|one| one.contains(address));
        let contract = self.contract.map_or(&[][..], |one| &one.networks);
        let first = |all: &[Network]| all.iter().map(Network::first).collect::<Vec<IpAddr>>();
        let candidates: Vec<IpAddr> = match inside {
            true => [first(networks), first(contract)].concat(),
            false => {
                let elsewhere = ELSEWHERE.into_iter().map(IpAddr::V4);
                let elsewhere = std::iter::once(HERE).chain(elsewhere);
                elsewhere.chain(first(contract)).collect()
            }
        };
        let mut fitting = candidates.into_iter().filter(|address| {
            let allowed = contract.is_empty() || within(contract, *address);
            allowed && within(networks, *address) == inside
        });
        match fitting.next() {
            Some(address) => self.peer = Some(address).filter(|address| *address != HERE),
            None => self.stuck(say!(
                "no address fits both the contract and the condition",
                "没有同时符合合同和条件的地址"
            )),
        }
    }

    /// On the day of the call.
    fn in_hours(&mut self, hours: &Hours, inside: bool) {
        let minute = if inside {
            hours.from
        } else {
            hours.until % (24 * 60)
        };
        let second = self.now.as_ref().map_or(self.today, |(second, _)| *second);
        let Ok(moment) = Timestamp::from_second(second) else {
            return;
        };
        let day = moment.to_zoned(hours.zone.clone()).date();
        let (Ok(hour), Ok(minute)) = (i8::try_from(minute / 60), i8::try_from(minute % 60)) else {
            return;
        };
        let moment = day.at(hour, minute, 0, 0).to_zoned(hours.zone.clone());
        if let Ok(moment) = moment {
            self.now = Some((moment.timestamp().as_second(), hours.zone.clone()));
        }
    }

    /// The test, as `tests:` takes it, for one route.
    pub(super) fn written(
        mut self,
        name: &Text,
        rule: &RouteRule,
        person: Option<&str>,
        asserted: &str,
    ) -> String {
        let who = self.who(person);
        if let Some(why) = &self.stuck {
            let sentence = say!("# nothing to propose: {why}", "# 没有可写的测试：{why}"; why);
            return format!("{}\n", sentence.get(lang()));
        }
        let mut text = String::new();
        for comment in &self.comments {
            text.push_str(&format!("# {}\n", comment.get(lang())));
        }
        text.push_str(&format!("- name: {}\n  {who}\n", scalar(name.get(lang()))));
        if let Some(peer) = self.peer {
            text.push_str(&format!("  peer: {}\n", scalar(&peer.to_string())));
        }
        if !self.headers.is_empty() {
            let headers = self.headers.iter();
            let headers = headers.map(|(name, value)| format!("{name}: {}", scalar(value)));
            let headers: Vec<String> = headers.collect();
            text.push_str(&format!("  headers: {{ {} }}\n", headers.join(", ")));
        }
        if let Some(now) = self.now.as_ref().and_then(|(now, zone)| {
            let now = Timestamp::from_second(*now).ok()?.to_zoned(zone.clone());
            Some(now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
        }) {
            text.push_str(&format!("  now: {now}\n"));
        }
        text.push_str(&format!("  call: {}\n", call_of(rule)));
        if rule.send.is_some() {
            text.push_str(match rule.body {
                BodyForm::Json => "  body: {}\n",
                BodyForm::Form => "  body: \"\"\n  body_type: application/x-www-form-urlencoded\n",
            });
        }
        text.push_str(&format!("  {asserted}\n"));
        text
    }

    /// `as:`, or credentials where a claim is asked for or the path must name the caller.
    fn who(&mut self, person: Option<&str>) -> String {
        let name = &self.role.name;
        if self.claims.is_empty() && !self.role.same_as_person() {
            return format!("as: {name}");
        }
        let mut matchers = self.role.matchers.iter();
        let matcher = matchers.find(|one| one.jwt.is_some());
        let Some((matcher, jwt)) = matcher.and_then(|one| Some((one, one.jwt.as_ref()?))) else {
            self.stuck(say!(
                "the role's callers bring no token, so nothing is known of a claim",
                "这个角色的调用方不出示令牌，没有声明可读"
            ));
            return String::new();
        };
        let mut claims = std::mem::take(&mut self.claims);
        let value = match &jwt.test {
            ClaimTest::Has(word) => Value::from(vec![word.as_str()]),
            ClaimTest::Is(word) => Value::from(word.as_str()),
            ClaimTest::SameAsPerson => match person {
                Some(param) => Value::from(placeholder(param)),
                None => {
                    self.stuck(say!(
                        "no path of these routes names the person, so nobody holds the role",
                        "这些路由的路径里没有写主体，谁也不具备这个角色"
                    ));
                    return String::new();
                }
            },
        };
        add(&mut claims, &jwt.claim, value);
        let (issuer, claims) = (scalar(&jwt.issuer), flow(&Value::from(claims)));
        let more = matcher.mtls.as_ref().map(|one| {
            let (authority, san) = (scalar(&one.authority), scalar(&one.san));
            format!(", mtls: {authority}, san: {san}")
        });
        let key = matcher.api_key.as_ref();
        let key = key.map(|name| format!(", api_key: {}", scalar(name)));
        format!(
            "caller: {{ jwt: {issuer}, claims: {claims}{}{} }}",
            more.unwrap_or_default(),
            key.unwrap_or_default()
        )
    }
}

/// An address that none of these networks holds.
fn outside(networks: &[Network]) -> Option<IpAddr> {
    let mut elsewhere = ELSEWHERE.into_iter().map(IpAddr::V4);
    elsewhere.find(|address| !networks.iter().any(|one| one.contains(*address)))
}

/// Writes a claim below the members that lead to it; several words of one claim are one array.
fn add(claims: &mut Map<String, Value>, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        match (claims.get_mut(first), value) {
            (Some(Value::Array(words)), Value::Array(more)) => {
                for word in more {
                    if !words.contains(&word) {
                        words.push(word);
                    }
                }
            }
            (_, value) => {
                claims.insert(first.clone(), value);
            }
        }
        return;
    }
    let below = claims.entry(first.clone());
    if let Value::Object(below) = below.or_insert_with(|| Value::from(Map::new())) {
        add(below, rest, value);
    }
}

/// JSON as YAML writes it in one line.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| format!("{}: {}", scalar(name), flow(value)));
            format!("{{ {} }}", members.collect::<Vec<String>>().join(", "))
        }
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(flow).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// A text as a YAML scalar, in quotes wherever it might be read as something else.
pub(super) fn scalar(text: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.');
    let first = text.chars().next().is_some_and(char::is_alphabetic);
    let last = !text.ends_with(' ');
    let other = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let other = other.contains(&text.to_ascii_lowercase().as_str());
    match first && last && !other && text.chars().all(word) {
        true => text.to_owned(),
        false => Value::from(text).to_string(),
    }
}

/// What stands for a path parameter until the author knows better.
fn placeholder(param: &str) -> String {
    match param.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        true => param.to_uppercase(),
        false => String::from("ID"),
    }
}

/// The route as a call, its parameters to be filled in.
fn call_of(rule: &RouteRule) -> String {
    let segments = rule.template.iter().map(|segment| match segment {
        TemplateSegment::Literal(text) => format!("/{text}"),
        TemplateSegment::Param { name, .. } => format!("/{}", placeholder(name)),
    });
    let path: String = segments.collect();
    let path = if path.is_empty() { "/" } else { &path };
    format!("{} {path}", rule.method)
}

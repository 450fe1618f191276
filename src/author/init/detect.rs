//! What a field holds, by its name, by what is said of it, and by its values.
//!
//! Refuses nothing: what is not recognised is `None`, and left out of the proposal.

use std::net::IpAddr;

use super::shape::{Leaf, Step};
use super::words::{CONTACTS, GENERIC, NUMBERS, folded, kind_of};
use crate::mask::is_compound_surname;
use crate::policy::diagnostic::{Text, say};

/// A kind of data we know how to treat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The number of a record.
    Id,
    /// A state, a type, a branch.
    Plain,
    /// When a record was made or changed.
    Time,
    Name,
    /// Gender, age and the like.
    Private,
    /// Diagnoses and what else a doctor writes.
    Health,
    Mobile,
    Email,
    Address,
    /// An account of a messenger.
    Chat,
    IdCard,
    /// Passports and other papers.
    OtherId,
    Birth,
    Card,
    Account,
    Amount,
    Ip,
    Device,
    /// Passwords and keys, which no rule should list.
    Secret,
}

/// A class of the proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Basic,
    Personal,
    Contact,
    Device,
    Identity,
    Health,
    Financial,
}

/// What becomes of a class in the first grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    Show,
    Mask,
    Strip,
}

impl Class {
    pub(super) const ALL: [Class; 7] = [
        Class::Basic,
        Class::Personal,
        Class::Contact,
        Class::Device,
        Class::Identity,
        Class::Health,
        Class::Financial,
    ];

    /// The name, the level, the Chinese name, whether it is sensitive.
    pub(super) fn words(self) -> (&'static str, u8, &'static str, bool) {
        match self {
            Class::Basic => ("basic", 2, "基本信息", false),
            Class::Personal => ("personal", 3, "个人信息", false),
            Class::Contact => ("contact", 3, "联系方式", false),
            Class::Device => ("device", 3, "设备与网络", false),
            Class::Identity => ("identity", 4, "身份信息", true),
            Class::Health => ("health", 4, "健康信息", true),
            Class::Financial => ("financial", 4, "账户与资金", true),
        }
    }

    pub(super) fn name(self) -> &'static str {
        self.words().0
    }

    /// Closed, but for what says nothing of a person.
    pub(super) fn first(self) -> First {
        match self {
            Class::Basic => First::Show,
            Class::Personal | Class::Contact => First::Mask,
            Class::Device | Class::Identity | Class::Health | Class::Financial => First::Strip,
        }
    }
}

impl Kind {
    /// The class and the mask; `None` for what is never listed.
    pub(super) fn class(self) -> Option<(Class, Option<&'static str>)> {
        Some(match self {
            Kind::Id | Kind::Plain | Kind::Time => (Class::Basic, None),
            Kind::Name => (Class::Personal, Some("cn-name")),
            Kind::Private => (Class::Personal, None),
            Kind::Health => (Class::Health, None),
            Kind::Mobile => (Class::Contact, Some("cn-phone")),
            Kind::Email => (Class::Contact, Some("email")),
            Kind::Address => (Class::Contact, Some("cn-address")),
            Kind::Chat => (Class::Contact, None),
            Kind::Ip => (Class::Device, Some("ip-prefix")),
            Kind::Device => (Class::Device, Some("last4")),
            Kind::IdCard => (Class::Identity, Some("cn-id")),
            Kind::OtherId => (Class::Identity, Some("first1-last1")),
            Kind::Birth => (Class::Identity, Some("year-only")),
            Kind::Card => (Class::Financial, Some("bank-card")),
            Kind::Account => (Class::Financial, Some("last4")),
            Kind::Amount => (Class::Financial, None),
            Kind::Secret => return None,
        })
    }

    pub(super) fn is_basic(self) -> bool {
        matches!(self, Kind::Id | Kind::Plain | Kind::Time)
    }

    /// What it is, for a comment where only the values say so.
    pub(super) fn looks(self) -> Text {
        match self {
            Kind::IdCard => say!("looks like an ID card", "取值像身份证号"),
            Kind::Mobile => say!("looks like a mobile number", "取值像手机号"),
            Kind::Card => say!("looks like a bank card", "取值像银行卡号"),
            Kind::Email => say!("looks like an e-mail address", "取值像邮箱"),
            Kind::Ip => say!("looks like an IP address", "取值像 IP 地址"),
            _ => say!("looks like a name", "取值像姓名"),
        }
    }
}

/// What a field holds, and whether only its values say so.
pub(super) fn field(path: &[Step], hints: &[String], leaf: &Leaf) -> Option<(Kind, bool)> {
    let by_name = named(path, hints);
    let by_value = leaf.texts.iter().find_map(|text| number(text));
    match (by_name, by_value) {
        // The name of a secret hides it, whatever it looks like; one that says what it is knows best.
        (Some(kind), Some(_)) if !kind.is_basic() => Some((kind, false)),
        (_, Some(kind)) => Some((kind, true)),
        (Some(kind), None) => Some((kind, false)),
        (None, None) => {
            let mut texts = leaf.texts.iter();
            let names = !leaf.texts.is_empty() && texts.all(|text| is_name(text));
            names.then_some((Kind::Name, true))
        }
    }
}

/// By the last name of the path, or where that says nothing together with the one above it.
fn named(path: &[Step], hints: &[String]) -> Option<Kind> {
    let mut names = path.iter().rev().filter_map(|step| match step {
        Step::Name(name) => Some(name.as_str()),
        Step::Each => None,
    });
    let (last, above) = (names.next()?, names.next());
    let generic = GENERIC.contains(&folded(last).as_str());
    let found = match generic {
        true => kind_of("", hints),
        false => kind_of(last, hints),
    };
    let above = above.filter(|_| generic);
    found.or_else(|| match kind_of(above?, &[]) {
        Some(Kind::Name) if NUMBERS.contains(&folded(last).as_str()) => number_of(above?),
        found => found,
    })
}

/// The number of somebody: a phone, where they are there to be reached; else nobody knows which.
fn number_of(whom: &str) -> Option<Kind> {
    let whom = folded(whom);
    let mut contacts = CONTACTS.iter();
    contacts
        .any(|word| whom.contains(word))
        .then_some(Kind::Mobile)
}

/// What the name of a parameter says.
pub(super) fn parameter(name: &str, hints: &[String]) -> Option<Kind> {
    kind_of(name, hints)
}

/// Numbers and addresses that are told by their form.
pub(super) fn number(text: &str) -> Option<Kind> {
    let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits = compact.bytes().all(|byte| byte.is_ascii_digit());
    let mobile = compact.strip_prefix("+86").unwrap_or(&compact);
    if is_id_card(compact.as_bytes()) {
        return Some(Kind::IdCard);
    }
    if is_mobile(mobile) {
        return Some(Kind::Mobile);
    }
    if digits && (16..=19).contains(&compact.len()) && luhn(compact.as_bytes()) == 0 {
        return Some(Kind::Card);
    }
    if is_email(text) {
        return Some(Kind::Email);
    }
    let address = text.contains(['.', ':']) && text.parse::<IpAddr>().is_ok();
    address.then_some(Kind::Ip)
}

fn is_mobile(text: &str) -> bool {
    match text.as_bytes() {
        [b'1', b'3'..=b'9', rest @ ..] => rest.len() == 9 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let plain = |c: char| c.is_ascii_graphic() && c != '@';
    let dotted = domain
        .split_once('.')
        .is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
    !local.is_empty() && local.chars().all(plain) && domain.chars().all(plain) && dotted
}

/// Two to four Han characters, the first a common surname, or the first two a compound one.
fn is_name(text: &str) -> bool {
    const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱林何郭罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范石姚谭廖邹熊陆郝孔崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚欧阳";
    let han: Vec<char> = text.chars().collect();
    let is_han = |c: &char| matches!(c, '\u{4E00}'..='\u{9FFF}');
    let first = han.first().is_some_and(|c| SURNAMES.contains(*c));
    let pair: String = han.iter().take(2).collect();
    (2..=4).contains(&han.len())
        && han.iter().all(is_han)
        && (first || (han.len() > 2 && is_compound_surname(&pair)))
}

/// The check character of GB 11643 behind 17 digits.
pub(super) fn id_check(digits: &[u8]) -> Option<u8> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    if digits.len() != WEIGHTS.len() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let weighted = digits.iter().zip(WEIGHTS);
    let sum: u32 = weighted
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    CHECKS.get(sum as usize % CHECKS.len()).copied()
}

fn is_id_card(text: &[u8]) -> bool {
    match text.split_last() {
        Some((last, digits)) => id_check(digits) == Some(last.to_ascii_uppercase()),
        None => false,
    }
}

/// What is left of the sum of Luhn, 0 for a card's number.
pub(super) fn luhn(digits: &[u8]) -> u32 {
    let places = digits.iter().rev().enumerate();
    let sum: u32 = places
        .map(|(place, digit)| {
            let digit = u32::from(digit.wrapping_sub(b'0'));
            match (place % 2, digit) {
                (0, digit) => digit,
                (_, 0..=4) => digit * 2,
                _ => digit * 2 - 9,
            }
        })
        .sum();
    sum % 10
}

/// Whether a member's name is rather somebody's data: it is written nowhere.
pub(super) fn is_data(name: &str) -> bool {
    let mut run = 0;
    let digits = name.chars().any(|c| {
        run = if c.is_ascii_digit() { run + 1 } else { 0 };
        run >= 5
    });
    let odd = |c: char| c.is_control() || c == '@';
    digits || name.is_empty() || name.chars().count() > 64 || name.contains(odd)
}

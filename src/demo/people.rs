//! The legacy system's customers: synthetic, deterministic, and of nobody.
//!
//! Names are the placeholders every Chinese form uses, telephone numbers count up from the best known one, ID cards and
//! card numbers carry right check digits over made-up sequences. The same number always gives the same customer.

use serde::Serialize;

/// How many customers the list and the single routes know: `1001` to `1050`.
pub const LISTED: u32 = 50;
/// How many customers the export holds: the fifty, and variations of them.
pub const EXPORTED: u32 = 2_500;

const FIRST_ID: u32 = 1001;

/// One customer as the legacy system writes it, members in its order.
#[derive(Clone, Debug, Serialize)]
pub struct Customer {
    /// `1001` and up.
    pub id: String,
    /// A placeholder name.
    pub name: String,
    /// The branch that keeps the accounts.
    pub branch: &'static str,
    /// A mobile number, and for some a landline.
    pub phones: Vec<Phone>,
    /// Below `example.com`.
    pub email: String,
    /// A street address in the branch's district.
    pub address: String,
    /// Eighteen characters, the last one the checksum of GB 11643.
    pub id_card: String,
    /// `YYYY-MM-DD`, as within the ID card.
    pub birth_date: String,
    /// One or two accounts.
    pub accounts: Vec<Account>,
    /// What the customer reads.
    pub reading: Reading,
    /// What the customer agreed to.
    pub consent: Consent,
    /// In no document of the legacy system, and in every one of its answers.
    pub internal_score: u32,
}

/// A telephone number and what it is for.
#[derive(Clone, Debug, Serialize)]
pub struct Phone {
    /// `mobile` or `home`.
    pub kind: &'static str,
    /// Digits, with a dash in a landline.
    pub number: String,
}

/// A card and what is on it.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// Nineteen digits, the last one Luhn's.
    pub card_no: String,
    /// In yuan.
    pub balance: f64,
}

/// What the customer reads.
#[derive(Clone, Debug, Serialize)]
pub struct Reading {
    /// Words of the customer's interest.
    pub topics: Vec<&'static str>,
}

/// What the customer agreed to.
#[derive(Clone, Debug, Serialize)]
pub struct Consent {
    /// Advertising.
    pub marketing: bool,
}

struct District {
    code: &'static str,
    branch: &'static str,
    street: &'static str,
    dial: &'static str,
}

#[rustfmt::skip]
const DISTRICTS: [District; 10] = [
    District { code: "110105", branch: "北京朝阳支行", street: "北京市朝阳区建国路", dial: "010" },
    District { code: "310115", branch: "上海浦东支行", street: "上海市浦东新区世纪大道", dial: "021" },
    District { code: "440305", branch: "深圳南山支行", street: "深圳市南山区深南大道", dial: "0755" },
    District { code: "330106", branch: "杭州西湖支行", street: "杭州市西湖区文三路", dial: "0571" },
    District { code: "510107", branch: "成都武侯支行", street: "成都市武侯区人民南路", dial: "028" },
    District { code: "420106", branch: "武汉武昌支行", street: "武汉市武昌区中北路", dial: "027" },
    District { code: "320106", branch: "南京鼓楼支行", street: "南京市鼓楼区中山路", dial: "025" },
    District { code: "610113", branch: "西安雁塔支行", street: "西安市雁塔区长安路", dial: "029" },
    District { code: "500103", branch: "重庆渝中支行", street: "重庆市渝中区解放碑", dial: "023" },
    District { code: "370202", branch: "青岛市南支行", street: "青岛市市南区香港路", dial: "0532" },
];

/// The first ten names; the others put a surname before a word that says what they are.
const NAMES: [&str; 10] = [
    "张三",
    "李四",
    "王五",
    "赵六",
    "孙七",
    "周八",
    "吴九",
    "郑十",
    "欧阳小测",
    "阿布都·样例",
];
const SURNAMES: [&str; 10] = [
    "钱", "冯", "陈", "褚", "卫", "蒋", "沈", "韩", "司马", "诸葛",
];
const GIVEN: [&str; 4] = ["样例", "测试", "演示", "甲"];
const TOPICS: [&str; 6] = ["基金", "养老", "旅行", "美食", "育儿", "足球"];

/// The customer an id names, of those the single routes know.
pub fn by_id(id: &str) -> Option<Customer> {
    (0..LISTED).map(customer).find(|one| one.id == id)
}

/// The customer at a position, `0` being `1001`.
pub fn customer(position: u32) -> Customer {
    let district = pick(&DISTRICTS, position);
    let birth_date = birth_date(position);
    Customer {
        id: (FIRST_ID + position).to_string(),
        name: name(position),
        branch: district.branch,
        phones: phones(position, district.dial),
        email: email(position),
        address: format!("{}{}号", district.street, 1 + position % 200),
        id_card: id_card(district.code, &birth_date, position),
        birth_date,
        accounts: (0..=position % 2)
            .map(|nth| account(position, nth))
            .collect(),
        reading: Reading {
            topics: (0..position % 4)
                .map(|nth| *pick(&TOPICS, position + nth))
                .collect(),
        },
        consent: Consent {
            marketing: position.is_multiple_of(3),
        },
        internal_score: 300 + position * 37 % 551,
    }
}

/// The tables are constants with entries, so going round them always meets one.
fn pick<T, const N: usize>(table: &'static [T; N], position: u32) -> &'static T {
    const { assert!(N > 0) };
    #[allow(
        clippy::indexing_slicing,
        reason = "the remainder of N, which is not zero, is below N"
    )]
    &table[position as usize % N]
}

fn name(position: u32) -> String {
    let round = position % LISTED;
    match round.checked_sub(NAMES.len() as u32) {
        None => (*pick(&NAMES, round)).to_owned(),
        Some(later) => format!("{}{}", pick(&SURNAMES, later), pick(&GIVEN, later / 10)),
    }
}

fn phones(position: u32, dial: &str) -> Vec<Phone> {
    let mobile = Phone {
        kind: "mobile",
        number: (13_800_138_000_u64 + u64::from(position)).to_string(),
    };
    let home = Phone {
        kind: "home",
        number: format!("{dial}-6000{position:04}"),
    };
    if position.is_multiple_of(2) {
        vec![mobile, home]
    } else {
        vec![mobile]
    }
}

fn email(position: u32) -> String {
    match position {
        0 => "zhangsan@example.com".to_owned(),
        _ => format!("customer{}@example.com", FIRST_ID + position),
    }
}

/// 1949-12-31 for the first, as in the documented example; then spread over five decades.
fn birth_date(position: u32) -> String {
    match position {
        0 => "1949-12-31".to_owned(),
        _ => format!(
            "{}-{:02}-{:02}",
            1950 + position * 7 % 50,
            1 + position % 12,
            1 + position * 5 % 28
        ),
    }
}

fn id_card(area: &str, birth_date: &str, position: u32) -> String {
    let sequence = 2 + position / LISTED;
    let body = format!("{area}{}{sequence:03}", birth_date.replace('-', ""));
    let check = id_check(&body);
    body + &check.to_string()
}

/// The last character of an ID card: ISO 7064, MOD 11-2.
fn id_check(body: &str) -> char {
    let sum = body
        .bytes()
        .fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    match (12 - sum) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).unwrap_or('X'),
    }
}

fn account(position: u32, nth: u32) -> Account {
    let holder = u64::from(FIRST_ID + position) * 1_234_567;
    let body = format!("620000{holder:010}{nth:02}");
    let check = luhn_check(&body);
    Account {
        card_no: format!("{body}{check}"),
        balance: f64::from(800_025 + position * 130_750 + nth * 4_210) / 100.0,
    }
}

/// Luhn's check digit over all digits before it.
fn luhn_check(body: &str) -> u32 {
    let sum: u32 = body
        .bytes()
        .rev()
        .map(|digit| u32::from(digit - b'0'))
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => digit * 2 / 10 + digit * 2 % 10,
            _ => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_first_customer_is_the_one_of_the_documented_example() {
        let first = by_id("1001").unwrap();
        assert_eq!(first.name, "张三");
        assert_eq!(first.phones[0].number, "13800138000");
        assert_eq!(first.id_card, "11010519491231002X");
        assert_eq!(first.birth_date, "1949-12-31");
    }

    #[test]
    fn every_id_card_has_the_right_checksum_and_no_two_are_alike() {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let cards: BTreeSet<String> = (0..EXPORTED).map(|at| customer(at).id_card).collect();
        assert_eq!(cards.len(), EXPORTED as usize);
        for card in cards {
            let sum: u32 = card
                .bytes()
                .zip(WEIGHTS)
                .map(|(d, w)| u32::from(d - b'0') * w)
                .sum();
            let expected = b"10X98765432"[sum as usize % 11];
            assert_eq!(card.as_bytes()[17], expected, "{card}");
        }
    }

    #[test]
    fn every_card_number_passes_luhn() {
        for card in (0..EXPORTED).flat_map(|at| customer(at).accounts) {
            let (body, last) = card.card_no.split_at(18);
            assert_eq!(luhn_check(body).to_string(), last);
        }
        assert_eq!(luhn_check("7992739871"), 3, "the usual example");
    }

    #[test]
    fn the_fifty_have_fifty_names_and_the_next_id_is_unknown() {
        let names: BTreeSet<String> = (0..LISTED).map(|at| customer(at).name).collect();
        assert_eq!(names.len(), LISTED as usize);
        assert!(by_id("1050").is_some());
        assert!(by_id("1051").is_none());
    }

    #[test]
    fn the_same_position_is_always_the_same_customer() {
        let text = |at| serde_json::to_string(&customer(at)).unwrap();
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(57), "the export varies the fifty");
    }
}

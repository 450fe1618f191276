//! What is recognised, what is left out, and that nothing of a sample is written.

use proptest::prelude::*;

use super::detect::{Kind, field, id_check, is_data, luhn, number};
use super::shape::{Leaf, Shape, Step};
use super::*;
use crate::policy::load_texts;

const OPTIONS: Options<'static> = Options {
    lang: Lang::En,
    resource: None,
    path: None,
};

#[track_caller]
fn proposed(name: &str, text: &str) -> Proposal {
    match propose(name, text.as_bytes(), &OPTIONS) {
        Ok(proposal) => proposal,
        Err(mistakes) => panic!("{mistakes:?}"),
    }
}

#[track_caller]
fn rules(name: &str, text: &str) -> String {
    proposed(name, text).files[0].1.clone()
}

#[track_caller]
fn refused(name: &str, bytes: &[u8], code: &str) -> Diagnostic {
    let mistakes = propose(name, bytes, &OPTIONS).unwrap_err();
    assert_eq!(mistakes[0].code.id, code, "{mistakes:?}");
    mistakes[0].clone()
}

fn kind(name: &str, values: &[&str]) -> Option<Kind> {
    let leaf = Leaf {
        texts: values.iter().map(|value| (*value).to_owned()).collect(),
        text: true,
        ..Leaf::default()
    };
    field(&[Step::Name(name.to_owned())], &[], &leaf).map(|(kind, _)| kind)
}

#[test]
fn names_are_known_in_english_chinese_and_pinyin() {
    for (kinds, names) in [
        (
            Kind::IdCard,
            "id_card idCard IDCardNo certIdno shenfenzheng custShenfenzhengHao sfzh 身份证号 法人身份证",
        ),
        (
            Kind::OtherId,
            "passportNo zhengjianhaoma zjhm cert_no 证件号码 chepaihao plateNo SSN",
        ),
        (
            Kind::Mobile,
            "mobile phone phones mobilePhoneNo shouji shoujihao sjh lxdh 手机 联系电话 tel homePhone customerphone",
        ),
        (Kind::Email, "email e_mail userEmail youxiang 邮箱 mail"),
        (
            Kind::Name,
            "name fullName real_name xingming xm khxm 姓名 客户姓名 contactName surname accountName",
        ),
        (
            Kind::Card,
            "cardNo bank_card bankCardNumber yinhangka yhkh 银行卡号",
        ),
        (Kind::Account, "accountNo acct_num zhanghao 账号"),
        (
            Kind::Address,
            "address home_addr dizhi jtdz 家庭住址 street",
        ),
        (
            Kind::Birth,
            "birthDate birthday dob csrq chushengriqi 出生日期",
        ),
        (
            Kind::Amount,
            "balance creditLimit yue 余额 salary 费用 feiyong",
        ),
        (Kind::Ip, "ip clientIp ip_address"),
        (
            Kind::Secret,
            "password loginPwd mima accessToken 验证码 cvv",
        ),
        (Kind::Private, "gender xingbie age 民族 maritalStatus"),
        (
            Kind::Health,
            "diagnosis 诊断 zhenduan 门诊诊断 过敏史 medical_record",
        ),
        (Kind::Id, "id customerId khh 客户号 bianhao"),
        (Kind::Plain, "status type zhuangtai 状态"),
        (Kind::Time, "createdAt create_time 创建时间 就诊时间 jzsj"),
    ] {
        for name in names.split(' ') {
            assert_eq!(kind(name, &["?"]), Some(kinds), "{name}");
        }
    }
}

#[test]
fn what_only_sounds_like_it_is_not_known() {
    for name in [
        "internalScore",
        "remark",
        "description",
        "fileName",
        "skip",
        "zipped",
        "recipe",
        "pinned",
        "riskLevel",
        "memo",
        "url",
        "destination",
        "donations",
        "tipOff",
        "x",
    ] {
        let found = kind(name, &["?"]);
        assert!(
            found.is_none() || found == Some(Kind::Private),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn values_are_known_by_their_form_and_checksum() {
    for (text, wanted) in [
        ("11010519491231002X", Some(Kind::IdCard)),
        ("11010519491231002x", Some(Kind::IdCard)),
        ("110105194912310021", None),
        ("13800138000", Some(Kind::Mobile)),
        ("+86 138-0013-8000", Some(Kind::Mobile)),
        ("12800138000", None),
        ("4111111111111111", Some(Kind::Card)),
        ("4111 1111 1111 1111", Some(Kind::Card)),
        ("4111111111111112", None),
        ("a@b.cn", Some(Kind::Email)),
        ("a@b", None),
        ("192.0.2.1", Some(Kind::Ip)),
        ("2001:db8::1", Some(Kind::Ip)),
        ("1.2.3", None),
        ("张三", None),
        ("", None),
    ] {
        assert_eq!(number(text), wanted, "{text}");
    }
    assert_eq!(kind("x", &["张三", "欧阳锋"]), Some(Kind::Name));
    assert_eq!(kind("x", &["张三", "正常"]), None);
    assert_eq!(kind("id", &["13800138000"]), Some(Kind::Mobile));
    assert_eq!(
        kind("status", &["ok", "11010519491231002X"]),
        Some(Kind::IdCard)
    );
    assert_eq!(kind("password", &["13800138000"]), Some(Kind::Secret));
}

#[test]
fn a_name_that_says_nothing_is_read_with_the_one_above() {
    let path = |names: &[&str]| {
        let steps: Vec<Step> = names
            .iter()
            .map(|name| Step::Name((*name).to_owned()))
            .collect();
        field(&steps, &[], &Leaf::default()).map(|(kind, _)| kind)
    };
    assert_eq!(path(&["phones", "number"]), Some(Kind::Mobile));
    assert_eq!(path(&["emails", "value"]), Some(Kind::Email));
    // Whoever is there to be reached has a phone; of others a number may be anything.
    assert_eq!(path(&["联系人", "number"]), Some(Kind::Mobile));
    assert_eq!(path(&["emergencyContactName", "no"]), Some(Kind::Mobile));
    assert_eq!(path(&["持卡人", "号码"]), None);
    assert_eq!(path(&["持卡人", "text"]), Some(Kind::Name));
    assert_eq!(path(&["phones", "label"]), None);
    let hints = [String::from("手机号码")];
    let path = [Step::Name(String::from("f1"))];
    let found = field(&path, &hints, &Leaf::default());
    assert_eq!(found, Some((Kind::Mobile, false)));
}

#[test]
fn members_whose_names_are_data_are_written_nowhere() {
    assert!(is_data("13800138000") && is_data("a@b.cn") && is_data("") && is_data("k\u{7}"));
    assert!(!is_data("phone2") && !is_data("余额") && !is_data("line1"));
    let proposal = proposed(
        "x.json",
        r#"{"id":1,"13800138000":{"name":"x"},"byUser":{"100200300":1}}"#,
    );
    for (name, text) in &proposal.files {
        assert!(
            !text.contains("13800138000") && !text.contains("100200300"),
            "{name}: {text}"
        );
    }
    assert!(proposal.files[0].1.contains("look like data"));
}

#[test]
fn records_are_found_in_lists_and_wrappers() {
    for (body, at) in [
        (r#"{"id":1,"name":"x"}"#, "$"),
        (r#"[{"id":1}]"#, "$[*]"),
        (r#"{"items":[{"id":1}],"total":1}"#, "$.items[*]"),
        (r#"{"total":1,"customers":[{"id":1}]}"#, "$.customers[*]"),
        (r#"{"code":0,"msg":"x","data":{"id":1}}"#, "$.data"),
        (
            r#"{"code":0,"data":{"total":1,"list":[{"id":1}]}}"#,
            "$.data.list[*]",
        ),
        (r#"{"id":1,"items":[{"name":"x"}]}"#, "$"),
        (r#"{"id":1,"data":{"name":"x"}}"#, "$"),
        (r#"{"data":[{"id":1}]}"#, "$.data[*]"),
        (r#"{"readers":[{"id":1}]}"#, "$.readers[*]"),
    ] {
        let rules = rules("thing-1.json", body);
        assert!(
            rules.contains(&format!("GET /thing: {at}\n")),
            "{body}\n{rules}"
        );
    }
}

#[test]
fn made_up_values_have_a_right_form() {
    let mut synth = synth::Synth::new(HashSet::new());
    let leaf = Leaf {
        text: true,
        ..Leaf::default()
    };
    let numbers = Leaf {
        number: true,
        ..Leaf::default()
    };
    for _ in 0..200 {
        for wanted in [
            Kind::IdCard,
            Kind::Mobile,
            Kind::Card,
            Kind::Email,
            Kind::Ip,
        ] {
            let made = synth.value(Some(wanted), &leaf, &[]);
            let text = made.word().unwrap().to_owned();
            assert_eq!(number(&text), Some(wanted), "{text}");
            if wanted == Kind::IdCard {
                assert!(text.starts_with("000000"), "{text}");
            }
        }
        let made = synth.value(Some(Kind::IdCard), &numbers, &[]);
        assert_eq!(number(made.word().unwrap()), Some(Kind::IdCard), "{made:?}");
    }
    assert_eq!(id_check(b"11010519491231002"), Some(b'X'));
    assert_eq!(luhn(b"4111111111111111"), 0);
}

#[test]
fn a_proposal_never_names_whole_and_shows_only_what_is_basic() {
    let text =
        r#"{"id":1,"name":"张三","idCard":"11010519491231002X","extra":{},"o":{"phone":"1"}}"#;
    let rules = rules("customer.json", text);
    assert!(!rules.contains("whole"), "{rules}");
    assert!(
        rules.contains("reader: { basic: show, personal: mask, contact: mask }"),
        "{rules}"
    );
    assert!(
        rules.contains("idCard: { class: identity, mask: cn-id }"),
        "{rules}"
    );
}

const OPENAPI: &str = r##"
openapi: 3.1.0
servers: [{ url: "https://api.example.com/v1/" }]
paths:
  /customers/{customerId}:
    parameters: [{ name: customerId, in: path, schema: { type: integer } }]
    get:
      responses: { "200": { $ref: "#/components/responses/One" } }
  /customers:
    get:
      parameters:
        - { name: page, in: query, schema: { type: integer } }
        - { name: state, in: query, schema: { enum: [open, closed, "13800138000"] } }
        - { name: kind, in: query, schema: { enum: ["on", off] } }
        - { name: "q", in: query, schema: { type: string } }
      responses:
        "200": { content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Customer" } } } } }
  /people/{mobile}:
    get: { responses: { "200": { content: { application/json: { schema: { type: object, properties: { id: { type: string } } } } } } } }
  /files/{name}.json:
    get: { responses: { "200": { $ref: "#/components/responses/One" } } }
  /other:
    get: { responses: { "200": { content: { application/json: { schema: { $ref: "other.yaml#/X" } } } } } }
components:
  responses:
    One: { content: { "application/json; charset=utf-8": { schema: { $ref: "#/components/schemas/Customer" } } } }
  schemas:
    Customer:
      title: 客户
      allOf:
        - { type: object, properties: { id: { type: integer }, realName: { type: [string, "null"] } } }
        - { properties: { parent: { $ref: "#/components/schemas/Customer" }, f7: { type: string, description: 手机号 } } }
"##;

#[test]
fn routes_person_and_parameters_come_from_openapi() {
    let rules = rules("api.yaml", OPENAPI);
    for line in [
        "    zh: 客户\n",
        "      GET /v1/customers/{customerId:int}: $\n      list:\n        GET /v1/customers: $[*]\n",
        "    person: { field: id, path: customerId }\n",
        "      id: basic\n      realName: { class: personal, mask: cn-name }\n      f7: { class: contact, mask: cn-phone }\n",
        "      path.customerId: id\n      page: { whole: 1..10000 }\n      kind: { one_of: [\"on\", \"off\"] }\n",
        "    #   state\n    #   q\n",
        "# the route `/v1/people/{mobile}` is left out: its path carries what looks like personal data",
        "# the route `/v1/files/{name}.json` is left out",
        "# the route `/v1/other` is left out",
        "# references to other files were not followed\n",
    ] {
        assert!(rules.contains(line), "{line}\n{rules}");
    }
    assert!(!rules.contains("13800138000"), "{rules}");
}

#[test]
fn openapi_in_json_says_the_same() {
    let file = SourceFile::new("api.yaml", OPENAPI);
    let value = value::yaml(&file).unwrap();
    let json = fixture::json(&value, 0);
    let other = rules("api.yaml", OPENAPI).replace("api.yaml", "api.json");
    assert_eq!(rules("api.json", &json), other);
}

#[test]
fn a_dictionary_is_read_by_its_columns() {
    let text = "\u{feff}表名,字段名,中文名,类型\r\n客户,KHXM,\"客户\"\"姓名\"\"\",VARCHAR\r\n客户,phones[].number,,\r\n客户,$.X1,身份证号,\r\n,YE,余额,DECIMAL\r\n客户,Z9,内部评分,INT\r\n";
    let rules = rules("dict.csv", text);
    for line in [
        "  客户:\n",
        "      KHXM: { class: personal, mask: cn-name }\n",
        "      phones[*].number: { class: contact, mask: cn-phone }\n",
        "      X1: { class: identity, mask: cn-id }\n",
        "      #   Z9\n",
        "  dict:\n",
        "      YE: financial\n",
    ] {
        assert!(rules.contains(line), "{line}\n{rules}");
    }
    refused("dict.csv", "a,b\n1,2\n".as_bytes(), "FG6001");
    refused("dict.csv", "field\n\"a\n".as_bytes(), "FG1029");
    refused("dict.csv", b"field\n", "FG6003");
    // As Excel writes it: GB 18030.
    let gbk = b"\xd7\xd6\xb6\xce\xc3\xfb,\xd6\xd0\xce\xc4\xc3\xfb\nF1,\xca\xd6\xbb\xfa\xba\xc5\n";
    let proposal = propose("dict.csv", gbk, &OPTIONS).unwrap();
    assert!(
        proposal.files[0]
            .1
            .contains("F1: { class: contact, mask: cn-phone }")
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let mistake = refused("a.json", b"{\n  \"id\": 1,\n", "FG6001");
    assert_eq!(mistake.place().unwrap(), "a.json:3:1");
    refused("a.json", b"{} {}", "FG6001");
    refused("a.json", b"1", "FG6003");
    refused("a.json", b"[1,2]", "FG6003");
    refused("a.json", br#"{"zzz":1}"#, "FG6003");
    refused("a.json", b"\xff", "FG1003");
    refused("a.txt", b"hello", "FG6001");
    refused("a.yaml", b"a: [", "FG6001");
    refused("a.yaml", b"swagger: \"2.0\"\n", "FG6001");
    refused("a.yaml", b"fieldgate: 1\n", "FG6001");
    refused("a.yaml", b"openapi: 3.0.0\npaths: {}\n", "FG6003");
}

#[test]
fn large_and_hostile_files_are_refused() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    refused("a.json", deep.as_bytes(), "FG6002");
    let deep = format!("{}1{}", "{\"a\":".repeat(70), "}".repeat(70));
    refused("a.json", deep.as_bytes(), "FG6002");
    refused("a.json", &vec![b' '; MOST_BYTES + 1], "FG6002");
    let many = format!("[{}]", "1,".repeat(300_000) + "1");
    refused("a.json", many.as_bytes(), "FG6002");
    let wide: Vec<String> = (0..2_000).map(|n| format!("\"k{n}\":1")).collect();
    refused(
        "a.json",
        format!("{{{}}}", wide.join(",")).as_bytes(),
        "FG6002",
    );
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let line = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{line}]\n"));
    }
    refused("a.yaml", bomb.as_bytes(), "FG6002");
    let csv = "field\n".to_owned() + &"a\n".repeat(30_000);
    let proposal = proposed("a.csv", &format!("{csv}email\n"));
    assert_eq!((proposal.fields, proposal.left_out), (1, 1));
    let turned = "{\"id\":1,\"na\u{202e}me\":\"x\",\"z\\u0000\\nz: [\":2,\"a: b # c\":\"李雷\",\"it's\":\"a@b.cn\"}";
    let proposal = proposed("odd\u{202e}\n.json", turned);
    for (name, text) in &proposal.files {
        let odd = |c: char| crate::policy::source::is_unreadable(c);
        assert!(!text.contains(odd), "{name}: {text}");
    }
    loads(&proposal);
}

#[track_caller]
fn loads(proposal: &Proposal) {
    let files: Vec<(&str, &[u8])> = proposal
        .files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    match load_texts(&files) {
        Ok(loaded) => assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings),
        Err(mistakes) => panic!("{mistakes:?}\n{}", proposal.files[0].1),
    }
}

#[test]
fn shapes_of_several_elements_are_one() {
    let file = SourceFile::new("a", r#"[{"a":1},{"a":"x","b":[true]},{"a":{"c":null}}]"#);
    let shape = Shape::of(&value::json(&file).unwrap());
    let element = shape.at(&[Step::Each]).unwrap();
    let a = element.at(&[Step::Name(String::from("a"))]).unwrap();
    let leaf = a.leaf.as_ref().unwrap();
    assert!(leaf.number && leaf.text && a.object && a.members.len() == 1);
    assert_eq!(shape.size(), 6);
}

/// Samples of names we know and do not know, and values that stand out.
fn samples() -> impl Strategy<Value = serde_json::Value> {
    let key = prop::sample::select(vec![
        "id", "name", "shouji", "sfzh", "email", "状态", "remark", "a b", "it's", "cardNo", "no",
        "data", "items", "total", "x-1", "password",
    ]);
    let leaf = prop_oneof![
        "zq[a-z]{6}".prop_map(serde_json::Value::from),
        prop::sample::select(vec![
            "13912345678",
            "张伟民",
            "11010519491231002X",
            "wang@corp.cn",
            "6222021234567890"
        ])
        .prop_map(serde_json::Value::from),
        (700_000..800_000_u32).prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(serde_json::Value::from),
            prop::collection::vec((key.clone(), inner), 1..6).prop_map(|members| {
                let members = members
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                serde_json::Value::Object(members.collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_of_a_sample_is_written_and_every_proposal_loads(sample in samples()) {
        let text = sample.to_string();
        if let Ok(proposal) = propose("sample.json", text.as_bytes(), &OPTIONS) {
            loads(&proposal);
            let again = propose("sample.json", text.as_bytes(), &OPTIONS).unwrap();
            prop_assert_eq!(&proposal.files, &again.files);
            let mut words = HashSet::new();
            words_of(&value::json(&SourceFile::new("a", text.as_str())).unwrap(), &mut words);
            for (name, text) in &proposal.files {
                for word in &words {
                    prop_assert!(!text.contains(word.as_str()), "{} holds {}:\n{}", name, word, text);
                }
            }
        }
    }
}

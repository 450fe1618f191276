//! Every mask against its row in `docs/masks.md`, and the edges the page does not show.

use proptest::prelude::*;

use super::*;

fn apply(mask: &Mask, value: Scalar<'_>) -> String {
    let mut out = Vec::new();
    mask.apply(value, &mut out);
    String::from_utf8(out).unwrap()
}

fn mask(name: &str, value: &str) -> String {
    apply(&Mask::builtin(name).unwrap(), Scalar::String(value))
}

fn every_mask() -> Vec<Mask> {
    let mut masks: Vec<Mask> = builtin_names().filter_map(Mask::builtin).collect();
    masks.extend([
        Mask::keep(2, 1, "#").unwrap(),
        Mask::round("1000").unwrap(),
        Mask::bucket(&["0", "18", "65"]).unwrap(),
        Mask::truncate(10).unwrap(),
        Mask::date("year", "yyyy-MM-dd").unwrap(),
    ]);
    masks
}

/// The masks of `docs/masks.md` that are declared, by the way the page writes them.
fn documented(name: &str) -> Mask {
    let built = match name {
        "{ keep: { first: 2, last: 1 }, char: \"#\" }" => Mask::keep(2, 1, "#"),
        "{ round: 1000 }" => Mask::round("1000"),
        "{ bucket: [0, 18, 65] }" => Mask::bucket(&["0", "18", "65"]),
        "{ truncate: 10 }" => Mask::truncate(10),
        "{ replace: 0 }" => Mask::replace(Literal::Number("0")),
        "{ date: year, format: yyyy-MM-dd }" => Mask::date("year", "yyyy-MM-dd"),
        "{ date: month, format: yyyy年MM月dd日 }" => Mask::date("month", "yyyy年MM月dd日"),
        _ => Mask::builtin(name).ok_or_else(|| format!("`{name}` is no mask")),
    };
    built.unwrap()
}

/// The cells of every table row below the heading.
fn table(heading: &str) -> Vec<Vec<String>> {
    let page = include_str!("../../docs/masks.md");
    let (_, section) = page.split_once(heading).unwrap();
    section
        .lines()
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect()
        })
        .collect()
}

#[test]
fn every_built_in_mask_has_a_row_in_the_documentation() {
    let rows = table("## Built in");
    let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, builtin_names().collect::<Vec<_>>());
}

#[test]
fn every_example_of_the_documentation_is_what_happens() {
    let rows = table("## Examples");
    for row in &rows {
        let [name, value, result] = &row[..] else {
            panic!("three cells: {row:?}");
        };
        let text: String;
        let scalar = match serde_json::from_str(value).unwrap() {
            serde_json::Value::Null => Scalar::Null,
            serde_json::Value::Bool(_) => Scalar::Boolean,
            serde_json::Value::Number(_) => Scalar::Number(value),
            serde_json::Value::String(decoded) => {
                text = decoded;
                Scalar::String(&text)
            }
            other => panic!("not a scalar: {other}"),
        };
        assert_eq!(&apply(&documented(name), scalar), result, "{name} {value}");
    }
    for name in builtin_names() {
        assert!(rows.iter().any(|row| row[0] == name), "no example: {name}");
    }
}

#[test]
fn b18_null_booleans_and_empty_strings_are_masked_alike() {
    for mask in every_mask() {
        for value in [Scalar::Null, Scalar::Boolean, Scalar::String("")] {
            assert_eq!(apply(&mask, value), "\"***\"", "{mask:?} {value:?}");
        }
    }
}

#[test]
fn a17_a_number_that_is_not_digits_only_shows_nothing() {
    for mask in every_mask() {
        if matches!(mask, Mask::Round(_) | Mask::Bucket(_)) {
            continue;
        }
        for number in ["-13800138000", "1380013.8000", "138001e3000", "-0"] {
            let result = apply(&mask, Scalar::Number(number));
            assert_eq!(result, "\"***\"", "{mask:?} {number}");
        }
    }
}

#[test]
fn a_constant_mask_gives_one_replacement_for_every_value() {
    let values = [
        Scalar::Null,
        Scalar::Boolean,
        Scalar::String(""),
        Scalar::String("x"),
        Scalar::Number("1e400"),
    ];
    let replace = |literal| Mask::replace(literal).unwrap();
    for (mask, expected) in [
        (Mask::fixed(), "\"***\""),
        (replace(Literal::Number("1.10")), "1.10"),
        (replace(Literal::String("a\"b")), "\"a\\\"b\""),
        (replace(Literal::Boolean(false)), "false"),
    ] {
        assert!(!mask.reads_value());
        for value in values {
            assert_eq!(apply(&mask, value), expected);
        }
    }
}

#[test]
fn only_constant_masks_say_they_do_not_read_the_value() {
    for mask in every_mask() {
        assert_eq!(mask.reads_value(), mask != Mask::Fixed, "{mask:?}");
    }
}

#[test]
fn a_value_that_does_not_fit_leaves_nothing_behind_in_the_output() {
    for mask in every_mask() {
        let mut out = b"[".to_vec();
        mask.apply(Scalar::String("\u{1}"), &mut out);
        let result = String::from_utf8(out).unwrap();
        let kept = mask == Mask::Scrub;
        assert_eq!(result, if kept { "[\"\\u0001\"" } else { "[\"***\"" });
    }
}

#[test]
fn characters_are_scalar_values_not_bytes() {
    assert_eq!(mask("first1-last1", "张三丰𠮷"), "\"张**𠮷\"");
    assert_eq!(mask("first1-last1", "张三丰"), "\"***\"");
    assert_eq!(mask("last4", "一二三四五六七八"), "\"****五六七八\"");
    let keep = Mask::keep(1, 1, "●").unwrap();
    assert_eq!(apply(&keep, Scalar::String("𠮷é\"\\")), "\"𠮷●●\\\\\"");
}

#[test]
fn what_a_mask_shows_is_escaped() {
    assert_eq!(mask("first1-last1", "\"ab\n"), "\"\\\"**\\n\"");
    assert_eq!(
        mask("scrub", "a\u{0}\u{1f}\t\r\\"),
        "\"a\\u0000\\u001f\\t\\r\\\\\""
    );
}

#[test]
fn a_compound_surname_is_kept_only_if_a_given_name_follows() {
    assert_eq!(mask("cn-name", "欧阳"), "\"欧*\"");
    assert_eq!(mask("cn-name", "欧阳修"), "\"欧阳*\"");
    assert_eq!(mask("cn-name", "司马相如"), "\"司马**\"");
    assert_eq!(mask("cn-name", "諸葛孔明"), "\"諸葛**\"");
}

#[test]
fn a_name_of_other_length_or_script_does_not_fit() {
    for name in [
        "张",
        "一二三四五",
        "张san",
        "Zhang",
        "张 三",
        "·热合曼",
        "张三。",
    ] {
        assert_eq!(mask("cn-name", name), "\"***\"", "{name}");
    }
}

#[test]
fn every_compound_surname_has_two_characters() {
    for surname in surnames::COMPOUND {
        assert_eq!(surname.chars().count(), 2, "{surname}");
    }
    assert!(surnames::COMPOUND.len() >= 80);
}

#[test]
fn a_phone_number_is_read_without_prefix_blanks_and_dashes() {
    for phone in [
        "13800138000",
        "+86 138-0013-8000",
        "+8613800138000",
        "138 0013 8000",
    ] {
        assert_eq!(mask("cn-phone", phone), "\"138****8000\"", "{phone}");
    }
    for other in [
        "8613800138000",
        "23800138000",
        "1380013800",
        "138001380001",
        "1380013800x",
    ] {
        assert_eq!(mask("cn-phone", other), "\"***\"", "{other}");
    }
}

#[test]
fn an_id_number_has_eighteen_characters() {
    assert_eq!(
        mask("cn-id", "11010519491231002x"),
        "\"1****************x\""
    );
    for other in [
        "1101051949123100",
        "110105194912310022X",
        "X10105194912310021",
        "11010519491231002Y",
    ] {
        assert_eq!(mask("cn-id", other), "\"***\"", "{other}");
        assert_eq!(mask("cn-id-6-4", other), "\"***\"", "{other}");
    }
}

#[test]
fn a_card_has_sixteen_to_nineteen_digits() {
    assert_eq!(
        mask("bank-card", "6222021234567890"),
        "\"622202******7890\""
    );
    assert_eq!(
        mask("bank-card", "6222021234567890123"),
        "\"622202*********0123\""
    );
    for other in [
        "622202123456789",
        "62220212345678901234",
        "6222 0212 3456 7890",
    ] {
        assert_eq!(mask("bank-card", other), "\"***\"", "{other}");
    }
}

#[test]
fn a_district_beyond_the_twelfth_character_is_not_looked_for() {
    assert_eq!(
        mask("cn-address", "一二三四五六七八九十一区二"),
        "\"一二三四五六七八九十一区***\""
    );
    assert_eq!(mask("cn-address", "一二三四五六七八九十一二区"), "\"***\"");
    assert_eq!(
        mask("cn-address", "上海市浦东新区世纪大道1号"),
        "\"上海市浦东新区***\""
    );
    assert_eq!(mask("cn-address", "杭州市文三路1号"), "\"杭州市***\"");
}

#[test]
fn text_that_only_looks_like_an_address_does_not_fit_the_email_masks() {
    for other in [
        "a@b@c",
        "@b.cn",
        "a@",
        "张三@b.cn",
        "a b@c.cn",
        "a@b c",
        "plain",
    ] {
        assert_eq!(mask("email", other), "\"***\"", "{other}");
        assert_eq!(mask("domain", other), "\"***\"", "{other}");
    }
    assert_eq!(mask("email", "a@例子.中国"), "\"***@例子.中国\"");
}

#[test]
fn a_year_is_shown_of_real_days_in_known_forms_only() {
    for day in [
        "1949-10-01",
        "1949/10/01",
        "19491001",
        "1949-10-01T00:00:00Z",
        "1949-10-01t23:59:60.5+08:00",
    ] {
        assert_eq!(mask("year-only", day), "\"1949\"", "{day}");
    }
    assert_eq!(
        apply(&Mask::YearOnly, Scalar::Number("19491001")),
        "\"1949\""
    );
    for other in [
        "1949-10/01",
        "1949-13-01",
        "1949-02-29",
        "49-10-01",
        "1949.10.01",
        "1949-10-01T00:00:00",
        "1949-10-01x",
        "1949/10/01T00:00:00Z",
        "1949-10-01T24:00:00Z",
        "1949-10-01T00:00:00.Z",
        "1949年10月1日",
    ] {
        assert_eq!(mask("year-only", other), "\"***\"", "{other}");
    }
}

#[test]
fn an_ip_address_loses_its_host() {
    assert_eq!(mask("ip-prefix", "2001:db8:1:2::3"), "\"2001:db8:1::\"");
    for other in [
        "203.0.113.9:80",
        "203.0.113",
        "203.0.113.09",
        "fe80::1%eth0",
        "10.0.0.0/8",
    ] {
        assert_eq!(mask("ip-prefix", other), "\"***\"", "{other}");
    }
}

#[test]
fn keep_does_not_fit_what_is_shorter_than_twice_what_is_kept() {
    let keep = Mask::keep(2, 1, "#").unwrap();
    assert_eq!(apply(&keep, Scalar::String("abcde")), "\"***\"");
    assert_eq!(apply(&keep, Scalar::String("abcdef")), "\"ab###f\"");
    assert_eq!(apply(&keep, Scalar::Number("123456")), "\"12###6\"");
}

#[test]
fn truncate_does_not_fit_what_it_would_show_whole() {
    let truncate = Mask::truncate(2).unwrap();
    assert_eq!(apply(&truncate, Scalar::String("张三")), "\"***\"");
    assert_eq!(apply(&truncate, Scalar::String("张三丰")), "\"张三\"");
}

#[test]
fn round_cuts_toward_zero_whatever_the_length() {
    let cases = [
        ("1000", "12345.67", "12000"),
        ("1000", "-12345.67", "-12000"),
        ("1000", "999", "0"),
        ("1000", "-999", "0"),
        ("1000", "-0", "0"),
        ("1000", "0.5", "0"),
        ("250", "1000", "1000"),
        ("250", "1249", "1000"),
        ("7", "100", "98"),
        ("1", "-3.99", "-3"),
        (
            "1000",
            "123456789012345678901234567890",
            "123456789012345678901234567000",
        ),
        (
            "1000000000000000000",
            "12345678901234567890123",
            "12345000000000000000000",
        ),
    ];
    for (step, number, expected) in cases {
        let round = Mask::round(step).unwrap();
        assert_eq!(
            apply(&round, Scalar::Number(number)),
            expected,
            "{step} {number}"
        );
    }
    for other in [
        Scalar::Number("1e3"),
        Scalar::Number("1E+2"),
        Scalar::String("1234"),
    ] {
        assert_eq!(apply(&Mask::round("10").unwrap(), other), "\"***\"");
    }
}

#[test]
fn a_bucket_is_the_largest_bound_not_above() {
    let ages = Mask::bucket(&["-0", "18", "65.50"]).unwrap();
    let cases = [
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("17.999999999999999999999", "0"),
        ("18", "18"),
        ("18.0", "18"),
        ("65.5", "65.50"),
        ("65.49", "18"),
        ("99999999999999999999999999999999", "65.50"),
        ("-0.1", "\"***\""),
        ("1e2", "\"***\""),
    ];
    for (number, expected) in cases {
        assert_eq!(apply(&ages, Scalar::Number(number)), expected, "{number}");
    }
    let signed = Mask::bucket(&["-10", "-1.5", "2"]).unwrap();
    assert_eq!(apply(&signed, Scalar::Number("-2")), "-10");
    assert_eq!(apply(&signed, Scalar::Number("-1.5")), "-1.5");
    assert_eq!(apply(&signed, Scalar::String("3")), "\"***\"");
}

#[test]
fn a_date_keeps_its_format() {
    let date =
        |keep, format, value| apply(&Mask::date(keep, format).unwrap(), Scalar::String(value));
    assert_eq!(date("year", "yyyy-MM-dd", "1949-10-31"), "\"1949-01-01\"");
    assert_eq!(date("month", "yyyyMMdd", "19491031"), "\"19491001\"");
    assert_eq!(date("year", "MM.yyyy", "10.1949"), "\"01.1949\"");
    assert_eq!(
        date("day", "yyyy-MM-ddTHH:mm:ss", "1949-10-31T12:34:56"),
        "\"1949-10-31T00:00:00\""
    );
    for other in [
        "1949-10-32",
        "1949-02-29",
        "1949-10-31 ",
        "1949/10/31",
        "49-10-31",
        "1949-1-31",
        "1949年",
    ] {
        assert_eq!(date("year", "yyyy-MM-dd", other), "\"***\"", "{other}");
    }
}

#[test]
fn a_declared_mask_that_makes_no_sense_is_refused_with_a_sentence() {
    let refused = [
        (Mask::keep(1, 1, ""), "one visible character"),
        (Mask::keep(1, 1, "ab"), "one visible character"),
        (Mask::keep(1, 1, " "), "one visible character"),
        (Mask::keep(usize::MAX, 1, "*"), "at most 1000"),
        (Mask::round("0"), "whole number from 1"),
        (Mask::round("+5"), "whole number from 1"),
        (Mask::round("0.5"), "whole number from 1"),
        (Mask::round("9999999999999999999"), "whole number from 1"),
        (Mask::bucket(&[]), "at least one bound"),
        (Mask::bucket(&["0", "0.0"]), "larger than the bound before"),
        (Mask::bucket(&["18", "2"]), "larger than the bound before"),
        (Mask::bucket(&["1e3"]), "not a JSON number"),
        (Mask::bucket(&["007"]), "not a JSON number"),
        (Mask::truncate(0), "at least 1"),
        (Mask::replace(Literal::Number("0x1F")), "quote it"),
        (
            Mask::date("decade", "yyyy-MM-dd"),
            "`year`, `month` or `day`",
        ),
        (Mask::date("month", "yyyy-dd"), "lacks a part"),
        (Mask::date("day", "yyyy-MM-dd"), "nothing finer"),
        (Mask::date("year", "yyyy-MMM-dd"), "`M` in"),
        (Mask::date("year", "yyyy-MM-dd dd"), "twice"),
        (Mask::date("year", "dd/MM/YY"), "`Y` in"),
    ];
    for (result, sentence) in refused {
        let error = result.unwrap_err();
        assert!(error.contains(sentence), "{error}");
    }
}

#[test]
fn scrub_hides_numbers_and_addresses_inside_text() {
    let cases = [
        ("电话13800138000。", "电话***。"),
        ("+86 138-0013-8000", "+86 ***"),
        ("8613800138000 ok", "*** ok"),
        ("１３８００１３８０００", "***"),
        ("证件11010519491231002X，谢谢", "证件***，谢谢"),
        ("110105 19491231 002X", "***"),
        ("110105 19491231 002 x", "***"),
        ("11010519491231002X13800138000", "******"),
        ("6222 0212 3456 7894", "***"),
        ("卡4111111111111111尾", "卡***尾"),
        ("发到a.b+c@bank.cn.", "发到***."),
        ("mail=13800138000@139.com;", "mail=***;"),
        ("138 00138000@x.cn", "***@x.cn"),
        ("13800138000.li@x.cn", "***"),
        ("138-0013 8000", "138-0013 8000"),
        (
            "nothing here: 42, 2026-06-01 10:00",
            "nothing here: 42, 2026-06-01 10:00",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(mask("scrub", text), format!("\"{expected}\""), "{text}");
    }
}

#[test]
fn scrub_leaves_numbers_that_fail_their_check_or_are_part_of_longer_ones() {
    for text in [
        "110105194912310021",
        "4111111111111112",
        "12800138000",
        "138001380001234567890",
        "a@",
        "@b",
        "a @ b.cn",
    ] {
        assert_eq!(mask("scrub", text), format!("\"{text}\""));
    }
}

#[test]
fn n12_scrub_reads_hostile_text_once() {
    // Quadratic work on a quarter of a megabyte would not end while anyone waits.
    for piece in [
        "a@",
        "@-",
        "-",
        "1",
        "1 ",
        "13800138000a",
        "1-",
        "17 digits ",
        "a.",
        "8x",
    ] {
        let text = piece.repeat(262_144 / piece.len());
        assert!(!mask("scrub", &text).is_empty());
    }
}

#[test]
fn scrub_masks_a_number_by_its_text() {
    assert_eq!(
        apply(&Mask::Scrub, Scalar::Number("13800138000")),
        "\"***\""
    );
    assert_eq!(apply(&Mask::Scrub, Scalar::Number("42")), "\"42\"");
}

proptest! {
    #[test]
    fn every_mask_writes_one_json_scalar(value in any::<String>()) {
        for mask in every_mask() {
            let result = apply(&mask, Scalar::String(&value));
            let parsed: serde_json::Value = serde_json::from_str(&result).unwrap();
            prop_assert!(parsed.is_string());
        }
    }

    #[test]
    fn scrub_changes_nothing_but_what_it_hides(value in "[a-z@. 一-三-]{0,40}[0-9 -]{0,30}[a-zX@.]{0,10}") {
        let result = mask("scrub", &value);
        let parsed: String = serde_json::from_str(&result).unwrap_or_default();
        let mut rest = value.as_str();
        for kept in parsed.split("***") {
            let at = rest.find(kept);
            prop_assert!(at.is_some(), "{value:?} {parsed:?}");
            rest = &rest[at.unwrap_or_default() + kept.len()..];
        }
    }

    #[test]
    fn round_agrees_with_integers(number in any::<i64>(), step in 1u64..=1_000_000_000) {
        let result = apply(&Mask::round(&step.to_string()).unwrap(), Scalar::Number(&number.to_string()));
        let expected = i128::from(number) - i128::from(number) % i128::from(step);
        prop_assert_eq!(result, expected.to_string());
    }

    #[test]
    fn bucket_agrees_with_integers(number in -100i64..100, bounds in proptest::collection::btree_set(-90i64..90, 1..6)) {
        let texts: Vec<String> = bounds.iter().map(i64::to_string).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let result = apply(&Mask::bucket(&texts).unwrap(), Scalar::Number(&number.to_string()));
        let expected = bounds.range(..=number).next_back().map_or("\"***\"".to_owned(), i64::to_string);
        prop_assert_eq!(result, expected);
    }
}

/// Values of the kinds the masks fit, and any text.
fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "1[0-9]{10}",
        "[0-9]{17}[0-9X]",
        "[0-9]{16,19}",
        "[张王李欧阳司马诸葛]{2,4}",
        "[a-z.]{1,9}@[a-z]{1,5}\\.cn",
        "[省市区县路0-9]{1,15}",
        "[A-Z]{2}-[0-9]{2,9}",
        "1[3-9][0-9]{9} [a-z]{0,5}",
        ".{0,30}",
    ]
}

proptest! {
    #[test]
    fn whatever_a_mask_with_a_form_makes_of_a_value_is_recognised(value in any_value()) {
        for mask in every_mask().iter().filter(|mask| mask.has_form()) {
            let made: String = serde_json::from_str(&apply(mask, Scalar::String(&value))).unwrap();
            // Free text without anything in it leaves as it came.
            let untouched = matches!(mask, Mask::Scrub) && made == value;
            prop_assert!(untouched || mask.may_have_made(&made), "{:?}: {:?} of {:?}", mask, made, value);
        }
    }

    #[test]
    fn a_value_without_the_masks_character_is_never_taken_for_a_mask(value in "[^*#]{0,30}") {
        for mask in every_mask() {
            prop_assert!(!mask.may_have_made(&value), "{:?}: {:?}", mask, value);
        }
    }

    #[test]
    fn every_token_has_its_form(value in "[^\u{0}]{1,20}") {
        let key = token::TokenMaster::test_key().derive(&token::TokenSpace::Shared("x"));
        let mut out = Vec::new();
        key.apply(Scalar::String(&value), &mut out);
        let made: String = serde_json::from_slice(&out).unwrap();
        prop_assert!(is_token(&made), "{}", made);
    }
}

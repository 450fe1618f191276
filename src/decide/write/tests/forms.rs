//! Forms.

use super::*;

const PATCH: &str = "PATCH /customers/1001";

fn forms() -> World {
    let mut world = bank();
    for route in &mut world.rules.resources[0].groups[0].routes {
        route.body = BodyForm::Form;
    }
    world
}

#[test]
fn i05_each_name_of_a_form_is_a_member_of_the_record() {
    goes(&forms(), "teller", PATCH, "email=a%40b.cn&id=1001");
    goes(
        &forms(),
        "manager",
        PATCH,
        "name=%E5%BC%A0%E4%B8%89&topics=",
    );
    for (body, names) in [
        ("email=x&role=admin", &["role"][..]),
        ("name=x", &["name"]),
        ("Email=x", &["Email"]),
        ("accounts=", &["accounts"]),
        (
            "accounts%5B0%5D%5Bbalance%5D=1&phones[0].number=1",
            &["['accounts[0][balance]']", "['phones[0].number']"],
        ),
        ("address.city=x", &["['address.city']"]),
    ] {
        let sent = forms().sent("teller", PATCH, body);
        assert_eq!(sent, no(Reason::FieldNotWritable, names), "{body}");
    }
}

#[test]
fn forms_are_refused_for_what_json_is() {
    let sent = |body| forms().sent("teller", PATCH, body);
    assert_eq!(sent(""), no(Reason::EmptyWrite, &[]));
    assert_eq!(sent("email=a&email=b"), no(Reason::DuplicateKey, &[]));
    assert_eq!(
        sent("email=z***%40b.cn"),
        no(Reason::MaskedValueWrittenBack, &["email"])
    );
    assert_eq!(sent("id=1002&email=x"), no(Reason::PersonMismatch, &["id"]));
    assert_eq!(sent("email=a;role=b"), no(Reason::UnreadableRequest, &[]));
    assert_eq!(sent(r#"{"email":"x"}"#), no(Reason::UnreadableRequest, &[]));
    let put = forms().writing(|writing| writing.on_put = OnPut::MergeHidden);
    let put = put.sent("owner", "PUT /customers/1001", "email=x");
    assert_eq!(
        put,
        no(Reason::PutWouldErase, &[]),
        "a form is merged with nothing"
    );
    let patch = forms().sent_as("owner", PATCH, "[]", Sent { patch: true }, None);
    assert_eq!(patch, no(Reason::MediaType, &[]));
}

#[test]
fn what_is_left_out_of_a_form_goes_with_its_ampersand() {
    let world = forms().writing(|writing| {
        writing.on_forbidden = OnForbidden::Strip;
        writing.on_masked = OnMasked::Keep;
    });
    let sent = |body| world.sent("teller", PATCH, body);
    assert_eq!(sent("name=x&email=a%40b&x=1").unwrap(), "email=a%40b");
    assert_eq!(sent("email=z***%40b.cn&id=1001").unwrap(), "id=1001");
    assert_eq!(sent("name=x"), no(Reason::EmptyWrite, &[]));
}

//! `fieldgate diff`: who gains and who loses what, as somebody who reviews a change reads it.

use std::fs;
use std::path::Path;

use crate::binary::{Run, bank, fieldgate, rules};

const RULES: &str = r#"fieldgate: 1
classes:
  open:   { level: 1 }
  secret: { level: 4 }
resources:
  customer:
    at:
      GET /customers/{id}: $
      list: { GET /customers: "$.items[*]" }
    person: { field: id, path: id }
    fields:
      id: open
      name: { class: secret, mask: cn-name }
      phone: { class: secret, mask: cn-phone }
    params: { path.id: id }
roles:
  teller:  { jwt: staff, claim: roles, has: teller }
  manager: { jwt: staff, claim: roles, has: manager }
  trainee: { jwt: staff, claim: roles, has: trainee }
read:
  customer:
    teller:  { open: show, secret: mask }
    manager: { open: show, secret: show }
  customer/list:
    manager: { open: show }
"#;

fn diff(old: &str, new: &str, more: &[&str]) -> Run {
    let (old, new) = (rules(&[("rules.yaml", old)]), rules(&[("rules.yaml", new)]));
    let [old, new] = [&old, &new].map(|dir| dir.path().to_str().unwrap());
    fieldgate(&[&["diff", old, new], more].concat(), b"")
}

fn changed(from: &str, to: &str) -> String {
    assert!(RULES.contains(from), "{from:?} is not there");
    RULES.replacen(from, to, 1)
}

/// The change fails under `--fail-on widening` and is told with this line; going back is told as a loss.
#[track_caller]
fn widens(from: &str, to: &str, line: &str, back: &str) {
    let new = changed(from, to);
    let run = diff(RULES, &new, &["--fail-on", "widening"]);
    assert_eq!((run.exit, run.err.as_str()), (3, ""), "{to}");
    assert!(run.text().contains(line), "{to}: {}", run.text());
    assert_eq!(diff(RULES, &new, &[]).exit, 0, "{to}: told, not failed for");
    let run = diff(&new, RULES, &[]);
    assert!(run.text().contains(back), "{to}: {}", run.text());
}

#[test]
fn a_class_moved_is_told_for_each_role_that_gains_by_it() {
    let from = "phone: { class: secret, mask: cn-phone }";
    let to = "phone: { class: open, mask: cn-phone }";
    widens(
        from,
        to,
        "  + customer: teller: `phone` from `mask` to `show`\n",
        "  - customer: teller: `phone` from `show` to `mask`\n",
    );
    let both = changed(
        "manager: { open: show, secret: show }",
        "manager: { open: show, secret: mask }",
    );
    let run = diff(&both, &both.replacen(from, to, 1), &[]);
    for who in ["teller", "manager"] {
        let line = format!("  + customer: {who}: `phone` from `mask` to `show`\n");
        assert!(run.text().contains(&line), "{}", run.text());
    }
    // Who holds both gains nothing that one of them does not gain.
    assert!(!run.text().contains("manager, teller"), "{}", run.text());
}

#[test]
fn a_role_extended_a_matcher_loosened_and_a_route_added_are_caught() {
    widens(
        "has: trainee }",
        "has: trainee, extends: teller }",
        "  + customer: trainee may read here\n",
        "  - customer: trainee may read here no more\n",
    );
    widens(
        "has: teller }",
        "has: employee }",
        "  ? who holds the role `teller` has changed\n",
        "  ? who holds the role `teller` has changed\n",
    );
    widens(
        "      GET /customers/{id}: $\n",
        "      GET /customers/{id}: $\n      GET /clients/{id}: $\n",
        "  + `GET /clients/{id}` is a new route, for manager, teller\n",
        "  - `GET /clients/{id}` is no route any more, for manager, teller\n",
    );
}

#[test]
fn a_field_listed_is_told_with_who_sees_it() {
    widens(
        "      id: open\n",
        "      id: open\n      branch: open\n",
        "  + customer: manager: `branch` from not listed to `show`\n",
        "  - customer: manager: `branch` from `show` to not listed\n",
    );
}

#[test]
fn a_condition_loosened_and_a_lookup_added_beside_it_are_caught() {
    let old = changed("secret: mask }", "secret: mask if office }")
        + "conditions:\n  office: { network: [10.0.0.0/16] }\n";
    let new = old.replacen("10.0.0.0/16", "10.0.0.0/8", 1);
    let run = diff(&old, &new, &["--fail-on", "widening"]);
    assert_eq!(run.exit, 3, "{}{}", run.text(), run.err);
    assert!(
        run.text()
            .contains("  ? customer: the condition `office` asks something else\n")
    );
    let with = |find: &str| {
        let params = "params: { path.id: id, phone: phone }";
        old.replacen("params: { path.id: id }", params, 1) + find
    };
    let find = "find: { customer: { teller: [phone] } }\n";
    let run = diff(&with(""), &with(find), &["--fail-on", "widening"]);
    let line = "  + customer: teller may find by `phone`\n";
    assert_eq!(run.exit, 3, "{}{}", run.text(), run.err);
    assert!(run.text().contains(line), "{}", run.text());
}

#[test]
fn the_same_rules_in_another_order_and_in_other_files_change_nothing() {
    let (before, read) = RULES.split_at(RULES.find("read:").unwrap());
    let (before, roles) = before.split_at(before.find("roles:").unwrap());
    let swapped = before.replacen("      id: open\n", "", 1).replacen(
        "    params:",
        "      id: open\n    params:",
        1,
    );
    let (old, new) = (
        rules(&[("rules.yaml", RULES)]),
        rules(&[
            ("b.yaml", &swapped),
            ("a/grid.yaml", &format!("fieldgate: 1\n{read}{roles}")),
        ]),
    );
    let [old, new] = [&old, &new].map(|dir| dir.path().to_str().unwrap());
    let run = fieldgate(&["diff", old, new, "--fail-on", "widening"], b"");
    assert_eq!((run.exit, run.err.as_str()), (0, ""), "{}", run.text());
    let said = format!("{old} to {new}: nobody gains or loses anything\n");
    assert_eq!(run.text(), said);
    let bank = bank();
    let bank = bank.to_str().unwrap();
    assert_eq!(
        fieldgate(&["diff", bank, bank, "--fail-on", "widening"], b"").exit,
        0
    );
}

#[test]
fn narrowing_is_told_and_does_not_fail() {
    let new = changed("    teller:  { open: show, secret: mask }\n", "");
    let run = diff(RULES, &new, &["--fail-on", "widening", "--lang", "zh-CN"]);
    let text = run.text();
    assert_eq!(run.exit, 0, "{text}");
    assert!(
        text.starts_with("收紧：\n  - customer：teller 不能再读这里\n"),
        "{text}"
    );
    assert!(
        text.ends_with("：放宽 0 处，无法衡量 0 处，收紧 4 处\n"),
        "{text}"
    );
}

#[test]
fn machines_get_json_and_annotations() {
    let new = changed(
        "open: show, secret: mask }\n    manager: { open: show, secret: show }",
        "open: show, secret: show }\n    manager: { open: show }",
    );
    let run = diff(
        RULES,
        &new,
        &[
            "--format",
            "json",
            "--fail-on",
            "widening",
            "--lang",
            "zh-CN",
        ],
    );
    assert_eq!(run.exit, 3);
    let document: serde_json::Value = serde_json::from_str(&run.text()).unwrap();
    assert_eq!(
        (&document["ok"], &document["widens"]),
        (&false.into(), &true.into())
    );
    let changes = document["changes"].as_array().unwrap();
    let has = |kind: &str, text: &str| {
        let mut changes = changes.iter();
        changes.any(|one| one["kind"] == kind && one["text"] == text)
    };
    assert!(
        has("opens", "customer：teller：`name` 从 `mask` 变为 `show`"),
        "{document}"
    );
    assert!(
        has("closes", "customer：manager：`name` 从 `show` 变为 `strip`"),
        "{document}"
    );

    let run = diff(RULES, &new, &["--format", "github"]);
    let gained = "::warning title=gained::customer: teller: `name` from `mask` to `show`\n";
    assert!(run.text().contains(gained), "{}", run.text());
    assert!(
        run.text()
            .contains("::notice title=lost::customer: manager")
    );
    let run = diff(
        RULES,
        &new,
        &["--format", "github", "--fail-on", "widening"],
    );
    assert!(run.text().contains("::error title=gained::"));
}

#[test]
fn rules_that_do_not_load_exit_3_with_the_mistakes_of_both_sets() {
    let broken = changed("    teller:", "    tellr:");
    let run = diff(&broken, "fieldgate: 2\n", &[]);
    assert_eq!((run.exit, run.text().as_str()), (3, ""));
    assert!(run.err.contains("did you mean `teller`?"), "{}", run.err);
    assert!(run.err.contains("rules.yaml:1"), "{}", run.err);
    let run = diff(RULES, &broken, &["--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&run.text()).unwrap();
    assert_eq!((run.exit, document["ok"].as_bool()), (3, Some(false)));
    assert_eq!(document["diagnostics"].as_array().unwrap().len(), 1);
    assert_eq!(diff(RULES, RULES, &["--fail-on", "everything"]).exit, 2);
    assert_eq!(diff(RULES, RULES, &["--old-config", "x"]).exit, 2);
    assert_eq!(
        diff(RULES, RULES, &["--old-config", "x", "--new-config", "x"]).exit,
        2
    );
}

const SETTINGS: &str = r#"listen:
  - { address: "0.0.0.0:443", tls: { certificate: none.pem, key: "file:none.key", client_ca: partners, client_auth: required } }
front: { networks: [10.0.0.0/8], headers: [x-desk] }
identity:
  jwt:
    staff: { issuer: "https://idp", audience: gate, jwks: keys.json, algorithms: [ES256], leeway: 30s }
  client_ca:
    partners: { certificates: ca.pem, crl: ca.crl }
  api_keys:
    batch: { sha256: "file:batch.sha256", until: 2027-01-01 }
"#;

/// A project of settings and the files they name.
fn project(dir: &Path, change: &dyn Fn(&str, String) -> String) {
    let hash = format!("{}\n", "ab".repeat(32));
    for (name, text) in [
        ("fieldgate.yaml", SETTINGS),
        ("keys.json", r#"{"keys":[{"kid":"a"}]}"#),
        (
            "ca.pem",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ),
        ("ca.crl", "one"),
        ("batch.sha256", &hash),
    ] {
        fs::write(dir.join(name), change(name, text.to_owned())).unwrap();
    }
}

/// What `diff` tells of two projects under the same rules, the second changed in one file.
fn identities(file: &str, from: &str, to: &str) -> (Run, Run) {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    project(old.path(), &|_, text| text);
    project(new.path(), &|name, text| {
        assert!(name != file || text.contains(from), "{from:?} is not there");
        if name == file {
            text.replacen(from, to, 1)
        } else {
            text
        }
    });
    let [old, new] = [&old, &new].map(|dir| dir.path().join("fieldgate.yaml"));
    let [old, new] = [&old, &new].map(|file| file.to_str().unwrap());
    let told = |old: &str, new: &str| {
        let more = ["--old-config", old, "--new-config", new];
        diff(
            RULES,
            RULES,
            &[&more[..], &["--fail-on", "widening"]].concat(),
        )
    };
    (told(old, new), told(new, old))
}

#[test]
fn whoever_is_believed_and_was_not_is_a_widening() {
    let same = identities("fieldgate.yaml", "", "");
    assert_eq!((same.0.exit, same.1.exit), (0, 0), "{}", same.0.text());
    for (file, from, to, line, narrows_back) in [
        (
            "fieldgate.yaml",
            "[ES256]",
            "[ES256, RS256]",
            "+ `identity.jwt.staff`: signatures by `RS256` count",
            true,
        ),
        (
            "fieldgate.yaml",
            "30s",
            "60s",
            "+ `identity.jwt.staff`: `leeway` is longer",
            true,
        ),
        (
            "fieldgate.yaml",
            "https://idp",
            "https://idp2",
            "? `identity.jwt.staff`: `issuer` has changed",
            false,
        ),
        (
            "fieldgate.yaml",
            "gate,",
            "other,",
            "? `identity.jwt.staff`: `audience` has changed",
            false,
        ),
        (
            "fieldgate.yaml",
            "  client_ca:",
            "    app: { issuer: b, audience: gate, jwks: keys.json, algorithms: [ES256] }\n  client_ca:",
            "+ `identity.jwt.app`: is new",
            true,
        ),
        (
            "fieldgate.yaml",
            ", crl: ca.crl",
            "",
            "+ `identity.client_ca.partners`: the revocation list is gone",
            true,
        ),
        (
            "fieldgate.yaml",
            "2027-01-01",
            "2028-01-01",
            "+ `identity.api_keys.batch`: it counts for longer",
            true,
        ),
        (
            "keys.json",
            "[",
            "[{\"kid\":\"b\"},",
            "+ `identity.jwt.staff`: the key set holds 1 that it did not hold",
            true,
        ),
        (
            "keys.json",
            "{\"keys\"",
            "{\"kees\"",
            "? `identity.jwt.staff`: the key set has changed",
            false,
        ),
        (
            "ca.pem",
            "-----END CERTIFICATE-----\n",
            "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n",
            "+ `identity.client_ca.partners`: the bundle of certificates holds 1 that it did not hold",
            true,
        ),
        (
            "ca.crl",
            "one",
            "two",
            "? `identity.client_ca.partners`: the revocation list has changed",
            false,
        ),
        (
            "batch.sha256",
            "ab",
            "cd",
            "? `identity.api_keys.batch`: it is another key",
            false,
        ),
    ] {
        let (run, back) = identities(file, from, to);
        assert_eq!(run.exit, 3, "{to}: {}{}", run.text(), run.err);
        assert!(run.text().contains(line), "{to}: {}", run.text());
        assert_eq!(
            back.exit == 0,
            narrows_back,
            "{to}: {}{}",
            back.text(),
            back.err
        );
        assert!(back.text().contains("\n  "), "{to}: {}", back.text());
    }
}

#[test]
fn key_files_that_cannot_be_read_count_as_wider() {
    let missing = SETTINGS.replace("keys.json", "nowhere.json");
    let (run, _) = identities("fieldgate.yaml", SETTINGS, &missing);
    let line = "? `identity.jwt.staff`: the key set cannot be read";
    assert_eq!(run.exit, 3, "{}{}", run.text(), run.err);
    assert!(run.text().contains(line), "{}", run.text());
}

/// What `listen` and `front` say of who may connect and whose headers count; what else they say is not read.
#[test]
fn who_may_connect_and_whose_headers_count_is_compared() {
    for (from, to, gained, lost) in [
        (
            "client_auth: required",
            "client_auth: optional",
            "+ `listen 0.0.0.0:443`: who has no client certificate may connect",
            "- `listen 0.0.0.0:443`: who has no client certificate may connect no more",
        ),
        (
            "client_ca: partners, ",
            "client_ca: others, ",
            "? `listen 0.0.0.0:443`: `client_ca` has changed",
            "? `listen 0.0.0.0:443`: `client_ca` has changed",
        ),
        (
            "front:",
            "  - { address: \"0.0.0.0:444\", tls: { certificate: none.pem, key: \"file:none.key\" } }\nfront:",
            "+ `listen 0.0.0.0:444`: is new",
            "- `listen 0.0.0.0:444`: is gone",
        ),
        (
            "10.0.0.0/8]",
            "10.0.0.0/8, 192.0.2.1]",
            "+ `front.networks`: headers from more addresses are believed",
            "- `front.networks`: headers from fewer addresses are believed",
        ),
        (
            "[x-desk]",
            "[x-desk, x-risk]",
            "+ `front.headers`: `x-risk` is believed",
            "- `front.headers`: `x-risk` is believed no more",
        ),
    ] {
        let (there, back) = identities("fieldgate.yaml", from, to);
        assert_eq!(there.exit, 3, "{}", there.text());
        assert!(there.text().contains(gained), "{}", there.text());
        assert!(back.text().contains(lost), "{}", back.text());
    }
}

//! API keys over the wire: who is let in, what the upstream hears of it, and what the log holds.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use serde_json::Value;

use super::rig::door::BOTH;
use super::rig::{Binary, Setup, Upstream, Version};

const KEY: &str = "nightly-4c1f0b7a";
const NEW: &str = "nightly-9e02d651";
const ENDED: &str = "weekly-77aa10c2";

const RULES: &str = "fieldgate: 1
classes: { open: { level: 1 } }
resources:
  customer:
    at: { GET /first: $, list: { GET /customers: '$.items[*]' } }
    fields: { id: open }
roles:
  batch: { api_key: nightly }
  both: { api_key: nightly, jwt: staff-idp, claim: roles, has: teller }
  teller: { jwt: staff-idp, claim: roles, has: teller }
read:
  customer: { teller: { open: show }, both: { open: show } }
  customer/list: { batch: { open: show } }
";

fn hash(key: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, key.as_bytes()).as_ref())
}

fn write(setup: &Setup, name: &str, key: &str) {
    let path = setup.dir().join("secrets").join(name);
    fs::write(&path, hash(key) + "\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn setup(upstream: &Upstream) -> Setup {
    let setup = Setup::new(upstream.address()).rules(RULES);
    write(&setup, "nightly.sha256", KEY);
    write(&setup, "weekly.sha256", ENDED);
    setup.replace(
        "\nidentity:\n",
        "\nidentity:\n  api_keys:\n    nightly: { sha256: file:secrets/nightly.sha256 }\n    weekly: { sha256: file:secrets/weekly.sha256, until: 2020-12-31 }\n",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_lets_its_role_in_is_not_forwarded_and_stands_hashed_in_the_log() {
    let upstream = Upstream::always(r#"{"items":[{"id":"1"}]}"#).await;
    let rig = setup(&upstream).start().await;
    let mut ids = Vec::new();
    for version in BOTH {
        let nobody = rig.door.nobody();
        let headers = [("x-api-key", KEY)];
        let ask = rig
            .door
            .ask(version, &nobody, "GET", "/customers", &headers);
        let answer = ask.await;
        assert_eq!(answer.text(), r#"{"items":[{"id":"1"}]}"#);
        ids.push(answer.id().to_owned());
        let head = upstream.last().to_ascii_lowercase();
        assert!(
            !head.contains("x-api-key") && !head.contains("nightly"),
            "{head}"
        );
    }
    let log = rig.finish().await;
    for id in ids {
        let caller = &log.intent(&id)["caller"];
        assert_eq!(caller["auth"], "api-key");
        assert_eq!(caller["issuer"], "nightly");
        assert_eq!(caller["id"], "nightly");
        assert_eq!(caller["roles"], serde_json::json!(["batch"]));
        assert_eq!(caller["credential"], format!("sha256:{}", hash(KEY)));
    }
    assert!(!format!("{log:?}").contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_unknown_ended_twice_or_beside_what_no_role_names_is_refused() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let rig = setup(&upstream).start().await;
    let two = format!("{KEY},{ENDED}");
    for version in BOTH {
        let teller = rig.door.teller();
        let nobody = rig.door.nobody();
        let partner = rig.door.partner();
        for (caller, keys, target, status, reason) in [
            (
                &nobody,
                &["daily-0000"][..],
                "/customers",
                401,
                "bad-credential",
            ),
            (&nobody, &[""], "/customers", 401, "bad-credential"),
            (&nobody, &[ENDED], "/customers", 401, "expired-credential"),
            (
                &nobody,
                &[KEY, KEY],
                "/customers",
                401,
                "several-credentials",
            ),
            (
                &nobody,
                &[two.as_str()],
                "/customers",
                401,
                "several-credentials",
            ),
            (&teller, &["daily-0000"], "/first", 401, "bad-credential"),
            (&teller, &[KEY], "/customers", 403, "no-row"),
            (&nobody, &[KEY], "/first", 403, "no-row"),
            (&rig.door.manager(), &[KEY], "/customers", 403, "no-role"),
        ] {
            let headers: Vec<(&str, &str)> = keys.iter().map(|key| ("X-Api-Key", *key)).collect();
            let answer = rig.door.ask(version, caller, "GET", target, &headers).await;
            let refused = (answer.status, answer.reason());
            assert_eq!(refused, (status, reason.to_owned()), "{keys:?} {target}");
        }
        // A certificate that no role names does not count.
        let headers = [("x-api-key", KEY)];
        let answer = rig
            .door
            .ask(version, &partner, "GET", "/customers", &headers);
        assert_eq!(answer.await.status, 200);
    }
    let log = rig.finish().await;
    assert!(!format!("{log:?}").contains("daily-0000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_and_a_token_are_both_recorded_where_a_role_names_both() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let rig = setup(&upstream).start().await;
    let teller = rig.door.teller();
    let headers = [("x-api-key", KEY)];
    let answer = rig
        .door
        .ask(Version::Http1, &teller, "GET", "/first", &headers)
        .await;
    assert_eq!(answer.status, 200);
    let log = rig.finish().await;
    let caller = &log.outcome(answer.id())["caller"];
    assert_eq!(caller["auth"], "jwt+api-key");
    assert_eq!(caller["issuer"], "staff-idp+nightly");
    assert_eq!(caller["id"], "u-3391");
    assert_eq!(caller["roles"], serde_json::json!(["both"]));
    let credential = caller["credential"].as_str().unwrap();
    assert!(credential.ends_with(&format!("+sha256:{}", hash(KEY))));
    assert_eq!(log.outcome(answer.id())["contract"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn m08_sighup_takes_another_key_in_the_place_of_one_and_keeps_the_old_when_it_is_none() {
    let upstream = Upstream::always(r#"{"items":[]}"#).await;
    let mut binary = Binary::start(setup(&upstream), None).await;
    let file = binary.dir().join("secrets/nightly.sha256");
    let door = binary.door.clone();
    let status = async |key: &str| {
        let headers = [("x-api-key", key)];
        let nobody = door.nobody();
        let answer = door.ask(Version::Http1, &nobody, "GET", "/customers", &headers);
        answer.await.status
    };
    assert_eq!((status(KEY).await, status(NEW).await), (200, 401));
    fs::write(&file, NEW).unwrap();
    binary.signal("HUP");
    binary.says("reload refused").await;
    assert_eq!((status(KEY).await, status(NEW).await), (200, 401));
    fs::write(&file, hash(NEW)).unwrap();
    binary.signal("HUP");
    binary.says("re-read").await;
    assert_eq!((status(KEY).await, status(NEW).await), (401, 200));
    binary.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_name_a_key_the_settings_lack_do_not_start() {
    let upstream = Upstream::always("{}").await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let Err(error) = setup.try_start().await else {
        panic!("it starts")
    };
    let said = error.messages.join("\n");
    assert!(
        said.contains("the API key `nightly`") && said.contains("identity.api_keys"),
        "{said}"
    );
}

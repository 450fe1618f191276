//! Who is stopped, and what the file must look like.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::model::{ApiKeyCredential, CertificateCredential, JwtCredential};

fn block(kind: Kind, name: &str) -> Block {
    Block {
        kind,
        name: name.to_owned(),
        since: "2026-11-22T09:00:00Z".to_owned(),
        by: "ops (uid 1000)".to_owned(),
        reason: "a leak".to_owned(),
        key: None,
        lifted: None,
    }
}

fn party() -> Party {
    let claims = serde_json::json!({ "sub": "u-1" });
    Party {
        caller: Caller {
            jwt: Some(Arc::new(JwtCredential {
                issuer: "staff".into(),
                claims: claims.as_object().unwrap().clone(),
                sha256: "aa".into(),
                expires: 0,
            })),
            certificate: Some(Arc::new(CertificateCredential {
                authority: "ca".into(),
                sans: vec!["a.example".to_owned(), "spiffe://a".to_owned()],
                sha256: "bb".into(),
            })),
            api_key: Some(Arc::new(ApiKeyCredential {
                name: "nightly".into(),
                sha256: "cc".into(),
            })),
            peer: [127, 0, 0, 1].into(),
        },
        person: Some("hmac:1".to_owned()),
        roles: ["teller".to_owned(), "manager".to_owned()].into(),
        contract: Some("HT-1".into()),
        reach: None,
    }
}

#[test]
fn a_party_is_stopped_by_any_of_its_roles_names_and_credentials() {
    let stops = |kind, name: &str| Blocks::new(vec![block(kind, name)]).stop(&party());
    for (kind, names) in [
        (Kind::Contract, &["HT-1"][..]),
        (Kind::Role, &["teller", "manager"]),
        (
            Kind::Caller,
            &["u-1", "hmac:1", "a.example", "spiffe://a", "nightly"],
        ),
        (Kind::Credential, &["aa", "bb", "cc"]),
    ] {
        for name in names {
            assert!(stops(kind, name), "{kind} {name}");
        }
        for other in ["Teller", "", "u-2", "staff", "ca", "x"] {
            assert!(!stops(kind, other), "{kind} {other}");
        }
    }
    assert!(!Blocks::default().stop(&party()));
    assert!(Blocks::everybody().stop(&party()));
}

#[test]
fn a_lifted_block_stops_nobody_and_can_be_made_again() {
    let mut lifted = block(Kind::Role, "teller");
    lifted.lifted = Some(Lifted {
        at: "2026-11-22T10:00:00Z".to_owned(),
        by: "ops (uid 1000)".to_owned(),
    });
    assert!(!Blocks::new(vec![lifted.clone()]).stop(&party()));
    assert!(Blocks::new(vec![lifted, block(Kind::Role, "teller")]).stop(&party()));
}

#[tokio::test]
async fn an_exchange_under_way_is_told_when_its_party_is_blocked_and_not_before() {
    let switch = Switch::default();
    let mut cut = switch.cut(party());
    assert!(!cut.is_due());
    switch.set(Blocks::new(vec![block(Kind::Role, "auditor")]));
    assert!(!cut.is_due());
    let waiting = tokio::spawn(async move { cut.due().await });
    switch.set(Blocks::new(vec![block(Kind::Role, "manager")]));
    waiting.await.unwrap();
    assert!(switch.stops(&party()));
}

fn write(path: &std::path::Path, block: Block) {
    change(path, |blocks| {
        blocks.push(block);
        Ok::<(), FileError>(())
    })
    .unwrap();
}

#[test]
fn what_is_written_is_read_and_nothing_else_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/blocks.json");
    assert!(matches!(read(&path), Err(FileError::Missing(_))));
    write(&path, block(Kind::Role, "teller"));
    write(&path, block(Kind::Caller, "张三"));
    let good = std::fs::read_to_string(&path).unwrap();
    assert_eq!(read(&path).unwrap().in_force().count(), 2);
    for (from, to) in [
        ("\"fieldgate_blocks\": 1", "\"fieldgate_blocks\": 2"),
        ("\"role\"", "\"roles\""),
        ("\"since\"", "\"sinse\""),
        ("\"lifted\": null", "\"lifted\": true"),
        (
            "\"name\": \"teller\"",
            "\"name\": \"teller\", \"name\": \"teller\"",
        ),
        ("\"blocks\"", "\"more\": 1, \"blocks\""),
        ("]", ""),
        ("{\n  \"field", "x{\n  \"field"),
    ] {
        assert!(good.contains(from), "{from}");
        std::fs::write(&path, good.replacen(from, to, 1)).unwrap();
        assert!(matches!(read(&path), Err(FileError::Form { .. })), "{to}");
        // Nobody can say what was in it, so nothing is written over it.
        change(&path, |_| Ok::<(), FileError>(())).unwrap_err();
    }
    for empty in ["", "{}", "null", "[]"] {
        std::fs::write(&path, empty).unwrap();
        assert!(read(&path).is_err(), "{empty}");
    }
    std::fs::write(&path, &good).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(matches!(read(&path), Err(FileError::Form { .. })));
}

#[test]
fn the_same_name_in_force_twice_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("blocks.json");
    write(&path, block(Kind::Role, "teller"));
    write(&path, block(Kind::Role, "teller"));
    assert!(matches!(read(&path), Err(FileError::Form { .. })));
}

#[test]
fn several_who_block_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("blocks.json");
    std::thread::scope(|scope| {
        for one in 0..8 {
            let path = &path;
            scope.spawn(move || {
                for other in 0..8 {
                    write(path, block(Kind::Caller, &format!("{one}-{other}")));
                }
            });
        }
    });
    assert_eq!(read(&path).unwrap().in_force().count(), 64);
}

//! API keys as they arrive, and as settings hold them.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use http::HeaderValue;

use super::*;
use crate::config::SecretSource;

const NOW: i64 = 1_780_000_000;
const KEY: &str = "b7d8-nightly-3f1c";

struct Files {
    dir: tempfile::TempDir,
    settings: BTreeMap<String, ApiKey>,
}

impl Files {
    fn new(keys: &[(&str, &str, Option<i64>)]) -> Files {
        let mut files = Files {
            dir: tempfile::tempdir().unwrap(),
            settings: BTreeMap::new(),
        };
        for (name, key, until) in keys {
            let hash = HEXLOWER.encode(digest(&SHA256, key.as_bytes()).as_ref());
            let path = files.write(name, &format!("{hash}\n"));
            let sha256 = SecretSource::File(path);
            let until = *until;
            files
                .settings
                .insert((*name).to_owned(), ApiKey { sha256, until });
        }
        files
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, private).unwrap();
        path
    }

    fn ask(&self, values: &[&[u8]], now: i64) -> Result<Option<String>, Reason> {
        let keys = ApiKeys::load(&self.settings).unwrap();
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("X-Api-Key", HeaderValue::from_bytes(value).unwrap());
        }
        let known = keys.verify(&headers, now)?;
        Ok(known.map(|known| known.name.to_string()))
    }
}

fn files() -> Files {
    Files::new(&[("nightly", KEY, Some(NOW)), ("weekly", "other-key", None)])
}

#[test]
fn a_key_is_known_by_its_hash_and_called_by_its_name() {
    let files = files();
    assert_eq!(files.ask(&[], NOW), Ok(None));
    let known = |key: &str| files.ask(&[key.as_bytes()], NOW).unwrap();
    assert_eq!(known(KEY).as_deref(), Some("nightly"));
    assert_eq!(known("other-key").as_deref(), Some("weekly"));
}

#[test]
fn without_keys_in_the_settings_the_header_is_none_of_ours() {
    assert_eq!(Files::new(&[]).ask(&[b"theirs"], NOW), Ok(None));
}

#[test]
fn m05_m06_a_key_is_compared_whole_and_exactly() {
    let files = files();
    let long = "k".repeat(LONGEST + 1);
    for spoilt in [
        "",
        &KEY[1..],
        &KEY[..KEY.len() - 1],
        &format!("{KEY}x"),
        &KEY.to_uppercase(),
        &format!("Bearer {KEY}"),
        "b7d8 nightly",
        "b7d8-nightly-3f1\u{441}",
        &long,
    ] {
        let refused = files.ask(&[spoilt.as_bytes()], NOW);
        assert_eq!(refused, Err(Reason::BadCredential), "{spoilt:?}");
    }
}

#[test]
fn a_key_ends_with_its_last_second() {
    let files = files();
    assert!(files.ask(&[KEY.as_bytes()], NOW).is_ok());
    let later = files.ask(&[KEY.as_bytes()], NOW + 1);
    assert_eq!(later, Err(Reason::ExpiredCredential));
    let unknown = files.ask(&[b"unknown"], NOW + 1);
    assert_eq!(unknown, Err(Reason::BadCredential), "nobody's has ended");
}

#[test]
fn f12_a_second_key_is_refused_however_it_is_joined() {
    let files = files();
    let joined = format!("{KEY}, other-key");
    for values in [
        &[KEY.as_bytes(), b"other-key"][..],
        &[KEY.as_bytes(), KEY.as_bytes()],
        &[joined.as_bytes()],
    ] {
        assert_eq!(files.ask(values, NOW), Err(Reason::SeveralCredentials));
    }
}

#[test]
fn files_that_hold_no_hash_and_a_key_with_two_names_are_told_and_no_secret_with_them() {
    let mut files = Files::new(&[("a", KEY, None), ("b", KEY, None)]);
    let path = files.write("c", &format!("{KEY}\n"));
    let sha256 = SecretSource::File(path);
    files.settings.insert(
        "c".to_owned(),
        ApiKey {
            sha256,
            until: None,
        },
    );
    let wrong = ApiKeys::load(&files.settings).unwrap_err();
    let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(
        wrong[0].contains("the same key as that of `a`"),
        "{wrong:?}"
    );
    assert!(wrong[1].contains("64 hexadecimal digits"), "{wrong:?}");
    assert!(!wrong.concat().contains(KEY), "{wrong:?}");
    let keys = format!(
        "{:?}",
        ApiKeys::load(&Files::new(&[("a", KEY, None)]).settings)
    );
    assert!(!keys.contains("[183"), "no bytes of a hash: {keys}");
}

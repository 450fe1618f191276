//! What is compiled in, proved with `cargo tree` over the locked graph: normal, build and development dependencies.

use std::collections::BTreeMap;
use std::process::Command;

/// Name, version and features of every package of the graph.
fn packages() -> Vec<(String, Version, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--no-dedupe",
            "--prefix",
            "none",
        ])
        .args(["--edges", "normal,build,dev", "--format", "{p}|{f}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.lines().map(package).collect()
}

/// `h2 v0.4.20|default,stream`, possibly with a path or `(proc-macro)` behind the version.
fn package(line: &str) -> (String, Version, Vec<String>) {
    let (package, features) = line.split_once('|').expect("the format has a bar");
    let mut words = package.split(' ');
    let (name, version) = words.next().zip(words.next()).expect("name and version");
    let features = features.split(',').map(str::to_owned).collect();
    (name.to_owned(), Version::read(version), features)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u64, u64, u64);

impl Version {
    fn read(text: &str) -> Version {
        let text = text.trim_start_matches('v');
        let release = text.split(['-', '+']).next().unwrap();
        let parts: Vec<u64> = release
            .split('.')
            .map(|part| part.parse().unwrap())
            .collect();
        Version(parts[0], parts[1], parts[2])
    }
}

#[test]
fn q08_aws_lc_is_the_one_crypto_provider_and_rustls_the_one_tls_library() {
    let packages = packages();
    let has = |name: &str| packages.iter().any(|(package, ..)| package == name);
    assert!(has("aws-lc-rs") && has("rustls"), "the graph was read");
    for name in ["ring", "openssl", "openssl-sys", "native-tls", "boring"] {
        assert!(!has(name), "`{name}` is compiled in");
    }
}

#[test]
fn q08_no_yaml_reader_of_the_banned_ones_is_compiled_in() {
    for (name, ..) in packages() {
        let banned = ["serde_yml", "libyml", "yaml-rust", "serde_yaml"];
        assert!(!banned.contains(&name.as_str()), "`{name}` is compiled in");
    }
}

#[test]
fn q08_no_package_is_below_its_floor() {
    let floors = BTreeMap::from([
        ("h2", Version(0, 4, 16)),
        ("rustls-webpki", Version(0, 103, 13)),
        ("tracing-subscriber", Version(0, 3, 20)),
        ("bytes", Version(1, 11, 1)),
    ]);
    let packages = packages();
    for (name, floor) in floors {
        let versions: Vec<Version> = packages
            .iter()
            .filter(|(package, ..)| package == name)
            .map(|(_, version, _)| *version)
            .collect();
        assert!(!versions.is_empty(), "`{name}` is not in the graph");
        for version in versions {
            assert!(version >= floor, "`{name}` {version:?} is below {floor:?}");
        }
    }
}

#[test]
fn q08_serde_json_reserves_no_member_names() {
    let serde_json: Vec<_> = packages()
        .into_iter()
        .filter(|(name, ..)| name == "serde_json")
        .collect();
    assert!(!serde_json.is_empty(), "the graph was read");
    for (_, _, features) in serde_json {
        for feature in ["raw_value", "arbitrary_precision"] {
            assert!(
                !features.iter().any(|one| one == feature),
                "`{feature}` is on"
            );
        }
    }
}

#[test]
fn every_crypto_user_is_told_to_use_aws_lc() {
    for (name, _, features) in packages() {
        if ["rustls", "tokio-rustls", "rcgen"].contains(&name.as_str()) {
            assert!(
                features.iter().any(|one| one == "aws_lc_rs"),
                "`{name}`: {features:?}"
            );
            assert!(
                !features.iter().any(|one| one == "ring"),
                "`{name}`: {features:?}"
            );
        }
    }
}

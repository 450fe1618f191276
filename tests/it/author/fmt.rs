//! `fieldgate fmt`: files are brought into form, or left as they are.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::binary::{bank, fieldgate, rules};

const BAD: &str = "fieldgate:  1\nroles:\n  a: {jwt: idp, claim: r, has: a}   # 柜员\n  long: { jwt: idp,claim: r, has: b } # 行长\n";
const GOOD: &str = "fieldgate: 1\nroles:\n  a:    { jwt: idp, claim: r, has: a }  # 柜员\n  long: { jwt: idp, claim: r, has: b }  # 行长\n";

#[test]
fn a_directory_is_brought_into_form_and_says_the_same() {
    let dir = rules(&[
        ("a.yaml", BAD),
        ("sub/b.yaml", "read:   {}\n"),
        ("fixtures/x.json", "{ }"),
    ]);
    let path = dir.path().to_str().unwrap();
    let run = fieldgate(&["fmt", "--check", path], b"");
    assert_eq!(run.exit, 3, "{}", run.err);
    let told = run.text();
    assert!(told.contains("a.yaml: not in form\n"), "{told}");
    assert!(told.contains("2 of 2 files not in form"), "{told}");
    assert_eq!(fs::read_to_string(dir.path().join("a.yaml")).unwrap(), BAD);

    let run = fieldgate(&["fmt", path], b"");
    assert_eq!((run.exit, run.err.as_str()), (0, ""));
    assert!(
        run.text().ends_with("2 of 2 files changed\n"),
        "{}",
        run.text()
    );
    assert_eq!(fs::read_to_string(dir.path().join("a.yaml")).unwrap(), GOOD);
    assert_eq!(
        fs::read_to_string(dir.path().join("fixtures/x.json")).unwrap(),
        "{ }"
    );

    let run = fieldgate(&["fmt", "--check", path, "--lang", "zh-CN"], b"");
    assert_eq!(run.exit, 0);
    assert_eq!(run.text(), "2 个文件，格式都已是整理好的\n");
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn nothing_is_written_where_one_file_does_not_read() {
    let dir = rules(&[("a.yaml", BAD), ("b.yaml", "roles: {\n")]);
    let path = dir.path().to_str().unwrap();
    let run = fieldgate(&["fmt", path, "--lang", "zh-CN"], b"");
    assert_eq!((run.exit, run.out.as_slice()), (3, &b""[..]));
    assert!(
        run.err.contains("FG1008") && run.err.contains("b.yaml:"),
        "{}",
        run.err
    );
    assert!(run.err.contains("没有收尾"), "{}", run.err);
    assert_eq!(fs::read_to_string(dir.path().join("a.yaml")).unwrap(), BAD);
}

#[test]
fn a_directory_without_a_rule_file_is_left_alone() {
    let dir = rules(&[("compose.yaml", "services:  {}\n")]);
    let run = fieldgate(&["fmt", dir.path().to_str().unwrap()], b"");
    assert_eq!(run.exit, 3);
    assert!(run.err.contains("FG6006"), "{}", run.err);
    let text = fs::read_to_string(dir.path().join("compose.yaml")).unwrap();
    assert_eq!(text, "services:  {}\n");
}

#[test]
fn a_file_keeps_its_permissions_and_a_link_stays_a_link() {
    let dir = rules(&[("real.yaml", BAD)]);
    let real = dir.path().join("real.yaml");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let link = dir.path().join("link.yaml");
    symlink("real.yaml", &link).unwrap();
    let run = fieldgate(&["fmt", link.to_str().unwrap()], b"");
    assert_eq!(run.exit, 0, "{}", run.err);
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), GOOD);
    let mode = fs::metadata(&real).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let run = fieldgate(&["fmt", "-"], BAD.as_bytes());
    assert_eq!((run.exit, run.text().as_str()), (0, GOOD));
    let run = fieldgate(&["fmt", "-"], GOOD.as_bytes());
    assert_eq!((run.exit, run.text().as_str()), (0, GOOD));
    let run = fieldgate(&["fmt", "-"], &[b'#'; 2 << 20]);
    assert_eq!(run.exit, 3);
    assert!(run.err.contains("FG1002"), "{}", run.err);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    assert_eq!(fieldgate(&["fmt"], b"").exit, 2);
    let run = fieldgate(&["fmt", "/nowhere"], b"");
    assert_eq!(run.exit, 3);
    assert!(run.err.contains("FG1001"), "{}", run.err);
    let bank = bank();
    assert_eq!(
        fieldgate(&["fmt", "--check", bank.to_str().unwrap()], b"").exit,
        0
    );
}

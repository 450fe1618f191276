use super::*;
use crate::policy::diagnostic::{Style, render};

#[test]
fn the_bank_loads_from_its_directory_with_the_one_lint_it_means() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/bank");
    let loaded = load(&dir).unwrap_or_else(|found| panic!("{}", render(&found, Style::Plain)));
    let codes: Vec<&str> = loaded.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(
        codes,
        ["FG2109"],
        "{}",
        render(&loaded.warnings, Style::Plain)
    );
}

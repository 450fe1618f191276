//! `docs/bypasses.md`, `docs/threat-model.md` and the limits of `docs/settings.md` against the sources: no threat and no limit is
//! left out, no test is made up.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fieldgate::model::Reason;

/// The catalogue: its groups, and how many threats each has.
const CATALOGUE: [(char, usize); 17] = [
    ('A', 30),
    ('B', 20),
    ('C', 16),
    ('D', 15),
    ('E', 23),
    ('F', 15),
    ('G', 18),
    ('H', 16),
    ('I', 14),
    ('J', 7),
    ('K', 19),
    ('L', 11),
    ('M', 10),
    ('N', 20),
    ('O', 17),
    ('P', 25),
    ('Q', 16),
];

/// How a line may begin, and whether it can do without a test.
const ENDS: [(&str, bool); 6] = [
    ("Refused", false),
    ("Closed", false),
    ("Not built yet", false),
    ("Cannot apply", true),
    ("Operator", true),
    ("Not promised", true),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// The name of every function below `src` and `tests` that `#[test]` or `#[tokio::test]` stands above.
fn tests_there_are() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root().join("src"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.extend(tests_of(&fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(found.len() > 500, "the tests were found");
    found
}

fn tests_of(text: &str) -> Vec<String> {
    let (mut found, mut is_test) = (Vec::new(), false);
    for line in text.lines().map(str::trim) {
        let name = line.trim_start_matches("async ").strip_prefix("fn ");
        if let (true, Some(name)) = (is_test, name) {
            found.push(name.split(['(', '<']).next().unwrap().to_owned());
        }
        let goes_on = line.starts_with("#[") || line.starts_with("//");
        is_test = line == "#[test]" || line.starts_with("#[tokio::test") || is_test && goes_on;
    }
    found
}

/// The names in back ticks of the last cell of a table's row.
fn named(row: &str) -> Vec<&str> {
    let last = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
    last.split('`').skip(1).step_by(2).collect()
}

/// The rows of a page's tables whose first cell `is_first` takes.
fn rows(page: &str, is_first: impl Fn(&str) -> bool) -> Vec<Vec<&str>> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| row.split(" | ").map(str::trim).collect::<Vec<_>>())
        .filter(|cells| is_first(cells[0]))
        .collect()
}

#[test]
fn the_tests_of_a_source_are_read_with_what_stands_between() {
    let text = "#[test]\nfn a() {}\nfn b() {}\n#[tokio::test]\n#[ignore]\n// why\nasync fn c_d() {}\n    #[test]\n    fn e(x: u8) {}";
    assert_eq!(tests_of(text), ["a", "c_d", "e"]);
    assert_eq!(named("| A | b | `c` `d` |"), ["c", "d"]);
}

#[test]
fn every_threat_has_a_line_that_names_tests_there_are() {
    let page = page("bypasses.md");
    let there = tests_there_are();
    let is_id = |cell: &str| cell.len() == 3 && cell[1..].bytes().all(|byte| byte.is_ascii_digit());
    let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for cells in rows(&page, is_id) {
        assert_eq!(cells.len(), 4, "{cells:?}");
        assert!(
            lines.insert(cells[0], cells.clone()).is_none(),
            "{} twice",
            cells[0]
        );
    }
    let of_group = |(group, count): &(char, usize)| {
        let group = *group;
        (1..=*count).map(move |number| format!("{group}{number:02}"))
    };
    let ids: BTreeSet<String> = CATALOGUE.iter().flat_map(of_group).collect();
    let said: BTreeSet<String> = lines.keys().map(|id| (*id).to_owned()).collect();
    assert_eq!(said, ids);
    let mut wrong = Vec::new();
    for (id, cells) in &lines {
        let end = ENDS.iter().find(|(word, _)| cells[2].starts_with(word));
        let tests = named(cells[3]);
        match end {
            None => wrong.push(format!("{id} does not say how it ends")),
            Some((word, false)) if tests.is_empty() => {
                wrong.push(format!("{id} is `{word}` without a test"))
            }
            Some(_) => {}
        }
        for name in tests.iter().filter(|name| !there.contains(**name)) {
            wrong.push(format!("{id} names `{name}`, which is no test"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_of_the_ten_promises_names_tests_there_are() {
    let page = page("threat-model.md");
    let there = tests_there_are();
    let promises = rows(&page, |cell| cell.parse::<u8>().is_ok());
    let numbers: Vec<&str> = promises.iter().map(|cells| cells[0]).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    for cells in promises {
        let tests = named(cells[2]);
        assert!(!tests.is_empty(), "{cells:?}");
        for name in tests {
            assert!(there.contains(name), "{}: `{name}` is no test", cells[0]);
        }
    }
}

/// The words in back ticks of a cell.
fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn o07_every_limit_says_what_happens_above_it_how_it_is_counted_and_what_shows_it() {
    let (settings, metrics) = (page("settings.md"), page("metrics.md"));
    let there = tests_there_are();
    let heading = "### What happens at a limit\n";
    let (keys, told) = settings.split_once(heading).unwrap();
    let told = told.split("\n## ").next().unwrap();
    let is_limit = |cell: &str| cell.starts_with("`limits.");
    let of = |page, is_first: &dyn Fn(&str) -> bool| -> Vec<Vec<String>> {
        let owned = |cells: Vec<&str>| cells.into_iter().map(str::to_owned).collect();
        rows(page, is_first).into_iter().map(owned).collect()
    };
    let keys: Vec<String> = of(keys, &is_limit)
        .iter()
        .map(|row| row[0].clone())
        .collect();
    assert!(keys.len() > 10, "the limits were found");
    let told = of(told, &|cell| cell != "limit" && !cell.starts_with('-'));
    let first: Vec<&String> = told.iter().map(|row| &row[0]).collect();
    assert_eq!(first[..keys.len()], keys.iter().collect::<Vec<_>>());
    for row in &told {
        assert_eq!(row.len(), 4, "{row:?}");
        for reason in
            words(&row[1]).filter(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        {
            assert!(
                Reason::ALL.iter().any(|one| one.code() == reason),
                "{reason}"
            );
        }
        for metric in words(&row[2]) {
            assert!(metrics.contains(&format!("| `{metric}` |")), "{metric}");
        }
        assert!(words(&row[3]).count() > 0, "{row:?}");
        for test in words(&row[3]) {
            assert!(there.contains(test), "{}: `{test}` is no test", row[0]);
        }
    }
}

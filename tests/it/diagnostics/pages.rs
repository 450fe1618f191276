//! The pages and `fieldgate help` say what the codes say.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fieldgate::policy::diagnostic::Lang;
use fieldgate::policy::diagnostic::code::{self, Code};

use super::is_written_in;
use crate::binary::fieldgate;

fn has_chinese(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{4E00}'..='\u{9FFF}'))
}

fn table(codes: &[&Code], lang: Lang) -> String {
    let head = match lang {
        Lang::En => "| code | mistake | why | cure |",
        Lang::Zh => "| 错误码 | 错在哪里 | 为什么 | 改法 |",
    };
    let mut text = format!("{head}\n|---|---|---|---|\n");
    for code in codes {
        let words = code.words(lang);
        let cells = [words.mistake, words.why, words.cure].map(|cell| cell.replace('|', "\\|"));
        text.push_str(&format!("| {code} | {} |\n", cells.join(" | ")));
    }
    text
}

/// The page with every table behind a `<!-- NAME -->` as the codes make it.
fn page(name: &str, lang: Lang) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let mut text = fs::read_to_string(path).unwrap();
    for (name, codes) in [
        ("reading", code::READING),
        ("meaning", code::MEANING),
        ("conditions", code::CONDITIONS),
        ("lints", code::LINTS),
        ("writing", code::WRITING),
        ("formats", code::FORMATS),
        ("streaming", code::STREAMING),
        ("settings", code::SETTINGS),
        ("tests", code::TESTS),
        ("authoring", code::AUTHORING),
    ] {
        let mark = format!("<!-- {name} -->\n");
        let start = text.find(&mark).unwrap_or_else(|| panic!("no {mark}")) + mark.len();
        let rest = text.split_off(start);
        let after = rest.lines().find(|line| !line.starts_with('|'));
        let after = after.map_or("", |line| {
            let at = line.as_ptr() as usize - rest.as_ptr() as usize;
            &rest[at..]
        });
        text.push_str(&table(codes, lang));
        text.push_str(after);
    }
    text
}

#[test]
fn the_pages_list_every_code_as_it_is_explained() {
    for (name, lang) in [
        ("docs/diagnostics.md", Lang::En),
        ("docs/diagnostics.zh-CN.md", Lang::Zh),
    ] {
        let page = page(name, lang);
        let is_missing = |code: &&Code| !page.contains(&format!("\n| {} |", code.id));
        let missing: Vec<&str> = Code::all().filter(is_missing).map(|code| code.id).collect();
        assert!(missing.is_empty(), "{name} has no {missing:?}");
        is_written_in(name, &page);
    }
}

#[test]
fn every_code_is_explained_in_both_languages() {
    let mut seen = BTreeSet::new();
    for code in Code::all() {
        assert!(seen.insert(code.id), "{code} stands twice");
        let (en, zh) = (code.words(Lang::En), code.words(Lang::Zh));
        for text in [en.mistake, en.why, en.cure] {
            assert!(!text.is_empty() && !has_chinese(text), "{code}: {text:?}");
        }
        for text in [zh.mistake, zh.why, zh.cure] {
            assert!(has_chinese(text), "{code}: {text:?}");
        }
    }
    let sorted: Vec<&str> = seen.iter().copied().collect();
    assert!(sorted.len() > 90, "{sorted:?}");
}

#[test]
fn help_explains_a_code_in_either_language() {
    let run = fieldgate(&["help", "fg1007", "--lang", "en"], b"");
    assert_eq!((run.exit, run.err.as_str()), (0, ""));
    let text = run.text();
    for part in [
        "FG1007: full-width",
        "Why: ",
        "Cure: ",
        "# wrong\n        id：basic\n",
        "# right\n        id: basic\n",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let text = fieldgate(&["help", "FG1007", "--lang", "zh-CN"], b"").text();
    for part in ["FG1007: 该用", "为什么: ", "改法: ", "# 错\n", "# 对\n"] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let run = fieldgate(&["help", "FG9999"], b"");
    assert_eq!((run.exit, run.out.as_slice()), (2, &b""[..]));
    assert!(run.err.contains("FG9999"), "{}", run.err);
}

#[test]
fn p01_no_explanation_holds_what_it_warns_of() {
    for code in Code::all() {
        for lang in ["en", "zh-CN"] {
            let text = fieldgate(&["help", code.id, "--lang", lang], b"").text();
            let odd = |c: char| (c.is_control() && c != '\n') || c == '\u{200b}';
            assert!(!text.contains(odd), "{code}: {text:?}");
        }
    }
}

#[test]
fn a_text_that_is_the_same_in_both_languages_has_no_words_of_either() {
    let mut wrong = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            let is_test = path.ends_with("tests.rs")
                || path.components().any(|part| part.as_os_str() == "tests");
            for (at, _) in text.match_indices("say!(").filter(|_| !is_test) {
                let call = &text[at + "say!(".len()..];
                let Some(literal) = call.trim_start().strip_prefix('"') else {
                    continue;
                };
                let end = literal.replace("\\\"", "''").find('"').unwrap();
                let (literal, rest) = (&literal[..end], &literal[end + 1..]);
                let same = rest.trim_start().starts_with(')')
                    || rest.split(')').next().unwrap().ends_with("; same");
                let outside: String = literal.split('`').step_by(2).collect();
                if same && outside.chars().any(char::is_alphabetic) {
                    wrong.push(format!("{}: {literal}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

//! Rule files: any bytes are refused with places that exist, or load; what `fmt` makes of them says the same.

use fieldgate::author::fmt::format;
use fieldgate::policy::diagnostic::{Lang, Style, render};
use fieldgate::policy::load_texts;
use fieldgate::policy::source;

pub fn run(data: &[u8]) {
    let loaded = load_texts(&[("rules.yaml", data)]);
    if let Err(mistakes) = &loaded {
        assert!(!mistakes.is_empty());
        for lang in [Lang::En, Lang::Zh] {
            assert!(!render(mistakes, lang, Style::Plain).is_empty());
        }
    }
    let file = |bytes: &[u8]| source::decode("rules.yaml", bytes).ok();
    let Some(formed) = file(data).and_then(|file| format(&file).ok()) else {
        return;
    };
    let again = file(formed.as_bytes()).and_then(|file| format(&file).ok());
    assert_eq!(again.as_ref(), Some(&formed), "a form that is not one");
    let reloaded = load_texts(&[("rules.yaml", formed.as_bytes())]);
    assert_eq!(reloaded.is_ok(), loaded.is_ok(), "{formed}");
}

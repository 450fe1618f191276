//! What became of each value on its way from the legacy API to the caller.
//!
//! Judged from the two answers alone, as a caller would: the rules are not asked.

use super::document::Node;

/// What became of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It arrived as it was.
    Shown,
    /// A part of it arrived.
    Masked(String),
    /// A pseudonym arrived.
    Token(String),
    /// `null` arrived.
    Blank,
    /// Nothing of it arrived.
    Removed,
}

/// One value of the legacy API's answer and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Such as `phones[0].number`.
    pub path: String,
    /// What the legacy API said.
    pub legacy: String,
    /// What became of it.
    pub change: Change,
}

/// Every value of `legacy` in its order. Arrays are compared by position: the demo's rules take no element out.
pub fn between(legacy: &Node, answer: &Node) -> Vec<Line> {
    let arrived = answer.leaves();
    let of = |path: &str| arrived.iter().find(|(one, _)| one == path);
    let line = |(path, legacy): (String, String)| {
        let change = match of(&path) {
            None => Change::Removed,
            Some((_, now)) if *now == legacy => Change::Shown,
            Some((_, now)) if now == "null" => Change::Blank,
            Some((_, now)) if now.starts_with("tok_") => Change::Token(now.clone()),
            Some((_, now)) => Change::Masked(now.clone()),
        };
        Line {
            path,
            legacy,
            change,
        }
    };
    legacy.leaves().into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_shown_masked_a_token_blank_or_removed() {
        let read = |text: &str| Node::read(text.as_bytes()).unwrap();
        let legacy = read(r#"{"a":"1","b":"2","c":"3","d":"4","e":[{"f":5}]}"#);
        let answer = read(r#"{"a":"1","b":"*","c":"tok_x","d":null}"#);
        let changes: Vec<(String, Change)> = between(&legacy, &answer)
            .into_iter()
            .map(|line| (line.path, line.change))
            .collect();
        let expected = [
            ("a", Change::Shown),
            ("b", Change::Masked("*".to_owned())),
            ("c", Change::Token("tok_x".to_owned())),
            ("d", Change::Blank),
            ("e[0].f", Change::Removed),
        ];
        assert_eq!(
            changes,
            expected.map(|(path, change)| (path.to_owned(), change))
        );
    }
}

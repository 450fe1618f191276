//! `${VAR}` in settings, never in rules.
//!
//! Refuses a variable that is unset or empty, every form with a default or an operator (`${VAR:-x}`), names that
//! are no names, and values that hold control characters. A value is never read as YAML, nor expanded again.

/// Looks a variable up; a parameter so that tests need no process-wide state.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Why a text could not be expanded.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not set.
    Unset(String),
    /// Set to nothing.
    Empty(String),
    /// Its value holds a control character.
    Unprintable(String),
    /// `${` that is not followed by a name and `}`.
    Form,
}

/// Replaces each `${VAR}` by its value.
pub fn expand(text: &str, environment: Environment<'_>) -> Result<String, Refused> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or(Refused::Form)?;
        if !is_variable(name) {
            return Err(Refused::Form);
        }
        let value = environment(name).ok_or_else(|| Refused::Unset(name.to_owned()))?;
        if value.is_empty() {
            return Err(Refused::Empty(name.to_owned()));
        }
        if value.chars().any(char::is_control) {
            return Err(Refused::Unprintable(name.to_owned()));
        }
        expanded.push_str(before);
        expanded.push_str(&value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// Whether a text can be an environment variable's name.
pub fn is_variable(name: &str) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    name.as_bytes().first().is_some_and(letter)
        && name
            .bytes()
            .all(|byte| letter(&byte) || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, Refused> {
        expand(text, &|name| match name {
            "HOST" => Some("gw".to_owned()),
            "NESTED" => Some("${HOST}".to_owned()),
            "EMPTY" => Some(String::new()),
            "LINES" => Some("a\nb".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn a_variable_is_replaced_once() {
        assert_eq!(expanded("a-${HOST}-${HOST}.pem").unwrap(), "a-gw-gw.pem");
        assert_eq!(expanded("${NESTED}").unwrap(), "${HOST}");
        assert_eq!(expanded("$HOST $ {} }").unwrap(), "$HOST $ {} }");
    }

    #[test]
    fn n15_a_variable_that_is_unset_or_empty_is_refused() {
        assert_eq!(expanded("x${GONE}"), Err(Refused::Unset("GONE".to_owned())));
        assert_eq!(
            expanded("x${EMPTY}"),
            Err(Refused::Empty("EMPTY".to_owned()))
        );
        assert_eq!(
            expanded("${LINES}"),
            Err(Refused::Unprintable("LINES".to_owned()))
        );
    }

    #[test]
    fn n15_defaults_and_operators_are_refused() {
        for text in [
            "${HOST:-}",
            "${HOST:-x}",
            "${HOST-x}",
            "${HOST:?}",
            "${}",
            "${ HOST}",
            "${1}",
            "${HOST",
        ] {
            assert_eq!(expanded(text), Err(Refused::Form), "{text}");
        }
    }
}

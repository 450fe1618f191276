//! Where in an answer the record stands that a write is about.
//!
//! Refuses an answer in which it could stand in two places, or that is not of the shape its route declares: what is
//! not sure must not be judged.

use crate::json::{Cursor, Shape};
use crate::model::Reason;
use crate::path::{Child, Path, Selected, Selector};

/// The text of the record in an answer that was accepted as strict JSON; `None` where there is none: a member on the way
/// is missing, or something on it is null. `any_case` folds ASCII case in names.
///
/// # Errors
///
/// `unexpected-shape`.
pub fn record<'a>(answer: &'a str, at: &Path, any_case: bool) -> Result<Option<&'a str>, Reason> {
    let mut node = Cursor::new(answer);
    for segment in &at.segments {
        let [selector] = segment.selectors.as_slice() else {
            return Err(Reason::UnexpectedShape);
        };
        match child(node, selector, any_case)? {
            Some(child) => node = child,
            None => return Ok(None),
        }
    }
    match node.shape() {
        Shape::Object => Ok(Some(node.text())),
        Shape::Null => Ok(None),
        // An array without elements stands for no record, as it does where one is read.
        Shape::Array if node.elements().next().is_none() => Ok(None),
        _ => Err(Reason::UnexpectedShape),
    }
}

fn child<'a>(
    node: Cursor<'a>,
    selector: &Selector,
    any_case: bool,
) -> Result<Option<Cursor<'a>>, Reason> {
    match (selector, node.shape()) {
        (_, Shape::Null) => Ok(None),
        (Selector::Name(_), Shape::Object) => {
            let is_it =
                |name: &str| selector.selects(Child::Member(name), any_case) == Selected::Yes;
            let mut all = node.members().filter(|member| is_it(&member.name));
            match (all.next(), all.next()) {
                (found, None) => Ok(found.map(|member| member.value)),
                (_, Some(_)) => Err(Reason::UnexpectedShape),
            }
        }
        (Selector::Index(index), Shape::Array) => {
            let index = usize::try_from(*index).map_err(|_| Reason::UnexpectedShape)?;
            Ok(node.elements().nth(index))
        }
        _ => Err(Reason::UnexpectedShape),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::parse;

    fn of(answer: &str, at: &str) -> Result<Option<String>, Reason> {
        let found = record(answer, &parse(at).unwrap(), false)?;
        Ok(found.map(str::to_owned))
    }

    #[test]
    fn the_record_is_where_its_route_says() {
        let here = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(of(r#" {"a": 1} "#, "$"), here(r#"{"a": 1}"#));
        assert_eq!(
            of(r#"{"x":[{}],"d":{"c":{"a":1}}}"#, "$.d.c"),
            here(r#"{"a":1}"#)
        );
        assert_eq!(
            of(r#"{"d":[{"a":1},{"a":2}]}"#, "$.d[1]"),
            here(r#"{"a":2}"#)
        );
    }

    #[test]
    fn none_is_there_where_the_way_to_it_ends() {
        for (answer, at) in [
            ("null", "$"),
            ("[]", "$"),
            ("{}", "$.d"),
            (r#"{"d":null}"#, "$.d"),
            (r#"{"d":null}"#, "$.d.c"),
            (r#"{"d":[]}"#, "$.d[0]"),
        ] {
            assert_eq!(of(answer, at), Ok(None), "{answer}");
        }
    }

    #[test]
    fn what_is_not_sure_is_refused() {
        for (answer, at) in [
            ("1", "$"),
            (r#"[{"a":1}]"#, "$"),
            (r#"{"d":"x"}"#, "$.d"),
            (r#"{"d":[{}]}"#, "$.d"),
            (r#"[{}]"#, "$.d"),
            (r#"{"d":{}}"#, "$.d[0]"),
            (r#"{"d":{"a":1},"\u0064":{"a":2}}"#, "$.d"),
        ] {
            assert_eq!(of(answer, at), Err(Reason::UnexpectedShape), "{answer}");
        }
    }

    #[test]
    fn names_fold_case_where_the_resource_says_so() {
        let at = parse("$.data").unwrap();
        let found = record(r#"{"Data":{}}"#, &at, true);
        assert_eq!(found, Ok(Some("{}")));
        assert_eq!(record(r#"{"Data":{}}"#, &at, false), Ok(None));
        let twice = record(r#"{"Data":{},"data":{}}"#, &at, true);
        assert_eq!(twice, Err(Reason::UnexpectedShape));
    }
}

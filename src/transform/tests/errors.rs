//! What of an upstream's error leaves.

use std::sync::Arc;

use super::{plan_of, run, text};
use crate::model::Reason;
use crate::path::parse;
use crate::policy::Unlisted;
use crate::policy::plan::Plan;

/// The plan for errors under these paths, whatever the catalogue says of the same names.
fn errors(paths: &[&str]) -> Option<Arc<Plan>> {
    let mut errors = None;
    plan_of("$", &[("message", "strip")], Some("message"), |resource| {
        resource.unlisted = Unlisted::Show {
            reason: String::from("open"),
        };
        resource.errors = paths.iter().map(|path| parse(path).unwrap()).collect();
        errors = Plan::of_errors(resource);
    });
    errors.map(Arc::new)
}

#[test]
fn nothing_of_an_error_leaves_where_no_path_says_so() {
    assert!(errors(&[]).is_none());
}

#[test]
fn of_an_error_leaves_what_its_paths_list_and_nothing_else() {
    let plan = errors(&["$.message", "$.errors[*].code"]).unwrap();
    for (error, left) in [
        (
            r#"{"message":"no","sql":"select 1","errors":[{"code":7,"value":"x"},{"value":"y"}]}"#,
            r#"{"message":"no","errors":[{"code":7},{}]}"#,
        ),
        (r#"{"message":{"ssn":"x"},"errors":"x"}"#, "{}"),
        (r#"{"Message":"x"}"#, "{}"),
        (r#"{"other":[{"message":"x"}]}"#, "{}"),
        ("{}", "{}"),
        (r#"["x",{"message":"x"}]"#, "[]"),
    ] {
        let governed = run(&plan, error.as_bytes());
        assert_eq!((&*text(&governed), governed.end), (left, Ok(())), "{error}");
    }
    for (error, fault) in [
        ("\"x\"", Reason::UnexpectedShape),
        ("{\"message\":\"x\"", Reason::UnreadableBody),
        ("", Reason::UnreadableBody),
    ] {
        let governed = run(&plan, error.as_bytes());
        assert_eq!(
            (&*text(&governed), governed.end),
            ("", Err(fault)),
            "{error}"
        );
    }
}

#[test]
fn an_error_may_be_a_list() {
    let plan = errors(&["$[*].message"]).unwrap();
    let governed = run(&plan, br#"[{"message":"a","x":1},{"x":2}]"#);
    assert_eq!(text(&governed), r#"[{"message":"a"},{}]"#);
}

//! Lists as they are: one element again and again, some of its values others.

use fieldgate::json::{Cursor, Shape};

use super::Choices;

const VALUES: [&str; 16] = [
    "\"x\"",
    "null",
    "true",
    "12",
    "-0.5e3",
    "\"\"",
    "\"1001\"",
    "1001",
    "\"a\\\"b\"",
    "\"张三丰\"",
    "\"13800138000\"",
    "{}",
    "[]",
    "[1]",
    "{\"a\":1}",
    "[{\"a\":\"x\"},{\"a\":\"y\"}]",
];
const SEPARATORS: [&str; 4] = [",", ", ", ",\n    ", " ,"];

/// The body with one of its objects in arrays repeated, each time a few scalars changed. `None` where it has none.
pub fn repeated(body: &str, choices: &mut Choices) -> Option<String> {
    let mut objects = Vec::new();
    collect(Cursor::new(body), body, &mut |shape, in_array, place| {
        if shape == Shape::Object && in_array {
            objects.push(place);
        }
    });
    if objects.is_empty() || body.len() > 8000 {
        return None;
    }
    let (start, end) = *choices.pick(&objects);
    let element = &body[start..end];
    let separator = *choices.pick(&SEPARATORS);
    let mut out = body[..end].to_owned();
    for _ in 0..2 + choices.below(30) {
        out.push_str(separator);
        out.push_str(&changed(element, choices));
    }
    out.push_str(&body[end..]);
    Some(out)
}

fn changed(element: &str, choices: &mut Choices) -> String {
    let mut text = element.to_owned();
    for _ in 0..choices.below(4) {
        let mut scalars = Vec::new();
        collect(Cursor::new(&text), &text, &mut |shape, _, place| {
            if !matches!(shape, Shape::Object | Shape::Array) {
                scalars.push(place);
            }
        });
        if scalars.is_empty() {
            break;
        }
        let (start, end) = *choices.pick(&scalars);
        let value = *choices.pick(&VALUES);
        text.replace_range(start..end, value);
    }
    text
}

/// Shows each value, whether it is an element, and where it stands in `text`.
fn collect(value: Cursor<'_>, text: &str, see: &mut dyn FnMut(Shape, bool, (usize, usize))) {
    let place = |value: Cursor<'_>| {
        let value = value.text().trim_matches([' ', '\t', '\n', '\r']);
        let start = value.as_ptr() as usize - text.as_ptr() as usize;
        (start, start + value.len())
    };
    match value.shape() {
        Shape::Object => {
            for member in value.members() {
                see(member.value.shape(), false, place(member.value));
                collect(member.value, text, see);
            }
        }
        Shape::Array => {
            for element in value.elements() {
                see(element.shape(), true, place(element));
                collect(element, text, see);
            }
        }
        _ => {}
    }
}

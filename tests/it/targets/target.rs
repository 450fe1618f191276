//! Request targets: any text is refused, or has one spelling that every reader takes for the same path and query.

use std::sync::LazyLock;

use fieldgate::policy;
use fieldgate::route::{Router, canonical, query};
use http::Method;

const RULES: &str = r#"
fieldgate: 1
classes: { plain: { level: 1 } }
resources:
  r:
    at:
      GET /r: $.items[*]
      GET /r/{id}: $
      GET /r/{id}/x/{n:int}: $
      GET /u/{u:uuid}: $
      GET /t/{t:text}/end: $
    fields: { id: plain }
    params: { path.id: id, path.n: id, path.u: id, path.t: id, q: id }
roles: { some: { jwt: i, claim: c, has: x } }
read: { r: { some: { plain: show } } }
"#;

static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    let loaded = policy::load_texts(&[("rules.yaml", RULES.as_bytes())]);
    Router::new(&loaded.expect("rules that load").rules)
});

pub fn run(data: &[u8]) {
    let Ok(target) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(canonical) = canonical::check(target) else {
        return;
    };
    assert!(target.is_ascii() && target.len() <= canonical::LONGEST);
    for segment in canonical.segments() {
        let decoded = canonical::decode(segment).expect("a segment of UTF-8");
        // `%2F` is a slash within a segment, for readers that decode before they split.
        let mut parts = decoded.split(['/', '\\']);
        assert!(
            parts.all(|part| !matches!(part, "" | "." | "..")),
            "{target}"
        );
        assert!(
            !decoded.contains(|one: char| one == ';' || one.is_control()),
            "{target}"
        );
        assert_eq!(spelled(&decoded), segment, "two spellings");
    }
    if let Ok(params) = query::read(canonical.query) {
        for (at, (name, _)) in params.iter().enumerate() {
            let again = params.iter().skip(at + 1).any(|(other, _)| other == name);
            assert!(!again, "{name} twice in {target}");
        }
    }
    if let Ok(matched) = ROUTER.resolve(&Method::GET, target) {
        assert_eq!(matched.target, target, "what is sent is what was matched");
    }
}

/// RFC 3986, 2.3 and 2.1: unreserved characters as they are, all others in capitals.
fn spelled(decoded: &str) -> String {
    let spell = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    decoded.bytes().map(spell).collect()
}

//! Paths: any text is refused, or is a path that selects in any text that is JSON.

use fieldgate::json::Cursor;
use fieldgate::path::{Child, Selector, parse};

/// A path, a line's end, and a JSON text to select in.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (path, node) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(read) = parse(path) else {
        return;
    };
    // One meaning, read again or written from the root.
    assert_eq!(parse(path).ok().as_ref(), Some(&read));
    assert!(read.segments.iter().all(|one| !one.selectors.is_empty()));
    let rooted = path.starts_with('$') || path.starts_with('[') || path.starts_with('.');
    if !rooted && !read.segments.is_empty() {
        assert_eq!(parse(&format!("$.{path}")).ok(), Some(read.clone()));
    }
    let node = Cursor::new(node);
    for selector in read.segments.iter().flat_map(|one| &one.selectors) {
        if let Selector::Filter(filter) = selector {
            let known = filter.selects(node, false);
            assert_eq!(filter.selects(node, false), known);
            for one in node.elements() {
                filter.selects(one, true);
            }
        }
        for (index, _) in node.elements().enumerate() {
            let (index, length) = (index as u64, node.elements().count() as u64);
            let child = |length| Child::Element { index, length };
            selector.selects(child(None), false);
            selector.selects(child(Some(length)), false);
        }
        for member in node.members() {
            selector.selects(Child::Member(&member.name), true);
        }
    }
}

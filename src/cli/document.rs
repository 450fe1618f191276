//! An answer as a tree that keeps what a map would lose: members that occur twice, and the text of numbers.
//!
//! Refuses what the engine refuses to read.

use crate::json::{self, Kind, Lexer, Limits, Piece};
use crate::path::{Child, Path, Segment};

/// A node of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    /// Decoded.
    Text(String),
    List(Vec<Node>),
    /// Every member, in order; names decoded.
    Map(Vec<(String, Node)>),
}

/// One step from a node to a child.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Member(String),
    Element(usize),
}

/// Where a node stands, from the root.
pub(super) type Place = Vec<Step>;

/// Reads one JSON text.
pub(super) fn read(text: &[u8], limits: Limits) -> Option<Node> {
    let mut lexer = Lexer::new(limits);
    let mut building = Building::default();
    let mut at = 0;
    while let Some(piece) = lexer.next(text, at).ok()? {
        at = piece.end;
        building.take(piece, text.get(piece.start..piece.end)?)?;
    }
    lexer.finish().ok()?;
    building.root
}

/// A tree whose innermost containers are still open.
#[derive(Default)]
struct Building {
    /// Each with the name it will have in the one before.
    open: Vec<(Option<String>, Node)>,
    name: Option<String>,
    root: Option<Node>,
}

impl Building {
    fn take(&mut self, piece: Piece, text: &[u8]) -> Option<()> {
        match piece.kind {
            Kind::Space | Kind::Comma | Kind::Colon => {}
            Kind::ObjectOpen => self.open(Node::Map(Vec::new())),
            Kind::ArrayOpen => self.open(Node::List(Vec::new())),
            Kind::ObjectClose | Kind::ArrayClose => {
                let (name, node) = self.open.pop()?;
                self.name = name;
                self.put(node);
            }
            Kind::Key => self.name = Some(unquoted(text)?),
            Kind::String => {
                let text = unquoted(text)?;
                self.put(Node::Text(text));
            }
            Kind::Number => self.put(Node::Number(String::from_utf8(text.to_vec()).ok()?)),
            Kind::Boolean => self.put(Node::Bool(text == b"true")),
            Kind::Null => self.put(Node::Null),
        }
        Some(())
    }

    fn open(&mut self, container: Node) {
        let name = self.name.take();
        self.open.push((name, container));
    }

    fn put(&mut self, node: Node) {
        match self.open.last_mut().map(|(_, container)| container) {
            Some(Node::Map(members)) => {
                members.push((self.name.take().unwrap_or_default(), node));
            }
            Some(Node::List(elements)) => elements.push(node),
            _ => self.root = Some(node),
        }
    }
}

fn unquoted(text: &[u8]) -> Option<String> {
    let inner = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    Some(json::decode(std::str::from_utf8(inner).ok()?)?.into_owned())
}

/// All nodes a path selects, each with its place.
pub(super) fn select<'d>(path: &Path, root: &'d Node, any_case: bool) -> Vec<(Place, &'d Node)> {
    let mut here = vec![(Place::new(), root)];
    for segment in &path.segments {
        let mut next = Vec::new();
        for (place, node) in here {
            follow(segment, &place, node, any_case, &mut next);
        }
        here = next;
    }
    here
}

fn follow<'d>(
    segment: &Segment,
    place: &Place,
    node: &'d Node,
    any_case: bool,
    into: &mut Vec<(Place, &'d Node)>,
) {
    let length = match node {
        Node::List(elements) => u64::try_from(elements.len()).ok(),
        _ => None,
    };
    for (step, child) in children(node) {
        let text = || written(child);
        let as_child = match &step {
            Step::Member(name) => Child::Member(name),
            Step::Element(index) => Child::Element {
                index: *index as u64,
                length,
            },
        };
        let mut selectors = segment.selectors.iter();
        let selected = selectors.any(|selector| selector.may_select(as_child, any_case, &text));
        let mut place = place.clone();
        place.push(step);
        if segment.descend {
            follow(segment, &place, child, any_case, into);
        }
        if selected {
            into.push((place, child));
        }
    }
}

fn children(node: &Node) -> Vec<(Step, &Node)> {
    match node {
        Node::Map(members) => members
            .iter()
            .map(|(name, child)| (Step::Member(name.clone()), child))
            .collect(),
        Node::List(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, child)| (Step::Element(index), child))
            .collect(),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => Vec::new(),
    }
}

/// How many steps are left of a place behind what a path writes; nothing where it leads elsewhere, or where what stands
/// there decides.
pub(super) fn leads(path: &Path, place: &[Step], any_case: bool) -> Option<usize> {
    let left = place.len().checked_sub(path.segments.len())?;
    let selected = path.segments.iter().zip(place).all(|(segment, step)| {
        let child = match step {
            Step::Member(name) => Child::Member(name),
            Step::Element(index) => Child::Element {
                index: *index as u64,
                length: None,
            },
        };
        let unknown = || String::new();
        let mut selectors = segment.selectors.iter();
        !segment.descend && selectors.any(|one| one.may_select(child, any_case, &unknown))
    });
    selected.then_some(left)
}

/// Every text of the answer: names, strings decoded, numbers as written.
pub(super) fn texts<'d>(node: &'d Node, into: &mut Vec<&'d str>) {
    match node {
        Node::Number(text) | Node::Text(text) => into.push(text),
        Node::List(elements) => elements.iter().for_each(|element| texts(element, into)),
        Node::Map(members) => {
            for (name, member) in members {
                into.push(name);
                texts(member, into);
            }
        }
        Node::Null | Node::Bool(_) => {}
    }
}

/// The place as a path: `items[0].name`.
pub(super) fn path_of(place: &Place) -> String {
    let mut text = String::new();
    for step in place {
        match step {
            Step::Element(index) => text.push_str(&format!("[{index}]")),
            Step::Member(name) if text.is_empty() => text.push_str(name),
            Step::Member(name) => text.push_str(&format!(".{name}")),
        }
    }
    match text.is_empty() {
        true => "$".to_owned(),
        false => text,
    }
}

/// The node as JSON, cut where it is long.
pub(super) fn shown(node: &Node) -> String {
    const LONGEST: usize = 80;
    let text = written(node);
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

fn written(node: &Node) -> String {
    let mut text = String::new();
    write(node, &mut text);
    text
}

fn write(node: &Node, text: &mut String) {
    let quoted = |string: &str| serde_json::Value::from(string).to_string();
    match node {
        Node::Null => text.push_str("null"),
        Node::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Node::Number(number) => text.push_str(number),
        Node::Text(string) => text.push_str(&quoted(string)),
        Node::List(elements) => {
            text.push('[');
            for (index, element) in elements.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write(element, text);
            }
            text.push(']');
        }
        Node::Map(members) => {
            text.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                text.push_str(&format!("{}: ", quoted(name)));
                write(member, text);
            }
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { depth: 8, key: 100 };

    fn found(path: &str, text: &str) -> Vec<String> {
        let root = read(text.as_bytes(), LIMITS).unwrap();
        let path = crate::path::parse(path).unwrap();
        let found = select(&path, &root, false);
        found
            .iter()
            .map(|(place, node)| format!("{} {}", path_of(place), shown(node)))
            .collect()
    }

    #[test]
    fn both_of_two_equal_members_are_found() {
        let found = found("a.x", r#"{"a":{"x":1},"a":{"x":"\u0031"},"b":{"x":2}}"#);
        assert_eq!(found, ["a.x 1", r#"a.x "1""#]);
    }

    #[test]
    fn elements_slices_and_nets_are_found_where_they_stand() {
        let text = r#"{"l":[{"n":1.0},{"n":true},{"n":null}]}"#;
        assert_eq!(found("l[1].n", text), ["l[1].n true"]);
        assert_eq!(found("l[0:3:2].n", text), ["l[0].n 1.0", "l[2].n null"]);
        assert_eq!(found("$..n", text).len(), 3);
        assert_eq!(found("l.n", text), [""; 0]);
        assert_eq!(found("l[-1].n", text), ["l[2].n null"]);
        assert_eq!(found("l[?@.n==1].n", text), ["l[0].n 1.0"]);
        assert_eq!(found("l[?@.n!=true].n", text).len(), 2);
    }

    #[test]
    fn a_lone_scalar_is_a_document_and_a_broken_one_is_none() {
        assert_eq!(read(b" -1 ", LIMITS), Some(Node::Number("-1".to_owned())));
        assert_eq!(read(b"12", LIMITS), Some(Node::Number("12".to_owned())));
        assert_eq!(read(b"[1", LIMITS), None);
        assert_eq!(read(b"", LIMITS), None);
    }
}

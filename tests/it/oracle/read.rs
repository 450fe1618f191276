//! A slow, strict reader of RFC 8259 text that keeps every byte, blanks and escapes included.
//!
//! Refuses what RFC 8259 refuses, invalid UTF-8 and lone surrogates. Shares nothing with the engine.

use fieldgate::model::Reason;

/// A JSON value as a plain tree: duplicates and number text are kept, blanks are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// A whole text: the root and the blanks around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub lead: String,
    pub root: Node,
    pub trail: String,
}

/// A value with its layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// The token as written, and what it says.
    Scalar {
        text: String,
        value: Tree,
    },
    Container(Container),
}

/// An object or an array with its layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    pub object: bool,
    pub items: Vec<Item>,
    /// The blank between the brackets of a container that came empty.
    pub inside: String,
}

/// A member or an element, with the blanks before it and after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub before: String,
    pub key: Option<Key>,
    pub node: Node,
    pub after: String,
}

/// A member name: as written, decoded, and the blanks around its colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub text: String,
    pub name: String,
    pub before_colon: String,
    pub after_colon: String,
}

impl Item {
    pub fn name(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.name.as_str())
    }
}

impl Node {
    pub fn tree(&self) -> Tree {
        match self {
            Node::Scalar { value, .. } => value.clone(),
            Node::Container(container) if container.object => Tree::Object(
                (container.items.iter())
                    .map(|item| (item.name().unwrap_or("").to_owned(), item.node.tree()))
                    .collect(),
            ),
            Node::Container(container) => Tree::Array(
                (container.items.iter())
                    .map(|item| item.node.tree())
                    .collect(),
            ),
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Node::Scalar { text, .. } => out.push_str(text),
            Node::Container(container) => {
                out.push(if container.object { '{' } else { '[' });
                out.push_str(&container.inside);
                for (index, item) in container.items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    out.push_str(&item.before);
                    if let Some(key) = &item.key {
                        out.push_str(&key.text);
                        out.push_str(&key.before_colon);
                        out.push(':');
                        out.push_str(&key.after_colon);
                    }
                    item.node.write(out);
                    out.push_str(&item.after);
                }
                out.push(if container.object { '}' } else { ']' });
            }
        }
    }
}

impl Document {
    /// The text, byte for byte as it was read.
    pub fn text(&self) -> String {
        let mut out = self.lead.clone();
        self.root.write(&mut out);
        out.push_str(&self.trail);
        out
    }

    /// Whether a member name occurs twice in one object.
    pub fn has_duplicates(&self) -> bool {
        fn duplicated(tree: &Tree) -> bool {
            match tree {
                Tree::Object(members) => {
                    members.iter().enumerate().any(|(index, (name, value))| {
                        members[..index].iter().any(|(other, _)| other == name) || duplicated(value)
                    })
                }
                Tree::Array(elements) => elements.iter().any(duplicated),
                _ => false,
            }
        }
        duplicated(&self.root.tree())
    }
}

/// Reads one JSON text.
pub fn read(bytes: &[u8]) -> Result<Document, Reason> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::UnreadableBody)?;
    let mut reader = Reader { text, at: 0 };
    let lead = reader.blank();
    let root = reader.value().ok_or(Reason::UnreadableBody)?;
    let trail = reader.blank();
    if reader.at < text.len() {
        return Err(Reason::UnreadableBody);
    }
    Ok(Document { lead, root, trail })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn since(&self, start: usize) -> String {
        self.text[start..self.at].to_owned()
    }

    fn blank(&mut self) -> String {
        let start = self.at;
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.since(start)
    }

    fn value(&mut self) -> Option<Node> {
        let start = self.at;
        let value = match self.peek()? {
            b'{' => return self.container(b'}').map(Node::Container),
            b'[' => return self.container(b']').map(Node::Container),
            b'"' => Tree::String(self.string()?),
            b'n' => self.word("null", Tree::Null)?,
            b't' => self.word("true", Tree::Bool(true))?,
            b'f' => self.word("false", Tree::Bool(false))?,
            _ => self.number()?,
        };
        Some(Node::Scalar {
            text: self.since(start),
            value,
        })
    }

    fn word(&mut self, word: &str, value: Tree) -> Option<Tree> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn container(&mut self, close: u8) -> Option<Container> {
        let object = close == b'}';
        self.at += 1;
        let mut items = Vec::new();
        let mut before = self.blank();
        if self.take(close).is_some() {
            return Some(Container {
                object,
                items,
                inside: before,
            });
        }
        loop {
            let key = if object { Some(self.key()?) } else { None };
            let node = self.value()?;
            let after = self.blank();
            items.push(Item {
                before,
                key,
                node,
                after,
            });
            if self.take(close).is_some() {
                return Some(Container {
                    object,
                    items,
                    inside: String::new(),
                });
            }
            self.take(b',')?;
            before = self.blank();
        }
    }

    fn key(&mut self) -> Option<Key> {
        let start = self.at;
        let name = self.string()?;
        let text = self.since(start);
        let before_colon = self.blank();
        self.take(b':')?;
        let after_colon = self.blank();
        Some(Key {
            text,
            name,
            before_colon,
            after_colon,
        })
    }

    fn string(&mut self) -> Option<String> {
        self.take(b'"')?;
        let mut decoded = String::new();
        loop {
            let letter = self.text[self.at..].chars().next()?;
            self.at += letter.len_utf8();
            match letter {
                '"' => return Some(decoded),
                '\\' => decoded.push(self.escape()?),
                '\0'..='\u{1f}' => return None,
                _ => decoded.push(letter),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex4()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return char::from_u32(high);
                }
                self.take(b'\\')?;
                self.take(b'u')?;
                let low = self.hex4()?;
                if !(0xdc00..0xe000).contains(&low) {
                    return None;
                }
                char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?
            }
            _ => return None,
        })
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<Tree> {
        let start = self.at;
        let _ = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(Tree::Number(self.since(start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_written_back_byte_for_byte() {
        let text = " {\t\"a\\u0062\" :\n[ 1 ,{ } , \"\\ud83d\\ude00\\/\" ,-0.10E+5,[],true ] , \"a\":null}\r\n";
        let document = read(text.as_bytes()).unwrap();
        assert_eq!(document.text(), text);
    }

    #[test]
    fn malformed_text_is_unreadable() {
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "01",
            "1.",
            "-",
            "1e",
            "nul",
            "\"\u{1}\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "1 2",
            "[1}",
            "'a'",
            "{a:1}",
        ] {
            assert_eq!(read(text.as_bytes()), Err(Reason::UnreadableBody), "{text}");
        }
        assert_eq!(read(b"\"\xff\""), Err(Reason::UnreadableBody));
    }
}

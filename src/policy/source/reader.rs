//! Parser events to nodes, one document per file.
//!
//! Stops at the first mistake of syntax; duplicate keys, nulls and the like are collected.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, options};

use super::text::wide_punctuation;
use super::traps::{
    boolean_mistake, collection_as_key, curly_quotes, key_mistake, null_mistake, syntax_mistake,
    tag_mistake, too_deep,
};
use super::{Key, Kind, Node, SourceFile, Span};
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};

/// Open lists and maps at one time.
pub(super) const MAX_DEPTH: usize = 32;
/// Anchors in one file.
const MAX_ANCHORS: usize = 16;
/// What all aliases of one file together may add, in bytes of text and nodes of 64 bytes each.
const MAX_ALIASED: usize = 256 << 10;
/// Mistakes reported for one file; more of a kind say nothing new.
const MAX_MISTAKES: usize = 100;

/// Reads one file.
///
/// # Errors
///
/// All mistakes up to and with the first one of syntax.
pub fn read(file: &Arc<SourceFile>) -> Result<Node, Vec<Diagnostic>> {
    let mut tree = Tree::new(file);
    match tree.build() {
        Ok(()) if !tree.mistakes.is_empty() => Err(tree.mistakes),
        Ok(()) => tree.root.ok_or_else(|| {
            let message = say!("{} holds nothing", "{} 里什么也没写", quoted(&file.name));
            let help = say!(
                "delete the file, or write `fieldgate: 1`",
                "删掉这个文件，或者写上 `fieldgate: 1`"
            );
            vec![Diagnostic::error(code::FG1019, message).help(help)]
        }),
        Err(fatal) => {
            // What stands on the same line follows from it: `[a[*]]` makes keys without a value.
            let line = |mistake: &Diagnostic| {
                let first = mistake.labels.first();
                first.map(|label| label.span.line_column().0)
            };
            tree.mistakes
                .retain(|mistake| line(mistake) != line(&fatal));
            tree.mistakes.push(fatal);
            Err(tree.mistakes)
        }
    }
}

/// A list or map that is still open.
struct Open {
    start: usize,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
        places: HashMap<String, Span>,
        key: Option<Key>,
    },
}

struct Tree<'a> {
    file: &'a Arc<SourceFile>,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    anchor_count: usize,
    aliased: usize,
    documents: usize,
    mistakes: Vec<Diagnostic>,
}

impl<'a> Tree<'a> {
    fn new(file: &'a Arc<SourceFile>) -> Self {
        Tree {
            file,
            open: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            anchor_count: 0,
            aliased: 0,
            documents: 0,
            mistakes: Vec::new(),
        }
    }

    fn build(&mut self) -> Result<(), Diagnostic> {
        let options = options! {
            disallow_directives: true,
            emit_comments: false,
            flow_nesting_limit: MAX_DEPTH,
            block_nesting_limit: MAX_DEPTH,
        };
        let file = self.file.clone();
        for next in Parser::new_from_str_with_options(&file.text, options) {
            let (event, span) = next.map_err(|error| syntax_mistake(&file, &error))?;
            let start = span.start.byte_offset().unwrap_or_default();
            let end = span.end.byte_offset().unwrap_or(start);
            let place = Span::new(&file, start, end);
            if let Some(tag) = event.tag() {
                return Err(tag_mistake(&file, &span, &tag.original()));
            }
            self.take(event, place)?;
            if self.mistakes.len() >= MAX_MISTAKES {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'_>, place: Span) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = say!(
                        "a second YAML document begins here",
                        "从这里开始是第二个 YAML 文档"
                    );
                    let help = say!(
                        "put it into a file of its own, or remove the `---`",
                        "把它放进单独的文件，或者删掉 `---`"
                    );
                    return Err(Diagnostic::error(code::FG1010, message)
                        .at(&place)
                        .help(help));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                // The parser writes `~` where there is nothing at all.
                let text = match plain && place.text().is_empty() {
                    true => String::new(),
                    false => text.into_owned(),
                };
                match self.waits_for_key() {
                    true => self.take_key(text, plain, anchor, place),
                    false => self.take_scalar(text, plain, anchor, place),
                }
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(anchor, place, Content::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, _) => {
                let (entries, places, key) = (Vec::new(), HashMap::new(), None);
                let content = Content::Map {
                    entries,
                    places,
                    key,
                };
                self.open(anchor, place, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(&place),
            Event::Alias(anchor) => self.take_alias(anchor, &place),
            _ => Ok(()),
        }
    }

    fn waits_for_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                content: Content::Map { key: None, .. },
                ..
            })
        )
    }

    fn take_key(
        &mut self,
        text: String,
        plain: bool,
        anchor: usize,
        place: Span,
    ) -> Result<(), Diagnostic> {
        self.count_anchor(anchor, &place)?;
        if plain && text == "<<" {
            let help = say!(
                "write the keys out; nothing is inherited from another map",
                "把各个键写全；映射之间没有继承"
            );
            let message = say!("merge keys (`<<`) are not read", "不支持合并键（`<<`）");
            return Err(Diagnostic::error(code::FG1012, message)
                .at(&place)
                .help(help));
        }
        if plain && let Some(mistake) = key_mistake(&text, &place) {
            self.mistakes.push(mistake);
        }
        let Some(Open {
            content: Content::Map { places, key, .. },
            ..
        }) = self.open.last_mut()
        else {
            return Ok(());
        };
        if let Some(first) = places.get(&text) {
            let message = say!(
                "the key {} stands here twice",
                "键 {} 写了两次",
                quoted(&text)
            );
            self.mistakes.push(
                Diagnostic::error(code::FG1014, message)
                    .labelled(&place, say!("again", "又写了一次"))
                    .labelled(first, say!("first", "第一处"))
                    .help(say!("keep one of them", "只留一个")),
            );
        } else {
            places.insert(text.clone(), place.clone());
        }
        *key = Some(Key { span: place, text });
        Ok(())
    }

    fn take_scalar(
        &mut self,
        text: String,
        plain: bool,
        anchor: usize,
        place: Span,
    ) -> Result<(), Diagnostic> {
        if plain && let Some(mistake) = self.scalar_mistake(&text, &place) {
            self.mistakes.push(mistake);
        }
        let kind = Kind::Scalar { text, plain };
        self.add(Node { span: place, kind }, anchor)
    }

    fn scalar_mistake(&self, text: &str, place: &Span) -> Option<Diagnostic> {
        if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
            let key = match self.open.last() {
                Some(Open {
                    content: Content::Map { key: Some(key), .. },
                    ..
                }) => Some(key),
                _ => None,
            };
            return Some(null_mistake(key, text, place));
        }
        if let Some(mistake) = curly_quotes(text, place) {
            return Some(mistake);
        }
        let odd_blank = text.chars().any(|c| c.is_whitespace() && !c.is_ascii());
        if odd_blank && let Some(cure) = wide_punctuation(text) {
            let message = say!(
                "{} holds a blank that is not U+0020",
                "{} 里的空格不是普通空格（U+0020）",
                quoted(text)
            );
            return Some(
                Diagnostic::error(code::FG1007, message)
                    .at(place)
                    .help(cure),
            );
        }
        boolean_mistake(text, place)
    }

    fn take_alias(&mut self, anchor: usize, place: &Span) -> Result<(), Diagnostic> {
        if self.waits_for_key() {
            let message = say!("an alias cannot be a key", "别名（`*名字`）不能当键");
            let help = say!(
                "write the key out; a text that begins with `*` is quoted",
                "把键写全；以 `*` 开头的文本要加引号"
            );
            return Err(Diagnostic::error(code::FG1018, message)
                .at(place)
                .help(help));
        }
        let Some(node) = self.anchors.get(&anchor) else {
            let message = say!(
                "{} is used inside what it names",
                "{} 在它自己所指的内容里又用了自己",
                quoted(place.text())
            );
            return Err(Diagnostic::error(code::FG1013, message)
                .at(place)
                .help(say!("write it out", "直接写出来")));
        };
        self.aliased = self.aliased.saturating_add(weight(node));
        if self.aliased > MAX_ALIASED {
            let message = say!(
                "the aliases of this file repeat too much",
                "这个文件里的别名展开后重复太多"
            );
            return Err(Diagnostic::error(code::FG1013, message)
                .at(place)
                .help(say!("write them out", "直接写出来")));
        }
        let node = node.clone();
        self.add(node, 0)
    }

    fn open(&mut self, anchor: usize, place: Span, content: Content) -> Result<(), Diagnostic> {
        if self.waits_for_key() {
            return Err(collection_as_key(&self.file.text, &place));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(&place));
        }
        self.open.push(Open {
            start: place.start,
            anchor,
            content,
        });
        Ok(())
    }

    fn close(&mut self, place: &Span) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let kind = match open.content {
            Content::List(items) => Kind::List(items),
            Content::Map { entries, .. } => Kind::Map(entries),
        };
        let span = Span::new(self.file, open.start, place.end);
        self.add(Node { span, kind }, open.anchor)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.count_anchor(anchor, &node.span)?;
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, key, .. }) => {
                if let Some(key) = key.take() {
                    entries.push((key, node));
                }
            }
        }
        Ok(())
    }

    fn count_anchor(&mut self, anchor: usize, place: &Span) -> Result<(), Diagnostic> {
        self.anchor_count += usize::from(anchor != 0);
        if self.anchor_count > MAX_ANCHORS {
            let message = say!(
                "more than {MAX_ANCHORS} anchors (`&name`) in one file",
                "一个文件里的锚点（`&名字`）超过 {MAX_ANCHORS} 个"
            );
            return Err(Diagnostic::error(code::FG1013, message)
                .at(place)
                .help(say!("write them out", "直接写出来")));
        }
        Ok(())
    }
}

fn weight(node: &Node) -> usize {
    64 + match &node.kind {
        Kind::Scalar { text, .. } => text.len(),
        Kind::List(items) => items.iter().map(weight).sum(),
        Kind::Map(entries) => entries
            .iter()
            .map(|(key, value)| 64 + key.text.len() + weight(value))
            .sum(),
    }
}

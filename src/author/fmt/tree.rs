//! Where everything stands in a file: the parser's events as a tree of ranges, and the comments.
//!
//! Refuses nothing: it is asked only for files that were read. `None` where the parser disagrees after all.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, options};

/// A file.
pub(super) struct Tree {
    pub root: Option<Item>,
    /// In the order of the file, each with its `#`.
    pub comments: Vec<Range<usize>>,
    /// Texts of several lines, from what stands before them to their last line's end: not a byte changes.
    pub texts: Vec<Range<usize>>,
}

/// A value.
pub(super) struct Item {
    pub start: usize,
    /// One past its last byte; of a block, where it began.
    pub end: usize,
    pub kind: ItemKind,
}

pub(super) enum ItemKind {
    /// A scalar or an alias.
    Leaf,
    List {
        flow: bool,
        items: Vec<Item>,
    },
    Map {
        flow: bool,
        entries: Vec<(Item, Item)>,
    },
}

/// A list or map that is still open; of a map keys and values in turn.
struct Open {
    start: usize,
    flow: bool,
    map: bool,
    items: Vec<Item>,
}

impl Tree {
    pub(super) fn of(text: &str) -> Option<Tree> {
        let options = options! { disallow_directives: true, emit_comments: true };
        let mut tree = Tree {
            root: None,
            comments: Vec::new(),
            texts: Vec::new(),
        };
        let mut open: Vec<Open> = Vec::new();
        let mut before = 0;
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, span) = next.ok()?;
            let (start, end) = (span.start.byte_offset()?, span.end.byte_offset()?);
            let done = match event {
                Event::Comment(..) => {
                    tree.comments.push(start..end);
                    None
                }
                Event::Scalar(_, style, ..) => {
                    let last = match style {
                        // The parser counts the next line's indentation in.
                        ScalarStyle::Literal | ScalarStyle::Folded => {
                            let block = text.get(start..end)?;
                            start + block.rfind('\n').map_or(0, |newline| newline + 1)
                        }
                        _ => end,
                    };
                    let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                    if block || text.get(start..last)?.contains('\n') {
                        tree.texts.push(before..last);
                    }
                    Some(Item {
                        start,
                        end,
                        kind: ItemKind::Leaf,
                    })
                }
                Event::Alias(_) => Some(Item {
                    start,
                    end,
                    kind: ItemKind::Leaf,
                }),
                Event::SequenceStart(style, ..) | Event::MappingStart(style, ..) => {
                    open.push(Open {
                        start,
                        flow: style == StructureStyle::Flow,
                        map: matches!(event, Event::MappingStart(..)),
                        items: Vec::new(),
                    });
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => Some(open.pop()?.closed(end)),
                _ => None,
            };
            before = before.max(end);
            let Some(item) = done else { continue };
            match open.last_mut() {
                Some(parent) => parent.items.push(item),
                None => tree.root = Some(item),
            }
        }
        Some(tree)
    }

    pub(super) fn comment_texts<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let texts = self.comments.iter().map(|range| text.get(range.clone()));
        texts.map(Option::unwrap_or_default).collect()
    }
}

impl Open {
    fn closed(self, end: usize) -> Item {
        let kind = match self.map {
            false => ItemKind::List {
                flow: self.flow,
                items: self.items,
            },
            true => {
                let mut entries = Vec::new();
                let mut items = self.items.into_iter();
                while let (Some(key), Some(value)) = (items.next(), items.next()) {
                    entries.push((key, value));
                }
                ItemKind::Map {
                    flow: self.flow,
                    entries,
                }
            }
        };
        Item {
            start: self.start,
            end: if self.flow { end } else { self.start },
            kind,
        }
    }
}

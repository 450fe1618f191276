//! Upstream answers as text: they mostly fit the rule set, and drift.

use fieldgate::path::{Path, Segment, Selector};

use super::Choices;
use crate::oracle::matching::{Step, matches};
use crate::sketch::{PERSON, Sketch, SketchField};

const STRINGS: [&str; 20] = [
    "x",
    "",
    "1001",
    "张三丰",
    "欧阳修",
    "13800138000",
    "110101194912310028",
    "a@b.cn",
    "1949-10-01",
    "203.0.113.9",
    "北京市朝阳区建国路1号",
    "\u{1f600}x",
    "a\"b\\c",
    "\u{0}\n\u{7f}",
    "a/b",
    "***",
    "true",
    "6222020200112345678",
    "\u{2028}é",
    "12345678",
];
const NUMBERS: [&str; 13] = [
    "0",
    "1001",
    "-0",
    "1.10",
    "1e400",
    "-1E+5",
    "13800138000",
    "0.1e-7",
    "12345678",
    "-12.50",
    "1234567890123456789012345678901234567890",
    "1e0",
    "18446744073709551616",
];
/// Names no path writes, and some that look like those that one does.
const NOISE: [&str; 16] = [
    "z",
    "A",
    "C_d",
    "c-D",
    "B",
    "",
    "_a",
    "items",
    "data",
    "13800138000",
    "名字",
    "k\\v",
    "a.b",
    "*",
    "$",
    "$serde_json::private::Number",
];

/// How blanks are written.
#[derive(Clone, Copy)]
enum Style {
    Compact,
    Python,
    Pretty,
    Odd,
}

pub fn document(sketch: &Sketch, choices: &mut Choices) -> String {
    let style = [Style::Compact, Style::Python, Style::Pretty, Style::Odd][choices.below(4)];
    let mut writer = Writer {
        sketch,
        choices,
        style,
        out: String::new(),
        left: 80,
    };
    writer.odd();
    writer.body_node(&[]);
    writer.odd();
    if matches!(style, Style::Pretty) {
        writer.out.push('\n');
    }
    writer.out
}

/// Some JSON value that knows nothing of the rules.
pub fn stray_value(choices: &mut Choices) -> String {
    let sketch = Sketch::default();
    let mut writer = Writer {
        sketch: &sketch,
        choices,
        style: Style::Compact,
        out: String::new(),
        left: 6,
    };
    writer.stray(1);
    writer.out
}

struct Writer<'a> {
    sketch: &'a Sketch,
    choices: &'a mut Choices,
    style: Style,
    out: String,
    /// How many more nodes there may be.
    left: usize,
}

/// What may stand below a node, as far as paths say.
#[derive(Default)]
struct Below {
    names: Vec<String>,
    elements: bool,
    ends: bool,
}

impl Below {
    fn of<'p>(paths: impl Iterator<Item = &'p Path>, location: &[Step], fold: bool) -> Below {
        let mut below = Below::default();
        for path in paths {
            // What must be asked may select anything.
            let asked = path.segments.iter().flat_map(|segment| &segment.selectors);
            let asked: Vec<Selector> = asked.filter(|one| asks(one)).cloned().collect();
            let steps = location.iter().cloned();
            let location: Vec<Step> = steps
                .map(|step| Step::Asked(Box::new(step), asked.clone(), true))
                .collect();
            below.ends |= matches(&path.segments, &location, fold);
            for (index, segment) in path.segments.iter().enumerate() {
                if matches(&path.segments[..index], &location, fold) {
                    below.add(segment);
                    let before = index.checked_sub(1).map(|before| &path.segments[before]);
                    if before.is_some_and(is_filtered) {
                        below.names.extend(["a", "b"].map(str::to_owned));
                    }
                }
            }
        }
        below
    }

    fn add(&mut self, segment: &Segment) {
        for selector in &segment.selectors {
            match selector {
                Selector::Name(name) if self.names.contains(name) => {}
                Selector::Name(name) => self.names.push(name.clone()),
                _ => self.elements = true,
            }
        }
    }
}

fn asks(selector: &Selector) -> bool {
    selector.counts() || matches!(selector, Selector::Filter(_))
}

fn is_filtered(segment: &Segment) -> bool {
    let mut selectors = segment.selectors.iter();
    selectors.any(|selector| matches!(selector, Selector::Filter(_)))
}

impl Writer<'_> {
    // --- Shape ---------------------------------------------------------------------------------------

    fn body_node(&mut self, location: &[Step]) {
        let at = &self.sketch.at;
        if matches(&at.segments, location, self.sketch.any_case) {
            return match self.choices.below(24) {
                21 => self.out.push_str("null"),
                22 => self.out.push_str("[]"),
                23 => self.stray(location.len()),
                _ => self.record_node(location, &[]),
            };
        }
        let paths = self
            .sketch
            .envelope
            .iter()
            .map(|(path, _)| path)
            .chain([at]);
        let below = Below::of(paths, location, self.sketch.any_case);
        let goes_on = (at.segments.get(location.len())).filter(|_| {
            matches(
                &at.segments[..location.len()],
                location,
                self.sketch.any_case,
            )
        });
        let mut node = |writer: &mut Self, location: &[Step]| writer.body_node(location);
        match goes_on.map(|segment| &segment.selectors[0]) {
            _ if self.choices.one_in(20) => self.stray(location.len()),
            Some(Selector::Name(_)) => self.object(&below.names, location, &mut node),
            Some(_) => self.array(location, &mut node),
            None => self.shaped(&below, location, &mut node),
        }
    }

    fn record_node(&mut self, base: &[Step], location: &[Step]) {
        let paths = self.sketch.fields.iter().map(|field| &field.path);
        let mut below = Below::of(paths, location, self.sketch.any_case);
        // An array where the record stands is refused; that is not worth most of the cases.
        below.elements &= !location.is_empty();
        below.ends &= !location.is_empty() || self.choices.one_in(8);
        if let Some(person) = self.sketch.person
            && matches(
                &self.sketch.fields[person].path.segments,
                location,
                self.sketch.any_case,
            )
            && !self.choices.one_in(4)
        {
            match self.choices.one_in(3) {
                true => self.out.push_str(PERSON),
                false => self.string(PERSON),
            }
            return;
        }
        if self
            .choices
            .one_in(if location.is_empty() { 30 } else { 10 })
        {
            return self.stray(base.len() + location.len());
        }
        self.shaped(&below, location, &mut |writer, location| {
            writer.record_node(base, location)
        });
    }

    fn shaped(
        &mut self,
        below: &Below,
        location: &[Step],
        node: &mut dyn FnMut(&mut Self, &[Step]),
    ) {
        self.left = self.left.saturating_sub(1);
        let goes_on = below.elements || !below.names.is_empty();
        let simple = below.ends && (!goes_on || self.choices.one_in(2));
        if !goes_on && !simple || self.left == 0 {
            return match self.choices.one_in(3) {
                true => self.stray(location.len()),
                false => self.scalar(),
            };
        }
        if simple {
            return match self.choices.below(8) {
                0..=4 => self.scalar(),
                5 => self.stray(location.len()),
                _ => self.array(location, &mut |writer, _| writer.scalar()),
            };
        }
        if below.elements && (below.names.is_empty() || self.choices.one_in(2)) {
            return match self.choices.one_in(4) {
                true => self.object(&[], location, node),
                false => self.array(location, node),
            };
        }
        self.object(&below.names, location, node);
    }

    /// A value that paths did not ask for.
    fn stray(&mut self, level: usize) {
        self.left = self.left.saturating_sub(1);
        let location = vec![Step::Index(0); level];
        match self.choices.below(10) {
            0..=5 => self.scalar(),
            _ if self.left == 0 || level > 12 => self.scalar(),
            6 | 7 => self.array(&location, &mut |writer, below| writer.stray(below.len())),
            8 => self.object(&[], &location, &mut |writer, below| {
                writer.stray(below.len())
            }),
            _ => {
                let depth = self.choices.below(80);
                let _ = (0..depth).map(|_| self.out.push('[')).count();
                self.scalar();
                let _ = (0..depth).map(|_| self.out.push(']')).count();
            }
        }
    }

    fn array(&mut self, location: &[Step], node: &mut dyn FnMut(&mut Self, &[Step])) {
        self.out.push('[');
        let length = self.choices.below(5);
        for index in 0..length {
            self.before_item(index, location.len() + 1);
            let mut below = location.to_vec();
            below.push(Step::Index(index as u64));
            let start = self.out.len();
            node(self, &below);
            self.after_item();
            if self.choices.one_in(400) {
                // A long list: the same element again and again.
                let element = format!(",{}", &self.out[start..]);
                let times = 1 + 100_000 / element.len().max(100);
                self.out.push_str(&element.repeat(times));
            }
        }
        self.before_bracket(length == 0, location.len());
        self.out.push(']');
    }

    fn object(
        &mut self,
        written: &[String],
        location: &[Step],
        node: &mut dyn FnMut(&mut Self, &[Step]),
    ) {
        let mut names: Vec<String> = Vec::new();
        for name in written {
            if !self.choices.one_in(5) {
                names.push(name.clone());
            }
        }
        for _ in 0..self.choices.below(4) {
            let name = match self.choices.below(8) {
                0..=3 => (*self.choices.pick(&NOISE)).to_owned(),
                4 | 5 => (*self.choices.pick(&super::rules::NAMES)).to_owned(),
                6 if !names.is_empty() => self.choices.pick(&names).clone(),
                _ if !names.is_empty() => self.choices.pick(&names).to_uppercase(),
                _ => String::from("y"),
            };
            let place = self.choices.below(names.len() + 1);
            names.insert(place, name);
        }
        self.out.push('{');
        for (index, name) in names.iter().enumerate() {
            self.before_item(index, location.len() + 1);
            self.string(name);
            self.around_colon();
            let mut below = location.to_vec();
            below.push(Step::Name(name.clone()));
            node(self, &below);
            self.after_item();
        }
        self.before_bracket(names.is_empty(), location.len());
        self.out.push('}');
    }

    // --- Scalars -------------------------------------------------------------------------------------

    fn scalar(&mut self) {
        let filtered = |field: &SketchField| field.path.segments.iter().any(is_filtered);
        if self.sketch.fields.iter().any(filtered) && self.choices.one_in(3) {
            return self.string("x");
        }
        match self.choices.below(16) {
            0..=7 => {
                let text = *self.choices.pick(&STRINGS);
                self.string(text);
            }
            8..=11 => {
                let number = *self.choices.pick(&NUMBERS);
                self.out.push_str(number);
            }
            12 => self.out.push_str("true"),
            13 => self.out.push_str("false"),
            14 => self.out.push_str("null"),
            _ if self.choices.one_in(60) => {
                let long = "长x".repeat(1 + self.choices.below(20_000));
                self.out.push_str(&format!("\"{long}\""));
            }
            _ => self.out.push_str("\"y\""),
        }
    }

    /// A string, some of its characters escaped though they need not be.
    fn string(&mut self, text: &str) {
        let eager = self.choices.one_in(4);
        self.out.push('"');
        for letter in text.chars() {
            let escaped = eager && self.choices.one_in(3);
            match letter {
                '/' if escaped => self.out.push_str("\\/"),
                '"' | '\\' if !escaped => {
                    self.out.push('\\');
                    self.out.push(letter);
                }
                '\n' if !escaped => self.out.push_str("\\n"),
                _ if escaped || letter < ' ' || letter == '"' || letter == '\\' => {
                    let mut units = [0; 2];
                    let upper = self.choices.one_in(2);
                    for unit in letter.encode_utf16(&mut units) {
                        self.out.push_str(&match upper {
                            true => format!("\\u{unit:04X}"),
                            false => format!("\\u{unit:04x}"),
                        });
                    }
                }
                _ => self.out.push(letter),
            }
        }
        self.out.push('"');
    }

    // --- Blanks --------------------------------------------------------------------------------------

    fn odd(&mut self) {
        if !matches!(self.style, Style::Odd) {
            return;
        }
        match self.choices.below(24) {
            0..=12 => {}
            13..=17 => self.out.push(' '),
            18..=20 => self.out.push_str("\r\n"),
            21 | 22 => self.out.push_str("\t \n"),
            _ => {
                let (from, blank) = (
                    self.choices.below(400),
                    *self.choices.pick(&[' ', '\n', '\t']),
                );
                self.out.push('\t');
                self.out.extend(std::iter::repeat_n(blank, from));
            }
        }
    }

    fn line(&mut self, level: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", level));
    }

    fn before_item(&mut self, index: usize, level: usize) {
        if index > 0 {
            self.out.push(',');
        }
        match self.style {
            Style::Compact => {}
            Style::Python if index > 0 => self.out.push(' '),
            Style::Python => {}
            Style::Pretty => self.line(level),
            Style::Odd => self.odd(),
        }
    }

    fn after_item(&mut self) {
        self.odd();
    }

    fn around_colon(&mut self) {
        self.odd();
        self.out.push(':');
        if matches!(self.style, Style::Python | Style::Pretty) {
            self.out.push(' ');
        }
        self.odd();
    }

    fn before_bracket(&mut self, empty: bool, level: usize) {
        match self.style {
            Style::Pretty if !empty => self.line(level),
            Style::Odd if empty => self.odd(),
            _ => {}
        }
    }
}

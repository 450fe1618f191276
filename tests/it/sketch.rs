//! Rule sets in one line, for declared cases and for reports of generated ones.
//!
//! `at $.items[*]; name: show; phones[*].number: mask:last4; a: strip whole; b: names=show;
//! envelope $.total: show; unlisted refuse; drift show; keys any-case; person id`
//!
//! The paths are read by a few lines here, not by the crate's parser.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use fieldgate::mask::Mask;
use fieldgate::mask::token::{TokenMaster, TokenSpace};
use fieldgate::path::{Path, Segment, Selector};
use fieldgate::policy::{
    BodyForm, Cell, Class, ClassId, Does, EnvelopeEntry, Field, FieldId, Group, GroupId,
    PersonRule, Place, Resource, ResourceId, Role, RoleId, RouteRule, Row, RuleSet,
    TemplateSegment, Unlisted, UnlistedParams, Writing,
};

use crate::oracle::View;
use crate::oracle::filters::{filter_text, slice_text};
use crate::oracle::treat::{Treatment, Treatments};

/// The person of every sketch that has one.
pub const PERSON: &str = "1001";

/// One resource with one route, and what one caller gets of each entry.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sketch {
    pub at: Path,
    pub fields: Vec<SketchField>,
    pub envelope: Vec<(Path, Outcome)>,
    pub unlisted: UnlistedWord,
    pub drift_show: bool,
    pub any_case: bool,
    /// The field that names the person, where the caller is held to it.
    pub person: Option<usize>,
}

/// One entry of the catalogue.
#[derive(Clone, PartialEq, Eq)]
pub struct SketchField {
    pub path: Path,
    pub outcome: Option<Outcome>,
    pub whole: bool,
    pub names: Option<Outcome>,
}

/// `unlisted:`
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum UnlistedWord {
    #[default]
    Strip,
    Refuse,
    Show,
}

/// An outcome as a sketch writes it.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    Show,
    /// The name of the key; fields never share one unless they name the same.
    Token(String),
    Mask(String),
    Blank,
    Strip,
}

/// A built-in mask, or one of a few declared ones.
fn mask(name: &str) -> Mask {
    match name {
        "staff-no" => Mask::keep(2, 1, "#").expect("a mask"),
        "thousands" => Mask::round("1000").expect("a mask"),
        "first-two" => Mask::truncate(2).expect("a mask"),
        _ => Mask::builtin(name).unwrap_or_else(|| panic!("`{name}` is no mask")),
    }
}

impl Outcome {
    fn read(word: &str) -> Outcome {
        let (kind, name) = word.split_once(':').unwrap_or((word, ""));
        match kind {
            "show" => Outcome::Show,
            "token" => Outcome::Token(name.to_owned()),
            "mask" if name.is_empty() => Outcome::Mask(String::from("fixed")),
            "mask" => Outcome::Mask(name.to_owned()),
            "blank" => Outcome::Blank,
            "strip" => Outcome::Strip,
            _ => panic!("`{word}` is no outcome"),
        }
    }

    pub fn treatment(&self) -> Treatment {
        match self {
            Outcome::Show => Treatment::Show,
            Outcome::Token(name) => Treatment::Token(Box::new(
                TokenMaster::test_key().derive(&TokenSpace::Shared(name)),
            )),
            Outcome::Mask(name) => Treatment::Mask(mask(name)),
            Outcome::Blank => Treatment::Blank,
            Outcome::Strip => Treatment::Strip,
        }
    }

    fn cell(&self) -> Cell {
        match self {
            Outcome::Show => Cell::Show,
            Outcome::Token(name) => Cell::Token(Some(name.clone())),
            Outcome::Mask(name) => Cell::Mask(Some(name.clone())),
            Outcome::Blank => Cell::Blank,
            Outcome::Strip => Cell::Strip,
        }
    }
}

impl Sketch {
    /// Reads a sketch; anything it does not know is a mistake in a test, and panics.
    pub fn read(text: &str) -> Sketch {
        let mut sketch = Sketch::default();
        let mut person = None;
        for clause in text
            .split(';')
            .map(str::trim)
            .filter(|clause| !clause.is_empty())
        {
            match clause.split_once(' ') {
                Some(("at", at)) => sketch.at = path(at),
                Some(("unlisted", "strip")) => sketch.unlisted = UnlistedWord::Strip,
                Some(("unlisted", "refuse")) => sketch.unlisted = UnlistedWord::Refuse,
                Some(("unlisted", "show")) => sketch.unlisted = UnlistedWord::Show,
                Some(("drift", "show")) => sketch.drift_show = true,
                Some(("keys", "any-case")) => sketch.any_case = true,
                Some(("person", field)) => person = Some(path(field)),
                Some(("envelope", entry)) => {
                    let (place, word) = entry.split_once(": ").expect("an outcome");
                    sketch.envelope.push((path(place), Outcome::read(word)));
                }
                _ => sketch.fields.push(SketchField::read(clause)),
            }
        }
        sketch.person = person.map(|person| {
            let field = sketch.fields.iter().position(|field| field.path == person);
            field.expect("the person's field is in the catalogue")
        });
        sketch
    }

    /// What the oracle's and the engine's plans are made of.
    pub fn treatments(&self) -> Treatments {
        let treatment = |outcome: &Option<Outcome>| outcome.as_ref().map(Outcome::treatment);
        Treatments {
            fields: self
                .fields
                .iter()
                .map(|field| treatment(&field.outcome))
                .collect(),
            names: self
                .fields
                .iter()
                .map(|field| treatment(&field.names))
                .collect(),
            envelope: self
                .envelope
                .iter()
                .map(|(_, outcome)| outcome.treatment())
                .collect(),
        }
    }

    /// The rule set: one class for each outcome of each entry, and one role whose row says them.
    pub fn rules(&self) -> RuleSet {
        let mut classes = Vec::new();
        let mut cells = Vec::new();
        let mut class = |outcome: &Outcome| {
            classes.push(Class {
                name: format!("class-{}", classes.len()),
                place: Place::default(),
                level: 1,
                zh: None,
                sensitive: false,
            });
            cells.push(outcome.cell().into());
            ClassId(classes.len() - 1)
        };
        let fields = (self.fields.iter())
            .map(|field| Field {
                text: Written(&field.path).to_string(),
                place: Place::default(),
                path: field.path.clone(),
                class: field.outcome.as_ref().map(&mut class),
                masks: match &field.outcome {
                    Some(Outcome::Mask(name)) => vec![(name.clone(), Arc::new(mask(name)))],
                    _ => Vec::new(),
                },
                whole: field.whole,
                names: field.names.as_ref().map(&mut class),
                written_by: None,
                write_never: false,
                decides: false,
                zh: None,
            })
            .collect();
        let envelope = (self.envelope.iter())
            .map(|(path, outcome)| EnvelopeEntry {
                text: Written(path).to_string(),
                place: Place::default(),
                path: path.clone(),
                class: (*outcome != Outcome::Show).then(|| class(outcome)),
            })
            .collect();
        let route = RouteRule {
            text: String::from("GET /things"),
            place: Place::default(),
            method: http::Method::GET,
            does: Does::Read,
            body: BodyForm::Json,
            stored: None,
            template: vec![TemplateSegment::Literal(String::from("things"))],
            answer: Default::default(),
            send: None,
            at: self.at.clone(),
        };
        let resource = Resource {
            name: String::from("thing"),
            place: Place::default(),
            zh: None,
            upstream: None,
            groups: vec![Group {
                name: String::from("thing"),
                routes: vec![route],
            }],
            person: self.person.map(|field| PersonRule {
                field: FieldId(field),
                path_param: None,
            }),
            fields,
            envelope,
            params: Vec::new(),
            unlisted_params: UnlistedParams::Refuse,
            shape_of: None,
            strip_as_blank: false,
            unlisted: match self.unlisted {
                UnlistedWord::Strip => Unlisted::Strip,
                UnlistedWord::Refuse => Unlisted::Refuse,
                UnlistedWord::Show => Unlisted::Show {
                    reason: String::from("a test"),
                },
            },
            drift_show: self.drift_show,
            any_case: self.any_case,
            writing: Writing::default(),
            errors: Vec::new(),
            files: Vec::new(),
        };
        let row = Row {
            place: Place::default(),
            places: Vec::new(),
            steps: vec![Some(0); cells.len()],
            cells,
            only: Vec::new(),
        };
        RuleSet {
            digest: String::from("sha256:0"),
            classes,
            resources: vec![resource],
            roles: vec![Role {
                name: String::from("caller"),
                place: Place::default(),
                matchers: Vec::new(),
                extends: None,
                contract: false,
            }],
            rows: BTreeMap::from([((ResourceId(0), GroupId(0), RoleId(0)), row)]),
            rights: BTreeMap::new(),
            exceptions: Vec::new(),
            ceilings: Vec::new(),
            contracts: Vec::new(),
            finds: Default::default(),
            conditions: Vec::new(),
            tests: Vec::new(),
        }
    }

    /// What the oracle judges by.
    pub fn view<'a>(&self, rules: &'a RuleSet, treatments: &'a Treatments) -> View<'a> {
        View {
            rules,
            resource: ResourceId(0),
            group: GroupId(0),
            route: 0,
            treatments,
            person: self.person.map(|_| PERSON),
        }
    }
}

impl SketchField {
    fn read(clause: &str) -> SketchField {
        let (place, words) = clause.rsplit_once(": ").expect("`path: outcome`");
        let mut field = SketchField {
            path: path(place),
            outcome: None,
            whole: false,
            names: None,
        };
        for word in words.split_whitespace() {
            match word.strip_prefix("names=") {
                Some(names) => field.names = Some(Outcome::read(names)),
                None if word == "whole" => field.whole = true,
                None => field.outcome = Some(Outcome::read(word)),
            }
        }
        field
    }
}

/// Reads a path of names, `[*]`, indexes, slices, unions and `..`.
pub fn path(text: &str) -> Path {
    let mut rest = text.strip_prefix('$').unwrap_or(text);
    let mut segments = Vec::new();
    while !rest.is_empty() {
        let descend = rest.starts_with("..");
        rest = rest.trim_start_matches('.');
        let selectors;
        (selectors, rest) = match rest.strip_prefix('[') {
            Some(inner) => bracket(inner),
            None => {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                assert!(!name.is_empty(), "a name is missing in `{text}`");
                (vec![Selector::Name(name.to_owned())], after)
            }
        };
        segments.push(Segment { descend, selectors });
    }
    Path { segments }
}

fn bracket(mut rest: &str) -> (Vec<Selector>, &str) {
    let mut selectors = Vec::new();
    loop {
        let selector;
        (selector, rest) = match rest.strip_prefix('\'') {
            Some(quoted) => {
                let end = quoted.find('\'').expect("a closing quote");
                (Selector::Name(quoted[..end].to_owned()), &quoted[end + 1..])
            }
            None if rest.starts_with('?') => {
                let end = end_of_filter(rest);
                (by_the_reader(&rest[..end]), &rest[end..])
            }
            None => {
                let end = rest.find([',', ']']).expect("a closing bracket");
                (unquoted(&rest[..end]), &rest[end..])
            }
        };
        selectors.push(selector);
        match rest.split_at(1) {
            (",", more) => rest = more.trim_start(),
            (_, after) => return (selectors, after),
        }
    }
}

/// Where the bracket closes around a filter.
fn end_of_filter(text: &str) -> usize {
    let (mut quoted, mut depth) = (false, 0);
    let end = text.find(|letter| {
        match letter {
            '\'' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted && depth == 0 => return true,
            ']' if !quoted => depth -= 1,
            _ => {}
        }
        false
    });
    end.expect("a closing bracket")
}

/// What must be held is read by the reader of paths.
fn by_the_reader(text: &str) -> Selector {
    let path = fieldgate::path::parse(&format!("$[{text}]"));
    let mut path = path.unwrap_or_else(|error| panic!("{text}: {}", error.message));
    path.segments.remove(0).selectors.remove(0)
}

fn unquoted(text: &str) -> Selector {
    if text.contains('-') {
        return by_the_reader(text);
    }
    let number = |text: &str| text.parse::<u64>().expect("a number");
    match text.split(':').collect::<Vec<_>>().as_slice() {
        ["*"] => Selector::Wildcard,
        [index] => Selector::Index(number(index)),
        [start, end, rest @ ..] => Selector::Slice {
            start: if start.is_empty() { 0 } else { number(start) },
            end: (!end.is_empty()).then(|| number(end)),
            step: rest.first().map_or(1, |step| number(step)),
        },
        [] => panic!("an empty bracket"),
    }
}

/// A path as a rule file would write it.
struct Written<'a>(&'a Path);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for segment in &self.0.segments {
            f.write_str(if segment.descend { ".." } else { "" })?;
            match segment.selectors.as_slice() {
                [Selector::Name(name)] if name.chars().all(char::is_alphanumeric) => {
                    write!(f, "{}{name}", if segment.descend { "" } else { "." })?;
                }
                selectors => {
                    let selectors: Vec<String> = selectors.iter().map(selector).collect();
                    write!(f, "[{}]", selectors.join(","))?;
                }
            }
        }
        Ok(())
    }
}

fn selector(selector: &Selector) -> String {
    match selector {
        Selector::Name(name) => format!("'{name}'"),
        Selector::Wildcard => String::from("*"),
        Selector::Index(index) => index.to_string(),
        Selector::Slice { start, end, step } => {
            let end = end.map(|end| end.to_string()).unwrap_or_default();
            format!("{start}:{end}:{step}")
        }
        Selector::FromEnd(back) => format!("-{back}"),
        Selector::SliceFromEnd(slice) => slice_text(slice),
        Selector::Filter(filter) => format!("?{}", filter_text(filter)),
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Show => f.write_str("show"),
            Outcome::Token(name) => write!(f, "token:{name}"),
            Outcome::Mask(name) => write!(f, "mask:{name}"),
            Outcome::Blank => f.write_str("blank"),
            Outcome::Strip => f.write_str("strip"),
        }
    }
}

impl fmt::Display for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}", Written(&self.at))?;
        for field in &self.fields {
            write!(f, "; {}:", Written(&field.path))?;
            if let Some(outcome) = &field.outcome {
                write!(f, " {outcome}")?;
            }
            f.write_str(if field.whole { " whole" } else { "" })?;
            if let Some(names) = &field.names {
                write!(f, " names={names}")?;
            }
        }
        for (path, outcome) in &self.envelope {
            write!(f, "; envelope {}: {outcome}", Written(path))?;
        }
        f.write_str(match self.unlisted {
            UnlistedWord::Strip => "",
            UnlistedWord::Refuse => "; unlisted refuse",
            UnlistedWord::Show => "; unlisted show",
        })?;
        f.write_str(if self.drift_show { "; drift show" } else { "" })?;
        f.write_str(if self.any_case { "; keys any-case" } else { "" })?;
        match self.person {
            Some(field) => write!(f, "; person {}", Written(&self.fields[field].path)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_is_read_as_it_is_written() {
        let text = "at $.items[*]; $.a['x','k/v'][0,2][1:3:1]..b: mask:last4; $.c: show whole \
                    names=strip; $.d: names=show; $.e[-1][-2::1][?(@['k']=='x')&&(!(@['l'][0]))].f: show; $['person-id']: token:t; envelope $.total: blank; \
                    unlisted refuse; drift show; keys any-case; person $['person-id']";
        assert_eq!(Sketch::read(text).to_string(), text);
        assert_eq!(path("a.b[*]..c"), path("$.a['b'][*]..['c']"));
        assert_eq!(path("$"), Path::default());
    }
}

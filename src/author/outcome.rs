//! What is done to a thing in words, and the rules that decided it.
//!
//! Decides nothing: `author::view` asks the rules.

use std::fmt;

use crate::mask::{Mask, builtin_name};
use crate::model::Openness;
use crate::policy::combine::Treatment;
use crate::policy::condition::{Condition, Truth};
use crate::policy::diagnostic::{Text, say};
use crate::policy::{
    Cell, Choice, Class, Covers, EnvelopeEntry, Field, FieldId, Place, Resource, Role, RuleSet,
};

/// Something of a resource that has an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// The values at an entry of the catalogue.
    Field(FieldId),
    /// The member names below it.
    Names(FieldId),
    /// An entry of the envelope.
    Envelope(usize),
}

/// An outcome and the rules that made it so.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// What is done; where conditions decide, the most open of it.
    pub does: Does,
    /// The conditions that decide.
    pub conditions: Vec<&'a Condition>,
    /// What is done for each of what they may be: as many truths as conditions. Nothing where they are too many.
    pub cases: Vec<(Vec<Truth>, Does)>,
    /// The rules that decided, in the order in which they count.
    pub causes: Vec<Cause<'a>>,
}

/// What is done to a value, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Does {
    /// The outcome.
    pub openness: Openness,
    /// The mask, or the name under which a token's key is shared.
    pub name: Option<String>,
}

/// A rule that decided.
#[derive(Clone, Debug)]
pub struct Cause<'a> {
    /// What kind of rule.
    pub kind: Kind,
    /// Whose, where it is one role's.
    pub role: Option<&'a Role>,
    /// What it says: `contact: mask`.
    pub says: String,
    /// Where it was written; nothing for what nobody wrote.
    pub place: Option<&'a Place>,
    /// Why, for the auditor.
    pub reason: Option<&'a str>,
}

/// A kind of rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A cell of a row.
    Cell,
    /// A class that the row does not name.
    Unnamed,
    /// An exception.
    Exception,
    /// A ceiling.
    Ceiling,
    /// A path with `..`.
    Net,
    /// `strip_as: blank`.
    StripAs,
    /// An entry of the envelope that says `show`.
    Envelope,
    /// A condition.
    Condition,
    /// The annex of a contract.
    Contract,
}

impl Kind {
    /// The word of the JSON documents.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Cell => "cell",
            Kind::Unnamed => "unnamed",
            Kind::Exception => "exception",
            Kind::Ceiling => "ceiling",
            Kind::Net => "net",
            Kind::StripAs => "strip_as",
            Kind::Envelope => "envelope",
            Kind::Condition => "condition",
            Kind::Contract => "contract",
        }
    }

    /// The word for people.
    pub fn text(self) -> Text {
        match self {
            Kind::Cell => say!("cell", "格子"),
            Kind::Unnamed => say!("not in the row", "行里没写"),
            Kind::Exception => say!("exception", "例外"),
            Kind::Ceiling => say!("ceiling", "上限"),
            Kind::Net => say!("net", "`..` 路径"),
            Kind::StripAs => say!("`strip_as`"),
            Kind::Envelope => say!("`envelope`"),
            Kind::Condition => say!("condition", "条件"),
            Kind::Contract => say!("contract", "合同"),
        }
    }
}

impl fmt::Display for Does {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.openness.word())?;
        match &self.name {
            Some(name) => write!(to, " {name}"),
            None => Ok(()),
        }
    }
}

impl Outcome<'_> {
    /// What is done, with what decides: `show if consent else strip`.
    pub fn text(&self) -> String {
        let of = |truth: Truth| {
            let found = self.cases.iter().find(|(truths, _)| *truths == [truth]);
            found.map(|(_, does)| does)
        };
        let one = (of(Truth::True), of(Truth::False), of(Truth::Unknown));
        match (&self.conditions[..], one) {
            ([], _) => self.does.to_string(),
            (several, _) if self.cases.is_empty() => {
                let names: Vec<&str> = several.iter().map(|one| one.name.as_str()).collect();
                format!("at most {} by {}", self.does, names.join(", "))
            }
            ([condition], (Some(holds), Some(otherwise), unknown)) => {
                let doubt = unknown.filter(|unknown| *unknown != otherwise);
                let doubt = doubt.map(|doubt| format!(", {doubt} if unknown"));
                let (name, doubt) = (&condition.name, doubt.unwrap_or_default());
                format!("{holds} if {name} else {otherwise}{doubt}")
            }
            (several, _) => {
                let mut all: Vec<String> = Vec::new();
                for text in self.cases.iter().map(|(_, does)| does.to_string()) {
                    if !all.contains(&text) {
                        all.push(text);
                    }
                }
                let names: Vec<&str> = several.iter().map(|one| one.name.as_str()).collect();
                format!("{} by {}", all.join(" / "), names.join(", "))
            }
        }
    }
}

impl Does {
    pub(super) fn gone() -> Does {
        Does::new(&Treatment::Strip, None)
    }

    pub(super) fn new(treatment: &Treatment, name: Option<String>) -> Does {
        Does {
            openness: treatment.openness(),
            name,
        }
    }
}

/// Everything of a resource that has an outcome, in the order in which the catalogue was written.
pub fn items(resource: &Resource) -> impl Iterator<Item = Item> {
    let mut fields: Vec<(usize, &Field)> = resource.fields.iter().enumerate().collect();
    fields.sort_by(|(_, a), (_, b)| a.place.cmp(&b.place));
    let fields = fields.into_iter().flat_map(|(at, field)| {
        let values = field.class.map(|_| Item::Field(FieldId(at)));
        values
            .into_iter()
            .chain(field.names.map(|_| Item::Names(FieldId(at))))
    });
    let mut envelope: Vec<(usize, &EnvelopeEntry)> = resource.envelope.iter().enumerate().collect();
    envelope.sort_by(|(_, a), (_, b)| a.place.cmp(&b.place));
    fields.chain(envelope.into_iter().map(|(at, _)| Item::Envelope(at)))
}

/// The class of a thing.
pub fn class_of<'a>(rules: &'a RuleSet, resource: &Resource, item: Item) -> Option<&'a Class> {
    let class = match item {
        Item::Field(id) => resource.fields.get(id.0)?.class,
        Item::Names(id) => resource.fields.get(id.0)?.names,
        Item::Envelope(at) => resource.envelope.get(at)?.class,
    };
    rules.classes.get(class?.0)
}

/// A cell with its condition, as rule files write it.
pub fn chosen(rules: &RuleSet, choice: &Choice) -> String {
    let cell = written(&choice.cell);
    let Some(when) = &choice.when else {
        return cell;
    };
    let condition = rules.conditions.get(when.condition.0);
    let condition = condition.map_or("", |condition| condition.name.as_str());
    match when.otherwise {
        Cell::Strip => format!("{cell} if {condition}"),
        _ => format!("{cell} if {condition} else {}", written(&when.otherwise)),
    }
}

/// An outcome as rule files write it.
pub fn written(cell: &Cell) -> String {
    match cell {
        Cell::Show => String::from("show"),
        Cell::Token(None) => String::from("token"),
        Cell::Token(Some(name)) => format!("token:{name}"),
        Cell::Mask(None) => String::from("mask"),
        Cell::Mask(Some(name)) => format!("mask:{name}"),
        Cell::Blank => String::from("blank"),
        Cell::Strip => String::from("strip"),
    }
}

/// What a ceiling covers, as rule files write it.
pub fn covered(rules: &RuleSet, covers: &Covers) -> String {
    match covers {
        Covers::Fields(resource, fields) | Covers::Container(resource, fields, _) => {
            let resource = rules.resources.get(resource.0);
            let name = resource.map_or("", |resource| resource.name.as_str());
            let fields = fields
                .iter()
                .filter_map(|field| resource?.fields.get(field.0));
            let fields: Vec<String> = fields
                .map(|field| format!("{name}.{}", field.text))
                .collect();
            format!("field: {}", fields.join(", "))
        }
        Covers::Class(class) => {
            let class = rules.classes.get(class.0);
            format!("class: {}", class.map_or("", |class| class.name.as_str()))
        }
        Covers::Level(level) => format!("level: {level}"),
    }
}

/// The name a mask goes by at a field: that its entry lists, else that of a built-in one.
pub(super) fn mask_name(mask: &Mask, field: Option<&Field>) -> String {
    let listed = field.into_iter().flat_map(|field| &field.masks);
    let mut listed = listed.filter(|(_, known)| **known == *mask);
    let listed = listed.next().map(|(name, _)| name.as_str());
    let name = listed.or_else(|| builtin_name(mask));
    match name {
        Some("fixed") | None => String::from("***"),
        Some(name) => name.to_owned(),
    }
}

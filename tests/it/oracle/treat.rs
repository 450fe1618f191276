//! What an outcome does to one scalar, and which of several outcomes is the most closed.

use fieldgate::mask::token::TokenKey;
use fieldgate::mask::{Mask, Scalar};
use fieldgate::model::Openness;

use super::read::Tree;

/// A field's final outcome for one caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Treatment {
    Show,
    Token(Box<TokenKey>),
    Mask(Mask),
    Blank,
    Strip,
}

/// The outcomes of a whole catalogue, index for index.
#[derive(Clone, Debug, Default)]
pub struct Treatments {
    /// By field; `None` for an entry without a class.
    pub fields: Vec<Option<Treatment>>,
    /// By field: the class of the names below, where the entry gives one.
    pub names: Vec<Option<Treatment>>,
    /// By envelope entry.
    pub envelope: Vec<Treatment>,
}

impl Treatment {
    /// The mask that says nothing.
    pub fn fixed() -> Self {
        Treatment::Mask(Mask::fixed())
    }

    pub fn openness(&self) -> Openness {
        match self {
            Treatment::Show => Openness::Show,
            Treatment::Token(_) => Openness::Token,
            Treatment::Mask(_) => Openness::Mask,
            Treatment::Blank => Openness::Blank,
            Treatment::Strip => Openness::Strip,
        }
    }

    /// The JSON text that stands for a scalar; only for tokens and masks.
    pub fn replacement(&self, value: &Tree) -> String {
        let scalar = match value {
            Tree::String(text) => Scalar::String(text),
            Tree::Number(text) => Scalar::Number(text),
            Tree::Bool(_) => Scalar::Boolean,
            Tree::Null => Scalar::Null,
            Tree::Array(_) | Tree::Object(_) => unreachable!("a container is no scalar"),
        };
        let mut text = Vec::new();
        match self {
            Treatment::Token(key) => key.apply(scalar, &mut text),
            Treatment::Mask(mask) => mask.apply(scalar, &mut text),
            _ => unreachable!("{self:?} replaces nothing"),
        }
        String::from_utf8(text).expect("a replacement is text")
    }
}

/// The most closed of several outcomes. Where different masks or keys tie, nothing but `"***"` is left.
pub fn most_closed<'a>(treatments: impl IntoIterator<Item = &'a Treatment>) -> Treatment {
    let treatments: Vec<&Treatment> = treatments.into_iter().collect();
    let openness = (treatments.iter())
        .map(|treatment| treatment.openness())
        .min()
        .unwrap_or(Openness::Show);
    let mut tied = treatments
        .iter()
        .filter(|treatment| treatment.openness() == openness);
    match tied.next() {
        None => Treatment::Show,
        Some(first) if tied.all(|other| other == first) => (*first).clone(),
        Some(_) => Treatment::fixed(),
    }
}

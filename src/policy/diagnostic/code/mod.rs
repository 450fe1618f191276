//! Every code of a diagnostic, with its explanation: what `fieldgate help CODE` prints and `docs/diagnostics.md` lists.
//!
//! Refuses a code without its explanation in both languages: the code is the explanation. Tests make each example, and see
//! that what is wrong gives its code and what is right does not.

mod authoring;
mod conditions;
mod formats;
mod lints;
mod meaning;
mod reading;
mod settings;
mod tests_of_rules;
mod writing;

use std::fmt;

pub use authoring::*;
pub use conditions::*;
pub use formats::*;
pub use lints::*;
pub use meaning::*;
pub use reading::*;
pub use settings::*;
pub use tests_of_rules::*;
pub use writing::*;

use super::{Lang, Text, say};

/// One kind of mistake. Its meaning never changes.
#[derive(PartialEq, Eq)]
pub struct Code {
    /// `FG1014`.
    pub id: &'static str,
    /// The explanation in English.
    en: Words,
    /// The explanation in Chinese.
    zh: Words,
    /// What gives it, and what does not.
    pub example: Example,
}

/// An explanation in one language.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// What is wrong.
    pub mistake: &'static str,
    /// Why it is refused, or noticed.
    pub why: &'static str,
    /// What to do.
    pub cure: &'static str,
}

/// What gives a code.
#[derive(Debug, PartialEq, Eq)]
pub enum Example {
    /// Lines of a rule file, or of the settings: wrong, then right.
    Lines(&'static str, &'static str),
    /// Something that lines cannot show, told in English and Chinese.
    Told(&'static str, &'static str),
}

impl Code {
    /// The code somebody names, in any case.
    pub fn named(name: &str) -> Option<&'static Code> {
        Code::all().find(|code| code.id.eq_ignore_ascii_case(name))
    }

    /// All codes in their order.
    pub fn all() -> impl Iterator<Item = &'static Code> {
        let groups = [
            READING, MEANING, CONDITIONS, LINTS, WRITING, FORMATS, STREAMING, SETTINGS, TESTS,
            AUTHORING,
        ];
        groups.into_iter().flatten().copied()
    }

    /// The cure, where a message has no better one.
    pub fn cure(&self) -> Text {
        let (en, zh) = (self.en.cure, self.zh.cure);
        say!("write {en}", "{zh}")
    }

    /// The explanation.
    pub fn words(&self, lang: Lang) -> &Words {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.id)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.id)
    }
}

/// A group of codes; of each the mistake, why it is one, and its cure, in English and Chinese, and an example.
macro_rules! codes {
    ($(#[$about:meta])* $group:ident: $(
        $id:ident {
            en: $mistake:literal, $why:literal, $cure:literal;
            zh: $mistake_zh:literal, $why_zh:literal, $cure_zh:literal;
            $example:ident($wrong:literal, $right:literal)
        }
    )*) => {
        $(
            #[doc = $mistake]
            pub const $id: &$crate::policy::diagnostic::Code = &$crate::policy::diagnostic::Code {
                id: stringify!($id),
                en: $crate::policy::diagnostic::code::Words {
                    mistake: $mistake,
                    why: $why,
                    cure: $cure,
                },
                zh: $crate::policy::diagnostic::code::Words {
                    mistake: $mistake_zh,
                    why: $why_zh,
                    cure: $cure_zh,
                },
                example: $crate::policy::diagnostic::code::Example::$example($wrong, $right),
            };
        )*
        $(#[$about])*
        pub const $group: &[&$crate::policy::diagnostic::Code] = &[$($id),*];
    };
}
use codes;

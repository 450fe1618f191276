//! Sentences in both languages, written side by side where they are needed.
//!
//! Refuses, when Fieldgate is compiled, a sentence without its translation and a translation that forgets an argument:
//! a [`Text`] is made by [`say!`] alone, and `format!` takes no argument that is not used.

use std::borrow::Cow;
use std::fmt;

/// A language Fieldgate speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// Chinese in simplified characters.
    Zh,
}

impl Lang {
    /// Every language.
    pub const ALL: [Lang; 2] = [Lang::En, Lang::Zh];

    /// The language of the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that says something.
    pub fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Lang {
        let said = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| variable(name).filter(|value| !value.is_empty()));
        let tag = said.unwrap_or_default().to_ascii_lowercase();
        match tag.split(['_', '-', '.', '@']).next() {
            Some("zh") => Lang::Zh,
            _ => Lang::En,
        }
    }

    /// The tag of BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh-CN",
        }
    }
}

/// One sentence, or part of one, in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    en: Cow<'static, str>,
    zh: Cow<'static, str>,
}

impl Text {
    /// For [`say!`] alone.
    #[doc(hidden)]
    pub fn both(en: fmt::Arguments<'_>, zh: fmt::Arguments<'_>) -> Text {
        // Most texts are never shown: those without arguments cost nothing.
        let written = |text: fmt::Arguments<'_>| match text.as_str() {
            Some(fixed) => Cow::Borrowed(fixed),
            None => Cow::Owned(fmt::format(text)),
        };
        let zh = match written(zh) {
            fixed @ Cow::Borrowed(_) => fixed,
            Cow::Owned(text) => Cow::Owned(apart(&text)),
        };
        Text {
            en: written(en),
            zh,
        }
    }

    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }

    /// Names, one after the other.
    pub fn list(names: impl IntoIterator<Item = String>) -> Text {
        let names: Vec<String> = names.into_iter().collect();
        Text {
            en: Cow::Owned(names.join(", ")),
            zh: Cow::Owned(names.join("、")),
        }
    }

    /// Nothing to say.
    pub fn none() -> Text {
        say!("")
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.en.is_empty()
    }

    /// Both texts changed in the same way.
    #[must_use]
    pub fn map(self, change: impl Fn(&str) -> String) -> Text {
        Text {
            en: Cow::Owned(change(&self.en)),
            zh: Cow::Owned(change(&self.zh)),
        }
    }
}

/// A blank between a Chinese character and a backtick beside it, as Chinese is set with other scripts in it; what stands
/// between backticks is left alone.
fn apart(text: &str) -> String {
    let is_han = |c: char| matches!(c, '\u{4E00}'..='\u{9FFF}');
    let mut set = String::with_capacity(text.len());
    let (mut before, mut inside) = (' ', false);
    for character in text.chars() {
        let opens = character == '`' && !inside && is_han(before);
        let closed = before == '`' && !inside && is_han(character);
        if opens || closed {
            set.push(' ');
        }
        inside ^= character == '`';
        set.push(character);
        before = character;
    }
    set
}

/// What may stand in a sentence: a [`Text`] is put in its language, everything else is the same in both.
pub trait Say {
    /// Writes it.
    fn say(&self, lang: Lang, to: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl Say for Text {
    fn say(&self, lang: Lang, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.get(lang))
    }
}

macro_rules! same_in_both {
    ($($kind:ty),*) => {$(
        impl Say for $kind {
            fn say(&self, _: Lang, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, to)
            }
        }
    )*};
}

same_in_both!(
    str,
    String,
    char,
    i64,
    u8,
    u16,
    u32,
    usize,
    std::path::Display<'_>
);

impl<T: Say + ?Sized> Say for &T {
    fn say(&self, lang: Lang, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).say(lang, to)
    }
}

/// An argument in one language.
#[doc(hidden)]
pub struct In<'a, T: ?Sized>(pub &'a T, pub Lang);

impl<T: Say + ?Sized> fmt::Display for In<'_, T> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.say(self.1, to)
    }
}

/// A [`Text`]: the English sentence, the Chinese one, and their arguments in the order of the English one; the Chinese
/// one may write `{1}` before `{0}`. Names of [`Text`]s that are written as `{name}` follow behind `;`. With one
/// sentence, it is the same in both languages: keys in backticks and nothing else. Arguments are evaluated twice.
macro_rules! say {
    ($same:literal $(, $arg:expr)* $(,)? ; same) => {
        $crate::policy::diagnostic::Text::both(
            format_args!($same $(, $arg)*),
            format_args!($same $(, $arg)*),
        )
    };
    ($same:literal) => { say!($same; same) };
    ($en:literal, $zh:literal $(, $arg:expr)* $(; $($name:ident),+)? $(,)?) => {
        $crate::policy::diagnostic::Text::both(
            format_args!(
                $en $(, $crate::policy::diagnostic::In(&$arg, $crate::policy::diagnostic::Lang::En))*
                $($(, $name = $crate::policy::diagnostic::In(&$name, $crate::policy::diagnostic::Lang::En))+)?
            ),
            format_args!(
                $zh $(, $crate::policy::diagnostic::In(&$arg, $crate::policy::diagnostic::Lang::Zh))*
                $($(, $name = $crate::policy::diagnostic::In(&$name, $crate::policy::diagnostic::Lang::Zh))+)?
            ),
        )
    };
}
pub(crate) use say;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_says_something_decides_the_language() {
        let lang = |set: &[(&str, &str)]| {
            let found = |name: &str| {
                let mut set = set.iter();
                set.find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            Lang::of_locale(found)
        };
        assert_eq!(lang(&[]), Lang::En);
        assert_eq!(lang(&[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
        assert_eq!(lang(&[("LANG", "zh-Hans")]), Lang::Zh);
        assert_eq!(lang(&[("LANG", "zh_CN"), ("LC_ALL", "C")]), Lang::En);
        assert_eq!(lang(&[("LC_MESSAGES", "zh"), ("LC_ALL", "")]), Lang::Zh);
        assert_eq!(lang(&[("LC_MESSAGES", "de_DE"), ("LANG", "zh")]), Lang::En);
        assert_eq!(lang(&[("LANG", "zhuang")]), Lang::En);
    }

    #[test]
    fn a_text_within_a_text_is_put_in_its_language() {
        let what = say!("a role", "角色");
        let text = say!("{what} needs {}", "{what}缺少 {}", "`jwt`"; what);
        assert_eq!(text.get(Lang::En), "a role needs `jwt`");
        assert_eq!(text.get(Lang::Zh), "角色缺少 `jwt`");
        let key = say!("`客户`");
        let beside = say!("no {}", "没有{}时{0}", key);
        assert_eq!(beside.get(Lang::Zh), "没有 `客户` 时 `客户`");
        let turned = say!("{} of {}", "{1} 的 {0}", 1_usize, what);
        assert_eq!(turned.get(Lang::Zh), "角色 的 1");
    }
}

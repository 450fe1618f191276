//! How open an outcome is, the one order every merge and every ceiling uses.

/// From most open to most closed, as `rules.md` orders them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Openness {
    /// JSON null, or the member gone.
    Strip,
    /// JSON null.
    Blank,
    /// A mask's replacement.
    Mask,
    /// A keyed pseudonym.
    Token,
    /// The bytes as they came.
    Show,
}

impl Openness {
    /// All of them, most open first, as records list them.
    pub const ALL: [Openness; 5] = [
        Openness::Show,
        Openness::Token,
        Openness::Mask,
        Openness::Blank,
        Openness::Strip,
    ];

    /// The word rule files and audit records use.
    pub fn word(self) -> &'static str {
        match self {
            Openness::Strip => "strip",
            Openness::Blank => "blank",
            Openness::Mask => "mask",
            Openness::Token => "token",
            Openness::Show => "show",
        }
    }
}

//! The charset an upstream writes in.

use encoding_rs::{Encoding, GB18030, GBK};

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Charset {
    /// UTF-8, as RFC 8259 has it.
    #[default]
    Utf8,
    /// GBK, as the WHATWG's Encoding Standard reads it.
    Gbk,
    /// GB 18030, as it does.
    Gb18030,
}

impl Charset {
    /// Every charset.
    pub const ALL: [Charset; 3] = [Charset::Utf8, Charset::Gbk, Charset::Gb18030];

    /// As rules write it, and as `charset` of a media type does.
    pub fn word(self) -> &'static str {
        match self {
            Charset::Utf8 => "utf-8",
            Charset::Gbk => "gbk",
            Charset::Gb18030 => "gb18030",
        }
    }

    /// Whether a media type's `charset`, in lower case, means it. GB 2312 is a part of GBK, and what old systems call it.
    pub fn is_called(self, name: &str) -> bool {
        name == self.word() || (self == Charset::Gbk && name == "gb2312")
    }

    /// What reads it; `None` where nothing has to.
    pub fn encoding(self) -> Option<&'static Encoding> {
        match self {
            Charset::Utf8 => None,
            Charset::Gbk => Some(GBK),
            Charset::Gb18030 => Some(GB18030),
        }
    }
}

//! What a mistake of YAML's syntax is called.
//!
//! Refuses nothing itself. The parser's own words stand behind a kind of mistake that nobody makes by hand.

use granit_parser::{ErrorKind, ScanError};

use crate::policy::diagnostic::{Text, say};

/// The cure, where what is wrong does not name it: the parser stumbles behind the mistake.
pub(super) fn cure(error: &ScanError) -> Option<Text> {
    use ErrorKind as Kind;
    match error.kind() {
        Kind::ExpectedBlockMappingKey
        | Kind::InvalidIndentation
        | Kind::InvalidQuotedScalarIndent
        | Kind::InvalidFlowScalarIndent
        | Kind::InvalidBlockScalarIndent => Some(say!(
            "entries of one level begin in one column: compare this line with the ones above",
            "同一层的各行要从同一列开始：和上面几行对齐，出错的也可能是上一行"
        )),
        Kind::ExpectedFlowMappingSeparator | Kind::ExpectedFlowSequenceSeparator => Some(say!(
            "look on this line and the one above for a bracket that is not closed",
            "看看这一行和上一行，哪个括号没有收尾、哪里少了英文逗号"
        )),
        _ => None,
    }
}

/// What is wrong, as the end of a sentence.
pub(super) fn what_is_wrong(error: &ScanError) -> Text {
    use ErrorKind as Kind;
    match error.kind() {
        Kind::UnclosedFlowCollection { open } => {
            say!("the `{}` is not closed", "`{}` 没有收尾", *open)
        }
        Kind::UnexpectedEofFlowSequence => say!("the `[` is not closed", "`[` 没有收尾"),
        Kind::UnexpectedEofFlowMapping | Kind::UnexpectedEofImplicitFlowMapping => {
            say!("the `{{` is not closed", "`{{` 没有收尾")
        }
        Kind::MisplacedFlowCollectionEnd => {
            say!("a closing bracket too many", "多了一个右括号")
        }
        Kind::MismatchedFlowCollectionEnd { open, close } => {
            say!("`{}` is closed by `{}`", "`{}` 用 `{}` 收尾", *open, *close)
        }
        Kind::ExpectedFlowMappingSeparator | Kind::ExpectedFlowSequenceSeparator => say!(
            "a `,` or the closing bracket is missing",
            "缺少 `,` 或右括号"
        ),
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => {
            say!("a quote is not closed", "引号没有收尾")
        }
        Kind::InvalidTrailingDoubleQuotedScalar | Kind::InvalidTrailingSingleQuotedScalar => say!(
            "something stands behind a closing quote",
            "引号收尾之后还有别的内容"
        ),
        Kind::UnknownQuotedScalarEscape
        | Kind::InvalidQuotedScalarHexEscape
        | Kind::InvalidUnicodeEscape
        | Kind::InvalidLowSurrogateHexEscape
        | Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate => say!(
            "in double quotes there is no such escape; in single quotes `\\` is itself",
            "双引号里没有这种转义；单引号里 `\\` 就是它本身"
        ),
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            say!("a key without `: ` behind it", "键后面缺少 `: `")
        }
        Kind::ExpectedBlockMappingKey
        | Kind::InvalidIndentation
        | Kind::InvalidQuotedScalarIndent
        | Kind::InvalidFlowScalarIndent
        | Kind::InvalidBlockScalarIndent => say!(
            "it is not indented like what it belongs to",
            "缩进和它所属的内容不一致"
        ),
        Kind::MappingValueNotAllowed | Kind::MappingKeyNotAllowed => say!(
            "a key cannot stand here: check the indentation; a text with `: ` in it is quoted",
            "这里不能写键：检查缩进；文本里有 `: ` 的要加引号"
        ),
        Kind::ExpectedBlockSequenceEntry | Kind::BlockSequenceEntryNotAllowed => say!(
            "a list item cannot stand here: check the indentation",
            "这里不能写列表项：检查缩进"
        ),
        Kind::BlockEntryInFlowCollection => say!(
            "inside brackets, items are separated by `,`, not by `-`",
            "括号里的各项用 `,` 分隔，不用 `-`"
        ),
        Kind::UnknownAnchor => say!(
            "`*` begins the name of something written before; a text that begins with it is quoted",
            "`*` 后面要跟前面写过的锚点名；以 `*` 开头的文本要加引号"
        ),
        Kind::UnexpectedCharacter { character } => say!(
            "a text cannot begin with `{}` unless it is quoted",
            "以 `{}` 开头的文本要加引号",
            *character
        ),
        _ => say!("{}", "解析器报告 {}", error.info()),
    }
}

//! A path parameter that is said to name no data though a field has its name.

use crate::path::Selector;
use crate::policy::diagnostic::{Diagnostic, code, say};
use crate::policy::rules::{Field, ParamName};
use crate::policy::source::{Key, Node};

/// A path parameter that is said to name no data, and has the name of a field; a reason written with it says why.
pub(in crate::policy::validate) fn free_though_listed(
    key: &Key,
    name: &ParamName,
    value: &Node,
    fields: &[Field],
) -> Option<Diagnostic> {
    let ParamName::Path(param) = name else {
        return None;
    };
    let field = fields.iter().find(|field| {
        let last = field
            .path
            .segments
            .last()
            .map(|last| last.selectors.as_slice());
        matches!(last, Some([Selector::Name(name)]) if name.eq_ignore_ascii_case(param))
    });
    let field = field.filter(|_| value.scalar() == Some("free"))?;
    let (written, field) = (&key.text, &field.text);
    let message = say!(
        "`{written}: free` says that it names no data, and there is a field `{field}`",
        "`{written}: free` 是说它不指向数据，而目录里有字段 `{field}`"
    );
    let help = say!(
        "write `{written}: {field}`: who may not see the field may not try its values; else `{{ free: true, reason: ... }}`",
        "写 `{written}: {field}`：看不到这个字段的角色就不能拿它试；确实无关就写 `{{ free: true, reason: 理由 }}`"
    );
    let lint = Diagnostic::warning(code::FG2221, message);
    Some(lint.at(&key.span).help(help))
}

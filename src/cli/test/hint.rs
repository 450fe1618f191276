//! What to look at where a test got a refusal and wanted an answer.
//!
//! Says nothing of reasons that a rule set cannot cause. `docs/reasons.md` explains each reason in full.

use crate::model::Reason;
use crate::policy::diagnostic::{Text, say};

/// The cure that stands behind the reason's code.
pub(super) fn hint(reason: Reason) -> Option<Text> {
    let text = match reason {
        Reason::NoRole => say!(
            "no role holds: compare the caller with `roles`; `same_as: person` holds only where the path names that person",
            "没有具备任何角色：对照 `roles` 看声明和取值；`same_as: person` 要路径里的主体就是本人"
        ),
        Reason::NoRow => say!(
            "the role has no row here under `read`, or the contract's `items` does not name it",
            "`read` 里这个角色在这个路由组没有行，或者合同的 `items` 没写这个路由组"
        ),
        Reason::FilterOnHidden => say!(
            "a parameter searches a field that the caller does not get as `show`: see `params` and `send`",
            "参数查的字段，调用方看不到明文：对照 `params`、`send`，看它对应哪个字段"
        ),
        Reason::UnlistedParameter => say!(
            "a parameter is not listed under `params` or `send`, or its value does not fit there",
            "参数没有登记在 `params` 或 `send` 里，或者取值不合要求"
        ),
        Reason::UnexpectedBody => say!(
            "the route takes no body: a search by POST lists it under `send`",
            "这个路由不收请求体：用 POST 查询的，请求体登记在 `send` 里"
        ),
        Reason::NoSuchRoute => say!("no `at` declares this path", "没有哪个 `at` 写了这个路径"),
        Reason::MethodNotDeclared => say!(
            "`at` declares this path with another method",
            "`at` 里这个路径写的是别的方法"
        ),
        Reason::NoSuchRecord => say!(
            "the gate (`only`) keeps the record, or it is not the caller's own; a caller written `as:` has no claims",
            "被 `only` 挡住了，或者不是本人的记录；用 `as:` 写的调用方没有声明，要写 `caller:`"
        ),
        Reason::UnreadableBody => say!(
            "the fixture is not strict JSON in UTF-8",
            "样例文件不是合法的 JSON，或者不是 UTF-8 编码（比如 GBK）"
        ),
        Reason::UnexpectedShape => say!(
            "the fixture is of another shape than `at` says: compare them",
            "样例文件的结构和 `at` 写的记录位置对不上"
        ),
        Reason::UnlistedField => say!(
            "the resource says `unlisted: refuse` and the fixture holds a field that is not listed",
            "资源写了 `unlisted: refuse`，样例文件里有没登记的字段"
        ),
        Reason::ContractSuspended | Reason::ContractNotStarted | Reason::ContractExpired => say!(
            "the contract is not in force at that moment: give the test a `now:`",
            "那个时刻合同不在有效期内：给测试写上 `now:`"
        ),
        Reason::WrongNetwork => say!(
            "give the test the caller's address: `peer:`",
            "给测试写上调用方的地址：`peer:`"
        ),
        Reason::WrongPurpose => say!(
            "give the test the purpose: `headers: {{ Fieldgate-Purpose: .. }}`",
            "给测试写上用途：`headers: {{ Fieldgate-Purpose: 用途 }}`"
        ),
        Reason::NoContract => say!(
            "the role needs a contract and has none under `contracts`",
            "这个角色要有合同，而 `contracts` 里没有它的合同"
        ),
        Reason::FieldNotWritable => say!(
            "a leaf of the body lies in no class the role may write: see `create` and `update`, and `written_by` of a field that decides",
            "请求体里有角色无权写的字段：对照 `create`、`update`；决定谁能看的字段还要看 `written_by`"
        ),
        Reason::WouldErase | Reason::PutWouldErase => say!(
            "what stands for a whole needs `show` and the right to write for every field below it: see `on_put`",
            "整体替换要求其中每个字段都看得到明文、也都能写：对照 `on_put`"
        ),
        Reason::MaskedValueWrittenBack => say!(
            "a value has the form of a mask of its field: see `on_masked`",
            "有个值是这个字段脱敏后的样子：对照 `on_masked`"
        ),
        Reason::NoValidator => say!(
            "give the test the stored record's validator: `stored_etag: '\"1\"'`",
            "给测试写上已存记录的版本标识：`stored_etag: '\"1\"'`"
        ),
        Reason::MalformedRequest
        | Reason::NotCanonical
        | Reason::BadQuery
        | Reason::DuplicateKey
        | Reason::UnreadableRequest
        | Reason::EmptyWrite
        | Reason::PersonMismatch
        | Reason::AmbiguousPosition
        | Reason::NoCredential
        | Reason::BadCredential
        | Reason::SeveralCredentials
        | Reason::ExpiredCredential
        | Reason::Blocked
        | Reason::PreconditionFailed
        | Reason::TooLarge
        | Reason::MediaType
        | Reason::WrongHost
        | Reason::HeaderTooLarge
        | Reason::UnexpectedMediaType
        | Reason::UnexpectedEncoding
        | Reason::UnexpectedStatus
        | Reason::UpstreamRefusedUs
        | Reason::LimitHeader
        | Reason::LimitDepth
        | Reason::LimitKey
        | Reason::LimitValue
        | Reason::LimitRatio
        | Reason::UpstreamTls
        | Reason::UpstreamUnreachable
        | Reason::AuditUnavailable
        | Reason::Overloaded
        | Reason::NoRules
        | Reason::RulesChanged
        | Reason::UpstreamTimeout
        | Reason::UpstreamStatus
        | Reason::Internal => return None,
    };
    Some(text)
}

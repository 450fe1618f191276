//! Why something was refused: one stable enum for audit, metrics, problem documents and docs.

macro_rules! reasons {
    ($($variant:ident $code:literal $status:literal $title:literal,)*) => {
        /// A stable reason code; `docs/reasons.md` explains each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $(#[doc = $title] $variant,)*
        }

        impl Reason {
            /// Every reason, in the order of the documentation.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)*];

            /// The code in problem documents, audit records and metrics.
            pub fn code(self) -> &'static str {
                match self { $(Reason::$variant => $code,)* }
            }

            /// The HTTP status of the refusal (`upstream-status` takes the upstream's instead).
            pub fn status(self) -> u16 {
                match self { $(Reason::$variant => $status,)* }
            }

            /// One constant sentence for the problem document's `title`.
            pub fn title(self) -> &'static str {
                match self { $(Reason::$variant => $title,)* }
            }
        }
    };
}

reasons! {
    MalformedRequest "malformed-request" 400 "The request is not well-formed HTTP.",
    NotCanonical "not-canonical" 400 "The request target is not in canonical form.",
    BadQuery "bad-query" 400 "The query string is malformed or repeats a parameter.",
    UnlistedParameter "unlisted-parameter" 400 "A parameter is not listed for this route, or its value does not fit.",
    UnexpectedBody "unexpected-body" 400 "This route takes no request body.",
    DuplicateKey "duplicate-key" 400 "A member name occurs twice in the request's body.",
    UnreadableRequest "unreadable-request" 400 "The request's body could not be read strictly.",
    EmptyWrite "empty-write" 400 "The request's body writes nothing.",
    NoCredential "no-credential" 401 "No usable credential was presented.",
    BadCredential "bad-credential" 401 "The credential was not accepted.",
    SeveralCredentials "several-credentials" 401 "More than one credential of a kind was presented.",
    ExpiredCredential "expired-credential" 401 "The credential is no longer or not yet valid.",
    NoRole "no-role" 403 "The caller holds no role here.",
    NoRow "no-row" 403 "The caller's roles have no right to this resource.",
    ContractSuspended "contract-suspended" 403 "The contract is suspended.",
    ContractNotStarted "contract-not-started" 403 "The contract has not started yet.",
    ContractExpired "contract-expired" 403 "The contract has ended.",
    WrongNetwork "wrong-network" 403 "The contract does not allow calls from this network.",
    WrongPurpose "wrong-purpose" 403 "The declared purpose is that of no contract of the caller.",
    NoContract "no-contract" 403 "The caller's role needs a contract and has none.",
    Blocked "blocked" 403 "The caller is blocked.",
    FilterOnHidden "filter-on-hidden" 403 "A parameter searches a field the caller may not see.",
    FieldNotWritable "field-not-writable" 403 "The request writes a field the caller may not write.",
    WouldErase "would-erase" 403 "The request would erase fields the caller does not see or may not write.",
    PutWouldErase "put-would-erase" 403 "The request would replace a whole record the caller does not see or may not write whole.",
    PersonMismatch "person-mismatch" 403 "The request's body names another person than its path.",
    AmbiguousPosition "ambiguous-position" 403 "A position in a list does not mean the same to the caller and the upstream.",
    NoSuchRoute "no-such-route" 404 "There is no such route.",
    NoSuchRecord "no-such-record" 404 "There is no such record.",
    MethodNotDeclared "method-not-declared" 405 "The method is not declared for this route.",
    MaskedValueWrittenBack "masked-value-written-back" 409 "The request writes back a value that was masked for the caller.",
    NoValidator "no-validator" 409 "The stored record has no validator, so it cannot be changed without losing what others write.",
    PreconditionFailed "precondition-failed" 412 "What the request is conditional on does not hold, or cannot be told.",
    TooLarge "too-large" 413 "The request is too large.",
    MediaType "media-type" 415 "The request's body is not JSON in UTF-8, or it is encoded.",
    WrongHost "wrong-host" 421 "This host is not served here.",
    HeaderTooLarge "header-too-large" 431 "The request's header is too large.",
    UnreadableBody "unreadable-body" 502 "The upstream's answer could not be read strictly.",
    UnexpectedShape "unexpected-shape" 502 "The upstream's answer does not have the declared shape.",
    UnlistedField "unlisted-field" 502 "The upstream's answer holds a field that is not listed.",
    UnexpectedMediaType "unexpected-media-type" 502 "The upstream's answer is not of a JSON media type.",
    UnexpectedEncoding "unexpected-encoding" 502 "The upstream's answer has an encoding that is not understood.",
    UnexpectedStatus "unexpected-status" 502 "The upstream answered with a status that is not passed on.",
    UpstreamRefusedUs "upstream-refused-us" 502 "The upstream refused the proxy's own credentials.",
    LimitHeader "limit-header" 502 "The upstream's header is larger than the limit.",
    LimitDepth "limit-depth" 502 "The upstream's answer is nested deeper than the limit.",
    LimitKey "limit-key" 502 "A member name in the upstream's answer is longer than the limit.",
    LimitValue "limit-value" 502 "A value that had to be held is longer than the limit.",
    LimitRatio "limit-ratio" 502 "The upstream's answer decompresses beyond the limit.",
    UpstreamTls "upstream-tls" 502 "The upstream could not be reached securely.",
    UpstreamUnreachable "upstream-unreachable" 502 "The upstream could not be reached.",
    AuditUnavailable "audit-unavailable" 503 "The access log cannot be written.",
    Overloaded "overloaded" 503 "The proxy is at its limit.",
    NoRules "no-rules" 503 "No rules are loaded.",
    RulesChanged "rules-changed" 503 "The rules changed while the answer was under way.",
    UpstreamTimeout "upstream-timeout" 504 "The upstream did not answer in time.",
    UpstreamStatus "upstream-status" 502 "The upstream answered with an error.",
    Internal "internal" 500 "The proxy failed.",
}

//! The rule set's own tests, as they were read.

use super::RoleId;

/// One test of the rule set.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its sentence.
    pub name: String,
    /// `file:line` of the test, for the report.
    pub place: String,
    /// Who calls.
    pub who: TestCaller,
    /// The peer's address.
    pub peer: std::net::IpAddr,
    /// Request headers.
    pub headers: Vec<(String, String)>,
    /// The moment, in seconds since 1970; `None` is now.
    pub now: Option<i64>,
    /// `GET /customers/1001?page=1`.
    pub call: String,
    /// The request's body.
    pub body: Option<Vec<u8>>,
    /// Its media type.
    pub body_type: String,
    /// What the upstream answers where the stored record is read before a write: a fixture. `None` where the test
    /// expects a refusal before that, or nothing is read.
    pub stored: Option<Vec<u8>>,
    /// The validator (`ETag`) of that answer.
    pub stored_etag: Option<String>,
    /// The upstream's answer, the fixture with `set:` applied; `None` where the test expects a refusal before it.
    pub reply: Option<Vec<u8>>,
    /// The upstream's status.
    pub reply_status: u16,
    /// The media type of its answer, where that is not what the route declares.
    pub reply_media: Option<String>,
    /// Paths and the values they must have.
    pub expect: Vec<(String, serde_json::Value)>,
    /// Paths that must lead to nothing.
    pub absent: Vec<String>,
    /// Bytes that occur nowhere in head or body.
    pub never: Vec<String>,
    /// The caller's status.
    pub expect_status: Option<u16>,
    /// The refusal's reason.
    pub expect_reason: Option<String>,
    /// The names a refused write is told, in any order.
    pub expect_refused: Option<Vec<String>>,
}

/// Who calls in a test.
#[derive(Clone, Debug)]
pub enum TestCaller {
    /// `as:` exactly these roles, matchers skipped.
    Roles(Vec<RoleId>),
    /// `caller:` goes through the matchers.
    Credentials {
        /// A token: issuer name and claims.
        jwt: Option<(String, serde_json::Map<String, serde_json::Value>)>,
        /// A certificate: authority name and subject alternative name.
        mtls: Option<(String, String)>,
        /// An API key, by its name.
        api_key: Option<String>,
    },
}

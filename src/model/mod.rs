//! The nouns of AuthZEN and XACML that code, docs and audit records share; no logic.
//!
//! Refuses nothing by itself: the stages that return these types do.

mod caller;
mod outcome;
mod reason;
mod secret;

pub use caller::{ApiKeyCredential, Caller, CertificateCredential, JwtCredential};
pub use outcome::Openness;
pub use reason::Reason;
pub use secret::Secret;

//! `fieldgate.yaml`: where it is found, how it is read, and what the other rooms are handed.
//!
//! Refuses a file as a whole, with every mistake at once: unknown keys, keys that are not built yet, secrets
//! in clear, unset variables, and anything that could mean two things.

mod secret;
mod settings;

pub use secret::{SecretError, SecretSource};
pub use settings::{
    Audit, ClientAuth, ClientCa, Drain, Durability, HeaderValueSource, Headers, Health, Identity,
    JwtAlgorithm, JwtIssuer, Limits, Listener, ListenerTls, Rules, Settings, Timeouts, Tokens,
    Upstream, UpstreamTls,
};

//! Fieldgate: an inline TLS reverse proxy that enforces field-level access control on JSON answers.
//!
//! `pipeline::exchange` tells the whole story of one request; every other folder is one stage of it.
//! `ARCHITECTURE.md` has the map and says which folder may import which.

pub mod admin;
pub mod audit;
pub mod author;
pub mod block;
pub mod cli;
pub mod config;
pub mod decide;
pub mod demo;
pub mod identity;
pub mod json;
pub mod mask;
pub mod model;
pub mod path;
pub mod pipeline;
pub mod policy;
pub mod route;
pub mod server;
pub mod telemetry;
pub mod transform;
pub mod upstream;

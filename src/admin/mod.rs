//! What operators and load balancers see; never what callers see, and never on the callers'
//! listener.

mod health;

pub use health::{Probes, bind, serve};

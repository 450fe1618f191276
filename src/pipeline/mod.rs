//! The enforcement point: one exchange from the request's head to the answer's last byte.
//!
//! `exchange` is the only file that calls all the stages; stages are silent, and only here records, metrics and log
//! events are written. Every refusal passes through `reject`. `rehearsal` calls the same stages without a network.

mod admission;
pub mod blocks;
mod body;
mod budget;
pub mod cors;
mod exchange;
mod gate;
mod lease;
pub mod observe;
mod precondition;
pub mod rehearsal;
mod reject;
mod request_body;
pub mod rules;
mod stored;
mod stream;
mod validator;

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderMap;

pub use body::{Aborted, Body};
pub use budget::Budget;
pub use exchange::serve;
pub use reject::problem;
pub use validator::Validators;

use crate::audit::Audit;
use crate::block::Switch;
use crate::config::{Front, Limits};
use crate::decide::Context;
use crate::identity::Identity;
use crate::policy::store::Policy;
use crate::route::{self, Router};
use crate::server::Connection;
use crate::telemetry::Metrics;
use crate::transform::BodyLimits;
use crate::transform::encoding::Ratio;
use crate::upstream::Upstreams;

/// Everything an exchange needs. What can be read again is swapped as a whole; an exchange takes each once.
#[derive(Debug)]
pub struct Proxy {
    /// The rules in force.
    pub generation: ArcSwap<Generation>,
    /// Keys, authorities and revocation lists.
    pub identity: ArcSwap<Identity>,
    /// The legacy APIs.
    pub upstreams: ArcSwap<Upstreams>,
    /// Who gets nothing, whatever the rules say.
    pub blocks: Switch,
    /// The access log.
    pub audit: Audit,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// Whose headers conditions may read.
    pub front: Option<Front>,
    /// The pages that may call from browsers.
    pub cors: Option<cors::Cors>,
    /// What is too much.
    pub limits: Limits,
    /// What all exchanges hold together.
    pub budget: Arc<Budget>,
    /// Names what callers were shown.
    pub validators: Validators,
}

impl Proxy {
    /// What a decision about a request depends on besides caller and route.
    fn context<'a>(
        &self,
        connection: &Connection,
        headers: &'a HeaderMap,
        now: i64,
    ) -> Context<'a> {
        let peer = connection.peer.ip();
        Context {
            now,
            peer,
            headers,
            front: self.front.as_ref().is_some_and(|front| front.holds(peer)),
        }
    }
}

/// One generation of the rules, with the router made of them.
#[derive(Debug)]
pub struct Generation {
    /// The rules and plans.
    pub policy: Policy,
    /// Their routes.
    pub router: Router,
}

impl Generation {
    /// Makes the router.
    pub fn new(policy: Policy) -> Self {
        Generation {
            router: Router::new(&policy.rules),
            policy,
        }
    }
}

/// Output of a decoder that is not weighed against its input.
const FREE_OUTPUT: u64 = 1 << 20;

fn body_limits(limits: &Limits) -> BodyLimits {
    let Limits {
        depth,
        key,
        value,
        record,
        ..
    } = *limits;
    BodyLimits {
        depth,
        key,
        value,
        record,
    }
}

/// How deep a request's body may go, and how long its names may be.
fn request_limits(limits: &Limits) -> route::body::Limits {
    route::body::Limits {
        depth: limits.depth,
        key: limits.key,
    }
}

fn decoder_limits(limits: &Limits) -> Ratio {
    Ratio {
        ratio: limits.decompressed_ratio,
        free: FREE_OUTPUT,
    }
}

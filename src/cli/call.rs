//! The request that `apply` and `explain` are asked about: who calls what, from where and when.
//!
//! Refuses (exit 2) a call that could not be sent, and headers that would say what other arguments say.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Args;
use http::Method;

use super::offline::{self, call, header, moment};
use super::{Failure, lang};
use crate::pipeline::rehearsal::Call;
use crate::policy::RuleSet;

/// Arguments that say who calls what.
#[derive(Debug, Args)]
pub(super) struct CallArguments {
    /// Roles the caller holds, their matchers skipped
    #[arg(
        long = "as",
        value_name = "ROLE[,ROLE]",
        required_unless_present = "caller",
        conflicts_with = "caller"
    )]
    roles: Option<String>,
    /// Credentials that go through the matchers, as the `caller:` of a test
    #[arg(long, value_name = "YAML")]
    caller: Option<String>,
    /// Method and target: 'GET /customers/1001?page=1'
    #[arg(long, value_name = "CALL", value_parser = call)]
    call: (Method, String),
    /// The caller's address
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    peer: IpAddr,
    /// A header of the request, 'K: V'; may be given several times
    #[arg(long = "header", value_name = "K: V", value_parser = header)]
    headers: Vec<(String, String)>,
    /// A file with the request's body, sent as JSON unless a header says otherwise
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// The moment of the call, 2026-06-01T10:00:00+08:00; else now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    now: Option<i64>,
}

impl CallArguments {
    /// The call, with its header and body read.
    pub(super) fn read(&self, rules: &RuleSet) -> Result<Call, Failure> {
        let headers =
            offline::headers(&self.headers).map_err(|wrong| Failure::usage(wrong.get(lang())))?;
        let (method, target) = self.call.clone();
        let body = self.body.as_deref().map(offline::body).transpose()?;
        let (roles, caller) = (self.roles.as_deref(), self.caller.as_deref());
        Ok(Call {
            who: offline::caller(rules, roles, caller, self.peer)?,
            method,
            target,
            headers: offline::with_media_type(headers, body.as_ref().map(|_| offline::JSON)),
            body,
            stored: None,
            peer: self.peer,
            now: self
                .now
                .unwrap_or_else(|| jiff::Timestamp::now().as_second()),
        })
    }
}

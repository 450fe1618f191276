//! The whole proxy beside nginx and haproxy, which pass the same bytes through, and nginx + Lua, which masks them.
//!
//! ```text
//! cargo bench --bench proxy                                              everything, about a quarter of an hour
//! cargo bench --bench proxy -- --only 1k,h1 --rounds 1 --scale 0.3       under a minute, for who is at work
//! cargo bench --bench proxy -- --only 1m --subjects fieldgate --binary old=/tmp/fieldgate --binary new=target/release/fieldgate
//! cargo bench --bench proxy -- --write                                   everything, into docs/benchmarks.md
//! ```
//!
//! Installs the Debian packages it needs when they are missing and it runs as root. Everything is on loopback and ends
//! with the driver. The steady figure is CPU per request: user and system time of a proxy's whole process tree over
//! the requests it served, as a ratio to nginx passing the same bytes through in the same round. Figures are refused,
//! not printed, when an answer is not the one expected or a single request failed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark that cannot be set up has nothing to measure, and its tables go to the terminal"
)]

mod accounting;
mod bodies;
mod client;
mod floods;
mod load;
mod machine;
mod measure;
mod options;
#[path = "../fixture/page.rs"]
mod page;
mod report;
mod subjects;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser as _;

use bodies::Bodies;
use measure::{Bench, Rounds};
use options::{Options, Part};
use report::Report;
use subjects::Rig;

/// A failure ends the benchmark; its text is for whoever runs it.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Memory hardly differs between rounds.
const MEMORY_ROUNDS: usize = 3;

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("proxy benchmark: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    options.check()?;
    if let (Some(flood), Some(port), Some(authority)) =
        (options.attack, options.port, &options.authority)
    {
        return floods::attack(flood, port, authority);
    }
    machine::install_packages()?;
    machine::prepare_process()?;
    let bodies = Bodies::make(options)?;
    let mut report = Report::new(options);
    let busy = [Part::Load, Part::Handshake, Part::First];
    if busy.into_iter().any(|part| options.runs(part)) {
        let rig = Rig::start(options, &bodies)?;
        let bench = Bench::new(options, &bodies, &rig);
        bench.check_answers()?;
        report.about(&rig);
        if options.runs(Part::Load) {
            report.load(&bench.load()?);
        }
        if options.runs(Part::Handshake) {
            report.handshakes(&bench.handshakes()?);
        }
        if options.runs(Part::First) {
            report.first_bytes(&bench.first_bytes()?);
        }
        rig.check_audit()?;
    }
    // Memory is that of processes that have done little else, so each round has new ones.
    let mut large = Rounds::default();
    let mut idle = Rounds::default();
    for round in 0..options.rounds.min(MEMORY_ROUNDS) {
        if options.runs(Part::Large) {
            let rig = Rig::start(options, &bodies)?;
            large.add(Bench::new(options, &bodies, &rig).large(round)?);
            rig.check_audit()?;
            report.about(&rig);
        }
        if options.runs(Part::Idle) {
            let rig = Rig::start(options, &bodies)?;
            idle.add(Bench::new(options, &bodies, &rig).idle()?);
            rig.check_audit()?;
            report.about(&rig);
        }
    }
    if options.runs(Part::Large) {
        report.large(&large.by_subject);
    }
    if options.runs(Part::Idle) {
        report.idle(&idle.by_subject);
    }
    if options.runs(Part::Floods) {
        let rig = Rig::start(options, &bodies)?;
        report.about(&rig);
        report.floods(&Bench::new(options, &bodies, &rig).floods()?);
        rig.check_audit()?;
    }
    // Beside each other, several are compared with one another.
    if options.binaries().len() == 1 {
        report.targets();
    }
    if options.write {
        report.write();
    }
    Ok(())
}

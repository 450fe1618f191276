//! The measurements: what is asked of whom, how often, and what is written down.
//!
//! Rounds are interleaved: every subject has its turn before the next round. Refuses to measure a subject whose answers
//! are not the expected ones.

use std::time::Duration;

use serde_json::Value;

use crate::Result;
use crate::bodies::{Bodies, LARGE, masked};
use crate::client::{Client, Connection};
use crate::floods::{self, Flood, Seen};
use crate::load::{Load, one_over_h2};
use crate::machine;
use crate::options::{Options, Peer, Protocol, Size};
use crate::subjects::{Rig, Subject};

/// Everything a measurement needs.
pub struct Bench<'a> {
    options: &'a Options,
    bodies: &'a Bodies,
    rig: &'a Rig,
}

/// CPU per request, in microseconds: for each subject, each round.
pub struct Case {
    pub size: Size,
    pub protocol: Protocol,
    pub rounds: Vec<Vec<f64>>,
}

/// One large response through one subject.
pub struct LargeOutcome {
    /// In bytes.
    pub length: u64,
    pub first_byte: Duration,
    /// The most resident memory of the process tree, in bytes.
    pub peak: u64,
    /// By how much that is more than before the request.
    pub growth: u64,
}

/// How often the first byte of a list is waited for, in each round.
const FIRST_BYTES: usize = 60;
const HANDSHAKES: usize = 600;
/// Idle connections in the part of that name.
pub const IDLE: usize = 2_000;
/// Connections before memory is looked at, so that what is set up once is there.
const IDLE_BEFORE: usize = 64;

/// nginx + Lua holds a body as pieces, as one text, as tables and as text again.
const LUA_MEMORY_PER_BYTE: u64 = 12;

impl<'a> Bench<'a> {
    pub fn new(options: &'a Options, bodies: &'a Bodies, rig: &'a Rig) -> Bench<'a> {
        Bench {
            options,
            bodies,
            rig,
        }
    }

    fn client(&self) -> Result<Client> {
        Client::new(&self.rig.authority(), &self.rig.token)
    }

    /// Every subject answers every size over every protocol as it should.
    pub fn check_answers(&self) -> Result<()> {
        let client = self.client()?;
        for subject in &self.rig.subjects {
            for size in Size::ALL {
                let raw = self.bodies.raw(size.path())?;
                let mut over_h1 = Vec::new();
                let mut connection = client.connect(subject.port)?;
                connection.get(size.path(), |piece| over_h1.extend_from_slice(piece))?;
                let over_h2 = one_over_h2(subject.port, size.path(), &self.rig.token)?;
                subject.count(2);
                for (body, protocol) in [(over_h1, Protocol::H1), (over_h2, Protocol::H2)] {
                    let is_right = match subject.masks() {
                        true => serde_json::from_slice::<Value>(&body)? == masked(&raw),
                        false => body == raw,
                    };
                    if !is_right {
                        let (name, size, protocol) = (&subject.name, size.name(), protocol.name());
                        let start =
                            String::from_utf8_lossy(&body[..body.len().min(600)]).into_owned();
                        return Err(
                            format!("{name}, {size}, {protocol}: a wrong answer: {start}").into(),
                        );
                    }
                }
            }
        }
        Ok(())
    }

    /// CPU per request of each size over each protocol.
    pub fn load(&self) -> Result<Vec<Case>> {
        let mut cases = Vec::new();
        for size in self.options.sizes() {
            for protocol in self.options.protocols() {
                eprintln!("load: {}, {}", size.name(), protocol.name());
                for subject in &self.rig.subjects {
                    self.burst(subject, size, protocol, 0.1)?;
                }
                let rounds = self.rounds(|subject| self.burst(subject, size, protocol, 1.0))?;
                cases.push(Case {
                    size,
                    protocol,
                    rounds,
                });
            }
        }
        Ok(cases)
    }

    /// Loads one subject once; CPU per request in microseconds.
    fn burst(&self, subject: &Subject, size: Size, protocol: Protocol, share: f64) -> Result<f64> {
        // Who needs many times as long is exact enough with fewer.
        let divisor = match (subject.peer, size) {
            (Peer::Lua, Size::Record) => 2,
            (Peer::Lua, Size::List) => 8,
            (Peer::Lua, Size::LongList) => 12,
            _ => 1,
        };
        let requests = self.options.scaled(size.requests() / divisor);
        let requests = ((requests as f64 * share) as usize).max(16);
        let load = Load {
            port: subject.port,
            target: size.path(),
            protocol,
            requests,
            token: &self.rig.token,
        };
        self.accounted(subject, requests, || load.run())
    }

    /// CPU per full handshake with one request for the 1 KB record, in microseconds.
    pub fn handshakes(&self) -> Result<Vec<Vec<f64>>> {
        eprintln!("handshakes");
        let client = self.client()?;
        let count = self.options.scaled(HANDSHAKES);
        let shake = |subject: &Subject| {
            self.accounted(subject, count, || {
                for _ in 0..count {
                    client
                        .connect(subject.port)?
                        .get(Size::Record.path(), |_| ())?;
                }
                Ok(())
            })
        };
        self.rounds(shake)
    }

    fn accounted(
        &self,
        subject: &Subject,
        requests: usize,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<f64> {
        let before = subject.tree().cpu();
        work()?;
        // What is done after the answer, closing and recording, is part of the price.
        std::thread::sleep(Duration::from_millis(30));
        let used = subject.tree().cpu().since(&before);
        subject.count(requests);
        Ok(used.as_secs_f64() * 1e6 / requests as f64)
    }

    /// A figure for each subject in each round, subjects taking turns.
    fn rounds(&self, figure: impl Fn(&Subject) -> Result<f64>) -> Result<Vec<Vec<f64>>> {
        let mut figures = vec![Vec::new(); self.rig.subjects.len()];
        for round in 0..self.options.rounds {
            for turn in 0..figures.len() {
                // Nobody always follows the same neighbour.
                let at = (turn + round) % figures.len();
                figures[at].push(figure(&self.rig.subjects[at])?);
            }
        }
        Ok(figures)
    }

    /// The time to the first byte of the 1 MB list on a connection that is there, less that of the upstream asked
    /// directly, in microseconds; a median in each round.
    pub fn first_bytes(&self) -> Result<Vec<Vec<f64>>> {
        eprintln!("first bytes");
        let client = self.client()?;
        let one = |connection: &mut Connection| -> Result<f64> {
            let answer = connection.get(Size::LongList.path(), |_| ())?;
            Ok(answer.first_byte.as_secs_f64() * 1e6)
        };
        let measure = |subject: &Subject| {
            let mut direct = client.connect_plain(self.rig.upstream)?;
            let mut through = client.connect(subject.port)?;
            let mut added = Vec::new();
            let count = match subject.peer {
                Peer::Lua => FIRST_BYTES / 4,
                _ => FIRST_BYTES,
            };
            one(&mut direct)?;
            one(&mut through)?;
            for _ in 0..count {
                let without = one(&mut direct)?;
                added.push(one(&mut through)? - without);
            }
            subject.count(count + 1);
            Ok(median(&added))
        };
        self.rounds(measure)
    }

    /// The large response through each subject once; nothing where memory does not suffice, or for nginx + Lua, which
    /// takes longest, after the first round.
    pub fn large(&self, round: usize) -> Result<Vec<Option<LargeOutcome>>> {
        let client = self.client()?;
        let each = self.rig.subjects.iter().map(|subject| {
            eprintln!("large response: {}", subject.name);
            let needed = LUA_MEMORY_PER_BYTE * self.bodies.large();
            let may_run = round == 0 && machine::available_memory() >= needed;
            if subject.peer == Peer::Lua && !may_run {
                return Ok(None);
            }
            let mut connection = client.connect(subject.port)?;
            connection.get(Size::Record.path(), |_| ())?;
            let tree = subject.tree();
            tree.forget_peak();
            let before = tree.resident();
            let answer = connection.get(LARGE, |_| ())?;
            subject.count(2);
            let peak = tree.peak();
            if !subject.masks() && answer.length != self.bodies.large() {
                return Err(format!("{}: a wrong length", subject.name).into());
            }
            Ok(Some(LargeOutcome {
                length: answer.length,
                first_byte: answer.first_byte,
                peak,
                growth: peak.saturating_sub(before),
            }))
        });
        each.collect()
    }

    /// Resident memory, in KiB, for each connection that has made one request and waits.
    pub fn idle(&self) -> Result<Vec<Option<f64>>> {
        let client = self.client()?;
        let count = self.options.scaled(IDLE);
        let each = self.rig.subjects.iter().map(|subject| {
            eprintln!("idle connections: {}", subject.name);
            let open = |count: usize| -> Result<Vec<Connection>> {
                let connections = (0..count).map(|_| {
                    let mut connection = client.connect(subject.port)?;
                    connection.get(Size::Record.path(), |_| ())?;
                    Ok(connection)
                });
                connections.collect()
            };
            let _before = open(IDLE_BEFORE)?;
            let before = subject.tree().resident();
            let mut idle = open(count)?;
            let after = subject.tree().resident();
            // Had the proxy closed them, there would be nothing to hold.
            for connection in &mut idle {
                connection.get(Size::Record.path(), |_| ())?;
            }
            subject.count(IDLE_BEFORE + 2 * count);
            Ok(Some(
                after.saturating_sub(before) as f64 / 1024.0 / count as f64,
            ))
        });
        each.collect()
    }
}

/// What well-behaved callers of one subject felt of one flood, in each round.
#[derive(Default)]
pub struct Felt {
    /// The p99 over that beside as many well-behaved callers.
    pub ratios: Vec<f64>,
    pub served: usize,
    pub failed: usize,
    /// The most resident memory, in bytes.
    pub peak: u64,
}

impl Felt {
    /// In percent.
    pub fn share_failed(&self) -> f64 {
        let all = (self.served + self.failed).max(1);
        self.failed as f64 * 100.0 / all as f64
    }
}

/// Whom floods are run against: who masks slowly without them needs none.
const FLOODED: [Peer; 3] = [Peer::Nginx, Peer::Haproxy, Peer::Fieldgate];
/// How long callers are timed beside each flood.
const FLOOD: Duration = Duration::from_millis(2500);

impl Bench<'_> {
    /// For each subject, each of all floods; nothing for who is not flooded.
    pub fn floods(&self) -> Result<Vec<Vec<Felt>>> {
        let none = || Flood::ALL.iter().map(|_| Felt::default()).collect();
        let mut felt: Vec<Vec<Felt>> = self.rig.subjects.iter().map(|_| none()).collect();
        for round in 0..self.options.rounds {
            for (subject, felt) in self.rig.subjects.iter().zip(&mut felt) {
                if !FLOODED.contains(&subject.peer) {
                    continue;
                }
                eprintln!("floods, round {}: {}", round + 1, subject.name);
                let calm = self.beside(subject, Flood::Calm)?.p99;
                for (flood, felt) in Flood::ALL.into_iter().zip(felt) {
                    let tree = subject.tree();
                    tree.forget_peak();
                    let Seen {
                        served,
                        failed,
                        p99,
                        ..
                    } = self.beside(subject, flood)?;
                    felt.ratios.push(p99 / calm);
                    felt.served += served;
                    felt.failed += failed;
                    felt.peak = felt.peak.max(tree.peak());
                }
            }
        }
        Ok(felt)
    }

    fn beside(&self, subject: &Subject, flood: Flood) -> Result<Seen> {
        let time = FLOOD.mul_f64(self.options.scale);
        let (authority, token) = (self.rig.authority(), &self.rig.token);
        let before = subject.tree().cpu();
        let seen = floods::beside(flood, subject.port, &authority, token, time)?;
        let used = subject.tree().cpu().since(&before);
        subject.count(seen.served);
        let Seen {
            served,
            p99,
            attacks,
            ..
        } = seen;
        eprintln!(
            "  {}: p99 {p99:.0} µs, {served} served, {attacks} connections beside, {} ms of CPU",
            flood.name(),
            used.as_millis()
        );
        Ok(seen)
    }
}

/// What rounds with processes of their own have found, for each subject.
pub struct Rounds<T> {
    pub by_subject: Vec<Vec<T>>,
}

impl<T> Default for Rounds<T> {
    fn default() -> Self {
        Rounds {
            by_subject: Vec::new(),
        }
    }
}

impl<T> Rounds<T> {
    pub fn add(&mut self, round: Vec<Option<T>>) {
        self.by_subject.resize_with(round.len(), Vec::new);
        for (seen, new) in self.by_subject.iter_mut().zip(round) {
            seen.extend(new);
        }
    }
}

/// The middle one, or the mean of the middle two.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

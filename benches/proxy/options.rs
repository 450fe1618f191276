//! What the command line asks for. Refuses combinations whose figures would not be worth writing down.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::Result;
use crate::floods::Flood;

/// The whole proxy beside nginx, haproxy and nginx + Lua.
#[derive(Parser)]
pub struct Options {
    /// Only these sizes, protocols and parts, separated by commas; what is not restricted runs whole. A size or a
    /// protocol alone means the part `load`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Only>,
    /// Only these subjects; nginx pass-through always runs, since all ratios are to it.
    #[arg(long, value_delimiter = ',')]
    subjects: Vec<Peer>,
    /// Rounds, each of all subjects after one another; figures are medians over them.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Times the requests, handshakes and connections of each measurement.
    #[arg(long, default_value_t = 1.0)]
    pub scale: f64,
    /// `[NAME=]PATH` of a `fieldgate` to measure, more than once for several; the one built with this benchmark if absent.
    #[arg(long)]
    binary: Vec<String>,
    /// The large response.
    #[arg(long, value_enum, default_value_t = Large::OneGiB)]
    pub large: Large,
    /// Replaces the section of this benchmark in docs/benchmarks.md.
    #[arg(long)]
    pub write: bool,
    /// Attack a port until ended: how this benchmark starts itself again, the token on standard input.
    #[arg(long, hide = true, requires_all = ["port", "authority"])]
    pub attack: Option<Flood>,
    #[arg(long, hide = true)]
    pub port: Option<u16>,
    #[arg(long, hide = true)]
    pub authority: Option<PathBuf>,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// One word of `--only`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    #[value(name = "1k")]
    Record,
    #[value(name = "20k")]
    List,
    #[value(name = "1m")]
    LongList,
    H1,
    H2,
    Load,
    Handshake,
    First,
    Large,
    Idle,
    Floods,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// CPU per request by size and protocol.
    Load,
    /// CPU per full handshake with one request.
    Handshake,
    /// The time to the first byte of a list.
    First,
    /// Memory and first byte of a large response.
    Large,
    /// Memory per idle connection.
    Idle,
    /// What a well-behaved caller feels of attackers.
    Floods,
}

/// A body that is asked for again and again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// One customer of 1 KiB.
    Record,
    /// A list of 20 KiB.
    List,
    /// A list of 1 MiB.
    LongList,
}

impl Size {
    pub const ALL: [Size; 3] = [Size::Record, Size::List, Size::LongList];

    pub fn name(self) -> &'static str {
        match self {
            Size::Record => "1 KB record",
            Size::List => "20 KB list",
            Size::LongList => "1 MB list",
        }
    }

    pub fn path(self) -> &'static str {
        match self {
            Size::Record => "/customers/1000",
            Size::List => "/lists/20k",
            Size::LongList => "/lists/1m",
        }
    }

    /// Requests in one run, so that nginx is busy for about half a second.
    pub fn requests(self) -> usize {
        match self {
            Size::Record => 12_000,
            Size::List => 8_000,
            Size::LongList => 480,
        }
    }
}

/// What callers speak.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    H1,
    /// HTTP/2.
    H2,
}

impl Protocol {
    pub const ALL: [Protocol; 2] = [Protocol::H1, Protocol::H2];

    pub fn name(self) -> &'static str {
        match self {
            Protocol::H1 => "HTTP/1.1",
            Protocol::H2 => "HTTP/2",
        }
    }
}

/// A word of `--subjects`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    Nginx,
    Haproxy,
    Lua,
    /// With the rule set of twelve fields.
    Fieldgate,
    /// With the rule set of fifty fields.
    Fieldgate50,
}

impl Peer {
    pub fn is_governed(self) -> bool {
        matches!(self, Peer::Fieldgate | Peer::Fieldgate50)
    }
}

/// The size of the large response.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Large {
    #[value(name = "1g")]
    OneGiB,
    #[value(name = "256m")]
    Quarter,
}

impl Large {
    pub fn bytes(self) -> usize {
        match self {
            Large::OneGiB => 1 << 30,
            Large::Quarter => 256 << 20,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Large::OneGiB => "1 GiB",
            Large::Quarter => "256 MiB",
        }
    }
}

impl Options {
    /// Refuses to write figures of less than everything.
    pub fn check(&self) -> Result<()> {
        if self.rounds == 0 || self.scale <= 0.0 {
            return Err("`--rounds` and `--scale` must be above 0".into());
        }
        let is_whole = self.only.is_empty() && self.subjects.is_empty() && self.binary.is_empty();
        if self.write && !(is_whole && self.rounds >= 3 && self.scale >= 1.0) {
            let cure = "`--write` needs everything: no `--only`, `--subjects`, `--binary`, and at least three rounds";
            return Err(cure.into());
        }
        Ok(())
    }

    pub fn runs(&self, part: Part) -> bool {
        let word = |part| match part {
            Part::Load => Only::Load,
            Part::Handshake => Only::Handshake,
            Part::First => Only::First,
            Part::Large => Only::Large,
            Part::Idle => Only::Idle,
            Part::Floods => Only::Floods,
        };
        let all = [
            Part::Load,
            Part::Handshake,
            Part::First,
            Part::Large,
            Part::Idle,
            Part::Floods,
        ];
        match all.iter().any(|one| self.only.contains(&word(*one))) {
            true => self.only.contains(&word(part)),
            false => self.only.is_empty() || part == Part::Load,
        }
    }

    pub fn sizes(&self) -> Vec<Size> {
        let word = |size: Size| match size {
            Size::Record => Only::Record,
            Size::List => Only::List,
            Size::LongList => Only::LongList,
        };
        self.restricted(&Size::ALL, word)
    }

    pub fn protocols(&self) -> Vec<Protocol> {
        let word = |protocol: Protocol| match protocol {
            Protocol::H1 => Only::H1,
            Protocol::H2 => Only::H2,
        };
        self.restricted(&Protocol::ALL, word)
    }

    fn restricted<T: Copy>(&self, all: &[T], word: impl Fn(T) -> Only) -> Vec<T> {
        let named: Vec<T> = all
            .iter()
            .copied()
            .filter(|one| self.only.contains(&word(*one)))
            .collect();
        match named.is_empty() {
            true => all.to_vec(),
            false => named,
        }
    }

    pub fn wants(&self, peer: Peer) -> bool {
        peer == Peer::Nginx || self.subjects.is_empty() || self.subjects.contains(&peer)
    }

    /// Name and path of each `fieldgate`; the name is empty where there is no choice.
    pub fn binaries(&self) -> Vec<(String, PathBuf)> {
        if self.binary.is_empty() {
            return vec![(String::new(), env!("CARGO_BIN_EXE_fieldgate").into())];
        }
        let named = self.binary.iter().map(|one| match one.split_once('=') {
            Some((name, path)) => (name.to_owned(), path.into()),
            None => (one.clone(), one.into()),
        });
        named.collect()
    }

    pub fn scaled(&self, count: usize) -> usize {
        ((count as f64 * self.scale) as usize).max(16)
    }
}

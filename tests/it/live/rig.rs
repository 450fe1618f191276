//! A proxy that listens, an upstream that obeys a script, and clients that see every byte.
//!
//! Every rig has its own directory, authorities, keys and ports, so tests run side by side. Nothing waits for a
//! clock: what does not happen at all ends in [`patiently`].

pub mod answer;
pub mod binary;
pub mod door;
pub mod http1;
pub mod http2;
pub mod log;
pub mod upstream;
pub mod writer;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use fieldgate::cli::run::{Running, StartError};
use fieldgate::config;
use fieldgate::demo::project::Project;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub use answer::{Answer, End};
pub use binary::Binary;
pub use door::{Caller, Door, Version};
pub use http1::Http1;
pub use http2::Http2;
pub use log::Log;
pub use upstream::{Gate, Part, Upstream, json, json_chunks, raw};

/// Long enough for anything that happens; only what never happens takes it.
const FOR_EVER: Duration = Duration::from_secs(60);

/// The output in one frame of an answer that has committed.
pub const FRAME: usize = 16 << 10;
/// The output before that.
pub const COMMIT: usize = 64 << 10;

/// Waits for what must happen.
pub async fn patiently<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(FOR_EVER, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain: {what}"),
    }
}

/// A project's directory, before anything runs in it: the bank's rules unless others are given.
pub struct Setup {
    project: Project,
}

impl Setup {
    /// A project whose only upstream is there.
    pub fn new(upstream: SocketAddr) -> Setup {
        let setup = Setup {
            project: Project::temporary(upstream).unwrap(),
        };
        setup.settings("health: { address: 127.0.0.1:0 }")
    }

    pub fn dir(&self) -> &Path {
        self.project.dir()
    }

    /// Other rules than the bank's.
    pub fn rules(self, text: &str) -> Setup {
        let dir = self.dir().join("rules");
        fs::remove_dir_all(&dir).unwrap();
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("rig.yaml"), text).unwrap();
        self
    }

    /// More settings, at the top level.
    pub fn settings(self, more: &str) -> Setup {
        let path = self.project.settings();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}{more}\n")).unwrap();
        self
    }

    /// Other settings in the place of some.
    pub fn replace(self, from: &str, to: &str) -> Setup {
        let path = self.project.settings();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "the settings hold no `{from}`");
        fs::write(&path, text.replace(from, to)).unwrap();
        self
    }

    /// More settings of the upstream.
    pub fn upstream(self, more: &str) -> Setup {
        self.replace("\nidentity:", &format!("\n    {more}\nidentity:"))
    }

    /// Starts the proxy within this process.
    pub async fn start(self) -> Rig {
        match self.try_start().await {
            Ok(rig) => rig,
            Err(error) => panic!("{}", error.messages.join("\n")),
        }
    }

    pub async fn try_start(self) -> Result<Rig, StartError> {
        let settings = config::load(&self.project.settings()).unwrap();
        let running = Running::start(settings).await?;
        Ok(Rig {
            door: Door::new(self.dir(), running.addresses()[0]),
            health: running.health(),
            running,
            setup: self,
        })
    }

    fn settings_file(&self) -> std::path::PathBuf {
        self.project.settings()
    }
}

/// A proxy that runs within this process.
pub struct Rig {
    pub door: Door,
    pub health: Option<SocketAddr>,
    running: Running,
    setup: Setup,
}

impl Rig {
    /// The bank's rules in front of that upstream.
    pub async fn bank(upstream: &Upstream) -> Rig {
        Setup::new(upstream.address()).start().await
    }

    pub fn dir(&self) -> &Path {
        self.setup.dir()
    }

    pub fn audit(&self) -> std::path::PathBuf {
        self.dir().join("audit")
    }

    /// What `/metrics` says.
    pub async fn metrics(&self) -> String {
        let mut tcp = TcpStream::connect(self.health.unwrap()).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n";
        tcp.write_all(request).await.unwrap();
        let mut answer = String::new();
        let reading = tcp.read_to_string(&mut answer);
        patiently("the metrics", reading).await.unwrap();
        answer
    }

    /// The generation of the rules in force.
    pub fn generation(&self) -> u64 {
        self.running.generation()
    }

    /// What SIGHUP does.
    pub fn reload(&self) {
        self.running.reload();
    }

    /// One request on a connection of its own.
    pub async fn get(&self, version: Version, caller: &Caller, target: &str) -> Answer {
        self.door.ask(version, caller, "GET", target, &[]).await
    }

    /// The same until nobody was held up for 20 ms, which is when an answer commits early, or a frame leaves that is
    /// not full. A busy machine may hold somebody up, so one of several tries is enough.
    pub async fn undisturbed(&self, version: Version, caller: &Caller, target: &str) -> Answer {
        for _ in 0..20 {
            let answer = self.get(version, caller, target).await;
            if answer.header("content-length").is_some() {
                return answer;
            }
            let full = answer.frames.split_last().map_or(&[][..], |(_, full)| full);
            assert!(answer.frames.iter().all(|length| *length <= FRAME));
            if answer.body.len() > COMMIT && full.iter().all(|length| *length == FRAME) {
                return answer;
            }
        }
        panic!("no answer came in full frames");
    }

    /// Drains the proxy and returns its log, which verifies.
    pub async fn finish(self) -> Log {
        self.running.stop();
        patiently("the end of the proxy", self.running.until_drained(None))
            .await
            .unwrap();
        let log = Log::verified(&self.setup.dir().join("audit"));
        log.check_exchanges();
        log
    }
}

//! The real binary, as an operator starts, signals and kills it.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Door, Log, Setup, patiently};

/// Where debuggers would like session keys to be written.
pub const KEY_LOG: &str = "keys.log";

/// A running process; killed when it is dropped.
pub struct Binary {
    pub door: Door,
    child: Child,
    /// Here until it is handed on.
    setup: Option<Setup>,
    stderr: UnboundedReceiver<String>,
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Binary {
    /// Starts it and waits for its ready line, under a limit of the shell's `ulimit`.
    pub async fn start(setup: Setup, limit: Option<&str>) -> Binary {
        let program = env!("CARGO_BIN_EXE_fieldgate");
        let mut command = match limit {
            None => Command::new(program),
            Some(limit) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("ulimit {limit}; exec \"$@\"")]);
                shell.args(["sh", program]);
                shell
            }
        };
        let mut child = command
            .args(["run", "-c"])
            .arg(setup.settings_file())
            .env("NO_COLOR", "1")
            // Nobody may ever read the session keys.
            .env("SSLKEYLOGFILE", setup.dir().join(KEY_LOG))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = lines(child.stdout.take().unwrap());
        let mut stderr = lines(child.stderr.take().unwrap());
        let ready = patiently("the ready line", stdout.recv()).await;
        let Some(ready) = ready else {
            let mut said = Vec::new();
            while let Some(line) = stderr.recv().await {
                said.push(line);
            }
            panic!("it does not start: {said:#?}");
        };
        let address: SocketAddr = ready
            .strip_prefix("ready https://")
            .unwrap_or_else(|| panic!("{ready}"))
            .parse()
            .unwrap();
        Binary {
            door: Door::new(setup.dir(), address),
            child,
            setup: Some(setup),
            stderr,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn dir(&self) -> PathBuf {
        self.setup().dir().to_owned()
    }

    /// Waits for a line on stderr that holds this text.
    pub async fn says(&mut self, text: &str) -> String {
        let found = async {
            loop {
                let line = self.stderr.recv().await.expect("it ended instead");
                if line.contains(text) {
                    return line;
                }
            }
        };
        patiently(text, found).await
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill")
            .args([format!("-{name}"), self.pid().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
    }

    /// `kill -9`; what it left behind is returned.
    pub fn kill(mut self) -> Setup {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.setup.take().unwrap()
    }

    /// Waits for its end.
    pub async fn exit(mut self) -> (ExitStatus, Setup) {
        self.said_to_its_end().await;
        let status = self.child.wait().unwrap();
        (status, self.setup.take().unwrap())
    }

    /// What else it says on stderr.
    pub async fn said_to_its_end(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        patiently("the end of the process", async {
            while let Some(line) = self.stderr.recv().await {
                said.push(line);
            }
        })
        .await;
        said
    }

    /// SIGTERM, and the log after it; every exchange has its outcome.
    pub async fn finish(self) -> Log {
        let log = self.finish_after_crash().await;
        log.check_exchanges();
        log
    }

    /// SIGTERM, and the log after it, of a process before which another one died.
    pub async fn finish_after_crash(self) -> Log {
        self.signal("TERM");
        let (status, setup) = self.exit().await;
        assert!(status.success(), "{status}");
        Log::verified(&setup.dir().join("audit"))
    }

    /// Resident memory in KiB: now, and the most there ever was.
    pub fn resident(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let of = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            let number = line.split_ascii_whitespace().nth(1).unwrap();
            number.parse().unwrap()
        };
        (of("VmRSS:"), of("VmHWM:"))
    }

    fn setup(&self) -> &Setup {
        self.setup.as_ref().unwrap()
    }
}

/// Its lines, read by a thread that ends with the pipe.
fn lines(pipe: impl Read + Send + 'static) -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                // Nobody listens any more; the pipe is still emptied.
                continue;
            }
        }
    });
    receiver
}

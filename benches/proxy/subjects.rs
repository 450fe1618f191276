//! The proxies and the legacy API behind them, as processes that end with this one.
//!
//! Their configuration is `peers/`, with `@NAME@` for what is known only now. Refuses to go on when one does not listen.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fieldgate::demo::project::Project;
use tempfile::TempDir;

use crate::Result;
use crate::accounting::Tree;
use crate::bodies::Bodies;
use crate::machine;
use crate::options::{Options, Peer};

/// Read when the benchmark runs, so that trying another setting needs no build.
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/proxy/peers");

const MODULES: &str = "load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;";
const LUA_PATHS: &str = "lua_package_path '/usr/share/lua/5.1/?.lua;;';";

/// How long a process may take to listen, or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// One proxy under measurement.
pub struct Subject {
    pub name: String,
    pub peer: Peer,
    pub port: u16,
    /// Requests made, for the check of the access log.
    pub requests: Cell<usize>,
    process: Running,
    audit: Option<PathBuf>,
}

impl Subject {
    pub fn tree(&self) -> Tree {
        self.process.tree()
    }

    /// Whether the answers are masked.
    pub fn masks(&self) -> bool {
        self.peer.is_governed() || self.peer == Peer::Lua
    }

    pub fn count(&self, requests: usize) {
        self.requests.set(self.requests.get() + requests);
    }
}

/// Everything that runs.
pub struct Rig {
    /// nginx pass-through first.
    pub subjects: Vec<Subject>,
    pub upstream: u16,
    /// The teller's.
    pub token: String,
    project: Project,
    _run: TempDir,
    _legacy: Running,
}

impl Rig {
    pub fn start(options: &Options, bodies: &Bodies) -> Result<Rig> {
        let upstream = free_port()?;
        let project = Project::temporary(SocketAddr::from((Ipv4Addr::LOCALHOST, upstream)))?;
        let certs = project.dir().join("certs");
        let both = ["server.pem", "server.key"].map(|name| fs::read_to_string(certs.join(name)));
        let [certificate, key] = both;
        fs::write(certs.join("both.pem"), certificate? + &key?)?;
        let token = fs::read_to_string(project.dir().join("clients/teller.jwt"))?;
        let run = tempfile::Builder::new().prefix("proxy-bench-").tempdir()?;

        let start = Starter {
            run: run.path(),
            project: project.dir(),
            upstream,
        };
        let (legacy, subjects) = start
            .everything(options, bodies)
            .map_err(|error| format!("{error}\n{}", complaints(run.path())))?;
        Ok(Rig {
            subjects,
            upstream,
            token: token.trim().to_owned(),
            project,
            _run: run,
            _legacy: legacy,
        })
    }

    /// The authority the servers' certificate is from.
    pub fn authority(&self) -> PathBuf {
        self.project.dir().join("certs/ca.pem")
    }

    /// Refuses figures of a proxy that did not record what it let through.
    pub fn check_audit(&self) -> Result<()> {
        for subject in &self.subjects {
            let Some(dir) = &subject.audit else { continue };
            let mut lines = 0;
            for entry in fs::read_dir(dir)? {
                let path = entry?.path();
                if path.is_file() {
                    for line in BufReader::new(File::open(path)?).split(b'\n') {
                        line?;
                        lines += 1;
                    }
                }
            }
            // `intent` before the upstream is asked, `outcome` at the end.
            let expected = 2 * subject.requests.get();
            if lines < expected {
                let name = &subject.name;
                return Err(format!("{name}: {lines} audit records, expected {expected}").into());
            }
        }
        Ok(())
    }
}

/// What the processes said, for whoever has to find out why one did not start.
fn complaints(run: &Path) -> String {
    let entries = fs::read_dir(run).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.path());
    let logs = names.filter(|path| {
        let ending = path.extension().and_then(OsStr::to_str);
        matches!(ending, Some("err" | "log"))
    });
    logs.filter_map(|path| fs::read_to_string(path).ok())
        .collect()
}

struct Starter<'a> {
    run: &'a Path,
    project: &'a Path,
    upstream: u16,
}

impl Starter<'_> {
    fn everything(&self, options: &Options, bodies: &Bodies) -> Result<(Running, Vec<Subject>)> {
        let bodies = bodies.dir().display().to_string();
        let port = self.upstream.to_string();
        let more = [("BODIES", bodies.as_str()), ("PORT", &port)];
        let legacy = self.nginx("upstream", "upstream.conf", &more)?;
        await_port(self.upstream)?;

        let mut subjects = Vec::new();
        for peer in [Peer::Nginx, Peer::Haproxy, Peer::Lua] {
            if options.wants(peer) {
                subjects.push(self.peer(peer)?);
            }
        }
        for (peer, fields) in [(Peer::Fieldgate, "12"), (Peer::Fieldgate50, "50")] {
            for (name, binary) in options.binaries() {
                if options.wants(peer) {
                    subjects.push(self.governed(peer, fields, &name, &binary)?);
                }
            }
        }
        Ok((legacy, subjects))
    }

    fn peer(&self, peer: Peer) -> Result<Subject> {
        let port = free_port()?;
        let text = port.to_string();
        let (name, process) = match peer {
            Peer::Haproxy => {
                let file = self.fill("haproxy.cfg", "haproxy.cfg", &[("PORT", &text)])?;
                let command = ["/usr/sbin/haproxy", "-db", "-f"].map(OsStr::new);
                let command = [&command[..], &[file.as_os_str()]].concat();
                (
                    "haproxy pass-through",
                    self.spawn("haproxy", &command, Stdio::null())?,
                )
            }
            Peer::Lua => {
                let masking = self.filled("masking.conf", &[])?;
                let more = [
                    ("MODULES", MODULES),
                    ("LUA_PATHS", LUA_PATHS),
                    ("MASKING", masking.trim()),
                    ("PORT", &text),
                ];
                ("nginx + Lua cjson", self.nginx("lua", "nginx.conf", &more)?)
            }
            _ => {
                let more = [
                    ("MODULES", ""),
                    ("LUA_PATHS", ""),
                    ("MASKING", ""),
                    ("PORT", &text),
                ];
                (
                    "nginx pass-through",
                    self.nginx("nginx", "nginx.conf", &more)?,
                )
            }
        };
        await_port(port)?;
        Ok(Subject {
            name: name.to_owned(),
            peer,
            port,
            requests: Cell::new(0),
            process,
            audit: None,
        })
    }

    fn governed(&self, peer: Peer, fields: &str, name: &str, binary: &Path) -> Result<Subject> {
        let place = format!("{fields}-{}", name.replace('/', "-"));
        let folder = self.project.join(format!("rules-{place}"));
        fs::create_dir(&folder)?;
        fs::copy(
            format!("{PEERS}/rules-{fields}.yaml"),
            folder.join("rules.yaml"),
        )?;
        let audit = self.project.join(format!("audit-{place}"));
        fs::DirBuilder::new().mode(0o700).create(&audit)?;
        let dirs = [&folder, &audit].map(|dir| dir.display().to_string());
        let settings = self.filled(
            "fieldgate.yaml",
            &[("RULES", &dirs[0]), ("AUDIT", &dirs[1])],
        )?;
        let file = self.project.join(format!("fieldgate-{place}.yaml"));
        fs::write(&file, settings)?;

        let binary = fs::canonicalize(binary)?;
        let command = [
            binary.as_os_str(),
            "run".as_ref(),
            "-c".as_ref(),
            file.as_os_str(),
        ];
        let mut process = self.spawn(&format!("fieldgate-{place}"), &command, Stdio::piped())?;
        let stdout = process.0.stdout.take().expect("it is piped");
        let mut ready = String::new();
        BufReader::new(stdout).read_line(&mut ready)?;
        let port = ready
            .trim()
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok());
        let port = port.ok_or_else(|| format!("`{}` did not start", binary.display()))?;
        let label = if name.is_empty() {
            String::new()
        } else {
            format!(" {name}")
        };
        Ok(Subject {
            name: format!("fieldgate{label}, {fields} fields"),
            peer,
            port,
            requests: Cell::new(0),
            process,
            audit: Some(audit),
        })
    }

    fn nginx(&self, name: &str, template: &str, more: &[(&str, &str)]) -> Result<Running> {
        // Started by root, workers would be somebody who may not read the files.
        let user = if machine::is_root() { "user root;" } else { "" };
        let more = [more, &[("NAME", name), ("USER", user)]].concat();
        let file = self.fill(&format!("{name}.conf"), template, &more)?;
        let command = ["/usr/sbin/nginx", "-p"].map(OsStr::new);
        let command = [
            &command[..],
            &[self.run.as_os_str(), "-c".as_ref(), file.as_os_str()],
        ]
        .concat();
        self.spawn(name, &command, Stdio::null())
    }

    fn fill(&self, name: &str, template: &str, more: &[(&str, &str)]) -> Result<PathBuf> {
        let file = self.run.join(name);
        fs::write(&file, self.filled(template, more)?)?;
        Ok(file)
    }

    /// A file of `peers/` with what is known only now.
    fn filled(&self, template: &str, more: &[(&str, &str)]) -> Result<String> {
        let (run, project) = (
            self.run.display().to_string(),
            self.project.display().to_string(),
        );
        let (cores, upstream) = (machine::cores().to_string(), self.upstream.to_string());
        let known: [(&str, &str); 5] = [
            ("PEERS", PEERS),
            ("RUN", &run),
            ("PROJECT", &project),
            ("CORES", &cores),
            ("UPSTREAM", &upstream),
        ];
        let mut text = fs::read_to_string(format!("{PEERS}/{template}"))?;
        for (name, value) in known.iter().chain(more) {
            text = text.replace(&format!("@{name}@"), value);
        }
        Ok(text)
    }

    /// What it says goes to a file; the kernel ends it when this process ends, however that happens.
    fn spawn(&self, name: &str, command: &[&OsStr], stdout: Stdio) -> Result<Running> {
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM"])
            .args(command)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(File::create(self.run.join(format!("{name}.err")))?)
            .spawn()?;
        Ok(Running(child))
    }
}

/// A process that ends with this value.
struct Running(Child);

impl Running {
    fn tree(&self) -> Tree {
        Tree { root: self.0.id() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let processes = self.tree().processes();
        signal("-TERM", &processes[..1]);
        let start = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) {
            if start.elapsed() > PATIENCE {
                signal("-KILL", &processes);
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.0.wait();
    }
}

fn signal(name: &str, processes: &[u32]) {
    let ids = processes.iter().map(u32::to_string);
    // Who is gone needs no signal.
    let _ = Command::new("kill")
        .arg(name)
        .args(ids)
        .stderr(Stdio::null())
        .status();
}

/// A port nobody has; whoever takes it before the proxy does makes the proxy fail to start.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

fn await_port(port: u16) -> Result<()> {
    let start = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if start.elapsed() > PATIENCE {
            return Err(format!("nothing listens on port {port}").into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

//! The machine: what it needs to have, and what it is. Refuses to go on without a package it cannot install.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::Result;

/// Debian package and a file that shows it is there.
const PACKAGES: [(&str, &str); 6] = [
    ("nginx", "/usr/sbin/nginx"),
    ("haproxy", "/usr/sbin/haproxy"),
    (
        "libnginx-mod-http-lua",
        "/usr/lib/nginx/modules/ngx_http_lua_module.so",
    ),
    ("lua-cjson", "/usr/share/doc/lua-cjson"),
    ("nghttp2-client", "/usr/bin/h2load"),
    ("util-linux", "/usr/bin/setpriv"),
];

/// Enough for thousands of connections; more makes haproxy reserve memory for them.
const FILES: u32 = 32_768;
/// Set to the network the benchmark runs in once the process is prepared.
const PREPARED: &str = "PROXY_BENCH_NETWORK";

/// Starts this program again under the highest limit of open files, since nothing here may call the kernel for it; where that
/// is allowed, in a network of its own, so that nobody else's load or settings are in the figures; and with temporary files
/// beside the build's, since access logs take gigabytes, which a temporary directory in memory may not have.
pub fn prepare_process() -> Result<()> {
    if std::env::var_os(PREPARED).is_some() {
        return Ok(());
    }
    let script = format!(
        r#"
        most=$(ulimit -Hn)
        [ "$most" = unlimited ] && most={FILES}
        [ "$most" -gt {FILES} ] && most={FILES}
        ulimit -n "$most"
        if unshare --net ip link set lo up 2>/dev/null; then
            export {PREPARED}='a network namespace, TCP with reno, which every kernel has'
            reno='ip link set lo up && echo reno > /proc/sys/net/ipv4/tcp_congestion_control && exec "$0" "$@"'
            exec unshare --net sh -c "$reno" "$0" "$@"
        fi
        export {PREPARED}="the machine's own loopback"
        exec "$0" "$@"
        "#
    );
    let error = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env("TMPDIR", env!("CARGO_TARGET_TMPDIR"))
        .exec();
    Err(error.into())
}

pub fn is_root() -> bool {
    output("id", &["-u"]) == "0"
}

pub fn install_packages() -> Result<()> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|(_, file)| !Path::new(file).exists())
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(" ");
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        return Err(format!("install these Debian packages first: {missing}").into());
    }
    eprintln!("installing: {missing}");
    // Run level 1: the packages' own services are not started.
    let script = format!(
        "export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive; apt-get update -qq && \
         apt-get install -y -qq --no-install-recommends {missing} >&2"
    );
    match Command::new("sh").args(["-c", &script]).status()?.success() {
        true => Ok(()),
        false => Err(format!("could not install: {missing}").into()),
    }
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Memory that may still be used, in bytes.
pub fn available_memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Two lines: the hardware, and the versions of everything measured.
pub fn description() -> String {
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |line| line.trim_start_matches([' ', '\t', ':']));
    let kernel = output("uname", &["-srm"]);
    let memory = available_memory() >> 30;
    let os = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let os = os
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let os = os.unwrap_or("unknown").trim_matches('"');
    let versions: Vec<String> = PACKAGES
        .iter()
        .take(5)
        .map(|(name, _)| {
            format!(
                "{name} {}",
                output("dpkg-query", &["-W", "-f", "${Version}", name])
            )
        })
        .collect();
    let cores = cores();
    let network = std::env::var(PREPARED).unwrap_or_default();
    format!(
        "{cores} cores of {model}, {memory} GiB of memory free, {kernel}, {os}; {network}.\n{}; fieldgate {} ({}).",
        versions.join(", "),
        env!("CARGO_PKG_VERSION"),
        commit(),
    )
}

/// The commit this was built from, and whether something was changed since.
fn commit() -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let commit = output("git", &["-C", root, "rev-parse", "--short", "HEAD"]);
    let changes = [
        "-C",
        root,
        "status",
        "--porcelain",
        "--",
        "src",
        "benches",
        "Cargo.lock",
    ];
    match output("git", &changes).is_empty() {
        true => commit,
        false => format!("{commit} with changes"),
    }
}

/// What a command says, trimmed; nothing if it cannot be run.
fn output(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_default()
}

//! Load from `h2load`, and one answer over HTTP/2 from `nghttp`. Refuses a run in which anything at all went wrong.

use std::process::{Command, Output};

use crate::Result;
use crate::options::Protocol;

/// Many times what the slowest run takes.
const PATIENCE: &str = "10m";
/// How `timeout` ends then.
const TIMED_OUT: i32 = 124;

/// A run of `h2load`.
pub struct Load<'a> {
    pub port: u16,
    pub target: &'a str,
    pub protocol: Protocol,
    pub requests: usize,
    pub token: &'a str,
}

impl Load<'_> {
    /// Sixteen requests are under way at any time: few enough that two cores which also hold the caller and the upstream
    /// are not choked, enough that no proxy waits.
    pub fn run(&self) -> Result<()> {
        let mut command = Command::new("timeout");
        command.args([PATIENCE, "h2load"]);
        let (connections, streams) = match self.protocol {
            Protocol::H1 => ("16", "1"),
            Protocol::H2 => ("4", "4"),
        };
        if self.protocol == Protocol::H1 {
            command.arg("--h1");
        }
        command
            .args(["-t", "1", "-c", connections, "-m", streams])
            .args(["-n", &self.requests.to_string()])
            .args(["-H", &format!("authorization: Bearer {}", self.token)])
            .arg(self.url());
        let output = command.output()?;
        if output.status.code() == Some(TIMED_OUT) {
            return Err(format!("{}: no end after {PATIENCE}", self.url()).into());
        }
        let said = String::from_utf8_lossy(&output.stdout);
        let requests = self.requests;
        let application = match self.protocol {
            Protocol::H1 => "http/1.1",
            Protocol::H2 => "h2",
        };
        let expected = [
            format!(
                "requests: {requests} total, {requests} started, {requests} done, {requests} succeeded, 0 failed, 0 errored, 0 timeout"
            ),
            format!("status codes: {requests} 2xx, 0 3xx, 0 4xx, 0 5xx"),
            "TLS Protocol: TLSv1.3".to_owned(),
            "Cipher: TLS_AES_128_GCM_SHA256".to_owned(),
            "Server Temp Key: X25519 253 bits".to_owned(),
            format!("Application protocol: {application}"),
        ];
        for line in &expected {
            if !said.lines().any(|one| one == line) {
                let complaint = String::from_utf8_lossy(&output.stderr);
                return Err(
                    format!("{} did not say `{line}`:\n{said}{complaint}", self.url()).into(),
                );
            }
        }
        Ok(())
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}{}", self.port, self.target)
    }
}

/// The body of one answer over HTTP/2.
pub fn one_over_h2(port: u16, target: &str, token: &str) -> Result<Vec<u8>> {
    let Output { status, stdout, .. } = Command::new("nghttp")
        .args(["-H", &format!("authorization: Bearer {token}")])
        .arg(format!("https://127.0.0.1:{port}{target}"))
        .output()?;
    match status.success() {
        true => Ok(stdout),
        false => Err(format!("nghttp ended with {status}").into()),
    }
}

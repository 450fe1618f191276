//! The pages that may call from a browser: origins, each written out.
//!
//! Refuses `*`, `null` and everything else that names nobody or more than one.

use std::time::Duration;

use http::{HeaderValue, Uri};

use super::limits::time;
use super::reader::{Reader, Section};
use crate::policy::diagnostic::say;
use crate::policy::source::Node;

pub const CORS: Section = Section {
    path: "cors",
    known: &["origins", "max_age"],
    later: &[],
};

/// See the module.
#[derive(Clone, Debug)]
pub struct Cors {
    /// As browsers send them: scheme, host, and the port where it is not the scheme's own.
    pub origins: Vec<HeaderValue>,
    /// How long browsers may keep the answer to a preflight.
    pub max_age: Duration,
}

pub fn cors(reader: &mut Reader<'_>, node: &Node) -> Option<Cors> {
    let entries = reader.section(node, &CORS)?;
    let origins = reader.need(entries, &CORS, "origins").and_then(|node| {
        let items = reader.list(node, say!("`cors.origins`"))?;
        let shape = say!(
            "an origin such as `https://app.bank.example`, without a path",
            " `https://app.bank.example` 这样的来源，不带路径"
        );
        let read: Vec<HeaderValue> = items
            .iter()
            .filter_map(|node| {
                let what = say!("an origin of `cors`", "`cors` 里的来源");
                reader.parsed(node, what, shape.clone(), origin)
            })
            .collect();
        (read.len() == items.len()).then_some(read)
    });
    let mut max_age = Duration::from_secs(600);
    time(reader, entries, &CORS, "max_age", 0, &mut max_age);
    Some(Cors {
        origins: origins?,
        max_age,
    })
}

/// RFC 6454, 6.2, as browsers write it: lower case, no default port.
fn origin(text: &str) -> Option<HeaderValue> {
    let (scheme, authority) = text.split_once("://")?;
    let default = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let uri: Uri = text.parse().ok()?;
    let is_plain = uri.authority()?.as_str() == authority
        && !authority.contains(['@', '*', '_'])
        && !authority.ends_with(default)
        && !authority.ends_with(['.', ':'])
        && !authority.bytes().any(|byte| byte.is_ascii_uppercase());
    is_plain.then(|| HeaderValue::from_str(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for good in [
            "https://app.bank.example",
            "https://app.bank.example:8443",
            "http://localhost:3000",
            "http://[::1]:3000",
        ] {
            assert_eq!(origin(good).unwrap(), good);
        }
        for bad in [
            "*",
            "null",
            "",
            "app.bank.example",
            "https://",
            "https://*.bank.example",
            "https://App.bank.example",
            "https://app.bank.example/",
            "https://app.bank.example/x",
            "https://app.bank.example?x",
            "https://a@app.bank.example",
            "https://app.bank.example:443",
            "http://localhost:80",
            "https://app.bank.example.",
            "https://app.bank.example:",
            "file://app",
            "https://a b",
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}

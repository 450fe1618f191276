//! The trusted front: the only peers whose headers the rules' conditions may read.
//!
//! Refuses headers that frame a message or hold a credential, and names with `_`, which some fronts let callers forge.

use std::net::IpAddr;

use http::HeaderName;

use super::headers;
use super::reader::{Reader, Section};
use crate::policy::condition::Network;
use crate::policy::diagnostic::say;
use crate::policy::source::Node;

pub const FRONT: Section = Section {
    path: "front",
    known: &["networks", "headers"],
    later: &[],
};

/// See the module.
#[derive(Clone, Debug)]
pub struct Front {
    /// Where it stands.
    pub networks: Vec<Network>,
    /// The headers it sets on every request, or removes.
    pub headers: Vec<HeaderName>,
}

impl Front {
    /// Whether a request from this address came through it.
    pub fn holds(&self, peer: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(peer))
    }
}

pub fn front(reader: &mut Reader<'_>, node: &Node) -> Option<Front> {
    let entries = reader.section(node, &FRONT)?;
    let networks = reader.need(entries, &FRONT, "networks").and_then(|node| {
        let items = reader.list(node, say!("`front.networks`"))?;
        let shape = say!(
            "a network such as `10.0.0.0/8`, or one address",
            " `10.0.0.0/8` 这样的网段，或一个地址"
        );
        let read: Vec<Network> = items
            .iter()
            .filter_map(|node| {
                let what = say!("a network of `front`", "`front` 里的网段");
                reader.parsed(node, what, shape.clone(), |text| Network::read(text).ok())
            })
            .collect();
        (read.len() == items.len()).then_some(read)
    });
    let headers = reader.need(entries, &FRONT, "headers").and_then(|node| {
        let items = reader.list(node, say!("`front.headers`"))?;
        let shape = say!(
            "a header that a front can set for us",
            "前置网关能替我们设置的首部"
        );
        let read: Vec<HeaderName> = items
            .iter()
            .filter_map(|node| {
                let what = say!("a header of `front`", "`front` 里的首部");
                reader.parsed(node, what, shape.clone(), headers::of_front)
            })
            .collect();
        (read.len() == items.len()).then_some(read)
    });
    Some(Front {
        networks: networks?,
        headers: headers?,
    })
}

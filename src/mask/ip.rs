//! `ip-prefix`: the network an address lies in, /24 for IPv4 and /48 for IPv6.
//!
//! Does not fit anything but one bare address; no port, no zone, no prefix length.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::text::Text;

pub(super) fn ip_prefix(value: &str, out: &mut Text<'_>) -> Option<()> {
    let network = match value.parse().ok()? {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    };
    out.push(&network.to_string());
    Some(())
}

//! How many connections may be open, in all and from one address.
//!
//! Refuses the one above either cap. An IPv6 caller counts by its /64, because that is what one
//! household or one attacker is handed.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use super::RefusalKind;

/// Both caps and what is open now; cloned handles share one count.
#[derive(Clone, Debug)]
pub(super) struct Caps {
    total: usize,
    per_address: usize,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One place under both caps, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    address: IpAddr,
    open: Arc<Mutex<Open>>,
}

impl Caps {
    pub(super) fn new(total: usize, per_address: usize) -> Self {
        Caps {
            total,
            per_address,
            open: Arc::default(),
        }
    }

    /// Takes a place, or says which cap is reached.
    pub(super) fn take(&self, peer: IpAddr) -> Result<Place, RefusalKind> {
        let address = counted_as(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.total {
            return Err(RefusalKind::Connections);
        }
        let here = open.by_address.get(&address).copied().unwrap_or(0);
        if here >= self.per_address {
            return Err(RefusalKind::ConnectionsPerAddress);
        }
        open.by_address.insert(address, here + 1);
        open.total += 1;
        Ok(Place {
            address,
            open: Arc::clone(&self.open),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total = open.total.saturating_sub(1);
        match open.by_address.get_mut(&self.address) {
            Some(here) if *here > 1 => *here -= 1,
            // Without this the map would grow with every address ever seen.
            _ => {
                open.by_address.remove(&self.address);
            }
        }
    }
}

fn counted_as(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn o04_the_connection_above_the_cap_is_refused_until_one_ends() {
        let caps = Caps::new(2, 2);
        let first = caps.take(ip("192.0.2.1")).unwrap();
        let _second = caps.take(ip("192.0.2.2")).unwrap();
        assert_eq!(
            caps.take(ip("192.0.2.3")).unwrap_err(),
            RefusalKind::Connections
        );
        drop(first);
        assert!(caps.take(ip("192.0.2.3")).is_ok());
    }

    #[test]
    fn o04_one_address_cannot_take_the_places_of_others() {
        let caps = Caps::new(10, 1);
        let _held = caps.take(ip("192.0.2.1")).unwrap();
        assert_eq!(
            caps.take(ip("192.0.2.1")).unwrap_err(),
            RefusalKind::ConnectionsPerAddress
        );
        assert!(caps.take(ip("192.0.2.2")).is_ok());
    }

    #[test]
    fn q11_a_mapped_address_counts_as_the_ipv4_address_it_is() {
        let caps = Caps::new(10, 1);
        let _held = caps.take(ip("192.0.2.1")).unwrap();
        assert!(caps.take(ip("::ffff:192.0.2.1")).is_err());
    }

    #[test]
    fn o04_ipv6_counts_by_its_64_bit_prefix() {
        let caps = Caps::new(10, 1);
        let _held = caps.take(ip("2001:db8:0:1::1")).unwrap();
        assert!(caps.take(ip("2001:db8:0:1:ffff::2")).is_err());
        assert!(caps.take(ip("2001:db8:0:2::1")).is_ok());
    }

    #[test]
    fn addresses_that_left_are_forgotten() {
        let caps = Caps::new(10, 2);
        drop((
            caps.take(ip("192.0.2.1")).unwrap(),
            caps.take(ip("192.0.2.1")).unwrap(),
        ));
        assert!(caps.open.lock().unwrap().by_address.is_empty());
    }
}

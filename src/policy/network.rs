//! Networks as rules write them: `10.0.0.0/8`, `2001:db8::/32`, or one address.
//!
//! Refuses addresses with bits beyond the prefix, which two people would read differently, and IPv4 written as IPv6,
//! which no peer ever has.

use std::net::IpAddr;

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkError {
    /// Neither an address nor an address with a prefix length.
    Form,
    /// Bits beyond the prefix are set; the network that was probably meant.
    Beyond(String),
    /// An IPv4 address written as IPv6; as it should be written.
    Mapped(String),
}

impl Network {
    /// Reads a network, or an address, which is a network of one.
    ///
    /// # Errors
    ///
    /// See [`NetworkError`].
    pub fn read(text: &str) -> Result<Network, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Form)?;
        let width: u8 = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(digits) if is_plain(digits) => digits
                .parse()
                .ok()
                .filter(|prefix| *prefix <= width)
                .ok_or(NetworkError::Form)?,
            Some(_) => return Err(NetworkError::Form),
        };
        if address.to_canonical() != address {
            let prefix = prefix.saturating_sub(96);
            let written = format!("{}/{prefix}", address.to_canonical());
            return Err(NetworkError::Mapped(written));
        }
        let first = masked(address, prefix);
        if first != address {
            return Err(NetworkError::Beyond(format!("{first}/{prefix}")));
        }
        Ok(Network { first, prefix })
    }

    /// Its first address.
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// Whether an address lies in it; IPv4-mapped IPv6 addresses are to be unmapped before.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.prefix) == self.first
    }
}

fn is_plain(digits: &str) -> bool {
    let canonical = digits == "0" || !digits.starts_with('0');
    !digits.is_empty() && canonical && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32)));
            IpAddr::V4((u32::from(address) & mask.unwrap_or(0)).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128)));
            IpAddr::V6((u128::from(address) & mask.unwrap_or(0)).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        Network::read(network)
            .unwrap()
            .contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        assert!(holds("10.0.0.0/8", "10.255.1.2"));
        assert!(!holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(!holds("0.0.0.0/0", "::1"));
        assert!(holds("203.0.113.9", "203.0.113.9"));
        assert!(!holds("203.0.113.8/31", "203.0.113.10"));
        assert!(holds("2001:db8::/32", "2001:db8:1::2"));
        assert!(!holds("2001:db8::/32", "2001:db9::"));
        assert!(holds("::/0", "::1") && holds("::1", "::1"));
        assert!(!holds("::1/128", "::2"));
    }

    #[test]
    fn what_is_written_ambiguously_is_refused_with_what_was_meant() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.0/08",
            "10.0.0.0/",
            "a/8",
            "::/129",
            "10.0.0.0/+8",
        ] {
            assert_eq!(Network::read(text), Err(NetworkError::Form), "{text}");
        }
        let beyond = |text: &str| NetworkError::Beyond(text.to_owned());
        assert_eq!(Network::read("10.1.2.3/8"), Err(beyond("10.0.0.0/8")));
        assert_eq!(
            Network::read("2001:db8::1/64"),
            Err(beyond("2001:db8::/64"))
        );
        let mapped = NetworkError::Mapped("10.0.0.0/8".to_owned());
        assert_eq!(Network::read("::ffff:10.0.0.0/104"), Err(mapped));
    }
}

//! Addresses that callers give and that are fetched for them. Only what is public may be named, so that no request
//! makes a server look into its own network for them.
//!
//! A name that passes here may still lead to a private address: `hosts.rs` asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The longest address, in bytes.
pub const LONGEST: usize = 2048;

/// Why an address is not fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPublic {
    /// Another scheme, or no address at all.
    #[error("is no https address")]
    NotHttps,
    /// Over [`LONGEST`].
    #[error("is an address of more than {LONGEST} bytes")]
    TooLong,
    /// `user:password@`.
    #[error("is an address with a user or password in it")]
    Credentials,
    /// Another port than that of https.
    #[error("is an address with a port")]
    Port,
    /// A number in any spelling, or a name that only a private network knows.
    #[error("is no https address of a public host")]
    Host,
}

/// The name of the host of `text`, if that is an address which may be fetched for a caller.
///
/// # Errors
/// It may not; the error says why.
pub fn public_host(text: &str) -> Result<String, NotPublic> {
    if text.len() > LONGEST {
        return Err(NotPublic::TooLong);
    }
    let url: Url = text.parse().map_err(|_| NotPublic::NotHttps)?;
    let rest = text.split_at_checked(8).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("https://"));
    let Some((_, rest)) = rest.filter(|_| !text.contains(char::is_control)) else { return Err(NotPublic::NotHttps) };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NotPublic::Credentials);
    }
    if url.port().is_some() {
        return Err(NotPublic::Port);
    }
    // The text is parsed again where it is fetched, and not every parser takes `\\` for `/`, unfolds `%31` or skips
    // what it does not expect. So the host has to stand there plainly.
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.strip_suffix(":443").unwrap_or(host);
    let plain = |character: char| character.is_alphanumeric() || matches!(character, '.' | '-' | '_');
    if host.is_empty() || !host.chars().all(plain) {
        return Err(NotPublic::Host);
    }
    match url.host() {
        // The parser reads decimal, octal, hexadecimal and shortened numbers as the addresses that they are.
        Some(Host::Domain(name)) if is_public_name(name) => Ok(name.to_owned()),
        Some(Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_)) | None => Err(NotPublic::Host),
    }
}

/// Top-level names that are private by a standard or by custom (RFC 6761, 6762, 7686, 8375; ICANN's `internal`).
const PRIVATE_NAMES: [&str; 18] = [
    "alt",
    "arpa",
    "corp",
    "domain",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "mail",
    "onion",
    "private",
    "svc",
    "test",
];

fn is_public_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    // A name of one word is looked up in whatever network the server is in.
    name.rsplit_once('.').is_some_and(|(_, top)| !top.is_empty() && !PRIVATE_NAMES.contains(&top))
}

/// Whether `address` is one of the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// What is not public of IPv4: IANA's special-purpose registry, multicast, the former class E, and one address of
/// Azure's.
const CLOSED_V4: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    (Ipv4Addr::BROADCAST, 32),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let within = |(net, length): &(Ipv4Addr, u32)| (address.to_bits() ^ net.to_bits()) >> (32 - length) == 0;
    !CLOSED_V4.iter().any(within)
}

/// Of IPv6 only global unicast (2000::/3) is public, without the parts of it that are not, or that lead to IPv4.
const CLOSED_V6: [(Ipv6Addr, u32); 4] = [
    // Protocols, among them Teredo.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_public_v6(address: Ipv6Addr) -> bool {
    let within = |net: Ipv6Addr, length: u32| (address.to_bits() ^ net.to_bits()) >> (128 - length) == 0;
    let [.., a, b, c, d] = address.octets();
    // As a resolver may write an IPv4 address, and as NAT64 does in a network without IPv4.
    let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);
    if address.to_ipv4_mapped().is_some() || within(nat64, 96) {
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    within(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
        && !CLOSED_V6.iter().any(|(net, length)| within(*net, *length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_only_names_of_the_public_internet() {
        for (text, host) in [
            ("https://images.example.com/a.png", "images.example.com"),
            ("HTTPS://Images.Example.COM:443/a.png?b=c#d", "images.example.com"),
            ("https://bücher.example.com/", "xn--bcher-kva.example.com"),
            ("https://test.com./", "test.com."),
        ] {
            assert_eq!(public_host(text).as_deref(), Ok(host), "{text}");
        }
        let long = format!("https://example.com/{}", "x".repeat(LONGEST));
        for (text, why) in [
            ("http://example.com/a", NotPublic::NotHttps),
            ("ftp://example.com/a", NotPublic::NotHttps),
            ("file:///etc/passwd", NotPublic::NotHttps),
            ("gopher://example.com/", NotPublic::NotHttps),
            ("data:image/png;base64,AAAA", NotPublic::NotHttps),
            ("//example.com/a", NotPublic::NotHttps),
            ("https://", NotPublic::NotHttps),
            ("", NotPublic::NotHttps),
            (&long, NotPublic::TooLong),
            ("https://u:p@example.com/", NotPublic::Credentials),
            ("https://example.com@127.0.0.1/", NotPublic::Credentials),
            ("https://example.com:8443/", NotPublic::Port),
            ("https://example.com:22/", NotPublic::Port),
            ("https:example.com/a", NotPublic::NotHttps),
            ("https:/example.com/a", NotPublic::NotHttps),
            ("https:///example.com/a", NotPublic::Host),
            ("https:\\\\example.com/a", NotPublic::NotHttps),
            ("https://example.com\\@127.0.0.1/", NotPublic::Host),
            ("https://example.com\\.127.0.0.1.nip.io/", NotPublic::Host),
            ("https://exa\tmple.com/", NotPublic::NotHttps),
            ("https://example.com/a\r\nhost: 127.0.0.1", NotPublic::NotHttps),
            ("https://ex%61mple.com/", NotPublic::Host),
        ] {
            assert_eq!(public_host(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_number_is_no_public_host_however_it_is_spelled() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.1.",
            "169.254.169.254",
            "0xa9fea9fe",
            "10.0.0.1",
            "0",
            "１２７.０.０.１",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::10.0.0.1]",
            "[2002:7f00:1::]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "93.184.216.34",
            "[2606:2800:220:1::1]",
        ] {
            assert_eq!(public_host(&format!("https://{host}/a.png")), Err(NotPublic::Host), "{host}");
        }
    }

    #[test]
    fn a_name_of_a_private_network_is_no_public_host() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "printer.local",
            "nas.lan",
            "router.home",
            "metadata.google.internal",
            "metadata",
            "instance-data",
            "instance-data.ec2.internal",
            "db.corp",
            "a.home.arpa",
            "1.0.0.127.in-addr.arpa",
            "kubernetes.default.svc",
            "x.cluster.local",
            "ⓛocalhost",
            "x.onion",
            "localhost.localdomain",
        ] {
            assert_eq!(public_host(&format!("https://{host}/a.png")), Err(NotPublic::Host), "{host}");
        }
    }

    #[test]
    fn addresses_are_public_or_not() {
        let public = |text: &str| is_public(text.parse().unwrap());
        for address in [
            "1.1.1.1",
            "93.184.216.34",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "168.63.129.15",
            "2606:2800:220:1::1",
            "2a00:1450::1",
            "2001:200::",
            "2003::",
            "64:ff9b::1.1.1.1",
            "::ffff:1.1.1.1",
        ] {
            assert!(public(address), "{address}");
        }
        for address in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.0.0",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::2",
            "::127.0.0.1",
            "::1.1.1.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1.1.1.1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:101:101::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }
}

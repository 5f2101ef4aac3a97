//! Hosts that no name server is asked about.

use std::{collections::BTreeMap, net::IpAddr};

use super::{ConfigError, Env};

/// Names of hosts whose addresses are known, as in a hosts file: no name server is asked about them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownHosts(pub BTreeMap<String, Vec<IpAddr>>);

impl KnownHosts {
    /// Reads `IMAGE_KNOWN_HOSTS`.
    ///
    /// # Errors
    /// The value is malformed.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let name = "IMAGE_KNOWN_HOSTS";
        let mut known: BTreeMap<String, Vec<IpAddr>> = BTreeMap::new();
        let pairs = env.optional(name).into_iter().flat_map(|list| list.split(',')).map(str::trim);
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let pair =
                pair.split_once('=').and_then(|(host, address)| Some((host.trim(), address.trim().parse().ok()?)));
            let (host, address) = pair.ok_or_else(|| ConfigError::Malformed {
                name: name.to_owned(),
                fix: "set it to names with addresses such as cdn.example.com=93.184.216.34".to_owned(),
            })?;
            known.entry(host.to_lowercase()).or_default().push(address);
        }
        Ok(Self(known))
    }
}

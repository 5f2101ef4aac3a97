//! Where host names lead. A name that anybody can register may stand for an address of a private network.
//!
//! A later fetch resolves the name again, and may get another answer: this keeps out what is pointed inwards, not a
//! name server that changes its answers within the second. Nothing of ours fetches such an address; fal does, from its
//! own network.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use tokio::{net::lookup_host, task::JoinSet, time::timeout};

use likeness_domain::public_url::is_public;

/// How long a name server has, for all names of a request.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most names that are asked about for one request.
const MOST_NAMES: usize = 32;

/// Finds out where names lead.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    known: BTreeMap<String, Vec<IpAddr>>,
}

/// Why a host is not contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// One of its addresses is not public.
    #[error("is on a host with a private address")]
    Private,
    /// No name server knows it, or none answered in time.
    #[error("is on a host whose name leads nowhere; check the spelling, or try again later")]
    Nowhere,
    /// The request names too many.
    #[error("is on one host too many: a request may name {MOST_NAMES}")]
    TooMany,
}

impl Hosts {
    /// Takes `known` names as they are given, as from a hosts file, and asks the system's name servers about all
    /// others.
    #[must_use]
    pub fn new(known: BTreeMap<String, Vec<IpAddr>>) -> Self {
        Self { known }
    }

    /// Those of `names` that are refused.
    pub async fn refused(&self, names: &BTreeSet<String>) -> BTreeMap<String, Refused> {
        // A name without an answer in time leads nowhere.
        let not_heard = |(at, name): (usize, &String)| {
            (name.clone(), if at < MOST_NAMES { Refused::Nowhere } else { Refused::TooMany })
        };
        let mut refused: BTreeMap<String, Refused> = names.iter().enumerate().map(not_heard).collect();
        let mut look_ups = JoinSet::new();
        for name in names.iter().take(MOST_NAMES) {
            let (known, name) = (self.known.get(name.trim_end_matches('.')).cloned(), name.clone());
            look_ups.spawn(async move {
                let found = match known {
                    Some(addresses) => addresses,
                    None => addresses_of(&name).await,
                };
                (name, found)
            });
        }
        let all = async {
            while let Some(Ok((name, addresses))) = look_ups.join_next().await {
                if addresses.iter().any(|address| !is_public(*address)) {
                    refused.insert(name, Refused::Private);
                } else if !addresses.is_empty() {
                    refused.remove(&name);
                }
            }
        };
        // What came until then counts.
        let _in_time = timeout(PATIENCE, all).await;
        refused
    }
}

async fn addresses_of(name: &str) -> Vec<IpAddr> {
    match lookup_host((name, 443)).await {
        Ok(addresses) => addresses.map(|address| address.ip()).collect(),
        Err(error) => {
            tracing::info!(error = &error as &dyn std::error::Error, "a caller's host was not found");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        let known = [
            ("public.example.com", vec!["93.184.216.34", "2606:2800:220:1::1"]),
            ("half.example.com", vec!["93.184.216.34", "10.0.0.1"]),
            ("mapped.example.com", vec!["::ffff:169.254.169.254"]),
        ];
        Hosts::new(
            known
                .into_iter()
                .map(|(name, addresses)| {
                    (name.to_owned(), addresses.iter().map(|address| address.parse().unwrap()).collect())
                })
                .collect(),
        )
    }

    #[tokio::test]
    async fn one_private_address_is_enough_to_be_refused() {
        let names = ["public.example.com", "public.example.com.", "half.example.com", "mapped.example.com"];
        let refused = hosts().refused(&names.map(str::to_owned).into()).await;
        let expected = [("half.example.com", Refused::Private), ("mapped.example.com", Refused::Private)];
        assert_eq!(refused, expected.map(|(name, why)| (name.to_owned(), why)).into());
    }

    /// The system's own answers: every machine knows its loopback, and none resolves `.invalid` (RFC 6761).
    #[tokio::test]
    async fn the_system_is_asked_about_what_is_not_known() {
        let names = ["localhost", "nothing.invalid"];
        let refused = Hosts::default().refused(&names.map(str::to_owned).into()).await;
        let expected = [("localhost", Refused::Private), ("nothing.invalid", Refused::Nowhere)];
        assert_eq!(refused, expected.map(|(name, why)| (name.to_owned(), why)).into());
    }

    #[tokio::test]
    async fn a_request_asks_about_so_many_names_and_no_more() {
        let names: BTreeSet<String> = (0..40).map(|number| format!("h{number:02}.example.com")).collect();
        let known = names.iter().map(|name| (name.clone(), vec!["93.184.216.34".parse().unwrap()])).collect();
        let refused = Hosts::new(known).refused(&names).await;
        assert_eq!(refused.len(), 8);
        assert!(refused.iter().all(|(name, why)| *why == Refused::TooMany && name.as_str() >= "h32"));
    }
}

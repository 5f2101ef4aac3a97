//! ListQueues, a page at a time; the token is the last name of the page before.

use serde::{Deserialize, Serialize};

use super::{broker::Broker, error::SqsError};

const MAX_PAGE: u32 = 1000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListQueues {
    #[serde(default)]
    queue_name_prefix: String,
    max_results: Option<u32>,
    #[serde(default)]
    next_token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listing {
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn list_queues(broker: &Broker, request: ListQueues) -> Result<Listing, SqsError> {
    let page = request.max_results.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
    let mut names = broker
        .transact(move |tx, _| {
            let mut query = tx.prepare_cached(
                "SELECT name FROM queues
                 WHERE substr(name, 1, length(?1)) = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
            )?;
            let rows = query.query_map((request.queue_name_prefix, request.next_token, page + 1), |row| row.get(0))?;
            Ok(rows.collect::<Result<Vec<String>, _>>()?)
        })
        .await?;
    let more = names.len() > page as usize;
    names.truncate(page as usize);
    Ok(Listing {
        queue_urls: names.iter().map(|name| broker.queue_url(name)).collect(),
        next_token: if more { names.pop() } else { None },
    })
}

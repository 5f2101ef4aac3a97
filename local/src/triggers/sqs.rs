//! Pollers of a queue: receive, invoke with an SQS event, delete what was not reported as failed.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::{
    Client,
    types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName},
};
use likeness_core::config::{ConfigError, Env};
use tokio::{sync::watch, task::JoinSet};

use crate::stack::{Pollers, sqs_client};

/// Starts the pollers of the queue that the variable `queue` names.
pub(crate) fn poll<H, F>(
    tasks: &mut JoinSet<()>,
    env: &Env,
    queue: &str,
    pollers: Pollers,
    stop: &watch::Receiver<bool>,
    handler: H,
) -> Result<(), ConfigError>
where
    H: Fn(SqsEvent) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = SqsBatchResponse> + Send,
{
    let client = sqs_client(env)?;
    let url = env.required(queue, "set by the stack")?.to_owned();
    for _ in 0..pollers.count {
        let (client, url, handler, mut stop) = (client.clone(), url.clone(), handler.clone(), stop.clone());
        tasks.spawn(async move {
            loop {
                let received = tokio::select! {
                    _ = stop.wait_for(|stopping| *stopping) => return,
                    received = receive(&client, &url, pollers.batch) => received,
                };
                match received {
                    Ok(messages) if messages.is_empty() => {}
                    Ok(messages) => invoke(&client, &url, messages, &handler).await,
                    Err(error) => {
                        tracing::warn!(error = error.as_ref() as &dyn std::error::Error, "the queue cannot be read");
                        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
                    }
                }
            }
        });
    }
    Ok(())
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

async fn receive(client: &Client, url: &str, batch: i32) -> Result<Vec<Message>, Failed> {
    let receive = client.receive_message().queue_url(url).max_number_of_messages(batch).wait_time_seconds(20);
    let received = receive.message_system_attribute_names(MessageSystemAttributeName::All).send().await?;
    Ok(received.messages.unwrap_or_default())
}

async fn invoke<H, F>(client: &Client, url: &str, messages: Vec<Message>, handler: &H)
where
    H: Fn(SqsEvent) -> F,
    F: Future<Output = SqsBatchResponse>,
{
    let mut event = SqsEvent::default();
    event.records = messages.iter().map(record).collect();
    let response = handler(event).await;
    let failed: Vec<&str> =
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
    let done = messages.iter().filter(|message| !failed.contains(&message.message_id.as_deref().unwrap_or_default()));
    let entries = done.enumerate().filter_map(|(index, message)| {
        let handle = message.receipt_handle.clone()?;
        DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(handle).build().ok()
    });
    let entries: Vec<_> = entries.collect();
    if entries.is_empty() {
        return;
    }
    // A message that is not deleted comes again: nothing that the functions could not stand.
    if let Err(error) = client.delete_message_batch().queue_url(url).set_entries(Some(entries)).send().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "messages were not deleted");
    }
}

fn record(message: &Message) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id.clone_from(&message.message_id);
    record.receipt_handle.clone_from(&message.receipt_handle);
    record.body.clone_from(&message.body);
    record.md5_of_body.clone_from(&message.md5_of_body);
    record.event_source = Some("aws:sqs".to_owned());
    let attributes = message.attributes.iter().flatten();
    record.attributes = attributes.map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
    record
}

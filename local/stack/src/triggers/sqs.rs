//! Pollers of a queue: receive, invoke with an SQS event, delete what was not reported as failed.

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::{
    Client,
    types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName},
};
use likeness_core::config::{ConfigError, Env};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

use super::invocations::Invocations;
use crate::sqs_client;

/// How a queue is polled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pollers {
    /// How many batches are worked on at once.
    pub(crate) count: usize,
    /// How many messages a batch has at most.
    pub(crate) batch: i32,
}

/// How many more messages reach a function; all of them, unless a test wants some to be lost.
#[derive(Debug, Default)]
pub(crate) struct Allowance(Mutex<Option<u32>>);

impl Allowance {
    pub(crate) fn set(&self, messages: Option<u32>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = messages;
    }

    fn admits(&self) -> bool {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// What all pollers of a stack share.
pub(crate) struct Polling<'a> {
    pub(crate) env: &'a Env,
    pub(crate) allowance: &'a Arc<Allowance>,
    pub(crate) invocations: &'a Invocations,
    pub(crate) stop: &'a watch::Receiver<bool>,
}

impl Polling<'_> {
    /// Starts the pollers of the queue that the variable `queue` names, which invoke `function`.
    pub(crate) fn start<H, F>(
        &self,
        tasks: &mut JoinSet<()>,
        queue: &str,
        function: &'static str,
        pollers: Pollers,
        handler: H,
    ) -> Result<(), ConfigError>
    where
        H: Fn(SqsEvent) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = SqsBatchResponse> + Send + 'static,
    {
        let client = sqs_client(self.env)?;
        let url = self.env.required(queue, "set by the stack")?.to_owned();
        let turn = Arc::new(Semaphore::new(1));
        for _ in 0..pollers.count {
            let queue = Queue {
                client: client.clone(),
                url: url.clone(),
                turn: Arc::clone(&turn),
                function,
                allowance: Arc::clone(self.allowance),
                invocations: self.invocations.clone(),
            };
            let (handler, mut stop) = (handler.clone(), self.stop.clone());
            tasks.spawn(async move {
                loop {
                    let received = tokio::select! {
                        _ = stop.wait_for(|stopping| *stopping) => return,
                        received = queue.receive(pollers.batch) => received,
                    };
                    match received {
                        Ok(messages) if messages.is_empty() => {}
                        Ok(messages) => queue.invoke(&messages, &handler).await,
                        Err(error) => {
                            tracing::warn!(error = error.as_ref() as &dyn Error, "the queue cannot be read");
                            tokio::time::sleep(Duration::from_millis(500)).await;
                        }
                    }
                }
            });
        }
        Ok(())
    }
}

struct Queue {
    client: Client,
    url: String,
    /// One poller of a queue waits for messages; the others work, or wait for their turn. So an idle queue costs one
    /// call in twenty seconds, however many batches may be worked on at once.
    turn: Arc<Semaphore>,
    function: &'static str,
    allowance: Arc<Allowance>,
    invocations: Invocations,
}

impl Queue {
    async fn receive(&self, batch: i32) -> Result<Vec<Message>, Box<dyn Error + Send + Sync>> {
        let _turn = self.turn.acquire().await?;
        let receive = self.client.receive_message().queue_url(&self.url).max_number_of_messages(batch);
        let receive = receive.wait_time_seconds(20);
        let received = receive.message_system_attribute_names(MessageSystemAttributeName::All).send().await?;
        let messages = received.messages.unwrap_or_default();
        messages.iter().filter_map(Message::message_id).for_each(|id| self.invocations.received(id));
        Ok(messages)
    }

    async fn invoke<H, F>(&self, messages: &[Message], handler: &H)
    where
        H: Fn(SqsEvent) -> F,
        F: Future<Output = SqsBatchResponse> + Send + 'static,
    {
        let mut event = SqsEvent::default();
        event.records = messages.iter().filter(|_| self.allowance.admits()).map(record).collect();
        let response = if event.records.is_empty() {
            SqsBatchResponse::default()
        } else {
            match self.invocations.run(self.function, handler(event)).await {
                Ok(response) => response,
                // As on AWS, where the whole batch comes again.
                Err(died) => {
                    tracing::error!(function = self.function, error = &died as &dyn Error, "a function died");
                    self.leave(messages);
                    return;
                }
            }
        };
        let failed: Vec<&str> =
            response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
        let (left, done): (Vec<&Message>, Vec<&Message>) =
            messages.iter().partition(|message| failed.contains(&message.message_id().unwrap_or_default()));
        self.leave(left);
        let entries = done.iter().enumerate().filter_map(|(index, message)| {
            let handle = message.receipt_handle.clone()?;
            DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(handle).build().ok()
        });
        let entries: Vec<_> = entries.collect();
        if entries.is_empty() {
            return;
        }
        let delete = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
        // A message that is not deleted comes again: nothing that the functions could not stand.
        if let Err(error) = delete.send().await {
            tracing::warn!(error = &error as &dyn Error, "messages were not deleted");
            self.leave(done);
        }
    }

    /// They come again once they are no longer hidden.
    fn leave<'a>(&self, messages: impl IntoIterator<Item = &'a Message>) {
        messages.into_iter().filter_map(Message::message_id).for_each(|id| self.invocations.left(id));
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

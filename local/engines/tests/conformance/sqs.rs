//! SQS' behaviours, on standard queues.

mod queues;
mod receiving;
mod redrive;
mod restart;
mod sending;

use std::path::Path;

use aws_sdk_sqs::{
    Client,
    operation::receive_message::builders::ReceiveMessageFluentBuilder,
    types::{Message, MessageSystemAttributeName, QueueAttributeName},
};
use likeness_engines::sqs::Sqs;

use super::clients::{self, Destination, ManualClock};

const SWITCH: &str = "LIKENESS_CONFORMANCE_SQS";

/// A client with a queue.
struct Target {
    client: Client,
    name: String,
    url: String,
    /// `None`: the real service.
    engine: Option<Engine>,
}

struct Engine {
    sqs: Sqs,
    clock: ManualClock,
}

impl Engine {
    fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
        self.sqs.wake();
    }
}

impl Target {
    async fn start() -> Self {
        let mut target = match Destination::aws(SWITCH) {
            Some(aws) => {
                Self { client: aws.sqs(), name: clients::unique("conformance"), url: String::new(), engine: None }
            }
            None => Self::embedded(None).await,
        };
        target.url = target.create(&target.name, []).await;
        target
    }

    /// The engine without a queue, on the files in `data`.
    async fn embedded(data: Option<&Path>) -> Self {
        let clock = ManualClock::at_noon();
        let sqs = Sqs::start(clients::listener().await, data, clock.clock()).await.unwrap();
        let client = Destination::embedded(sqs.endpoint()).sqs();
        let url = format!("{}/000000000000/conformance", sqs.endpoint());
        Self { client, name: "conformance".to_owned(), url, engine: Some(Engine { sqs, clock }) }
    }

    /// Makes another queue; returns its URL.
    async fn create<const N: usize>(&self, name: &str, attributes: [(QueueAttributeName, &str); N]) -> String {
        let create = attributes
            .into_iter()
            .fold(self.client.create_queue().queue_name(name), |create, (name, value)| create.attributes(name, value));
        create.send().await.unwrap().queue_url.unwrap()
    }

    async fn set(&self, name: QueueAttributeName, value: &str) {
        self.client.set_queue_attributes().queue_url(&self.url).attributes(name, value).send().await.unwrap();
    }

    async fn attribute(&self, url: &str, name: QueueAttributeName) -> String {
        let get = self.client.get_queue_attributes().queue_url(url).attribute_names(name.clone());
        get.send().await.unwrap().attributes.unwrap().remove(&name).unwrap()
    }

    /// Returns the message's id.
    async fn send(&self, body: &str) -> String {
        let send = self.client.send_message().queue_url(&self.url).message_body(body);
        send.send().await.unwrap().message_id.unwrap()
    }

    fn receiving(&self) -> ReceiveMessageFluentBuilder {
        self.client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
    }

    /// What is there: at once from the engine; the real service needs asking with a wait.
    async fn receive(&self) -> Vec<Message> {
        let wait = if self.engine.is_some() { 0 } else { 5 };
        self.receiving().wait_time_seconds(wait).send().await.unwrap().messages.unwrap_or_default()
    }

    async fn receive_one(&self) -> Message {
        let mut messages = self.receive().await;
        assert_eq!(messages.len(), 1);
        messages.remove(0)
    }

    async fn delete(&self, message: &Message) {
        let receipt = message.receipt_handle().unwrap();
        self.client.delete_message().queue_url(&self.url).receipt_handle(receipt).send().await.unwrap();
    }

    async fn stop(self) {
        match self.engine {
            Some(engine) => engine.sqs.stop().await,
            None => drop(self.client.delete_queue().queue_url(&self.url).send().await.unwrap()),
        }
    }
}

fn receive_count(message: &Message) -> &str {
    &message.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount]
}

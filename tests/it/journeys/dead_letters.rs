//! Messages that no function can attend to: out of the way of the others, seen, and brought back.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use http::{Method, StatusCode};
use likeness_stack::wire::{CallAction, Wire};
use serde_json::{Value, json};

use crate::harness::{Product, answer};

const DEAD: &str = "/api/v1/queues/master/dead-letters";
const REDRIVE: &str = "/api/v1/queues/master/redrive";

fn sqs(product: &Product) -> aws_sdk_sqs::Client {
    product.queues()
}

fn queue(product: &Product, name: &str) -> String {
    format!("{}/000000000000/likeness-{name}", product.stack().sqs().endpoint())
}

/// Lets time pass until so many messages were given up in the lane of masters.
async fn given_up(product: &Product, count: u64) {
    let dead = async || product.stack().sqs().depth("likeness-master-dead-letters").await.visible;
    // A message is received five times, and moved at the sixth.
    for _ in 0..8 {
        product.stack().settle().await;
        if dead().await == count {
            return;
        }
        // Longer than a message is hidden while a function works on it.
        product.pass(31);
    }
    panic!("{} given up; {:?}", dead().await, product.stack().depths().await);
}

fn depths<'a>(queues: &'a Value, name: &str) -> &'a Value {
    queues["queues"].as_array().unwrap().iter().find(|queue| queue["name"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_nobody_can_read_is_given_up_and_holds_up_nobody() {
    let product = Product::start().await;
    product.stack().deliver_only(Some(0));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.stack().settle().await;
    product.stack().deliver_only(None);
    // In one batch with the message that its job waits for.
    let entry =
        |id: &str, body: String| SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap();
    let batch = sqs(&product).send_message_batch().queue_url(queue(&product, "master"));
    let batch = batch.entries(entry("bad", "{\"job\":".to_owned()));
    batch.entries(entry("good", json!({ "job": job }).to_string())).send().await.unwrap();
    // No time passes: the bad one is hidden after its first delivery.
    let done = product.settled(&job).await;
    assert_eq!(done["status"], "completed", "held up: {done}");

    given_up(&product, 1).await;
    let dead = product.get(DEAD).await;
    assert_eq!((&dead["queue"], &dead["count"]), (&json!("master"), &json!(1)), "{dead}");
    let letter = &dead["messages"][0];
    assert!(letter["hint"].is_null() && letter["receives"].as_u64().unwrap() >= 1, "{dead}");
    assert!(letter["sentAt"].as_str().is_some() && !letter["messageId"].as_str().unwrap().is_empty());
    let queues = product.get("/api/v1/queues").await;
    assert_eq!(
        *depths(&queues, "master"),
        json!({
            "name": "master", "waiting": 0, "inFlight": 0, "delayed": 0, "deadLetters": 1
        })
    );
    assert_eq!(depths(&queues, "ingest")["deadLetters"], 0);
    assert_eq!(product.get(DEAD).await["messages"][0]["messageId"], letter["messageId"], "a look hides nothing");

    // Brought back it is given up again, as it cannot be read this time either.
    let (status, moved) = answer(product.request(Method::POST, REDRIVE)).await;
    assert_eq!((status, moved), (StatusCode::ACCEPTED, json!({ "queue": "master", "messages": 1 })));
    assert_eq!(product.stack().sqs().depth("likeness-master-dead-letters").await.visible, 0);
    given_up(&product, 1).await;
    sqs(&product).purge_queue().queue_url(queue(&product, "master-dead-letters")).send().await.unwrap();
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_while_the_table_failed_is_brought_back_and_done() {
    let product = Product::start().await;
    product.stack().deliver_only(Some(0));
    let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.stack().settle().await;
    // Reading the job's record fails.
    let table = product.table();
    let key = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
    let pk = format!("JOB#{job}");
    let read =
        table.get_item().table_name("likeness").set_key(Some([key("pk", pk), key("sk", "JOB".to_owned())].into()));
    let whole = read.send().await.unwrap().item.unwrap();
    let mut broken = whole.clone();
    broken.insert("job".to_owned(), AttributeValue::S("unreadable".to_owned()));
    table.put_item().table_name("likeness").set_item(Some(broken)).send().await.unwrap();
    product.stack().deliver_only(None);
    let body = json!({ "job": job }).to_string();
    sqs(&product).send_message().queue_url(queue(&product, "master")).message_body(&body).send().await.unwrap();
    given_up(&product, 1).await;
    assert_eq!(product.get(DEAD).await["messages"][0]["hint"], json!({ "job": job }));
    table.put_item().table_name("likeness").set_item(Some(whole)).send().await.unwrap();

    // Only members of its project see it, and an operator brings it back.
    product.create_project("elsewhere", "elsewhere-key").await;
    let url = |path: &str| format!("{}{path}", product.stack().url());
    let (_, seen) = answer(product.http.get(url(DEAD)).bearer_auth("elsewhere-key")).await;
    assert_eq!((&seen["count"], &seen["messages"]), (&json!(1), &json!([])), "{seen}");
    let key = json!({ "name": "reader", "scopes": ["read", "write", "generate"] });
    let (_, reader) = answer(product.request(Method::POST, "/api/v1/keys").json(&key)).await;
    let reader = reader["token"].as_str().unwrap();
    let (status, problem) = answer(product.http.post(url(REDRIVE)).bearer_auth(reader)).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")));
    assert_eq!(answer(product.http.get(url(DEAD)).bearer_auth(reader)).await.1["messages"][0]["hint"]["job"], job);
    for path in [DEAD, REDRIVE].map(|path| path.replace("master", "nothing")) {
        let method = if path.ends_with("redrive") { Method::POST } else { Method::GET };
        assert_eq!(answer(product.request(method, &path)).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(product.job(&job).await["status"], "queued");
    let (_, moved) = answer(product.request(Method::POST, REDRIVE)).await;
    assert_eq!(moved["messages"], 1);
    assert_eq!(product.settled(&job).await["status"], "completed");
    assert_eq!(product.get(DEAD).await["count"], 0);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redrive_that_failed_does_not_use_up_its_key() {
    let broken = Arc::new(AtomicBool::new(false));
    let asked = broken.clone();
    let wire = Wire::new(move |call| match call.operation == "StartMessageMoveTask" && asked.load(Ordering::SeqCst) {
        true => CallAction::Fail,
        false => CallAction::Forward,
    });
    let product = Product::with(|options| options.wire = Some(wire)).await;
    sqs(&product).send_message().queue_url(queue(&product, "master")).message_body("{\"job\":").send().await.unwrap();
    given_up(&product, 1).await;
    let redrive = || answer(product.request(Method::POST, REDRIVE).header("idempotency-key", "back"));

    broken.store(true, Ordering::SeqCst);
    let (status, problem) = redrive().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert_eq!(product.get(DEAD).await["count"], 1);
    broken.store(false, Ordering::SeqCst);
    let moved = (StatusCode::ACCEPTED, json!({ "queue": "master", "messages": 1 }));
    assert_eq!(redrive().await, moved);
    assert_eq!(product.get(DEAD).await["count"], 0);

    // What died since is not meant by a repetition.
    given_up(&product, 1).await;
    assert_eq!(redrive().await, moved);
    assert_eq!(product.get(DEAD).await["count"], 1);
    let elsewhere = product.request(Method::POST, &REDRIVE.replace("master", "profile"));
    let (status, problem) = answer(elsewhere.header("idempotency-key", "back")).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("idempotency_key_reused")), "{problem}");
    sqs(&product).purge_queue().queue_url(queue(&product, "master-dead-letters")).send().await.unwrap();
    product.finish().await;
}

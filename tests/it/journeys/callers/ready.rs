//! Ready means that requests are served.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::StatusCode;
use likeness_stack::wire::{CallAction, Service, Wire};

use crate::harness::{Product, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_table_the_service_is_not_ready() {
    let away = Arc::new(AtomicBool::new(false));
    let wire = Wire::new({
        let away = Arc::clone(&away);
        move |call| {
            let cut = call.by.is_some() && call.service == Service::Table && away.load(Ordering::SeqCst);
            if cut { CallAction::Disconnect } else { CallAction::Forward }
        }
    });
    let product = Product::with(|options| options.wire = Some(wire)).await;
    let health = || product.http.get(format!("{}/healthz", product.stack().url()));
    assert_eq!(health().send().await.unwrap().status(), StatusCode::OK);
    away.store(true, Ordering::SeqCst);
    let (status, problem) = answer(health()).await;
    assert_eq!((status.as_u16(), &problem["code"]), (503, &serde_json::json!("unavailable")), "{problem}");
    away.store(false, Ordering::SeqCst);
    assert_eq!(health().send().await.unwrap().status(), StatusCode::OK);
    product.finish().await;
}

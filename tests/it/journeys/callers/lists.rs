//! Lists: parameters that are unknown, filters, pages.

use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::profile::master;
use crate::harness::{Product, answer};

const JOBS: &str = "/api/v1/projects/demo/jobs";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_parameter_is_an_error_everywhere() {
    let product = Product::start().await;
    let project = "/api/v1/projects/demo";
    let mut asked: Vec<(Method, String)> = [
        "",
        "/members",
        "/subjects",
        "/people",
        "/loras",
        "/jobs",
        "/workflows",
        "/images",
        "/reports",
        "/collections",
        "/templates",
        "/relations/keeper",
    ]
    .map(|path| (Method::GET, format!("{project}{path}")))
    .into();
    for path in ["/api/v1/projects", "/api/v1/keys", "/api/v1/models", "/api/v1/queues"] {
        asked.push((Method::GET, path.to_owned()));
    }
    for path in
        ["/loras", "/workflows", "/images/generate/master", "/images/verify/uploads", "/images/verify/consistency"]
    {
        asked.push((Method::POST, format!("{project}{path}")));
    }
    for (method, path) in asked {
        let (status, problem) =
            answer(product.request(method, &format!("{path}?subjectid=nobody")).json(&json!({}))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {problem}");
        let error = &problem["errors"][0];
        assert_eq!((&error["in"], &error["pointer"]), (&json!("query"), &json!("/subjectid")), "{path}: {problem}");
    }
    let (_, problem) = answer(product.request(Method::GET, &format!("{project}/images?type=x&limit=0"))).await;
    let detail = problem["errors"][0]["detail"].as_str().unwrap();
    assert_eq!(detail, "is not a known parameter; known are subjectId, imageType, limit, cursor, offset");
    for query in ["limit=1&limit=2", "status=lost", "type=drawing", "createdAfter=today", "subjectId=a%20b"] {
        let (status, problem) = answer(product.request(Method::GET, &format!("{JOBS}?{query}"))).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["in"]), (400, &json!("query")), "{query}: {problem}");
    }
    product.finish().await;
}

/// The ids of all pages, none of which is empty but the last.
async fn all(product: &Product, query: &str) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = product.get(&format!("{JOBS}?limit=2&{query}{cursor}")).await;
        let jobs = page["jobs"].as_array().unwrap();
        assert!(!jobs.is_empty() || page["hasMore"] == json!(false), "{query}: {page}");
        ids.extend(jobs.iter().map(|job| job["jobId"].as_str().unwrap().to_owned()));
        let Some(next) = page["nextCursor"].as_str() else { return ids };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_are_found_by_status_type_subject_creator_and_time() {
    let product = Product::start().await;
    let image = master(&product).await;
    let first = all(&product, "").await.remove(0);
    product.pass(60);
    let middle = product.test_clock.now();
    let mut masters = vec![first.clone()];
    for number in 0..5 {
        let fields = json!({ "subjectId": if number == 2 { "wizard" } else { "keeper" }, "seed": number });
        masters.insert(0, product.post_master_with(fields).await);
        // Ids of one millisecond are in no order.
        product.pass(1);
    }
    let profile = json!({ "masterReferenceId": image, "subjectId": "keeper", "angles": [0] });
    let path = "/api/v1/projects/demo/images/generate/profile360";
    let (_, profile) = answer(product.request(Method::POST, path).json(&profile)).await;
    let profile = profile["jobId"].as_str().unwrap().to_owned();
    for job in masters.iter().chain([&profile]) {
        product.ended(job).await;
    }
    let canceled = product.post_master("a lighthouse keeper with a lamp").await;
    answer(product.request(Method::POST, &format!("/api/v1/jobs/{canceled}/cancel"))).await;
    product.settled(&canceled).await;

    let completed = |with: &[&String]| with.iter().map(|id| (*id).clone()).collect::<Vec<_>>();
    assert_eq!(all(&product, "type=profile_360").await, completed(&[&profile]));
    assert_eq!(all(&product, "subjectId=wizard").await, completed(&[&masters[2]]));
    assert_eq!(all(&product, "createdBy=demo").await.len(), 8);
    assert_eq!(all(&product, "createdBy=ann").await, completed(&[]));
    assert_eq!(all(&product, &format!("createdBefore={middle}")).await, completed(&[&first]));
    assert_eq!(all(&product, &format!("createdAfter={middle}&type=master&status=completed")).await, masters[..5]);
    let canceled_status = product.job(&canceled).await["status"].as_str().unwrap().to_owned();
    assert!(all(&product, &format!("status={canceled_status}")).await.contains(&canceled));
    assert_eq!(product.job(&first).await["createdBy"], "demo");

    // A cursor is of the list with its filters.
    let page: Value = product.get(&format!("{JOBS}?limit=2&type=master")).await;
    let next = page["nextCursor"].as_str().unwrap();
    let (status, problem) = answer(product.request(Method::GET, &format!("{JOBS}?limit=2&cursor={next}"))).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!("/cursor")));
    product.finish().await;
}

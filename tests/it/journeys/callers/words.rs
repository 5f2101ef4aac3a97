//! Words: refused ones in disguise, ordinary text of any script, and one text in two Unicode forms.

use http::StatusCode;
use serde_json::json;

use crate::harness::{Product, answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_word_is_found_in_disguise_and_ordinary_text_passes() {
    let product = Product::start().await;
    for description in [
        "a nu\u{ad}de figure on a rock",
        "a n\u{e0041}ude figure on a rock",
        "a nud\u{435} figure on a rock",
        "a ｎｕｄｅ figure on a rock",
        "a n u d e figure on a rock",
        "a n\u{336}u\u{336}d\u{336}e figure on a rock",
    ] {
        let (status, problem) = answer(product.master(&json!({ "description": description }))).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!("/description")), "{description}");
    }
    for description in [
        "שומר המגדלור (זקן)\u{200f} במעיל צהוב",
        "حارس المنارة (المسن)\u{200e} بمعطف أصفر",
        "a keeper whose name is \u{2067}שלום\u{2069}, in oilskins",
        "a denuded hill behind a lighthouse",
    ] {
        let (status, job) = answer(product.master(&json!({ "description": description }))).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{description}: {job}");
        product.ended(job["jobId"].as_str().unwrap()).await;
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_text_in_two_unicode_forms_is_one_request() {
    let product = Product::start().await;
    let post = |description: &str| {
        let body = json!({
            "subjectType": "character", "subjectId": "keeper", "description": description, "seed": 7
        });
        let path = "/api/v1/projects/demo/images/generate/master";
        answer(product.request(reqwest::Method::POST, path).json(&body))
    };
    let (composed, decomposed) = ("Ren\u{e9}e, a lighthouse keeper", "Rene\u{301}e, a lighthouse keeper");
    let (_, first) = post(composed).await;
    product.ended(first["jobId"].as_str().unwrap()).await;
    let (_, second) = post(decomposed).await;
    assert_eq!((&second["jobId"], &second["cached"]), (&first["jobId"], &json!(true)), "{second}");
    assert_eq!(product.fal().ledger().len(), 1, "paid once");
    product.finish().await;
}

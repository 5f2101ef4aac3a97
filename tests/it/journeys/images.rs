//! Lists of images: filters, pages, totals.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Product, answer};

fn ids(page: &Value) -> Vec<String> {
    page["images"].as_array().unwrap().iter().map(|image| image["mediaId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn images_are_listed_newest_first_by_subject_and_type_in_pages() {
    let product = Product::start().await;
    let mut made = Vec::new();
    for subject in ["keeper", "keeper", "lantern"] {
        product.pass(1);
        let job = product.post_master_with(json!({ "subjectId": subject })).await;
        made.push(product.ended(&job).await["result"]["mediaId"].as_str().unwrap().to_owned());
    }
    made.reverse();
    let base = "/api/v1/projects/demo/images";
    let all = product.get(base).await;
    assert_eq!((ids(&all), &all["total"], &all["hasMore"]), (made.clone(), &json!(3), &json!(false)));

    let first = product.get(&format!("{base}?limit=2")).await;
    assert_eq!((ids(&first), &first["hasMore"]), (made[..2].to_vec(), &json!(true)));
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = product.get(&format!("{base}?limit=2&cursor={cursor}")).await;
    assert_eq!((ids(&second), &second["nextCursor"]), (made[2..].to_vec(), &Value::Null));
    assert_eq!(ids(&product.get(&format!("{base}?offset=1&limit=1")).await), made[1..2]);

    let keeper = product.get(&format!("{base}?subjectId=keeper&imageType=master-reference")).await;
    assert_eq!((ids(&keeper), &keeper["total"]), (made[1..].to_vec(), &json!(2)));
    let of_type = product.get(&format!("{base}?imageType=master-reference&limit=1")).await;
    assert_eq!((ids(&of_type), &of_type["total"]), (made[..1].to_vec(), &json!(3)));
    assert_eq!(product.get(&format!("{base}?subjectId=nobody")).await["total"], 0);

    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("cursor=AAAA", "/cursor"),
        ("imageType=painting", "/imageType"),
        ("subjectId=a/b", "/subjectId"),
        ("offset=-1", "/offset"),
        (&format!("subjectId=keeper&cursor={cursor}"), "/cursor"),
    ] {
        let (status, problem) = answer(product.request(Method::GET, &format!("{base}?{query}"))).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{query}: {problem}");
    }
    product.finish().await;
}

//! Photographs compared: a thing before one background against the same thing before another, and against another thing.
//!
//! They run where the folder of pictures is, as those of `real_profile`.

use serde_json::{Value, json};

use super::{
    real_profile::{pictures, serve},
    verify::{upload, verified},
};
use crate::harness::Product;

/// The master's prompt has this word.
const MASTER: &str = "lighthouse";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photographed_thing_is_told_from_another_before_any_background() {
    let Some(folder) = pictures() else { return };
    let product = Product::start().await;
    serve(&product, folder.join("db_bear_plushie__x__1.jpg"), MASTER.to_owned(), Some(1));
    let master = product.post_master_with(json!({ "seed": 5 })).await;
    let master = product.ended(&master).await["result"]["mediaId"].as_str().unwrap().to_owned();
    let against_master = async |file: &str| -> Value {
        let picture = std::fs::read(folder.join(file)).unwrap();
        let upload = upload(&product, "image/jpeg", picture).await;
        verified(&product, json!({ "newImageId": upload, "referenceSetId": master })).await
    };

    for same in ["db_bear_plushie__x__0.jpg", "db_bear_plushie__x__4.jpg"] {
        let same = against_master(same).await;
        assert_eq!(same["passed"], true, "{same}");
    }
    for other in ["db_monster_toy__x__0.jpg", "db_dog8__x__1.jpg", "db_backpack__x__3.jpg"] {
        let other = against_master(other).await;
        assert_eq!(other["passed"], false, "{other}");
        assert!(other["overallConsistency"].as_f64().unwrap() < 0.7, "{other}");
    }
    product.finish().await;
}

//! Keys of every shape.

use std::collections::BTreeSet;

use super::Target;

const KEYS: [&str; 17] = [
    "plain.webp",
    "Grüße/日本語/🎨.png",
    "with space and  two",
    "a+b",
    "100%",
    "%41",
    "what?x=1&y=2",
    "number#7",
    "../escape",
    "a/../b",
    "./dot",
    "a//b",
    "dir/",
    "dir",
    "dir/file",
    "quote\"'<>&;=@:,$!*()[]{}|\\^`~",
    "-_.~",
];

#[tokio::test]
async fn a_key_is_any_text_and_names_one_object() {
    let target = Target::start().await;
    for key in KEYS {
        target.put(key, key.as_bytes()).await;
    }
    for key in KEYS {
        assert_eq!(target.get(key).await, key.as_bytes(), "{key}");
        target.client.head_object().bucket(&target.bucket).key(target.key(key)).send().await.unwrap();
    }
    let list = target.client.list_objects_v2().bucket(&target.bucket).prefix(&target.prefix).send().await.unwrap();
    let listed: BTreeSet<_> = list.contents().iter().map(|object| object.key().unwrap().to_owned()).collect();
    assert_eq!(listed, KEYS.iter().map(|key| target.key(key)).collect());
    for key in KEYS {
        target.client.delete_object().bucket(&target.bucket).key(target.key(key)).send().await.unwrap();
        assert!(target.try_get(key).await.is_err(), "{key}");
    }
    target.stop().await;
}

#[tokio::test]
async fn a_key_may_be_the_beginning_of_another() {
    let target = Target::start().await;
    target.put("a/b/c", b"long").await;
    target.put("a", b"short").await;
    target.put("a/b", b"middle").await;
    target.client.delete_object().bucket(&target.bucket).key(target.key("a")).send().await.unwrap();
    assert_eq!(target.get("a/b").await, b"middle");
    assert_eq!(target.get("a/b/c").await, b"long");
    target.stop().await;
}

#[tokio::test]
async fn a_key_of_900_bytes_works_and_of_1025_does_not() {
    let target = Target::start().await;
    let long = |bytes: usize| "é".repeat((bytes - target.prefix.len()) / 2);
    target.put(&long(900), b"x").await;
    assert_eq!(target.get(&long(900)).await, b"x");
    let put = target.client.put_object().bucket(&target.bucket).key(target.key(&long(1026)));
    assert!(put.send().await.is_err());
    target.stop().await;
}

//! ListObjects, versions 1 and 2.

use aws_sdk_s3::operation::list_objects_v2::{ListObjectsV2Output, builders::ListObjectsV2FluentBuilder};

use super::{Target, refusal};

impl Target {
    async fn fill(&self) {
        for name in ["a/1", "a/2", "a-b", "b/x/1", "b/x/2", "b/y", "c", "é"] {
            self.put(name, name.as_bytes()).await;
        }
    }

    fn list(&self, prefix: &str) -> ListObjectsV2FluentBuilder {
        self.client.list_objects_v2().bucket(&self.bucket).prefix(self.key(prefix))
    }

    /// Keys, and after them common prefixes, without the test's own prefix.
    fn names(&self, list: &ListObjectsV2Output) -> Vec<String> {
        let keys = list.contents().iter().map(|object| object.key().unwrap());
        let prefixes = list.common_prefixes().iter().map(|prefix| prefix.prefix().unwrap());
        keys.chain(prefixes).map(|name| name.strip_prefix(&self.prefix).unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn keys_are_listed_in_byte_order_with_etag_and_size() {
    let target = Target::start().await;
    target.fill().await;
    let list = target.list("").send().await.unwrap();
    assert_eq!(target.names(&list), ["a-b", "a/1", "a/2", "b/x/1", "b/x/2", "b/y", "c", "é"]);
    assert_eq!((list.key_count(), list.is_truncated()), (Some(8), Some(false)));
    let head = target.client.head_object().bucket(&target.bucket).key(target.key("a-b")).send().await.unwrap();
    let first = &list.contents()[0];
    assert_eq!((first.e_tag(), first.size()), (head.e_tag(), Some(3)));
    assert_eq!(first.last_modified().unwrap().secs(), head.last_modified().unwrap().secs());
    target.stop().await;
}

#[tokio::test]
async fn a_prefix_narrows_and_a_delimiter_rolls_up() {
    let target = Target::start().await;
    target.fill().await;
    assert_eq!(target.names(&target.list("a").send().await.unwrap()), ["a-b", "a/1", "a/2"]);
    assert_eq!(target.names(&target.list("a/").send().await.unwrap()), ["a/1", "a/2"]);
    let rolled_up = target.list("").delimiter("/").send().await.unwrap();
    assert_eq!(target.names(&rolled_up), ["a-b", "c", "é", "a/", "b/"]);
    assert_eq!(rolled_up.key_count(), Some(5));
    assert_eq!(target.names(&target.list("b/").delimiter("/").send().await.unwrap()), ["b/y", "b/x/"]);
    assert_eq!(target.names(&target.list("nothing").send().await.unwrap()), Vec::<String>::new());
    target.stop().await;
}

#[tokio::test]
async fn a_listing_goes_on_where_the_page_ended() {
    let target = Target::start().await;
    target.fill().await;
    for delimiter in [None, Some("/")] {
        let whole = target.list("").set_delimiter(delimiter.map(str::to_owned)).send().await.unwrap();
        let list = target.list("").set_delimiter(delimiter.map(str::to_owned)).max_keys(2);
        let mut pages = list.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            assert!(page.key_count().unwrap() <= 2);
            names.extend(target.names(&page));
        }
        let mut expected = target.names(&whole);
        names.sort();
        expected.sort();
        assert_eq!(names, expected);
    }
    target.stop().await;
}

#[tokio::test]
async fn a_listing_starts_behind_a_key() {
    let target = Target::start().await;
    target.fill().await;
    let list = target.list("").start_after(target.key("b/x/1")).send().await.unwrap();
    assert_eq!(target.names(&list), ["b/x/2", "b/y", "c", "é"]);
    target.stop().await;
}

#[tokio::test]
async fn a_continuation_token_that_is_none_is_refused() {
    let target = Target::start().await;
    let list = target.list("").continuation_token("nonsense").send().await;
    assert_eq!(refusal(list).unwrap_err().0, 400);
    target.stop().await;
}

#[tokio::test]
async fn version_1_lists_the_same_and_goes_on_behind_its_marker() {
    let target = Target::start().await;
    target.fill().await;
    let without = |name: &str| name.strip_prefix(&target.prefix).unwrap().to_owned();
    for (delimiter, expected) in [
        (None, vec!["a-b", "a/1", "a/2", "b/x/1", "b/x/2", "b/y", "c", "é"]),
        (Some("/"), vec!["a-b", "a/", "b/", "c", "é"]),
    ] {
        let (mut found, mut marker) = (Vec::new(), None);
        loop {
            let list = target.client.list_objects().bucket(&target.bucket).prefix(&target.prefix).max_keys(2);
            let page = list.set_delimiter(delimiter.map(str::to_owned)).set_marker(marker.take()).send().await.unwrap();
            let keys: Vec<_> = page.contents().iter().map(|object| object.key().unwrap().to_owned()).collect();
            found.extend(keys.iter().map(|key| without(key)));
            found.extend(page.common_prefixes().iter().map(|prefix| without(prefix.prefix().unwrap())));
            // As clients do it: the last key where there is no marker.
            marker = page.next_marker().map(str::to_owned).or_else(|| keys.last().cloned());
            assert_eq!(page.next_marker().is_some(), delimiter.is_some() && page.is_truncated() == Some(true));
            if page.is_truncated() == Some(false) {
                break;
            }
        }
        found.sort();
        assert_eq!(found, expected);
    }
    target.stop().await;
}

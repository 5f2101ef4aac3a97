//! `If-None-Match` and its relatives.

use aws_sdk_s3::primitives::{ByteStream, DateTime};

use super::{Target, refusal, refused};

#[tokio::test]
async fn of_many_first_writers_exactly_one_wins() {
    let target = Target::start().await;
    let writers = (0..16_u8).map(|writer| {
        let (client, bucket, key) = (target.client.clone(), target.bucket.clone(), target.key("raced"));
        tokio::spawn(async move {
            let put = client.put_object().bucket(bucket).key(key).if_none_match("*");
            let put = put.body(ByteStream::from(vec![writer; 50_000]));
            (writer, refusal(put.send().await).map(drop))
        })
    });
    let mut winners = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        match writer.await.unwrap() {
            (writer, Ok(())) => winners.push(writer),
            (_, Err((status, _))) => assert!(status == 412 || status == 409, "{status}"),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(target.get("raced").await, [winners[0]; 50_000]);
    target.stop().await;
}

#[tokio::test]
async fn a_put_over_another_version_than_expected_is_refused() {
    let target = Target::start().await;
    let old = target.put("versioned", b"old").await;
    let put = |etag: &str, body: &'static [u8]| {
        let put = target.client.put_object().bucket(&target.bucket).key(target.key("versioned"));
        put.if_match(etag).body(ByteStream::from_static(body)).send()
    };
    put(&old, b"new").await.unwrap();
    assert_eq!(refusal(put(&old, b"lost").await).unwrap_err(), refused(412, "PreconditionFailed"));
    assert_eq!(target.get("versioned").await, b"new");
    target.stop().await;
}

#[tokio::test]
async fn a_read_of_what_the_reader_has_is_not_modified() {
    let target = Target::start().await;
    let etag = target.put("cached", b"pixels").await;
    let get = || target.client.get_object().bucket(&target.bucket).key(target.key("cached"));
    assert_eq!(refusal(get().if_none_match(&etag).send().await).unwrap_err().0, 304);
    let head = target.client.head_object().bucket(&target.bucket).key(target.key("cached"));
    assert_eq!(refusal(head.if_none_match(&etag).send().await).unwrap_err().0, 304);
    get().if_none_match("\"another\"").send().await.unwrap();
    let modified = get().send().await.unwrap().last_modified.unwrap();
    assert_eq!(refusal(get().if_modified_since(modified).send().await).unwrap_err().0, 304);
    get().if_modified_since(DateTime::from_secs(modified.secs() - 1)).send().await.unwrap();
    target.stop().await;
}

#[tokio::test]
async fn a_read_of_another_version_than_expected_is_refused() {
    let target = Target::start().await;
    let etag = target.put("expected", b"pixels").await;
    let get = || target.client.get_object().bucket(&target.bucket).key(target.key("expected"));
    get().if_match(&etag).send().await.unwrap();
    let failed = refusal(get().if_match("\"another\"").send().await).unwrap_err();
    assert_eq!(failed, refused(412, "PreconditionFailed"));
    let modified = get().send().await.unwrap().last_modified.unwrap();
    let before = DateTime::from_secs(modified.secs() - 1);
    assert_eq!(refusal(get().if_unmodified_since(before).send().await).unwrap_err().0, 412);
    get().if_unmodified_since(modified).send().await.unwrap();
    target.stop().await;
}

#[tokio::test]
async fn a_copy_of_another_version_than_expected_is_refused() {
    let target = Target::start().await;
    let etag = target.put("checked", b"pixels").await;
    let copy = |from: &str, etag: &str| {
        let copy = target.client.copy_object().bucket(&target.bucket).key(target.key("copy"));
        copy.copy_source(format!("{}/{}", target.bucket, target.key(from))).copy_source_if_match(etag).send()
    };
    let other = refusal(copy("checked", "\"another\"").await).unwrap_err();
    assert_eq!(other, refused(412, "PreconditionFailed"));
    assert_eq!(refusal(copy("nothing", &etag).await).unwrap_err(), refused(404, "NoSuchKey"));
    assert_eq!(target.try_get("copy").await.unwrap_err(), refused(404, "NoSuchKey"));
    let copied = copy("checked", &etag).await.unwrap();
    assert_eq!(copied.copy_object_result().unwrap().e_tag(), Some(etag.as_str()));
    assert_eq!(target.get("copy").await, b"pixels");
    target.stop().await;
}

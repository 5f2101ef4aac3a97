//! Put, get, head, copy, delete; checksums.

use std::sync::Arc;

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{ChecksumMode, Delete, MetadataDirective, ObjectIdentifier},
};

use super::{Target, bytes, refusal, refused};

#[tokio::test]
async fn an_object_comes_back_with_everything_said_about_it() {
    let target = Target::start().await;
    let put = target.client.put_object().bucket(&target.bucket).key(target.key("a.webp"));
    let put = put.body(ByteStream::from_static(b"pixels")).content_type("image/webp").cache_control("max-age=60");
    let put = put.content_disposition("inline; filename=\"a.webp\"").content_encoding("identity");
    let put = put.content_language("en").metadata("job", "01J").metadata("shot-number", "3");
    let etag = put.send().await.unwrap().e_tag.unwrap();
    assert_eq!(etag, format!("\"{PIXELS_MD5}\""));

    let head = target.client.head_object().bucket(&target.bucket).key(target.key("a.webp")).send().await.unwrap();
    assert_eq!((head.e_tag(), head.content_length()), (Some(etag.as_str()), Some(6)));
    assert_eq!(head.metadata().unwrap()["shot-number"], "3");
    let got = target.try_get("a.webp").await.unwrap();
    assert_eq!(got.content_type(), Some("image/webp"));
    assert_eq!(got.cache_control(), Some("max-age=60"));
    assert_eq!(got.content_disposition(), Some("inline; filename=\"a.webp\""));
    assert_eq!(got.content_language(), Some("en"));
    assert_eq!(got.metadata().unwrap()["job"], "01J");
    assert_eq!(got.metadata(), head.metadata());
    assert_eq!(got.last_modified(), head.last_modified());
    if target.engine.is_some() {
        assert_eq!(got.last_modified().unwrap().secs(), 1_790_000_000);
    }
    assert_eq!(bytes(got).await, b"pixels");
    target.stop().await;
}

/// `md5sum` of `pixels`.
const PIXELS_MD5: &str = "d399848208da8b80a306af0fd62bb03f";

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let target = Target::start().await;
    assert_eq!(target.try_get("nothing").await.unwrap_err(), refused(404, "NoSuchKey"));
    let head = target.client.head_object().bucket(&target.bucket).key(target.key("nothing")).send().await;
    assert!(head.unwrap_err().into_service_error().is_not_found());
    let elsewhere = target.client.get_object().bucket("conformance-nowhere").key("nothing").send().await;
    assert_eq!(refusal(elsewhere).unwrap_err(), refused(404, "NoSuchBucket"));
    target.stop().await;
}

#[tokio::test]
async fn an_empty_object_is_an_object() {
    let target = Target::start().await;
    target.put("empty", b"").await;
    assert_eq!(target.get("empty").await, b"");
    target.stop().await;
}

#[tokio::test]
async fn a_large_object_comes_back_whole() {
    let target = Target::start().await;
    let image: Vec<u8> = (0..12_000_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    target.put("large", &image).await;
    assert!(target.get("large").await == image);
    target.stop().await;
}

#[tokio::test]
async fn ranges_are_cut_out_and_impossible_ones_refused() {
    let target = Target::start().await;
    target.put("digits", b"0123456789").await;
    let range = async |range: &str| {
        let get = target.client.get_object().bucket(&target.bucket).key(target.key("digits")).range(range);
        refusal(get.send().await)
    };
    for (wanted, content_range, expected) in [
        ("bytes=2-4", "bytes 2-4/10", "234"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=-2", "bytes 8-9/10", "89"),
        ("bytes=8-100", "bytes 8-9/10", "89"),
    ] {
        let part = range(wanted).await.unwrap();
        assert_eq!(part.content_range(), Some(content_range));
        assert_eq!(part.content_length(), Some(expected.len() as i64));
        assert_eq!(bytes(part).await, expected.as_bytes());
    }
    assert_eq!(range("bytes=10-").await.unwrap_err(), refused(416, "InvalidRange"));
    target.stop().await;
}

#[tokio::test]
async fn a_copy_keeps_or_replaces_the_metadata() {
    let target = Target::start().await;
    let put = target.client.put_object().bucket(&target.bucket).key(target.key("from é+ %"));
    let put = put.body(ByteStream::from_static(b"pixels")).content_type("image/png").metadata("job", "1");
    let etag = put.send().await.unwrap().e_tag;
    let source = "conformance/from%20%C3%A9%2B%20%25".replace("conformance/", &target.prefix);
    let copy = |name: &str| {
        let copy = target.client.copy_object().bucket(&target.bucket).key(target.key(name));
        copy.copy_source(format!("{}/{source}", target.bucket))
    };
    let copied = copy("kept").send().await.unwrap();
    assert_eq!(copied.copy_object_result().unwrap().e_tag(), etag.as_deref());
    let kept = target.try_get("kept").await.unwrap();
    assert_eq!((kept.content_type(), kept.metadata().unwrap()["job"].as_str()), (Some("image/png"), "1"));
    let replace = copy("replaced").metadata_directive(MetadataDirective::Replace).content_type("image/webp");
    replace.metadata("job", "2").send().await.unwrap();
    let replaced = target.try_get("replaced").await.unwrap();
    assert_eq!((replaced.content_type(), replaced.metadata().unwrap()["job"].as_str()), (Some("image/webp"), "2"));
    assert_eq!(bytes(replaced).await, b"pixels");
    let missing = target.client.copy_object().bucket(&target.bucket).key(target.key("copy"));
    let missing = missing.copy_source(format!("{}/{}nothing", target.bucket, target.prefix)).send().await;
    assert_eq!(refusal(missing).unwrap_err(), refused(404, "NoSuchKey"));
    target.stop().await;
}

#[tokio::test]
async fn a_delete_is_repeatable() {
    let target = Target::start().await;
    target.put("gone", b"x").await;
    for _ in 0..2 {
        target.client.delete_object().bucket(&target.bucket).key(target.key("gone")).send().await.unwrap();
    }
    assert_eq!(target.try_get("gone").await.unwrap_err(), refused(404, "NoSuchKey"));
    target.stop().await;
}

#[tokio::test]
async fn a_batch_deletes_what_is_there_and_what_is_not() {
    let target = Target::start().await;
    target.put("one", b"1").await;
    target.put("zwei & <drei>", b"2").await;
    target.put("other", b"3").await;
    let keys = ["one", "zwei & <drei>", "never"].map(|name| ObjectIdentifier::builder().key(target.key(name)).build());
    let batch = Delete::builder().set_objects(Some(keys.into_iter().map(Result::unwrap).collect())).build().unwrap();
    let deleted = target.client.delete_objects().bucket(&target.bucket).delete(batch).send().await.unwrap();
    assert_eq!((deleted.deleted().len(), deleted.errors().len()), (3, 0));
    assert!(target.try_get("zwei & <drei>").await.is_err());
    assert_eq!(target.get("other").await, b"3");
    target.stop().await;
}

#[tokio::test]
async fn a_reader_never_sees_half_an_overwrite() {
    const BYTES: usize = 300_000;
    let target = Target::start().await;
    target.put("torn", &[0; BYTES]).await;
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let readers = (0..4).map(|_| {
        let (client, done) = (target.client.clone(), Arc::clone(&done));
        let (bucket, key) = (target.bucket.clone(), target.key("torn"));
        tokio::spawn(async move {
            let mut reads = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) || reads == 0 {
                let read = bytes(client.get_object().bucket(&bucket).key(&key).send().await.unwrap()).await;
                assert_eq!(read.len(), BYTES);
                assert!(read.iter().all(|&byte| byte == read[0]), "half of two versions");
                reads += 1;
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    for version in 1..=20 {
        target.put("torn", &[version; BYTES]).await;
    }
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    target.stop().await;
}

#[tokio::test]
async fn the_default_checksums_of_the_sdk_work() {
    let target = Target::start().await;
    let client = target.with_checksums();
    let put = client.put_object().bucket(&target.bucket).key(target.key("checked"));
    put.body(ByteStream::from_static(b"pixels")).send().await.unwrap();
    let get = client.get_object().bucket(&target.bucket).key(target.key("checked"));
    let got = get.send().await.unwrap();
    if target.engine.is_some() {
        assert_eq!(got.checksum_crc32(), Some("zhE8yw=="));
    }
    assert_eq!(bytes(got).await, b"pixels");
    // A body that is read once, as from a file, has its checksum in a trailer.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "pixels").unwrap();
    let put = client.put_object().bucket(&target.bucket).key(target.key("streamed"));
    put.body(ByteStream::from_path(file.path()).await.unwrap()).send().await.unwrap();
    let got = client.get_object().bucket(&target.bucket).key(target.key("streamed")).send().await.unwrap();
    if target.engine.is_some() {
        assert_eq!(got.checksum_crc32(), Some("zhE8yw=="));
    }
    assert_eq!(bytes(got).await, b"pixels");
    // The checksum of the whole does not fit a part, and is not compared.
    let part = client.get_object().bucket(&target.bucket).key(target.key("checked")).range("bytes=0-1");
    assert_eq!(bytes(part.send().await.unwrap()).await, b"pi");
    target.stop().await;
}

#[tokio::test]
async fn a_wrong_checksum_stores_nothing() {
    let target = Target::start().await;
    let put = || {
        let put = target.client.put_object().bucket(&target.bucket).key(target.key("wrong"));
        put.body(ByteStream::from_static(b"pixels"))
    };
    for wrong in [
        put().checksum_crc32("AAAAAA=="),
        put().checksum_sha256("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        put().content_md5("AAAAAAAAAAAAAAAAAAAAAA=="),
    ] {
        assert_eq!(refusal(wrong.send().await).unwrap_err().0, 400);
    }
    assert_eq!(target.try_get("wrong").await.unwrap_err(), refused(404, "NoSuchKey"));
    put().checksum_sha256("bsnCsOsUAQdGyLzok5MDs4I0SyliBmEuuKkHo3srLzc=").send().await.unwrap();
    let head = target.client.head_object().bucket(&target.bucket).key(target.key("wrong"));
    let head = head.checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(head.checksum_sha256(), Some("bsnCsOsUAQdGyLzok5MDs4I0SyliBmEuuKkHo3srLzc="));
    target.stop().await;
}

#[tokio::test]
async fn a_bucket_is_made_once_and_deleted_when_empty() {
    let target = Target::start().await;
    if target.engine.is_some() {
        target.client.create_bucket().bucket("second").send().await.unwrap();
        let again = target.client.create_bucket().bucket("second").send().await.unwrap_err();
        assert!(again.into_service_error().is_bucket_already_owned_by_you());
        target.client.head_bucket().bucket("second").send().await.unwrap();
        let put = target.client.put_object().bucket("second").key("a").body(ByteStream::from_static(b"x"));
        put.send().await.unwrap();
        let full = target.client.delete_bucket().bucket("second").send().await;
        assert_eq!(refusal(full).unwrap_err(), refused(409, "BucketNotEmpty"));
        target.client.delete_object().bucket("second").key("a").send().await.unwrap();
        target.client.delete_bucket().bucket("second").send().await.unwrap();
        let buckets = target.client.list_buckets().send().await.unwrap();
        assert_eq!(buckets.buckets().iter().map(|bucket| bucket.name().unwrap()).collect::<Vec<_>>(), ["conformance"]);
    }
    target.stop().await;
}

#[tokio::test]
async fn several_ranges_at_once_bring_the_whole_object() {
    let target = Target::start().await;
    target.put("digits", b"0123456789").await;
    let get =
        |name: &str| target.client.get_object().bucket(&target.bucket).key(target.key(name)).range("bytes=0-1,4-5");
    let got = get("digits").send().await.unwrap();
    assert_eq!((got.content_range(), got.content_length()), (None, Some(10)));
    assert_eq!(bytes(got).await, b"0123456789");
    assert_eq!(refusal(get("nothing").send().await).unwrap_err().0, 404);
    let presigned = target.client.get_object().bucket(&target.bucket).key(target.key("digits"));
    let minute = aws_sdk_s3::presigning::PresigningConfig::expires_in(std::time::Duration::from_secs(60)).unwrap();
    let url = presigned.presigned(minute).await.unwrap().uri().to_owned();
    let answer = super::browser().get(&url).header("range", "bytes=0-1,-2").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, "0123456789".to_owned()));
    let forged = url.replace("X-Amz-Expires=60", "X-Amz-Expires=61");
    let answer = super::browser().get(forged).header("range", "bytes=0-1,-2").send().await.unwrap();
    assert_eq!(answer.status(), 403, "several ranges are no way past the signature");
    target.stop().await;
}

//! Uploads in parts.

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};

use super::{Target, bytes, refusal, refused};

const PART: usize = 5 << 20;

/// An upload under way.
struct Upload<'a> {
    target: &'a Target,
    id: String,
}

impl<'a> Upload<'a> {
    async fn start(target: &'a Target) -> Self {
        let create = target.client.create_multipart_upload().bucket(&target.bucket).key(target.key("parts"));
        let created = create.content_type("image/png").metadata("job", "1").send().await.unwrap();
        Self { target, id: created.upload_id.unwrap() }
    }

    async fn part(&self, number: i32, byte: u8, size: usize) -> CompletedPart {
        let Target { client, bucket, .. } = self.target;
        let part = client.upload_part().bucket(bucket).key(self.target.key("parts")).upload_id(&self.id);
        let sent = part.part_number(number).body(ByteStream::from(vec![byte; size])).send().await.unwrap();
        CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build()
    }

    async fn complete(&self, parts: Vec<CompletedPart>) -> Result<String, super::Refusal> {
        let Target { client, bucket, .. } = self.target;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = client.complete_multipart_upload().bucket(bucket).key(self.target.key("parts"));
        let completed = complete.upload_id(&self.id).multipart_upload(parts).send().await;
        refusal(completed).map(|completed| completed.e_tag.unwrap())
    }
}

#[tokio::test]
async fn parts_become_one_object() {
    let target = Target::start().await;
    let upload = Upload::start(&target).await;
    // Sent out of order, and one of them twice.
    let second = upload.part(2, 2, 3).await;
    upload.part(1, 9, PART).await;
    let first = upload.part(1, 1, PART).await;
    let listed = target.client.list_parts().bucket(&target.bucket).key(target.key("parts")).upload_id(&upload.id);
    let listed = listed.send().await.unwrap();
    let numbers: Vec<_> =
        listed.parts().iter().map(|part| (part.part_number().unwrap(), part.size().unwrap())).collect();
    assert_eq!(numbers, [(1, PART as i64), (2, 3)]);
    assert!(target.try_get("parts").await.is_err(), "not there before it is complete");

    let etag = upload.complete(vec![first, second]).await.unwrap();
    assert!(etag.ends_with("-2\""), "{etag}");
    let got = target.try_get("parts").await.unwrap();
    assert_eq!((got.e_tag(), got.content_type()), (Some(etag.as_str()), Some("image/png")));
    assert_eq!(got.metadata().unwrap()["job"], "1");
    let got = bytes(got).await;
    assert_eq!((got.len(), got[0], got[PART - 1], &got[PART..]), (PART + 3, 1, 1, &[2, 2, 2][..]));
    target.stop().await;
}

#[tokio::test]
async fn an_upload_needs_its_parts_in_order_whole_and_large_enough() {
    let target = Target::start().await;
    let upload = Upload::start(&target).await;
    let (one, two) = (upload.part(1, 1, 3).await, upload.part(2, 2, 3).await);
    let wrong = CompletedPart::builder().part_number(1).e_tag("\"00000000000000000000000000000000\"").build();
    let disordered = upload.complete(vec![two.clone(), one.clone()]).await.unwrap_err();
    assert_eq!(disordered, refused(400, "InvalidPartOrder"));
    assert_eq!(upload.complete(vec![wrong]).await.unwrap_err(), refused(400, "InvalidPart"));
    assert_eq!(upload.complete(vec![one.clone(), two]).await.unwrap_err(), refused(400, "EntityTooSmall"));
    upload.complete(vec![one]).await.unwrap();
    assert_eq!(target.get("parts").await, [1, 1, 1]);
    target.stop().await;
}

#[tokio::test]
async fn an_aborted_upload_is_gone() {
    let target = Target::start().await;
    let upload = Upload::start(&target).await;
    let part = upload.part(1, 1, 3).await;
    let abort = target.client.abort_multipart_upload().bucket(&target.bucket).key(target.key("parts"));
    abort.upload_id(&upload.id).send().await.unwrap();
    assert_eq!(upload.complete(vec![part]).await.unwrap_err(), refused(404, "NoSuchUpload"));
    assert!(target.try_get("parts").await.is_err());
    target.stop().await;
}

#[tokio::test]
async fn parts_with_default_checksums_work() {
    let target = Target::start().await;
    let client = target.with_checksums();
    let created = client.create_multipart_upload().bucket(&target.bucket).key(target.key("parts")).send().await;
    let id = created.unwrap().upload_id.unwrap();
    let part = client.upload_part().bucket(&target.bucket).key(target.key("parts")).upload_id(&id).part_number(1);
    let sent = part.body(ByteStream::from_static(b"pixels")).send().await.unwrap();
    let part = CompletedPart::builder().part_number(1).set_e_tag(sent.e_tag).set_checksum_crc32(sent.checksum_crc32);
    let parts = CompletedMultipartUpload::builder().parts(part.build()).build();
    let complete = client.complete_multipart_upload().bucket(&target.bucket).key(target.key("parts"));
    complete.upload_id(&id).multipart_upload(parts).send().await.unwrap();
    let got = client.get_object().bucket(&target.bucket).key(target.key("parts")).send().await.unwrap();
    assert_eq!(bytes(got).await, b"pixels");
    target.stop().await;
}

#[tokio::test]
async fn unfinished_uploads_are_listed_until_they_end() {
    let target = Target::start().await;
    let (first, second) = (Upload::start(&target).await, Upload::start(&target).await);
    let list = || target.client.list_multipart_uploads().bucket(&target.bucket).prefix(&target.prefix);
    let ids = |list: &aws_sdk_s3::operation::list_multipart_uploads::ListMultipartUploadsOutput| {
        let ids = list.uploads().iter().map(|upload| upload.upload_id().unwrap().to_owned());
        assert!(list.uploads().iter().all(|upload| upload.key() == Some(target.key("parts").as_str())));
        assert!(list.uploads().iter().all(|upload| upload.initiated().is_some()));
        ids.collect::<Vec<_>>()
    };
    let whole = list().send().await.unwrap();
    let mut expected = vec![first.id.clone(), second.id.clone()];
    let mut found = ids(&whole);
    if target.engine.is_none() {
        expected.sort();
        found.sort();
    }
    assert_eq!((found, whole.is_truncated()), (expected, Some(false)));

    let page = list().max_uploads(1).send().await.unwrap();
    assert_eq!((page.uploads().len(), page.is_truncated()), (1, Some(true)));
    let next = list().set_key_marker(page.next_key_marker.clone());
    let next = next.set_upload_id_marker(page.next_upload_id_marker.clone()).send().await.unwrap();
    assert_eq!((next.uploads().len(), next.is_truncated()), (1, Some(false)));
    assert_ne!(ids(&page), ids(&next));

    for upload in [first, second] {
        let abort = target.client.abort_multipart_upload().bucket(&target.bucket).key(target.key("parts"));
        abort.upload_id(upload.id).send().await.unwrap();
    }
    assert!(list().send().await.unwrap().uploads().is_empty());
    target.stop().await;
}

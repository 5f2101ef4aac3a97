//! The embedded engine and its files.

use aws_sdk_s3::primitives::ByteStream;

use super::{Target, bytes};
use crate::clients;

/// An object, and an upload under way; returns the upload's id.
async fn fill(target: &Target) -> String {
    let put = target.client.put_object().bucket(&target.bucket).key(target.key("kept")).content_type("image/png");
    put.metadata("job", "1").body(ByteStream::from(vec![7; 100_000])).send().await.unwrap();
    let create = target.client.create_multipart_upload().bucket(&target.bucket).key(target.key("half"));
    let id = create.send().await.unwrap().upload_id.unwrap();
    let part = target.client.upload_part().bucket(&target.bucket).key(target.key("half")).upload_id(&id);
    part.part_number(1).body(ByteStream::from_static(b"part")).send().await.unwrap();
    id
}

async fn assert_all_is_there(target: Target, upload: &str) {
    let got = target.try_get("kept").await.unwrap();
    assert_eq!((got.content_type(), got.metadata().unwrap()["job"].as_str()), (Some("image/png"), "1"));
    assert_eq!(bytes(got).await, [7; 100_000]);
    let parts = target.client.list_parts().bucket(&target.bucket).key(target.key("half")).upload_id(upload);
    assert_eq!(parts.send().await.unwrap().parts().len(), 1);
    target.stop().await;
}

#[tokio::test]
async fn objects_survive_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let target = Target::embedded(Some(data.path())).await;
    let upload = fill(&target).await;
    target.stop().await;
    assert_all_is_there(Target::embedded(Some(data.path())).await, &upload).await;
}

#[tokio::test]
async fn objects_survive_a_kill() {
    let (data, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = Target::embedded(Some(data.path())).await;
    let upload = fill(&target).await;
    clients::copy_files(data.path(), left.path());
    target.stop().await;
    assert_all_is_there(Target::embedded(Some(left.path())).await, &upload).await;
}

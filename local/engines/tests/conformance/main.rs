//! What the embedded engines have to do as the real services do it: one test per behaviour, through the official SDKs.
//!
//! Each test starts an engine of its own, in memory. Against the real services, with the usual `AWS_*` variables set:
//!
//! - `LIKENESS_CONFORMANCE_DYNAMODB=1` makes and deletes one table per test,
//! - `LIKENESS_CONFORMANCE_SQS=1` makes and deletes queues,
//! - `LIKENESS_CONFORMANCE_S3_ENDPOINT`, `…_S3_ACCESS_KEY_ID`, `…_S3_SECRET_ACCESS_KEY`, `…_S3_BUCKET` (R2 or S3) put objects
//!   under `conformance/` of that bucket; with `…_S3_PUBLIC_URL` its public domain is tested too.
//!
//! A test that moves the clock, restarts the engine or makes buckets passes over a real service.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails like a test")]

mod clients;
mod dynamodb;
mod folder;
mod s3;
mod sqs;

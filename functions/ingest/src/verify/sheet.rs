//! The drawn report, in the bucket.

use std::collections::HashMap;

use likeness_domain::id::{ProjectId, ReportId, project_folder};
use sha2::{Digest, Sha256};

use super::NotVerified;
use crate::app::App;

/// Stores it under a key that follows from what it shows, and returns that.
pub(super) async fn store(app: &App, project: &ProjectId, id: ReportId, drawn: String) -> Result<String, NotVerified> {
    let content: String = hex::encode(Sha256::digest(&drawn)).chars().take(16).collect();
    let key = project_folder(project, &format!("reports/{id}-{content}.svg"));
    app.bucket.put(&key, "image/svg+xml", HashMap::new(), drawn.into()).await?;
    Ok(key)
}

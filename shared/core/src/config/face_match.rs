//! Rekognition.

use super::{AwsConfig, ConfigError, Env};

/// The comparison of faces.
#[derive(Debug, Clone)]
pub struct FaceMatchConfig {
    /// Where Rekognition is.
    pub aws: AwsConfig,
    /// `FACE_SIMILARITY`: from which similarity on two faces are one person's, 0 to 1.
    pub least: f32,
}

impl FaceMatchConfig {
    /// Reads it; `None` where `FACE_CHECK` is off.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        let name = "FACE_CHECK";
        match env.optional(name) {
            None | Some("off") => return Ok(None),
            Some("rekognition") => {}
            Some(_) => {
                let fix = "set it to off or to rekognition".to_owned();
                return Err(ConfigError::Malformed { name: name.to_owned(), fix });
            }
        }
        let fix = "set it to a number from 0.5 to 1";
        let least: f32 = env.parsed("FACE_SIMILARITY", 0.85, fix)?;
        if !(0.5..=1.0).contains(&least) {
            return Err(ConfigError::Malformed { name: "FACE_SIMILARITY".to_owned(), fix: fix.to_owned() });
        }
        Ok(Some(Self { aws: AwsConfig::from_env(env, "AWS_ENDPOINT_URL_REKOGNITION")?, least }))
    }
}

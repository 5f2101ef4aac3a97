//! What this function may touch.

use likeness_core::{
    clients::bucket::Bucket,
    clients::dns::Hosts,
    clients::queue_admin::QueueAdmin,
    config::{BucketConfig, ConfigError, Env, FalLimits, JwtConfig, KnownHosts, LargestImage, QueueConfig, UserLimits},
    jwt::Issuer,
    steps::accept::Acceptor,
    store::Store,
};
use likeness_domain::{admission::Limits, clock::Clock, limit::UserWindows, prompt::Wording, rng::Rng};

/// What this function may touch. It reads addresses of images and never their bytes; it never calls fal, and of others only
/// the issuer of its users' tokens.
#[derive(Debug)]
pub struct App {
    pub(crate) store: Store,
    pub(crate) acceptor: Acceptor,
    pub(crate) bucket: Bucket,
    /// Whose tokens users may sign in with.
    pub(crate) issuer: Option<Issuer>,
    /// Where the hosts of callers' addresses lead.
    pub(crate) hosts: Hosts,
    pub(crate) backlog: QueueAdmin,
    pub(crate) limits: Limits,
    /// Of each user, where a project says nothing else.
    pub(crate) user_windows: UserWindows,
    /// The largest picture that may be uploaded, in bytes.
    pub(crate) largest_image: u64,
    pub(crate) rng: Rng,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the configuration and builds the clients.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn start(env: &Env, clock: Clock, rng: Rng) -> Result<Self, ConfigError> {
        let acceptor = Acceptor::from_env(env, rng.clone())?;
        Ok(Self {
            store: acceptor.store.clone(),
            acceptor,
            bucket: Bucket::new(BucketConfig::from_env(env)?),
            issuer: JwtConfig::from_env(env)?.map(Issuer::new),
            hosts: Hosts::new(KnownHosts::from_env(env)?.0),
            backlog: QueueAdmin::new(QueueConfig::from_env(env)?),
            limits: FalLimits::from_env(env)?.0,
            user_windows: UserLimits::from_env(env)?.0,
            largest_image: LargestImage::from_env(env)?.0,
            rng,
            clock,
        })
    }

    /// How prompts are worded.
    pub(crate) fn wording(&self) -> &Wording {
        &self.acceptor.planning.wording
    }
}

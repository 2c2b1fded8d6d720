//! `rulemark.toml`.

use crate::engine;
use std::time::Duration;

/// Everything that `rulemark.toml` decides; [`Default`] is what holds without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the rules depend on.
    pub engine: engine::Settings,
    /// The largest document that is read, in bytes.
    pub file_size: u64,
    /// How the watcher settles.
    pub watch: WatchSettings,
}

/// `[watch]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchSettings {
    /// A burst of changes is over when nothing happened for so long.
    pub quiet: Duration,
    /// A burst that never ends is looked at after so long.
    pub longest: Duration,
    /// Ask the disk from time to time, where it does not tell.
    pub poll: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { engine: engine::Settings::default(), file_size: 16_000_000, watch: WatchSettings::default() }
    }
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self { quiet: Duration::from_millis(75), longest: Duration::from_secs(1), poll: false }
    }
}

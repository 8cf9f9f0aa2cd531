//! Where "now" comes from: the machine's wall clock, or a test.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The wall clock that every age and every claim is compared with. Clones share it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The machine's wall clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(SystemTime::now)
    }

    /// A clock that gives what this function returns. Any thread calls it, several times for each request.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }

    /// The time now in whole seconds since 1970 (RFC 7519, section 2, `NumericDate`); 0 before that.
    pub(crate) fn unix_seconds(&self) -> u64 {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// The time that a number of seconds since 1970 stands for, if this machine can represent it.
pub(crate) fn unix_time(seconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

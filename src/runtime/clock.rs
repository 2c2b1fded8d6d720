//! Where the time comes from.

use jiff::{Zoned, civil::DateTime};

/// Tells the local time. The runtime asks it once for each event.
pub trait Clock: Send + std::fmt::Debug {
    /// The local time, to the second.
    fn now(&self) -> DateTime;
}

/// The machine's own clock and time zone.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime {
        let now = Zoned::now().datetime();
        now.with().subsec_nanosecond(0).build().unwrap_or(now)
    }
}

/// A clock that stands still: for tests, and for runs that must be reproducible.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub DateTime);

impl Clock for FixedClock {
    fn now(&self) -> DateTime {
        self.0
    }
}

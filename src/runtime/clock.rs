//! Where the time comes from.

use crate::disk::is_inner;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::{fs, path::Path};

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
        let now = Timestamp::now().to_zoned(time_zone()).datetime();
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

/// The system's time zone; UTC where it is not known.
///
/// jiff's own database of zones lists `/usr/share/zoneinfo` before it looks anything up, which takes
/// longer than a whole `rulemark status`. Only `TZ=Europe/Berlin` needs it, and there the one file
/// will do.
fn time_zone() -> TimeZone {
    let named = || zone_named(std::env::var_os("TZ")?.to_str()?, Path::new("/usr/share/zoneinfo"));
    TimeZone::try_system().ok().or_else(named).unwrap_or(TimeZone::UTC)
}

fn zone_named(name: &str, zones: &Path) -> Option<TimeZone> {
    let name = name.strip_prefix(':').unwrap_or(name);
    if !is_inner(Path::new(name)) {
        return None;
    }
    TimeZone::tzif(name, &fs::read(zones.join(name)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_by_name() {
        let zones = Path::new("/usr/share/zoneinfo");
        if !zones.join("Asia/Tokyo").exists() {
            println!("skipped: no {}", zones.display());
            return;
        }
        for name in ["Asia/Tokyo", ":Asia/Tokyo"] {
            let zone = zone_named(name, zones).unwrap();
            assert_eq!(zone.to_offset(Timestamp::UNIX_EPOCH), jiff::tz::offset(9), "{name}");
        }
        for name in ["", "Nowhere/None", "../zoneinfo/Asia/Tokyo", "/etc/localtime"] {
            assert!(zone_named(name, zones).is_none(), "{name}");
        }
    }
}

//! Time stamps: seconds since 2000-01-01 00:00:00 UTC.

use core::fmt;

use time::OffsetDateTime;

/// A time stamp of the footer or of the dynamic header.
///
/// Specification: "Hard Disk Footer Format", Time Stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TimeStamp(
    /// Seconds since 2000-01-01 00:00:00 UTC.
    pub u32,
);

/// 2000-01-01 00:00:00 UTC in seconds since 1970.
const EPOCH: i64 = 946_684_800;

impl TimeStamp {
    /// The time stamp of a moment given in seconds since 1970, as operating systems and browsers count;
    /// moments that the field cannot hold become the nearest that it can.
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.saturating_sub(EPOCH).clamp(0, i64::from(u32::MAX)) as u32)
    }

    /// The moment as `ctime` prints it, `minutes` east of UTC: "Thu Sep 14 15:48:19 2017".
    pub fn ctime(self, minutes: i32) -> impl fmt::Display {
        Ctime(EPOCH + i64::from(self.0) + i64::from(minutes) * 60)
    }

    /// The moment for a program, in UTC: "2017-09-14T08:48:19Z".
    pub fn rfc3339(self) -> impl fmt::Display {
        fmt::from_fn(move |f| self.write(f, "T", "Z"))
    }

    fn write(self, f: &mut fmt::Formatter<'_>, between: &str, zone: &str) -> fmt::Result {
        let moment = moment(EPOCH + i64::from(self.0));
        write!(
            f,
            "{:04}-{:02}-{:02}{between}{:02}:{:02}:{:02}{zone}",
            moment.year(),
            u8::from(moment.month()),
            moment.day(),
            moment.hour(),
            moment.minute(),
            moment.second()
        )
    }
}

/// The moment for a person, in UTC: "2017-09-14 08:48:19 UTC".
impl fmt::Display for TimeStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, " ", " UTC")
    }
}

struct Ctime(i64);

impl fmt::Display for Ctime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let moment = moment(self.0);
        write!(
            f,
            "{} {} {:2} {:02}:{:02}:{:02} {}",
            DAYS[usize::from(moment.weekday().number_days_from_monday())],
            MONTHS[usize::from(u8::from(moment.month())) - 1],
            moment.day(),
            moment.hour(),
            moment.minute(),
            moment.second(),
            moment.year()
        )
    }
}

/// A 32-bit count from 2000 with any offset of whole days is well within the library's years 1 to 9999.
fn moment(unix: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(unix).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn prints_as_ctime_does() {
        let stamp = TimeStamp::from_unix(1_505_378_899);
        assert_eq!(stamp.ctime(0).to_string(), "Thu Sep 14 08:48:19 2017");
        assert_eq!(stamp.ctime(7 * 60).to_string(), "Thu Sep 14 15:48:19 2017");
        assert_eq!(TimeStamp(0).ctime(0).to_string(), "Sat Jan  1 00:00:00 2000");
        assert_eq!(stamp.to_string(), "2017-09-14 08:48:19 UTC");
        assert_eq!(stamp.rfc3339().to_string(), "2017-09-14T08:48:19Z");
    }

    #[test]
    fn moments_outside_the_field_become_the_nearest() {
        assert_eq!(TimeStamp::from_unix(0), TimeStamp(0));
        assert_eq!(TimeStamp::from_unix(i64::MIN), TimeStamp(0));
        assert_eq!(TimeStamp::from_unix(i64::MAX), TimeStamp(u32::MAX));
    }
}

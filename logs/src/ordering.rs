//! Which of two things that logs tell was earlier.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::answer::Moment;
use crate::line_prefix::Head;
use crate::timestamp::Stamp;

/// Days of half a year, as [`Stamp::day_of_year`] counts them.
const HALF_A_YEAR: i32 = 190;
/// Lines of one process within so many seconds, or rows, tell of the same.
const AT_ONCE: u32 = 2;

/// Programs that tell of one failure do so within so many seconds, …
const NEAR_SECONDS: u32 = 5;
/// … or rows, where a text has no stamps.
const NEAR_ROWS: u64 = 60;

/// When something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    pub log: usize,
    pub row: u64,
    /// As it is written.
    pub time: String,
    /// Its own stamp or the one before it, and how many years had ended before it.
    pub stamp: Option<(Stamp, i32)>,
}

impl When {
    /// Whether both are so close that they may tell of the same.
    pub fn is_close(&self, other: &Self) -> bool {
        self.log == other.log
            && match (self.stamp, other.stamp) {
                (Some((one, turns)), Some((other, others))) => {
                    turns == others
                        && (one.year, one.month, one.day) == (other.year, other.month, other.day)
                        && one.second.abs_diff(other.second) <= AT_ONCE
                }
                _ => self.row.abs_diff(other.row) <= u64::from(AT_ONCE),
            }
    }

    /// Whether both may tell of one failure, though by other programs or in other words.
    pub fn is_near(&self, other: &Self) -> bool {
        match (self.stamp, other.stamp) {
            (Some((one, turns)), Some((other, others))) => {
                turns == others
                    && (one.month, one.day) == (other.month, other.day)
                    && one.second.abs_diff(other.second) <= NEAR_SECONDS
            }
            (None, None) => self.log == other.log && self.row.abs_diff(other.row) <= NEAR_ROWS,
            _ => false,
        }
    }

    /// What to order by roughly.
    pub fn roughly(&self) -> (i64, usize, u64) {
        let moment = self.stamp.map_or(i64::MIN, |(stamp, turns)| stamp.moment(i32::from(stamp.year) + turns, 0));
        (moment, self.log, self.row)
    }
}

/// The logs, and what is needed to order what they tell.
#[derive(Debug, Default)]
pub struct Order {
    logs: Vec<Log>,
    /// The zone of the first stamp that names one: stamps without one are taken to be of it.
    zone: Option<i16>,
}

#[derive(Debug)]
struct Log {
    name: String,
    rows: u64,
    /// How often a year has ended in it, by stamps without a year.
    turns: i32,
    /// The last stamp without a year.
    last: Option<Stamp>,
    /// The last stamp of any kind.
    any: Option<(Stamp, i32)>,
}

impl Order {
    /// A log begins.
    pub fn begin(&mut self, name: &str) {
        self.logs.push(Log { name: name.into(), rows: 0, turns: 0, last: None, any: None });
    }

    /// The log has so many rows, or more.
    pub fn end(&mut self, rows: u64) {
        if let Some(log) = self.logs.last_mut() {
            log.rows = log.rows.max(rows);
        }
    }

    /// How many rows there were in all logs.
    pub fn rows(&self) -> u64 {
        self.logs.iter().map(|log| log.rows).sum()
    }

    /// When a line of the last log was written.
    pub fn read(&mut self, head: &Head, row: u64) -> When {
        if self.logs.is_empty() {
            self.begin("");
        }
        let number = self.logs.len() - 1;
        let log = &mut self.logs[number];
        if let Some(stamp) = head.stamp {
            if stamp.year == 0 {
                // Lines may come a little late: back over the end of a year, too.
                let turned = log.last.map_or(0, |last| half_years(&last, &stamp));
                log.turns = (log.turns + turned).max(0);
                log.last = Some(stamp);
            }
            log.any = Some((stamp, log.turns));
            // Programs write Z whatever the zone of their host is.
            self.zone = self.zone.or(stamp.zone.filter(|_| !head.time.ends_with(b"Z")));
        }
        When { log: number, row, time: String::from_utf8_lossy(head.time).into_owned(), stamp: log.any }
    }

    /// Which of two was earlier, while not all is read.
    pub fn compare(&self, one: &When, other: &When) -> Ordering {
        let by_stamps = match (&one.stamp, &other.stamp) {
            (Some((first, turns)), Some((second, others))) => {
                let mut years = (i32::from(first.year), i32::from(second.year));
                match years {
                    (0, 0) if one.log == other.log => years = (*turns, *others),
                    (0, year) => years.0 = year - half_years(first, second),
                    (year, 0) => years.1 = year - half_years(second, first),
                    _ => {}
                }
                let zone = self.zone.unwrap_or(0);
                first.moment(years.0, zone).cmp(&second.moment(years.1, zone))
            }
            (one, other) => one.is_some().cmp(&other.is_some()),
        };
        by_stamps.then((one.log, one.row).cmp(&(other.log, other.row)))
    }

    /// What a stamp without a year is dated by: the newest of those that have one; or, where none has, the one that is
    /// the farthest in its year.
    pub fn newest<'a>(&self, all: impl Iterator<Item = &'a When>) -> Option<Stamp> {
        let dated = all.filter_map(|when| when.stamp).map(|(stamp, _)| stamp).filter(|stamp| stamp.year > 0);
        let newest = dated.max_by_key(|stamp| stamp.moment(i32::from(stamp.year), 0));
        newest.or_else(|| self.logs.iter().filter_map(|log| log.last).max_by_key(Stamp::day_of_year))
    }

    /// What to order by when all is read. A stamp without a year is of that which brings its log’s end closest to the
    /// newest stamp.
    pub fn key(&self, when: &When, newest: Option<Stamp>) -> (i64, usize, u64) {
        let Some((stamp, turns)) = when.stamp else { return (i64::MIN, when.log, when.row) };
        let mut year = i32::from(stamp.year);
        if let (0, Some(log), Some(newest)) = (stamp.year, self.logs.get(when.log), newest) {
            let end = log.last.unwrap_or(stamp);
            year = i32::from(newest.year) - half_years(&end, &newest) + turns - log.turns;
        }
        (stamp.moment(year, self.zone.unwrap_or(0)), when.log, when.row)
    }

    /// As the answer tells it.
    pub fn moment(&self, when: &When) -> Moment {
        let log = self.logs.get(when.log).map(|log| log.name.clone()).unwrap_or_default();
        Moment { log, line: when.row, time: when.time.clone() }
    }
}

/// How many years the first day lies too late to be near the second: 1, 0 or -1.
fn half_years(one: &Stamp, other: &Stamp) -> i32 {
    let apart = one.day_of_year() - other.day_of_year();
    i32::from(apart > HALF_A_YEAR) - i32::from(apart < -HALF_A_YEAR)
}

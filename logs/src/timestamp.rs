//! Time stamps as logs write them.

/// When a line was written, by the line itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The year; 0 where the log does not write it, as syslog does not.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// Seconds since midnight.
    pub second: u32,
    /// How far its clock is ahead of UTC, in minutes, where it says so.
    pub zone: Option<i16>,
}

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const WEEKDAYS: [&[u8; 4]; 7] = [b"Mon ", b"Tue ", b"Wed ", b"Thu ", b"Fri ", b"Sat ", b"Sun "];
/// Digits of a fraction that are read, at most.
const FRACTION: usize = 9;

impl Stamp {
    /// The stamp that a line begins with, and how many bytes long it is: `2017-09-13 12:58:57.807`,
    /// `2026-01-02T16:01:16.123456+00:00`, `[20121001T11:02:42.000Z`, `Sep 14 16:36:26`, `Tue 2026-01-06 10:00:00`, or
    /// `[Tue Sep 14 16:36:26 2021]`.
    pub fn parse(line: &[u8]) -> Option<(Self, usize)> {
        let mut text = Text { line, at: 0 };
        let is_bracketed = text.skip(b'[');
        let is_of_a_day = line.get(text.at..text.at + 4).is_some_and(|name| WEEKDAYS.iter().any(|day| *day == name));
        text.at += if is_of_a_day { 4 } else { 0 };
        let mut stamp = if text.peek()?.is_ascii_digit() { text.dated()? } else { text.yearless()? };
        if is_bracketed && stamp.year == 0 {
            // The kernel’s messages have the year last.
            text.skip(b' ').then_some(())?;
            stamp.year = text.number(4)? as u16;
        }
        let is_sane = (1..=12).contains(&stamp.month) && (1..=31).contains(&stamp.day);
        (is_sane && stamp.second <= 86_400).then_some((stamp, text.at))
    }

    /// Days, as if all months had 31, which is enough to tell the halves of a year apart.
    pub fn day_of_year(&self) -> i32 {
        i32::from(self.month) * 31 + i32::from(self.day)
    }

    /// Seconds in this year, on a clock that is `zone` minutes ahead of UTC. A stamp without a zone is taken to be of it.
    pub fn moment(&self, year: i32, zone: i16) -> i64 {
        // Years begin in March here, so that the day that some have more is their last.
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let (year, month) = if month > 2 { (i64::from(year), month - 3) } else { (i64::from(year) - 1, month + 9) };
        let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        let days = year * 365 + leaps + (153 * month + 2) / 5 + day;
        let ahead = self.zone.map_or(0, |own| i64::from(own) - i64::from(zone));
        days * 86_400 + i64::from(self.second) - ahead * 60
    }
}

struct Text<'a> {
    line: &'a [u8],
    at: usize,
}

impl Text<'_> {
    fn dated(&mut self) -> Option<Stamp> {
        let year = self.number(4)? as u16;
        self.skip(b'-');
        let month = self.number(2)? as u8;
        self.skip(b'-');
        let day = self.number(2)? as u8;
        if !self.skip(b'T') && !self.skip(b' ') {
            return None;
        }
        Some(Stamp { year, month, day, second: self.clock()?, zone: self.zone() })
    }

    fn yearless(&mut self) -> Option<Stamp> {
        let name = self.line.get(self.at..self.at + 3)?;
        let month = MONTHS.iter().position(|month| *month == name)? as u8 + 1;
        self.at += 3;
        self.skip(b' ').then_some(())?;
        // Where a page has made one space of two, there is only one.
        while self.skip(b' ') {}
        let is_short = self.line.get(self.at + 1) == Some(&b' ');
        let day = self.number(if is_short { 1 } else { 2 })? as u8;
        self.skip(b' ').then_some(())?;
        Some(Stamp { year: 0, month, day, second: self.clock()?, zone: None })
    }

    fn clock(&mut self) -> Option<u32> {
        let hour = self.number(2)?;
        self.skip(b':').then_some(())?;
        let minute = self.number(2)?;
        self.skip(b':').then_some(())?;
        let second = hour * 3600 + minute * 60 + self.number(2)?;
        if self.skip(b'.') || self.skip(b',') {
            let digits = self.line.iter().skip(self.at).take(FRACTION).take_while(|byte| byte.is_ascii_digit()).count();
            self.at += digits;
        }
        Some(second)
    }

    /// `Z`, `+02:00` or `-0700`; nothing is taken where none of them is there.
    fn zone(&mut self) -> Option<i16> {
        let before = self.at;
        let sign = match self.peek()? {
            b'Z' => {
                self.at += 1;
                return Some(0);
            }
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.at += 1;
        let zone = self.number(2).and_then(|hours| {
            self.skip(b':');
            Some(sign * (hours * 60 + self.number(2)?) as i16)
        });
        if zone.is_none() {
            self.at = before;
        }
        zone
    }

    fn number(&mut self, digits: usize) -> Option<u32> {
        let text = self.line.get(self.at..self.at.checked_add(digits)?)?;
        let value = text
            .iter()
            .try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u32::from(digit - b'0')))?;
        self.at += digits;
        Some(value)
    }

    fn skip(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u32 = 12 * 3600;

    fn at(year: u16, month: u8, day: u8, second: u32, zone: Option<i16>) -> Stamp {
        Stamp { year, month, day, second, zone }
    }

    #[test]
    fn every_kind_of_stamp_is_read() {
        for (line, stamp, length) in [
            ("2017-09-13 12:00:57.807 1648 ERROR", at(2017, 9, 13, NOON + 57, None), 23),
            ("2017-09-13 12:00:57,807 1648 ERROR", at(2017, 9, 13, NOON + 57, None), 23),
            ("2026-01-02T12:00:16.123456+00:00 host", at(2026, 1, 2, NOON + 16, Some(0)), 32),
            ("2026-01-02T12:00:16-07:00 host", at(2026, 1, 2, NOON + 16, Some(-420)), 25),
            ("2026-01-02T12:00:16+0530 host", at(2026, 1, 2, NOON + 16, Some(330)), 24),
            ("2026-01-02 12:00:16- x", at(2026, 1, 2, NOON + 16, None), 19),
            ("[20121001T12:02:42.000Z|error|", at(2012, 10, 1, NOON + 162, Some(0)), 23),
            ("Sep 14 12:00:26 fatxs-1 SMGC:", at(0, 9, 14, NOON + 26, None), 15),
            ("Jan  2 12:00:16 host SM:", at(0, 1, 2, NOON + 16, None), 15),
            ("Jan 2 12:00:16 host SM:", at(0, 1, 2, NOON + 16, None), 14),
            ("Jan 02 12:00:16.123456 host SM[1]:", at(0, 1, 2, NOON + 16, None), 22),
            ("Fri 2026-01-02 12:00:16 UTC host", at(2026, 1, 2, NOON + 16, None), 23),
            ("[Fri Jan  2 12:00:16 2026] nfs:", at(2026, 1, 2, NOON + 16, None), 25),
        ] {
            assert_eq!(Stamp::parse(line.as_bytes()), Some((stamp, length)), "{line}");
        }
        for line in [
            "",
            "Sep",
            "Sept 14 16:36:26",
            "2017-13-13 12:00:00",
            "20170",
            "  File",
            "17459a - - -]",
            "Jan 99 10:00:00",
            "[Fri Jan  2 12:00:16] x",
            "Fri ",
            "[",
        ] {
            assert_eq!(Stamp::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn moments_follow_the_calendar_and_the_zones() {
        let day = 86_400;
        let first = at(0, 1, 1, 0, None);
        let days = |year| (first.moment(year + 1, 0) - first.moment(year, 0)) / day;
        assert_eq!([days(2023), days(2024), days(1900), days(2000)], [365, 366, 365, 366]);
        assert_eq!(at(0, 3, 1, 0, None).moment(2024, 0) - at(0, 2, 29, 0, None).moment(2024, 0), day);
        let (east, west) = (at(2026, 1, 3, 0, Some(120)), at(2026, 1, 2, 15 * 3600, Some(-420)));
        assert_eq!(east.moment(2026, 0), west.moment(2026, 0));
        assert_eq!(at(2026, 1, 3, 0, None).moment(2026, 120), east.moment(2026, 120));
    }
}

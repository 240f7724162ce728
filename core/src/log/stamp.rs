//! Time stamps as logs write them.

/// When a line was written, by the line itself. Time zones are not told apart: the logs of one host share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// The year; 0 where the log does not write it, as syslog does not.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// Seconds since midnight.
    pub second: u32,
}

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

impl Stamp {
    /// The stamp that a line begins with, and how many bytes long it is: `2017-09-13 12:58:57.807`,
    /// `2026-01-02T16:01:16.123456+00:00`, `[20121001T11:02:42.000Z` or `Sep 14 16:36:26`.
    pub fn parse(line: &[u8]) -> Option<(Self, usize)> {
        let mut text = Text { line, at: 0 };
        let stamp = if text.skip(b'[') || line.first().is_some_and(u8::is_ascii_digit) {
            text.dated()?
        } else {
            text.yearless()?
        };
        let is_sane = (1..=12).contains(&stamp.month) && (1..=31).contains(&stamp.day);
        (is_sane && stamp.second <= 86_400).then_some((stamp, text.at))
    }

    /// Days, as if all months had 31, which is enough to order by.
    pub fn day_of_year(&self) -> i32 {
        i32::from(self.month) * 31 + i32::from(self.day)
    }
}

struct Text<'a> {
    line: &'a [u8],
    at: usize,
}

impl Text<'_> {
    fn dated(&mut self) -> Option<Stamp> {
        let year = self.number(4)?;
        self.skip(b'-');
        let month = self.number(2)?;
        self.skip(b'-');
        let day = self.number(2)?;
        if !self.skip(b'T') && !self.skip(b' ') {
            return None;
        }
        let second = self.clock()?;
        // A fraction and a zone belong to it.
        while self.peek().is_some_and(|byte| byte.is_ascii_digit() || b".,Z+:".contains(&byte)) {
            self.at += 1;
        }
        Some(Stamp { year: u16::try_from(year).ok()?, month: month as u8, day: day as u8, second })
    }

    fn yearless(&mut self) -> Option<Stamp> {
        let name = self.line.get(..3)?;
        let month = MONTHS.iter().position(|month| *month == name)? as u8 + 1;
        self.at = 3;
        self.skip(b' ').then_some(())?;
        let day = if self.skip(b' ') { self.number(1)? } else { self.number(2)? };
        self.skip(b' ').then_some(())?;
        Some(Stamp { year: 0, month, day: day as u8, second: self.clock()? })
    }

    fn clock(&mut self) -> Option<u32> {
        let hour = self.number(2)?;
        self.skip(b':').then_some(())?;
        let minute = self.number(2)?;
        self.skip(b':').then_some(())?;
        Some(hour * 3600 + minute * 60 + self.number(2)?)
    }

    fn number(&mut self, digits: usize) -> Option<u32> {
        let text = self.line.get(self.at..self.at.checked_add(digits)?)?;
        self.at += digits;
        text.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u32::from(digit - b'0')))
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

    #[test]
    fn every_kind_of_stamp_is_read() {
        let at = |year, month, day, second| Stamp { year, month, day, second };
        let noon = 12 * 3600;
        for (line, stamp, length) in [
            ("2017-09-13 12:00:57.807 1648 ERROR", at(2017, 9, 13, noon + 57), 23),
            ("2026-01-02T12:00:16.123456+00:00 host", at(2026, 1, 2, noon + 16), 32),
            ("[20121001T12:02:42.000Z|error|", at(2012, 10, 1, noon + 162), 23),
            ("Sep 14 12:00:26 fatxs-1 SMGC:", at(0, 9, 14, noon + 26), 15),
            ("Jan  2 12:00:16 host SM:", at(0, 1, 2, noon + 16), 15),
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
        ] {
            assert_eq!(Stamp::parse(line.as_bytes()), None, "{line}");
        }
    }
}

//! What lines begin with: when they were written, by which process, on which host.

use crate::timestamp::Stamp;

/// How far a name that `grep` wrote before a line reaches at most, in bytes.
const GREP: usize = 128;
/// How far behind the stamp the number of the process is looked for, in bytes.
const REACH: usize = 96;

/// The beginning of a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Head<'a> {
    /// When it was written.
    pub stamp: Option<Stamp>,
    /// The stamp as it stands there.
    pub time: &'a [u8],
    /// Which process wrote it: the number in brackets behind the program, behind a nova stamp, or before the stamp of an
    /// old `SMlog`; 0 where none is.
    pub process: u32,
    /// The host by its name, as syslog writes it.
    pub host: Option<&'a [u8]>,
}

impl<'a> Head<'a> {
    /// Reads it. What `grep`, a mail or a page put before it is passed over.
    pub fn read(line: &'a [u8]) -> Self {
        let Some((stamp, at, length, before)) = find(line) else { return Self::default() };
        let time = line.get(at..at + length).unwrap_or_default();
        let time = time.strip_prefix(b"[").unwrap_or(time);
        let rest = line.get(at + length..).unwrap_or_default();
        let process = before.or_else(|| behind_stamp(rest)).or_else(|| in_brackets(rest)).unwrap_or(0);
        Self { stamp: Some(stamp), time, process, host: host_name(rest) }
    }
}

/// Whether a line has a stamp.
pub fn is_stamped(line: &[u8]) -> bool {
    find(line).is_some()
}

/// The stamp, where it begins, how long it is, and the process before it.
fn find(line: &[u8]) -> Option<(Stamp, usize, usize, Option<u32>)> {
    let quote = line.iter().take_while(|byte| b" \t>|".contains(byte)).count();
    let stamped = |at: usize| {
        let text = line.get(at..)?;
        if let Some((stamp, length)) = Stamp::parse(text) {
            return Some((stamp, at, length, None));
        }
        let (process, skipped) = leading(text)?;
        let (stamp, length) = Stamp::parse(text.get(skipped..)?)?;
        Some((stamp, at + skipped, length, Some(process)))
    };
    stamped(quote).or_else(|| {
        let name = line.get(quote..)?.iter().take(GREP).take_while(|byte| !byte.is_ascii_whitespace());
        name.enumerate().filter(|(_, byte)| b":-".contains(byte)).find_map(|(at, _)| stamped(quote + at + 1))
    })
}

/// `[12345] `, which the storage manager wrote before its stamps when it did not log by syslog yet.
fn leading(text: &[u8]) -> Option<(u32, usize)> {
    let (process, digits) = number(text.strip_prefix(b"[").or_else(|| text.strip_prefix(b"<"))?)?;
    let rest = text.get(digits + 1..)?;
    let spaces = rest.iter().skip(1).take_while(|byte| b" \t".contains(byte)).count();
    (b"]>".contains(rest.first()?) && spaces > 0).then_some((process, digits + 2 + spaces))
}

/// ` 1648 ERROR`, as nova writes it.
fn behind_stamp(rest: &[u8]) -> Option<u32> {
    let rest = rest.strip_prefix(b" ")?;
    let (process, digits) = number(rest)?;
    (rest.get(digits) == Some(&b' ')).then_some(process)
}

fn in_brackets(rest: &[u8]) -> Option<u32> {
    let head = rest.get(..REACH).unwrap_or(rest);
    let mut opened = head.iter().enumerate().filter(|(_, byte)| **byte == b'[');
    opened.find_map(|(at, _)| number(rest.get(at + 1..)?)).map(|(process, _)| process)
}

/// The number that a text begins with, and how many digits it has.
fn number(text: &[u8]) -> Option<(u32, usize)> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = text.iter().take(digits.min(9)).fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    (digits > 0).then_some((value, digits))
}

/// The host behind a syslog stamp: ` host program:` or ` host program[12]:`.
fn host_name(rest: &[u8]) -> Option<&[u8]> {
    let mut words = rest.strip_prefix(b" ")?.split(|byte| *byte == b' ');
    let (host, program) = (words.next()?, words.next()?.strip_suffix(b":")?);
    let is_name = |text: &[u8], signs: &[u8]| {
        (1..=64).contains(&text.len()) && text.iter().all(|byte| byte.is_ascii_alphanumeric() || signs.contains(byte))
    };
    (is_name(host, b"-._") && is_name(program, b"-._/@[]")).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_all_kinds_are_read() {
        const ZONED: &str = "2026-01-02T16:01:16.123456-07:00";
        for (line, time, process, host) in [
            ("Sep 14 16:36:26 fatxs-1 SMGC: [19805] x", "Sep 14 16:36:26", 19805, "fatxs-1"),
            ("Jun  9 12:00:00 10-0-0-1 SM: [7] x", "Jun  9 12:00:00", 7, "10-0-0-1"),
            ("> Jun 9 12:00:00 host SM: [7] x", "Jun 9 12:00:00", 7, "host"),
            ("\t> > Jun  9 12:00:00 host SM[8]: [7] x", "Jun  9 12:00:00", 8, "host"),
            ("/var/log/SMlog.1:12:Jun  9 12:00:00 host SM: [7] x", "Jun  9 12:00:00", 7, "host"),
            ("12-Jun  9 12:00:00 host SM: [7] x", "Jun  9 12:00:00", 7, "host"),
            ("2026-01-02T16:01:16.123456-07:00 10-0-0-1 SM: [7] x", ZONED, 7, "10-0-0-1"),
            ("2017-09-13 12:58:57.807 1648 ERROR nova [x] y", "2017-09-13 12:58:57.807", 1648, ""),
            ("nova-compute.log:2017-09-13 12:58:57.807 1648 ERROR", "2017-09-13 12:58:57.807", 1648, ""),
            ("[25234] 2012-10-01 11:02:42.123456\t['/usr/sbin/vhd-util']", "2012-10-01 11:02:42.123456", 25234, ""),
            ("SMlog:<25234> 2012-10-01 11:02:42\t=== SR ===", "2012-10-01 11:02:42", 25234, ""),
            ("[20121001T11:02:42.000Z|error|host|17|task] x", "20121001T11:02:42.000Z", 0, ""),
            ("[Tue Jun  9 12:00:00 2015] EXT4-fs (dm-3): x", "Tue Jun  9 12:00:00 2015", 0, ""),
            ("Jun  9 12:00:00 host kernel: [ 12.5] x", "Jun  9 12:00:00", 0, "host"),
            ("2018-04-01T10:00:00.000Z xo:xo-server job: x", "2018-04-01T10:00:00.000Z", 0, ""),
        ] {
            let head = Head::read(line.as_bytes());
            let read = (head.time, head.process, head.host.unwrap_or_default());
            assert_eq!(read, (time.as_bytes(), process, host.as_bytes()), "{line}");
        }
        for line in ["", "[", "[7", "[7] x", "--", "at 2017-09-13 12:58:57 x", "VM-Jun x", ">"] {
            assert_eq!(Head::read(line.as_bytes()), Head::default(), "{line}");
        }
    }
}

//! Sizes, counts and offsets in words: one way to write each, wherever it is read.

use core::fmt;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};

const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A size in binary units: "210.4 MiB", "2,040 GiB". Below 1 KiB it is exact.
///
/// It has one decimal at most. What that would round is told in the next smaller unit where it is exact there: the
/// largest VHD has 2,040 GiB, and two of its limits differ by less than a tenth of a TiB.
pub fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return exact_size(bytes);
    }
    // In tenths, rounded.
    let tenths = |power: u32| (u128::from(bytes) * 10 + (1 << (10 * power - 1))) >> (10 * power);
    let is_exact = |power: u32| (u128::from(bytes) * 10).trailing_zeros() >= 10 * power;
    let units = || (1..).zip(UNITS);
    let (power, unit) = units().find(|(power, _)| tenths(*power) < 10_240).unwrap_or((6, "EiB"));
    let smaller = units().find(|(below, _)| below + 1 == power && is_exact(*below) && tenths(*below) < 100_000);
    let (power, unit) = smaller.filter(|_| !is_exact(power)).unwrap_or((power, unit));
    let number = tenths(power);
    let whole = decimal((number / 10) as u64);
    match number % 10 {
        0 => format!("{whole} {unit}"),
        tenth => format!("{whole}.{tenth} {unit}"),
    }
}

/// A size in bytes: "220,656,128 bytes".
pub fn exact_size(bytes: u64) -> String {
    count(bytes, "byte").to_string()
}

/// A number and what it counts, written as "1 change", "2,040 changes", "1 entry", "2 entries".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count<'a> {
    number: u64,
    noun: &'a str,
}

/// So many of what a noun in the singular names.
pub fn count(number: impl Into<u64>, noun: &str) -> Count<'_> {
    Count { number: number.into(), noun }
}

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(self.number))?;
        match (self.number, self.noun.strip_suffix('y')) {
            (1, _) => write!(f, " {}", self.noun),
            (_, Some(stem)) => write!(f, " {stem}ies"),
            (_, None) => write!(f, " {}s", self.noun),
        }
    }
}

/// A number in groups of three digits: "220,655,616".
pub fn decimal(number: u64) -> String {
    grouped(&number.to_string(), 3, ',')
}

/// An offset in hex, in groups of four digits: "0x0D26_F000".
pub fn hex_offset(offset: u64) -> String {
    format!("0x{}", grouped(&format!("{offset:08X}"), 4, '_'))
}

/// An offset from UTC in minutes: "UTC+07:00".
pub fn utc_offset(minutes: i32) -> String {
    match minutes {
        0 => "UTC".to_owned(),
        _ => {
            let sign = if minutes < 0 { '−' } else { '+' };
            let minutes = minutes.unsigned_abs();
            format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }
    }
}

fn grouped(digits: &str, group: usize, separator: char) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(group) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short_and_binary() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(1023), "1,023 bytes");
        assert_eq!(size(1024), "1 KiB");
        assert_eq!(size(220_656_128), "210.4 MiB");
        assert_eq!(size(1024 * 1024 - 1), "1 MiB");
        assert_eq!(size(2040 << 30), "2,040 GiB");
        assert_eq!(size(1 << 41), "2 TiB");
        assert_eq!(size(1536 << 20), "1.5 GiB");
        assert_eq!(size(1025 << 10), "1,025 KiB");
        assert_eq!(size(u64::MAX), "16 EiB");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(decimal(999), "999");
        assert_eq!(exact_size(220_656_128), "220,656,128 bytes");
        assert_eq!(hex_offset(0), "0x0000_0000");
        assert_eq!(hex_offset(220_655_616), "0x0D26_F000");
        assert_eq!(hex_offset(u64::MAX), "0xFFFF_FFFF_FFFF_FFFF");
        assert_eq!(hex_offset(0x1_2345_6789), "0x1_2345_6789");
        assert_eq!(count(1u64, "change").to_string(), "1 change");
        assert_eq!(count(2040u64, "change").to_string(), "2,040 changes");
        assert_eq!(count(0u64, "entry").to_string(), "0 entries");
    }

    #[test]
    fn offsets_from_utc_have_a_sign() {
        assert_eq!(utc_offset(0), "UTC");
        assert_eq!(utc_offset(420), "UTC+07:00");
        assert_eq!(utc_offset(-570), "UTC−09:30");
    }
}

//! Numbers as the page writes them.

const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A size in binary units: "210.4 MiB". Below 1 KiB it is exact.
pub fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return exact_size(bytes);
    }
    // In tenths, rounded. Numbers with a point would cost the page more bytes than all of this file.
    let tenths = |power: u32| (u128::from(bytes) * 10 + (1 << (10 * power - 1))) >> (10 * power);
    let (power, unit) = (1..).zip(UNITS).find(|(power, _)| tenths(*power) < 10240).unwrap_or((6, "EiB"));
    match (tenths(power) / 10, tenths(power) % 10) {
        (whole, 0) => format!("{whole} {unit}"),
        (whole, tenth) => format!("{whole}.{tenth} {unit}"),
    }
}

/// A size in bytes: "220,656,128 bytes".
pub fn exact_size(bytes: u64) -> String {
    count(bytes, "byte")
}

/// A number and what it counts: "1 change", "2 changes".
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", decimal(number))
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
        assert_eq!(size(2040 << 30), "2 TiB");
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
        assert_eq!(count(1, "change"), "1 change");
        assert_eq!(count(2, "change"), "2 changes");
    }

    #[test]
    fn offsets_from_utc_have_a_sign() {
        assert_eq!(utc_offset(0), "UTC");
        assert_eq!(utc_offset(420), "UTC+07:00");
        assert_eq!(utc_offset(-570), "UTC−09:30");
    }
}

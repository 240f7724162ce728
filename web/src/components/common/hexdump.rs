//! Bytes before and after a change, in rows of 16.

/// Bytes in a row.
pub const ROW: usize = 16;

/// One row of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Where it starts, in bytes from the start of the file.
    pub offset: u64,
    /// The bytes that are there now; fewer than `after`'s where the file ends before.
    pub before: &'a [u8],
    /// The bytes that will be there.
    pub after: &'a [u8],
}

impl Row<'_> {
    /// Whether the row changes.
    pub fn differs(&self) -> bool {
        self.before != self.after
    }
}

/// The rows of a change at `offset`, top to bottom.
pub fn rows<'a>(offset: u64, before: &'a [u8], after: &'a [u8]) -> impl Iterator<Item = Row<'a>> {
    let length = before.len().max(after.len());
    (0..length).step_by(ROW).map(move |start| Row {
        offset: offset.saturating_add(start as u64),
        before: row(before, start),
        after: row(after, start),
    })
}

fn row(bytes: &[u8], start: usize) -> &[u8] {
    let rest = bytes.get(start..).unwrap_or_default();
    &rest[..rest.len().min(ROW)]
}

/// A row cut into runs of bytes that differ from `other` and runs that do not, with the runs' places.
pub fn runs<'a>(bytes: &'a [u8], other: &[u8]) -> Vec<Run<'a>> {
    let differs = |at: usize| other.get(at) != bytes.get(at);
    let mut runs = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let end = (start..bytes.len()).find(|at| differs(*at) != differs(start)).unwrap_or(bytes.len());
        runs.push(Run { start, bytes: &bytes[start..end], differs: differs(start) });
        start = end;
    }
    runs
}

/// Some bytes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// The first byte's place in the row.
    pub start: usize,
    /// The bytes.
    pub bytes: &'a [u8],
    /// Whether they change.
    pub differs: bool,
}

impl Run<'_> {
    /// The bytes in hex, with the space that separates them from what stands before them in the row.
    pub fn hex(&self) -> (&'static str, String) {
        let pairs = self.bytes.iter().enumerate().map(|(i, byte)| {
            let space = if i == 0 { "" } else { space_before(self.start + i) };
            format!("{space}{byte:02x}")
        });
        (space_before(self.start), pairs.collect())
    }
}

fn space_before(place: usize) -> &'static str {
    match place {
        0 => "",
        8 => "  ",
        _ => " ",
    }
}

/// A row as text, with a dot for what cannot be printed.
pub fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_where_the_longer_side_ends() {
        let after = [7; 20];
        let rows: Vec<_> = rows(100, &after[..4], &after).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].offset, rows[0].before.len(), rows[0].after.len()), (100, 4, 16));
        assert_eq!((rows[1].offset, rows[1].before.len(), rows[1].after.len()), (116, 0, 4));
        assert!(rows[0].differs() && rows[1].differs());
        assert!(!super::rows(0, &after, &after).any(|row| row.differs()));
    }

    #[test]
    fn runs_tell_changed_bytes_from_others() {
        let runs = runs(&[0, 1, 2, 3], &[0, 9, 9]);
        let shape: Vec<_> = runs.iter().map(|run| (run.start, run.bytes.len(), run.differs)).collect();
        // The fourth byte is new: there is none in the other row.
        assert_eq!(shape, [(0, 1, false), (1, 3, true)]);
        assert_eq!(runs[1].hex(), (" ", "01 02 03".to_owned()));
    }

    #[test]
    fn a_wider_gap_stands_between_the_halves_of_a_row() {
        let run = Run { start: 6, bytes: &[1, 2, 3], differs: true };
        assert_eq!(run.hex(), (" ", "01 02  03".to_owned()));
        let run = Run { start: 8, bytes: &[1], differs: true };
        assert_eq!(run.hex(), ("  ", "01".to_owned()));
    }

    #[test]
    fn text_shows_printable_bytes_only() {
        assert_eq!(text(b"conectix\0\x7f<\xff"), "conectix..<.");
    }
}

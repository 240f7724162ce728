//! The checksum that footer and dynamic header share.

/// Ones' complement of the sum of all bytes of `structure`, with the four bytes of its own checksum field,
/// `field`, taken as zero.
///
/// Specification: "Hard Disk Footer Format", Checksum.
pub(super) fn ones_complement(structure: &[u8], field: [u8; 4]) -> u32 {
    let sum = |bytes: &[u8]| bytes.iter().fold(0u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
    !sum(structure).wrapping_sub(sum(&field))
}

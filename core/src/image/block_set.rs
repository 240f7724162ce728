//! Which blocks of a virtual disk are allocated: a bit a block.

use alloc::vec::Vec;

/// Blocks of another size are counted up to here: more than a disk of 2 TiB has at the smallest size in use, 512 KiB.
const MOST: u64 = 4 << 20;

/// A set of block numbers, as long as its greatest number needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks(Vec<u64>);

impl Blocks {
    /// Adds a block.
    pub fn add(&mut self, number: u32) {
        let word = (number / 64) as usize;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (number % 64);
    }

    /// Whether a block is in the set.
    pub fn holds(&self, number: u32) -> bool {
        self.0.get((number / 64) as usize).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The numbers, in order.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        let words = (0u32..).zip(&self.0);
        words.flat_map(|(word, bits)| (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit))
    }

    /// The blocks of size `to` that share bytes with these of size `from`, in bytes.
    #[must_use]
    pub fn resized(&self, from: u64, to: u64) -> Self {
        if from == to || from == 0 || to == 0 {
            return self.clone();
        }
        let mut resized = Self::default();
        for number in self.numbers() {
            let start = u64::from(number) * from;
            for number in start / to..(start + from).div_ceil(to).min(MOST) {
                // MOST fits into 32 bits.
                resized.add(number as u32);
            }
        }
        resized
    }

    /// Adds all blocks of another set.
    pub fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }
}

impl FromIterator<u32> for Blocks {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut blocks = Self::default();
        numbers.into_iter().for_each(|number| blocks.add(number));
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_another_size_are_those_that_share_bytes() {
        let blocks = Blocks::from_iter([0, 3, 64]);
        assert_eq!((blocks.count(), blocks.holds(64), blocks.holds(65)), (3, true, false));
        assert_eq!(blocks.resized(2, 1).numbers().collect::<Vec<_>>(), [0, 1, 6, 7, 128, 129]);
        assert_eq!(blocks.resized(1, 2).numbers().collect::<Vec<_>>(), [0, 1, 32]);
    }

    #[test]
    fn sets_are_joined() {
        let mut blocks = Blocks::from_iter([1]);
        blocks.join(&Blocks::from_iter([1, 200]));
        assert_eq!(blocks.numbers().collect::<Vec<_>>(), [1, 200]);
    }
}

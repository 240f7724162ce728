//! What one block holds, by its bitmap and by its data.

use alloc::vec::Vec;

use super::bat::Block;
use crate::layout::SECTOR;
use crate::layout::bat::BlockShape;
use crate::layout::bitmap::Bitmap;
use crate::layout::footer::Footer;
use crate::source::Read;

/// Bytes of data that are read at once: all of a block of the usual size. Blocks of 1 GiB take no more memory.
const PIECE: u64 = 2 << 20;

/// What a block holds.
pub(crate) struct BlockFill {
    /// Its sector bitmap, as it lies in the file.
    pub bitmap: Vec<u8>,
    /// Sectors that the bitmap calls written.
    pub set: u32,
    /// Whether these are all.
    pub is_full: bool,
    /// Sectors that are not all zero.
    pub with_data: u32,
    /// Those of them that the bitmap does not call written, in order.
    pub hidden: Vec<u32>,
}

impl BlockFill {
    /// Reads a block that lies within the file. `buffer` may be used again for the next.
    ///
    /// # Errors
    /// Those of `read`.
    pub(crate) fn read<E>(
        block: Block,
        shape: BlockShape,
        footer: Option<&Footer>,
        buffer: &mut Vec<u8>,
        mut read: impl FnMut(&mut [Read<'_>]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let bits = shape.bitmap as usize;
        buffer.resize(bits + PIECE.min(shape.data) as usize, 0);
        let (mut with_data, mut hidden, mut done) = (0, Vec::new(), 0);
        while done < shape.data {
            let length = PIECE.min(shape.data - done);
            // The bitmap comes with the first piece.
            let (from, offset) = if done == 0 { (0, 0) } else { (bits, shape.bitmap + done) };
            let offset = block.offset() + offset;
            read(&mut [Read { offset, buffer: &mut buffer[from..bits + length as usize] }])?;
            let (bitmap, data) = buffer.split_at(bits);
            let bitmap = Bitmap::new(bitmap, footer, shape);
            let sectors = ((done / SECTOR) as u32..).zip(data[..length as usize].chunks(SECTOR as usize));
            for (sector, _) in sectors.filter(|(_, bytes)| bytes.iter().any(|byte| *byte != 0)) {
                with_data += 1;
                if !bitmap.is_set(sector) {
                    hidden.push(sector);
                }
            }
            done += length;
        }
        let bitmap = buffer[..bits].to_vec();
        let bits = Bitmap::new(&bitmap, footer, shape);
        let (set, is_full) = (bits.count(), bits.is_full());
        Ok(Self { bitmap, set, is_full, with_data, hidden })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use core::convert::Infallible;

    use super::*;
    use crate::layout::bitmap;

    /// A block of 3 MiB, read from a file that it fills; `data` are bytes to set.
    fn fill(bits: &[u32], data: &[usize]) -> BlockFill {
        let shape = BlockShape { bitmap: 1024, data: 3 << 20 };
        let mut file = vec![0; shape.length() as usize];
        bits.iter().for_each(|bit| bitmap::set(&mut file[..1024], None, *bit));
        data.iter().for_each(|at| file[1024 + at] = 1);
        let read = |reads: &mut [Read<'_>]| -> Result<(), Infallible> {
            for read in reads {
                read.buffer.copy_from_slice(&file[read.offset as usize..][..read.buffer.len()]);
            }
            Ok(())
        };
        match BlockFill::read(Block { sector: 0, number: 0 }, shape, None, &mut Vec::new(), read) {
            Ok(fill) => fill,
            Err(never) => match never {},
        }
    }

    #[test]
    fn data_under_clear_bits_is_seen_to_its_last_byte_in_every_piece() {
        let fill = fill(&[3, 5000], &[512, 1535, 1536, (2 << 20) - 1, 2 << 20, 5000 * 512, (3 << 20) - 1]);
        assert_eq!(fill.hidden, [1, 2, 4095, 4096, 6143]);
        assert_eq!((fill.set, fill.with_data, fill.is_full), (2, 7, false));
    }

    #[test]
    fn a_full_block_hides_nothing() {
        let all: Vec<u32> = (0..6144).collect();
        let fill = fill(&all, &[0, (3 << 20) - 1]);
        assert!(fill.is_full && fill.hidden.is_empty());
    }
}

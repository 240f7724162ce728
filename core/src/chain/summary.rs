//! What is kept of a file when it has been analysed.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::analysis::Analysis;
use crate::check::link::LinkEnd;
use crate::compat::{ToolAnswer, vhd_util};
use crate::finding::{Rule, Tool, errors};
use crate::image::block_scan::BlockScan;
use crate::image::{Blocks, Image};
use crate::layout::SECTOR;
use crate::layout::bat::BlockShape;
use crate::layout::creator::Creator;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::time::TimeStamp;
use crate::verdict::Verdict;

/// How many of the first blocks' places are kept: more than the longest BAT can push aside, at any block size in use.
const FIRST_BLOCKS: usize = 64;

/// What is kept of a file.
#[derive(Clone, Debug)]
pub struct DiskSummary {
    /// Its path, relative to where the scan began, with slashes.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// The answer in one word, of the file by itself.
    pub verdict: Verdict,
    /// What it is; none where that is not known.
    pub kind: Option<DiskType>,
    /// Who made it; empty without a footer.
    pub creator: String,
    /// When the file was last written to, where that is known.
    pub changed: Option<TimeStamp>,
    /// What matters to a link; none without a footer.
    pub end: Option<LinkEnd>,
    /// The worst error, if there is any.
    pub error: Option<&'static Rule>,
    /// What `vhd-util check` says, if it refuses the disk.
    pub refusal: Option<String>,
    /// Whether vhd-util can read from it.
    pub opens: bool,
    /// Its blocks, if it has blocks whose table could be read.
    pub sparse: Option<BlockSummary>,
    /// The same after the best repair, if it needs one and there is one.
    pub repaired: Option<Box<DiskSummary>>,
}

/// The blocks of a disk.
#[derive(Clone, Debug)]
pub struct BlockSummary {
    /// Entries of the BAT.
    pub entries: u32,
    /// The size of a block.
    pub shape: BlockShape,
    /// Which are allocated.
    pub blocks: Blocks,
    /// Whether blocks are allocated that reach behind the end of the virtual disk, which vhd-util refuses to read.
    pub reaches_beyond: bool,
    /// The sectors at which the first blocks begin, in the order of the file.
    pub first: Vec<u32>,
    /// Where the metadata ends, in bytes.
    pub end_of_metadata: u64,
    /// Where the data ends, in bytes: the metadata without any.
    pub end_of_data: u64,
    /// Sectors of the batmap, if there is one.
    pub batmap_sectors: Option<u32>,
    /// Sectors that the bitmaps call written, if every block was read.
    pub sectors_written: Option<u64>,
}

impl DiskSummary {
    /// Of an analysis, under its path; `changed` is when the file was last written to, where that is known.
    pub fn of(analysis: &Analysis, name: &str, changed: Option<TimeStamp>) -> Self {
        let error = errors(&analysis.findings).next();
        let repaired = analysis.repaired.as_ref().zip(analysis.answers_after.as_ref()).filter(|_| error.is_some());
        let repaired = repaired.map(|(image, answers)| Self::opened(image, answers, name, changed));
        Self {
            verdict: analysis.verdict(),
            kind: analysis.image.kind().filter(|_| analysis.foreign.is_none()),
            error: error.map(|finding| finding.fault.rule()),
            sparse: BlockSummary::of(&analysis.image, analysis.deep.as_ref()),
            repaired: repaired.map(Box::new),
            ..Self::opened(&analysis.image, &analysis.answers, name, changed)
        }
    }

    /// Of a sound image, and what the tools say of it.
    fn opened(image: &Image, answers: &[ToolAnswer], name: &str, changed: Option<TimeStamp>) -> Self {
        let vhd_util = answers.iter().find(|answer| answer.tool == Tool::VhdUtil);
        let refusal = vhd_util.filter(|answer| !answer.accepts).map(|answer| answer.says.to_string());
        Self {
            name: name.to_string(),
            size: image.length,
            verdict: Verdict::Sound,
            kind: image.kind(),
            creator: image.footer().map(|footer| Creator(footer).to_string()).unwrap_or_default(),
            changed,
            end: LinkEnd::of(image, changed),
            error: None,
            refusal,
            opens: vhd_util::opens(image),
            sparse: BlockSummary::of(image, None),
            repaired: None,
        }
    }

    /// Of a disk that was opened and not checked, of which only matters whose parent it may be: its own answer and what
    /// vhd-util says of it are not known.
    pub fn opened_only(image: &Image, name: &str, changed: Option<TimeStamp>) -> Self {
        let verdict = if image.is_vhd() { Verdict::Sound } else { Verdict::NotAVhd };
        let kind = image.kind().filter(|_| image.is_vhd());
        Self { verdict, kind, ..Self::opened(image, &[], name, changed) }
    }

    /// Blocks that are allocated; on a disk without a table of blocks none.
    pub fn allocated(&self) -> u64 {
        self.sparse.as_ref().map_or(0, |sparse| sparse.blocks.count())
    }

    /// Whether tapdisk's hidden flag is set.
    pub fn is_hidden(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.hidden)
    }

    /// The virtual disk's size, in bytes; 0 where it is not known.
    pub fn virtual_size(&self) -> u64 {
        self.end.as_ref().map_or(0, |end| end.virtual_size)
    }
}

impl BlockSummary {
    fn of(image: &Image, deep: Option<&BlockScan>) -> Option<Self> {
        let (header, bat, shape) = (image.header.value()?, image.bat.value()?, image.block_shape()?);
        let size = image.footer()?.current_size.get();
        let ends_behind = |number: u32| (u64::from(number) + 1).saturating_mul(shape.data) > size;
        Some(Self {
            entries: header.max_table_entries.get(),
            shape,
            blocks: bat.blocks.iter().map(|block| block.number).collect(),
            reaches_beyond: bat.beyond_size.count > 0 || bat.blocks.iter().any(|block| ends_behind(block.number)),
            first: bat.blocks.iter().take(FIRST_BLOCKS).map(|block| block.sector).collect(),
            end_of_metadata: image.end_of_metadata,
            end_of_data: bat.end_of_blocks.max(image.end_of_metadata),
            batmap_sectors: batmap_sectors(image),
            sectors_written: deep.map(|deep| deep.sectors_set),
        })
    }

    /// Bytes of the file that the blocks and the metadata make, with the closing footer.
    pub fn file_length(&self) -> u64 {
        self.end_of_data.saturating_add(Footer::LENGTH)
    }

    /// Bytes that coalescing this disk copies: exact where every bitmap was read, otherwise the most that it can be.
    pub fn bytes_to_copy(&self) -> u64 {
        match self.sectors_written {
            Some(sectors) => sectors.saturating_mul(SECTOR),
            None => self.blocks.count().saturating_mul(self.shape.data),
        }
    }
}

fn batmap_sectors(image: &Image) -> Option<u32> {
    let batmap = image.batmap.value().filter(|batmap| batmap.header.is_known())?;
    Some(batmap.header.batmap_size.get())
}

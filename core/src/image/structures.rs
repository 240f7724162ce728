//! A VHD as it was found, and what its structures say together.

use alloc::string::String;
use alloc::vec::Vec;

use super::bat::{Bat, Block};
use super::batmap::Batmap;
use super::found::Found;
use super::trailing::Tail;
use super::unreferenced::Unreferenced;
use crate::layout::bat::BlockShape;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform, decode, file_name, unescaped, utf16};

/// A VHD as it was found.
#[derive(Clone, Debug)]
pub struct Image {
    /// Length of the file in bytes.
    pub length: u64,
    /// The last 512 bytes of the file.
    pub primary: Found<Footer>,
    /// The last 511 bytes, where the length of the file speaks for a footer of old Virtual PC.
    pub short: Found<Footer>,
    /// The first 512 bytes.
    pub backup: Found<Footer>,
    /// A fixed disk's footer some way before the end of the file.
    pub stray: Found<Footer>,
    /// The dynamic header, where the footer says; 512 bytes into the file where no footer says anything.
    pub header: Found<DynamicHeader>,
    /// The BAT, where the dynamic header says.
    pub bat: Found<Bat>,
    /// tapdisk's batmap.
    pub batmap: Found<Batmap>,
    /// The parent names that the dynamic header's locators point at, in the locators' order.
    pub parent_names: [Found<Vec<u8>>; 8],
    /// Where the last structure ends that is not a block, in bytes.
    pub end_of_metadata: u64,
    /// What follows the data.
    pub tail: Tail,
    /// What no structure refers to.
    pub unreferenced: Unreferenced,
}

impl Image {
    /// The footer that says what the disk is: the first intact one of primary, short, backup and stray;
    /// failing that, the first that can still be recognised as one.
    pub fn footer(&self) -> Option<&Footer> {
        let all = || self.footers().filter_map(Found::value);
        all()
            .find(|footer| footer.is_intact())
            .or_else(|| all().find(|footer| footer.is_poisoned()))
            .or_else(|| all().find(|footer| footer.cookie == Footer::COOKIE))
            .or_else(|| all().find(|footer| footer.with_cookie().is_intact()))
    }

    /// The places where a footer may be, in the order in which they are trusted.
    pub fn footers(&self) -> impl Iterator<Item = &Found<Footer>> {
        [&self.primary, &self.short, &self.backup, &self.stray].into_iter()
    }

    /// The kind of the disk by its footer; by the dynamic header where the footer has a type that no disk has, or that
    /// of a differencing disk where nothing names a parent.
    pub fn kind(&self) -> Option<DiskType> {
        let footer = self.footer()?;
        if self.has_wrong_type() {
            return Some(DiskType::Dynamic);
        }
        footer.kind().or_else(|| {
            let header = self.header.value()?;
            Some(if header.names_a_parent() { DiskType::Differencing } else { DiskType::Dynamic })
        })
    }

    /// Whether the disk calls itself differencing although nothing of an intact header names a parent: it is the type
    /// that is wrong.
    pub fn has_wrong_type(&self) -> bool {
        let calls_itself = self.footer().and_then(Footer::kind) == Some(DiskType::Differencing);
        let is_intact = |header: &&DynamicHeader| header.cookie == DynamicHeader::COOKIE && header.checksum_is_right();
        calls_itself && self.header.value().filter(is_intact).is_some_and(|header| !header.names_a_parent())
    }

    /// Whether it is known where the data ends: not where the BAT could not be read, or names blocks that are
    /// not in the file.
    pub fn knows_end_of_data(&self) -> bool {
        match self.kind() {
            Some(DiskType::Fixed) => true,
            _ => self.bat.value().is_some_and(|bat| bat.outside_file.count == 0),
        }
    }

    /// Whether the file is a VHD at all, sound or not.
    pub fn is_vhd(&self) -> bool {
        self.length >= Footer::LENGTH && (self.footer().is_some() || self.has_header_cookie())
    }

    /// Whether an intact footer closes the file, in its full or its short form.
    pub fn closing_footer(&self) -> Option<(u64, &Footer)> {
        [&self.primary, &self.short].into_iter().find_map(|found| match found {
            Found::Read { offset, value } if value.is_intact() => Some((*offset, value)),
            _ => None,
        })
    }

    /// The footer that lacks its last byte, where one closes the file.
    pub fn intact_short_footer(&self) -> Option<&Footer> {
        self.short.value().filter(|footer| footer.is_intact())
    }

    /// Where blocks must end at the latest, in bytes: at the closing footer, or at the end of the file without one.
    pub fn limit(&self) -> u64 {
        self.closing_footer().map_or(self.length, |(offset, _)| offset)
    }

    /// The shape of the disk's blocks, if it has blocks.
    pub fn block_shape(&self) -> Option<BlockShape> {
        self.header.value().and_then(BlockShape::of)
    }

    /// The parent's name in the dynamic header; `None` where there is no header, or the name is no UTF-16.
    pub fn parent_name(&self) -> Option<String> {
        let name = &self.header.value()?.parent_unicode_name;
        // tapdisk 0.1 wrote either byte order, with a mark in front, and little-endian without one.
        let early = self.footer().is_some_and(Footer::puts_least_bit_first);
        match name {
            [0xFF, 0xFE, rest @ ..] if early => utf16(rest, u16::from_le_bytes),
            [0xFE, 0xFF, rest @ ..] if early => utf16(rest, u16::from_be_bytes),
            _ if early => utf16(name, u16::from_le_bytes),
            _ => utf16(name, u16::from_be_bytes),
        }
    }

    /// The locators in use, with their number and the bytes that they point at.
    pub fn locators(&self) -> impl Iterator<Item = (usize, &ParentLocator, &Found<Vec<u8>>)> {
        self.header
            .value()
            .into_iter()
            .flat_map(|header| header.parent_locators.iter().zip(&self.parent_names))
            .enumerate()
            .filter(|(_, (locator, _))| locator.is_used())
            .map(|(number, (locator, name))| (number, locator, name))
    }

    /// Where the parent may be: the paths that the locators give, with slashes.
    pub fn parent_paths(&self) -> impl Iterator<Item = String> {
        self.locators()
            .filter_map(|(_, locator, data)| Some(self.path_in(locator.platform()?, data.value()?)?.replace('\\', "/")))
    }

    /// The path that a locator's data spells. Where the header has the parent's name as it stands in a URL, nothing in
    /// that is an escape.
    pub(crate) fn path_in(&self, platform: Platform, data: &[u8]) -> Option<String> {
        let is_the_name = |path: &String| self.parent_name().is_some_and(|name| file_name(&name) == file_name(path));
        unescaped(platform, data).filter(is_the_name).or_else(|| decode(platform, data))
    }

    fn has_header_cookie(&self) -> bool {
        self.header.value().is_some_and(|header| header.cookie == DynamicHeader::COOKIE)
    }

    /// Whether a block lies between the metadata and the end of the data.
    pub(super) fn holds_block(&self, block: Block, shape: BlockShape) -> bool {
        block.offset() >= self.end_of_metadata && block.offset() + shape.length() <= self.limit()
    }

    /// Whether a block's entry is in doubt: it lies outside of the file or on the metadata, or it overlaps another
    /// and the bytes do not speak for it alone.
    pub fn is_doubtful(&self, bat: &Bat, block: Block, shape: BlockShape) -> bool {
        let is_refuted = |block: &Block| bat.refuted.binary_search(block).is_ok();
        let mut pairs = bat.overlapping.first.iter().filter(|(a, b)| *a == block || *b == block);
        !self.holds_block(block, shape)
            || is_refuted(&block)
            || pairs.any(|(a, b)| {
                let other = if *a == block { b } else { a };
                other.sector != block.sector && !is_refuted(other)
            })
    }
}

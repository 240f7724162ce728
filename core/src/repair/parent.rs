//! What a differencing disk says of its parent, brought into agreement with itself: the header's name and the
//! locators'.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use zerocopy::FromZeros;
use zerocopy::big_endian::U32;

use super::case::{Case, Proposal};
use super::evidence::Evidence;
use super::header;
use super::parent_disk::header_name;
use super::plan::{Patch, Step};
use crate::finding::Fault;
use crate::finding::locators::Wrong;
use crate::finding::parent as parent_rules;
use crate::image::{Found, Image};
use crate::layout::footer::DiskType;
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform, decode, file_name};

/// The header with every parent field repaired that the others show, and locator data to match.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let Found::Read { offset, value } = &case.image.header else {
        return Ok(Vec::new());
    };
    if !case.has_error(|fault| matches!(fault, Fault::Parent(_) | Fault::Locator(_))) {
        return Ok(Vec::new());
    }
    Ok(match case.image.kind() {
        Some(DiskType::Dynamic) => vec![without_parent(case, *offset, value)],
        Some(DiskType::Differencing) => in_agreement(case, *offset, value).into_iter().collect(),
        _ => Vec::new(),
    })
}

/// A dynamic disk's parent fields cleared. Its type says that it has none, and both footers say so.
fn without_parent(case: &Case<'_>, offset: u64, header: &DynamicHeader) -> Step {
    let repaired = DynamicHeader {
        parent_unique_id: [0; 16],
        parent_time_stamp: U32::new(0),
        parent_unicode_name: [0; 512],
        parent_locators: [FromZeros::new_zeroed(); 8],
        ..*header
    }
    .sealed();
    let reason = "the dynamic header without a parent";
    let patches = vec![header::patch(offset, &repaired, reason)];
    let step = Step::lossless("Clear the parent’s fields", case.image.length, patches);
    // One stray field is damage; all of them together are a parent.
    if header.parent_unique_id != [0; 16] && header.parent_unicode_name != [0; 512] {
        step.assuming("The disk is dynamic, as both footers say, and has no parent, although the header names one.")
    } else {
        step
    }
}

fn in_agreement(case: &Case<'_>, offset: u64, header: &DynamicHeader) -> Option<Step> {
    let mut repaired = *header;
    let mut patches = Vec::new();
    let mut assumes: Vec<String> = Vec::new();
    if case.has(&parent_rules::TIME_STAMP) {
        repaired.parent_time_stamp = U32::new(case.now.0);
    }
    let path = believed_path(case.image)?;
    let name = file_name(&path);
    if case.has(&parent_rules::NO_NAME) || case.has(&parent_rules::UNDECODABLE) || is_outvoted(case.image, name) {
        repaired.parent_unicode_name = header_name(case.image, name)?;
    }
    for (number, wrong) in locator_faults(case) {
        let number = usize::from(number);
        match wrong {
            Wrong::Name(_) | Wrong::Undecodable if is_wrong(case.image, number, name) => {
                match rewritten(case.image, number, &path) {
                    Some((locator, patch)) => {
                        repaired.parent_locators[number] = locator;
                        patches.push(patch);
                    }
                    None => repaired.parent_locators[number] = FromZeros::new_zeroed(),
                }
            }
            Wrong::Name(_) | Wrong::NotAscii(_) | Wrong::None => {}
            Wrong::Reserved(_) => repaired.parent_locators[number].reserved = U32::new(0),
            Wrong::Code(_) | Wrong::Duplicate(_) => {
                repaired.parent_locators[number] = recoded(case.image, &repaired, number);
            }
            // What says where the name is leads nowhere: the other locators name the parent.
            _ => repaired.parent_locators[number] = FromZeros::new_zeroed(),
        }
    }
    let names_parent = repaired.parent_locators.iter().any(ParentLocator::is_used);
    if (repaired == *header && patches.is_empty()) || !names_parent {
        return None;
    }
    if !is_unanimous(case.image, name) {
        assumes.push(format!("The parent is “{name}”: so most of the places say that name it."));
    }
    let reason = "the dynamic header, with its parent’s name and locators in agreement";
    if repaired != *header {
        patches.insert(0, header::patch(offset, &repaired.sealed(), reason));
    }
    let mut step = Step::lossless("Bring the parent’s names into agreement", case.image.length, patches);
    step.evidence.extend(assumes.into_iter().map(Evidence::Assumed));
    Some(step)
}

fn locator_faults(case: &Case<'_>) -> impl Iterator<Item = (u8, Wrong)> {
    case.findings.iter().filter_map(|finding| match finding.fault {
        Fault::Locator(fault) => Some((fault.number, fault.fault)),
        _ => None,
    })
}

/// The parent's paths as the locators give them, with the number of each.
fn paths(image: &Image) -> impl Iterator<Item = (usize, String)> {
    image.locators().filter_map(|(number, locator, data)| {
        let Found::Read { value, .. } = data else {
            return None;
        };
        // Of a code that nobody knows, the data may show how it is written.
        let platforms = match locator.platform() {
            Some(platform) => vec![platform],
            None => vec![Platform::MacX, Platform::W2ku],
        };
        let path = platforms.into_iter().find_map(|platform| image.path_in(platform, value))?;
        (!path.is_empty()).then_some((number, path))
    })
}

/// The path whose file name most of the places give; the header's name alone where no locator gives any.
fn believed_path(image: &Image) -> Option<String> {
    let stored = image.parent_name().filter(|name| !name.is_empty());
    let votes = |name: &str| {
        let header = stored.as_deref().is_some_and(|stored| file_name(stored) == name);
        paths(image).filter(|(_, path)| file_name(path) == name).count() + usize::from(header)
    };
    let mut best: Option<(usize, String)> = None;
    for (_, path) in paths(image) {
        let count = votes(file_name(&path));
        if best.as_ref().is_none_or(|(most, _)| count > *most) {
            best = Some((count, path));
        }
    }
    best.map(|(_, path)| path)
}

/// Whether every place that gives a name gives this one.
fn is_unanimous(image: &Image, name: &str) -> bool {
    let others = paths(image).filter(|(_, path)| file_name(path) != name).count();
    let stored = image.parent_name().filter(|stored| !stored.is_empty());
    // One place against all others is damage; two are another answer.
    others + usize::from(stored.is_some_and(|stored| file_name(&stored) != name)) < 2
}

/// Whether the header's name is another than the one that the locators agree on.
fn is_outvoted(image: &Image, name: &str) -> bool {
    image.parent_name().is_some_and(|stored| !stored.is_empty() && file_name(&stored) != name)
}

/// Whether a locator gives another name, or none.
fn is_wrong(image: &Image, number: usize, name: &str) -> bool {
    paths(image).find(|(other, _)| *other == number).is_none_or(|(_, path)| file_name(&path) != name)
}

/// A locator with the parent's path written anew into its space; `None` where it does not fit.
fn rewritten(image: &Image, number: usize, path: &str) -> Option<(ParentLocator, Patch)> {
    let mut locator = image.header.value()?.parent_locators[number];
    let space = locator.space_in_bytes()?;
    let slashes = |path: &str| path.replace('\\', "/");
    let backslashes = |path: &str| path.replace('/', "\\");
    let data: Vec<u8> = match locator.platform()? {
        Platform::MacX => format!("file://{}", slashes(path)).into_bytes(),
        Platform::W2ku | Platform::W2ru => backslashes(path).encode_utf16().flat_map(u16::to_le_bytes).collect(),
        _ => return None,
    };
    let end = locator.data_offset.get().checked_add(space)?;
    if data.len() as u64 > space || end > image.limit() {
        return None;
    }
    locator.data_length = U32::new(data.len() as u32);
    let mut bytes = data;
    // The rest of the space is zero, so that nothing of the old name is left.
    bytes.resize(usize::try_from(space).ok()?, 0);
    let reason = format!("the parent’s name in locator {number}");
    Some((locator, Patch::bytes(locator.data_offset.get(), &bytes, reason)))
}

/// A locator with a code that is free and fits its data; one that is not in use where there is none.
fn recoded(image: &Image, header: &DynamicHeader, number: usize) -> ParentLocator {
    let locator = header.parent_locators[number];
    let is_free = |code: &[u8; 4]| {
        let mut others = header.parent_locators.iter().enumerate().filter(|(other, _)| *other != number);
        others.all(|(_, other)| other.platform_code != *code)
    };
    let Found::Read { value, .. } = &image.parent_names[number] else {
        return FromZeros::new_zeroed();
    };
    let codes = [(*b"MacX", Platform::MacX), (*b"W2ru", Platform::W2ru), (*b"W2ku", Platform::W2ku)];
    codes
        .into_iter()
        .find(|(code, platform)| is_free(code) && decode(*platform, value).is_some_and(|path| !path.is_empty()))
        .map_or_else(FromZeros::new_zeroed, |(code, _)| ParentLocator { platform_code: code, ..locator })
}

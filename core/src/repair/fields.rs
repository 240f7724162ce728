//! Single fields of the footers that have values which no footer has, under right checksums.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use zerocopy::FromBytes;
use zerocopy::big_endian::{U32, U64};

use super::case::{Case, Proposal, Unreadable};
use super::evidence::Evidence;
use super::footers;
use super::plan::Step;
use crate::finding::Fault;
use crate::finding::footer::FooterFault;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::geometry::Geometry;
use crate::layout::header::DynamicHeader;

/// A field that can be repaired: the faults in it, what the repaired field is called, how it is repaired, and what that
/// assumes.
struct Field {
    is_of: fn(&FooterFault) -> bool,
    name: &'static str,
    repair: fn(&Case<'_>, &mut Footer),
    assumes: Option<&'static str>,
}

const FIELDS: &[Field] = &[
    Field {
        is_of: |fault| matches!(fault, FooterFault::ReservedFeature(_)),
        name: "features",
        repair: |_, footer| footer.features = U32::new(footer.features.get() | Footer::RESERVED),
        assumes: None,
    },
    Field {
        is_of: |fault| matches!(fault, FooterFault::ExtraFeatures(_)),
        name: "features",
        repair: |_, footer| {
            footer.features = U32::new(footer.features.get() & (Footer::RESERVED | Footer::TEMPORARY));
        },
        assumes: None,
    },
    Field {
        is_of: |fault| matches!(fault, FooterFault::Version(_)),
        name: "file format version",
        repair: |_, footer| footer.file_format_version = U32::new(Footer::VERSION),
        assumes: None,
    },
    // The header is there or it is not, and names a parent or not: that is the type.
    Field {
        is_of: |fault| matches!(fault, FooterFault::DiskType(_) | FooterFault::NoParent),
        name: "disk type",
        repair: |case, footer| {
            footer.disk_type = U32::new(match case.image.kind() {
                Some(DiskType::Differencing) => 4,
                Some(DiskType::Dynamic) => 3,
                _ => 2,
            });
        },
        assumes: None,
    },
    Field {
        is_of: |fault| matches!(fault, FooterFault::DataOffset(_)),
        name: "data offset",
        repair: |_, footer| footer.data_offset = U64::new(Footer::NO_DATA_OFFSET),
        assumes: None,
    },
    Field {
        is_of: |fault| matches!(fault, FooterFault::TimeStamp { .. }),
        name: "time stamp, which becomes the present,",
        repair: |case, footer| footer.time_stamp = U32::new(case.now.0),
        assumes: None,
    },
    Field {
        is_of: |fault| matches!(fault, FooterFault::CreatorVersion(_)),
        name: "creator version",
        repair: |_, footer| footer.creator_version = U32::new(Footer::NEWEST_TAPDISK),
        assumes: Some("The disk was made by tapdisk 1.3, the newest there is, and not by one that is not known here."),
    },
    Field {
        is_of: |fault| matches!(fault, FooterFault::Geometry { .. }),
        name: "geometry",
        repair: |_, footer| footer.geometry = Geometry::for_size(footer.current_size.get()),
        assumes: None,
    },
    Field {
        is_of: |fault| matches!(fault, FooterFault::SavedState(_)),
        name: "saved state",
        repair: |_, footer| footer.saved_state = 0,
        assumes: None,
    },
    // tapdisk takes any value but zero for hidden, and a base copy must stay hidden.
    Field {
        is_of: |fault| matches!(fault, FooterFault::Hidden(_)),
        name: "hidden flag",
        repair: |_, footer| footer.hidden = 1,
        assumes: None,
    },
    Field {
        is_of: |fault| matches!(fault, FooterFault::Reserved(_)),
        name: "reserved bytes",
        repair: |_, footer| footer.reserved = [0; 426],
        assumes: None,
    },
];

/// All such fields of a footer at once.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let Some((_, footer)) = case.image.closing_footer() else {
        return Ok(Vec::new());
    };
    let is_wrong = |field: &&Field| {
        let mut faults = case.findings.iter().map(|finding| finding.fault);
        faults.any(|fault| matches!(fault, Fault::Footer(_, fault) if (field.is_of)(&fault)))
    };
    let mut repaired = *footer;
    let mut names: Vec<&str> = Vec::new();
    let mut assumes: Vec<String> = Vec::new();
    let sparse = kind_of_header(case, footer)?;
    for field in FIELDS.iter().filter(is_wrong) {
        match sparse {
            // The header is there: it is not the offset that is wrong, but the type.
            Some(disk_type) if (field.is_of)(&FooterFault::DataOffset(0)) => {
                repaired.disk_type = U32::new(disk_type);
                names.push("disk type");
                continue;
            }
            _ => (field.repair)(case, &mut repaired),
        }
        names.push(field.name);
        assumes.extend(field.assumes.map(Into::into));
    }
    if names.is_empty() {
        return Ok(Vec::new());
    }
    names.dedup();
    let reason = format!("the footer with its {} repaired and its checksum renewed", names.join(" and its "));
    let patches = footers::everywhere(case.image, &repaired.sealed(), &reason);
    let mut step = Step::lossless("Repair the footer’s fields", case.image.length, patches);
    if case.image.has_wrong_type() {
        step.evidence.push(Evidence::NoParent);
    }
    step.evidence.extend(assumes.into_iter().map(Evidence::Assumed));
    Ok(vec![step])
}

/// The disk type that a dynamic header asks for which stands where a fixed disk's footer says, although a fixed disk
/// has none.
fn kind_of_header(case: &Case<'_>, footer: &Footer) -> Result<Option<u32>, Unreadable> {
    let offset = footer.data_offset.get();
    let end = offset.checked_add(DynamicHeader::LENGTH);
    if footer.kind() != Some(DiskType::Fixed) || end.is_none_or(|end| end > case.image.length) {
        return Ok(None);
    }
    let bytes = case.probe.bytes(offset, DynamicHeader::LENGTH as usize)?;
    let header = DynamicHeader::read_from_bytes(&bytes).ok();
    let header =
        header.filter(|header| header.cookie == DynamicHeader::COOKIE || header.with_cookie().checksum_is_right());
    let by_header = header.map(|header| if header.names_a_parent() { 4 } else { 3 });
    // A fixed disk begins with its data, and not with a copy of its footer.
    let by_backup = (case.image.backup.value() == Some(footer)).then_some(3);
    Ok(by_header.or(by_backup))
}

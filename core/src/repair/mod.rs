//! Repairs, a file for each family, and the search for a plan that ends sound.
//!
//! A repair looks at an opened image and its findings and proposes steps, the one that assumes least first.
//! The search takes the steps together: after each it opens the file again as it would be then, until no
//! error is left. So every plan that leaves this module has been proven on the file it is for.

mod footers;
mod header;
mod plan;
mod unique_id;

use alloc::vec::Vec;

pub use plan::{Content, Cut, Patch, Patched, Plan, Segment, Step};

use crate::check::{Circumstances, check};
use crate::finding::{Finding, Severity};
use crate::image::Image;
use crate::progress::{AnalysisError, Watch};
use crate::source::Source;

/// What a repair goes by.
pub(crate) struct Case<'a> {
    /// The file as it is, or as the steps so far would leave it.
    pub image: &'a Image,
    /// What is wrong with it.
    pub findings: &'a [Finding],
    /// 16 random bytes, for a disk that needs an identity.
    pub fresh_unique_id: [u8; 16],
}

impl Case<'_> {
    /// Whether a fault of this name was found.
    pub fn has(&self, id: &str) -> bool {
        self.findings.iter().any(|finding| finding.id() == id)
    }
}

/// A way of mending one kind of fault: the steps that would do it, the one that assumes least first; none
/// where it does not apply.
type Repair = fn(&Case<'_>) -> Vec<Step>;

/// All repairs, in the order in which they are tried: what others stand on comes first.
const REPAIRS: &[Repair] = &[footers::propose, unique_id::propose, header::propose];

/// More steps than there are families of faults do not make a repair.
const MOST_STEPS: usize = 8;

/// Looks for a plan after which `source` has no error left.
///
/// # Errors
/// Where the source fails, or `watch` asks to stop.
pub(crate) fn find_plan<S: Source>(
    source: &S,
    image: &Image,
    findings: &[Finding],
    circumstances: &Circumstances,
    fresh_unique_id: [u8; 16],
    watch: &mut Watch<'_>,
) -> Result<Option<Plan>, AnalysisError<S::Error>> {
    watch.proving();
    Search { source, circumstances, fresh_unique_id }.extend(&Plan::nothing(source.length()), image, findings, watch)
}

struct Search<'a, S> {
    source: &'a S,
    circumstances: &'a Circumstances,
    fresh_unique_id: [u8; 16],
}

impl<S: Source> Search<'_, S> {
    /// The first extension of `plan`, which leaves `image` with `findings`, that ends without an error.
    fn extend(
        &self,
        plan: &Plan,
        image: &Image,
        findings: &[Finding],
        watch: &mut Watch<'_>,
    ) -> Result<Option<Plan>, AnalysisError<S::Error>> {
        if plan.steps.len() >= MOST_STEPS {
            return Ok(None);
        }
        let case = Case { image, findings, fresh_unique_id: self.fresh_unique_id };
        // Only the first repair that applies: the ones behind it stand on what it mends.
        let steps = REPAIRS.iter().map(|repair| repair(&case));
        for step in steps.into_iter().find(|steps| !steps.is_empty()).into_iter().flatten() {
            let longer = plan.then(step);
            let patched = Patched::new(self.source, &longer);
            let image = Image::open(&patched, watch)?;
            let findings = check(&image, None, self.circumstances);
            let sound = !findings.iter().any(|finding| finding.severity() == Severity::Error);
            if sound {
                return Ok(Some(longer));
            }
            if let Some(found) = self.extend(&longer, &image, &findings, watch)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

//! A file that has been read, and what is known of what is made of it.

use std::rc::Rc;

use vhd_analyser_core::convert::Format;
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::report::{RepairReport, Report};
use web_sys::Blob;
use yew::AttrValue;

use crate::protocol::failure::Failure;
use crate::protocol::{Analysed, DiskChanges, Exports, Printed, Scripts};
use crate::state::reading::Reading;

/// A file that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct DiskView {
    /// What was found.
    pub report: Rc<Report>,
    /// The report as text.
    pub printed: Printed,
    /// When it was read.
    pub date: TimeStamp,
    /// Which of the ways to repair it was chosen, the best being 0.
    pub plan: usize,
    /// The repair as scripts, once they are written.
    pub scripts: Option<Rc<Scripts>>,
    /// What was done about the file, a sentence each.
    pub done: Vec<String>,
    /// What is known of its fixed copy.
    pub copy: CopyCheck,
    /// What is known of the image of its whole chain.
    pub image: ChainImage,
    /// What was to be changed in it besides what is wrong.
    pub changes: DiskChanges,
    /// The report in its forms for others, once they are written.
    pub exports: Option<Rc<Exports>>,
    /// How far the deep check is, while it runs.
    pub deep: Option<Reading>,
    /// The SHA-256 of the whole file in hex, once it was asked for.
    pub sha256: Option<AttrValue>,
    /// How far it is, while it is computed.
    pub hashing: Option<Reading>,
}

/// What is known of a fixed copy.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CopyCheck {
    /// Nothing: it has not been looked at.
    #[default]
    Unchecked,
    /// It is being read.
    Reading(Reading),
    /// It was read.
    Checked(Rc<Report>),
    /// It could not be read.
    Failed(Failure),
}

/// What is known of the image of a whole chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ChainImage {
    /// Nothing: nobody asked for it.
    #[default]
    None,
    /// It is being put together.
    Reading(Reading),
    /// It is there.
    Made(Format, Blob),
    /// It could not be put together.
    Failed(Failure),
}

impl DiskView {
    /// A file that has just been read.
    pub fn new(Analysed { report, printed, date }: Analysed) -> Self {
        Self {
            report: report.into(),
            printed,
            date: TimeStamp(date),
            plan: 0,
            scripts: None,
            done: Vec::new(),
            copy: CopyCheck::Unchecked,
            image: ChainImage::None,
            changes: DiskChanges::default(),
            exports: None,
            deep: None,
            sha256: None,
            hashing: None,
        }
    }

    /// The way to repair it that was chosen, if there is any.
    pub fn repair(&self) -> Option<&RepairReport> {
        self.report.repairs().nth(self.plan)
    }
}

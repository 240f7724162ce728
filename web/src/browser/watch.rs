//! How far a piece of work is, and whether it is to go on.

use std::cell::Cell;
use std::rc::Rc;

use crate::protocol::{Progress, Unit};

/// The user wants no more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// Tells the page how far the work is, and the work whether to go on.
#[derive(Clone)]
pub struct Watch {
    show: Rc<dyn Fn(Progress)>,
    stopped: Rc<Cell<bool>>,
}

impl Watch {
    /// Shows progress with a function, for as long as the flag is not set.
    pub fn new(show: Rc<dyn Fn(Progress)>, stopped: Rc<Cell<bool>>) -> Self {
        Self { show, stopped }
    }

    /// Says what is being done and how much of it is; a `total` of 0 where nobody knows.
    ///
    /// # Errors
    /// Where the user wants no more of it.
    pub fn report(&self, stage: &str, done: u64, total: u64) -> Result<(), Stopped> {
        if self.stopped.get() {
            return Err(Stopped);
        }
        (self.show)(Progress { stage: stage.into(), done, total, unit: Unit::Bytes });
        Ok(())
    }
}

//! Trouble that a log tells of, and trouble that is the same.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem;

use crate::identifiers::Names;
use crate::ordering::{Order, When};
use crate::patterns::{CODE, ERRNO, Pattern, Sign, exit_code, is_outcome, meaning};

/// What one line tells, and the lines that belong to it.
#[derive(Debug)]
pub struct Event {
    pub pattern: &'static Pattern,
    /// Who wrote the line: what another process writes does not belong to it.
    pub process: u32,
    pub names: Names,
    /// What stands in the line as [`Pattern::number`].
    pub number: Option<u64>,
    /// What an exception or vhd-util says of it.
    pub fault: String,
    /// The number of the storage manager’s error.
    pub code: Option<u16>,
    /// Whether only that number says what kind of trouble it is.
    pub by_code: bool,
    /// What the storage manager adds to its error behind “opterr”.
    pub cause: String,
    pub when: When,
    /// The line itself, as it can be shown.
    pub line: String,
    /// The functions of the traceback, outermost first.
    pub traceback: Vec<String>,
}

/// Events that tell of the same trouble.
#[derive(Debug)]
pub struct Group {
    /// The newest, with what only older ones tell.
    pub event: Event,
    pub first: When,
    pub count: u64,
}

impl Event {
    /// Whether both tell of the same trouble.
    pub fn is_like(&self, other: &Self) -> bool {
        let is_code = self.pattern.number.is_some_and(|(_, counts)| [CODE, ERRNO].contains(&counts));
        core::ptr::eq(self.pattern, other.pattern)
            && (!is_code || self.number == other.number)
            && agree(self.code, other.code)
            && self.names.are_alike(&other.names)
    }

    /// Whether this is told by another event, too, which tells more: the same failure in another program’s log, or the
    /// number of the error that it ended with.
    pub fn is_part_of(&self, other: &Self) -> bool {
        let is_same = core::ptr::eq(self.pattern, other.pattern);
        let is_its_end = (self.by_code || is_outcome(self.pattern)) && self.process == other.process;
        (is_same || is_its_end)
            && (!is_same || agree(self.code, other.code))
            && self.when.is_near(&other.when)
            && self.names.are_within(&other.names)
            && (self.cause.is_empty() || !is_same || self.cause == other.cause)
    }

    /// The title, with what the storage manager says of the cause. An error that no kind knows has its own words for one.
    pub fn title(&self) -> String {
        let words = self.code.map(meaning).filter(|words| self.pattern.sign == Sign::AnyCode && !words.is_empty());
        let mut title = String::from(words.unwrap_or(self.pattern.title));
        if !self.cause.is_empty() {
            title.push_str(": ");
            title.push_str(&self.cause);
        }
        title
    }

    /// Takes from another event of the same trouble what this one does not tell.
    pub fn fill(&mut self, other: Self) {
        self.names.fill(&other.names);
        self.number = self.number.or(other.number);
        if self.traceback.is_empty() {
            self.traceback = other.traceback;
        }
        if self.fault.is_empty() {
            self.fault = other.fault;
        }
        if self.cause.is_empty() {
            self.cause = other.cause;
        }
        self.code = self.code.or(other.code);
    }

    /// The number and what it means, and the fault, as far as there are any.
    pub fn detail(&self) -> String {
        let mut detail = match (self.number, self.pattern.number) {
            (Some(code), Some((_, kind @ (CODE | ERRNO)))) => {
                let mut text = String::from(kind);
                text.push(' ');
                text.push_str(&code.to_string());
                if !exit_code(code).is_empty() {
                    text.push_str(", ");
                    text.push_str(exit_code(code));
                }
                text
            }
            (Some(number), Some((_, counts))) => {
                let mut text = number.to_string();
                text.push(' ');
                text.push_str(counts);
                text
            }
            _ => String::new(),
        };
        if let Some(code) = self.code {
            detail.push_str(if detail.is_empty() { "error " } else { "; error " });
            detail.push_str(&code.to_string());
            if !meaning(code).is_empty() {
                detail.push_str(", ");
                detail.push_str(meaning(code));
            }
        }
        if !detail.is_empty() && !self.fault.is_empty() {
            detail.push_str("; ");
        }
        detail.push_str(&self.fault);
        detail
    }
}

/// Whether two numbers are the same, as far as both are known.
fn agree(one: Option<u16>, other: Option<u16>) -> bool {
    one.is_none() || other.is_none() || one == other
}

impl Group {
    /// Takes another event of the same trouble. One of the same process close to the newest is the same event, told again.
    pub fn add(&mut self, event: Event, order: &Order) {
        let Event { when, process, .. } = &self.event;
        if event.process == *process && when.is_close(&event.when) {
            return self.event.fill(event);
        }
        self.count += 1;
        if order.compare(&event.when, &self.first).is_lt() {
            self.first = event.when.clone();
        }
        if order.compare(&event.when, when).is_lt() {
            self.event.fill(event);
        } else {
            let older = mem::replace(&mut self.event, event);
            self.event.fill(older);
        }
    }
}

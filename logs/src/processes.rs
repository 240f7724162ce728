//! What the processes that write to a log are at.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::identifiers::Names;

/// How many processes are followed at once. A merge goes on for hours, while others come and go.
const MOST: usize = 1024;

/// A process that writes to the log.
#[derive(Debug, Default)]
pub struct Process {
    /// When it was last looked at, in looks.
    used: u64,
    /// The disk that the garbage collector has turned to, or that an operation is about, and its repository.
    pub work: Names,
    /// What the last command was run on, if that was `vhd-util` and has not succeeded.
    pub command: Option<Names>,
    /// The disk and the repository whose locks it took last.
    pub locks: Names,
    /// What `vhd-util` said of a structure, and in which row.
    pub fault: Option<(String, u64)>,
}

/// The processes that were heard of last.
#[derive(Debug, Default)]
pub struct Processes {
    /// By their numbers, upwards.
    all: Vec<(u32, Box<Process>)>,
    looks: u64,
}

impl Processes {
    /// What is known of a process.
    pub fn get(&mut self, id: u32) -> &mut Process {
        self.looks += 1;
        let at = match self.place(id) {
            Ok(at) => at,
            Err(at) if self.all.len() < MOST => self.add(at, id),
            Err(_) => {
                self.forget_half();
                let at = self.place(id).unwrap_or_else(|at| at);
                self.add(at, id)
            }
        };
        let process = &mut self.all[at].1;
        process.used = self.looks;
        process
    }

    /// The last command of a process was not `vhd-util`, or it has succeeded.
    pub fn end_command(&mut self, id: u32) {
        if let Ok(at) = self.place(id) {
            self.all[at].1.command = None;
        }
    }

    /// Whether the last command of a process was `vhd-util` and has not succeeded.
    pub fn has_command(&self, id: u32) -> bool {
        self.place(id).is_ok_and(|at| self.all[at].1.command.is_some())
    }

    /// Another log begins.
    pub fn clear(&mut self) {
        self.all.clear();
    }

    fn place(&self, id: u32) -> Result<usize, usize> {
        self.all.binary_search_by_key(&id, |(known, _)| *known)
    }

    fn add(&mut self, at: usize, id: u32) -> usize {
        self.all.insert(at, (id, Box::default()));
        at
    }

    /// Forgets those that were silent longer than the most are: many at once, so that it is not done for each new one.
    fn forget_half(&mut self) {
        let sum: u64 = self.all.iter().map(|(_, process)| process.used).sum();
        let mean = sum / MOST as u64;
        self.all.retain(|(_, process)| process.used > mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_heard_of_is_not_forgotten() {
        let mut processes = Processes::default();
        processes.get(7).command = Some(Names::default());
        for id in 0..100_000 {
            processes.get(1000 + id % 30_000);
            if id % 400 == 0 {
                processes.get(7);
            }
        }
        assert!(processes.has_command(7));
        assert!(processes.all.len() <= MOST);
        assert!(processes.all.is_sorted_by_key(|(id, _)| *id));
        processes.end_command(7);
        assert!(!processes.has_command(7) && !processes.has_command(999));
    }
}

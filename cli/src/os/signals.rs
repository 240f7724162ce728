//! Ctrl-C and its kin: a flag that long work looks at, so that it can clean up before the program ends.

use std::fs;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::file_error::FileError;

/// The signal that asked to stop; 0 for none.
static RECEIVED: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Takes note of Ctrl-C, `kill` and the end of the terminal from here on. What the caller had switched off, as
/// `nohup` does, stays off.
pub fn listen() -> Result<(), FileError> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if !is_ignored(signal) {
            signal_hook::flag::register_usize(signal, Arc::clone(&RECEIVED), signal as usize)
                .map_err(FileError::Signals)?;
        }
    }
    Ok(())
}

/// Whether the work is to stop.
pub fn requested() -> bool {
    RECEIVED.load(Ordering::Relaxed) != 0
}

/// Stops where it was asked for.
///
/// # Errors
/// [`FileError::Interrupted`] then.
pub fn stop_if_requested() -> Result<(), FileError> {
    if requested() { Err(FileError::Interrupted) } else { Ok(()) }
}

/// Ends the program as the signal would have, so that the shell that waits for it stops too.
pub fn end() -> ExitCode {
    let signal = RECEIVED.load(Ordering::Relaxed);
    if let Ok(signal) = i32::try_from(signal) {
        // Where that fails, the code below is what shells make of it.
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    ExitCode::from(128_u8.saturating_add(signal as u8))
}

/// Whether the caller had a signal switched off. Only Linux tells.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

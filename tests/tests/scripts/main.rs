//! Repairs as scripts.

mod plans;
mod powershell;
mod sh;

/// What a test ends with.
type Outcome = Result<(), Box<dyn std::error::Error>>;

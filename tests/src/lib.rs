//! Shared by the tests.

pub mod analysed;
pub mod build;
pub mod build_faults;
pub mod bytes;
pub mod chain;
pub mod chain_verdicts;
pub mod coalesced;
pub mod corpus;
pub mod folder;
pub mod huge;
pub mod incident;
pub mod locators;
pub mod schema;

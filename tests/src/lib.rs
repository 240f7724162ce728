//! Shared by the tests.

pub mod analysed;
pub mod bytes;
pub mod corpus;
pub mod huge;
pub mod incident;

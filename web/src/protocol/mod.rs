//! All that the page and its worker share: what one asks and the other answers, as plain data, and how it is sent.

pub mod blob;
pub mod codec;
pub mod failure;
pub mod file_set;
pub mod gunzip;
mod request;
mod response;
pub mod version;

pub use request::{Ancestor, DiskChanges, ExportOptions, Request, Siblings, Task};
pub use response::{Analysed, Exports, Printed, Progress, Response, Scripts, Unit};

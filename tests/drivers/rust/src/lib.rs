//! What the two drivers of the Rust client share: the protocol, the arguments of the calls, and their values as JSON.

pub mod arguments;
pub mod protocol;
pub mod runs;
pub mod value;

//! Core and emulator in one process and in virtual time: what nomkit promises, proved by many trials.
//!
//! [`Proof::play`] plays all of it; the other functions play one proof each. One seed gives one result.

mod chaos;
mod follow_ups;
mod launches;
mod naive;
mod pace;
mod points;
mod proof;
mod shards;
mod table;
mod waits;
mod wire;
mod world;

pub use chaos::{Survived, prove as chaos};
pub use follow_ups::{FollowedUp, prove as follow_ups};
pub use launches::{Launched, Who, prove as launches};
pub use pace::{Paced, prove as pace};
pub use proof::{Point, Proof, Trials};
pub use shards::Tell;
pub use waits::{Waited, prove as waits};

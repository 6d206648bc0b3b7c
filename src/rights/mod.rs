//! Rights: who may see what of which table, as an administrator says it.
//!
//! | file | what it is |
//! |---|---|
//! | `policy` | granting, revoking, listing |
//! | `explain` | why somebody sees a row, or does not |
//! | `beheld` | who sees how much of a row that is just being written |
//! | `error` | why not |
//!
//! What a policy means, the hub knows ([`hub::Policy`](crate::hub::Policy)); here is nothing that decides about a row. A policy is
//! read before it is stored, so that a mistake is told to whoever makes it.

mod beheld;
mod error;
mod explain;
mod policy;

pub(crate) use beheld::Beheld;
pub use error::RightsError;
pub use explain::{Explanation, explain};
pub use policy::{Granted, Listed, grant, grant_all, list, revoke, revoke_all};

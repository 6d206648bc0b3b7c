//! Commands: placing an order, and every step after that. Each is one transaction.

use super::{Done, Place, Refusal, Step, StepDetails};
use crate::hub::Principal;
use sqlx::PgPool;

/// Places an order.
pub async fn place(_pool: &PgPool, _principal: &Principal, _place: Place) -> Result<Done, Refusal> {
    Err(Refusal::unavailable())
}

/// Does something with an order.
pub async fn step(
    _pool: &PgPool,
    _principal: &Principal,
    _order: i64,
    _step: Step,
    _details: StepDetails,
) -> Result<Done, Refusal> {
    Err(Refusal::unavailable())
}

//! What people can do with orders: server functions, each of them also the target of a plain form.
//!
//! A refusal is an answer, not an error of the transport: it comes with status 200, as data; only whoever may never do what
//! they ask is answered 403. A browser without JavaScript is led on to a page.

use super::wish::Wish;
use crate::orders::{Done, Refusal, Step, StepDetails};
use leptos::prelude::*;

/// What the server says.
pub type Answer = Result<Done, Refusal>;

/// Places an order. Without JavaScript it leads to the order, or back to the form with everything that was typed.
#[server(prefix = "/api", endpoint = "order-forms/place")]
pub async fn place_order(#[server(default)] wish: Wish) -> Result<Answer, ServerFnError> {
    let outcome = super::carry_out::place(&wish).await;
    super::form_answer::placed(&wish, outcome)
}

/// Does something with an order. `back` is the address of the page that a plain form leads back to.
#[server(prefix = "/api", endpoint = "order-forms/step")]
pub async fn step_order(
    order: i64,
    step: Step,
    #[server(default)] details: StepDetails,
    #[server(default)] back: String,
) -> Result<Answer, ServerFnError> {
    let outcome = super::carry_out::step(order, step, details).await;
    super::form_answer::stepped(order, step, &back, outcome)
}

//! What can be done to many products: server functions, the first of them also the target of a plain form.

use crate::app::{inventory::refusal::Refusal as Common, product::Moved};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Most products of one change.
pub const MOST: usize = 500;

/// Pieces that were moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjusted {
    /// Of each product how many more, or fewer. Those that were not there, or did not change, are not among them.
    pub moves: Vec<(i64, i32)>,
    /// How many products were not there any more.
    pub gone: usize,
    /// The database's number of the transaction.
    pub transaction: u64,
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManyRefusal {
    /// No product was picked.
    None,
    /// More than [`MOST`].
    TooMany,
    /// Of so many there would be fewer than none, or more than there can be; one of them.
    Beyond(usize, String),
    /// It is not a number of pieces.
    NotANumber,
    /// The note is too long, or more than a line.
    Note,
    /// As for any change of the inventory.
    Common(Common),
}

impl ManyRefusal {
    /// For people, without a full stop.
    pub fn message(&self) -> String {
        match self {
            Self::None => "Pick some products first".to_owned(),
            Self::TooMany => format!("At most {MOST} products are changed at once"),
            Self::Beyond(1, name) => format!("Of “{name}” there would be fewer than none, or too many"),
            Self::Beyond(count, name) => {
                format!("Of {count} products there would be fewer than none, or too many, such as “{name}”")
            }
            Self::NotANumber => "Pieces must be a whole number, and not none".to_owned(),
            Self::Note => "A note is one line of at most 200 characters".to_owned(),
            Self::Common(refusal) => refusal.message(),
        }
    }

    /// HTTP status of a page that shows it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Common(refusal) => refusal.status(),
            _ => 422,
        }
    }
}

/// What the server says.
pub type Answer = Result<Adjusted, ManyRefusal>;

/// Moves pieces of each of these products, for one reason. All of it, or nothing. `back` is the query of the page that a plain form
/// leads back to.
#[server(prefix = "/api", endpoint = "inventory/adjust-many")]
pub async fn adjust_many(
    #[server(default)] ids: Vec<i64>,
    #[server(default)] moved: Moved,
    #[server(default)] back: String,
) -> Result<Answer, ServerFnError> {
    let outcome = super::statements::adjust(&ids, &moved).await;
    crate::app::inventory::form_answer::many(&back, outcome)
}

/// Moves pieces back: so many more, or fewer, of each.
#[server(prefix = "/api", endpoint = "inventory/move-back", input = leptos::server_fn::codec::Json)]
pub async fn move_back(moves: Vec<(i64, i32)>) -> Result<Answer, ServerFnError> {
    crate::app::inventory::form_answer::many_told(super::statements::move_back(&moves).await)
}

/// What was done, for people.
pub fn told(count: usize, gone: usize) -> String {
    let products = |count: usize| if count == 1 { "1 product".to_owned() } else { format!("{count} products") };
    let mut told = format!("The stock of {} was adjusted", products(count));
    if gone > 0 {
        told.push_str(&format!(
            "; {} not there any more",
            if gone == 1 { "1 is".to_owned() } else { format!("{gone} are") }
        ));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn what_was_done_is_told_with_what_was_not_there() {
        assert_eq!(told(1, 0), "The stock of 1 product was adjusted");
        assert_eq!(told(12, 1), "The stock of 12 products was adjusted; 1 is not there any more");
    }
}

//! Who may ask about orders at all, and for whom they may place them. Which step is whose, `step` says.

use super::{
    refusal::{Refusal, RefusalCode},
    validate::ValidPlace,
};
use crate::{hub::Principal, ledger::Metadata, protocol::Role};

/// The table that a token must be good for, if it is good for some only.
const TABLE: &str = "public.orders";

/// For whom an order is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Customer {
    /// For whoever places it: this account.
    Own(i64),
    /// For another account.
    Account(i64),
    /// For somebody without an account, of this name.
    Named(String),
}

/// Whoever has no account and no token, and whoever shows a token for other tables, has no business here.
pub(super) fn may_ask(principal: &Principal) -> Result<(), Refusal> {
    if principal.role < Role::Customer {
        let message = "Sign in first, or show a token: Authorization: Bearer …";
        return Err(Refusal::new(RefusalCode::SignedOut, message));
    }
    let narrowed = principal.tables.as_ref().is_some_and(|tables| !tables.iter().any(|table| table == TABLE));
    if narrowed {
        let message = format!("This token is good for other tables only; make one that is good for {TABLE}");
        return Err(Refusal::new(RefusalCode::NotAllowed, message));
    }
    Ok(())
}

/// For whom somebody may place an order.
pub(super) fn customer(principal: &Principal, place: &ValidPlace) -> Result<Customer, Refusal> {
    let works_here = principal.role >= Role::Staff;
    let (field, wanted) = match (place.customer, &place.customer_name) {
        (Some(account), _) => ("customer", Some(Customer::Account(account))),
        (None, Some(name)) => ("customer_name", Some(Customer::Named(name.clone()))),
        (None, None) => ("customer", None),
    };
    match (wanted, principal.account) {
        (Some(wanted), _) if works_here => Ok(wanted),
        (Some(_), _) => {
            let message = "Only staff may place orders for others; leave this out to order for yourself";
            Err(Refusal::of_field(RefusalCode::NotAllowed, field, message))
        }
        (None, Some(account)) => Ok(Customer::Own(account)),
        (None, None) if works_here => Ok(Customer::Named(shown(principal))),
        (None, None) => {
            let message =
                "An order is for an account, and a token of a customer has none: sign in, or use a token of staff";
            Err(Refusal::new(RefusalCode::NotAllowed, message))
        }
    }
}

/// What the ledger is told of whoever asks.
pub(super) fn metadata(principal: &Principal, order: i64) -> Metadata {
    Metadata { who: principal.id(), who_name: shown(principal), cause: None, correlation: Some(super::stream(order)) }
}

/// What somebody is called; those who are nobody in particular by what they are.
pub(super) fn shown(principal: &Principal) -> String {
    if principal.name.is_empty() { principal.role.word().to_owned() } else { principal.name.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody(role: Role, account: Option<i64>) -> Principal {
        Principal { account, name: "Ann".into(), ..Principal::nobody(role) }
    }

    #[test]
    fn a_token_for_other_tables_is_not_good_for_orders() {
        let with = |role, tables: Option<&[&str]>| {
            let tables = tables.map(|tables| tables.iter().map(|&table| table.to_owned()).collect());
            may_ask(&Principal { tables, ..Principal::nobody(role) }).map_err(|refusal| refusal.code)
        };
        assert_eq!(with(Role::Staff, None), Ok(()));
        assert_eq!(with(Role::Staff, Some(&["public.products", "public.orders"])), Ok(()));
        assert_eq!(with(Role::Staff, Some(&["public.products"])), Err(RefusalCode::NotAllowed));
        assert_eq!(with(Role::Anonymous, None), Err(RefusalCode::SignedOut));
    }

    #[test]
    fn customers_order_for_themselves_and_staff_for_whom_they_say() {
        let place = |customer, name: Option<&str>| ValidPlace {
            lines: Vec::new(),
            note: String::new(),
            customer,
            customer_name: name.map(str::to_owned),
        };
        let of = |role, account, customer_account, name| {
            customer(&somebody(role, account), &place(customer_account, name)).map_err(|refusal| refusal.code)
        };
        let refused = Err(RefusalCode::NotAllowed);
        assert_eq!(of(Role::Customer, Some(5), None, None), Ok(Customer::Own(5)));
        assert_eq!(of(Role::Customer, Some(5), Some(6), None), refused);
        assert_eq!(of(Role::Customer, Some(5), None, Some("Bob")), refused);
        assert_eq!(of(Role::Customer, None, None, None), refused, "a token");
        assert_eq!(of(Role::Staff, Some(7), Some(5), None), Ok(Customer::Account(5)));
        assert_eq!(of(Role::Admin, None, None, Some("Bob")), Ok(Customer::Named("Bob".to_owned())));
        assert_eq!(of(Role::Staff, Some(7), None, None), Ok(Customer::Own(7)));
        assert_eq!(of(Role::Staff, None, None, None), Ok(Customer::Named("Ann".to_owned())), "a token, by its name");
    }
}

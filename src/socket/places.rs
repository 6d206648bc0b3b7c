//! How many live sockets a person and an address may have.

use crate::{
    counters::Counters,
    hub::Principal,
    identity::customer,
    server::{Place, Tally},
};
use std::{net::IpAddr, sync::Arc};

/// Places for sockets.
#[derive(Clone, Debug)]
pub struct Places {
    by_address: Arc<Tally<IpAddr>>,
    by_person: Arc<Tally<String>>,
}

/// A socket's places, until this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    _of_address: Place<IpAddr>,
    /// Those who are nobody in particular share none.
    _of_person: Option<Place<String>>,
}

impl Places {
    /// So many for each address and for each person.
    pub fn new(per_address: usize, per_person: usize) -> Self {
        Self { by_address: Tally::new(per_address), by_person: Tally::new(per_person) }
    }

    /// Takes places for one more socket, or says why there is none.
    pub(super) fn enter(
        &self,
        principal: &Principal,
        address: IpAddr,
        counters: &Counters,
    ) -> Result<Taken, &'static str> {
        let Some(of_address) = self.by_address.enter(customer(address)) else {
            counters.address_over_limit.add();
            return Err("too many live sockets are open from your address; close some, or try again later\n");
        };
        let of_person = match principal.id() {
            None => None,
            Some(person) => Some(self.by_person.enter(person).ok_or_else(|| {
                counters.person_over_limit.add();
                "too many live sockets are open for this account; close some, or try again later\n"
            })?),
        };
        Ok(Taken { _of_address: of_address, _of_person: of_person })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_and_an_address_have_so_many_and_get_them_back() {
        let (places, counters) = (Places::new(3, 2), Counters::default());
        let person = |account| Principal { account, ..Principal::default() };
        let [here, there] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
        let enter = |account, address| places.enter(&person(account), address, &counters);
        let first = enter(Some(1), here);
        let second = enter(Some(1), there);
        assert!(first.is_ok() && second.is_ok());
        assert!(enter(Some(1), here).is_err_and(|why| why.contains("account")));
        let others = (enter(None, here), enter(Some(2), here));
        assert!(others.0.is_ok() && others.1.is_ok(), "who was refused took no place");
        assert!(enter(None, here).is_err_and(|why| why.contains("address")));
        drop(first);
        assert!(enter(Some(1), here).is_ok());
        assert_eq!((counters.person_over_limit.get(), counters.address_over_limit.get()), (1, 1));
    }

    #[test]
    fn a_network_of_version_6_that_one_customer_has_is_one_address() {
        let (places, counters) = (Places::new(1, 9), Counters::default());
        let enter = |address: &str| places.enter(&Principal::default(), address.parse().unwrap(), &counters);
        let first = enter("2001:db8:0:7::1");
        assert!(first.is_ok());
        assert!(enter("2001:db8:0:7:ffff::2").is_err(), "the same network");
        assert!(enter("2001:db8:0:8::1").is_ok(), "a neighbour");
    }
}

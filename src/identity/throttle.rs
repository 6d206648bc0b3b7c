//! Who tries too often must wait, longer each time.
//!
//! Attempts are counted before they are carried out, so that a thousand at once are no way around it; one that succeeds is
//! taken back. What is refused is not counted, so waiting always helps. Three things are counted:
//!
//! - one account from one network address;
//! - one account from everywhere, for those who have many addresses. This does not count for addresses from which the person
//!   has signed in before, so that strangers cannot keep an owner out;
//! - one network address, whatever the account, for those who try one password on many accounts.
//!
//! Accounts are counted by the e-mail address that was typed, whether it has an account or not, so waits tell nothing.

use super::{IdentityError, secret};
use crate::changelog::statement;
use sqlx::{PgConnection, PgPool};
use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

/// Attempts are forgotten when this long nobody has tried.
const FORGET: Duration = Duration::from_secs(60 * 60);

/// When somebody must wait, and for how long.
#[derive(Clone, Copy, Debug)]
struct Measure {
    /// So many attempts in vain are free.
    free: i32,
    /// The wait after the first that was not; it doubles with each.
    first: Duration,
    /// The longest wait.
    longest: Duration,
}

const OF_PAIR: Measure = Measure { free: 5, first: Duration::from_secs(15), longest: Duration::from_secs(15 * 60) };
const OF_ACCOUNT: Measure = Measure { free: 20, first: Duration::from_secs(15), longest: Duration::from_secs(15 * 60) };
const OF_ADDRESS: Measure = Measure { free: 40, first: Duration::from_secs(5), longest: Duration::from_secs(5 * 60) };

/// What an attempt is counted for, in the order in which all attempts lock it.
type Counted = Vec<(String, Measure)>;

/// An attempt that is under way.
#[derive(Debug)]
#[must_use]
pub(super) struct Attempt {
    counted: Counted,
}

/// An attempt may be made, or not before so many seconds.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It may, and is counted.
    Admitted(Attempt),
    /// Not before so many seconds.
    Wait(u32),
}

/// An attempt to sign in, or to show that one knows the password.
pub(super) async fn of_account(pool: &PgPool, email: &str, address: IpAddr) -> Result<Outcome, IdentityError> {
    let network = network(address);
    let is_known = statement::query_scalar(include_str!("sql/is_known_address.sql"));
    let known: bool = statement::value(pool, is_known.bind(email).bind(&network)).await?;
    // What nobody needs to know is not kept.
    let email: String = secret::hash(&email.to_ascii_lowercase()).unwrap_or_default().iter().map(hex).collect();
    let mut counted = vec![(format!("pair:{email}:{network}"), OF_PAIR)];
    if !known {
        counted.push((format!("account:{email}"), OF_ACCOUNT));
    }
    counted.push((format!("address:{network}"), OF_ADDRESS));
    admit(pool, counted).await
}

/// Something that everybody may do, but not all the time.
pub(super) async fn of_address(pool: &PgPool, address: IpAddr) -> Result<Outcome, IdentityError> {
    admit(pool, vec![(format!("address:{}", network(address)), OF_ADDRESS)]).await
}

impl Attempt {
    /// It succeeded: it does not count, and neither does what this person typed wrongly before.
    pub(super) async fn succeeded(self, pool: &PgPool) -> Result<(), IdentityError> {
        for (whose, _) in self.counted {
            if whose.starts_with("pair:") {
                let forget = statement::query("delete from rowcast.attempt where whose = $1");
                statement::execute(pool, forget.bind(whose)).await?;
            } else {
                let once_less = statement::query(
                    "update rowcast.attempt set failures = failures - 1 where whose = $1 and failures > 0",
                );
                statement::execute(pool, once_less.bind(whose)).await?;
            }
        }
        Ok(())
    }
}

/// Counts the attempt for all or for none.
async fn admit(pool: &PgPool, counted: Counted) -> Result<Outcome, IdentityError> {
    let mut transaction = statement::begin(pool).await?;
    for (whose, measure) in &counted {
        if let Some(wait) = count(&mut transaction, whose, *measure).await? {
            return Ok(Outcome::Wait(wait));
        }
    }
    transaction.commit().await?;
    Ok(Outcome::Admitted(Attempt { counted }))
}

/// Seconds to wait, if the attempt may not be made.
async fn count(connection: &mut PgConnection, whose: &str, measure: Measure) -> Result<Option<u32>, IdentityError> {
    let admitted: Option<i32> = statement::query_scalar(include_str!("sql/count_attempt.sql"))
        .bind(whose)
        .bind(FORGET.as_secs_f64())
        .bind(measure.free)
        .bind(measure.first.as_secs_f64())
        .bind(measure.longest.as_secs_f64())
        .fetch_optional(&mut *connection)
        .await?;
    if admitted.is_some() {
        return Ok(None);
    }
    let seconds: Option<i32> = statement::query_scalar(include_str!("sql/seconds_to_wait.sql"))
        .bind(whose)
        .bind(measure.free)
        .bind(measure.first.as_secs_f64())
        .bind(measure.longest.as_secs_f64())
        .fetch_optional(connection)
        .await?;
    Ok(Some(seconds.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(1).max(1)))
}

/// An IPv4 address, or the part of an IPv6 address that one customer of a provider has.
pub(super) fn network(address: IpAddr) -> String {
    match customer(address) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(network) => format!("{network}/64"),
    }
}

/// The same as an address, the first of the network, to count by.
pub fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

fn hex(byte: &u8) -> String {
    format!("{byte:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_counted_once_whatever_address_of_theirs_it_is() {
        let of = |address: &str| customer(address.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3::4"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:2:ffff::"), of("2001:db8:1:2:3::4"));
        assert_ne!(of("2001:db8:1:3::1"), of("2001:db8:1:2::1"));
        assert_eq!([of("203.0.113.9"), of("::ffff:203.0.113.9")], ["203.0.113.9", "203.0.113.9"]);
    }

    #[test]
    fn neighbours_in_a_network_of_version_6_are_one() {
        let of = |address: &str| network(address.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::"));
        assert_ne!(of("2001:db8:1:2::"), of("2001:db8:1:3::"));
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
    }
}

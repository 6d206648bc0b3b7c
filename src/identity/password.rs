//! Passwords: argon2id, away from the async threads and not too many at once, for each takes memory and time on purpose.

use super::IdentityError;
use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use tokio::sync::Semaphore;

/// Passwords that are hashed at the same time; each takes 19 MiB.
const HASHING: usize = 4;
/// Those who may wait for their turn; more are told that the server is busy.
const WAITING: usize = 64;

static RUNNING: Semaphore = Semaphore::const_new(HASHING);
static ADMITTED: Semaphore = Semaphore::const_new(HASHING + WAITING);

/// Nobody's password, made as all are: what an address without an account is compared with, so that it takes as long.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$cm93Y2FzdC1kdW1teS1zYWx0$\
                     bm9ib2R5J3MgcGFzc3dvcmQgaXMgbmV2ZXIgaXQhISE";

/// Signs of a generated password: none that look like another.
const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Groups of a generated password, and the signs in each: 100 bits in all.
const GROUPS: (usize, usize) = (4, 5);

/// The hash to store.
pub(super) async fn hash(password: &str) -> Result<String, IdentityError> {
    let password = password.to_owned();
    apart(move || match hasher().hash_password(password.as_bytes()) {
        Ok(hash) => Ok(hash.to_string()),
        Err(error) => Err(IdentityError::Hash(error.to_string())),
    })
    .await?
}

/// Whether the password is the one that `stored` was made of. Without a stored one it is not, and that takes as long.
pub(super) async fn verify(password: &str, stored: Option<&str>) -> Result<bool, IdentityError> {
    let (password, known) = (password.to_owned(), stored.is_some());
    let stored = stored.unwrap_or(DUMMY).to_owned();
    apart(move || {
        let hash = PasswordHash::new(&stored).map_err(|error| IdentityError::Hash(error.to_string()))?;
        Ok(hasher().verify_password(password.as_bytes(), &hash).is_ok() && known)
    })
    .await?
}

/// A password for somebody who did not choose one.
pub fn generate() -> Result<String, IdentityError> {
    let mut bytes = [0; GROUPS.0 * GROUPS.1];
    getrandom::fill(&mut bytes)?;
    let groups: Vec<String> = bytes
        .chunks(GROUPS.1)
        .map(|group| group.iter().map(|byte| char::from(SIGNS[usize::from(*byte) % SIGNS.len()])).collect())
        .collect();
    Ok(groups.join("-"))
}

fn hasher() -> Argon2<'static> {
    Argon2::default()
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, IdentityError> {
    let _admitted = ADMITTED.try_acquire().map_err(|_| IdentityError::Busy)?;
    let turn = RUNNING.acquire().await.expect("nobody closes it");
    let done = tokio::task::spawn_blocking(move || {
        // Held until the work is done, also if whoever asked has gone away meanwhile.
        let _turn = turn;
        work()
    });
    done.await.map_err(|error| IdentityError::Hash(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_no_other_is() {
        let stored = hash("correct horse").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, hash("correct horse").await.unwrap(), "salted");
        assert!(verify("correct horse", Some(&stored)).await.unwrap());
        assert!(!verify("Correct horse", Some(&stored)).await.unwrap());
        assert!(!verify("correct horse", None).await.unwrap());
    }

    #[test]
    fn the_dummy_costs_what_a_real_one_does() {
        let dummy = PasswordHash::new(DUMMY).unwrap();
        let real = hasher().hash_password(b"x").unwrap();
        assert_eq!((dummy.algorithm, dummy.params.clone()), (real.algorithm, real.params.clone()));
        let lengths =
            |hash: &PasswordHash| (hash.salt.as_ref().map(|salt| salt.len()), hash.hash.map(|hash| hash.len()));
        assert_eq!(lengths(&dummy).1, lengths(&real).1);
    }

    #[test]
    fn generated_passwords_are_accepted_and_differ() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert_ne!(one, other);
        assert!(super::super::form::new_password(&one, "a@b.c", "A").is_ok());
        assert_eq!(one.len(), 23);
    }
}

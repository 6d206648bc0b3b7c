//! Secrets that nobody can guess: 256 bits of the operating system's, as text that fits into a header, an address and a
//! cookie. What is stored is their SHA-256: with that much randomness nothing slower is needed.

use super::IdentityError;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Bytes of a secret.
const BYTES: usize = 32;
/// Longest text that is looked up at all, in bytes.
const MAX_BYTES: usize = 200;

/// What is stored of a secret.
pub(super) type Hash = Vec<u8>;

/// A new secret. `prefix` says to people and to scanners of published code what it is.
pub(super) fn generate(prefix: &str) -> Result<String, IdentityError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

/// What is stored of it; none for what cannot be one of ours.
pub(super) fn hash(secret: &str) -> Option<Hash> {
    (!secret.is_empty() && secret.len() <= MAX_BYTES).then(|| Sha256::digest(secret).to_vec())
}

#[cfg(test)]
mod tests {
    use super::{generate, hash};

    #[test]
    fn secrets_have_256_bits_and_no_two_are_the_same() {
        let (one, other) = (generate("").unwrap(), generate("x_").unwrap());
        assert_eq!((one.len(), other.len()), (43, 45));
        assert_ne!(one, other[2..]);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn what_is_stored_is_the_sha_256() {
        let stored = hash("abc").unwrap();
        assert_eq!(stored[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!((hash(""), hash(&"a".repeat(201))), (None, None));
    }
}

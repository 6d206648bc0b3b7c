//! What may be typed into the forms: said once, for the pages, the server and the command line.

/// Longest e-mail address, in characters.
pub const MAX_EMAIL: usize = 254;
/// Longest name, in characters.
pub const MAX_NAME: usize = 100;
/// Shortest password, in characters.
pub const MIN_PASSWORD: usize = 10;
/// Longest password, in characters: hashing a longer one would be work for nothing.
pub const MAX_PASSWORD: usize = 200;

/// What is wrong with what was typed. Only codes travel in addresses, never sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No e-mail address.
    #[error("This is not an e-mail address")]
    Email,
    /// No name, or too long.
    #[error("A name has from 1 to {MAX_NAME} characters")]
    Name,
    /// Too short.
    #[error("A password has at least {MIN_PASSWORD} characters")]
    PasswordTooShort,
    /// Too long.
    #[error("A password has at most {MAX_PASSWORD} characters")]
    PasswordTooLong,
    /// The e-mail address, the name, or one character only.
    #[error("This password is too easy to guess")]
    PasswordEasy,
}

/// An e-mail address without the blanks around it. Whether it exists only a message to it would tell.
pub fn email(typed: &str) -> Result<&str, Problem> {
    let email = typed.trim();
    let (local, domain) = email.rsplit_once('@').ok_or(Problem::Email)?;
    let clean = email.chars().all(|sign| !sign.is_whitespace() && !sign.is_control());
    let ok = clean && !local.is_empty() && !domain.is_empty() && email.chars().count() <= MAX_EMAIL;
    if ok { Ok(email) } else { Err(Problem::Email) }
}

/// A name without the blanks around it.
pub fn name(typed: &str) -> Result<&str, Problem> {
    let name = typed.trim();
    let ok = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if ok { Ok(name) } else { Err(Problem::Name) }
}

/// A new password of somebody with this address and name.
pub fn new_password<'p>(password: &'p str, email: &str, name: &str) -> Result<&'p str, Problem> {
    let length = password.chars().count();
    if length < MIN_PASSWORD {
        return Err(Problem::PasswordTooShort);
    }
    if length > MAX_PASSWORD {
        return Err(Problem::PasswordTooLong);
    }
    let plain = password.to_lowercase();
    let own = [email, name].map(str::to_lowercase).contains(&plain);
    let first = password.chars().next();
    if own || password.chars().all(|sign| Some(sign) == first) {
        return Err(Problem::PasswordEasy);
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_has_two_parts_and_no_blanks() {
        assert_eq!(email("  Ada@Example.org "), Ok("Ada@Example.org"));
        for wrong in ["", "ada", "@example.org", "ada@", "a da@example.org", "ada@exa\nmple.org", &"a@".repeat(200)] {
            assert_eq!(email(wrong), Err(Problem::Email), "{wrong:?}");
        }
    }

    #[test]
    fn a_password_is_long_enough_and_not_the_persons_own_name() {
        let of = |password: &str| new_password(password, "ada@example.org", "Ada Lovelace").map(str::to_owned);
        assert_eq!(of("correct horse"), Ok("correct horse".to_owned()));
        assert_eq!(of("short"), Err(Problem::PasswordTooShort));
        assert_eq!(of(&"ab".repeat(101)), Err(Problem::PasswordTooLong));
        for easy in ["ADA@example.org", "ada lovelace", "aaaaaaaaaaaa"] {
            assert_eq!(of(easy), Err(Problem::PasswordEasy), "{easy}");
        }
        assert!(of("äöüäöüäöüä").is_ok(), "characters, not bytes");
    }

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(name(" Ada "), Ok("Ada"));
        assert_eq!([name(" "), name("a\u{0}b"), name(&"a".repeat(101))], [Err(Problem::Name); 3]);
    }
}

//! What became of a form, in the address of the page that the browser is led back to.
//!
//! Only codes and numbers travel: what comes back in an address could have been written by anybody, and must not be able
//! to put words into our mouth.

use super::form::Problem;

/// What a page says above its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The e-mail address or the password is wrong; which of them is not told.
    Wrong,
    /// Tried too often: so many seconds to wait.
    Wait(u32),
    /// Something typed is not as it should be.
    Problem(Problem),
    /// The two new passwords differ.
    Differ,
    /// The old password is wrong.
    OldWrong,
    /// The database does not answer, or too many sign in at once.
    Busy,
    /// An account was made, if there was none.
    SignedUp,
    /// Signed out.
    SignedOut,
    /// Signed out everywhere.
    SignedOutEverywhere,
    /// The password was changed.
    PasswordChanged,
    /// Another browser was signed out.
    LoginEnded,
}

impl Notice {
    /// The parameter of the address.
    pub const PARAMETER: &'static str = "notice";
    /// The parameter with the seconds to wait.
    pub const SECONDS: &'static str = "seconds";

    const WORDS: [(&'static str, Self); 15] = [
        ("wrong", Self::Wrong),
        ("email", Self::Problem(Problem::Email)),
        ("name", Self::Problem(Problem::Name)),
        ("short", Self::Problem(Problem::PasswordTooShort)),
        ("long", Self::Problem(Problem::PasswordTooLong)),
        ("easy", Self::Problem(Problem::PasswordEasy)),
        ("differ", Self::Differ),
        ("old", Self::OldWrong),
        ("busy", Self::Busy),
        ("signed-up", Self::SignedUp),
        ("signed-out", Self::SignedOut),
        ("everywhere", Self::SignedOutEverywhere),
        ("changed", Self::PasswordChanged),
        ("ended", Self::LoginEnded),
        ("wait", Self::Wait(0)),
    ];

    /// As a query: `notice=wrong`.
    pub fn query(self) -> String {
        let plain = if let Self::Wait(_) = self { Self::Wait(0) } else { self };
        let word = Self::WORDS.iter().find(|(_, notice)| *notice == plain).map_or("", |(word, _)| word);
        match self {
            Self::Wait(seconds) => format!("{}={word}&{}={seconds}", Self::PARAMETER, Self::SECONDS),
            _ => format!("{}={word}", Self::PARAMETER),
        }
    }

    /// Reads the parameters. Nonsense is as if it were not there.
    pub fn read(word: &str, seconds: Option<&str>) -> Option<Self> {
        let (_, notice) = Self::WORDS.iter().find(|(known, _)| *known == word)?;
        Some(match notice {
            Self::Wait(_) => Self::Wait(seconds?.parse().ok()?),
            other => *other,
        })
    }

    /// HTTP status of a page that shows it.
    pub fn status(self) -> u16 {
        match self {
            Self::Wrong | Self::OldWrong => 401,
            Self::Wait(_) => 429,
            Self::Problem(_) | Self::Differ => 422,
            Self::Busy => 503,
            _ => 200,
        }
    }

    /// Whether something was not done.
    pub fn is_refusal(self) -> bool {
        self.status() != 200
    }

    /// For people.
    pub fn message(self) -> String {
        match self {
            Self::Wrong => "The e-mail address or the password is wrong.".to_owned(),
            Self::Wait(seconds) => {
                format!("Too many attempts. Try again in {}.", duration(seconds))
            }
            Self::Problem(problem) => format!("{problem}."),
            Self::Differ => "The two new passwords are not the same.".to_owned(),
            Self::OldWrong => "The current password is wrong.".to_owned(),
            Self::Busy => "The server is busy or cannot reach its database. Try again in a moment.".to_owned(),
            Self::SignedUp => {
                "If this e-mail address had no account yet, it has one now. Sign in with the password that you chose."
                    .to_owned()
            }
            Self::SignedOut => "You are signed out.".to_owned(),
            Self::SignedOutEverywhere => "You are signed out in every browser.".to_owned(),
            Self::PasswordChanged => "The password is changed, and all other browsers are signed out.".to_owned(),
            Self::LoginEnded => "That browser is signed out.".to_owned(),
        }
    }
}

fn duration(seconds: u32) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::Notice;

    #[test]
    fn every_notice_survives_the_way_through_the_address() {
        for (word, notice) in Notice::WORDS {
            let seconds = matches!(notice, Notice::Wait(_)).then_some("0");
            assert_eq!(Notice::read(word, seconds), Some(notice));
            assert!(notice.query().starts_with(&format!("notice={word}")) && !notice.message().is_empty());
        }
        assert_eq!(Notice::Wait(90).query(), "notice=wait&seconds=90");
        assert_eq!(Notice::read("wait", Some("90")), Some(Notice::Wait(90)));
    }

    #[test]
    fn an_address_cannot_bring_its_own_sentences() {
        assert_eq!(Notice::read("<b>call us</b>", None), None);
        assert_eq!(Notice::read("wait", Some("for ever")), None);
    }

    #[test]
    fn waits_are_told_in_units_that_people_count_in() {
        let said = [1, 30, 90, 91, 900].map(super::duration);
        assert_eq!(said, ["a second", "30 seconds", "90 seconds", "2 minutes", "15 minutes"]);
    }
}

//! Three accounts to look around with, made when the demo starts for the first time.
//!
//! Their passwords are generated, printed once, and kept in a file that only the owner of the data may read, so that the
//! form to sign in can offer them. On a database of the user's there is no such file: they are offered until the server ends.

pub use super::shown::DemoAccount;
use super::{IdentityError, account, password};
use crate::protocol::Role;
use sqlx::PgPool;
use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The file in the data directory.
const FILE: &str = "demo-accounts.json";
/// Its mode.
const MODE: u32 = 0o600;

/// Who there is: how they sign in, what they are called, what they are to the app.
pub const PEOPLE: [(&str, &str, Role); 3] = [
    ("admin@demo.example", "Ada Admin", Role::Admin),
    ("staff@demo.example", "Sam Staff", Role::Staff),
    ("customer@demo.example", "Cleo Customer", Role::Customer),
];

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum DemoAccountsError {
    /// They could not be made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The file could not be used.
    #[error("the demo accounts cannot be kept in {}: {cause}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
}

/// Makes those that are not there, and returns all whose passwords are known. `dir`: where to keep them.
pub async fn install(pool: &PgPool, dir: Option<&Path>) -> Result<Vec<DemoAccount>, DemoAccountsError> {
    let file = dir.map(|dir| dir.join(FILE));
    let mut known = file.as_deref().map(read).unwrap_or_default();
    let mut made = Vec::new();
    for (email, name, role) in PEOPLE {
        if account::by_email(pool, email).await?.is_some() {
            continue;
        }
        let password = password::generate()?;
        let new = account::New { email, name, role, password: &password };
        if account::create(pool, new).await?.is_some() {
            known.retain(|one| one.email != email);
            made.push(DemoAccount { email: email.to_owned(), name: name.to_owned(), role, password });
        }
    }
    if !made.is_empty() {
        known.extend(made.iter().cloned());
        if let Some(path) = file {
            write(&path, &known).map_err(|cause| DemoAccountsError::File { path, cause })?;
        }
        tell(&made);
    }
    Ok(known)
}

/// On standard output, because it is what the person who started the demo needs next.
fn tell(made: &[DemoAccount]) {
    println!("Accounts of the demo, told only this once; the page to sign in offers them:");
    for DemoAccount { email, role, password, .. } in made {
        println!("  {:9} {email:23} {password}", role.word());
    }
}

/// What an earlier start kept. Without it nobody knows the passwords; `rowcast user passwd` sets others.
fn read(path: &Path) -> Vec<DemoAccount> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn write(path: &Path, accounts: &[DemoAccount]) -> std::io::Result<()> {
    // A new file, so that it has the mode, whatever was there before.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    file.write_all(serde_json::to_string_pretty(accounts)?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_kept_only_the_owner_may_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        std::fs::write(&path, "old").unwrap();
        let account = DemoAccount {
            email: "a@b.c".to_owned(),
            name: "A".to_owned(),
            role: Role::Admin,
            password: "p".to_owned(),
        };
        write(&path, std::slice::from_ref(&account)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        assert!(!format!("{account:?}").contains("password"));
        assert_eq!(read(&path), [account]);
    }
}

//! Who runs the server: the caller, or, because Postgres refuses to run as root, another account.
//!
//! Uids are asked from `id`, for std has no safe call for them and `id` also knows the accounts of directory services.

use std::path::Path;
use std::time::Duration;

use super::command;
use super::error::Error;

/// Accounts that root tries when none is configured, in this order.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// How long `id` may take; a directory service over a slow network is the worst case.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(15);

const ROOT: u32 = 0;

/// The account that owns the cluster's files and runs its programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Whether programs must be switched to it, because the caller is root.
    pub(super) switched: bool,
}

impl Account {
    pub(super) fn is_root(&self) -> bool {
        self.uid == ROOT
    }
}

/// The account of this process.
pub(super) async fn caller() -> Result<Account, Error> {
    let uid = ask(&["-u"]).await?;
    let gid = ask(&["-g"]).await?;
    match (uid, gid) {
        (Some(uid), Some(gid)) => Ok(Account { name: format!("uid {uid}"), uid, gid, switched: false }),
        _ => Err(Error::NoAccount { tried: "of this process".to_owned() }),
    }
}

/// The account to run the server as: the caller unless that is root; then the configured one, the owner of the
/// cluster that exists already, or the first candidate of this machine.
pub(super) async fn choose(
    caller: &Account,
    configured: Option<&str>,
    existing: Option<(&Path, u32, u32)>,
) -> Result<Account, Error> {
    if !caller.is_root() {
        return Ok(caller.clone());
    }
    let named = match configured {
        Some(name) => Some(look_up(name).await?.ok_or_else(|| Error::NoAccount { tried: name.to_owned() })?),
        None => None,
    };
    if let Some(account) = &named
        && account.is_root()
    {
        return Err(Error::RootAccount { name: account.name.clone() });
    }
    match (named, existing) {
        (Some(account), Some((dir, owner, _))) if account.uid != owner => {
            Err(Error::AccountChanged { dir: dir.to_owned(), owner, configured: account.name })
        }
        (Some(account), _) => Ok(account),
        // A cluster of root's own cannot have been made by us: let the candidates meet it and fail clearly.
        (None, Some((_, uid, gid))) if uid != ROOT => {
            Ok(Account { name: format!("uid {uid}"), uid, gid, switched: true })
        }
        (None, _) => first_candidate().await,
    }
}

async fn first_candidate() -> Result<Account, Error> {
    for name in CANDIDATES {
        if let Some(account) = look_up(name).await? {
            return Ok(account);
        }
    }
    Err(Error::NoAccount { tried: CANDIDATES.join(" or ") })
}

async fn look_up(name: &str) -> Result<Option<Account>, Error> {
    let uid = ask(&["-u", "--", name]).await?;
    let gid = ask(&["-g", "--", name]).await?;
    Ok(uid.zip(gid).map(|(uid, gid)| Account { name: name.to_owned(), uid, gid, switched: true }))
}

async fn ask(arguments: &[&str]) -> Result<Option<u32>, Error> {
    let mut id = command::plain(Path::new("id"));
    id.args(arguments);
    let output = command::output(id, LOOKUP_TIMEOUT).await?;
    Ok(if output.status.success() { String::from_utf8_lossy(&output.stdout).trim().parse().ok() } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(uid: u32) -> Account {
        Account { name: format!("uid {uid}"), uid, gid: uid, switched: false }
    }

    #[tokio::test]
    async fn a_normal_user_runs_the_server_itself_whatever_is_configured() {
        let chosen = choose(&account(1000), Some("postgres"), None).await.unwrap();
        assert_eq!(chosen, account(1000));
    }

    #[tokio::test]
    async fn root_runs_the_server_as_the_owner_of_the_existing_cluster() {
        let chosen = choose(&account(ROOT), None, Some((Path::new("/x"), 4711, 42))).await.unwrap();
        assert_eq!((chosen.uid, chosen.gid, chosen.switched), (4711, 42, true));
    }

    #[tokio::test]
    async fn root_finds_an_account_that_is_not_root() {
        let chosen = choose(&account(ROOT), None, None).await.unwrap();
        assert_ne!(chosen.uid, ROOT);
    }

    #[tokio::test]
    async fn an_unknown_account_is_refused_by_name() {
        let error = choose(&account(ROOT), Some("no-such-account"), None).await.unwrap_err();
        assert!(error.to_string().contains("no-such-account"), "{error}");
    }

    #[tokio::test]
    async fn root_is_refused_as_the_configured_account() {
        let error = choose(&account(ROOT), Some("root"), None).await.unwrap_err();
        assert!(matches!(error, Error::RootAccount { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_cluster_of_another_account_than_the_configured_one_is_refused() {
        let error = choose(&account(ROOT), Some("nobody"), Some((Path::new("/x"), 4711, 42))).await.unwrap_err();
        assert!(matches!(error, Error::AccountChanged { .. }), "{error}");
    }
}

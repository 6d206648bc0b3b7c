//! Commands about people.

use super::columns::{aligned, plain};
use crate::{
    config::Config,
    identity::{account, form, generate_password},
    protocol::Role,
};
use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use sqlx::PgPool;
use std::io::BufRead;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account
    ///
    /// Without --password-stdin a password is generated, and printed this once.
    #[command(after_help = "Example:\n  rowcast user add ada@example.org --role staff --name 'Ada Lovelace'")]
    Add {
        /// E-mail address to sign in with
        email: String,
        /// customer, staff or admin
        #[arg(long, value_parser = account_role)]
        role: Role,
        /// What people call them [default: the first part of the address]
        #[arg(long)]
        name: Option<String>,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set another password, and sign them out everywhere
    ///
    /// Without --password-stdin a password is generated, and printed this once.
    Passwd {
        /// E-mail address of the account
        email: String,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give them another role; open pages follow at once
    Role {
        /// E-mail address of the account
        email: String,
        /// customer, staff or admin
        #[arg(value_parser = account_role)]
        role: Role,
    },
    /// Let them in no more, and sign them out everywhere
    Disable {
        /// E-mail address of the account
        email: String,
    },
    /// Let them in again
    Enable {
        /// E-mail address of the account
        email: String,
    },
    /// List the accounts
    List,
}

pub(super) fn account_role(word: &str) -> Result<Role, String> {
    match word.parse::<Role>() {
        Ok(role) if role.is_of_accounts() => Ok(role),
        _ => Err("it must be customer, staff or admin".to_owned()),
    }
}

pub(super) async fn run(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    super::with_database(config, async |pool| act(pool, command).await).await
}

async fn act(pool: &PgPool, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { email, role, name, password_stdin } => {
            let email = form::email(&email)?;
            let name = name.as_deref().unwrap_or_else(|| email.split('@').next().unwrap_or(email));
            let name = form::name(name)?;
            let (password, is_generated) = password(password_stdin, email, name)?;
            let made = account::create(pool, account::New { email, name, role, password: &password }).await?;
            ensure!(made.is_some(), "{email} has an account already; `rowcast user list` lists all");
            eprintln!("{email} may sign in, as {role}.");
            tell(&password, is_generated);
        }
        UserCommand::Passwd { email, password_stdin } => {
            let (password, is_generated) = password(password_stdin, &email, "")?;
            ensure!(account::reset_password(pool, &email, &password).await?, nobody(&email));
            eprintln!("{email} has another password, and is signed out everywhere.");
            tell(&password, is_generated);
        }
        UserCommand::Role { email, role } => {
            ensure!(account::set_role(pool, &email, role).await?, nobody(&email));
            println!("{email} is {role}");
        }
        UserCommand::Disable { email } => {
            ensure!(account::set_disabled(pool, &email, true).await?, nobody(&email));
            println!("{email} may not sign in any more, and is signed out everywhere");
        }
        UserCommand::Enable { email } => {
            ensure!(account::set_disabled(pool, &email, false).await?, nobody(&email));
            println!("{email} may sign in again");
        }
        UserCommand::List => list(&account::list(pool).await?),
    }
    Ok(())
}

fn nobody(email: &str) -> String {
    format!("{email} has no account; `rowcast user list` lists all, `rowcast user add` makes one")
}

/// The password for an account, and whether nobody knows it yet.
fn password(from_stdin: bool, email: &str, name: &str) -> anyhow::Result<(String, bool)> {
    if !from_stdin {
        return Ok((generate_password()?, true));
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("the password could not be read from standard input")?;
    let typed = line.trim_end_matches(['\n', '\r']);
    if typed.is_empty() {
        bail!("there is no password on standard input");
    }
    Ok((form::new_password(typed, email, name)?.to_owned(), false))
}

/// Alone on standard output, so that a script can take it.
fn tell(password: &str, is_generated: bool) {
    if is_generated {
        eprintln!("The password, told only this once:");
        println!("{password}");
    }
}

fn list(accounts: &[account::Listed]) {
    if accounts.is_empty() {
        println!("Nobody has an account. `rowcast user add` makes one.");
        return;
    }
    let row = |account: &account::Listed| {
        let state = if account.disabled { "disabled".to_owned() } else { format!("in {} browsers", account.logins) };
        let (email, name) = (plain(&account.email), plain(&account.name));
        [account.id.to_string(), email, account.role.to_string(), state, account.created_at.clone(), name]
    };
    let rows: Vec<_> = accounts.iter().map(row).collect();
    println!("{}", aligned(["ID", "E-MAIL", "ROLE", "SIGNED IN", "SINCE (UTC)", "NAME"], &rows));
}

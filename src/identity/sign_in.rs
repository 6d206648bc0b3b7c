//! What the forms to sign in and to sign up do.
//!
//! Whether an address has an account is not told: signing in says the same to a stranger's address as to a wrong password,
//! after the same work; signing up says the same whether it made an account or not. (Whoever signs up with an address and then
//! signs in with the password that they chose learns whether they are the first: without sending mail that cannot be hidden,
//! and it is throttled.)

use super::{
    ClientAddress, Identity, IdentityError,
    account::{self, Known},
    cookie,
    form::{self, MAX_PASSWORD},
    gate::see_other,
    login,
    notice::Notice,
    origin, password, paths, throttle,
};
use crate::protocol::Role;
use axum::{
    Form,
    extract::State,
    http::{
        Extensions, HeaderMap, StatusCode,
        header::{SET_COOKIE, USER_AGENT},
    },
    response::{IntoResponse, Response},
};
use serde::Deserialize;

/// The form to sign in.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SignIn {
    email: String,
    password: String,
    next: String,
}

/// The form for a new account.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SignUp {
    email: String,
    name: String,
    password: String,
    next: String,
}

/// Signs in, or leads back to the form with the reason.
pub(super) async fn sign_in(
    State(identity): State<Identity>,
    address: ClientAddress,
    headers: HeaderMap,
    extensions: Extensions,
    Form(typed): Form<SignIn>,
) -> Response {
    let over_tls = origin::is_over_tls(&extensions);
    let account = match admitted(&identity, &typed, address).await {
        Ok(account) => account,
        Err(notice) => return back(paths::SIGN_IN, notice, &typed.email, &typed.next),
    };
    match begin(&identity, &account, address, cookie::read(&headers, over_tls), &headers).await {
        // It was disabled, or got another password, while this one was looked at.
        Ok(None) => back(paths::SIGN_IN, Notice::Wrong, &typed.email, &typed.next),
        Ok(Some(token)) => {
            let cookie = cookie::set(&token, identity.session, over_tls);
            let mut response = see_other(paths::local(&typed.next));
            response.headers_mut().insert(SET_COOKIE, cookie);
            response
        }
        Err(error) => back(paths::SIGN_IN, busy(&error), &typed.email, &typed.next),
    }
}

/// The account that the address and the password are of.
async fn admitted(identity: &Identity, typed: &SignIn, ClientAddress(address): ClientAddress) -> Result<Known, Notice> {
    let email = form::email(&typed.email).map_err(|_| Notice::Wrong)?;
    // Nobody's, whoever has an account.
    if typed.password.chars().count() > MAX_PASSWORD {
        return Err(Notice::Wrong);
    }
    let attempt = match throttle::of_account(&identity.pool, email, address).await.map_err(|error| busy(&error))? {
        throttle::Outcome::Admitted(attempt) => attempt,
        throttle::Outcome::Wait(seconds) => return Err(Notice::Wait(seconds)),
    };
    let known = account::by_email(&identity.pool, email).await.map_err(|error| busy(&error))?;
    let stored = known.as_ref().map(|known| known.password_hash.as_str());
    let right = password::verify(&typed.password, stored).await.map_err(|error| busy(&error))?;
    let Some(known) = known.filter(|known| right && !known.disabled) else { return Err(Notice::Wrong) };
    attempt.succeeded(&identity.pool).await.map_err(|error| busy(&error))?;
    Ok(known)
}

/// A new login, with a secret that nobody had before: what the browser held until now is worth nothing any more.
async fn begin(
    identity: &Identity,
    account: &Known,
    ClientAddress(address): ClientAddress,
    before: Option<&str>,
    headers: &HeaderMap,
) -> Result<Option<String>, IdentityError> {
    let network = throttle::network(address);
    if let Some(before) = before {
        login::end_by_token(&identity.pool, before).await?;
    }
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let Some(token) = login::begin(&identity.pool, account, identity.session, &network, agent).await? else {
        return Ok(None);
    };
    account::remember_address(&identity.pool, account.id, &network).await?;
    tracing::info!(account = account.id, "signed in");
    Ok(Some(token))
}

/// Makes an account, or does not because there is one, and says the same.
pub(super) async fn sign_up(
    State(identity): State<Identity>,
    address: ClientAddress,
    Form(typed): Form<SignUp>,
) -> Response {
    if !identity.sign_up {
        return (StatusCode::NOT_FOUND, "nobody can sign up here\n").into_response();
    }
    match make_account(&identity, &typed, address).await {
        Ok(()) => back(paths::SIGN_IN, Notice::SignedUp, &typed.email, &typed.next),
        Err(notice) => back(paths::SIGN_UP, notice, &typed.email, &typed.next),
    }
}

async fn make_account(
    identity: &Identity,
    typed: &SignUp,
    ClientAddress(address): ClientAddress,
) -> Result<(), Notice> {
    let email = form::email(&typed.email).map_err(Notice::Problem)?;
    let name = form::name(&typed.name).map_err(Notice::Problem)?;
    let password = form::new_password(&typed.password, email, name).map_err(Notice::Problem)?;
    // It stays counted: nobody makes accounts all day.
    match throttle::of_address(&identity.pool, address).await.map_err(|error| busy(&error))? {
        throttle::Outcome::Admitted(_) => {}
        throttle::Outcome::Wait(seconds) => return Err(Notice::Wait(seconds)),
    }
    let new = account::New { email, name, role: Role::Customer, password };
    let made = account::create(&identity.pool, new).await.map_err(|error| busy(&error))?;
    if let Some(account) = made {
        tracing::info!(account, "signed up");
    }
    Ok(())
}

/// Leads back to a form, with what became of it and what was typed, except passwords.
fn back(form: &str, notice: Notice, email: &str, next: &str) -> Response {
    let mut address = format!("{form}?{}", notice.query());
    if let Ok(email) = form::email(email) {
        address.push_str(&format!("&email={}", paths::encode(email)));
    }
    if paths::local(next) != "/" {
        address.push_str(&format!("&{}={}", paths::NEXT, paths::encode(next)));
    }
    see_other(&address)
}

/// What went wrong, once into the log; people are told to try again.
pub(super) fn busy(error: &IdentityError) -> Notice {
    tracing::warn!(%error, "a form about an account could not be handled");
    Notice::Busy
}

//! What the forms of a person's own account do. All of them need somebody who is signed in.

use super::{
    ClientAddress, Identity, IdentityError, account, cookie,
    form::{self, MAX_PASSWORD},
    gate::see_other,
    login,
    notice::Notice,
    origin, password, paths, secret,
    sign_in::busy,
    throttle,
};
use crate::hub::{Credential, Principal};
use axum::{
    Extension, Form,
    extract::State,
    http::{Extensions, header::SET_COOKIE},
    response::Response,
};
use serde::Deserialize;

/// The form for a new password.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NewPassword {
    old: String,
    new: String,
    again: String,
}

/// The form that signs out another browser.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EndLogin {
    login: i64,
}

/// Sets another password, signs out all other browsers, and gives this one another secret.
pub(super) async fn change_password(
    State(identity): State<Identity>,
    Extension(principal): Extension<Principal>,
    address: ClientAddress,
    extensions: Extensions,
    Form(typed): Form<NewPassword>,
) -> Response {
    let Some((account, here)) = signed_in(&principal) else { return to_sign_in() };
    match set_password(&identity, account, here, address, &typed).await {
        Ok(token) => {
            let mut response = to_account(Notice::PasswordChanged);
            let cookie = cookie::set(&token, identity.session, origin::is_over_tls(&extensions));
            response.headers_mut().insert(SET_COOKIE, cookie);
            response
        }
        Err(notice) => to_account(notice),
    }
}

async fn set_password(
    identity: &Identity,
    account: i64,
    here: i64,
    ClientAddress(address): ClientAddress,
    typed: &NewPassword,
) -> Result<String, Notice> {
    let pool = &identity.pool;
    let known = account::by_id(pool, account).await.map_err(|error| busy(&error))?.ok_or(Notice::OldWrong)?;
    let new = form::new_password(&typed.new, &known.email, &known.name).map_err(Notice::Problem)?;
    if typed.new != typed.again {
        return Err(Notice::Differ);
    }
    if typed.old.chars().count() > MAX_PASSWORD {
        return Err(Notice::OldWrong);
    }
    // Who finds a browser open may not guess here what is throttled there.
    let attempt = match throttle::of_account(pool, &known.email, address).await.map_err(|error| busy(&error))? {
        throttle::Outcome::Admitted(attempt) => attempt,
        throttle::Outcome::Wait(seconds) => return Err(Notice::Wait(seconds)),
    };
    let right = password::verify(&typed.old, Some(&known.password_hash)).await.map_err(|error| busy(&error))?;
    if !right {
        return Err(Notice::OldWrong);
    }
    let renewed = async {
        attempt.succeeded(pool).await?;
        let token = secret::generate("")?;
        let set = account::set_password(pool, account, new, Some(&known.password_hash), Some((here, &token))).await?;
        Ok::<_, IdentityError>(set.then_some(token))
    };
    // Otherwise somebody has set another one while the old one was looked at.
    let token = renewed.await.map_err(|error| busy(&error))?.ok_or(Notice::OldWrong)?;
    tracing::info!(account, "the password was changed");
    Ok(token)
}

/// Signs this browser out. Whoever is not signed in is signed out already.
pub(super) async fn sign_out(
    State(identity): State<Identity>,
    Extension(principal): Extension<Principal>,
    extensions: Extensions,
) -> Response {
    let ended = match signed_in(&principal) {
        Some((account, here)) => login::end(&identity.pool, account, here).await,
        None => Ok(()),
    };
    signed_out(ended, Notice::SignedOut, &extensions)
}

/// Signs out every browser of this person, this one included.
pub(super) async fn sign_out_everywhere(
    State(identity): State<Identity>,
    Extension(principal): Extension<Principal>,
    extensions: Extensions,
) -> Response {
    let Some((account, _)) = signed_in(&principal) else { return to_sign_in() };
    let ended = login::end_all(&identity.pool, account).await;
    signed_out(ended, Notice::SignedOutEverywhere, &extensions)
}

/// Signs out one other browser of this person.
pub(super) async fn end_login(
    State(identity): State<Identity>,
    Extension(principal): Extension<Principal>,
    Form(typed): Form<EndLogin>,
) -> Response {
    let Some((account, _)) = signed_in(&principal) else { return to_sign_in() };
    let ended = login::end(&identity.pool, account, typed.login).await;
    to_account(ended.map_or_else(|error| busy(&error), |()| Notice::LoginEnded))
}

/// The account and the login of somebody who is signed in; tokens are not.
fn signed_in(principal: &Principal) -> Option<(i64, i64)> {
    match (principal.account, principal.credential) {
        (Some(account), Credential::Login(login)) => Some((account, login)),
        _ => None,
    }
}

fn signed_out(ended: Result<(), IdentityError>, notice: Notice, extensions: &Extensions) -> Response {
    if let Err(error) = ended {
        // Still signed in, and must not believe otherwise.
        return to_account(busy(&error));
    }
    let mut response = see_other(&format!("{}?{}", paths::SIGN_IN, notice.query()));
    response.headers_mut().insert(SET_COOKIE, cookie::clear(origin::is_over_tls(extensions)));
    response
}

fn to_account(notice: Notice) -> Response {
    see_other(&format!("{}?{}", paths::ACCOUNT, notice.query()))
}

fn to_sign_in() -> Response {
    see_other(&paths::sign_in(paths::ACCOUNT))
}

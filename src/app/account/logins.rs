//! Where a person is signed in, with buttons to end it.

use crate::identity::{paths, shown::ListedLogin};
use leptos::prelude::*;

/// The logins of whoever asks.
#[server(prefix = "/api", endpoint = "account/logins")]
pub async fn own_logins() -> Result<Vec<ListedLogin>, ServerFnError> {
    use crate::{
        hub::{Credential, Principal},
        identity::{login, visitor::principal_asking},
    };
    let Some(Principal { account: Some(account), credential: Credential::Login(here), .. }) = principal_asking() else {
        return Ok(Vec::new());
    };
    let pool = expect_context::<sqlx::PgPool>();
    login::of_account(&pool, account, here).await.map_err(|error| {
        tracing::warn!(%error, "a person's logins could not be listed");
        ServerFnError::new("the database does not answer")
    })
}

/// The list.
#[component]
pub(super) fn Logins() -> impl IntoView {
    let logins = Resource::new_blocking(|| (), |()| own_logins());
    let list = move || {
        Suspend::new(async move {
            match logins.await {
                Ok(logins) => {
                    view! { <ul class="logins">{logins.into_iter().map(|login| view! { <Login login /> }).collect_view()}</ul> }
                        .into_any()
                }
                Err(_) => {
                    view! {
                        <p class="problem" role="alert">
                            "The database does not answer. Reload the page in a moment."
                        </p>
                    }
                        .into_any()
                }
            }
        })
    };
    view! {
        <section class="panel" aria-label="Where you are signed in">
            <h2>"Where you are signed in"</h2>
            <Suspense fallback=|| view! { <p class="hint">"Loading…"</p> }>{list}</Suspense>
            <form method="post" action=paths::SIGN_OUT_EVERYWHERE>
                <button class="button">"Sign out everywhere"</button>
            </form>
        </section>
    }
}

#[component]
fn Login(login: ListedLogin) -> impl IntoView {
    let ListedLogin { id, here, address, agent, created_at, seen_at } = login;
    let name = browser_name(&agent);
    let end = (!here).then(|| {
        view! {
            <form method="post" action=paths::END_LOGIN>
                <input type="hidden" name="login" value=id.to_string() />
                <button class="button" aria-label=format!("Sign out {name} at {address}")>
                    "Sign out"
                </button>
            </form>
        }
    });
    view! {
        <li>
            <p>
                <strong title=agent>{name.clone()}</strong>
                {here.then(|| view! { <em>"this browser"</em> })}
                <span>{format!("{address}, since {created_at}, last used about {seen_at} (UTC)")}</span>
            </p>
            {end}
        </li>
    }
}

/// What people call a browser, from what it says of itself. The first that fits: most say that they are several.
fn browser_name(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |of: &[(&str, &'static str)]| of.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "A browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser_name;

    #[test]
    fn browsers_are_called_what_people_call_them() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36";
        assert_eq!(browser_name(chrome), "Chrome on Linux");
        assert_eq!(browser_name(&format!("{chrome} Edg/126.0")), "Edge on Linux");
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148 Safari/604.1";
        assert_eq!(browser_name(iphone), "Safari on iPhone");
        assert_eq!((browser_name("curl/8.5"), browser_name("")), ("curl".to_owned(), "A browser".to_owned()));
    }
}

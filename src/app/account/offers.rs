//! The accounts of the demo. In the demo only, and only to those at the same machine: see [`crate::identity`].

use crate::identity::{paths, shown::DemoAccount};
use leptos::prelude::*;

/// A button for each.
#[component]
pub(super) fn Offers(next: String) -> impl IntoView {
    let offers = SharedValue::new(offered).into_inner();
    (!offers.is_empty()).then(|| {
        let offer = |DemoAccount { email, name, role, password }: DemoAccount| {
            let next = next.clone();
            view! {
                <li>
                    <form method="post" action=paths::SIGN_IN aria-label=format!("Sign in as {name}")>
                        <input type="hidden" name=paths::NEXT value=next />
                        <input type="hidden" name="email" value=email.clone() />
                        <input type="hidden" name="password" value=password />
                        <p>
                            <strong>{name.clone()}</strong>
                            <span>{format!("{role}, {email}")}</span>
                        </p>
                        <button class="button" aria-label=format!("Sign in as {name}")>
                            "Sign in"
                        </button>
                    </form>
                </li>
            }
        };
        view! {
            <section class="panel" aria-label="Accounts of the demo">
                <h2>"Look around as"</h2>
                <ul class="offers">{offers.into_iter().map(offer).collect_view()}</ul>
            </section>
        }
    })
}

#[cfg(feature = "ssr")]
fn offered() -> Vec<DemoAccount> {
    use_context::<crate::identity::Identity>().map(|identity| identity.demo.to_vec()).unwrap_or_default()
}

/// In a browser they came with the page.
#[cfg(not(feature = "ssr"))]
fn offered() -> Vec<DemoAccount> {
    Vec::new()
}

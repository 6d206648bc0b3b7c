//! stub
use leptos::prelude::*;
pub fn shell(_: LeptosOptions) -> impl IntoView {
    view! { <p>"stub"</p> }
}
#[component]
pub fn App() -> impl IntoView {
    view! { <leptos_router::components::Router><p>"stub"</p></leptos_router::components::Router> }
}
#[cfg(feature = "ssr")]
pub mod demo {
    pub const TABLE: &str = "public.products";
    #[derive(Debug, thiserror::Error)]
    pub enum DemoError {
        #[error("{0}")]
        Db(#[from] sqlx::Error),
    }
    pub async fn install(pool: &sqlx::PgPool) -> Result<(), DemoError> {
        sqlx::raw_sql("create table if not exists products(id bigint generated always as identity primary key, name text, quantity int); insert into products(name,quantity) select 'p'||g, g from generate_series(1,2000) g where not exists (select from products)").execute(pool).await?;
        Ok(())
    }
}

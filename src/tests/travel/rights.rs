//! Nobody learns of the past what they may not see at present; who made a moment is known if the ledger knows it.

use super::{all_of, asked_by, last, moments, rows, told};
use crate::support::{Browser, Server, sql, value};
use rowcast::{
    capture::{self, Trust},
    changelog::{self, travel::When},
    hub::{Definition, Policy, Principal},
    identity::account,
    protocol::{Role, Subscribe},
    rights,
};
use sqlx::PgPool;

const NOTES: &str = "create table notes (id int primary key, owner bigint, text text, secret text)";

/// What a customer sees: some columns of their own rows.
async fn with_notes(pool: &PgPool) {
    changelog::install(pool).await.expect("installs");
    sql(pool, NOTES).await;
    capture::track(pool, "notes", Trust::Checked).await.expect("tracks");
    rights::grant(pool, "notes", Policy::all(Role::Admin)).await.expect("grants");
    let own = Policy {
        columns: Some(vec!["text".to_owned()]),
        filter: Some("owner = $user.id".to_owned()),
        ..Policy::all(Role::Customer)
    };
    rights::grant(pool, "notes", own).await.expect("grants");
}

async fn notes_of(pool: &PgPool, account: i64) -> Definition {
    let principal = Principal { account: Some(account), ..Principal::nobody(Role::Customer) };
    asked_by(pool, &principal, Subscribe::from("notes")).await
}

#[sqlx::test(migrations = false)]
async fn old_rows_are_judged_by_what_they_were_and_shown_by_what_one_may_see_now(pool: PgPool) {
    with_notes(&pool).await;
    sql(&pool, "insert into notes values (1, 7, 'mine', 's1'), (2, 8, 'other', 's2')").await;
    let first = last(&pool).await;
    sql(&pool, "update notes set secret = 'changed' where id = 1").await;
    sql(&pool, "update notes set text = 'unseen' where id = 2").await;
    sql(&pool, "update notes set owner = 8, text = 'given away' where id = 1").await;
    let given = last(&pool).await;
    sql(&pool, "update notes set owner = 7, text = 'a present' where id = 2").await;
    sql(&pool, "delete from notes").await;

    let seven = notes_of(&pool, 7).await;
    let of = async |when| rows(&pool, &seven, when).await.into_iter().collect::<Vec<_>>();
    assert_eq!(of(first).await, [r#"{"id":1,"text":"mine"}"#]);
    assert_eq!(of(given).await, Vec::<String>::new());
    assert_eq!(of(When::Now).await, Vec::<String>::new());
    let mine: Vec<_> = moments(&pool, &seven).await.iter().map(told).collect();
    assert_eq!(
        mine,
        [[" → {id:1,text:mine}"], ["{id:1,text:mine} → "], [" → {id:2,text:a present}"], ["{id:2,text:a present} → "]]
    );
    assert_eq!(moments(&pool, &all_of(&pool, "notes").await).await.len(), 6);
}

#[sqlx::test(migrations = false)]
async fn who_loses_a_right_loses_the_past_as_well(pool: PgPool) {
    with_notes(&pool).await;
    sql(&pool, "insert into notes values (1, 7, 'mine', 's1')").await;
    let first = last(&pool).await;
    let seven = notes_of(&pool, 7).await;
    assert_eq!(rows(&pool, &seven, first).await.len(), 1);
    let none = Policy { filter: Some("owner = $user.id and id > 1".to_owned()), ..Policy::all(Role::Customer) };
    rights::grant(&pool, "notes", none).await.expect("grants");
    // What was asked under the old policy is not answered any more.
    let Err(error) = changelog::travel::Travel::open(&pool, &seven).await else { panic!("opens") };
    assert!(matches!(error, changelog::travel::TravelError::Altered), "{error}");
    let seven = notes_of(&pool, 7).await;
    assert!(rows(&pool, &seven, first).await.is_empty() && moments(&pool, &seven).await.is_empty());
}

#[sqlx::test(migrations = false)]
async fn the_ledger_says_who_made_a_moment(pool: PgPool) {
    with_notes(&pool).await;
    sql(&pool, "insert into notes values (1, 7, 'by hand', null)").await;
    let mut transaction = pool.begin().await.expect("begins");
    sqlx::query("update notes set text = 'by Ada'").execute(&mut *transaction).await.expect("writes");
    sqlx::query(
        "insert into rowcast.event (stream, version, type, schema, data, who, who_name)
         values ('note-1', 1, 'NoteWritten', 1, '{}', '7', 'Ada'), ('note-1', 2, 'NoteRead', 1, '{}', '7', 'Ada')",
    )
    .execute(&mut *transaction)
    .await
    .expect("appends");
    transaction.commit().await.expect("commits");
    let all = moments(&pool, &all_of(&pool, "notes").await).await;
    assert_eq!(all[0].author, None);
    let author = all[1].author.as_ref().expect("is known");
    let said = (author.who.as_deref(), author.name.as_str(), author.kind.as_str(), author.stream.as_str());
    assert_eq!(said, (Some("7"), "Ada", "NoteWritten", "note-1"));
}

#[sqlx::test(migrations = false)]
async fn whoever_changes_the_inventory_is_named_in_its_past(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    rowcast::app::demo::install(&pool).await.expect("installs");
    capture::track(&pool, "products", Trust::Checked).await.expect("tracks");
    for role in [Role::Staff, Role::Admin] {
        rights::grant(&pool, "products", Policy::all(role)).await.expect("grants");
    }
    let new =
        account::New { email: "ada@example.org", name: "Ada", role: Role::Staff, password: "correct horse battery" };
    account::create(&pool, new).await.expect("adds").expect("is new");
    let server = Server::start_strict(&pool).await;
    let mut ada = Browser::new(server.address);
    ada.post("/sign-in", &[("email", "ada@example.org"), ("password", "correct horse battery")]).await;
    let before: i32 = value(&pool, "select quantity from products where id = 3").await;
    for (path, fields) in [
        ("/api/inventory/set-quantity", vec![("id", "3"), ("quantity", "77")]),
        ("/api/inventory/delete-product", vec![("id", "4")]),
    ] {
        assert_eq!(ada.post(path, &fields).await.status, 302, "{path}");
    }
    sql(&pool, "update products set quantity = 78 where id = 3").await;
    let all = moments(&pool, &all_of(&pool, "products").await).await;
    let said: Vec<_> = all
        .iter()
        .map(|moment| {
            moment.author.as_ref().map(|author| (author.name.as_str(), author.kind.as_str(), author.stream.as_str()))
        })
        .collect();
    assert_eq!(said, [Some(("Ada", "QuantitySet", "product-3")), Some(("Ada", "ProductDeleted", "product-4")), None]);
    let told: String = value(&pool, "select data::text from rowcast.event where stream = 'product-3'").await;
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((&told["from"], &told["to"]), (&serde_json::json!(before), &serde_json::json!(77)));

    // A refused write leaves nothing behind.
    let events: i64 = value(&pool, "select count(*) from rowcast.event").await;
    assert_eq!(ada.post("/api/inventory/set-quantity", &[("id", "4"), ("quantity", "1")]).await.status, 302);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.event").await, events);
    let page = ada.get("/history").await;
    let changed = page.status == 200 && page.body.contains("<del>77") && page.body.contains("Directly in the database");
    assert!(changed, "{}", page.body);
    let customer = Browser::new(server.address).get("/history").await;
    assert_eq!(customer.status, 403, "nobody in particular");
}

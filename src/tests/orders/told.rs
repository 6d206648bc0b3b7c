//! Who is told of what: exactly those whom it concerns.

use super::{Caller, order, person, rows, script, sql, value, with_shop};
use crate::support::eventually;
use rowcast::{hub::Policy, protocol::Role, rights};
use sqlx::PgPool;

/// What a form of a page is.
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

/// Whom something told since this was asked last, and of which kind; and forgets it.
async fn told(pool: &PgPool) -> Vec<(i64, String)> {
    let told = rows(pool, "select account, kind from public.notifications order by account, id").await;
    sql(pool, "delete from public.notifications").await;
    let told = told.as_array().expect("a list").iter();
    told.map(|row| (row["account"].as_i64().expect("a number"), row["kind"].as_str().expect("a word").to_owned()))
        .collect()
}

fn to(accounts: &[i64], kind: &str) -> Vec<(i64, String)> {
    accounts.iter().map(|account| (*account, kind.to_owned())).collect()
}

#[sqlx::test(migrations = false)]
async fn everybody_whom_it_concerns_is_told_and_nobody_else(pool: PgPool) {
    let server = with_shop(&pool).await;
    let (cleo, of_cleo) = person(&pool, "Cleo", Role::Customer).await;
    let (_bob, _) = person(&pool, "Bob", Role::Customer).await;
    let (sam, of_sam) = person(&pool, "Sam", Role::Staff).await;
    let (ada, _) = person(&pool, "Ada", Role::Admin).await;
    let (gone, _) = person(&pool, "Gone", Role::Staff).await;
    sql(&pool, &format!("update rowcast.account set disabled = true where id = {gone}")).await;
    let (cleo_calls, sam_calls) = (Caller::new(&server, &of_cleo), Caller::new(&server, &of_sam));
    let script = Caller::new(&server, &script(&pool, Role::Staff).await);

    let id = cleo_calls.order(1, 2).await.id();
    assert_eq!(told(&pool).await, to(&[sam, ada], "order_placed"));
    let step = async |caller: &Caller, id: i64, step: &str| {
        let done = caller.post(&format!("/api/orders/{id}/{step}"), "").await;
        assert_eq!(done.status, 200, "{done:?}");
        told(&pool).await
    };
    assert_eq!(step(&cleo_calls, id, "pay").await, [], "the customer did it");
    assert_eq!(step(&sam_calls, id, "pick").await, to(&[cleo], "order_picked"));
    assert_eq!(step(&script, id, "pack").await, to(&[cleo], "order_packed"));
    assert_eq!(step(&sam_calls, id, "cancel").await, to(&[cleo], "order_cancelled"));

    let id = cleo_calls.order(1, 2).await.id();
    told(&pool).await;
    assert_eq!(step(&cleo_calls, id, "cancel").await, to(&[sam, ada], "order_cancelled"), "by the customer");

    let for_cleo = format!(r#"{{"lines":[{{"product_id":1,"quantity":1}}],"customer":{cleo}}}"#);
    sam_calls.post("/api/orders", &for_cleo).await.id();
    assert_eq!(told(&pool).await, to(&[cleo, ada], "order_placed"), "placed for her by somebody else");
    let own = sam_calls.order(1, 1).await.id();
    assert_eq!(told(&pool).await, to(&[ada], "order_placed"));
    assert_eq!(step(&script, own, "pay").await, to(&[sam], "order_paid"), "who works here may be a customer");
    let nobodys = script.order(1, 1).await.id();
    assert_eq!(told(&pool).await, to(&[sam, ada], "order_placed"));
    assert_eq!(step(&sam_calls, nobodys, "pay").await, [], "of somebody without an account");
}

#[sqlx::test(migrations = false)]
async fn what_is_refused_is_told_to_nobody_and_what_is_told_leads_to_the_order(pool: PgPool) {
    let server = with_shop(&pool).await;
    let (_, of_cleo) = person(&pool, "Cleo", Role::Customer).await;
    let (sam, _) = person(&pool, "Sam", Role::Staff).await;
    let cleo = Caller::new(&server, &of_cleo);
    assert_eq!(cleo.order(1, 11).await.status, 409);
    assert_eq!(value::<i64>(&pool, "select count(*) from public.notifications").await, 0);
    let id = cleo.order(1, 2).await.id();
    assert_eq!(
        rows(&pool, "select account, title, body, link, read_at from public.notifications").await,
        serde_json::json!([{
            "account": sam,
            "title": format!("New order {id} from Cleo"),
            "body": "2 pieces on 1 line, €25.00",
            "link": format!("/orders/{id}"),
            "read_at": null
        }])
    );
}

async fn staff_see(pool: &PgPool, table: &str, columns: Option<&[&str]>, filter: Option<&str>) {
    let columns = columns.map(|names| names.iter().map(|&name| name.to_owned()).collect());
    let policy = Policy { columns, filter: filter.map(str::to_owned), ..Policy::all(Role::Staff) };
    rights::grant(pool, table, policy).await.expect("grants");
}

#[sqlx::test(migrations = false)]
async fn nobody_is_told_of_an_order_that_they_do_not_see(pool: PgPool) {
    let server = with_shop(&pool).await;
    let (cleo, of_cleo) = person(&pool, "Cleo", Role::Customer).await;
    let (sam, _) = person(&pool, "Sam", Role::Staff).await;
    let (kim, _) = person(&pool, "Kim", Role::Staff).await;
    let (ada, _) = person(&pool, "Ada", Role::Admin).await;
    let cleo_calls = Caller::new(&server, &of_cleo);
    let script = Caller::new(&server, &script(&pool, Role::Staff).await);
    staff_see(&pool, "public.orders", None, Some("pieces > 1")).await;
    cleo_calls.order(1, 1).await.id();
    assert_eq!(told(&pool).await, to(&[ada], "order_placed"));
    cleo_calls.order(1, 2).await.id();
    assert_eq!(told(&pool).await, to(&[sam, kim, ada], "order_placed"));
    // By who they are, and by what only the database can read.
    let own = format!("$user.id = {kim} and placed_at > '2020-01-01 00:00+00'");
    staff_see(&pool, "public.orders", None, Some(&own)).await;
    cleo_calls.order(1, 2).await.id();
    assert_eq!(told(&pool).await, to(&[kim, ada], "order_placed"));
    // What it says is its state above all.
    staff_see(&pool, "public.orders", Some(&["customer_name", "total"]), None).await;
    cleo_calls.order(1, 1).await.id();
    assert_eq!(told(&pool).await, to(&[ada], "order_placed"));
    rights::revoke_all(&pool, Role::Staff).await.expect("revokes");
    assert!(rights::revoke(&pool, "public.orders", Role::Staff).await.expect("revokes"));
    let id = cleo_calls.order(1, 1).await.id();
    assert_eq!(told(&pool).await, to(&[ada], "order_placed"));
    // Customers, too.
    staff_see(&pool, "public.orders", None, None).await;
    // The server hears of a new right a moment later than of everything else: before that it refuses.
    eventually("it is paid", || async { script.post(&format!("/api/orders/{id}/pay"), "").await.status == 200 }).await;
    assert_eq!(told(&pool).await, to(&[cleo], "order_paid"));
    let none = Policy { filter: Some("id < 0".to_owned()), ..Policy::all(Role::Customer) };
    rights::grant(&pool, "public.orders", none).await.expect("grants");
    assert_eq!(script.post(&format!("/api/orders/{id}/pick"), "").await.status, 200);
    assert_eq!(told(&pool).await, []);
}

#[sqlx::test(migrations = false)]
async fn people_are_told_the_columns_that_are_granted_to_them(pool: PgPool) {
    let server = with_shop(&pool).await;
    let (_, of_cleo) = person(&pool, "Cleo", Role::Customer).await;
    let (sam, _) = person(&pool, "Sam", Role::Staff).await;
    let cleo = Caller::new(&server, &of_cleo);
    let said = async || {
        let said = rows(&pool, &format!("select title, body from public.notifications where account = {sam}")).await;
        sql(&pool, "delete from public.notifications").await;
        said
    };
    let noted = order(&[(1, 2)]).replace("]}", r#"],"note":"Ring twice"}"#);
    let place = async || cleo.post("/api/orders", &noted).await.id();
    let cancel = async |id: i64| cleo.post(&format!("/api/orders/{id}/cancel"), r#"{"note":"Too late"}"#).await.id();
    let told = |title: String, body: &str| serde_json::json!([{ "title": title, "body": body }]);

    staff_see(&pool, "public.orders", Some(&["state", "pieces", "note"]), None).await;
    let id = place().await;
    assert_eq!(said().await, told(format!("New order {id}"), "2 pieces\nRing twice"));
    staff_see(&pool, "public.orders", Some(&["state", "customer_name"]), None).await;
    staff_see(&pool, "public.order_steps", Some(&["state"]), None).await;
    cancel(id).await;
    assert_eq!(said().await, told(format!("Cleo cancelled order {id}"), ""));
    let id = place().await;
    assert_eq!(said().await, told(format!("New order {id} from Cleo"), ""));
    staff_see(&pool, "public.order_steps", Some(&["note"]), None).await;
    cancel(id).await;
    assert_eq!(said().await, told(format!("Cleo cancelled order {id}"), "Too late"));
}

#[sqlx::test(migrations = false)]
async fn what_is_committed_late_stays_unread_when_all_that_was_shown_is_marked(pool: PgPool) {
    let server = with_shop(&pool).await;
    let (cleo, of_cleo) = person(&pool, "Cleo", Role::Customer).await;
    let (bob, _) = person(&pool, "Bob", Role::Customer).await;
    let fill = format!(
        "insert into public.notifications (account, kind, title, body, link)
         select account, 'test', '', '', '/' from unnest(array[{cleo}, {cleo}, {cleo}, {cleo}, {bob}]) account"
    );
    sql(&pool, &fill).await;
    let cleo_calls = Caller::new(&server, &of_cleo);
    // Of her page, which begins with the second, the third was not there yet.
    let marked =
        cleo_calls.send("POST", "/api/notifications/mark-all-read", FORM, "shown=4%2C2%2C5&before=2&rows=0").await;
    assert_eq!(marked.status, 200, "{marked:?}");
    let unread = rows(&pool, "select id from public.notifications where read_at is null order by id").await;
    assert_eq!(unread, serde_json::json!([{ "id": 3 }, { "id": 5 }]), "the late one, and what is somebody else's");
}

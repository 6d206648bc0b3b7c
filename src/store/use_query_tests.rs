//! What a component sees of its queries, driven by frames as a browser would hear them.
//!
//! Effects of components do not run outside of a browser; what they would do is done here by [`Page::mounted`]. Effects
//! that observe are of the kind that runs everywhere.

use super::*;
use crate::{
    protocol::ErrorCode,
    store::{
        Everything, Group, provide_connection,
        row::tests::{Item, ItemKey, item},
    },
};
use std::sync::Mutex;

const HEAD: &str = "00000000000000aa";

/// A page whose connection is open.
struct Page {
    owner: Owner,
    connection: Connection,
}

impl Page {
    fn new() -> Self {
        let owner = Owner::new();
        let connection = owner.with(provide_connection);
        connection.replica().opened();
        Self { owner, connection }
    }

    fn query<T: LiveRow>(&self, query: impl IntoQuery<T>) -> LiveQuery<T> {
        self.owner.with(|| use_query(query))
    }

    /// What happens in a browser once the page is mounted, and whenever the query is another one.
    fn mounted<T: LiveRow>(&self, rows: LiveQuery<T>, query: &Query<T>) {
        rows.inner().follow(&self.connection, query);
    }

    fn hear(&self, frame: &str) {
        let out = self.connection.receive(&frame.replace("HEAD", HEAD));
        assert_eq!(out.complaints, Vec::<String>::new(), "{frame}");
    }

    /// Subscription `id` becomes the server's query `id` and has these rows.
    fn bring_up(&self, id: u64, rows: &str, position: u64) {
        self.hear(&format!(r#"{{"type":"subscribed","id":"{id}","query":{id},"key":["id"],"resumed":false}}"#));
        self.hear(&format!(r#"{{"type":"snapshot","query":{id},"rows":{rows},"position":"HEAD.{position}"}}"#));
    }

    fn subscriptions(&self) -> usize {
        self.connection.replica().len()
    }
}

fn named(name: &str) -> Query<Item> {
    Query::all().filter("name = $1", (name,))
}

#[test]
fn components_with_equal_queries_share_rows_and_one_subscription() {
    let page = Page::new();
    let (one, same, other) = (page.query(named("a")), page.query(named("a")), page.query(named("b")));
    for (rows, query) in [(one, named("a")), (same, named("a")), (other, named("b"))] {
        page.mounted(rows, &query);
    }
    assert_eq!(page.subscriptions(), 2);
    page.bring_up(1, r#"[{"id":1,"name":"a"}]"#, 5);
    assert_eq!((one.rows(), same.rows(), other.rows()), (vec![item(1, "a")], vec![item(1, "a")], vec![]));
    assert_eq!((same.phase(), other.phase()), (Phase::Live, Phase::Loading));
}

#[test]
fn rows_of_the_query_before_stay_until_those_of_the_next_have_come() {
    let page = Page::new();
    let rows = page.query(named("a"));
    page.mounted(rows, &named("a"));
    page.bring_up(1, r#"[{"id":1,"name":"a"}]"#, 5);
    let signal = page.owner.with(|| rows.row(ItemKey { id: 1 }));
    assert_eq!(signal.get(), Some(item(1, "a")));

    page.mounted(rows, &named("b"));
    assert_eq!((rows.rows(), rows.phase()), (vec![item(1, "a")], Phase::CatchingUp));
    page.hear(
        r#"{"type":"changes","query":1,"changes":[{"op":"update","row":{"id":1,"name":"a!"}}],"position":"HEAD.6"}"#,
    );
    assert_eq!(rows.rows(), [item(1, "a!")], "the rows of before go on");

    page.bring_up(2, r#"[{"id":2,"name":"b"}]"#, 7);
    assert_eq!((rows.rows(), rows.phase()), (vec![item(2, "b")], Phase::Live));
    assert_eq!((signal.get(), rows.len()), (None, 1));

    page.mounted(rows, &named("a"));
    assert_eq!((rows.rows(), rows.phase()), (vec![item(1, "a!")], Phase::Live), "within a moment it is still there");
}

#[test]
fn a_query_that_is_refused_says_where_and_what_might_be_meant() {
    let page = Page::new();
    let rows = page.query(named("a"));
    page.mounted(rows, &named("a"));
    page.hear(r#"{"type":"error","id":"1","code":"unknown_column","message":"no column nam","at":0,"hint":"name"}"#);
    let due = SubscriptionError {
        code: ErrorCode::UnknownColumn,
        message: "no column nam".to_owned(),
        at: Some(0),
        hint: Some("name".to_owned()),
    };
    assert_eq!(rows.phase(), Phase::Failed(due.clone()));
    assert_eq!(rows.error(), Some(QueryError::Subscription(due)));
}

#[test]
fn a_component_that_leaves_keeps_the_rows_for_others_and_the_last_one_for_a_moment() {
    let page = Page::new();
    let leaving = page.owner.with(Owner::new);
    let rows = page.query(named("a"));
    page.mounted(rows, &named("a"));
    page.bring_up(1, r#"[{"id":1,"name":"a"}]"#, 5);
    leaving.with(|| {
        provide_context(page.connection.clone());
        assert_eq!(use_query(named("a")).rows(), [item(1, "a")]);
    });
    leaving.cleanup();
    assert_eq!((rows.rows(), page.subscriptions()), (vec![item(1, "a")], 1));
}

#[test]
fn totals_are_rows_of_groups() {
    #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Sums {
        id: Option<i64>,
    }
    let page = Page::new();
    let query = || Query::<Item>::all().totals::<Sums>().sum("id");
    let totals: LiveQuery<Group<Item, Everything, Sums>> = page.query(query());
    page.mounted(totals, &query());
    page.hear(r#"{"type":"subscribed","id":"1","query":1,"key":["group"],"resumed":false}"#);
    page.hear(r#"{"type":"snapshot","query":1,"rows":[{"group":{},"count":2,"sum":{"id":3}}],"position":"HEAD.5"}"#);
    let sum = || totals.first().map(|total| (total.count, total.sum.id));
    assert_eq!(sum(), Some((2, Some(3))));
    page.hear(r#"{"type":"changes","query":1,"changes":[{"op":"update","row":{"group":{},"count":0,"sum":{"id":null}}}],"position":"HEAD.6"}"#);
    assert_eq!(sum(), Some((0, None)));
}

#[test]
fn an_altered_table_leads_to_another_query_while_others_go_on() {
    let page = Page::new();
    let (altered, other) = (page.query(named("a")), page.query(named("b")));
    page.mounted(altered, &named("a"));
    page.mounted(other, &named("b"));
    page.bring_up(1, r#"[{"id":1,"name":"a"}]"#, 5);
    page.bring_up(2, r#"[{"id":2,"name":"b"}]"#, 6);

    page.hear(r#"{"type":"resync","query":1,"reason":"table_altered"}"#);
    page.hear(r#"{"type":"subscribed","id":"1","query":9,"key":["id"],"resumed":false}"#);
    page.hear(
        r#"{"type":"changes","query":2,"changes":[{"op":"update","row":{"id":2,"name":"b!"}}],"position":"HEAD.7"}"#,
    );
    assert_eq!((altered.phase(), altered.rows()), (Phase::CatchingUp, vec![item(1, "a")]));
    assert_eq!((other.phase(), other.rows()), (Phase::Live, vec![item(2, "b!")]));

    page.hear(r#"{"type":"changes","query":1,"changes":[{"op":"delete","key":{"id":77}}],"position":"HEAD.8"}"#);
    assert_eq!(altered.rows(), [item(1, "a")], "the query of before says nothing any more");
    page.hear(r#"{"type":"snapshot","query":9,"rows":[{"id":3,"name":"c","new_column":1}],"position":"HEAD.9"}"#);
    assert_eq!((altered.phase(), altered.rows()), (Phase::Live, vec![item(3, "c")]));
}

/// Effects run as tasks, after the frame has been taken: what they see is always one position of all queries.
#[tokio::test]
async fn effects_never_see_one_querys_commit_without_the_others() {
    // It starts the executor of effects, as the server does.
    let _ = leptos_axum::generate_route_list(|| ());
    let page = Page::new();
    let (one, two) = (page.query(named("a")), page.query(named("b")));
    page.mounted(one, &named("a"));
    page.mounted(two, &named("b"));
    page.bring_up(1, r#"[{"id":1,"name":"0"}]"#, 5);
    page.bring_up(2, r#"[{"id":1,"name":"0"}]"#, 6);

    let seen = Arc::new(Mutex::new(Vec::new()));
    page.owner.with(|| {
        let (seen, left, right) = (seen.clone(), one.row(ItemKey { id: 1 }), two.row(ItemKey { id: 1 }));
        Effect::new_isomorphic(move |_| {
            let name = |row: RowSignal<Item>| row.with(|row| row.name.clone());
            seen.lock().expect("lock").push((name(left), name(right), one.rows().len(), two.rows().len()));
        });
    });
    let ran = async |runs: usize| {
        while seen.lock().expect("lock").len() < runs {
            tokio::task::yield_now().await;
        }
    };
    ran(1).await;
    for commit in 1..=20 {
        let changes = |query, name| {
            format!(
                r#"{{"type":"changes","query":{query},"changes":[{{"op":"update","row":{{"id":1,"name":"{name}"}}}}]"#
            )
        };
        page.hear(&format!("{}}}", changes(1, commit)));
        tokio::task::yield_now().await;
        page.hear(&format!(r#"{},"position":"HEAD.{}"}}"#, changes(2, commit), 10 + commit));
        ran(commit + 1).await;
    }
    for (left, right, ..) in seen.lock().expect("lock").iter() {
        assert_eq!(left, right);
    }
    assert_eq!(seen.lock().expect("lock").len(), 21, "once per commit");
}

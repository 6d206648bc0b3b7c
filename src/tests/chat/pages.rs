//! Pages and plain forms, as a browser without JavaScript has them.

use super::{browser, id, person, rows, with_server};
use rowcast::{chat, protocol::Role};
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = false)]
async fn everything_is_done_with_plain_forms(pool: PgPool) {
    let server = with_server(&pool).await;
    let (sam, ada) = (person(&pool, "Sam", Role::Staff).await, person(&pool, "Ada", Role::Admin).await);
    let mut sam_looks = browser(&server, &sam);
    let opened = sam_looks.post("/api/chat/open-room", &[("name", "General"), ("topic", "All of it")]).await;
    let (status, at) = (opened.status, opened.location().to_owned());
    assert!(status == 302 && at.starts_with("/chat/"), "{status} {at}");
    let room = at.trim_start_matches("/chat/").to_owned();
    let account = id(&sam).to_string();
    let letter = [
        ("chat", &*room),
        ("account", &*account),
        ("key", "k"),
        ("text", "<b>Hello</b> @Ada https://example.org/?a=1&b=2"),
    ];
    for _ in 0..2 {
        assert_eq!(sam_looks.post("/api/chat/send", &letter).await.location(), at);
    }
    let page = sam_looks.get(&at).await.body;
    assert!(page.contains("&lt;b&gt;Hello&lt;/b&gt;") && !page.contains("<b>Hello"), "no HTML of theirs");
    assert!(
        page.contains(r#"rel="noopener noreferrer nofollow""#) && page.contains("https://example.org/?a=1&amp;b=2")
    );
    assert_eq!(
        rows(&pool, "select count(*) as n from public.chat_messages").await,
        json!([{ "n": 1 }]),
        "sent twice, stored once"
    );

    let edited = sam_looks.post("/api/chat/edit", &[("chat", &room), ("number", "1"), ("text", "Other")]).await;
    assert_eq!(edited.location(), format!("{at}?at=1#m1"));
    let refused = sam_looks.post("/api/chat/edit", &[("chat", &room), ("number", "1"), ("text", " ")]).await;
    let again = sam_looks.get(refused.location().split('#').next().unwrap_or_default()).await;
    assert!(again.status == 422 && again.body.contains("There is nothing in it"), "{}", again.status);
    let draft = sam_looks
        .post("/api/chat/send", &[("chat", &room), ("account", "999"), ("key", "x"), ("text", "</textarea><script>")])
        .await;
    let kept = sam_looks.get(draft.location()).await;
    assert!(kept.status == 401 && kept.body.contains("&lt;/textarea&gt;&lt;script&gt;"), "what was typed is there");

    let mut ada_looks = browser(&server, &ada);
    let list = ada_looks.get("/chat").await.body;
    assert!(list.contains("General") && list.contains("unread"), "{list}");
    assert_eq!(ada_looks.post("/api/chat/read", &[("chat", &room), ("up_to", "1")]).await.location(), at);
    assert_eq!(
        rows(&pool, "select number from public.chat_marks where account <> 0 order by account").await,
        json!([{ "number": 1 }, { "number": 1 }])
    );
    assert!(sam_looks.get(&at).await.body.contains("Read by Ada"));
    ada_looks.post("/api/chat/delete", &[("chat", &room), ("number", "1")]).await;
    assert!(sam_looks.get(&at).await.body.contains("Deleted by Ada"));
    let begun = ada_looks.post("/api/chat/begin", &[("person", &account)]).await;
    assert!(begun.location().starts_with("/chat/") && begun.location() != at);
}

#[sqlx::test(migrations = false)]
async fn a_page_shows_the_part_of_the_past_that_its_address_names(pool: PgPool) {
    let server = with_server(&pool).await;
    let sam = person(&pool, "Sam", Role::Staff).await;
    let room = chat::open_room(&pool, &sam, "General", "").await.expect("opens");
    let many = format!(
        "insert into public.chat_messages (chat, number, kind, members, author_name, key, text, at)
         select {room}, n, 'room', '{{}}', 'Kim', 'f' || n, 'line ' || n || '.', now() - interval '1 hour' from generate_series(1, 300) n;
         update public.chats set last = 300"
    );
    super::sql(&pool, &many).await;
    let mut looks = browser(&server, &sam);
    let newest = looks.get(&format!("/chat/{room}")).await.body;
    assert!(newest.contains("line 300.") && newest.contains("line 251.") && !newest.contains("line 250."));
    assert!(newest.contains(&format!("/chat/{room}?at=226")), "the way to earlier ones");
    let middle = looks.get(&format!("/chat/{room}?at=100")).await.body;
    assert!(
        middle.contains("line 75.")
            && middle.contains("line 125.")
            && !middle.contains("line 126.")
            && !middle.contains("line 300.")
    );
    let found = looks.get("/chat?q=line+77.").await.body;
    assert!(found.contains(&format!("/chat/{room}?at=77&amp;q=line%2077.")), "a search leads to the message");
}

//! Folding: what a stream has come to, now and at any version or time, whatever is kept of it on the way.

use super::{Tallied, Tally, added, append, append_in, installed};
use crate::support::{Dice, sql, value};
use rowcast::ledger::{self, DecodeError, Fold, LedgerError, Recorded, Until};
use sqlx::PgPool;

async fn load(pool: &PgPool, stream: &str, until: Until) -> Result<(Tally, i64), LedgerError> {
    let mut transaction = pool.begin().await.expect("begins");
    let loaded = ledger::load::<Tally>(&mut transaction, stream, &until).await;
    transaction.commit().await.expect("commits");
    loaded
}

async fn events(pool: &PgPool, stream: &str) -> Vec<Recorded> {
    let mut transaction = pool.begin().await.expect("begins");
    ledger::read_stream(&mut transaction, stream, 1, &Until::Latest, 10_000).await.expect("reads")
}

/// By hand.
fn folded<'a>(events: impl IntoIterator<Item = &'a Recorded>) -> Tally {
    events.into_iter().fold(Tally::default(), |mut tally, event| {
        Tally::apply(&mut tally, &event.decode().expect("decodes"), event);
        tally
    })
}

/// Writes an event as another program or another clock would.
async fn insert(pool: &PgPool, stream: &str, version: i64, kind: &str, schema: i16, data: &str, at: &str) {
    let statement = format!(
        "insert into rowcast.stream values ('{stream}', {version}) on conflict (stream) do update set version = {version};
         insert into rowcast.event (stream, version, type, schema, data, who_name, at)
         values ('{stream}', {version}, '{kind}', {schema}, '{data}', '', '{at}')"
    );
    sql(pool, &statement).await;
}

const SOMETIME: &str = "2026-03-01T12:00:00Z";

#[sqlx::test(migrations = false)]
async fn a_stream_is_what_its_events_make_of_it_at_every_version(pool: PgPool) {
    installed(&pool).await;
    let mut dice = Dice::new(11);
    let mut length = 0;
    while length < 730 {
        let some: Vec<_> = (0..=dice.roll(40)).map(|_| added(i64::try_from(dice.roll(100)).expect("small"))).collect();
        length = append(&pool, "a", &some).await;
        // Each load may keep what it came to.
        load(&pool, "a", Until::Latest).await.expect("loads");
    }
    assert!(value::<i64>(&pool, "select count(*) from rowcast.stream_snapshot").await >= 4);
    let all = events(&pool, "a").await;
    for version in (0..=length).step_by(29).chain([99, 100, 101, 600, length, length + 5]) {
        let last = usize::try_from(version.min(length)).expect("positive");
        let expected = (folded(&all[..last]), version.min(length));
        assert_eq!(load(&pool, "a", Until::Version(version)).await.expect("loads"), expected, "{version}");
    }
    sql(&pool, "delete from rowcast.stream_snapshot").await;
    assert_eq!(load(&pool, "a", Until::Latest).await.expect("loads"), (folded(&all), length));
}

#[sqlx::test(migrations = false)]
async fn what_is_kept_of_a_long_stream_is_used(pool: PgPool) {
    installed(&pool).await;
    append(&pool, "a", &vec![added(1); 250]).await;
    assert_eq!(load(&pool, "a", Until::Latest).await.expect("loads").0.sum, 250);
    assert_eq!(value::<i64>(&pool, "select version from rowcast.stream_snapshot").await, 200);
    // So that it shows.
    let tamper = r#"update rowcast.stream_snapshot set state = '{"sum":1000,"name":"","closed":false,"trace":[]}'"#;
    sql(&pool, tamper).await;
    assert_eq!(load(&pool, "a", Until::Latest).await.expect("loads").0.sum, 1050);
    assert_eq!(load(&pool, "a", Until::Version(199)).await.expect("loads").0.sum, 199, "it is of a later version");
    for unfit in ["state = '[]'", "fold_version = 2", "fold = 'another'"] {
        sql(&pool, tamper).await;
        sql(&pool, &format!("update rowcast.stream_snapshot set {unfit}")).await;
        assert_eq!(load(&pool, "a", Until::Latest).await.expect("loads").0.sum, 250, "{unfit}");
        sql(&pool, "delete from rowcast.stream_snapshot").await;
        load(&pool, "a", Until::Latest).await.expect("keeps it again");
    }
}

#[sqlx::test(migrations = false)]
async fn what_is_kept_goes_with_the_transaction_that_it_is_made_of(pool: PgPool) {
    installed(&pool).await;
    let mut transaction = pool.begin().await.expect("begins");
    append_in(&mut transaction, "a", &vec![added(1); 150]).await;
    let (tally, version) = ledger::load::<Tally>(&mut transaction, "a", &Until::Latest).await.expect("loads");
    assert_eq!((tally.sum, version), (150, 150));
    transaction.rollback().await.expect("rolls back");
    append(&pool, "a", &vec![added(2); 150]).await;
    assert_eq!(load(&pool, "a", Until::Latest).await.expect("loads").0.sum, 300);
}

#[sqlx::test(migrations = false)]
async fn a_stream_is_loaded_where_nothing_may_be_written(pool: PgPool) {
    installed(&pool).await;
    append(&pool, "a", &vec![added(1); 150]).await;
    for begin in ["begin read only", "begin isolation level repeatable read", "begin isolation level serializable"] {
        let mut transaction = pool.begin_with(begin).await.expect("begins");
        let (tally, _) = ledger::load::<Tally>(&mut transaction, "a", &Until::Latest).await.expect("loads");
        assert_eq!(tally.sum, 150, "{begin}");
        transaction.commit().await.expect("commits");
    }
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.stream_snapshot").await, 0);
}

#[sqlx::test(migrations = false)]
async fn what_was_written_in_an_older_form_is_read_in_the_current_one(pool: PgPool) {
    installed(&pool).await;
    insert(&pool, "a", 1, "TallyAdded", 1, "5", SOMETIME).await;
    insert(&pool, "a", 2, "TallyAdded", 2, r#"{"by":6}"#, SOMETIME).await;
    insert(&pool, "a", 3, "TallyAdded", 3, r#"{"amount":7,"of":"bolts"}"#, SOMETIME).await;
    append(&pool, "a", &[added(8)]).await;
    let all: Vec<Tallied> = events(&pool, "a").await.iter().map(|event| event.decode().expect("decodes")).collect();
    assert_eq!(all, [added(5), added(6), Tallied::Added { amount: 7, of: "bolts".into() }, added(8)]);
    assert_eq!(load(&pool, "a", Until::Latest).await.expect("loads").0.sum, 26);
}

#[sqlx::test(migrations = false)]
async fn an_event_that_nobody_understands_is_told_by_stream_and_version_and_harms_no_other(pool: PgPool) {
    installed(&pool).await;
    for (stream, kind, schema, data) in [
        ("unknown", "TallyMelted", 1, "{}"),
        ("newer", "TallyAdded", 4, "{}"),
        ("malformed", "TallyAdded", 3, r#"{"amount":"much"}"#),
        ("closed", "TallyClosed", 1, "{}"),
    ] {
        append(&pool, stream, &[added(1)]).await;
        insert(&pool, stream, 2, kind, schema, data, SOMETIME).await;
    }
    let cause = async |stream: &str| match load(&pool, stream, Until::Latest).await {
        Err(LedgerError::Unreadable { stream: told, version: 2, cause }) if told == stream => Some(cause),
        _ => None,
    };
    assert_eq!(cause("unknown").await, Some(DecodeError::UnknownType("TallyMelted".into())));
    assert_eq!(cause("newer").await, Some(DecodeError::Newer { kind: "TallyAdded".into(), schema: 4, known: 3 }));
    assert!(matches!(cause("malformed").await, Some(DecodeError::Malformed { .. })));
    // The past before it, the stream itself and all others go on.
    assert_eq!(load(&pool, "unknown", Until::Version(1)).await.expect("loads").0.sum, 1);
    assert_eq!(append(&pool, "unknown", &[added(1)]).await, 3);
    assert!(load(&pool, "closed", Until::Latest).await.expect("loads").0.closed);
}

#[sqlx::test(migrations = false)]
async fn as_of_a_time_is_as_of_the_last_event_that_was_recorded_no_later(pool: PgPool) {
    installed(&pool).await;
    for (version, minute) in [(1, 0), (2, 10), (3, 20)] {
        let at = format!("2026-03-01T12:{minute:02}:00Z");
        insert(&pool, "a", version, "TallyAdded", 1, &version.to_string(), &at).await;
    }
    for (time, expected) in [
        ("2026-03-01T11:59:59.999999Z", 0),
        ("2026-03-01T12:00:00Z", 1),
        ("2026-03-01T12:00:00", 1),
        ("2026-03-01T14:09:59+02:00", 1),
        ("2026-03-01T14:10:00+02:00", 2),
        ("2027-01-01", 3),
    ] {
        let (tally, version) = load(&pool, "a", Until::Time(time.to_owned())).await.expect("loads");
        assert_eq!((version, tally.trace), (expected, (1..=expected).collect()), "{time}");
    }
    for nonsense in ["yesterday-ish", "2026-02-30T00:00:00Z", "", "12"] {
        let refused = load(&pool, "a", Until::Time(nonsense.to_owned())).await.expect_err(nonsense);
        assert!(matches!(&refused, LedgerError::Time(told) if told == nonsense), "{refused}");
    }
}

/// The clock was an hour ahead for a while, and was set back later.
#[sqlx::test(migrations = false)]
async fn a_clock_that_jumps_changes_no_order_and_hides_nothing_that_came_after(pool: PgPool) {
    installed(&pool).await;
    for (version, at) in [(1, "12:00"), (2, "13:01"), (3, "12:02"), (4, "12:03")] {
        let at = format!("2026-03-01T{at}:00Z");
        insert(&pool, "a", version, "TallyAdded", 1, &version.to_string(), &at).await;
    }
    let versions: Vec<i64> = events(&pool, "a").await.iter().map(|event| event.version).collect();
    assert_eq!(versions, [1, 2, 3, 4]);
    for (time, expected) in [("11:59", 0), ("12:00", 1), ("12:01", 1), ("12:02", 3), ("12:03", 4), ("14:00", 4)] {
        let time = format!("2026-03-01T{time}:00Z");
        let (tally, version) = load(&pool, "a", Until::Time(time.clone())).await.expect("loads");
        // A beginning of the stream, never a choice from it.
        assert_eq!((version, tally.trace), (expected, (1..=expected).collect()), "{time}");
    }
}

#[sqlx::test(migrations = false)]
async fn as_of_any_event_is_the_beginning_of_the_stream_until_there(pool: PgPool) {
    installed(&pool).await;
    let mut dice = Dice::new(5);
    for n in 0..60 {
        append(&pool, &format!("t-{}", dice.roll(3)), &[added(n), Tallied::Named { name: n.to_string() }]).await;
    }
    for stream in ["t-0", "t-1", "t-2"] {
        let all = events(&pool, stream).await;
        for event in &all {
            let (tally, version) = load(&pool, stream, Until::Time(event.at.clone())).await.expect("loads");
            let until: Vec<_> = all.iter().take_while(|other| other.version <= version).collect();
            assert!(version >= event.version && until.iter().all(|other| other.at <= event.at), "{}", event.at);
            assert_eq!(tally, folded(until.iter().copied()));
            let mut transaction = pool.begin().await.expect("begins");
            let read = ledger::read_stream(&mut transaction, stream, 1, &Until::Time(event.at.clone()), 1_000)
                .await
                .expect("reads");
            assert_eq!(read.iter().collect::<Vec<_>>(), until);
        }
    }
    assert_eq!(load(&pool, "nowhere", Until::Latest).await.expect("loads"), (Tally::default(), 0));
    assert_eq!(events(&pool, "nowhere").await, []);
}

//! Random commands by random people, some of them at the same time: whatever comes of it, all is well.

use super::{all_is_well, person, principal, sql, value, with_tables};
use crate::support::Dice;
use rowcast::{
    hub::Principal,
    ledger::{Projection, check},
    orders::{self, Done, Place, PlaceLine, Refusal, RefusalCode, Step, StepDetails, projections},
    protocol::Role,
};
use sqlx::PgPool;

/// Commands of one run.
const COMMANDS: usize = 150;
/// Who run at the same time.
const AT_ONCE: u64 = 4;

/// Something that somebody tries.
#[derive(Clone, Debug)]
enum Try {
    Place(Place),
    Step(i64, Step, StepDetails),
}

fn random(dice: &mut Dice, orders: i64) -> Try {
    let key = (dice.roll(4) == 0).then(|| format!("k{}", dice.roll(20)));
    if dice.roll(4) == 0 {
        let mut lines = Vec::new();
        for product_id in 1..=5 {
            if dice.roll(2) == 0 {
                lines.push(PlaceLine { product_id, quantity: 1 + dice.roll(4) as i64 });
            }
        }
        if dice.roll(2) == 0 {
            lines.reverse();
        }
        return Try::Place(Place { lines, key, ..Place::default() });
    }
    let id = 1_001 + dice.roll(orders.unsigned_abs() + 1) as i64;
    let step = Step::ALL[dice.roll(7) as usize];
    let version = (dice.roll(3) == 0).then(|| 1 + dice.roll(3) as i64);
    Try::Step(id, step, StepDetails { version, key, ..StepDetails::default() })
}

async fn carry_out(pool: &PgPool, who: &Principal, what: Try) -> Result<Done, Refusal> {
    match what {
        Try::Place(place) => orders::place(pool, who, place).await,
        Try::Step(id, step, details) => orders::step(pool, who, id, step, details).await,
    }
}

async fn is_what_a_replay_makes<P: Projection>(pool: &PgPool) {
    assert_eq!(check::<P>(pool, 10).await.expect("checks").differences, [], "{}", P::NAME);
}

async fn run(pool: &PgPool, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut people = Vec::new();
    for (name, role) in [
        ("Cleo", Role::Customer),
        ("Bob", Role::Customer),
        ("Sam", Role::Staff),
        ("Ada", Role::Admin),
        ("Nobody", Role::Customer),
    ] {
        let account = person(pool, name, role).await.0;
        people.push(principal(account, name, role));
    }
    people[4].account = None;
    let mut carried_out = 0;
    for _ in 0..COMMANDS {
        let placed: i64 = value(pool, "select count(*) from public.orders").await;
        // Those who come at once ask for the same orders.
        let tries: Vec<(Principal, Try)> = (0..1 + dice.roll(AT_ONCE))
            .map(|_| (people[dice.roll(5) as usize].clone(), random(&mut dice, placed)))
            .collect();
        let tasks: Vec<_> = tries
            .into_iter()
            .map(|(who, what)| {
                let pool = pool.clone();
                tokio::spawn(async move { (what.clone(), carry_out(&pool, &who, what).await) })
            })
            .collect();
        for task in tasks {
            let (what, outcome) = task.await.expect("does not panic");
            match outcome {
                Ok(_) => carried_out += 1,
                Err(refusal) => assert_ne!(refusal.code, RefusalCode::Unavailable, "{what:?}: {refusal}"),
            }
        }
        let negative: bool = value(pool, "select exists (select from public.products where quantity < 0)").await;
        assert!(!negative);
    }
    assert!(carried_out > COMMANDS / 4, "{carried_out} of the commands");
    all_is_well(pool, 50).await;
    is_what_a_replay_makes::<projections::Orders>(pool).await;
    is_what_a_replay_makes::<projections::OrderLines>(pool).await;
    is_what_a_replay_makes::<projections::OrderSteps>(pool).await;
}

#[sqlx::test(migrations = false)]
async fn random_commands_leave_everything_well(pool: PgPool) {
    with_tables(&pool).await;
    run(&pool, 1).await;
}

#[sqlx::test(migrations = false)]
async fn other_random_commands_do_too(pool: PgPool) {
    with_tables(&pool).await;
    run(&pool, 20_261_126).await;
}

#[sqlx::test(migrations = false)]
async fn what_the_checks_look_for_they_find(pool: PgPool) {
    with_tables(&pool).await;
    let sam = principal(person(&pool, "Sam", Role::Staff).await.0, "Sam", Role::Staff);
    let lines = vec![PlaceLine { product_id: 1, quantity: 2 }];
    orders::place(&pool, &sam, Place { lines, ..Place::default() }).await.expect("places");
    all_is_well(&pool, 50).await;
    for damage in [
        "update public.orders set state = 'paid'",
        "update public.orders set total = total + 0.01",
        "delete from public.orders",
    ] {
        sql(&pool, damage).await;
        assert_eq!(check::<projections::Orders>(&pool, 10).await.expect("checks").differences.len(), 1, "{damage}");
        rowcast::ledger::rebuild::<projections::Orders>(&pool).await.expect("rebuilds");
        is_what_a_replay_makes::<projections::Orders>(&pool).await;
    }
    sql(&pool, "insert into public.order_steps values (1001, 2, 'shipped', now(), null, '', '', null)").await;
    let illegal: i64 = value(&pool, &format!("select count(*) from ({}) r", include_str!("legal.sql"))).await;
    assert_eq!(illegal, 1);
}

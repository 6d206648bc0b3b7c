//! Random commands by random people, some of them at the same time: whatever comes of it, all is well.

use super::{all_is_well, everything, person, principal, sql, value, with_tables};
use crate::support::Dice;
use rowcast::{
    hub::Principal,
    ledger::{Projection, check},
    orders::{self, Actor, Done, Place, PlaceLine, Refusal, RefusalCode, State, Step, StepDetails, projections},
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

fn random(dice: &mut Dice, orders: &[(i64, State)]) -> Try {
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
    // One that is not there, too.
    let missing = (1, State::Placed);
    let (id, state) = *orders.get(dice.roll(orders.len() as u64 + 1) as usize).unwrap_or(&missing);
    let allowed = Step::allowed(state, Actor::Staff);
    let likely = if dice.roll(3) == 0 || allowed.is_empty() { Step::ALL.to_vec() } else { allowed };
    let step = likely[dice.roll(likely.len() as u64) as usize];
    let version = (dice.roll(3) == 0).then(|| 1 + dice.roll(3) as i64);
    Try::Step(id, step, StepDetails { version, key, ..StepDetails::default() })
}

async fn carry_out(pool: &PgPool, who: &Principal, what: Try) -> Result<Done, Refusal> {
    match what {
        Try::Place(place) => orders::place(pool, &everything(pool), who, place).await,
        Try::Step(id, step, details) => orders::step(pool, &everything(pool), who, id, step, details).await,
    }
}

/// Orders that are not over.
async fn placed(pool: &PgPool) -> Vec<(i64, State)> {
    let open = "select id, state from public.orders where state not in ('cancelled', 'returned') order by id";
    let rows: Vec<(i64, String)> = sqlx::query_as(open).fetch_all(pool).await.expect("reads");
    rows.into_iter().map(|(id, state)| (id, state.parse().expect("a state"))).collect()
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
        let placed = placed(pool).await;
        // Those who come at once ask for the same orders.
        let tries: Vec<(Principal, Try)> = (0..1 + dice.roll(AT_ONCE))
            .map(|_| (people[dice.roll(5) as usize].clone(), random(&mut dice, &placed)))
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
                Err(refusal) => {
                    let failed = matches!(refusal.code, RefusalCode::Unavailable | RefusalCode::Unconfirmed);
                    assert!(!failed, "{what:?}: {refusal}");
                }
            }
        }
        let negative: bool = value(pool, "select exists (select from public.products where quantity < 0)").await;
        assert!(!negative);
    }
    assert!(carried_out > COMMANDS / 4, "{carried_out} commands were carried out");
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
    orders::place(&pool, &everything(&pool), &sam, Place { lines, ..Place::default() }).await.expect("places");
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

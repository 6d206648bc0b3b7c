//! Commands: placing an order, and every step after that. Each is one transaction: what was decided, the event, the stock, the read
//! models, the notifications and the answer under the request's key come to be together or not at all.
//!
//! Invariant: locks are taken in one order, so that no two commands wait for each other in a circle: the request's key, products
//! by their ids, the order's stream, the streams of products, rows of read models. Whatever else is in the way passes, and the command is tried again.

use super::{
    access::{self, Customer},
    event::OrderEvent,
    failure::Failure,
    idempotency::Request,
    kept::{self, OrderFold},
    notify,
    order::{self, Order},
    projections,
    refusal::{Refusal, RefusalCode, Telling},
    sight::{self, Readers, Wares},
    step::Step,
    stock::{self, Shelf, Way},
    validate::{self, ValidDetails, ValidPlace},
    wire::{Done, Place, StepDetails},
};
use crate::{
    changelog::statement,
    hub::Principal,
    ledger::{self, AppendError, Events, Expected, Metadata, Until},
};
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How often a command is tried that somebody else is in the way of.
const ATTEMPTS: usize = 5;
/// How often it is decided anew because the order has changed meanwhile. After the first time its stream is held, so that the
/// second decision stands.
const DECISIONS: usize = 2;
/// How long after a connection was lost the database is asked whether it did what it was asked for.
const RECOVERS: Duration = Duration::from_secs(1);
/// How long it may take to answer that.
const ANSWERS: Duration = Duration::from_secs(5);

/// What somebody asks for.
struct Command<'a> {
    principal: &'a Principal,
    request: Option<Request>,
    what: What,
}

enum What {
    Place(ValidPlace, Customer, Wares),
    Step { order: i64, step: Step, details: ValidDetails, telling: Telling },
}

/// Places an order. To whoever asks there are no products that they do not see.
///
/// # Errors
///
/// A refusal that says why; nothing was done then, unless it is [`RefusalCode::Unconfirmed`].
pub async fn place(pool: &PgPool, readers: &Readers, principal: &Principal, mut place: Place) -> Result<Done, Refusal> {
    access::may_ask(principal)?;
    let valid = validate::place(&place)?;
    let customer = access::customer(principal, &valid)?;
    let key = place.key.take();
    let request = key.map(|key| Request::new(whose(principal), key, &("place", &place)));
    if let Some(done) = done_before(pool, request.as_ref()).await? {
        return Ok(done);
    }
    // The snapshot that this is read in is given back before anything is waited for.
    let wares = sight::wares(&readers.of(principal), &products(&valid)).await?;
    let command = Command { principal, request, what: What::Place(valid, customer, wares) };
    carry_out(pool, &command).await.map_err(Failure::told)
}

/// Does something with an order. To whoever asks there are no orders that they do not see.
///
/// # Errors
///
/// A refusal that says why, and what would be possible, as far as whoever asks may know it; nothing was done then, unless it is
/// [`RefusalCode::Unconfirmed`].
pub async fn step(
    pool: &PgPool,
    readers: &Readers,
    principal: &Principal,
    order: i64,
    step: Step,
    mut details: StepDetails,
) -> Result<Done, Refusal> {
    access::may_ask(principal)?;
    let valid = validate::details(step, &details)?;
    let key = details.key.take();
    let request = key.map(|key| Request::new(whose(principal), key, &(step, order, &details)));
    if let Some(done) = done_before(pool, request.as_ref()).await? {
        return Ok(done);
    }
    let telling = match sight::must_see(&readers.of(principal), order).await {
        // What was done may be why they do not see the order any more, also if it has been done just now.
        Err(refusal) if refusal.code == RefusalCode::NotFound => {
            return done_before(pool, request.as_ref()).await?.ok_or(refusal);
        }
        seen => seen?,
    };
    if details.version.is_some() && !telling.version {
        return Err(Refusal::of_field(
            RefusalCode::Invalid,
            "version",
            "Versions of orders are not for you; leave it out",
        ));
    }
    let command = Command { principal, request, what: What::Step { order, step, details: valid, telling } };
    match carry_out(pool, &command).await {
        Ok(done) => Ok(done),
        Err(Failure::Full(full)) => {
            let seen = sight::wares(&readers.of(principal), &[full.product]).await.unwrap_or_default();
            Err(full.told(seen.get(&full.product)))
        }
        Err(failure) => Err(failure.told().as_far_as(order, step, telling)),
    }
}

/// What a request was answered with, if it was carried out before: whatever has come to be in its way since.
///
/// # Errors
///
/// Something else was asked under its key, or it cannot be found out whether it was carried out.
async fn done_before(pool: &PgPool, request: Option<&Request>) -> Result<Option<Done>, Refusal> {
    let Some(request) = request else { return Ok(None) };
    request.before(pool).await.map_err(|failure| {
        let refusal = failure.told();
        if refusal.code == RefusalCode::Unavailable { Refusal::unconfirmed() } else { refusal }
    })
}

fn products(valid: &ValidPlace) -> Vec<i64> {
    valid.lines.iter().map(|(product, _)| *product).collect()
}

/// Whose a key is.
fn whose(principal: &Principal) -> String {
    principal.id().unwrap_or_default()
}

async fn carry_out(pool: &PgPool, command: &Command<'_>) -> Result<Done, Failure> {
    match in_turn(pool, command).await {
        Err(Failure::Unconfirmed(lost)) if command.request.is_some() => {
            tracing::info!(error = %lost, "a command was not confirmed, and is asked for again under its key");
            again(pool, command).await.unwrap_or(Err(Failure::Unconfirmed(lost)))
        }
        outcome => outcome,
    }
}

/// What a command came to of which nobody knows whether it was carried out: under its key it is done once, so its answer is that of the
/// first time if it was. None if nobody knows still.
async fn again(pool: &PgPool, command: &Command<'_>) -> Option<Result<Done, Failure>> {
    sleep(RECOVERS).await;
    match timeout(ANSWERS, attempt(pool, command)).await {
        Ok(outcome @ (Ok(_) | Err(Failure::Refused(_) | Failure::Full(_)))) => Some(outcome),
        _ => None,
    }
}

async fn in_turn(pool: &PgPool, command: &Command<'_>) -> Result<Done, Failure> {
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        match attempt(pool, command).await {
            Ok(done) => return Ok(done),
            Err(failure) if left > 0 && failure.is_passing() => {
                tracing::debug!(error = %failure, left, "a command is tried again");
            }
            Err(failure) => return Err(failure),
        }
    }
}

async fn attempt(pool: &PgPool, command: &Command<'_>) -> Result<Done, Failure> {
    let mut transaction = statement::begin(pool).await?;
    if let Some(request) = &command.request
        && let Some(done) = request.claim(&mut transaction).await?
    {
        return Ok(done);
    }
    let done = match &command.what {
        What::Place(valid, customer, wares) => {
            place_order(&mut transaction, command.principal, valid, customer, wares).await?
        }
        What::Step { order, step, details, telling } => {
            let done = step_order(&mut transaction, command.principal, *order, *step, details).await?;
            // As it is told the first time, so it is again.
            Done { version: done.version.filter(|_| telling.version), ..done }
        }
    };
    if let Some(request) = &command.request {
        request.answered(&mut transaction, done).await?;
    }
    transaction.commit().await.map_err(Failure::of_commit)?;
    Ok(done)
}

async fn place_order(
    connection: &mut PgConnection,
    principal: &Principal,
    valid: &ValidPlace,
    customer: &Customer,
    wares: &Wares,
) -> Result<Done, Failure> {
    let (customer, customer_name) = named(connection, principal, customer).await?;
    // Others are not even waited for.
    let seen: Vec<i64> = wares.keys().copied().collect();
    let lines = stock::lock(connection, &seen).await?.lines(&valid.lines, wares)?;
    if order::total(&lines).is_none() {
        return Err(Refusal::of_field(RefusalCode::Invalid, "lines", "The sum of this order is too high").into());
    }
    let id: i64 = statement::query_scalar("select nextval('public.order_number')").fetch_one(&mut *connection).await?;
    let metadata = access::metadata(principal, id);
    let event = OrderEvent::OrderPlaced { customer, customer_name, lines, note: valid.note.clone() };
    let made = Made { id, event, expected: Expected::New, order: Order::default(), gone: Vec::new() };
    record(connection, made, principal.account, &metadata).await
}

/// The account and the name of the customer.
async fn named(
    connection: &mut PgConnection,
    principal: &Principal,
    customer: &Customer,
) -> Result<(Option<i64>, String), Failure> {
    match customer {
        Customer::Own(account) => Ok((Some(*account), access::shown(principal))),
        Customer::Named(name) => Ok((None, name.clone())),
        Customer::Account(account) => {
            let name = statement::query_scalar("select name from rowcast.account where id = $1 and not disabled");
            let name: Option<String> = name.bind(account).fetch_optional(connection).await?;
            let message = || format!("There is no account {account}, or it is disabled");
            let unknown = || Refusal::of_field(RefusalCode::UnknownCustomer, "customer", message());
            Ok((Some(*account), name.ok_or_else(unknown)?))
        }
    }
}

async fn step_order(
    connection: &mut PgConnection,
    principal: &Principal,
    id: i64,
    step: Step,
    details: &ValidDetails,
) -> Result<Done, Failure> {
    let metadata = access::metadata(principal, id);
    let gives_back = !step.target().holds_stock();
    for _ in 0..DECISIONS {
        let (order, version) = ledger::load::<OrderFold>(connection, &kept::stream(id), &Until::Latest).await?;
        order.decide(id, order.actor(principal.role, principal.account), step, details)?;
        let gone = if gives_back { shelf_of(connection, &order).await?.gone(&order.lines)? } else { Vec::new() };
        let event = OrderEvent::of_step(step, order.customer, details.clone(), gone.clone());
        let made = Made { id, event, expected: Expected::Version(version), order, gone };
        match record(connection, made, principal.account, &metadata).await {
            Err(Failure::Append(AppendError::Conflict { .. })) => {}
            outcome => return outcome,
        }
    }
    Err(Refusal::unavailable().into())
}

async fn shelf_of(connection: &mut PgConnection, order: &Order) -> Result<Shelf, Failure> {
    let products: Vec<i64> = order.lines.iter().map(|line| line.product_id).collect();
    stock::lock(connection, &products).await
}

/// What was decided: an event of an order that was this before.
struct Made {
    id: i64,
    event: OrderEvent,
    expected: Expected,
    order: Order,
    /// Products whose pieces cannot go back.
    gone: Vec<i64>,
}

/// Appends the event, moves the pieces that it moves, has the read models follow, and tells whom it concerns.
async fn record(
    connection: &mut PgConnection,
    made: Made,
    actor: Option<i64>,
    metadata: &Metadata,
) -> Result<Done, Failure> {
    let Made { id, event, expected, mut order, gone } = made;
    let stream = kept::stream(id);
    let recorded = ledger::append_recorded(connection, &stream, expected, &[event.to_new()], metadata).await?;
    for one in &recorded {
        order.apply(&event, one.version, &one.at, &one.metadata.who_name);
    }
    if let Some(way) = Way::of(event.state()) {
        stock::shift(connection, way, id, &order.lines, &gone, metadata).await?;
    }
    projections::follow(connection, &recorded).await?;
    notify::notify(connection, id, &order, &event, actor).await?;
    let transaction: i64 =
        statement::query_scalar("select pg_current_xact_id()::text::bigint").fetch_one(connection).await?;
    Ok(Done { id, version: Some(order.version), state: event.state(), transaction: transaction.unsigned_abs() })
}

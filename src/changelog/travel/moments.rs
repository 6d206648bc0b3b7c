//! The transactions that changed the answer to a question: what each of them changed, and who made it.

use super::{
    Travel, TravelError, When,
    images::Images,
    record::{Transaction, value},
    state::image,
};
use crate::{
    changelog::{Error, Snapshot, position, statement::query},
    hub::{Definition, Image, Operation, RowChange, net},
};
use futures::TryStreamExt;
use std::collections::HashMap;

/// How many transactions are read at once, at first.
const SLICE: usize = 100;
/// How many at most: where few of them changed what is asked for, each time twice as many.
const LARGEST_SLICE: usize = 6_400;
/// Most changes that are read to find moments. What lies beyond is found when it is asked for.
const MAX_CHANGES: usize = 100_000;
/// Most bytes of rows that are read for that.
const MAX_READ_BYTES: usize = 64 * 1024 * 1024;
/// Most bytes of rows that differences are told with, unless one moment alone has more.
const MAX_TOLD_BYTES: usize = 8 * 1024 * 1024;
/// Most differences of one moment that are told.
pub const MAX_DIFFERENCES: usize = 200;

/// One row that differs.
#[derive(Clone, Debug)]
pub struct Difference {
    /// As it was; none if it was not there, or not to be seen.
    pub old: Option<Image>,
    /// As it was from then on; none if it was gone, or not to be seen any more.
    pub new: Option<Image>,
}

/// Who made a transaction, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The id of the principal; none: the system itself.
    pub who: Option<String>,
    /// What people called them then.
    pub name: String,
    /// The type of the first event.
    pub kind: String,
    /// The stream of the first event.
    pub stream: String,
}

/// A transaction that changed the answer.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The number of its last change.
    pub seq: i64,
    /// When that was made, in microseconds since 1970.
    pub at: i64,
    /// The database's number of the transaction.
    pub transaction: u64,
    /// What it changed, row by row: what it did to one row several times is one difference.
    pub differences: Vec<Difference>,
    /// How many more rows it changed, as far as it was read.
    pub further: usize,
    /// Whether it changed even more rows than were read.
    pub partial: bool,
    /// Who made it; none: it was written to the database directly.
    pub author: Option<Author>,
}

impl Moment {
    /// The moment as a point in time.
    pub fn when(&self) -> When {
        When::Moment { seq: self.seq, at: self.at }
    }
}

/// Moments in their order.
#[derive(Clone, Debug, Default)]
pub struct Moments {
    /// The earliest first.
    pub moments: Vec<Moment>,
    /// How many of them are not after the point in time that was asked for.
    pub before: usize,
    /// Whether there are, or may be, earlier ones that are not told.
    pub earlier: bool,
    /// Whether there are, or may be, later ones that are not told.
    pub later: bool,
}

impl Travel {
    /// The moments around a point in time: the last of those up to it, so many at most, and the first of those after it.
    pub async fn moments(&mut self, around: When, before: usize, after: usize) -> Result<Moments, TravelError> {
        let place = self.record.place(around)?;
        let known = self.record.after(self.record.from);
        let cut = known.partition_point(|one| one.last <= place);
        let (past, future): (Vec<Transaction>, Vec<Transaction>) =
            (known[..cut].iter().rev().copied().collect(), known[cut..].to_vec());
        let (mut moments, earlier) = self.told(&past, before).await?;
        moments.reverse();
        let told_before = moments.len();
        let (coming, later) = self.told(&future, after).await?;
        moments.extend(coming);
        authors(&mut self.snapshot, &mut moments).await?;
        Ok(Moments { moments, before: told_before, earlier, later })
    }

    /// The first of these that changed anything that may be seen, and whether there may be more.
    async fn told(&mut self, transactions: &[Transaction], limit: usize) -> Result<(Vec<Moment>, bool), TravelError> {
        let definition = self.definition.clone();
        let images = Images { definition: &definition, record: &self.record };
        let mut moments = Vec::new();
        let mut room = Room { changes: MAX_CHANGES, read: MAX_READ_BYTES, told: MAX_TOLD_BYTES };
        let (mut rest, mut size) = (transactions, SLICE);
        while !rest.is_empty() {
            let (slice, others) = rest.split_at(size.min(rest.len()));
            (rest, size) = (others, (size * 2).min(LARGEST_SLICE));
            let read = read(&mut self.snapshot, &definition, slice, &mut room).await?;
            for (one, changes) in slice.iter().zip(read) {
                let Some(moment) = moment(*one, &changes, images)? else { continue };
                let bytes: usize = moment.differences.iter().map(Difference::bytes).sum();
                if moments.len() == limit || bytes > room.told && !moments.is_empty() {
                    return Ok((moments, true));
                }
                room.told = room.told.saturating_sub(bytes);
                moments.push(moment);
            }
            if room.is_spent() {
                return Ok((moments, true));
            }
        }
        Ok((moments, false))
    }
}

/// How much may still be read, and told.
struct Room {
    changes: usize,
    read: usize,
    told: usize,
}

impl Room {
    fn is_spent(&self) -> bool {
        self.changes == 0 || self.read == 0
    }
}

impl Difference {
    fn bytes(&self) -> usize {
        let of = |image: &Option<Image>| image.as_ref().map_or(0, |image| image.get().len());
        of(&self.old) + of(&self.new)
    }
}

/// What was read of one transaction.
#[derive(Default)]
struct Changes {
    changes: Vec<RowChange>,
    /// Whether there is more of it.
    partial: bool,
}

/// The changes of some transactions, in the order of these; of those that there is no room for, nothing.
async fn read(
    snapshot: &mut Snapshot,
    definition: &Definition,
    slice: &[Transaction],
    room: &mut Room,
) -> Result<Vec<Changes>, TravelError> {
    let mut read: Vec<Changes> = Vec::new();
    read.resize_with(slice.len(), Changes::default);
    let places: HashMap<u64, usize> = slice.iter().enumerate().map(|(place, one)| (one.xid, place)).collect();
    let xids: Vec<String> = slice.iter().map(|one| one.xid.to_string()).collect();
    let mut rows = query(include_str!("changes_of.sql"))
        .bind(xids)
        .bind(definition.table.id)
        .bind(i64::try_from(room.changes).unwrap_or(i64::MAX))
        .fetch(snapshot.connection());
    let mut last = 0;
    while let Some(row) = rows.try_next().await.map_err(Error::from)? {
        let xid = position::transaction(value(&row, "xid")?)?;
        let Some(place) = places.get(&xid).copied() else { continue };
        let operation = match (image(&row, "old")?, image(&row, "new")?) {
            (Some(old), Some(new)) => Operation::Update { old, new },
            (Some(old), None) => Operation::Delete { old },
            (None, Some(new)) => Operation::Insert { new },
            (None, None) => continue,
        };
        let change = RowChange { table: definition.table.id, transaction: xid, operation };
        room.changes = room.changes.saturating_sub(1);
        room.read = room.read.saturating_sub(change.bytes());
        read[place].changes.push(change);
        last = place;
        if room.is_spent() {
            break;
        }
    }
    if room.is_spent() {
        read[last].partial = true;
    }
    Ok(read)
}

/// What a transaction did to what may be seen, if anything.
fn moment(one: Transaction, read: &Changes, images: Images<'_>) -> Result<Option<Moment>, TravelError> {
    let net = net(&images.definition.table, &read.changes).map_err(|_| TravelError::Altered)?;
    let (mut differences, mut further) = (Vec::new(), 0);
    for touched in net.rows() {
        let old = touched.before.and_then(|row| images.shown(row.image(), one.first));
        // What came with the transaction is there after it.
        let new = touched.after.and_then(|row| images.shown(row.image(), one.last.saturating_add(1)));
        if old.as_ref().map(|old| old.get()) == new.as_ref().map(|new| new.get()) {
            continue;
        }
        if differences.len() < MAX_DIFFERENCES {
            differences.push(Difference { old, new });
        } else {
            further += 1;
        }
    }
    let (seq, at, transaction) = (one.last, one.at, one.xid);
    let moment = Moment { seq, at, transaction, differences, further, partial: read.partial, author: None };
    Ok((!moment.differences.is_empty()).then_some(moment))
}

/// Notes who made them.
async fn authors(snapshot: &mut Snapshot, moments: &mut [Moment]) -> Result<(), TravelError> {
    let xids: Vec<String> = moments.iter().map(|moment| moment.transaction.to_string()).collect();
    let rows = query(include_str!("authors.sql")).bind(xids).fetch_all(snapshot.connection()).await;
    for row in rows.map_err(Error::from)? {
        let xid = position::transaction(value(&row, "xid")?)?;
        let author = Author {
            who: value(&row, "who")?,
            name: value(&row, "who_name")?,
            kind: value(&row, "type")?,
            stream: value(&row, "stream")?,
        };
        moments
            .iter_mut()
            .filter(|moment| moment.transaction == xid)
            .for_each(|moment| moment.author = Some(author.clone()));
    }
    Ok(())
}

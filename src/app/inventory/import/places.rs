//! How many files are worked at in a server at a time. Whoever has waited for some time is told so, and nobody waits for whoever has left.

use super::{model::Refusal, upload::Bounds};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many imports run at a time, or are undone; each holds a connection of the database.
const IMPORTS: usize = 2;
/// So many files are read for those who look at them; each takes some times its own size.
const LOOKS: usize = 2;
/// How long somebody waits for a place.
const WAIT: Duration = Duration::from_secs(5);

/// It is somebody's until the last copy is dropped.
pub(super) type Place = Arc<OwnedSemaphorePermit>;

/// The places of a server, and how large files may be. Copies are the same.
#[derive(Clone, Debug)]
pub struct Places {
    pub(super) bounds: Bounds,
    imports: Arc<Semaphore>,
    looks: Arc<Semaphore>,
}

impl Places {
    /// All are free.
    pub fn new(bounds: Bounds) -> Self {
        let of = |count| Arc::new(Semaphore::new(count));
        Self { bounds, imports: of(IMPORTS), looks: of(LOOKS) }
    }

    /// For whoever imports, or undoes.
    pub(super) async fn import(&self) -> Result<Place, Refusal> {
        place(&self.imports, WAIT).await
    }

    /// For whoever looks at a file. It is taken before the file is.
    pub(super) async fn look(&self) -> Result<Place, Refusal> {
        place(&self.looks, WAIT).await
    }
}

async fn place(places: &Arc<Semaphore>, wait: Duration) -> Result<Place, Refusal> {
    match tokio::time::timeout(wait, places.clone().acquire_owned()).await {
        Ok(Ok(place)) => Ok(Arc::new(place)),
        _ => Err(Refusal::Full),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_finds_no_place_is_told_so_and_a_place_comes_back() {
        let places = Places::new(Bounds::default());
        let (one, _other) = (places.import().await.expect("a place"), places.import().await.expect("a place"));
        let copy = one.clone();
        assert_eq!(place(&places.imports, Duration::ZERO).await.map(drop), Err(Refusal::Full));
        drop(one);
        assert_eq!(place(&places.imports, Duration::ZERO).await.map(drop), Err(Refusal::Full), "a copy holds it");
        drop(copy);
        assert_eq!(place(&places.imports, Duration::ZERO).await.map(drop), Ok(()));
        assert_eq!(place(&places.looks, Duration::ZERO).await.map(drop), Ok(()), "who looks waits for none of these");
    }
}

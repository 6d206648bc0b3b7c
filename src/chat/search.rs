//! What was said, for those who see it: the question is one like any other, so the policies answer it.

use super::{
    access::MESSAGES,
    limits::{MAX_EXCERPT, MAX_FOUND, MAX_SEARCH, MAX_SEARCHES, MAX_WORDS, SEARCH_PATIENCE, SEARCH_WAITS},
    validate::one_line,
    wire::{Found, Refusal},
};
use crate::{
    protocol::{OrderBy, Subscribe},
    store::{PageReader, ReadError},
};
use serde::Deserialize;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// Before the first word that was found, in characters.
const LEAD: usize = 40;

/// A search looks at all that was said: a few of them keep a database busy.
static PLACES: Semaphore = Semaphore::const_new(MAX_SEARCHES);

#[derive(Deserialize)]
struct Row {
    chat: i64,
    number: i64,
    author_name: String,
    text: String,
    at: String,
}

/// Messages that contain all of these words, the newest first. `reader` reads what whoever asks may see.
///
/// # Errors
/// They cannot be read in time, or too many others search.
pub async fn search(reader: &PageReader, wanted: &str) -> Result<Vec<Found>, Refusal> {
    let words = words(wanted);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let conditions: Vec<String> = (1..=words.len()).map(|place| format!("text ilike ${place}")).collect();
    let question = Subscribe {
        table: MESSAGES.to_owned(),
        columns: Some(["chat", "number", "author_name", "text", "at"].map(str::to_owned).into()),
        filter: Some(conditions.join(" and ")),
        params: words.iter().map(|word| pattern(word).into()).collect(),
        order: vec![OrderBy { column: "at".to_owned(), desc: true, ..OrderBy::default() }],
        limit: Some(MAX_FOUND),
        ..Subscribe::default()
    };
    let _place = place(&PLACES).await?;
    let page = match reader.ask_within(question, SEARCH_PATIENCE).await {
        Ok(page) => page,
        // Nothing is granted to them.
        Err(ReadError::NotTracked(_)) => return Ok(Vec::new()),
        Err(error) => {
            tracing::warn!(%error, "messages cannot be searched");
            return Err(Refusal::Unavailable);
        }
    };
    let rows = page.rows.iter().map(|row| serde_json::from_str::<Row>(row.get()));
    let found = rows.map(|row| row.map(|row| found(row, &words))).collect::<Result<_, _>>();
    found.map_err(|error| {
        tracing::error!(%error, "a message is not what it should be");
        Refusal::Unavailable
    })
}

/// One of the places, if there is one soon.
async fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, Refusal> {
    let place = timeout(SEARCH_WAITS, places.acquire()).await;
    place.ok().and_then(Result::ok).ok_or(Refusal::TooFast)
}

fn found(row: Row, words: &[String]) -> Found {
    let Row { chat, number, author_name, text, at } = row;
    Found { chat, number, author_name, at, excerpt: around(&text, words) }
}

fn words(wanted: &str) -> Vec<String> {
    let wanted: String = wanted.chars().take(MAX_SEARCH).collect();
    wanted.split_whitespace().take(MAX_WORDS).map(str::to_owned).collect()
}

/// The pattern of all texts that contain this word, in which no character means anything else.
fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for sign in word.chars() {
        if matches!(sign, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
}

/// The part of a text in which the first of these words is.
fn around(text: &str, words: &[String]) -> String {
    let line = one_line(text);
    let signs: Vec<char> = line.chars().collect();
    let lower = |sign: &char| sign.to_lowercase().next().unwrap_or(*sign);
    let small: Vec<char> = signs.iter().map(lower).collect();
    let place = |word: &String| {
        let word: Vec<char> = word.chars().map(|sign| lower(&sign)).collect();
        small.windows(word.len()).position(|part| part == word.as_slice())
    };
    let first = words.iter().filter_map(place).min().unwrap_or(0);
    let from = if signs.len() <= MAX_EXCERPT { 0 } else { first.saturating_sub(LEAD).min(signs.len() - MAX_EXCERPT) };
    let to = (from + MAX_EXCERPT).min(signs.len());
    let mut excerpt = String::new();
    if from > 0 {
        excerpt.push('…');
    }
    excerpt.extend(&signs[from..to]);
    if to < signs.len() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_waits_a_little_and_is_refused() {
        let places = Semaphore::new(1);
        let one = place(&places).await.expect("is free");
        assert_eq!(place(&places).await.map(drop), Err(Refusal::TooFast));
        let (other, ()) = tokio::join!(place(&places), async { drop(one) });
        assert!(other.is_ok(), "it became free while that waited");
    }

    #[test]
    fn an_excerpt_has_the_word_in_it() {
        let words = vec!["NEEDLE".to_owned()];
        assert_eq!(around("a\nneedle b", &words), "a needle b");
        let long = format!("{} Needle {}", "x ".repeat(200), "y ".repeat(200));
        let excerpt = around(&long, &words);
        assert!(excerpt.starts_with('…') && excerpt.ends_with('…') && excerpt.contains("Needle"), "{excerpt}");
        assert!(around(&format!("{} needle", "é".repeat(500)), &words).ends_with("needle"));
    }

    #[test]
    fn what_people_type_means_only_itself() {
        assert_eq!(pattern("50%_\\"), "%50\\%\\_\\\\%");
        assert_eq!(words("  a  b ").len(), 2);
        assert_eq!(words(&"w ".repeat(50)).len(), MAX_WORDS);
    }
}

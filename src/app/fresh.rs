//! What is another one each time: words that nobody has used before, for whatever must be told from everything else, such as the key
//! under which a form that is sent twice is carried out once; and the time.

/// A new word each time.
pub(super) fn word() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Now, in milliseconds since the Unix epoch.
pub(super) fn millis() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

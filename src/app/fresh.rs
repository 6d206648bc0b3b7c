//! Words that nobody has used before, for whatever must be told from everything else: such as the key under which a form
//! that is sent twice is carried out once.

/// A new word each time.
pub(super) fn word() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

//! Patterns of `like` from what people type. Pure.

/// The pattern of all texts that contain this one, in which no character means anything else.
pub(super) fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_people_type_means_only_itself() {
        assert_eq!(super::containing(r"50%_\é"), r"%50\%\_\\é%");
    }
}

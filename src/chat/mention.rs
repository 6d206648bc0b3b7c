//! People who are named in a text: `@` and what they are called. Pure.

/// The name that stands after the `@` at `at`, if it is one of these: the longest that fits. Whether letters are large or small does not
/// matter. It is returned as it is written there.
pub fn at<'t>(text: &'t str, at: usize, names: &[String]) -> Option<&'t str> {
    // An address of mail is not somebody's name.
    if text[..at]
        .chars()
        .next_back()
        .is_some_and(|before| before.is_alphanumeric() || matches!(before, '.' | '-' | '_' | '@'))
    {
        return None;
    }
    let rest = text[at..].strip_prefix('@')?;
    let fits = names.iter().filter_map(|name| begins_with(rest, name));
    let ends = |length: &usize| !rest[*length..].starts_with(|next: char| next.is_alphanumeric() || next == '_');
    fits.filter(ends).max().map(|length| &rest[..length])
}

/// How long the name is as it stands at the beginning of a text.
fn begins_with(text: &str, name: &str) -> Option<usize> {
    let mut rest = text.char_indices();
    for wanted in name.chars() {
        let (_, sign) = rest.next()?;
        if !wanted.to_lowercase().eq(sign.to_lowercase()) {
            return None;
        }
    }
    (!name.is_empty()).then(|| rest.next().map_or(text.len(), |(at, _)| at))
}

/// Which of these people a text names, and how each is written there. Code names nobody.
pub fn named(text: &str, names: &[String]) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for block in super::text::blocks(text, names) {
        let super::text::Block::Text(parts) = block else { continue };
        for part in parts {
            if let super::text::Inline::Name(name) = part
                && !named.contains(&name)
            {
                named.push(name);
            }
        }
    }
    named
}

/// Whether a name is written so.
pub fn is_called(name: &str, written: &str) -> bool {
    begins_with(written, name) == Some(written.len())
}

/// What is being typed after an `@`, for whoever offers names: from where, in bytes, and the beginning of the name. `cursor` is where
/// the next letter goes.
pub fn typing(text: &str, cursor: usize) -> Option<(usize, &str)> {
    let before = text.get(..cursor)?;
    let at = before.rfind('@')?;
    let typed = &before[at + 1..];
    let is_word = before[..at]
        .chars()
        .next_back()
        .is_none_or(|sign| !(sign.is_alphanumeric() || matches!(sign, '.' | '-' | '_' | '@')));
    // Names have blanks in them, but not very many, and no lines.
    let is_name =
        !typed.contains('\n') && !typed.starts_with(' ') && typed.chars().filter(|sign| *sign == ' ').count() <= 3;
    (is_word && is_name && typed.chars().count() <= 60).then_some((at, typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["Sam", "Sam Staff", "Ada Admin", "Émile"].map(str::to_owned).into()
    }

    #[test]
    fn the_longest_name_that_fits_is_meant() {
        let named = |text: &str| super::named(text, &names());
        assert_eq!(named("@Sam Staff, and @sam."), ["Sam Staff", "sam"]);
        assert_eq!(named("@Sam Stafford"), ["Sam"]);
        assert_eq!(named("(@ada admin)"), ["ada admin"]);
        assert_eq!(named("@éMILE!"), ["éMILE"]);
        assert_eq!(named("@Samuel, sam@Sam, x.@Sam, @@Sam, @ Sam"), Vec::<String>::new());
        assert_eq!(named("`@Sam` and\n```\n@Ada Admin\n```"), Vec::<String>::new());
        assert_eq!(named("@Sam @Sam"), ["Sam"]);
    }

    #[test]
    fn a_name_is_called_as_it_is_whatever_the_case() {
        assert!(
            is_called("Sam Staff", "sam STAFF") && !is_called("Sam Staff", "Sam") && !is_called("Sam", "Sam Staff")
        );
    }

    #[test]
    fn what_is_typed_after_the_sign_is_the_beginning_of_a_name() {
        assert_eq!(typing("Hello @Sa", 9), Some((6, "Sa")));
        assert_eq!(typing("@", 1), Some((0, "")));
        assert_eq!(typing("@Sam St and more", 7), Some((0, "Sam St")));
        for text in ["Hello", "a@b", "@ x", "@a\nb", "@a b c d e"] {
            assert_eq!(typing(text, text.len()), None, "{text:?}");
        }
        assert_eq!(typing("é@S", 1), None, "in the midst of a letter");
    }
}

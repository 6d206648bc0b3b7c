//! What becomes of a form when somebody else has changed the product since it was filled in. Pure.
//!
//! Field by field: what whoever sent the form has not touched stays as it is now; what only they changed becomes what they typed; what
//! both changed, to different values, is a conflict, and then nothing is written at all.

use super::fields::{Conflict, FIELDS, checked, value};
use crate::app::inventory::{
    Product,
    validate::{Field, Problems, Typed},
};

/// Why a form cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmerged {
    /// What was typed is not as it must be.
    Problems(Problems),
    /// Somebody else was faster.
    Conflicts(Vec<Conflict>),
}

/// Which fields get which values, if a product that is `now` was `seen` as that, and is to be as it was `typed`.
pub fn merge(now: &Product, seen: &Typed, typed: &Typed) -> Result<Vec<(Field, String)>, Unmerged> {
    let (mut changes, mut problems, mut conflicts) = (Vec::new(), Problems::new(), Vec::new());
    for field in FIELDS {
        if typed.get(field) == seen.get(field) {
            continue;
        }
        let mine = match checked(field, typed.get(field)) {
            Ok(mine) => mine,
            Err(problem) => {
                problems.push((field, problem));
                continue;
            }
        };
        let theirs = value(now, field);
        // What was seen may be what somebody typed, in another spelling than it is kept in.
        let was_seen =
            |value: &str| value == seen.get(field) || checked(field, seen.get(field)).is_ok_and(|seen| seen == value);
        if mine == theirs || was_seen(&mine) {
            continue;
        }
        if was_seen(&theirs) {
            changes.push((field, mine));
        } else {
            conflicts.push(Conflict { field, theirs });
        }
    }
    match (problems.is_empty(), conflicts.is_empty()) {
        (true, true) => Ok(changes),
        (false, _) => Err(Unmerged::Problems(problems)),
        (true, false) => Err(Unmerged::Conflicts(conflicts)),
    }
}

/// All fields of a product, as a form has them.
pub fn form_of(product: &Product) -> Typed {
    let mut form = Typed::default();
    Field::ALL.into_iter().for_each(|field| form.set(field, value(product, field)));
    form
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::inventory::{product_of_tests, validate::Problem};

    fn with(form: &Typed, field: Field, value: &str) -> Typed {
        let mut form = form.clone();
        form.set(field, value.to_owned());
        form
    }

    #[test]
    fn what_only_one_of_two_changed_is_kept_from_both() {
        let seen = form_of(&product_of_tests(1, "A", "Bolt", 5));
        let now = product_of_tests(1, "A", "Bolt M8", 5);
        let typed = with(&seen, Field::Location, "C-1");
        assert_eq!(merge(&now, &seen, &typed), Ok(vec![(Field::Location, "C-1".to_owned())]));
    }

    #[test]
    fn what_both_changed_is_a_conflict_and_nothing_is_written() {
        let seen = form_of(&product_of_tests(1, "A", "Bolt", 5));
        let now = product_of_tests(1, "A", "Bolt M8", 5);
        let typed = with(&with(&seen, Field::Location, "C-1"), Field::Name, "Bolt M10");
        let theirs = Conflict { field: Field::Name, theirs: "Bolt M8".to_owned() };
        assert_eq!(merge(&now, &seen, &typed), Err(Unmerged::Conflicts(vec![theirs])));
        // Who has seen it may overwrite it.
        let seen = with(&seen, Field::Name, "Bolt M8");
        assert_eq!(merge(&now, &seen, &typed).map(|changes| changes.len()), Ok(2));
    }

    #[test]
    fn two_who_want_the_same_do_not_disagree_and_other_spellings_are_no_change() {
        let seen = form_of(&product_of_tests(1, "A", "Bolt", 5));
        let now = product_of_tests(1, "A", "Bolt M8", 5);
        assert_eq!(merge(&now, &seen, &with(&seen, Field::Name, " Bolt M8 ")), Ok(vec![]));
        assert_eq!(merge(&now, &seen, &with(&seen, Field::Price, "12.5")), Ok(vec![]));
    }

    #[test]
    fn what_was_typed_in_another_spelling_is_taken_back_and_what_somebody_else_typed_is_not() {
        let before = form_of(&product_of_tests(1, "A", "Bolt", 5));
        let typed = with(&with(&before, Field::Price, "15"), Field::Name, "Bolt M8 ");
        let mut now = product_of_tests(1, "A", "Bolt M8", 5);
        now.price = crate::app::inventory::validate::price("15").expect("a price");
        let back = [Field::Name, Field::Price].map(|field| (field, before.get(field).to_owned()));
        assert_eq!(merge(&now, &typed, &before), Ok(back.to_vec()));
        now.price = crate::app::inventory::validate::price("15.01").expect("a price");
        let theirs = Conflict { field: Field::Price, theirs: "15.01".to_owned() };
        assert_eq!(merge(&now, &typed, &before), Err(Unmerged::Conflicts(vec![theirs])));
    }

    #[test]
    fn what_cannot_be_is_told_before_conflicts() {
        let seen = form_of(&product_of_tests(1, "A", "Bolt", 5));
        let typed = with(&seen, Field::Price, "much");
        let problem = Unmerged::Problems(vec![(Field::Price, Problem::NotAPrice)]);
        assert_eq!(merge(&product_of_tests(1, "A", "Nut", 5), &seen, &typed), Err(problem));
    }
}

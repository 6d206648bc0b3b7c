//! The list of tracked tables, as people read it.

use crate::capture::Listed;

/// Prints one line for each table.
pub(super) fn print(tables: &[Listed]) {
    if tables.is_empty() {
        println!("No table is live. `rowcast track TABLE` makes one live.");
        return;
    }
    let rows: Vec<[String; 5]> = tables.iter().map(row).collect();
    let head = ["TABLE", "CHANGES", "NEWEST", "OLDEST", "LIVE SINCE"].map(str::to_owned);
    let all = || std::iter::once(&head).chain(&rows);
    let widths: [usize; 5] =
        std::array::from_fn(|column| all().map(|row| row[column].chars().count()).max().unwrap_or(0));
    for row in all() {
        let [table, changes, newest, oldest, since] = row;
        let [a, b, c, d, _] = widths;
        println!("{table:a$}  {changes:>b$}  {newest:>c$}  {oldest:>d$}  {since}");
    }
}

fn row(table: &Listed) -> [String; 5] {
    let age = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), age);
    let since =
        if table.exists { table.since.clone() } else { "dropped or renamed; `rowcast untrack` forgets it".to_owned() };
    [table.table.clone(), table.changes.to_string(), age(table.newest_seconds), age(table.oldest_seconds), since]
}

/// The largest unit that fits, rounded down.
fn age(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn ages_are_told_in_the_largest_unit_that_fits() {
        assert_eq!(
            [-1.0, 59.9, 60.0, 7_199.0, 172_799.0, 172_800.0].map(age),
            ["0 s", "59 s", "1 min", "1 h", "47 h", "2 days"]
        );
    }
}

//! The known name somebody may have meant.
//!
//! Refuses to guess: a name that is not near is not proposed. Refuses to work for long, however many names there are:
//! of each lookup the names compared, their length and the edits between them are few.

/// Names longer than this are not compared.
const LONGEST: usize = 64;
/// A name that differs in more is another name.
const MOST_EDITS: usize = 3;
/// Names compared for one that is written; those that begin alike come first.
const MOST_COMPARED: usize = 100;

/// The known name nearest to the one written, if it is near enough to be meant.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > LONGEST {
        return None;
    }
    let written: Vec<char> = folded(written).collect();
    let most = written.len().div_ceil(3).min(MOST_EDITS);
    let fits = |name: &&str| {
        // A character has four bytes at most, and every one too many or too few is an edit.
        name.len() <= LONGEST && name.chars().count().abs_diff(written.len()) <= most
    };
    let alike = |name: &&str| folded(name).next() == written.first().copied();
    let (first, others): (Vec<&str>, Vec<&str>) =
        known.into_iter().filter(fits).partition(|name| alike(name));
    first
        .into_iter()
        .chain(others)
        .take(MOST_COMPARED)
        .filter_map(|name| {
            let right: Vec<char> = folded(name).collect();
            // Of names equally near, the one that begins most like the one written: 本科 is 本科室, not 本人.
            let alike = written.iter().zip(&right).take_while(|(a, b)| a == b);
            let unlike = written.len() - alike.count();
            Some((distance(&written, &right, most)?, unlike, name))
        })
        .min()
        .map(|(_, _, name)| name)
}

/// The one known name that ends in the one written, as `cn-phone` does in `phone`; of several, none is meant.
pub fn ending_in<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut ending = known.into_iter().filter(|name| {
        let before = name.strip_suffix(written);
        !written.is_empty() && before.is_some_and(|before| before.ends_with('-'))
    });
    let first = ending.next()?;
    ending.next().is_none().then_some(first)
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|character| character.to_ascii_lowercase())
}

/// Edit distance (insert, delete, replace) up to `most`. Only cells that can still lead to it are looked at.
fn distance(left: &[char], right: &[char], most: usize) -> Option<usize> {
    let far = most + 1;
    let mut above: Vec<usize> = (0..=right.len()).map(|column| column.min(far)).collect();
    for (row, a) in left.iter().enumerate() {
        let mut line = vec![far; right.len() + 1];
        if let Some(first) = line.first_mut() {
            *first = (row + 1).min(far);
        }
        let window = row.saturating_sub(most)..right.len().min(row + most + 1);
        let mut before = match window.start {
            0 => (row + 1).min(far),
            _ => far,
        };
        let mut best = before;
        for column in window {
            let [diagonal, up] = above.get(column..column + 2)? else {
                return None;
            };
            let replaced = diagonal + usize::from(right.get(column) != Some(a));
            before = replaced.min(up + 1).min(before + 1).min(far);
            *line.get_mut(column + 1)? = before;
            best = best.min(before);
        }
        if best > most {
            return None;
        }
        above = line;
    }
    above.last().copied().filter(|edits| *edits <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(left: &str, right: &str) -> Option<usize> {
        let characters = |text: &str| text.chars().collect::<Vec<_>>();
        distance(&characters(left), &characters(right), 3)
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(nearest("feilds", ["fields", "params"]), Some("fields"));
        assert_eq!(nearest("telller", ["teller", "self"]), Some("teller"));
        assert_eq!(nearest("Teller", ["self", "teller"]), Some("teller"));
        assert_eq!(nearest("x", ["teller", "self"]), None);
        assert_eq!(nearest("relationship", ["relations"]), Some("relations"));
        assert_eq!(nearest("relationships", ["relations"]), None);
        assert_eq!(nearest("", ["a"]), None);
    }

    #[test]
    fn of_names_equally_near_the_one_that_begins_most_alike_is_suggested() {
        assert_eq!(nearest("本科", ["本人", "本科室"]), Some("本科室"));
        assert_eq!(nearest("telle", ["tells", "teller"]), Some("teller"));
    }

    #[test]
    fn distances_are_exact_up_to_the_most() {
        assert_eq!(between("kitten", "sitting"), Some(3));
        assert_eq!(between("基本信息", "基本资料"), Some(2));
        assert_eq!(between("abc", "abc"), Some(0));
        assert_eq!(between("abc", ""), Some(3));
        assert_eq!(between("", "abc"), Some(3));
        assert_eq!(between("abcd", "wxyz"), None);
        assert_eq!(between("xabcdef", "abcdefx"), Some(2));
    }

    #[test]
    fn a_name_that_begins_alike_is_found_among_many() {
        let names: Vec<String> = (0..2000).map(|n| format!("k{n:04}")).collect();
        let known = names.iter().map(String::as_str).chain(["teller"]);
        assert_eq!(nearest("telle", known), Some("teller"));
    }
}

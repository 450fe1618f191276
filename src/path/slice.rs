//! Slices whose elements are known only with the array's length.
//!
//! Refuses nothing; whether a slice can select anything at all is asked before one is made.

/// `[start:end:step]` as RFC 9535 has it: negative bounds count from the end, a negative step runs towards the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The first element; `None` is the array's first, or its last where the step is negative.
    pub start: Option<i64>,
    /// The element that is no more selected; `None` is beyond the array.
    pub end: Option<i64>,
    /// The distance; not 0.
    pub step: i64,
}

impl Slice {
    /// Whether it selects that element of an array of that length.
    pub fn selects(&self, index: u64, length: u64) -> bool {
        let (Ok(index), Ok(length)) = (i64::try_from(index), i64::try_from(length)) else {
            return false;
        };
        let place = |bound: i64| {
            if bound < 0 {
                bound.saturating_add(length)
            } else {
                bound
            }
        };
        let (from, to) = if self.step > 0 {
            (self.start.unwrap_or(0), self.end.unwrap_or(length))
        } else {
            let before = length.saturating_add(1).saturating_neg();
            (self.start.unwrap_or(-1), self.end.unwrap_or(before))
        };
        let (from, to) = (place(from), place(to));
        let away = if self.step > 0 {
            let from = from.clamp(0, length);
            let within = index >= from && index < to;
            within.then(|| index - from)
        } else {
            let from = from.clamp(-1, length - 1);
            let within = index <= from && index > to;
            within.then(|| from - index)
        };
        away.and_then(|away| away.checked_rem(self.step)) == Some(0)
    }

    /// Whether it selects anything of some array.
    pub fn may_select(&self) -> bool {
        let (first, last) = match self.step {
            0 => return false,
            1.. => (self.start.unwrap_or(0), self.end),
            _ => (self.start.unwrap_or(-1), self.end),
        };
        let Some(last) = last else {
            return true;
        };
        match (self.step > 0, first < 0, last < 0) {
            // Counted from the same side.
            (true, false, false) | (true, true, true) => first < last,
            (false, false, false) | (false, true, true) => first > last,
            (true, true, false) => last > 0,
            (false, false, true) => last < -1,
            (true, false, true) | (false, true, false) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: [Option<i64>; 9] = [
        None,
        Some(-7),
        Some(-3),
        Some(-2),
        Some(-1),
        Some(0),
        Some(1),
        Some(2),
        Some(7),
    ];

    fn all() -> impl Iterator<Item = Slice> {
        let starts = BOUNDS.into_iter();
        starts.flat_map(|start| {
            let ends = BOUNDS.into_iter();
            ends.flat_map(move |end| [-3, -2, -1, 1, 2, 3].map(|step| Slice { start, end, step }))
        })
    }

    /// RFC 9535, section 2.3.4.2.2, word for word.
    fn by_the_book(slice: Slice, length: i64) -> Vec<i64> {
        let normalize = |i: i64| if i >= 0 { i } else { length + i };
        let step = slice.step;
        let (start, end) = if step >= 0 {
            (slice.start.unwrap_or(0), slice.end.unwrap_or(length))
        } else {
            (
                slice.start.unwrap_or(length - 1),
                slice.end.unwrap_or(-length - 1),
            )
        };
        let (start, end) = (normalize(start), normalize(end));
        let mut selected = Vec::new();
        if step >= 0 {
            let (mut i, upper) = (start.max(0).min(length), end.max(0).min(length));
            while i < upper {
                selected.push(i);
                i += step;
            }
        } else {
            let (mut i, lower) = (start.max(-1).min(length - 1), end.max(-1).min(length - 1));
            while lower < i {
                selected.push(i);
                i += step;
            }
            selected.reverse();
        }
        selected
    }

    #[test]
    fn a_slice_selects_what_rfc_9535_says_of_arrays_of_any_length() {
        for slice in all() {
            for length in 0..9 {
                let selected: Vec<i64> = (0..length)
                    .filter(|index| slice.selects(*index as u64, length as u64))
                    .collect();
                assert_eq!(
                    selected,
                    by_the_book(slice, length),
                    "{slice:?} of {length}"
                );
            }
        }
    }

    #[test]
    fn a_slice_may_select_something_exactly_if_it_does_of_some_array() {
        for slice in all() {
            let selects = (0..20).any(|length| !by_the_book(slice, length).is_empty());
            assert_eq!(slice.may_select(), selects, "{slice:?}");
        }
        let nothing = Slice {
            start: None,
            end: None,
            step: 0,
        };
        assert!(!nothing.may_select());
    }

    #[test]
    fn bounds_beyond_all_arrays_are_bounds() {
        let slice = Slice {
            start: Some(i64::MIN),
            end: Some(i64::MAX),
            step: i64::MAX,
        };
        assert!(slice.selects(0, 3) && !slice.selects(1, 3));
        let slice = Slice {
            start: Some(i64::MAX),
            end: Some(i64::MIN),
            step: i64::MIN,
        };
        assert!(slice.selects(2, 3) && !slice.selects(1, 3));
    }
}

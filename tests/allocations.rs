//! A record costs no allocation once an answer is under way. Its own program, since it counts every allocation of it.

#![allow(
    clippy::unwrap_used,
    reason = "clippy knows `#[test]` functions, not what they call"
)]

#[path = "../benches/counts/allocations.rs"]
mod allocations;
#[path = "../benches/fixture/mod.rs"]
mod fixture;

use std::sync::{Mutex, PoisonError};

/// What another test allocates meanwhile would be counted too.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn no_policy_allocates_for_a_record_in_steady_state() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for one in allocations::all() {
        // Buffers that double when a chunk holds more records are paid by the chunk: one in a hundred records or less.
        assert!(
            one.for_each_record < 0.05,
            "{}: {:.2} allocations for each record, {:.1} for each chunk",
            one.name,
            one.for_each_record,
            one.for_each_chunk
        );
    }
}

#[test]
fn a_value_that_repeats_in_an_object_that_is_learnt_costs_no_allocation() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let policy = fixture::policies::four_masks();
    let of = |length: usize| {
        let numbers = vec!["1"; length].join(",");
        let record = format!(r#"{{"id":"1","more":[[[[{numbers}]]]]}}"#);
        let body = format!(r#"{{"total":9,"items":[{}]}}"#, vec![record; 8].join(","));
        allocations::counted(&policy, body.as_bytes()).0
    };
    let (few, many) = (of(10), of(5000));
    assert!(many < few + 100.0, "{few} and {many} allocations");
}

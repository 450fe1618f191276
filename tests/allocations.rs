//! A record costs no allocation once an answer is under way. Its own program, since it counts every allocation of it.

#![allow(
    clippy::unwrap_used,
    reason = "clippy knows `#[test]` functions, not what they call"
)]

#[path = "../benches/counts/allocations.rs"]
mod allocations;
#[path = "../benches/fixture/mod.rs"]
mod fixture;

#[test]
fn no_policy_allocates_for_a_record_in_steady_state() {
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

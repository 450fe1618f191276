//! Allocations of the engine in steady state, told apart: what each record costs, what each chunk costs.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::fixture::{CHUNK, Policy, bodies, policies};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What one policy costs.
#[derive(Clone, Debug)]
pub struct Allocations {
    pub name: String,
    pub for_each_record: f64,
    pub for_each_chunk: f64,
}

const SIZE: usize = 1 << 20;
/// Makes records of about 400 bytes four times as large.
const PADDING: usize = 1200;

/// A policy, and whether its records must be one person's.
struct Kind {
    name: &'static str,
    policy: fn() -> Policy,
    one_person: bool,
}

const fn kind(name: &'static str, policy: fn() -> Policy, one_person: bool) -> Kind {
    Kind {
        name,
        policy,
        one_person,
    }
}

const KINDS: [Kind; 5] = [
    kind("four masks", policies::four_masks, false),
    kind(
        "four masks, five fields stripped",
        policies::mask_and_strip,
        false,
    ),
    kind("four tokens, five fields stripped", policies::tokens, false),
    kind(
        "masks and strips, each record's person read",
        policies::person_read,
        false,
    ),
    kind(
        "masks and strips, each record held until it is the caller's",
        policies::person_held,
        true,
    ),
];

/// All policies.
pub fn all() -> Vec<Allocations> {
    KINDS.iter().map(measure).collect()
}

/// Two lists of one size, so of as many chunks, but not of as many records.
fn measure(kind: &Kind) -> Allocations {
    let policy = &(kind.policy)();
    let many = bodies::padded(SIZE, 0, kind.one_person);
    let few = bodies::padded(SIZE, PADDING, kind.one_person);
    let (of_many, records_of_many) = counted(policy, &many);
    let (of_few, records_of_few) = counted(policy, &few);
    let for_each_record = (of_many - of_few) / (records_of_many - records_of_few);
    Allocations {
        name: kind.name.to_owned(),
        for_each_record,
        for_each_chunk: (of_few - for_each_record * records_of_few) / (SIZE / CHUNK) as f64,
    }
}

/// Allocations and records of one run, the plan being warm.
pub fn counted(policy: &Policy, body: &[u8]) -> (f64, f64) {
    let mut records = 0;
    policy.govern(body, |_, done| records += done.until(u64::MAX).count());
    let region = Region::new(COUNTING);
    policy.govern(body, |_, _| ());
    let change = region.change();
    (
        (change.allocations + change.reallocations) as f64,
        records as f64,
    )
}

//! The fixed inputs, each about 256 KiB, and the stretch of the program that is counted.

use std::hint::black_box;

use crate::fixture::{Policy, bodies, policies};

/// One line of the baseline.
pub struct Case {
    pub name: &'static str,
    pub policy: fn() -> Policy,
    /// `None` where the corpora are missing.
    pub body: fn() -> Option<Vec<u8>>,
}

const SIZE: usize = 256 << 10;

pub const CASES: [Case; 10] = [
    Case {
        name: "list-masked",
        policy: policies::four_masks,
        body: customers,
    },
    Case {
        name: "list-masked-and-stripped",
        policy: policies::mask_and_strip,
        body: customers,
    },
    Case {
        name: "list-tokens",
        policy: policies::tokens,
        body: customers,
    },
    Case {
        name: "list-shown-whole",
        policy: policies::shown_whole,
        body: customers,
    },
    Case {
        name: "list-stripped-whole",
        policy: policies::stripped_whole,
        body: customers,
    },
    Case {
        name: "records-held",
        policy: policies::person_held,
        body: || Some(bodies::of_one_person(SIZE)),
    },
    Case {
        name: "fifty-fields",
        policy: policies::fifty_fields,
        body: || Some(bodies::fifty_fields(SIZE)),
    },
    Case {
        name: "ten-paths",
        policy: || policies::catalogue(10, 1),
        body: customers,
    },
    Case {
        name: "ten-thousand-paths",
        policy: || policies::catalogue(10_000, 1),
        body: customers,
    },
    Case {
        name: "payload-twitter",
        policy: policies::shown_whole,
        body: || bodies::payload("twitter.json"),
    },
];

fn customers() -> Option<Vec<u8>> {
    Some(bodies::customers(SIZE))
}

/// Runs one case under callgrind: once to warm the plan, once to be counted.
pub fn run_counted(name: &str) {
    let case = CASES.iter().find(|case| case.name == name).unwrap();
    let (policy, body) = ((case.policy)(), (case.body)().unwrap());
    policy.govern(&body, |_, _| ());
    counted_stretch(&policy, &body);
}

/// Callgrind counts from entering to leaving this function, found by its name.
#[inline(never)]
fn counted_stretch(policy: &Policy, body: &[u8]) {
    black_box(policy.govern(body, nothing));
}

/// Not a closure: its name would hold that of the function above, and switch the counting off.
fn nothing(_: &[u8], _: &fieldgate::transform::Departed) {}

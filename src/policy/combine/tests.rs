//! One small rule set, and what each way of merging makes of it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::Place;
use super::super::condition::{Condition, ConditionId, Possible, Question};
use super::super::rules::{
    Bound, Ceiling, Class, Covers, EnvelopeEntry, Field, Group, Resource, Unlisted, UnlistedParams,
    When, Writing,
};
use super::*;
use crate::mask::Mask;
use crate::path::{Path, Segment, Selector};

const BASIC: ClassId = ClassId(0);
const CONTACT: ClassId = ClassId(1);
const TELLER: RoleId = RoleId(0);
const MANAGER: RoleId = RoleId(1);
const GUEST: RoleId = RoleId(2);
const CUSTOMER: ResourceId = ResourceId(0);
const OWN: GroupId = GroupId(0);

const ID: usize = 0;
const PHONE: usize = 1;
const CITY: usize = 3;

fn path(text: &str) -> Path {
    let segments = text.split('.').map(|name| Segment {
        descend: false,
        selectors: vec![match name {
            "*" => Selector::Wildcard,
            _ => Selector::Name(name.to_owned()),
        }],
    });
    Path {
        segments: segments.collect(),
    }
}

fn field(text: &str, class: ClassId, masks: &[&str]) -> Field {
    let mask = |name: &&str| ((*name).to_owned(), Arc::new(Mask::builtin(name).unwrap()));
    Field {
        text: text.to_owned(),
        place: Place::default(),
        path: path(text),
        class: Some(class),
        masks: masks.iter().map(mask).collect(),
        whole: false,
        names: None,
        written_by: None,
        write_never: false,
        decides: false,
        zh: None,
    }
}

fn rules() -> RuleSet {
    let class = |name: &str, level| Class {
        name: name.to_owned(),
        place: Place::default(),
        level,
        zh: None,
        sensitive: false,
    };
    let role = |name: &str| Role {
        name: name.to_owned(),
        place: Place::default(),
        matchers: Vec::new(),
        extends: None,
        contract: false,
    };
    let mut balances = field("balances", BASIC, &[]);
    balances.class = None;
    balances.names = Some(CONTACT);
    let envelope = |text: &str, class| EnvelopeEntry {
        text: text.to_owned(),
        place: Place::default(),
        path: path("total"),
        class,
    };
    RuleSet {
        digest: String::new(),
        classes: vec![class("basic", 2), class("contact", 3)],
        resources: vec![Resource {
            name: "customer".to_owned(),
            place: Place::default(),
            zh: None,
            upstream: None,
            groups: vec![Group {
                name: "customer".to_owned(),
                routes: Vec::new(),
            }],
            person: None,
            fields: vec![
                field("id", BASIC, &[]),
                field("phone", CONTACT, &["cn-phone", "last4"]),
                field("address", CONTACT, &["cn-address"]),
                field("address.city", BASIC, &[]),
                balances,
            ],
            envelope: vec![
                envelope("$.total", None),
                envelope("$.owner", Some(CONTACT)),
            ],
            params: Vec::new(),
            unlisted_params: UnlistedParams::Refuse,
            shape_of: None,
            strip_as_blank: false,
            unlisted: Unlisted::Strip,
            drift_show: false,
            any_case: false,
            writing: Writing::default(),
            errors: Vec::new(),
            files: Vec::new(),
        }],
        roles: vec![role("teller"), role("manager"), role("guest")],
        rows: BTreeMap::new(),
        rights: BTreeMap::new(),
        exceptions: Vec::new(),
        ceilings: Vec::new(),
        contracts: Vec::new(),
        finds: Default::default(),
        conditions: Vec::new(),
        tests: Vec::new(),
    }
}

/// The rule set with these cells for basic and contact.
fn grid(rows: &[(RoleId, Cell, Cell)]) -> RuleSet {
    let mut rules = rules();
    for (role, basic, contact) in rows {
        let row = Row {
            place: Place::default(),
            places: Vec::new(),
            cells: vec![basic.clone().into(), contact.clone().into()],
            steps: vec![Some(0), Some(0)],
            only: Vec::new(),
        };
        rules.rows.insert((CUSTOMER, OWN, *role), row);
    }
    rules
}

fn exception(field: usize, role: RoleId, cell: Cell, until: Option<i64>) -> Exception {
    Exception {
        place: Place::default(),
        resource: CUSTOMER,
        fields: vec![FieldId(field)],
        role,
        cell: cell.into(),
        reason: String::new(),
        until,
        steps: 0,
    }
}

fn ceiling(covers: Covers, roles: Option<Vec<RoleId>>, at_most: Cell) -> Ceiling {
    Ceiling {
        place: Place::default(),
        covers,
        to: match roles {
            None => Bound::Everyone,
            Some(roles) => Bound::Roles(roles),
        },
        except_contracts: false,
        at_most,
        reason: String::new(),
    }
}

fn on_field(field: usize) -> Covers {
    Covers::Fields(CUSTOMER, vec![FieldId(field)])
}

fn merge(rules: &RuleSet, roles: &[RoleId]) -> Treatments {
    merge_under(rules, roles, &Truths::default())
}

fn merge_under(rules: &RuleSet, roles: &[RoleId], truths: &Truths) -> Treatments {
    let tokens = TokenMaster::test_key();
    treatments(rules, CUSTOMER, OWN, roles.into(), 100, &tokens, truths)
}

fn phone(rules: &RuleSet, roles: &[RoleId]) -> Treatment {
    merge(rules, roles).fields[PHONE].clone()
}

fn mask(name: &str) -> Treatment {
    Treatment::Mask(Arc::new(Mask::builtin(name).unwrap()))
}

fn token(class: &str, path: &str, holder: &str) -> Treatment {
    let space = TokenSpace::Separate {
        class,
        path,
        holder,
    };
    Treatment::Token(Arc::new(TokenMaster::test_key().derive(&space)))
}

fn shared(name: &str) -> Treatment {
    let key = TokenMaster::test_key().derive(&TokenSpace::Shared(name));
    Treatment::Token(Arc::new(key))
}

fn named(name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[test]
fn one_role_gets_its_cells() {
    let rules = grid(&[(TELLER, Cell::Show, Cell::Mask(None))]);
    let merged = merge(&rules, &[TELLER]);
    assert_eq!(merged.fields[ID], Treatment::Show);
    assert_eq!(merged.fields[PHONE], mask("cn-phone"));
    assert_eq!(merged.fields[2], mask("cn-address"));
    assert_eq!(merged.envelope, [Treatment::Show, Treatment::fixed()]);
}

#[test]
fn a_mask_without_a_name_is_the_fields_own_else_fixed() {
    let rules = grid(&[(TELLER, Cell::Mask(None), Cell::Mask(named("last4")))]);
    let merged = merge(&rules, &[TELLER]);
    assert_eq!(merged.fields[ID], Treatment::fixed());
    assert_eq!(merged.fields[PHONE], mask("last4"));
    // `address` does not list `last4` and keeps its own.
    assert_eq!(merged.fields[2], mask("cn-address"));
}

#[test]
fn k12_a_role_without_a_row_opens_nothing() {
    let mut rules = grid(&[]);
    rules.exceptions = vec![exception(PHONE, TELLER, Cell::Show, None)];
    for roles in [&[][..], &[TELLER], &[TELLER, MANAGER]] {
        let merged = merge(&rules, roles);
        assert!(merged.fields.iter().all(|t| *t == Treatment::Strip));
        assert!(merged.envelope.iter().all(|t| *t == Treatment::Strip));
        assert!(merged.names_shown.iter().all(|shown| !shown));
    }
}

#[test]
fn an_entry_without_a_class_is_strip() {
    let rules = grid(&[(TELLER, Cell::Show, Cell::Show)]);
    assert_eq!(merge(&rules, &[TELLER]).fields[4], Treatment::Strip);
}

#[test]
fn the_most_open_of_several_roles_wins() {
    let rules = grid(&[
        (TELLER, Cell::Strip, Cell::Mask(None)),
        (MANAGER, Cell::Blank, Cell::Show),
    ]);
    let merged = merge(&rules, &[TELLER, MANAGER]);
    assert_eq!(merged.fields[ID], Treatment::Blank);
    assert_eq!(merged.fields[PHONE], Treatment::Show);
}

#[test]
fn two_different_masks_tie_in_fixed() {
    let rules = grid(&[
        (TELLER, Cell::Show, Cell::Mask(None)),
        (MANAGER, Cell::Show, Cell::Mask(named("last4"))),
        (GUEST, Cell::Show, Cell::Mask(named("cn-phone"))),
    ]);
    assert_eq!(phone(&rules, &[TELLER, MANAGER]), Treatment::fixed());
    assert_eq!(phone(&rules, &[TELLER, GUEST]), mask("cn-phone"));
}

#[test]
fn d13_tokens_of_two_roles_tie_in_fixed_unless_their_key_is_shared() {
    let own = grid(&[
        (TELLER, Cell::Show, Cell::Token(None)),
        (MANAGER, Cell::Show, Cell::Token(None)),
    ]);
    assert_eq!(phone(&own, &[TELLER]), token("contact", "phone", "teller"));
    assert_eq!(phone(&own, &[TELLER, MANAGER]), Treatment::fixed());
    let both = grid(&[
        (TELLER, Cell::Show, Cell::Token(named("s"))),
        (MANAGER, Cell::Show, Cell::Token(named("s"))),
    ]);
    assert_eq!(phone(&both, &[TELLER, MANAGER]), shared("s"));
}

#[test]
fn a_tie_of_tokens_is_not_reopened_by_a_third_role() {
    let rules = grid(&[
        (TELLER, Cell::Show, Cell::Token(None)),
        (MANAGER, Cell::Show, Cell::Token(None)),
        (GUEST, Cell::Show, Cell::Token(named("s"))),
    ]);
    assert_eq!(phone(&rules, &[GUEST, TELLER, MANAGER]), Treatment::fixed());
}

#[test]
fn the_token_is_the_one_of_the_role_whose_cell_won() {
    let rules = grid(&[
        (TELLER, Cell::Show, Cell::Mask(None)),
        (MANAGER, Cell::Show, Cell::Token(None)),
    ]);
    assert_eq!(
        phone(&rules, &[TELLER, MANAGER]),
        token("contact", "phone", "manager")
    );
}

#[test]
fn an_exception_replaces_the_cell_of_its_role_only() {
    let mut rules = grid(&[
        (TELLER, Cell::Show, Cell::Mask(None)),
        (MANAGER, Cell::Show, Cell::Blank),
    ]);
    rules.exceptions = vec![exception(PHONE, MANAGER, Cell::Show, None)];
    assert_eq!(phone(&rules, &[TELLER]), mask("cn-phone"));
    assert_eq!(phone(&rules, &[TELLER, MANAGER]), Treatment::Show);
    rules.exceptions = vec![exception(PHONE, TELLER, Cell::Strip, None)];
    assert_eq!(phone(&rules, &[TELLER]), Treatment::Strip);
    assert_eq!(phone(&rules, &[TELLER, MANAGER]), Treatment::Blank);
}

#[test]
fn n10_an_exception_opens_up_to_its_last_moment() {
    for (until, expected) in [(99, mask("cn-phone")), (100, Treatment::Show)] {
        let mut rules = grid(&[(TELLER, Cell::Show, Cell::Mask(None))]);
        rules.exceptions = vec![exception(PHONE, TELLER, Cell::Show, Some(until))];
        assert_eq!(phone(&rules, &[TELLER]), expected);
    }
}

#[test]
fn two_exceptions_for_one_field_leave_the_more_closed() {
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Strip)]);
    rules.exceptions = vec![
        exception(PHONE, TELLER, Cell::Show, None),
        exception(PHONE, TELLER, Cell::Blank, None),
    ];
    assert_eq!(phone(&rules, &[TELLER]), Treatment::Blank);
}

#[test]
fn a_ceiling_binds_everyone_or_whoever_holds_a_role_it_names() {
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Show)]);
    rules.ceilings = vec![ceiling(on_field(PHONE), Some(vec![GUEST]), Cell::Blank)];
    assert_eq!(phone(&rules, &[TELLER]), Treatment::Show);
    // The guest has no row here and still closes.
    assert_eq!(phone(&rules, &[TELLER, GUEST]), Treatment::Blank);
    rules.ceilings = vec![ceiling(on_field(PHONE), None, Cell::Blank)];
    assert_eq!(phone(&rules, &[TELLER]), Treatment::Blank);
}

#[test]
fn a_ceiling_never_opens() {
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Strip)]);
    rules.ceilings = vec![ceiling(on_field(PHONE), None, Cell::Show)];
    assert_eq!(phone(&rules, &[TELLER]), Treatment::Strip);
    rules.ceilings = vec![ceiling(on_field(PHONE), None, Cell::Mask(None))];
    assert_eq!(phone(&rules, &[TELLER]), Treatment::Strip);
}

#[test]
fn a_ceiling_on_a_field_binds_longer_paths_too() {
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Show)]);
    rules.ceilings = vec![ceiling(on_field(2), None, Cell::Mask(None))];
    let merged = merge(&rules, &[TELLER]);
    assert_eq!(merged.fields[2], mask("cn-address"));
    assert_eq!(merged.fields[CITY], Treatment::fixed());
    assert_eq!(merged.fields[PHONE], Treatment::Show);
    assert_eq!(merged.fields[ID], Treatment::Show);
}

#[test]
fn a_ceiling_on_a_class_or_level_binds_its_fields_what_lies_below_and_the_envelope() {
    for covers in [Covers::Class(CONTACT), Covers::Level(3)] {
        let mut rules = grid(&[(TELLER, Cell::Show, Cell::Show)]);
        rules.ceilings = vec![ceiling(covers, None, Cell::Blank)];
        let merged = merge(&rules, &[TELLER]);
        assert_eq!(merged.fields[ID], Treatment::Show);
        assert_eq!(merged.fields[PHONE], Treatment::Blank);
        assert_eq!(merged.fields[CITY], Treatment::Blank);
        assert_eq!(merged.envelope, [Treatment::Show, Treatment::Blank]);
        assert!(!merged.names_shown[4]);
    }
}

#[test]
fn a_ceiling_on_another_resource_binds_nothing_here() {
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Show)]);
    let elsewhere = Covers::Fields(ResourceId(1), vec![FieldId(PHONE)]);
    rules.ceilings = vec![ceiling(elsewhere, None, Cell::Strip)];
    assert_eq!(phone(&rules, &[TELLER]), Treatment::Show);
}

#[test]
fn a_bare_mask_ceiling_accepts_any_mask_and_gives_a_show_the_fields_own() {
    let bare = || ceiling(on_field(PHONE), None, Cell::Mask(None));
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Mask(named("last4")))]);
    rules.ceilings = vec![bare()];
    assert_eq!(phone(&rules, &[TELLER]), mask("last4"));
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Show)]);
    rules.ceilings = vec![bare()];
    assert_eq!(phone(&rules, &[TELLER]), mask("cn-phone"));
    // Nor does it tie with the mask another ceiling asks for.
    rules
        .ceilings
        .push(ceiling(on_field(PHONE), None, Cell::Mask(named("last4"))));
    assert_eq!(phone(&rules, &[TELLER]), mask("last4"));
}

#[test]
fn a_named_mask_ceiling_ties_with_another_mask() {
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Mask(None))]);
    rules.ceilings = vec![ceiling(
        Covers::Class(CONTACT),
        None,
        Cell::Mask(named("last4")),
    )];
    let merged = merge(&rules, &[TELLER]);
    assert_eq!(merged.fields[PHONE], Treatment::fixed());
    // `address` does not list `last4`: its own mask on both sides.
    assert_eq!(merged.fields[2], mask("cn-address"));
}

#[test]
fn a_token_ceiling_keeps_the_own_token_and_ties_with_another_key() {
    let bare = || ceiling(on_field(PHONE), None, Cell::Token(None));
    let mut rules = grid(&[
        (TELLER, Cell::Show, Cell::Show),
        (MANAGER, Cell::Show, Cell::Show),
        (GUEST, Cell::Show, Cell::Token(named("s"))),
    ]);
    rules.ceilings = vec![bare()];
    assert_eq!(
        phone(&rules, &[TELLER]),
        token("contact", "phone", "teller")
    );
    // Both roles show it: neither's key is the caller's.
    assert_eq!(phone(&rules, &[TELLER, MANAGER]), Treatment::fixed());
    assert_eq!(phone(&rules, &[GUEST]), Treatment::fixed());
    rules.ceilings = vec![ceiling(on_field(PHONE), None, Cell::Token(named("s")))];
    assert_eq!(phone(&rules, &[GUEST]), shared("s"));
}

#[test]
fn names_follow_the_grid_of_their_class() {
    let rules = grid(&[
        (TELLER, Cell::Show, Cell::Show),
        (MANAGER, Cell::Show, Cell::Mask(None)),
    ]);
    assert!(merge(&rules, &[TELLER]).names_shown[4]);
    assert!(!merge(&rules, &[MANAGER]).names_shown[4]);
    assert!(merge(&rules, &[TELLER, MANAGER]).names_shown[4]);
    // Entries without `names:` show none.
    assert!(!merge(&rules, &[TELLER]).names_shown[PHONE]);
}

#[test]
fn an_exception_for_the_values_leaves_the_names() {
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Show)]);
    rules.exceptions = vec![exception(4, TELLER, Cell::Mask(None), None)];
    assert!(!merge(&rules, &[TELLER]).names_shown[4]);
    rules.resources[0].fields[4].class = Some(BASIC);
    assert!(merge(&rules, &[TELLER]).names_shown[4]);
}

#[test]
fn closer_keeps_equals_and_settles_ties_in_fixed() {
    let closer = |a: &Treatment, b: &Treatment| a.clone().closer(b.clone());
    assert_eq!(closer(&mask("last4"), &mask("last4")), mask("last4"));
    assert_eq!(closer(&mask("last4"), &mask("email")), Treatment::fixed());
    assert_eq!(closer(&shared("a"), &shared("b")), Treatment::fixed());
    assert_eq!(closer(&shared("a"), &mask("email")), mask("email"));
    assert_eq!(closer(&Treatment::Show, &shared("a")), shared("a"));
    assert_eq!(
        closer(&Treatment::Blank, &Treatment::Strip),
        Treatment::Strip
    );
}

fn any_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::Show),
        Just(Cell::Token(None)),
        Just(Cell::Token(named("s"))),
        Just(Cell::Mask(None)),
        Just(Cell::Mask(named("last4"))),
        Just(Cell::Blank),
        Just(Cell::Strip),
    ]
}

fn any_ceiling() -> impl Strategy<Value = Ceiling> {
    let covers = prop_oneof![
        (0usize..5).prop_map(on_field),
        Just(Covers::Class(BASIC)),
        Just(Covers::Level(3)),
    ];
    let roles = prop_oneof![
        Just(None),
        (0usize..3).prop_map(|role| Some(vec![RoleId(role)]))
    ];
    (covers, roles, any_cell()).prop_map(|(covers, roles, at_most)| ceiling(covers, roles, at_most))
}

proptest! {
    #[test]
    fn no_order_of_roles_or_rules_matters(
        cells in proptest::collection::vec((any_cell(), any_cell()), 3),
        ceilings in proptest::collection::vec(any_ceiling(), 0..4),
        exceptions in proptest::collection::vec((0usize..5, 0usize..3, any_cell()), 0..3),
    ) {
        let rows: Vec<_> = cells.into_iter().enumerate()
            .map(|(role, (basic, contact))| (RoleId(role), basic, contact))
            .collect();
        let mut rules = grid(&rows);
        rules.ceilings = ceilings;
        rules.exceptions = exceptions.into_iter()
            .map(|(field, role, cell)| exception(field, RoleId(role), cell, None))
            .collect();
        let one = merge(&rules, &[TELLER, MANAGER, GUEST]);
        rules.ceilings.reverse();
        rules.exceptions.reverse();
        prop_assert_eq!(&merge(&rules, &[GUEST, MANAGER, TELLER, GUEST]), &one);
    }

    #[test]
    fn a_further_ceiling_opens_nothing(
        cells in proptest::collection::vec((any_cell(), any_cell()), 3),
        ceilings in proptest::collection::vec(any_ceiling(), 1..4),
    ) {
        let rows: Vec<_> = cells.into_iter().enumerate()
            .map(|(role, (basic, contact))| (RoleId(role), basic, contact))
            .collect();
        let mut rules = grid(&rows);
        let free = merge(&rules, &[TELLER, MANAGER, GUEST]);
        rules.ceilings = ceilings;
        let bound = merge(&rules, &[TELLER, MANAGER, GUEST]);
        for (free, bound) in free.fields.iter().zip(&bound.fields) {
            prop_assert!(bound.openness() <= free.openness());
        }
    }
}

#[test]
fn strip_as_blank_blanks_listed_fields_of_those_who_have_a_row() {
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Strip)]);
    rules.resources[0].strip_as_blank = true;
    let merged = merge(&rules, &[TELLER]);
    assert_eq!(merged.fields[ID], Treatment::Show);
    assert_eq!(merged.fields[PHONE], Treatment::Blank);
    assert_eq!(merged.fields[4], Treatment::Strip, "it says of names only");
    assert_eq!(merged.envelope[1], Treatment::Strip, "it is no field");
    let none = merge(&rules, &[MANAGER]);
    assert!(none.fields.iter().all(|t| *t == Treatment::Strip));
    rules.ceilings = vec![ceiling(on_field(ID), None, Cell::Strip)];
    assert_eq!(merge(&rules, &[TELLER]).fields[ID], Treatment::Blank);
}

/// Conditions 0 and 1 as they turned out.
fn truths(of: &[Truth]) -> Truths {
    let conditions: Vec<Condition> = of
        .iter()
        .map(|_| Condition {
            name: String::new(),
            place: Place::default(),
            says: String::new(),
            asks: Question::Purpose(Vec::new()),
        })
        .collect();
    Truths::settle(&conditions, |id, _| Possible::only(of[id.0]))
}

fn if_else(cell: Cell, otherwise: Cell) -> Choice {
    Choice {
        cell,
        when: Some(When {
            condition: ConditionId(0),
            otherwise,
        }),
    }
}

/// What the teller's phone gets by a cell under each truth: true, false, unknown.
fn phones(choice: &Choice) -> [Treatment; 3] {
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Show)]);
    rules.rows.get_mut(&(CUSTOMER, OWN, TELLER)).unwrap().cells[CONTACT.0] = choice.clone();
    [Truth::True, Truth::False, Truth::Unknown].map(|truth| {
        let merged = merge_under(&rules, &[TELLER], &truths(&[truth]));
        merged.fields[PHONE].clone()
    })
}

#[test]
fn a_condition_chooses_and_what_is_unknown_takes_the_more_closed() {
    let (show, strip) = (Treatment::Show, Treatment::Strip);
    let outcomes = phones(&if_else(Cell::Show, Cell::Strip));
    assert_eq!(outcomes, [show.clone(), strip.clone(), strip.clone()]);
    let outcomes = phones(&if_else(Cell::Strip, Cell::Show));
    assert_eq!(outcomes, [strip.clone(), show.clone(), strip]);
    let outcomes = phones(&if_else(Cell::Show, Cell::Mask(None)));
    assert_eq!(outcomes, [show, mask("cn-phone"), mask("cn-phone")]);
}

#[test]
fn between_two_masks_or_token_and_mask_what_is_unknown_is_fixed() {
    let unknown = |cell, otherwise| phones(&if_else(cell, otherwise))[2].clone();
    let last4 = || Cell::Mask(named("last4"));
    let token = |name| Cell::Token(named(name));
    assert_eq!(unknown(Cell::Mask(None), last4()), Treatment::fixed());
    assert_eq!(unknown(token("a"), last4()), Treatment::fixed());
    assert_eq!(unknown(last4(), token("a")), Treatment::fixed());
    assert_eq!(unknown(token("a"), token("b")), Treatment::fixed());
    // The same mask by two names is one mask.
    assert_eq!(
        unknown(Cell::Mask(None), Cell::Mask(named("cn-phone"))),
        mask("cn-phone")
    );
    assert_eq!(unknown(token("a"), token("a")), shared("a"));
    assert_eq!(unknown(Cell::Blank, last4()), Treatment::Blank);
}

#[test]
fn an_exception_chooses_as_a_cell_does() {
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Strip)]);
    let mut opens = exception(PHONE, TELLER, Cell::Show, None);
    opens.cell = if_else(Cell::Show, Cell::Mask(None));
    rules.exceptions.push(opens);
    let under = |truth| merge_under(&rules, &[TELLER], &truths(&[truth])).fields[PHONE].clone();
    assert_eq!(under(Truth::True), Treatment::Show);
    assert_eq!(under(Truth::False), mask("cn-phone"));
    assert_eq!(under(Truth::Unknown), mask("cn-phone"));
}

#[test]
fn each_row_counts_only_where_its_own_gate_is_true() {
    let mut rules = grid(&[
        (TELLER, Cell::Show, Cell::Mask(None)),
        (MANAGER, Cell::Show, Cell::Show),
    ]);
    let gate = vec![ConditionId(0), ConditionId(1)];
    rules.rows.get_mut(&(CUSTOMER, OWN, MANAGER)).unwrap().only = gate;
    let both = [TELLER, MANAGER];
    let phone =
        |one, other| merge_under(&rules, &both, &truths(&[one, other])).fields[PHONE].clone();
    assert_eq!(phone(Truth::True, Truth::True), Treatment::Show);
    assert_eq!(phone(Truth::True, Truth::False), mask("cn-phone"));
    assert_eq!(phone(Truth::Unknown, Truth::True), mask("cn-phone"));
    let alone = merge_under(&rules, &[MANAGER], &truths(&[Truth::True, Truth::Unknown]));
    assert_eq!(alone.fields[PHONE], Treatment::Strip);
    // What stands beside the records is behind no gate, but a class needs a row that counts.
    assert_eq!(alone.envelope, [Treatment::Show, Treatment::Strip]);
}

#[test]
fn ceilings_bind_what_a_condition_chose() {
    let mut rules = grid(&[(TELLER, Cell::Show, Cell::Show)]);
    let conditional = if_else(Cell::Show, Cell::Blank);
    rules.rows.get_mut(&(CUSTOMER, OWN, TELLER)).unwrap().cells[CONTACT.0] = conditional;
    rules
        .ceilings
        .push(ceiling(on_field(PHONE), None, Cell::Mask(None)));
    let under = |truth| merge_under(&rules, &[TELLER], &truths(&[truth])).fields[PHONE].clone();
    assert_eq!(under(Truth::True), mask("cn-phone"));
    assert_eq!(under(Truth::False), Treatment::Blank);
}

//! A validated rule set: what the files say once every name is resolved and every mistake refused.
//!
//! Everything refers by index into the vectors of [`RuleSet`] and [`Resource`], so no lookup can fail
//! halfway through an exchange.

mod case;
mod charset;
mod files;
mod format;
mod params;
mod row;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use case::{Test, TestCaller};
pub use charset::Charset;
pub use files::FileRule;
pub use format::{AnswerForm, EventFields, Format};
pub use params::{Find, Param, ParamName, ParamRule, Searched, SendRule, UnlistedParams};

pub use row::{Cell, Choice, Row, When};
pub use write::{AllRights, BodyForm, Does, OnForbidden, OnMasked, OnPut, Rights, Writing};

use super::Place;
use super::condition::{Condition, ConditionId};
pub use super::contract::{Contract, ContractId, Declare, Partner, Suspension, Term};
pub use super::role::{ClaimTest, JwtMatcher, Matcher, MtlsMatcher, Role};
use crate::mask::Mask;
use crate::path::Path;

/// Index into [`RuleSet::classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(pub usize);
/// Index into [`RuleSet::roles`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleId(pub usize);
/// Index into [`RuleSet::resources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(pub usize);
/// Index into [`Resource::groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub usize);
/// Index into [`Resource::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub usize);

/// One immutable rule set.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// `sha256:` and the hash over all files, names included, in sorted order.
    pub digest: String,
    /// Data classes, in the order of their names.
    pub classes: Vec<Class>,
    /// Resources, in the order of their names.
    pub resources: Vec<Resource>,
    /// Roles, in the order of their names.
    pub roles: Vec<Role>,
    /// The grid: what a role may read of a group. No entry: the role has no row.
    pub rows: BTreeMap<(ResourceId, GroupId, RoleId), Row>,
    /// What a role may write of a group. No entry: nothing.
    pub rights: AllRights,
    /// Single fields that differ from their class, for one role.
    pub exceptions: Vec<Exception>,
    /// What nobody named may exceed.
    pub ceilings: Vec<Ceiling>,
    /// What contract roles run under, in the order of the names.
    pub contracts: Vec<Contract>,
    /// What cells and gates may ask, in the order of the names.
    pub conditions: Vec<Condition>,
    /// Who may look a person up by a value that is masked for them.
    pub finds: BTreeSet<Find>,
    /// The rule set's own tests.
    pub tests: Vec<Test>,
}

impl RuleSet {
    /// The conditions that a row's gate and cells, and the exceptions of its role, name.
    pub fn asked_by(&self, resource: ResourceId, role: RoleId, row: &Row) -> Vec<ConditionId> {
        let exceptions = self.exceptions.iter();
        let mine = exceptions.filter(|one| one.resource == resource && one.role == role);
        let cells = row.cells.iter().chain(mine.map(|one| &one.cell));
        let of_cells = cells.filter_map(|choice| Some(choice.when.as_ref()?.condition));
        row.only.iter().copied().chain(of_cells).collect()
    }

    /// Whether any outcome is `token`, which needs a key.
    pub fn uses_tokens(&self) -> bool {
        let items = self.contracts.iter().flat_map(|one| one.items.values());
        let rows = self.rows.values().chain(items);
        let rows = rows.flat_map(|row| &row.cells);
        let exceptions = self.exceptions.iter().map(|exception| &exception.cell);
        let ceilings = self.ceilings.iter().map(|ceiling| &ceiling.at_most);
        rows.chain(exceptions)
            .flat_map(Choice::cells)
            .chain(ceilings)
            .any(|cell| matches!(cell, Cell::Token(_)))
    }
}

/// What data is.
#[derive(Clone, Debug)]
pub struct Class {
    /// The name rule files use.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// 1 (public) and up.
    pub level: u8,
    /// The Chinese name, for people.
    pub zh: Option<String>,
    /// Lints look harder at sensitive classes.
    pub sensitive: bool,
}

/// A kind of record and the routes that answer with it.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The name rule files use.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// The Chinese name, for people.
    pub zh: Option<String>,
    /// The upstream in `fieldgate.yaml`; `None` where there is exactly one.
    pub upstream: Option<String>,
    /// The resource this one has the shape of (`is`): the same catalogue, entry by entry.
    pub shape_of: Option<ResourceId>,
    /// Routes with one grid each. The first is the resource's own (`customer`), others are named groups.
    pub groups: Vec<Group>,
    /// Whose data a record is.
    pub person: Option<PersonRule>,
    /// The catalogue, relative to the record.
    pub fields: Vec<Field>,
    /// What may leave outside the records, relative to the body.
    pub envelope: Vec<EnvelopeEntry>,
    /// Every parameter a request may carry.
    pub params: Vec<Param>,
    /// What happens to parameters of the query that are not among them.
    pub unlisted_params: UnlistedParams,
    /// What happens to what no entry lists.
    pub unlisted: Unlisted,
    /// `strip_as: blank`: a listed field that would go is `null` instead.
    pub strip_as_blank: bool,
    /// `drift: show`.
    pub drift_show: bool,
    /// `keys: any-case`: member names compare with ASCII case folded.
    pub any_case: bool,
    /// What it says of requests that write.
    pub writing: Writing,
    /// What may leave of the body of an upstream's error, from its root; nothing where there is none.
    pub errors: Vec<Path>,
    /// What passes unread.
    pub files: Vec<FileRule>,
}

impl Resource {
    /// The path parameter that names the person, if routes have one.
    pub fn person_param(&self) -> Option<ParamName> {
        let name = self.person.as_ref()?.path_param.as_ref()?;
        Some(ParamName::Path(name.clone()))
    }

    /// A route, by its group and its place there.
    pub fn route(&self, group: GroupId, route: usize) -> Option<&RouteRule> {
        self.groups.get(group.0)?.routes.get(route)
    }

    /// Where a record names its person.
    pub fn person_path(&self) -> Option<&Path> {
        let field = self.person.as_ref()?.field;
        self.fields.get(field.0).map(|field| &field.path)
    }
}

/// Routes that share a grid.
#[derive(Clone, Debug)]
pub struct Group {
    /// As in `read`: `customer`, or `customer/list`.
    pub name: String,
    /// The routes of this group.
    pub routes: Vec<RouteRule>,
}

/// A method and a path template, and where the record stands in the answer.
#[derive(Clone, Debug)]
pub struct RouteRule {
    /// As written: `GET /customers/{id}`.
    pub text: String,
    /// Where it was written.
    pub place: Place,
    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`; a `GET` route also answers `HEAD`.
    pub method: http::Method,
    /// What a request does.
    pub does: Does,
    /// How the body of one that writes is written.
    pub body: BodyForm,
    /// Of one that writes: the `GET` route of the same path, whose answer holds the stored record.
    pub stored: Option<(GroupId, usize)>,
    /// The template's segments.
    pub template: Vec<TemplateSegment>,
    /// Where the record stands in the body. Names, indexes and `[*]` only; never a net.
    pub at: Path,
    /// How the answer's body is written.
    pub answer: AnswerForm,
    /// What the body of one that reads may carry, leaf by leaf; `None` where it takes none.
    pub send: Option<Vec<SendRule>>,
}

/// One segment of a path template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateSegment {
    /// Matches these bytes only, which are canonical.
    Literal(String),
    /// Matches one segment and names it.
    Param {
        /// The name within `{ }`.
        name: String,
        /// What the segment may hold.
        kind: ParamKind,
    },
}

/// What a path parameter may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParamKind {
    /// `{id}`: letters, digits, `_ ~ -` and inner dots.
    Plain,
    /// `{id:int}`: decimal digits without leading zeros.
    Int,
    /// `{id:uuid}`: RFC 9562 text form, lower case or upper case.
    Uuid,
    /// `{id:text}`: any canonical segment.
    Text,
}

/// Whose data a record is.
#[derive(Clone, Debug)]
pub struct PersonRule {
    /// The field of the record that names the person.
    pub field: FieldId,
    /// The path parameter that names the person, if routes have one.
    pub path_param: Option<String>,
}

/// One entry of the catalogue.
#[derive(Clone, Debug)]
pub struct Field {
    /// As written, without a leading `$.`; `$` for the record itself.
    pub text: String,
    /// Where it was written.
    pub place: Place,
    /// Relative to the record.
    pub path: Path,
    /// The class of the scalar at the path (and of scalars of an array there); `None` for an entry with `names:` only.
    pub class: Option<ClassId>,
    /// The masks the entry lists, the first being its own. Name and mask.
    pub masks: Vec<(String, Arc<Mask>)>,
    /// `whole: true`: the class covers all below as well.
    pub whole: bool,
    /// The class of the member names below, where they are data.
    pub names: Option<ClassId>,
    /// Who may write it though it decides who sees what (`person`, conditions, filters); `None`: nobody.
    pub written_by: Option<Vec<RoleId>>,
    /// `write: never`.
    pub write_never: bool,
    /// A condition, a filter or `person` reads it, so only those in `written_by` write it.
    pub decides: bool,
    /// The Chinese name, for people.
    pub zh: Option<String>,
}

/// What may leave outside the records.
#[derive(Clone, Debug)]
pub struct EnvelopeEntry {
    /// As written.
    pub text: String,
    /// Where it was written.
    pub place: Place,
    /// From the body's root.
    pub path: Path,
    /// `None` is `show`.
    pub class: Option<ClassId>,
}

/// What happens to what no entry lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// It goes.
    Strip,
    /// The whole answer is refused (`unlisted-field`).
    Refuse,
    /// It leaves, but for what looks like listed data in another shape.
    Show {
        /// Mandatory, for the auditor.
        reason: String,
    },
}

/// A single field that differs from its class, for one role.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Where it was written.
    pub place: Place,
    /// Whose field.
    pub resource: ResourceId,
    /// The field, or all below a container.
    pub fields: Vec<FieldId>,
    /// For whom.
    pub role: RoleId,
    /// What happens instead.
    pub cell: Choice,
    /// Mandatory, for the auditor.
    pub reason: String,
    /// The last moment it opens, in seconds since 1970; only an exception that opens has one.
    pub until: Option<i64>,
    /// How many `extends` away it is written, 0 being the role's own.
    pub steps: usize,
}

/// What nobody named may exceed.
#[derive(Clone, Debug)]
pub struct Ceiling {
    /// Where it was written.
    pub place: Place,
    /// What it covers.
    pub covers: Covers,
    /// Whom it binds.
    pub to: Bound,
    /// `except: [contracts]`: but not who holds a contract role.
    pub except_contracts: bool,
    /// The most open outcome that is left.
    pub at_most: Cell,
    /// Mandatory, for the auditor.
    pub reason: String,
}

/// Whom a ceiling binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Everyone.
    Everyone,
    /// Who holds a contract role.
    Contracts,
    /// Who holds one of these.
    Roles(Vec<RoleId>),
}

/// What a ceiling covers.
#[derive(Clone, Debug)]
pub enum Covers {
    /// These fields of a resource, there and anywhere below.
    Fields(ResourceId, Vec<FieldId>),
    /// A container no entry lists: these fields written below it, and whatever else can lie there.
    Container(ResourceId, Vec<FieldId>, Path),
    /// A class, everywhere.
    Class(ClassId),
    /// All classes of this level or a higher one.
    Level(u8),
}

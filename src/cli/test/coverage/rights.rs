//! Of a right that no test proves, or of one that is not there: which it is, and a test to write.

use super::skeleton::call_of;
use super::{Collector, Missing, written};
use crate::policy::{ClassId, Does, GroupId, ResourceId, RoleId};

impl Collector<'_> {
    /// A right, and a test that it is there, or that it is not.
    pub(super) fn right(
        &self,
        place: (ResourceId, GroupId),
        role_id: RoleId,
        does: Does,
        class: Option<ClassId>,
    ) -> Option<Missing> {
        let rules = &self.stage.policy().rules;
        let resource = rules.resources.get(place.0.0)?;
        let (group, role) = (resource.groups.get(place.1.0)?, rules.roles.get(role_id.0)?);
        let rights = rules.rights.get(&(place.0, place.1, role_id))?;
        let route = group.routes.iter().find(|route| route.does == does)?;
        let word = does.word();
        let who = match role.same_as_person() {
            true => String::from("caller: { jwt: ISSUER, claims: { CLAIM: \"ID\" } }"),
            false => format!("as: {}", role.name),
        };
        let (what, asserted) = match class {
            None => (
                word.to_owned(),
                String::from("reply_status: 204\n  expect_status: 204"),
            ),
            Some(class) => {
                let name = &rules.classes.get(class.0)?.name;
                let mut fields = resource.fields.iter();
                match written::may_write(rules, place, role_id, does, class) {
                    Some(field) => (
                        format!("{word} {name}"),
                        format!(
                            "body: {{ VALUE of {} }}\n  reply: fixtures/FILE.json\n  expect_status: 200",
                            field.text
                        ),
                    ),
                    None => {
                        let field = fields.find(|field| field.class == Some(class))?;
                        (
                            format!("no {word} of {name}"),
                            format!(
                                "body: {{ VALUE of {} }}\n  expect_refused: [\"{}\"]",
                                field.text, field.text
                            ),
                        )
                    }
                }
            }
        };
        let written = rights.places.get(&(does, class));
        let first = rights.places.values().next();
        Some(Missing {
            kind: "right",
            what: format!("{} {}: {what}", group.name, role.name),
            place: written.or(first)?.clone(),
            test: format!(
                "- name: {} may {what}\n  {who}\n  call: {}\n  {asserted}\n",
                role.name,
                call_of(route),
            ),
        })
    }
}

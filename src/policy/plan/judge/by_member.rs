//! A judge for tests of whoever asks one: it decides by the text of one member.

use super::*;

#[derive(Clone, Debug)]
pub(super) struct ByMember {
    member: String,
    cases: Vec<(String, Judged)>,
    otherwise: Judged,
}

impl Judge {
    /// Of a record whose `member` stands there once, with the text of a case, the case counts.
    pub fn by_member(member: &str, cases: Vec<(String, Judged)>, otherwise: Judged) -> Self {
        Judge {
            kind: Kind::Member(ByMember {
                member: member.to_owned(),
                cases,
                otherwise,
            }),
            withheld: None,
        }
    }
}

impl ByMember {
    pub(super) fn gates(&self) -> bool {
        let mut all = self.cases.iter().map(|(_, judged)| judged);
        all.any(|judged| matches!(judged, Judged::Gone)) || matches!(self.otherwise, Judged::Gone)
    }

    pub(super) fn record(&self, text: Option<&str>) -> Judged {
        let mut members = text
            .map(Cursor::new)
            .into_iter()
            .flat_map(|record| record.members())
            .filter(|member| member.name == self.member);
        let (Some(member), None) = (members.next(), members.next()) else {
            return self.otherwise.clone();
        };
        let case = self
            .cases
            .iter()
            .find(|(text, _)| text == member.value.text());
        case.map_or(&self.otherwise, |(_, judged)| judged).clone()
    }
}

//! An explanation for programs; `docs/review.md` describes it.
//!
//! Refuses to change: members are added, never renamed, retyped or left out.

use serde_json::{Map, Value, json};

use super::pretty::{answered, gates, holds, stage};
use super::{Allowed, Explanation, Line, Verdict, writing};
use crate::author::matrix::{outcome_json, place_json};
use crate::author::view::Item;
use crate::policy::diagnostic::Lang;

/// Of this shape; another number would be another shape.
const VERSION: u8 = 1;

pub(super) fn written(explanation: &Explanation<'_>, lang: Lang) -> String {
    let call = explanation.call;
    let mut document = json!({
        "version": VERSION,
        "command": "explain",
        "rules": explanation.stage.policy().rules.digest,
        "language": lang.tag(),
        "call": format!("{} {}", call.method, call.target),
        "now": call.now,
    });
    let more = match &explanation.verdict {
        Verdict::Refused(refused) => json!({
            "allowed": false,
            "status": refused.status,
            "reason": refused.reason.code(),
            "stage": stage(refused.step).get(lang),
            "roles": refused.roles,
            "because": refused.because.iter().map(|(text, place)| json!({
                "text": text.get(lang),
                "place": place.as_ref().map(place_json),
            })).collect::<Vec<_>>(),
        }),
        Verdict::Allowed(allowed) => {
            let mut document = self::allowed(explanation, allowed, lang);
            let answered = answered(explanation, allowed).into_iter();
            let answered = answered.map(|(name, truth, _)| (name.to_owned(), Value::from(truth)));
            if let Value::Object(document) = &mut document {
                let answered = answered.collect::<Map<_, _>>();
                document.insert(String::from("conditions"), Value::from(answered));
            }
            document
        }
    };
    if let (Value::Object(document), Value::Object(more)) = (&mut document, more) {
        document.extend(more);
    }
    format!("{document:#}\n")
}

fn allowed(explanation: &Explanation<'_>, allowed: &Allowed<'_>, lang: Lang) -> Value {
    let permit = &allowed.admitted.permit;
    let rules = &explanation.stage.policy().rules;
    let lines = allowed.lines.iter().map(|one| {
        let mut document = line(one, lang);
        let written = writing::of(rules, allowed, one.kind);
        if let (Some(written), Value::Object(document)) = (written, &mut document) {
            let because = written.because.iter().map(|(text, place)| {
                json!({ "text": text.get(lang), "place": place.as_ref().map(place_json) })
            });
            let may = json!({ "may": written.may, "because": because.collect::<Vec<_>>() });
            document.insert(String::from("writes"), may);
        }
        document
    });
    let reply = allowed.reply.as_ref().map(|explained| {
        let records = explained.records.iter().map(|record| {
            json!({
                "path": record.path,
                "leaves": record.leaves,
                "conditions": record.conditions.iter()
                    .map(|(name, truth, _)| (name.clone(), Value::from(*truth)))
                    .collect::<Map<_, _>>(),
                "because": record.because.as_ref().map(|because| because.get(lang)),
            })
        });
        let values = explained.values.iter().map(|one| {
            json!({
                "path": one.path,
                "kept": one.kept,
                "record": one.record,
                "outcome": one.does,
                "entry": one.entry.as_ref().map(|(entry, _)| entry),
                "place": one.entry.as_ref().map(|(_, place)| place_json(place)),
                "unlisted": one.unlisted,
            })
        });
        json!({
            "status": explained.status,
            "reason": explained.reason.map(|reason| reason.code()),
            "records": records.collect::<Vec<_>>(),
            "values": values.collect::<Vec<_>>(),
        })
    });
    json!({
        "allowed": true,
        "group": allowed.fields.group,
        "route": allowed.fields.route.text,
        "route_place": place_json(&allowed.fields.route.place),
        "format": permit.answer().format.word(),
        "roles": permit.roles().to_vec(),
        "gates": allowed.rows().map(|(role, row)| json!({
            "role": role.name,
            "only": gates(allowed.fields.rules, row),
            "place": place_json(&row.place),
        })).collect::<Vec<_>>(),
        "streams": !permit.plan().person_check() && permit.judge().is_none(),
        "holds": holds(allowed).iter().map(|text| text.get(lang).to_owned()).collect::<Vec<_>>(),
        "does": allowed.fields.route.does.word(),
        "before": writing::before(rules, allowed).iter().map(|text| text.get(lang).to_owned()).collect::<Vec<_>>(),
        "fields": lines.collect::<Vec<_>>(),
        "reply": reply,
    })
}

fn line(line: &Line<'_>, lang: Lang) -> Value {
    let kind = match line.kind {
        Some(Item::Field(_)) => "field",
        Some(Item::Names(_)) => "names",
        Some(Item::Envelope(_)) => "envelope",
        None if line.unlisted.as_ref().is_some_and(|one| one.below > 0) => "container",
        None => "unlisted",
    };
    let pairs = |pairs: &[(String, String)]| -> Map<String, Value> {
        pairs
            .iter()
            .map(|(role, does)| (role.clone(), Value::from(does.clone())))
            .collect()
    };
    let mut document = json!({
        "kind": kind,
        "field": line.text,
        "class": line.class.map(|class| &class.name),
        "place": line.place.map(place_json),
        "outdone": pairs(&line.outdone),
        "others": pairs(&line.others),
    });
    if let (Some(unlisted), Value::Object(document)) = (&line.unlisted, &mut document) {
        let hint = unlisted.hint.as_ref().map(|hint| hint.get(lang));
        document.insert(String::from("hint"), Value::from(hint));
    }
    if let (Value::Object(document), Value::Object(outcome)) =
        (&mut document, outcome_json(&line.outcome))
    {
        document.extend(outcome);
    }
    document
}

//! How answers are written, for those who read the rules.

use crate::policy::diagnostic::{Text, say};
use crate::policy::{AnswerForm, Charset, EventFields, Format, RouteRule};

/// What a route says of its answers; nothing where they are one JSON document in UTF-8.
pub fn written(form: &AnswerForm) -> Vec<Text> {
    let charset = (form.charset != Charset::Utf8).then(|| {
        let charset = form.charset.word();
        match form.keeps_charset {
            true => say!(
                "answers in {charset}, as the upstream writes",
                "响应用 {charset}，和后端一样"
            ),
            false => say!(
                "answers in UTF-8 what the upstream writes in {charset}",
                "响应由 {charset} 转成 UTF-8"
            ),
        }
    });
    let media = form.media.as_deref().map(|media| {
        say!(
            "answers in JSON that the upstream calls {media}",
            "响应是 JSON，后端却标成 {media}"
        )
    });
    format(form)
        .into_iter()
        .chain(charset)
        .chain(media)
        .collect()
}

fn format(form: &AnswerForm) -> Option<Text> {
    match form.format {
        Format::Json => None,
        Format::NdJson => Some(say!(
            "answers in NDJSON: a document on each line, governed one by one as they come",
            "响应是 NDJSON：每行一个文档，来一个治理一个"
        )),
        Format::JsonSeq => Some(say!(
            "answers in JSON text sequences (RFC 7464): governed document by document as they come",
            "响应是 JSON 文本序列（RFC 7464）：文档来一个治理一个"
        )),
        Format::Sse => Some(events(&form.events)),
    }
}

/// What of events leaves, besides their data.
fn events(fields: &EventFields) -> Text {
    let EventFields {
        names,
        ids,
        retries,
    } = fields;
    let bounds = |name: &str, bounds: &Option<(u64, u64)>| {
        bounds.map(|(least, most)| format!("{name} {least}..{most}"))
    };
    let names = (!names.is_empty()).then(|| format!("event {}", names.join("|")));
    let leave = [names, bounds("id", ids), bounds("retry", retries)];
    let leave: Vec<String> = leave.into_iter().flatten().collect();
    let leave = leave.join(", ");
    match leave.is_empty() {
        true => say!(
            "answers in server-sent events: the data of each governed as they come, nothing else leaves",
            "响应是服务器推送事件（SSE）：来一个治理一个，只有数据流出"
        ),
        false => say!(
            "answers in server-sent events: the data of each governed as they come; beside them {leave}",
            "响应是服务器推送事件（SSE）：来一个治理一个；另可流出 {leave}"
        ),
    }
}

pub(super) fn facts<'r>(routes: impl Iterator<Item = &'r RouteRule>) -> Vec<Text> {
    let said = |route: &RouteRule| {
        let text = &route.text;
        let said = |form: Text| say!("{text} {form}", "{text} 的{form}"; form);
        written(&route.answer)
            .into_iter()
            .map(said)
            .collect::<Vec<_>>()
    };
    routes.flat_map(said).collect()
}

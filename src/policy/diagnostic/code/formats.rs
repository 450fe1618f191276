//! `FG220x`: how answers are written.

use super::codes;

codes! {
    /// What the form of an answer refuses.
    FORMATS:
    FG2200 {
        en: "`events`, `ids` or `retry` on a route that does not answer with server-sent events",
            "only events have such fields, so it would mean nothing",
            "`format: sse` beside it, or leave it out";
        zh: "路由的响应不是服务器推送事件，却写了 `events`、`ids` 或 `retry`",
            "只有事件才有这些字段，写了也没有意义",
            "同时写 `format: sse`，或者不写";
        Lines(
            "        GET /customers: { record: \"$.items[*]\", events: [update] }",
            "        GET /customers: $.items[*]"
        )
    }
    FG2201 {
        en: "a name of events that is none, or stands twice; or bounds that are no whole numbers from 0 on",
            "what of an event leaves besides its data comes from a list that is written here, never from the upstream's bytes",
            "names of letters, digits, `_`, `-` and `.`; bounds as `{ whole: 1..1000 }`";
        zh: "事件名不合法或写了两次，或者范围不是从 0 起的整数",
            "事件里除数据外能流出的只有这里列明的内容，绝不照搬后端的字节",
            "名字只用字母、数字、`_`、`-`、`.`；范围写成 `{ whole: 1..1000 }`";
        Lines(
            "        GET /customers: { record: \"$.items[*]\", format: sse, events: [a b] }",
            "        GET /customers: $.items[*]"
        )
    }
}

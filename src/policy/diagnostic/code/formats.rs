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
    FG2202 {
        en: "`answer_charset` on a resource without `charset`",
            "it says in what an upstream of another charset is answered, so it would mean nothing",
            "`charset: gbk` beside it, or leave it out";
        zh: "资源写了 `answer_charset`，却没有 `charset`",
            "它说的是后端用别的字符集时以什么响应，单独写没有意义",
            "同时写 `charset: gbk`，或者不写";
        Lines("    unlisted: strip\n    answer_charset: utf-8", "    unlisted: strip")
    }
    FG2203 {
        en: "`media` that is no media type, is JSON's own, or stands beside another format",
            "it names the one wrong type under which an upstream sends JSON; nothing else passes then",
            "`media: text/html` on a route whose answers are one JSON document";
        zh: "`media` 不是媒体类型、本来就是 JSON 的类型，或者写在别的格式旁边",
            "它指明后端把 JSON 错标成的那一种类型；写了以后别的一律不放行",
            "响应是单个 JSON 文档的路由上写 `media: text/html`";
        Lines(
            "        GET /customers: { record: \"$.items[*]\", media: html }",
            "        GET /customers: $.items[*]"
        )
    }
    FG2204 {
        en: "`answer_charset: upstream` where a route answers with server-sent events",
            "whoever reads events reads them as UTF-8, whatever the upstream writes in",
            "`answer_charset: utf-8`, or a resource of its own for that route";
        zh: "路由的响应是服务器推送事件，却写了 `answer_charset: upstream`",
            "事件一律按 UTF-8 读，不管后端用什么字符集",
            "写 `answer_charset: utf-8`，或者把这条路由放到单独的资源里";
        Lines(
            "        GET /customers: { record: $, format: sse }\n    charset: gbk\n    answer_charset: upstream",
            "        GET /customers: $.items[*]"
        )
    }
    FG2205 {
        en: "`files` names a media type that is none, is JSON, or that a browser runs; or it names nothing, or something twice",
            "what passes unread is named type by type: JSON is governed, and what runs in a page could read what the page may",
            "types such as `application/pdf` or `image/jpeg`, each once";
        zh: "`files` 里的媒体类型不合法、是 JSON，或者浏览器会执行；或者什么也没写、写了两次",
            "原样放行的要逐个类型列明：JSON 必须治理，网页里能执行的东西能读到网页能读的一切",
            "写 `application/pdf`、`image/jpeg` 这样的类型，每个只写一次";
        Lines(
            "    files: [{ media: [\"*/*\"], roles: [teller], owner: archive, reason: letters, until: 2999-12-31 }]\n    unlisted: strip",
            "    unlisted: strip"
        )
    }
    FG2206 {
        en: "`files` for a role of which they cannot be judged",
            "nobody reads a file, so neither whose it is, nor a gate, a ceiling or an annex can be held against it",
            "give the routes of the files a resource of their own, without what cannot be judged there, or other roles";
        zh: "`files` 里的角色，文件没法替它判定",
            "文件没有人读，是谁的、过不过门槛、上限和合同附件都无从核对",
            "把返回文件的路由放到单独的资源里，不带无从核对的规定；或者换别的角色";
        Lines(
            "    files: [{ media: [application/pdf], roles: [teller], owner: archive, reason: letters, until: 2999-12-31 }]\n    unlisted: strip",
            "    unlisted: strip"
        )
    }
    FG2207 {
        en: "`files` on a resource without a route that could answer with one",
            "only a GET that reads one JSON document otherwise may, so it would mean nothing",
            "the entry on the resource whose routes answer with files";
        zh: "资源写了 `files`，却没有能返回文件的路由",
            "只有平时返回单个 JSON 文档的 GET 路由才行，写了也没有意义",
            "写到返回文件的路由所在的资源里";
        Told(
            "a resource whose only route is `GET /feed: { record: $, format: ndjson }`, with `files`",
            "资源只有 `GET /feed: { record: $, format: ndjson }` 一条路由，却写了 `files`"
        )
    }
    FG2208 {
        en: "files that have ended, or end within 30 days",
            "from then on they are refused as `unexpected-media-type`",
            "a later `until`, agreed with the owner, or no entry";
        zh: "`files` 的一项已到期，或在 30 天内到期",
            "到期后的文件一律以 `unexpected-media-type` 拒绝",
            "和负责人商定后延长 `until`，或者删掉这一项";
        Told(
            "an entry with `until: 2020-12-31`",
            "`until: 2020-12-31` 的一项"
        )
    }
}

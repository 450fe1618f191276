//! `FG218x` and `FG219x`: who may write what, and what routes and parameters that write say.

use super::codes;

codes! {
    /// What validation refuses of writing, and what it notices.
    WRITING:
    FG2180 {
        en: "a right that names nothing, or one thing twice",
            "an empty list looks like a right and gives none",
            "name the classes, or the roles of `delete`; leave the line out, and nobody writes";
        zh: "权限什么也没写，或同一项写了两次",
            "空列表看着像有权限，其实没有",
            "写上类别，`delete` 则写角色；整行不写就是谁也不能写";
        Lines("    owner: []", "    owner: [words]")
    }
    FG2181 {
        en: "a record that is changed or deleted, but could not be judged before",
            "where a gate or `same_as: person` decides who reads a record, it decides who changes it, and that is seen from the stored one",
            "declare the `GET` of the same path in the same resource, with one record as its place";
        zh: "要修改或删除的记录，事先无从判断",
            "能读哪些记录由 `only` 或 `same_as: person` 决定的，能改哪些也由它决定，要看已存的记录",
            "在同一资源里写上同路径的 `GET`，记录位置是单条";
        Lines("      GET /tickets/{id}: \"$[*]\"\n      PATCH /tickets/{id}: $", "      GET /tickets/{id}: $\n      PATCH /tickets/{id}: $")
    }
    FG2182 {
        en: "the path says whose record is written, by a parameter that is not mapped to the person's field",
            "whether a record is the caller's own is seen by that field alone",
            "under `params` the person's field: `path.id: id`";
        zh: "路径参数说明写的是谁的记录，却没有对应到主体字段",
            "是不是本人的记录，只凭这个字段判断",
            "在 `params` 里对应到主体字段：`path.id: id`";
        Lines("      path.id: free", "      path.id: owner")
    }
    FG2183 {
        en: "a right to write what the role reads under a mask that leaves no trace",
            "a client that sends back what it read would write a year over a birthday, and nobody could tell",
            "`write: never` on the field, a mask that can be told (`last4`), `show` for the role, or a class of its own";
        zh: "角色能写的字段，它读到的却是看不出脱敏痕迹的值",
            "客户端把读到的原样写回，就会拿年份盖掉生日，而谁也看不出来",
            "在字段上写 `write: never`，换一种看得出的脱敏方式（如 `last4`），对这个角色写 `show`，或单独定类别";
        Lines("    clerk: [words, origin]\n    owner: [words]", "    clerk: [words]\n    owner: [words]")
    }
    FG2184 {
        en: "a route that does what its method does not",
            "whatever stands between, caches and retries above all, goes by the method",
            "`does` of a POST (any), or of a PUT (`create` or `update`); other methods do what they say";
        zh: "路由做的事和方法不符",
            "中间的一切（尤其是缓存和重试）都按方法行事",
            "POST 的 `does` 四种都行，PUT 只能是 `create` 或 `update`；其他方法照方法本来的意思";
        Lines("      GET /tickets/{id}: { record: $, does: update }", "      GET /tickets/{id}: $")
    }
    FG2185 {
        en: "`methods` of a parameter names none, one twice, one no route has, or stands at a parameter of the path or the body",
            "on a route that writes a parameter counts only where it is listed for the method",
            "the methods of the routes that take it: `methods: [PATCH]`; without it the parameter belongs to all routes that read";
        zh: "参数的 `methods` 没写方法、方法重复、没有路由用这个方法，或写在了路径、请求体的参数上",
            "写请求的参数，要登记在它的方法下才算数",
            "写上用到它的路由的方法：`methods: [PATCH]`；不写就属于所有只读的路由";
        Lines("methods: [PUT] }", "methods: [PATCH] }")
    }
    FG2186 {
        en: "a request that would write several records",
            "nobody could say which stored record each replaces, or whom each is about",
            "names alone as the place of the record, such as `$` or `$.data`";
        zh: "写请求里有多条记录",
            "分不清每条对应哪条已存的记录、是谁的",
            "记录位置只用名字，如 `$` 或 `$.data`";
        Lines("{ record: \"$.tickets[*]\", body: json }", "{ record: $.ticket, body: json }")
    }
    FG2187 {
        en: "`errors` without a path, with one twice, or with `..`",
            "what leaves of an upstream's error must be known exactly",
            "the paths, from the error's root: `errors: [code, message]`";
        zh: "`errors` 没写路径、路径重复，或带 `..`",
            "后端的错误信息放出哪些，必须说得清清楚楚",
            "写上路径，从错误信息的根算起：`errors: [code, message]`";
        Lines("    on_forbidden: strip\n    errors: [code, code]", "    on_forbidden: strip")
    }
    FG2188 {
        en: "a record that is changed or deleted is read before by a `GET` that answers with several documents",
            "what is judged before a write is one record in one document; of several nobody could say which is meant",
            "a `GET` of the same path without `format`; what streams, under a path of its own";
        zh: "要修改或删除的记录，事先读它的 `GET` 返回多个文档",
            "写之前判断的是一个文档里的一条记录，多个文档就分不清说的是哪条",
            "同路径的 `GET` 不写 `format`；流式响应另用一个路径";
        Lines(
            "      GET /tickets/{id}: { record: $, format: ndjson }\n      PATCH /tickets/{id}: $",
            "      GET /tickets/{id}: $\n      PATCH /tickets/{id}: $"
        )
    }
    FG2190 {
        en: "a right that no route of its group exercises",
            "it opens nothing, though it looks as if it did",
            "declare the route under `at`, or remove the right";
        zh: "路由组里没有路由用得上这项权限",
            "它什么也不放开，看上去却像放开了",
            "在 `at` 里声明路由，或者删掉这项权限";
        Lines("    owner: [words]\ndelete:\n  ticket: [clerk]", "    owner: [words]")
    }
    FG2191 {
        en: "a route that writes, and nobody may",
            "every call of it is refused",
            "write the right under `create`, `update` or `delete`, or remove the route";
        zh: "写请求的路由，却没有角色有权限",
            "对它的调用一律被拒绝",
            "在 `create`、`update`、`delete` 里写上权限，或者删掉路由";
        Lines("      PATCH /tickets/{id}: $\n      DELETE /tickets/{id}: $", "      PATCH /tickets/{id}: $")
    }
    FG2192 {
        en: "`on_forbidden`, `on_put` or `on_masked` speaks of requests that no route takes",
            "it looks like a promise and keeps none",
            "remove it, or declare the route";
        zh: "`on_forbidden`、`on_put`、`on_masked` 说的请求，没有路由会收",
            "看着像规定，其实不起作用",
            "删掉它，或者声明路由";
        Lines("    on_forbidden: strip\n    on_put: complete", "    on_forbidden: strip")
    }
    FG2193 {
        en: "a role may write a field that it does not read",
            "it writes over what it does not know",
            "give its row the class too, or take the right";
        zh: "角色能写它读不到的字段",
            "它会覆盖自己不知道的内容",
            "在行里也写上这个类别，或者去掉这项权限";
        Lines("    owner: [words, origin]", "    owner: [words]")
    }
}

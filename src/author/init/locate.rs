//! Where in an answer its records stand, and what around them may leave.
//!
//! Refuses nothing: an answer that looks like no list and no wrapper is a record itself.

use super::shape::{Shape, Step};
use super::words::folded;

/// Members that hold a list of records.
const LISTS: &[&str] = &[
    "items",
    "list",
    "records",
    "rows",
    "data",
    "content",
    "results",
    "result",
    "entries",
    "elements",
    "datalist",
    "resultlist",
    "rowlist",
    "列表",
    "记录",
    "数据",
    "liebiao",
    "jilu",
];
/// Members that hold everything that matters, beside codes and messages.
const WRAPPERS: &[&str] = &[
    "data",
    "result",
    "body",
    "response",
    "payload",
    "page",
    "content",
    "resultdata",
    "resp",
    "数据",
    "结果",
    "shuju",
    "jieguo",
];
/// Counts and codes beside the records, which say nothing of anybody.
const ENVELOPE: &[&str] = &[
    "total",
    "totalcount",
    "totalsize",
    "totalelements",
    "totalpages",
    "totalnum",
    "count",
    "page",
    "pageno",
    "pagenum",
    "pagesize",
    "pageindex",
    "pagenumber",
    "pages",
    "size",
    "limit",
    "offset",
    "current",
    "hasmore",
    "hasnext",
    "haspreviouspage",
    "hasnextpage",
    "code",
    "retcode",
    "errcode",
    "errorcode",
    "returncode",
    "success",
    "ok",
    "总数",
    "成功",
    "状态码",
    "代码",
    "chenggong",
    "页码",
    "zongshu",
    "yema",
];

/// What else stands beside a list or a wrapper, and may tell of somebody.
const BESIDE: &[&str] = &[
    "msg",
    "message",
    "errmsg",
    "errormsg",
    "retmsg",
    "returnmsg",
    "desc",
    "description",
    "error",
    "status",
    "state",
    "requestid",
    "traceid",
    "timestamp",
    "time",
    "servertime",
    "version",
    "links",
    "消息",
    "信息",
    "xiaoxi",
];

/// Where the records of an answer stand.
pub(super) fn records(body: &Shape) -> Vec<Step> {
    if let Some(items) = &body.items {
        let mut path = vec![Step::Each];
        if items.members.is_empty() && items.items.is_some() {
            path.extend(records(items));
        }
        return path;
    }
    for (name, below) in &body.members {
        let is_list = below.items.as_ref().is_some_and(|items| items.object);
        if is_list && LISTS.contains(&folded(name).as_str()) && others_are_envelope(body, name) {
            return vec![Step::Name(name.clone()), Step::Each];
        }
    }
    for (name, below) in &body.members {
        let is_object = !below.members.is_empty();
        if is_object && WRAPPERS.contains(&folded(name).as_str()) && others_are_envelope(body, name)
        {
            let mut path = vec![Step::Name(name.clone())];
            path.extend(records(below));
            return path;
        }
    }
    let mut lists = body.members.iter().filter(|(_, below)| {
        let items = below.items.as_ref();
        items.is_some_and(|items| items.object)
    });
    match (lists.next(), lists.next()) {
        // `{ "total": 2, "customers": [..] }`
        (Some((name, _)), None) if others_are_envelope(body, name) => {
            vec![Step::Name(name.clone()), Step::Each]
        }
        _ => Vec::new(),
    }
}

fn others<'a>(body: &'a Shape, name: &'a str) -> impl Iterator<Item = (&'a str, &'a Shape)> {
    let others = body.members.iter().filter(move |(known, _)| known != name);
    others.map(|(name, shape)| (name.as_str(), shape))
}

fn is_scalar(shape: &Shape) -> bool {
    !shape.object && shape.items.is_none()
}

/// Whether everything else speaks of the answer, not of a record.
fn others_are_envelope(body: &Shape, name: &str) -> bool {
    others(body, name).all(|(name, shape)| {
        let beside = is_scalar(shape) && BESIDE.contains(&folded(name).as_str());
        beside || is_envelope(name, shape)
    })
}

/// Whether a scalar outside of the records may leave.
pub(super) fn is_envelope(name: &str, shape: &Shape) -> bool {
    is_scalar(shape) && ENVELOPE.contains(&folded(name).as_str())
}

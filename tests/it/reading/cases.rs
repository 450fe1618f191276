//! The table: each sentence of "Reading" with rules, an upstream's answer, and what leaves.
//!
//! One case on one line where it fits, so rustfmt stays out.

use fieldgate::model::Reason::{
    self, NoSuchRecord, UnexpectedShape, UnlistedField, UnreadableBody,
};

/// Rules, an upstream's answer, and what leaves.
type Row = (&'static str, &'static str, Result<&'static str, Reason>);

/// A sentence of the contract and its cases.
pub type Said = (&'static str, &'static [Row]);

pub const PATHS: &[Said] = &[
    ("In `fields`, `$` is the record; a leading `$.` may be left out.", &[
        ("at $.data; $.a: show; b.c: show", r#"{"data":{"a":1,"b":{"c":2,"a":3}},"a":4}"#,
            Ok(r#"{"data":{"a":1,"b":{"c":2}}}"#)),
    ]),
    ("Names, `[*]`, indexes and slices counted from the front, unions and `..` are matched while bytes stream.", &[
        ("a[*].b: show", r#"{"a":[{"b":1,"c":2},{"b":3}]}"#, Ok(r#"{"a":[{"b":1},{"b":3}]}"#)),
        ("a[1]: show", r#"{"a":[1,2,3]}"#, Ok(r#"{"a":[2]}"#)),
        ("a[1:3]: show", r#"{"a":[0,1,2,3]}"#, Ok(r#"{"a":[1,2]}"#)),
        ("a[1::2]: show", r#"{"a":[0,1,2,3,4]}"#, Ok(r#"{"a":[1,3]}"#)),
        ("a[0,2]: show", r#"{"a":[0,1,2,3]}"#, Ok(r#"{"a":[0,2]}"#)),
        ("['a','c']: show", r#"{"a":0,"b":1,"c":2}"#, Ok(r#"{"a":0,"c":2}"#)),
        ("a['b',0]: show", r#"{"a":{"b":1,"0":2}}"#, Ok(r#"{"a":{"b":1}}"#)),
        ("a['b',0]: show", r#"{"a":[1,2]}"#, Ok(r#"{"a":[1]}"#)),
        ("a: show whole; a..b: strip", r#"{"a":{"b":1,"c":[{"b":2}]}}"#, Ok(r#"{"a":{"c":[{}]}}"#)),
    ]),
    ("Keys are compared decoded, exactly, code point by code point.", &[
        ("ssn: show", r#"{"\u0073s\u006E":1,"SSN":2,"ssn ":3,"ssn\u0000":4}"#,
            Ok(r#"{"\u0073s\u006E":1}"#)),
        ("$['k/v']: show", r#"{"k\/v":1,"k\\v":2}"#, Ok(r#"{"k\/v":1}"#)),
        ("$['😀']: show", r#"{"\ud83d\ude00":1,"\uD83D\uDE01":2}"#, Ok(r#"{"\ud83d\ude00":1}"#)),
        ("caf\u{e9}: show", "{\"cafe\u{301}\":1,\"caf\\u00e9\":2}", Ok("{\"caf\\u00e9\":2}")),
        ("a: show", r#"{"a":1,"__proto__":2,"$serde_json::private::Number":"3"}"#, Ok(r#"{"a":1}"#)),
    ]),
    ("`keys: any-case` on a resource folds ASCII case.", &[
        ("aBc.d: show; keys any-case", r#"{"ABC":{"D":1},"abc":{"d":2}}"#,
            Ok(r#"{"ABC":{"D":1},"abc":{"d":2}}"#)),
        ("ssn: strip; $: show whole; keys any-case", r#"{"SSN":1,"\u0053sN":2,"n":3}"#,
            Ok(r#"{"n":3}"#)),
        ("é: show; keys any-case", r#"{"É":1}"#, Ok("{}")),
        ("k: show; keys any-case", "{\"\u{212a}\":1,\"K\":2}", Ok("{\"K\":2}")),
    ]),
    ("Every occurrence of a duplicated key is treated.", &[
        ("a: mask; b.c: show", r#"{"a":"1","b":{"c":1,"d":2},"\u0061":"2","b":{"c":3,"e":4}}"#,
            Ok(r#"{"a":"***","b":{"c":1},"\u0061":"***","b":{"c":3}}"#)),
    ]),
];

pub const COVERING: &[Said] = &[
    ("A class covers the scalar at its path, and the scalars of an array there.", &[
        ("a: show", r#"{"a":"x"}"#, Ok(r#"{"a":"x"}"#)),
        ("a: show", r#"{"a":[1,"x",null,true]}"#, Ok(r#"{"a":[1,"x",null,true]}"#)),
        ("a: mask", r#"{"a":[1,"x"],"b":2}"#, Ok(r#"{"a":["***","***"]}"#)),
    ]),
    ("An object there, or an object or array in that array, is unlisted, unless the entry says `whole: true`.", &[
        ("a: show", r#"{"a":{"b":1}}"#, Ok("{}")),
        ("a: show", r#"{"a":{}}"#, Ok("{}")),
        ("a: show", r#"{"a":[1,{"b":2},[3],4]}"#, Ok(r#"{"a":[1,4]}"#)),
        ("a: show; unlisted refuse", r#"{"a":[1,[3]]}"#, Err(UnlistedField)),
        ("a: strip; unlisted refuse", r#"{"a":{"b":1}}"#, Err(UnlistedField)),
    ]),
    ("Then the class covers all below it, and a longer path inside it decides its own part.", &[
        ("a: show whole", r#"{"a":{"b":[{"c":1},[2]]}}"#, Ok(r#"{"a":{"b":[{"c":1},[2]]}}"#)),
        ("a: show whole; a.b.c: mask; a.d: strip", r#"{"a":{"b":{"c":1,"x":2},"d":3,"e":4}}"#,
            Ok(r#"{"a":{"b":{"c":"***","x":2},"e":4}}"#)),
        ("a: strip whole; a.b.c: show", r#"{"a":{"b":{"c":1,"x":2},"d":3}}"#,
            Ok(r#"{"a":{"b":{"c":1}}}"#)),
    ]),
    ("So an upstream that grows a scalar into an object opens nothing.", &[
        ("a: show whole; a.b: mask", r#"{"a":{"b":{"c":1},"d":2}}"#, Ok(r#"{"a":{"d":2}}"#)),
        ("a: show whole; a.b: show", r#"{"a":{"b":[1,{"c":1},[2]]}}"#, Ok(r#"{"a":{"b":[1]}}"#)),
        ("a: show whole; a.b: show; a.b.c: show", r#"{"a":{"b":{"c":1,"d":2}}}"#,
            Ok(r#"{"a":{"b":{"c":1}}}"#)),
    ]),
];

pub const DECIDING: &[Said] = &[
    ("Of all entries that cover a node, the one whose match lies deepest.", &[
        ("a: show; a[*]: strip", r#"{"a":[1,2]}"#, Ok(r#"{"a":[]}"#)),
        ("a: strip; a[1]: show", r#"{"a":[1,2,3]}"#, Ok(r#"{"a":[2]}"#)),
        ("$: show whole; a[*].b: show whole; a[*].b.c: strip",
            r#"{"a":[{"b":{"c":1,"d":2}}]}"#, Ok(r#"{"a":[{"b":{"d":2}}]}"#)),
    ]),
    ("At the same node the one that spells out more.", &[
        ("a[*]: strip; a[0]: show", r#"{"a":[1,2]}"#, Ok(r#"{"a":[1]}"#)),
        ("a[1:]: mask; a[1]: show", r#"{"a":[1,2,3]}"#, Ok(r#"{"a":[2,"***"]}"#)),
        ("a[*].b: show; a[0].b: strip", r#"{"a":[{"b":1},{"b":2}]}"#, Ok(r#"{"a":[{"b":2}]}"#)),
        ("a[*]['b','c']: strip; a[0].b: show", r#"{"a":[{"b":1,"c":2}]}"#,
            Ok(r#"{"a":[{"b":1}]}"#)),
    ]),
];

pub const NETS: &[Said] = &[
    ("A `..` path closes wherever it matches and all below.", &[
        ("$: show whole; ..b: mask", r#"{"a":{"b":{"c":1,"d":[2]}},"b":3,"c":4}"#,
            Ok(r#"{"a":{"b":{"c":"***","d":["***"]}},"b":"***","c":4}"#)),
        ("a.b.c: show; ..b: mask", r#"{"a":{"b":{"c":1}}}"#, Ok(r#"{"a":{"b":{"c":"***"}}}"#)),
        ("$: show whole; a..[1]: strip", r#"{"a":{"x":[1,2]},"b":[1,2]}"#,
            Ok(r#"{"a":{"x":[1]},"b":[1,2]}"#)),
    ]),
    ("The outcome is the more closed of its own and of what decides the node otherwise.", &[
        ("a: mask:last4; b: strip; c: blank; ..['a','b','c']: show",
            r#"{"a":"12345678","b":2,"c":3}"#, Ok(r#"{"a":"****5678","c":null}"#)),
        ("a: token:k; ..a: mask", r#"{"a":"x"}"#, Ok(r#"{"a":"***"}"#)),
        ("a: mask; ..a: token:k", r#"{"a":"x"}"#, Ok(r#"{"a":"***"}"#)),
        ("a: mask:last4; ..a: mask:email", r#"{"a":"12345678"}"#, Ok(r#"{"a":"***"}"#)),
        ("$: show whole; ..a: mask:last4", r#"{"a":"12345678"}"#, Ok(r#"{"a":"****5678"}"#)),
    ]),
    ("Its `strip` and `blank` take a container whole.", &[
        ("$: show whole; ..b: strip", r#"{"a":[{"b":{"c":1}}],"b":[1]}"#, Ok(r#"{"a":[{}]}"#)),
        ("$: show whole; ..b: blank", r#"{"a":[{"b":{"c":1}}],"b":[1]}"#,
            Ok(r#"{"a":[{"b":null}],"b":null}"#)),
        ("a.b.c: show; ..b: blank", r#"{"a":{"b":{"c":1}}}"#, Ok(r#"{"a":{"b":null}}"#)),
        ("a: mask whole; ..a: blank", r#"{"a":{"b":1}}"#, Ok(r#"{"a":null}"#)),
    ]),
    ("Under `unlisted: strip` or `refuse` it opens nothing by itself.", &[
        ("a: show; ..b: mask", r#"{"a":1,"b":2,"c":{"b":3}}"#, Ok(r#"{"a":1}"#)),
        ("a: show; ..b: blank", r#"{"a":1,"b":2}"#, Ok(r#"{"a":1}"#)),
        ("a: show; ..b: mask; unlisted refuse", r#"{"a":1,"b":2}"#, Err(UnlistedField)),
        ("a.b: show; ..b: strip", r#"{"a":{"b":1}}"#, Ok("{}")),
        ("a.b.c: show; ..b: strip; d: show", r#"{"a":{"b":{"c":1}},"d":2}"#, Ok(r#"{"d":2}"#)),
        ("['a','b'][*]: show; a..[*]: strip", r#"{"a":[1],"b":[2]}"#, Ok(r#"{"b":[2]}"#)),
    ]),
];

pub const NAMES: &[Said] = &[
    ("Member names that no path writes are data. Where `[*]` meets an object, its members are unlisted.", &[
        ("a[*]: show", r#"{"a":{"13800138000":1},"b":2}"#, Ok(r#"{"a":{}}"#)),
        ("a[*].x: show", r#"{"a":{"k":{"x":1}}}"#, Ok(r#"{"a":{}}"#)),
        ("a[*]: show; unlisted refuse", r#"{"a":{"k":1}}"#, Err(UnlistedField)),
        ("a[*]: mask; a.k: show", r#"{"a":{"k":1,"l":2}}"#, Ok(r#"{"a":{"k":1}}"#)),
        ("a[*].x: show; a.k.y: show", r#"{"a":{"k":{"x":1,"y":2},"l":{"x":3}}}"#,
            Ok(r#"{"a":{"k":{"x":1,"y":2}}}"#)),
        ("a[*]: show; ..k: mask", r#"{"a":{"k":1}}"#, Ok(r#"{"a":{}}"#)),
    ]),
    ("Unless the catalogue gives their names a class (`balances: { names: basic }`).", &[
        ("a: names=show; a[*]: mask", r#"{"a":{"k":1,"l":2}}"#, Ok(r#"{"a":{"k":"***","l":"***"}}"#)),
        ("a: names=show; a[*].x: show", r#"{"a":{"k":{"x":1,"y":2}}}"#, Ok(r#"{"a":{"k":{"x":1}}}"#)),
        ("a: names=show; a.k: show", r#"{"a":{"k":1,"l":2}}"#, Ok(r#"{"a":{"k":1}}"#)),
    ]),
    ("Where that class is not shown, the member goes.", &[
        ("a: names=strip; a[*]: show; a.k: show", r#"{"a":{"k":1,"l":2}}"#, Ok(r#"{"a":{"k":1}}"#)),
        ("a: names=mask; a[*]: show", r#"{"a":{"k":1}}"#, Ok(r#"{"a":{}}"#)),
        ("a: names=strip; a[*]: show; unlisted show", r#"{"a":{"k":1},"b":2}"#,
            Ok(r#"{"a":{},"b":2}"#)),
        ("a: names=strip; a[*]: show; unlisted refuse", r#"{"a":{"k":1}}"#, Ok(r#"{"a":{}}"#)),
        ("a: names=strip; a.k: show; unlisted refuse", r#"{"a":{"l":{}}}"#, Ok(r#"{"a":{}}"#)),
        ("a.k: show; [?!(@.l=='x')]: names=strip; unlisted refuse", r#"{"a":{"l":1}}"#, Ok(r#"{"a":{}}"#)),
        ("[*]: names=strip; a: names=show; a[*]: show", r#"{"a":{"k":1}}"#, Ok(r#"{"a":{"k":1}}"#)),
    ]),
    ("Under `unlisted: show` names leave.", &[
        ("a[*]: mask; unlisted show", r#"{"a":{"k":1}}"#, Ok(r#"{"a":{"k":"***"}}"#)),
        ("a[*].x: strip; a[*].y: show; unlisted show", r#"{"a":{"k":{"x":1,"y":2,"z":3}}}"#,
            Ok(r#"{"a":{"k":{"y":2,"z":3}}}"#)),
        ("a: show whole; a[*].x: mask", r#"{"a":{"k":{"x":1}}}"#, Ok(r#"{"a":{"k":{"x":"***"}}}"#)),
    ]),
];

pub const OUTCOMES: &[Said] = &[
    ("`show`: the bytes as they came, number text and escapes included.", &[
        ("a: show", r#"{"a":[1e400,-0,1.10,1E+2,"\u0041\/😀\ud83d\ude00",12345678901234567890123]}"#,
            Ok(r#"{"a":[1e400,-0,1.10,1E+2,"\u0041\/😀\ud83d\ude00",12345678901234567890123]}"#)),
    ]),
    ("`token`: null, booleans and empty strings give `\"***\"`.", &[
        ("a: token:k", r#"{"a":[null,true,false,"","x","\u0078"]}"#,
            Ok(r#"{"a":["***","***","***","***",TOKEN,TOKEN]}"#)),
    ]),
    ("A value that does not fit is `\"***\"`, always.", &[
        ("a: mask:cn-phone", r#"{"a":["13800138000",13800138000,"138",null,true,1.5]}"#,
            Ok(r#"{"a":["138****8000","138****8000","***","***","***","***"]}"#)),
        ("a: mask:cn-name", r#"{"a":["张三","\u5f20\u4e09","x"]}"#, Ok(r#"{"a":["张*","张*","***"]}"#)),
        ("a: mask:thousands", r#"{"a":[12345.678,"12345",1e3]}"#, Ok(r#"{"a":[12000,"***","***"]}"#)),
    ]),
    ("An object under `whole` and `mask`, `token` or `blank` is replaced whole (`\"***\"`, null).", &[
        ("a: mask:last4 whole", r#"{"a":{"b":"12345678"}}"#, Ok(r#"{"a":"***"}"#)),
        ("a: token:k whole", r#"{"a":{ }}"#, Ok(r#"{"a":"***"}"#)),
        ("a: blank whole", r#"{"a":{"b":1}}"#, Ok(r#"{"a":null}"#)),
        ("a: strip whole; b: show", r#"{"a":{"b":1},"b":2}"#, Ok(r#"{"b":2}"#)),
    ]),
    ("Where a longer path inside it is visible, only such paths stay.", &[
        ("a: mask whole; a.b.c: show", r#"{"a":{"b":{"c":1,"d":2},"e":3,"f":[4],"g":{}}}"#,
            Ok(r#"{"a":{"b":{"c":1}}}"#)),
        ("a: blank whole; a.b: token:k", r#"{"a":{"b":"x","c":1}}"#, Ok(r#"{"a":{"b":TOKEN}}"#)),
        ("a: mask whole; a.b: strip", r#"{"a":{"b":1,"c":2}}"#, Ok(r#"{"a":"***"}"#)),
        ("a: mask whole; a.b: show; unlisted refuse", r#"{"a":{"b":1,"c":2}}"#,
            Ok(r#"{"a":{"b":1}}"#)),
        ("a: mask whole; a[*].b: show", r#"{"a":[{"b":1,"c":2},3,[4]]}"#,
            Ok(r#"{"a":[{"b":1},"***",["***"]]}"#)),
    ]),
    ("An array is treated element by element.", &[
        ("a: mask:last4 whole", r#"{"a":["12345678",[1,{"b":2}],{"b":3}]}"#,
            Ok(r#"{"a":["****5678",["***","***"],"***"]}"#)),
        ("a: blank whole", r#"{"a":[1,{"b":2},[3]]}"#, Ok(r#"{"a":[null,null,[null]]}"#)),
        ("a: token:k whole", r#"{"a":["x",{}]}"#, Ok(r#"{"a":[TOKEN,"***"]}"#)),
    ]),
    ("`blank`: JSON null, a container included.", &[
        ("a: blank", r#"{"a":1}"#, Ok(r#"{"a":null}"#)),
        ("a: blank", r#"{"a":[1,2]}"#, Ok(r#"{"a":null}"#)),
        ("a: blank", r#"{"a":[]}"#, Ok(r#"{"a":null}"#)),
        ("a: blank; a[*].b: show", r#"{"a":[1,{"b":2}]}"#, Ok(r#"{"a":[null,{"b":2}]}"#)),
        ("a[1]: blank; a: show", r#"{"a":[1,2,3]}"#, Ok(r#"{"a":[1,null,3]}"#)),
    ]),
    ("`strip`: the member or element goes.", &[
        ("a: strip; b: show", r#"{"a":1,"b":2}"#, Ok(r#"{"b":2}"#)),
        ("a: strip; b: show", r#"{"a":[1,2],"b":2}"#, Ok(r#"{"b":2}"#)),
        ("a[1]: strip; a: show", r#"{"a":[1,2,3]}"#, Ok(r#"{"a":[1,3]}"#)),
    ]),
];

pub const CONTAINERS: &[Said] = &[
    ("An object or array on the written way to a field visible to the caller stays, so `items: []` stays.", &[
        ("at $.items[*]; a: show", r#"{"items":[]}"#, Ok(r#"{"items":[]}"#)),
        ("a[*].b: show", r#"{"a":[{"c":1},{}]}"#, Ok(r#"{"a":[{},{}]}"#)),
        ("a.b: show", r#"{"a":{}}"#, Ok(r#"{"a":{}}"#)),
        ("a.b: blank", r#"{"a":{"c":1}}"#, Ok(r#"{"a":{}}"#)),
        ("a.b: show", r#"{"a":[1,{"b":2}]}"#, Ok(r#"{"a":[]}"#)),
        ("a[*]: show", r#"{"a":{"b":1}}"#, Ok(r#"{"a":{}}"#)),
    ]),
    ("One that leads to none is removed whole.", &[
        ("a.b: strip; c: show", r#"{"a":{"b":1},"c":2}"#, Ok(r#"{"c":2}"#)),
        ("a.b: strip; c: show; unlisted refuse", r#"{"a":{"b":1,"x":2},"c":2}"#, Ok(r#"{"c":2}"#)),
        ("at $.data; a: strip", r#"{"data":{"a":1}}"#, Ok("{}")),
        ("a[*].b: show; a[0].b: strip", r#"{"a":[{"b":1},{"b":2}]}"#, Ok(r#"{"a":[{"b":2}]}"#)),
        ("a.b: show; a..b: strip; c: show", r#"{"a":{"b":1},"c":2}"#, Ok(r#"{"c":2}"#)),
    ]),
    ("A scalar where the path goes on is unlisted; null there stays null.", &[
        ("a.b: show", r#"{"a":1}"#, Ok("{}")),
        ("a.b: show", r#"{"a":null}"#, Ok(r#"{"a":null}"#)),
        ("a.b: strip", r#"{"a":null}"#, Ok("{}")),
        ("a.b: show; unlisted refuse", r#"{"a":1}"#, Err(UnlistedField)),
        ("a.b: show; unlisted refuse", r#"{"a":null}"#, Ok(r#"{"a":null}"#)),
    ]),
    ("The body's root keeps its brackets.", &[
        ("a: strip", r#"{"a":1}"#, Ok("{}")),
        ("at $[*]; a: strip", r#"[{"a":1}]"#, Ok("[]")),
        ("$: mask whole", r#"{"a":1}"#, Ok("{}")),
    ]),
    ("A root scalar must be listed (`$`) and not stripped, else the body is refused.", &[
        ("$: show", r#" "x" "#, Ok(r#" "x" "#)),
        ("$: mask", r#""x""#, Ok(r#""***""#)),
        ("$: strip", r#""x""#, Err(UnexpectedShape)),
        ("a: show", "5", Err(UnexpectedShape)),
        ("a: show; unlisted show; drift show", "5", Err(UnexpectedShape)),
        ("at $.data; $: show", "5", Err(UnexpectedShape)),
    ]),
    ("A place `at` names that is missing, null or `[]` passes.", &[
        ("at $.data; a: show", r#"{"b":1}"#, Ok("{}")),
        ("at $.data; a: show", r#"{"data":null}"#, Ok(r#"{"data":null}"#)),
        ("at $.data; a: show", r#"{"data":[ ]}"#, Ok(r#"{"data":[ ]}"#)),
        ("at $.a.b[*]; x: show", r#"{"a":[]}"#, Ok(r#"{"a":[]}"#)),
        ("at $.a.b[*]; x: show; drift show", r#"{"a":[]}"#, Ok(r#"{"a":[]}"#)),
        ("$: strip", "null", Ok("null")),
        ("at $.items[*]; a: show", r#"{"items":null}"#, Ok(r#"{"items":null}"#)),
        ("at $.items[*]; a: show", r#"{"items":[null,[],{"a":1}]}"#,
            Ok(r#"{"items":[null,[],{"a":1}]}"#)),
        ("a: show", "null", Ok("null")),
        ("a: show", "[ ]", Ok("[ ]")),
    ]),
    ("An object where `at` writes `[*]`, or an array where it writes the record, is `unexpected-shape`.", &[
        ("at $.items[*]; a: show", r#"{"items":{"x":{"a":1}}}"#, Err(UnexpectedShape)),
        ("at $.items[*]; a: show", r#"{"items":{}}"#, Err(UnexpectedShape)),
        ("at $.items[*]; a: show", r#"[{"a":1}]"#, Err(UnexpectedShape)),
        ("at $.items[*]; a: show", r#"{"items":[[{"a":1}]]}"#, Err(UnexpectedShape)),
        ("at $[*]; a: show", r#"{"a":1}"#, Err(UnexpectedShape)),
        ("at $.data; a: show", r#"{"data":[{"a":1}]}"#, Err(UnexpectedShape)),
        ("a: show", r#"[{"a":1}]"#, Err(UnexpectedShape)),
    ]),
    ("Unless `drift: show`.", &[
        ("a: show; unlisted show; drift show", r#"[{"a":1}]"#, Ok(r#"[{"a":1}]"#)),
        ("at $.items[*]; a: show; drift show", r#"{"items":{"a":1}}"#, Ok(r#"{"items":{}}"#)),
        ("at $.items[*]; a: mask; unlisted show; drift show", r#"{"items":{"a":1}}"#,
            Ok(r#"{"items":{"a":1}}"#)),
    ]),
];

pub const ENVELOPE: &[Said] = &[
    ("Inside a record only `fields` speak.", &[
        ("at $.items[*]; a: show; total: mask; envelope $.total: show; envelope $.a: strip",
            r#"{"total":2,"a":1,"items":[{"a":1,"total":3}]}"#,
            Ok(r#"{"total":2,"items":[{"a":1,"total":"***"}]}"#)),
        ("at $.data.it; a: show; envelope $.data.n: show", r#"{"data":{"it":{"a":1,"n":2},"n":3,"a":4}}"#,
            Ok(r#"{"data":{"it":{"a":1},"n":3}}"#)),
    ]),
    ("Envelope entries take a class or `show`.", &[
        ("at $.items[*]; a: show; envelope $.page.next: mask:last4; envelope $.links[*].n: show",
            r#"{"page":{"next":"12345678","x":1},"links":[{"n":1,"h":2}]}"#,
            Ok(r#"{"page":{"next":"****5678"},"links":[{"n":1}]}"#)),
        ("at $.items[*]; a: strip; envelope $.total: show", r#"{"items":[{"a":1}],"total":1}"#,
            Ok(r#"{"total":1}"#)),
        ("at $.a.b[*]; x: strip; envelope $.a.n: show", r#"{"a":{"b":[{"x":1}],"n":2}}"#,
            Ok(r#"{"a":{"n":2}}"#)),
    ]),
    ("On routes whose record is the body they are idle.", &[
        ("a: show; envelope $.total: show", r#"{"a":1,"total":2}"#, Ok(r#"{"a":1}"#)),
    ]),
];

pub const BLANKS: &[Said] = &[
    ("The first kept member is preceded by `w0`, each later one by the `wa , wb` directly before it, the bracket by `wz`.", &[
        ("b: show; d: show", "{ \"a\":1 ,\t\"b\":2\n,\r\"c\":3  ,   \"d\":4    }",
            Ok("{ \"b\":2  ,   \"d\":4    }")),
        ("a: show; b: show", "{ \"a\":1 ,\t\"b\":2\n,\r\"c\":3  }", Ok("{ \"a\":1 ,\t\"b\":2  }")),
        ("a[1]: show; a[3]: show", "{\"a\":[ 0, 1 ,2\n,\t3 ]}", Ok("{\"a\":[ 1\n,\t3 ]}")),
    ]),
    ("A container that loses all it had is `{}` or `[]`, one that came empty stays as it came.", &[
        ("a: show", "{ \"b\" : 1 }", Ok("{}")),
        ("a[1]: show; b[*]: show; c: names=show; c[*]: show", "{\"a\":[ 1 ],\"b\":[ \n],\"c\":{\t}}",
            Ok("{\"a\":[],\"b\":[ \n],\"c\":{\t}}")),
    ]),
    ("Blanks around the root stay.", &[
        ("a: show", "\r\n {\"a\":1}\t\n", Ok("\r\n {\"a\":1}\t\n")),
    ]),
    ("Everything else kept is byte for byte the upstream's.", &[
        ("a: mask; b.c: show", "{\"a\" :\n\"x\", \"b\": {  \"c\"\t: [1 , 2] }}",
            Ok("{\"a\" :\n\"***\", \"b\": {  \"c\"\t: [1 , 2] }}")),
    ]),
];

pub const UNLISTED: &[Said] = &[
    ("`unlisted: show` opens a resource but for what is listed.", &[
        ("a: strip; b: mask; unlisted show", r#"{"a":1,"b":2,"c":{"d":[3,{"e":4}]}}"#,
            Ok(r#"{"b":"***","c":{"d":[3,{"e":4}]}}"#)),
        ("at $.items[*]; a: strip; unlisted show", r#"{"items":[{"a":1,"z":2}],"n":3}"#,
            Ok(r#"{"items":[{"z":2}],"n":3}"#)),
        ("a[1]: strip; a[0]: show; unlisted show", r#"{"a":[0,1,2]}"#, Ok(r#"{"a":[0,2]}"#)),
        ("..pin: mask; unlisted show", r#"{"x":{"pin":1,"y":2}}"#, Ok(r#"{"x":{"pin":"***","y":2}}"#)),
        ("..pin: blank; unlisted show", r#"{"pin":1,"x":{"pin":[2]}}"#,
            Ok(r#"{"pin":null,"x":{"pin":null}}"#)),
    ]),
    ("It never covers a value where a listed path goes on.", &[
        ("a.b: show; unlisted show", r#"{"a":1,"z":2}"#, Ok(r#"{"z":2}"#)),
        ("a.b: show; unlisted show", r#"{"a":null}"#, Ok(r#"{"a":null}"#)),
        ("a[0]: show; unlisted show", r#"{"a":{"k":1},"z":2}"#, Ok(r#"{"z":2}"#)),
    ]),
    ("An object where a scalar is listed.", &[
        ("a: show; unlisted show", r#"{"a":{"k":1},"z":{"k":1}}"#, Ok(r#"{"z":{"k":1}}"#)),
        ("a: show; unlisted show", r#"{"a":[1,{"k":1},[2]]}"#, Ok(r#"{"a":[1]}"#)),
        ("at $[*]; $: mask; unlisted show", r#"["x",{"p":1}]"#, Ok(r#"["***"]"#)),
    ]),
    ("A member whose name equals a listed last name once case, `_` and `-` are ignored.", &[
        ("a.id_card: strip; b[*]['x','y'][0]: strip; unlisted show",
            r#"{"idCard":1,"z":{"ID-CARD":{"q":1}},"X":2,"_Y_":3,"id_car":4}"#,
            Ok(r#"{"z":{},"id_car":4}"#)),
        ("at $.items[*]; ssn: strip; envelope $.total: show; unlisted show",
            r#"{"items":[{"to-tal":1,"n":2}],"SSN":3,"total":4}"#, Ok(r#"{"items":[{"n":2}],"total":4}"#)),
    ]),
    ("These go, unless the resource says `drift: show`.", &[
        ("a.b: show; c: mask; unlisted show; drift show", r#"{"a":1,"c":{"k":1},"B":2,"x":{"C":3}}"#,
            Ok(r#"{"a":1,"c":{"k":1},"B":2,"x":{"C":3}}"#)),
        ("a[0]: mask; unlisted show; drift show", r#"{"a":{"k":1}}"#, Ok(r#"{"a":{"k":1}}"#)),
        ("$: show; unlisted show; drift show", r#"{"a":[1,{"$":null}]}"#, Ok(r#"{"a":[1,{"$":null}]}"#)),
    ]),
    ("`refuse`: the whole answer is refused.", &[
        ("a: show; unlisted refuse", r#"{"a":1}"#, Ok(r#"{"a":1}"#)),
        ("a: show; unlisted refuse", r#"{"a":1,"b":{}}"#, Err(UnlistedField)),
        ("at $.items[*]; a: show; unlisted refuse", r#"{"items":[{"a":1}],"n":1}"#, Err(UnlistedField)),
    ]),
];

pub const PERSONS: &[Said] = &[
    ("Missing, duplicated or different, it is removed from a list.", &[
        ("at $.items[*]; id: show; a: show; person id",
            r#"{"items":[{"a":1,"id":"1001"},{"a":2,"id":"1002"},{"a":3},{"id":"1001","id":"1001"},null]}"#,
            Ok(r#"{"items":[{"a":1,"id":"1001"}]}"#)),
        ("at $[*]; $.p.id: strip; a: show; person p.id",
            r#"[{"a":1,"p":{"id":1001}},{"a":2,"p":{"id":1001},"p":{}},{"a":3,"p":{"id":1001},"p":{"id":1}}]"#,
            Ok(r#"[{"a":1}]"#)),
    ]),
    ("And 404 for a single record.", &[
        ("id: show; a: show; person id", r#"{"a":1,"id":"1\u0030\u003001"}"#, Err(NoSuchRecord)),
        ("id: show; a: show; person id", r#"{"a":1,"id":"1\u00301"}"#, Err(NoSuchRecord)),
        ("id: show; person id", r#"{"id":"1001"}"#, Ok(r#"{"id":"1001"}"#)),
        ("id: show; person id", r#"{"id":"1001","\u0069d":"1001"}"#, Err(NoSuchRecord)),
        ("id: show; person id", r#"{"id":1001.0}"#, Err(NoSuchRecord)),
        ("id: show; person id", r#"{"id":true}"#, Err(NoSuchRecord)),
        ("at $.data; id: show; person id", r#"{"data":null}"#, Err(NoSuchRecord)),
        ("at $.data; id: show; person id", r#"{"data":[]}"#, Err(NoSuchRecord)),
        ("at $.data; id: show; person id", r#"{"data":1001}"#, Err(NoSuchRecord)),
        ("at $.data; id: show; person id", r#"{"n":1}"#, Err(NoSuchRecord)),
        ("id: show; person id", "null", Err(NoSuchRecord)),
    ]),
    ("The record's string decoded or number's text, code point by code point.", &[
        ("id: show; a: show; person id", r#"{"a":1,"id":"\u0031001"}"#,
            Ok(r#"{"a":1,"id":"\u0031001"}"#)),
        ("id: show; person id", r#"{"id":1001}"#, Ok(r#"{"id":1001}"#)),
        ("id: show; person id", r#"{"id":"1001 "}"#, Err(NoSuchRecord)),
    ]),
];

pub const STRICT: &[Said] = &[
    ("Body not understood: 502.", &[
        ("$: show whole", r#"{"a":1,}"#, Err(UnreadableBody)),
        ("$: show whole", r#"{"a":1}{}"#, Err(UnreadableBody)),
        ("$: show whole", "", Err(UnreadableBody)),
    ]),
];

//! `FG60xx`: what the authoring commands refuse.

use super::codes;

codes! {
    /// What `fieldgate init` and `fieldgate fmt` refuse.
    AUTHORING:
    FG6001 {
        en: "what `init --from` is given cannot be read",
            "a proposal made of half a description would leave fields out without saying so",
            "a JSON sample, an OpenAPI 3 document in JSON or YAML, or a CSV data dictionary, in UTF-8";
        zh: "`init --from` 的文件读不懂",
            "只读懂一半就提方案，会悄悄漏掉字段",
            "给一份 JSON 样例、OpenAPI 3 文档（JSON 或 YAML）或 CSV 数据字典，编码用 UTF-8";
        Told("a JSON sample whose last bracket is missing", "JSON 样例缺了最后一个括号")
    }
    FG6002 {
        en: "what `init --from` is given is larger than anybody reviews",
            "a proposal is read by a person, and a hostile file must not exhaust the machine",
            "cut it down: one record of each kind, or the paths that are to be governed";
        zh: "`init --from` 的文件大得没人审得过来",
            "方案是给人审的；恶意文件也不能把机器拖垮",
            "精简它：每种记录留一条，或只留要管的接口";
        Told("a JSON sample with 2,000 different members", "JSON 样例里有 2,000 个不同的成员")
    }
    FG6003 {
        en: "there is nothing in it a rule set could be made of",
            "a rule set needs a record with fields, and a path to ask for it",
            "an answer that holds records, GET operations with a JSON answer, or a column of field names";
        zh: "里面没有能写成规则的内容",
            "规则集要有带字段的记录，和查询它的路径",
            "给一份带记录的响应、有 JSON 响应的 GET 接口，或一列字段名";
        Told("a JSON sample that is one number", "JSON 样例只是一个数字")
    }
    FG6004 {
        en: "the directory to write to is already there",
            "`init` never overwrites what somebody may have edited",
            "name a directory that does not exist yet";
        zh: "要写入的目录已经存在",
            "`init` 绝不覆盖别人可能改过的内容",
            "换一个还不存在的目录";
        Told("`--out rules` where `rules` exists", "`--out rules`，而 `rules` 已经存在")
    }
    FG6005 {
        en: "a file cannot be brought into form without changing what it says",
            "`fmt` compares what a file says before and after, and changes nothing where that differs",
            "write what is unusual in it in a plainer way";
        zh: "整理格式会改变文件的内容",
            "`fmt` 会比较整理前后的内容，不一样就不改",
            "把不常见的写法写得简单些";
        Told("no file is known that gives it", "还没有见过会引发它的文件")
    }
    FG6006 {
        en: "a directory without a rule file",
            "`fmt` writes to every `.yaml` file below a directory, so it must be one of rules",
            "name the rules directory, or single files";
        zh: "目录里没有规则文件",
            "`fmt` 会改写目录下所有 `.yaml` 文件，所以必须是规则目录",
            "写规则目录，或者写单个文件";
        Told("`fieldgate fmt .` in a directory of other YAML files", "在别的 YAML 文件的目录里运行 `fieldgate fmt .`")
    }
}

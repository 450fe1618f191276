//! `FG10xx`: files, characters, YAML, and the traps people fall into. Of rule files and of `fieldgate.yaml` alike.

use super::codes;

codes! {
    /// What the reader refuses.
    READING:
    FG1001 {
        en: "a file or directory cannot be read, or the directory holds no rule file",
            "a rule set is loaded whole or not at all, and an empty one would refuse every request",
            "check the path and its permissions";
        zh: "文件或目录读不了，或者目录里没有规则文件",
            "规则要么整套加载，要么完全不加载；空规则集会拒绝一切请求",
            "检查路径和权限";
        Told("`fieldgate check` on an empty directory", "对一个空目录执行 `fieldgate check`")
    }
    FG1002 {
        en: "a file is over 1 MiB, a set over 16 MiB or 2,000 files, or a resource has over 2,000 fields",
            "nobody writes that much by hand, and what is loaded must be loaded quickly",
            "split it";
        zh: "单个文件超过 1 MiB，整套规则超过 16 MiB 或 2,000 个文件，或一个资源超过 2,000 个字段",
            "手写规则到不了这么大，而加载必须很快",
            "拆开";
        Told("a rule file of 2 MiB", "一个 2 MiB 的规则文件")
    }
    FG1003 {
        en: "a file or its name is not UTF-8: GBK, GB 18030, UTF-16",
            "the same bytes are different characters in different encodings, so names would not be what they look like",
            "`iconv -f GB18030 -t UTF-8`, or save it as UTF-8 in the editor";
        zh: "文件内容或文件名不是 UTF-8，而是 GBK、GB 18030、UTF-16 等",
            "同样的字节在不同编码里是不同的字，读出来的名字就不是看到的名字",
            "执行 `iconv -f GB18030 -t UTF-8`，或在编辑器里另存为 UTF-8";
        Told("a rule file with Chinese text that an editor saved as GBK", "编辑器存成 GBK 的中文规则文件")
    }
    FG1004 {
        en: "a file ends in `.yml` or `.YAML`, or in `.json` outside `fixtures/` although no test names it",
            "only `.yaml` files are rules; a file that looks like one and is not read would be believed to be in force",
            "rename it to `.yaml`";
        zh: "文件以 `.yml`、`.YAML` 结尾，或 `.json` 文件不在 `fixtures/` 里、也没有测试用到",
            "只有 `.yaml` 才是规则；看着像规则却没被读取的文件，会让人误以为已经生效",
            "改名为 `.yaml`";
        Told("`roles.yml` in the rules directory", "规则目录里有 `roles.yml`")
    }
    FG1005 {
        en: "an invisible, bidirectional or control character, in comments too",
            "a reviewer would see another text than the one that is read",
            "delete it; in double quotes it can be written as `\\u....`";
        zh: "有看不见的字符、双向控制字符或控制字符，写在注释里也不行",
            "评审的人看到的和实际读到的就不是同一段文字",
            "删掉它；双引号里可以写成 `\\u....`";
        Lines("  basic: { level: 2, zh: 基本\u{200b}信息 }", "  basic: { level: 2, zh: 基本信息 }")
    }
    FG1006 {
        en: "a tab",
            "a tab is as wide as the editor makes it, so the nesting would not be what it looks like",
            "use blanks";
        zh: "用了制表符",
            "制表符的宽度由编辑器决定，看到的层次不一定是真正的层次",
            "改用空格";
        Lines("\tbasic: { level: 2, zh: 基本信息 }", "  basic: { level: 2, zh: 基本信息 }")
    }
    FG1007 {
        en: "full-width punctuation, Chinese quotes, U+3000 or a non-breaking space where YAML has its own characters",
            "to YAML they are letters: `name：basic` is one long key, and “teller” never equals teller",
            "write the ASCII one: `: `, `,`, `\"`, an ordinary blank";
        zh: "该用 YAML 符号的地方写了全角标点、中文引号、全角空格或不换行空格",
            "YAML 把它们当普通文字：`name：basic` 是一个长长的键，“teller”永远不等于 teller",
            "改成半角：`: `、`,`、`\"`、普通空格";
        Lines("      id：basic", "      id: basic")
    }
    FG1008 {
        en: "this is not YAML",
            "what cannot be read in one way only is not read at all",
            "see the message; most often it is the indentation, a missing blank after `:`, or a quote that is not closed";
        zh: "不是合法的 YAML",
            "读法不唯一的东西，一律不读",
            "看报错信息；最常见的是缩进不齐、`:` 后面少空格、引号没有收尾";
        Lines("  teller: { jwt: staff-idp, claim: roles, has: teller", "  teller: { jwt: staff-idp, claim: roles, has: teller }")
    }
    FG1009 {
        en: "`[*]`, `[0]` or `{id}` unquoted inside `{ }` or `[ ]`, or `***` unquoted",
            "inside brackets YAML reads brackets as its own, and `*` as an alias",
            "put the text in quotes";
        zh: "`{ }`、`[ ]` 里的 `[*]`、`[0]`、`{id}` 没加引号，或 `***` 没加引号",
            "括号里的括号，YAML 当成自己的语法；`*` 会被当成别名",
            "给这段文本加引号";
        Lines(
            "  - { field: customer.phones[*].number, to: everyone, at_most: mask, reason: never in clear }",
            "  - { field: \"customer.phones[*].number\", to: everyone, at_most: mask, reason: never in clear }"
        )
    }
    FG1010 {
        en: "several documents in a file, or a directive (`%YAML`)",
            "readers of YAML disagree whether the second document counts",
            "one document for each file";
        zh: "一个文件里有多个文档，或有指令（`%YAML`）",
            "第二个文档算不算数，各家 YAML 解析器做法不一",
            "一个文件只写一个文档";
        Lines("---\nroles:", "roles:")
    }
    FG1011 {
        en: "a tag (`!!str`)",
            "a tag changes what a value is without showing it",
            "remove it";
        zh: "用了标签（`!!str`）",
            "标签会暗中改变值的类型",
            "删掉它";
        Lines("  teller: { jwt: !!str staff-idp, claim: roles, has: teller }", "  teller: { jwt: staff-idp, claim: roles, has: teller }")
    }
    FG1012 {
        en: "a merge key (`<<`)",
            "who sees what must stand in the row itself, not be put together from other places",
            "write the keys out";
        zh: "用了合并键（`<<`）",
            "谁看到什么必须写在这一行里，不能从别处拼出来",
            "把各个键写全";
        Lines("    self: { <<: { basic: show } }", "    self: { basic: show, contact: show }")
    }
    FG1013 {
        en: "more than 16 anchors, aliases that repeat too much, or one inside what it names",
            "a few aliases that name each other can stand for more text than any memory holds",
            "write them out";
        zh: "锚点超过 16 个，别名展开后重复太多，或别名在自己所指的内容里又用了自己",
            "几个互相引用的别名就能展开出内存装不下的文本",
            "直接写出来";
        Lines("    self: &row { basic: *row }", "    self: { basic: show, contact: show }")
    }
    FG1014 {
        en: "a key twice in one map",
            "readers of YAML silently keep the first or the last, and a reviewer sees either",
            "keep one";
        zh: "同一个映射里有两个相同的键",
            "YAML 解析器会悄悄留下其中一个，评审的人却不知道是哪个",
            "只留一个";
        Lines("    self: { basic: show, basic: mask }", "    self: { basic: show, contact: show }")
    }
    FG1015 {
        en: "YAML's null: an empty value, `~`, `null`",
            "an empty cell might mean show, strip or forgotten; nothing is guessed",
            "write a value, or remove the entry; quote text with `#`, `{`, `[` or `*`";
        zh: "出现 YAML 空值：没写值、`~`、`null`",
            "空格子可以理解成明文、删除或忘了填，这里不猜",
            "写上值，或者删掉这一项；文本里有 `#`、`{`、`[`、`*` 的要加引号";
        Lines("    self: { basic: show, contact: }", "    self: { basic: show, contact: show }")
    }
    FG1016 {
        en: "`yes`, `no`, `on`, `off`, `y`, `n`, `True` and the like without quotes",
            "they are booleans to YAML 1.1 and texts to YAML 1.2",
            "`true`, `false`, or quotes";
        zh: "`yes`、`no`、`on`、`off`、`y`、`n`、`True` 之类没加引号",
            "YAML 1.1 当布尔值，YAML 1.2 当文本",
            "写 `true`、`false`，或加引号";
        Lines("  contact: { level: 3, sensitive: yes }", "  contact: { level: 3, sensitive: true }")
    }
    FG1017 {
        en: "nested deeper than 32 levels",
            "no rule is that deep; a file that is was made to exhaust its reader",
            "flatten it";
        zh: "嵌套超过 32 层",
            "规则不会这么深；这么深的文件是用来拖垮解析器的",
            "减少层数";
        Lines("notes: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "tests_at: 2026-06-01T10:00:00+08:00")
    }
    FG1018 {
        en: "a list, map or alias as a key, such as `['odd key']`",
            "to YAML a leading `[` begins a list, not a path",
            "write `$['odd key']`";
        zh: "用列表、映射或别名当键，如 `['odd key']`",
            "开头的 `[` 在 YAML 里是列表，不是路径",
            "写 `$['odd key']`";
        Lines("      ['e mail']: contact", "      $['e mail']: contact")
    }
    FG1019 {
        en: "a file without content",
            "it was probably meant to hold something",
            "delete it";
        zh: "文件里什么也没有",
            "多半是本来该写点什么",
            "删掉它";
        Told("an empty `roles.yaml`", "一个空的 `roles.yaml`")
    }
    FG1020 {
        en: "a value of another type than its key takes",
            "what is not understood exactly is not guessed",
            "see the message";
        zh: "值的类型和键要求的不一样",
            "不能准确理解的，绝不猜",
            "看报错信息";
        Lines("  contact: { level: high, sensitive: true }", "  contact: { level: 3, sensitive: true }")
    }
    FG1021 {
        en: "an unknown key",
            "a misspelled key that is ignored would silently change who sees what",
            "the message names the nearest known key, or lists them";
        zh: "没有这个键",
            "拼错的键要是被忽略，谁看到什么就悄悄变了",
            "报错信息会给出最接近的键，或列出全部可用的键";
        Lines("    feilds:", "    fields:")
    }
    FG1022 {
        en: "part of the language, but not supported yet: refused rather than ignored",
            "a rule that is read and not enforced would be worse than none",
            "remove it";
        zh: "规则语言里有，但暂不支持：宁可拒绝，也不当没看见",
            "读了却不执行的规则，比没有还糟",
            "删掉它";
        Lines("conditions:\n  agreed: { consent: marketing }", "conditions:\n  agreed: { mfa: true }")
    }
    FG1023 {
        en: "a mandatory key is missing",
            "it has no default that would be safe for everybody",
            "add it";
        zh: "缺少必填的键",
            "它没有对谁都安全的默认值",
            "补上";
        Lines("  - { field: customer.name, role: acme, do: show }", "  - { field: customer.name, role: acme, do: show, reason: agreed }")
    }
    FG1024 {
        en: "a link that leads outside the rules directory, or in a circle",
            "what is reviewed and hashed must be what is read",
            "copy the file";
        zh: "链接指向规则目录之外，或绕成了圈",
            "评审和计算哈希的内容必须就是读到的内容",
            "把文件复制进来";
        Told("`roles.yaml` in the rules directory is a link to `/etc/roles.yaml`", "规则目录里的 `roles.yaml` 是指向 `/etc/roles.yaml` 的链接")
    }
    FG1025 {
        en: "a name or path with characters other than ASCII and Han letters, or a look-alike",
            "a Cyrillic `а` looks like a Latin one, and would make another role of `admin`",
            "write it in ASCII or Han letters; in paths `$['\\u043e']`";
        zh: "名字或路径里有英文字母、汉字以外的字符，或形近字符",
            "西里尔字母 `а` 和拉丁字母 a 看起来一样，`admin` 就可能是另一个角色",
            "只用英文字母和汉字；路径里写 `$['\\u043e']`";
        Lines("roles:\n  \u{430}uditor: { mtls: partner-ca, san: audit.example }\n  teller:", "roles:\n  teller:")
    }
    FG1026 {
        en: "no file says `fieldgate: 1`, or one says another version",
            "a later version may read the same words in another way",
            "begin with `fieldgate: 1`";
        zh: "没有文件写明 `fieldgate: 1`，或写的是别的版本",
            "同样的写法，以后的版本可能有不同的含义",
            "开头写上 `fieldgate: 1`";
        Lines("fieldgate: 2", "fieldgate: 1")
    }
    FG1027 {
        en: "the same key in two files of a rule set",
            "all files below the directory are one rule set, and their order never matters",
            "keep one";
        zh: "一套规则的两个文件里有相同的键",
            "目录下所有文件合起来是一套规则，先后顺序从不影响结果",
            "只留一处";
        Told("`classes: { basic: .. }` in `a.yaml` and in `b.yaml`", "`a.yaml` 和 `b.yaml` 里都写了 `classes: { basic: .. }`")
    }
    FG1028 {
        en: "a table (CSV) that is neither UTF-8 nor GB 18030",
            "a wrong guess would turn one field's name into another's",
            "save it as `CSV UTF-8`, or as CSV in a Chinese spreadsheet";
        zh: "表格（CSV）既不是 UTF-8，也不是 GB 18030",
            "编码猜错了，一个字段的名字就会变成另一个",
            "另存为“CSV UTF-8”，或在中文版表格软件里存为 CSV";
        Told("`dictionary: fields.csv`, and the file is UTF-16", "写了 `dictionary: fields.csv`，而文件是 UTF-16 编码")
    }
    FG1029 {
        en: "a row of a table (CSV) with more or fewer cells than columns, another separator, or quotes that do not close or stand within a cell",
            "cells that slide by one column give every field another class",
            "one cell for each column; a cell with a comma or a quote in double quotes, each quote in it twice";
        zh: "表格（CSV）某行的格数与列数不符、分隔符不对，或双引号没配对、写在格子中间",
            "格子错开一列，每个字段的类别就都错了",
            "每列写一格；格子里有逗号或双引号就整格加双引号，里面的双引号写两遍";
        Told("`fields.csv` holds `path,class` and below it `name，basic` with a full-width comma", "`fields.csv` 第一行是 `path,class`，下一行是 `name，basic`，逗号是全角的")
    }
    FG1030 {
        en: "a table (CSV) of fields without `path`, with an unknown column or one twice, a row without a path, or another word than `true` and `false`",
            "a column that is not read might be the one that says what a field is",
            "name the columns `path`, `class`, `mask`, `whole`, `names`, `written_by`, `write`, `zh`; `docs/rules.md` has them in Chinese";
        zh: "字段表格（CSV）没有 `path` 列、有不认识或重复的列、某行没有路径，或该写是否的地方写了别的",
            "没被读取的那一列，也许正是写明字段是什么的那一列",
            "列名用 `路径`、`类别`、`脱敏`、`整体`、`成员名`、`可改角色`、`写入`、`中文名`，或 `path`、`class`、`mask`、`whole`、`names`、`written_by`、`write`、`zh`";
        Told("`fields.csv` begins with `field,class`", "`fields.csv` 第一行是 `字段,类别`")
    }
}

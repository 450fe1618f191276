//! `FG40xx`: `fieldgate.yaml`.

use super::codes;

codes! {
    /// What is wrong with the settings.
    SETTINGS:
    FG4000 {
        en: "there is no settings file, it cannot be read, or everybody may write it",
            "whoever may write the settings decides which keys are believed",
            "name it with `-c FILE`; `chmod o-w`";
        zh: "没有配置文件、读不了，或任何人都能改写",
            "能改写配置的人，就能决定信任谁的密钥",
            "用 `-c FILE` 指定；执行 `chmod o-w`";
        Told("`fieldgate run -c missing.yaml`", "`fieldgate run -c missing.yaml`")
    }
    FG4001 {
        en: "settings of another version",
            "a later version may read the same words in another way",
            "write `fieldgate: 1`";
        zh: "配置写的是别的版本",
            "同样的写法，以后的版本可能有不同的含义",
            "写 `fieldgate: 1`";
        Lines("fieldgate: 2", "fieldgate: 1")
    }
    FG4002 {
        en: "an environment variable is not set",
            "an empty text in its place might switch something off",
            "set it, or write the value";
        zh: "环境变量没有设置",
            "用空文本顶替，可能就关掉了什么",
            "设置它，或者直接写值";
        Lines("rules: { dir: \"${RULES_DIRECTORY_NOT_SET}/rules\" }", "rules: { dir: rules/ }")
    }
    FG4003 {
        en: "an environment variable is empty, or holds a control character",
            "it was probably meant to hold something else",
            "set it to a value; keys and certificates are referred to: `env:NAME`, `file:PATH`";
        zh: "环境变量是空的，或含有控制字符",
            "多半不是想要的值",
            "给它设上值；密钥和证书写成引用：`env:NAME`、`file:PATH`";
        Told("`dir: \"${RULES}/x\"` while `RULES` is set to nothing", "`RULES` 设成了空值，而配置里写 `dir: \"${RULES}/x\"`")
    }
    FG4004 {
        en: "`${` is not followed by a name and `}`",
            "defaults such as `${VAR:-x}` hide that a variable is missing",
            "`${VAR}` is the only form";
        zh: "`${` 后面不是变量名加 `}`",
            "`${VAR:-x}` 这样的默认值会掩盖变量缺失",
            "只有 `${VAR}` 一种写法";
        Lines("rules: { dir: \"${RULES:-rules}\" }", "rules: { dir: rules/ }")
    }
    FG4005 {
        en: "a secret in clear, or a reference that is none",
            "settings are copied, reviewed and logged; secrets must not be",
            "`file:PATH`, `env:NAME` or `cred:NAME`";
        zh: "密钥写成了明文，或引用写得不对",
            "配置会被复制、评审、记进日志，密钥不能跟着走",
            "写 `file:PATH`、`env:NAME` 或 `cred:NAME`";
        Lines("audit: { dir: audit/, key: 000102030405, durability: process }", "audit: { dir: audit/, key: file:secrets/audit.key, durability: process }")
    }
    FG4006 {
        en: "a secret cannot be read, everybody may write its file, or it is not what it should be",
            "without its keys the proxy could not do what it promises, so it does not start",
            "check the file; `openssl rand -hex 32` writes a key";
        zh: "密钥读不了、文件任何人都能改写，或内容不对",
            "没有密钥就做不到所承诺的事，所以不启动",
            "检查文件；`openssl rand -hex 32` 可生成密钥";
        Lines("audit: { dir: audit/, key: file:secrets/missing.key, durability: process }", "audit: { dir: audit/, key: file:secrets/audit.key, durability: process }")
    }
    FG4007 {
        en: "a value does not have the form or range its key asks for",
            "what is not understood exactly is not guessed, and no limit can be switched off",
            "see the message";
        zh: "值的形式或范围不符合键的要求",
            "不能准确理解的绝不猜，任何限额都不能关掉",
            "看报错信息";
        Lines("limits: { depth: 0 }", "limits: { depth: 128 }")
    }
    FG4008 {
        en: "a word that is not on the list of its key",
            "the lists are closed",
            "take the one suggested";
        zh: "键不接受这个词",
            "可选的词是一份封闭的清单",
            "用建议的词";
        Lines("audit: { dir: audit/, key: file:secrets/audit.key, durability: proces }", "audit: { dir: audit/, key: file:secrets/audit.key, durability: process }")
    }
    FG4009 {
        en: "a name that leads nowhere",
            "nobody could be authenticated by what is not there",
            "take the one suggested, or declare it";
        zh: "引用的名字不存在",
            "不存在的东西没法用来认证",
            "用建议的名字，或者先声明它";
        Lines("    tls: { certificate: certs/server.pem, key: file:certs/server.key, client_ca: partners }", "    tls: { certificate: certs/server.pem, key: file:certs/server.key }")
    }
    FG4010 {
        en: "something twice, half of a pair, or two things that exclude each other",
            "it can be read in two ways",
            "see the message";
        zh: "重复了、成对的只写了一半，或两者互相排斥",
            "读法不唯一",
            "看报错信息";
        Lines("  crm: { url: \"http://127.0.0.1:9000\", tls: { ca: certs/ca.pem } }", "  crm: { url: \"http://127.0.0.1:9000\" }")
    }
    FG4011 {
        en: "the host name cannot serve as `node`",
            "the node's name is part of file names and records of the access log",
            "write `node:`";
        zh: "本机主机名不能用作 `node`",
            "节点名要写进访问日志的文件名和记录",
            "写上 `node:`";
        Told("a host whose name has a blank in it, and settings without `node:`", "主机名里有空格，而配置没写 `node:`")
    }
    FG4012 {
        en: "warning: others than its owner may read a secret, or its group may write it",
            "a key others know protects nothing",
            "`chmod 600`";
        zh: "警告：除属主以外的人也能读密钥，或同组的人能改写它",
            "别人也知道的密钥等于没有",
            "执行 `chmod 600`";
        Told("a key file with mode 644", "权限为 644 的密钥文件")
    }
    FG4013 {
        en: "a header that may not be set or let through",
            "it frames a message, carries credentials, is set by the proxy, or lets others cache what was governed",
            "remove it from the list";
        zh: "这个首部不能填写，或不能放行",
            "它决定报文边界、携带凭据、由代理填写，或会让别人缓存受控内容",
            "从列表里删掉它";
        Lines("  crm: { url: \"http://127.0.0.1:9000\", headers: { request: [Authorization] } }", "  crm: { url: \"http://127.0.0.1:9000\" }")
    }
    FG4017 {
        en: "the copy of the last good rules lies within the rules, or around them",
            "it would be read as rules, or be replaced together with them",
            "a directory of its own, such as `state/rules/`";
        zh: "最近可用规则的副本放在了规则目录里，或把规则目录包在了里面",
            "副本会被当成规则读取，或随规则一起被替换",
            "单独用一个目录，如 `state/rules/`";
        Lines("rules: { dir: rules/, last_good: rules/kept/ }", "rules: { dir: rules/ }")
    }
}

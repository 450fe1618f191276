//! The command line in Chinese: what clap says of commands, flags and wrong arguments.
//!
//! [`WORDS`] has each English sentence of the commands beside its Chinese one; a test asks that none is missing or left over.
//! What is not known here is said in English rather than not at all.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Error};

const HELP: &str = "显示帮助";
const VERSION: &str = "显示版本";
const TEMPLATE: &str = "{before-help}{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}";

/// Sentences of commands, flags and their values.
const WORDS: &[(&str, &str)] = &[
    (
        "Field-level access control for the JSON answers of legacy APIs",
        "给旧系统的 JSON 接口做字段级访问控制",
    ),
    (
        "Exit codes: 0 ok, 1 internal, 2 usage or settings, 3 rules invalid, 4 tests failed,\n5 coverage below the minimum, 6 audit verification failed, 8 refused.",
        "退出码：0 正常，1 内部错误，2 命令行或配置有误，3 规则有误，4 测试未通过，\n5 覆盖率不够，6 审计日志校验未通过，8 请求被拒绝。",
    ),
    ("How results are written", "结果的格式"),
    (
        "The language of diagnostics; else LC_ALL, LC_MESSAGES or LANG say",
        "提示用的语言；不写时看 LC_ALL、LC_MESSAGES、LANG",
    ),
    // Formats.
    ("For people", "给人看"),
    ("One JSON document", "一份 JSON"),
    (
        "Workflow commands that become annotations",
        "GitHub 工作流的标注",
    ),
    ("SARIF 2.1.0", "SARIF 2.1.0"),
    ("JUnit XML", "JUnit XML"),
    ("A table for a terminal", "终端里的表格"),
    ("For spreadsheets", "给电子表格"),
    ("A page", "一页网页"),
    // Commands.
    (
        "A legacy API, the proxy and throw-away identities in one process, from nothing",
        "一个进程里跑起旧接口、代理和临时身份，不用准备任何东西",
    ),
    (
        "One answer, what was taken out of it, and its line in the access log",
        "一次响应：去掉了什么，访问日志里记了什么",
    ),
    (
        "Change copies of the access log and have each verified",
        "改动访问日志的副本，逐个校验给你看",
    ),
    (
        "The legacy API alone, for a project that was kept",
        "只跑旧接口，配合留下的项目",
    ),
    ("Who calls", "谁来调用"),
    ("Works at a counter", "柜员"),
    ("Runs the branch", "网点负责人"),
    ("Is customer 1001", "客户 1001 本人"),
    ("The partner company acme", "合作公司 acme"),
    (
        "Nobody: past Fieldgate, straight to the legacy API",
        "谁也不是：绕过 Fieldgate，直接访问旧接口",
    ),
    (
        "Where to listen; loopback only",
        "监听地址，只能是本机回环地址",
    ),
    (
        "Leave a project that `fieldgate run` serves in this new directory",
        "在这个新目录里留下一个项目，可用 `fieldgate run` 运行",
    ),
    ("Serve", "运行代理"),
    (
        "The settings; else $FIELDGATE_CONFIG, ./fieldgate.yaml, /etc/fieldgate/fieldgate.yaml",
        "配置文件；不写时依次找 $FIELDGATE_CONFIG、./fieldgate.yaml、/etc/fieldgate/fieldgate.yaml",
    ),
    ("Load and lint a rule set, offline", "离线加载并检查规则"),
    ("The rules directory", "规则目录"),
    (
        "What to fail for besides mistakes",
        "除了错误，还有什么算失败",
    ),
    ("Warnings", "警告"),
    (
        "Run the tests of a rule set through the real engine",
        "用真正的引擎跑规则里的测试",
    ),
    (
        "Settings to take limits and the token key from; else the published test key",
        "从这份配置取上限和假名密钥；不写时用公开的测试密钥",
    ),
    (
        "Tell which cells, exceptions and ceilings no test proves",
        "列出没有测试验证过的格子、例外和上限",
    ),
    ("Fail below this coverage", "覆盖率低于这个百分比就算失败"),
    (
        "Govern the answer on standard input as the proxy would",
        "把标准输入当作后端的响应，照代理的做法处理",
    ),
    (
        "Roles the caller holds, their matchers skipped",
        "调用方具备的角色，跳过匹配条件",
    ),
    (
        "Credentials that go through the matchers, as the `caller:` of a test",
        "要经过匹配的凭证，写法同测试里的 `caller:`",
    ),
    (
        "Method and target: 'GET /customers/1001?page=1'",
        "方法和地址：'GET /customers/1001?page=1'",
    ),
    ("The caller's address", "调用方的地址"),
    (
        "A header of the request, 'K: V'; may be given several times",
        "请求头，'K: V'；可以写多次",
    ),
    (
        "A file with the request's body, sent as JSON unless a header says otherwise",
        "请求体文件；请求头没有另外写明时，按 JSON 发送",
    ),
    (
        "The moment of the call, 2026-06-01T10:00:00+08:00; else now",
        "调用的时刻，如 2026-06-01T10:00:00+08:00；不写就是现在",
    ),
    (
        "A file with what the upstream answers about the record before a write, where the write is judged by that",
        "写之前后端里那条记录的响应文件；要凭它判断能不能写时才用",
    ),
    ("Bytes the engine is fed at once", "每次喂给引擎多少字节"),
    ("The access log", "访问日志"),
    (
        "Verify that a log is what was written",
        "校验日志没有被改动",
    ),
    ("The directory of the log", "日志目录"),
    (
        "Why a call is allowed or refused, and why each field comes out as it does",
        "一次调用为什么放行或拒绝，每个字段为什么是这个结果",
    ),
    (
        "This field of the record only, listed or not: phones[*].number, phones[0].number",
        "只看记录的这个字段，登记没登记都行：phones[*].number、phones[0].number",
    ),
    (
        "An answer of the upstream, to explain record by record and value by value",
        "后端的一份响应，逐条逐值解释",
    ),
    ("Settings to take limits from", "从这份配置取上限"),
    (
        "The access matrix: who sees what, as the proxy enforces it",
        "访问矩阵：谁看到什么，以代理实际执行的为准",
    ),
    (
        "This resource or group of routes only",
        "只看这个资源或路由组",
    ),
    ("This role only", "只看这个角色"),
    (
        "The moment the matrix is of, 2026-06-01T10:00:00+08:00; else now",
        "矩阵是哪个时刻的，如 2026-06-01T10:00:00+08:00；不写就是现在",
    ),
    (
        "Who gains and who loses what where one rule set takes the place of another",
        "换一套规则，谁看到的变多、谁变少",
    ),
    ("The rules directory as it was", "原来的规则目录"),
    ("The rules directory as it shall be", "新的规则目录"),
    ("What to fail for", "出现什么就算失败"),
    (
        "Somebody gains something, or it cannot be said that nobody does",
        "有人看到的变多，或者说不准",
    ),
    (
        "The settings as they were: who is believed, and who may connect, is compared too",
        "原来的配置：相信谁、谁能连接，也一起比较",
    ),
    ("The settings as they shall be", "新的配置"),
    (
        "Propose a rule set from a JSON sample, an OpenAPI 3 document or a CSV data dictionary",
        "从 JSON 样例、OpenAPI 3 文档或 CSV 数据字典起草规则",
    ),
    (
        "A JSON sample, an OpenAPI 3 document (JSON or YAML), or a data dictionary (CSV)",
        "JSON 样例、OpenAPI 3 文档（JSON 或 YAML）或数据字典（CSV）",
    ),
    ("The rules directory to make", "要新建的规则目录"),
    (
        "What the records of a sample are called; else the file's name says",
        "样例里的记录叫什么；不写就用文件名",
    ),
    (
        "The path a sample is asked for by: '/customers/{id}'",
        "样例从哪个路径来：'/customers/{id}'",
    ),
    (
        "Print the JSON Schema of rule files, for editors",
        "输出规则文件的 JSON Schema，给编辑器用",
    ),
    (
        "Bring rule files into form: blanks, columns, blank lines; what they say stays",
        "整理规则文件的格式：空格、对齐、空行；内容不变",
    ),
    (
        "Rules directories and rule files; `-` is standard input, written to standard output",
        "规则目录和规则文件；`-` 表示从标准输入读，写到标准输出",
    ),
    (
        "Write nothing; fail and name the files that are not in form",
        "不改文件；列出格式不对的文件，并算失败",
    ),
    (
        "Explain the code of a diagnostic, or why a request was refused",
        "解释一个错误码，或请求被拒绝的原因",
    ),
    (
        "The code or the reason, such as FG1007 or no-row",
        "错误码或原因，如 FG1007、no-row",
    ),
    (
        "Stop somebody at once, whatever the rules say",
        "立即封禁，不管规则怎么写",
    ),
    ("Whoever calls under this contract", "按这份合同调用的"),
    ("Whoever holds this role", "具备这个角色的"),
    (
        "Whoever has this name: a token's `sub`, a certificate's alternative name, an API key's name, or the `hmac:` of `caller.id`",
        "叫这个名字的：令牌的 `sub`、证书的备用名称、API 密钥的名字，或 `caller.id` 里的 `hmac:`",
    ),
    (
        "One token, certificate or API key: the `sha256:` of `caller.credential`",
        "一个令牌、证书或 API 密钥：`caller.credential` 里的 `sha256:`",
    ),
    (
        "The person whose data records are: nobody gets those",
        "这个主体的记录，谁也拿不到",
    ),
    (
        "Who is blocked, since when, by whom and why",
        "封禁了谁、什么时候、谁封的、为什么",
    ),
    ("End a block", "解除封禁"),
    (
        "As the rules or the access log name it",
        "照规则或访问日志里的写法",
    ),
    (
        "Why: it stands in the list and in the access log",
        "原因：会写进列表和访问日志",
    ),
    (
        "As the field `person` reads in the records, or the `hmac:` of the access log; `-` reads it from standard input",
        "照记录里 `person` 字段的值，或访问日志里的 `hmac:`；`-` 表示从标准输入读",
    ),
    (
        "contract, role, caller, credential or person",
        "contract（合同）、role（角色）、caller（调用方）、credential（凭证）或 person（主体）",
    ),
    ("As it was blocked", "照封禁时的写法"),
];

/// The commands with their help in Chinese.
pub(super) fn translated(command: Command) -> Command {
    let is_root = command.get_version().is_some();
    let help = |key: &'static str, short: char, action: ArgAction, text: &'static str| {
        let flag = Arg::new(key).short(short).long(key);
        flag.action(action).help(text).help_heading("选项")
    };
    let about = command.get_about().map(of_words);
    let after = command.get_after_help().map(of_words);
    let mut command = command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .help_template(TEMPLATE)
        .subcommand_help_heading("命令")
        .subcommand_value_name("命令")
        .term_width(0)
        .mut_args(|arg| {
            let heading = if arg.is_positional() {
                "参数"
            } else {
                "选项"
            };
            let text = arg.get_help().map(of_words);
            match text {
                Some(text) => arg.help(text).help_heading(heading),
                None => arg.help_heading(heading),
            }
        })
        .mut_subcommands(translated)
        .arg(help("help", 'h', ArgAction::Help, HELP));
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(after) = after {
        command = command.after_help(after);
    }
    match is_root {
        true => command.arg(help("version", 'V', ArgAction::Version, VERSION)),
        false => command,
    }
}

fn of_words(english: &StyledStr) -> String {
    let english = english.to_string();
    known(&english).map_or(english, str::to_owned)
}

fn known(english: &str) -> Option<&'static str> {
    let mut words = WORDS.iter();
    words.find(|(en, _)| *en == english).map(|(_, zh)| *zh)
}

/// A page of help as clap writes it, with what it says of its own in Chinese.
pub(super) fn page(text: &str) -> String {
    let mut page = String::with_capacity(text.len());
    for line in text.lines() {
        let value = line.trim_start().strip_prefix("- ");
        let value = value.and_then(|value| value.split_once(':'));
        let said = value.and_then(|(_, help)| Some((help, known(help.trim())?)));
        match said {
            Some((help, zh)) => {
                let before = line.strip_suffix(help).unwrap_or(line);
                let blanks = help.len() - help.trim_start().len();
                page.push_str(&format!("{before}{:blanks$}{zh}\n", ""));
            }
            None => {
                page.push_str(&own_words(line));
                page.push('\n');
            }
        }
    }
    page
}

fn own_words(text: &str) -> String {
    let own = [
        ("Usage: ", "用法："),
        ("[OPTIONS]", "[选项]"),
        ("[default: ", "[默认："),
        ("[possible values: ", "[可选："),
        ("Possible values:", "可选："),
    ];
    let mut text = text.to_owned();
    for (en, zh) in own {
        text = text.replace(en, zh);
    }
    text
}

/// What is wrong with the arguments.
pub(super) fn mistake(error: &Error) -> String {
    let one = |kind: ContextKind| -> Option<String> {
        match error.get(kind)? {
            ContextValue::String(text) => Some(text.clone()),
            ContextValue::Strings(texts) => Some(texts.join("、")),
            ContextValue::StyledStr(text) => Some(text.to_string()),
            ContextValue::Number(number) => Some(number.to_string()),
            _ => None,
        }
    };
    let arg = one(ContextKind::InvalidArg).unwrap_or_default();
    let value = one(ContextKind::InvalidValue).unwrap_or_default();
    let says = match error.kind() {
        ErrorKind::UnknownArgument => format!("没有 `{arg}` 这个参数"),
        ErrorKind::InvalidSubcommand => {
            let name = one(ContextKind::InvalidSubcommand).unwrap_or_default();
            format!("没有 `{name}` 这个命令")
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("`{arg}` 后面缺少取值"),
        ErrorKind::InvalidValue => format!("`{arg}` 不能是 `{value}`"),
        ErrorKind::ValueValidation => {
            // Parsers of ours answer in the language asked for; others in English.
            let why = std::error::Error::source(error).map(ToString::to_string);
            match why.filter(|why| !why.is_ascii()) {
                Some(why) => format!("`{arg}` 不能是 `{value}`：{why}"),
                None => format!("`{arg}` 不能是 `{value}`"),
            }
        }
        ErrorKind::ArgumentConflict => match one(ContextKind::PriorArg) {
            Some(prior) if prior != arg => format!("`{arg}` 不能和 `{prior}` 一起写"),
            _ => format!("`{arg}` 只能写一次"),
        },
        ErrorKind::MissingRequiredArgument => format!("还缺少：{arg}"),
        ErrorKind::MissingSubcommand => String::from("还缺少命令"),
        ErrorKind::NoEquals => format!("`{arg}` 和取值之间要写 `=`"),
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("`{arg}` 的取值个数不对")
        }
        ErrorKind::InvalidUtf8 => String::from("有参数不是 UTF-8"),
        _ => return error.render().to_string(),
    };
    let mut text = format!("错误: {says}\n");
    if let Some(values) = one(ContextKind::ValidValue).filter(|values| !values.is_empty()) {
        text.push_str(&format!("  可选：{values}\n"));
    }
    let meant = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ];
    if let Some(meant) = meant.into_iter().find_map(one) {
        let meant: Vec<String> = meant.split('、').map(|one| format!("`{one}`")).collect();
        text.push_str(&format!("  是不是想写 {}？\n", meant.join("、")));
    }
    if let Some(usage) = one(ContextKind::Usage) {
        text.push_str(&format!("\n{}\n", own_words(usage.trim_end())));
    }
    text.push_str("\n详见 `--help`。\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every sentence that help says of a command, hidden ones apart.
    fn sentences(command: &Command, found: &mut BTreeSet<String>) {
        let of_command = [command.get_about(), command.get_after_help()];
        found.extend(of_command.into_iter().flatten().map(ToString::to_string));
        let args = command.get_arguments().filter(|arg| !arg.is_hide_set());
        for arg in args {
            if matches!(arg.get_action(), ArgAction::Help | ArgAction::Version) {
                continue;
            }
            let help = arg.get_help().map(ToString::to_string);
            found.insert(help.unwrap_or_else(|| panic!("no help of {:?}", arg.get_id())));
            for value in arg.get_possible_values() {
                found.extend(value.get_help().map(ToString::to_string));
            }
        }
        for inner in command.get_subcommands().filter(|one| !one.is_hide_set()) {
            sentences(inner, found);
        }
    }

    #[test]
    fn every_command_flag_and_value_has_its_help_in_both_languages_and_none_is_left_over() {
        let mut found = BTreeSet::new();
        sentences(&crate::cli::command(), &mut found);
        let known: BTreeSet<String> = WORDS.iter().map(|(en, _)| (*en).to_owned()).collect();
        let without: Vec<&String> = found.difference(&known).collect();
        let left_over: Vec<&String> = known.difference(&found).collect();
        assert!(without.is_empty(), "without Chinese: {without:#?}");
        assert!(left_over.is_empty(), "left over: {left_over:#?}");
        assert_eq!(known.len(), WORDS.len(), "each stands once");
    }

    #[test]
    fn the_commands_do_not_contradict_each_other_in_chinese() {
        translated(crate::cli::command()).debug_assert();
    }

    fn pages(mut command: Command, name: &str, pages: &mut Vec<String>) {
        pages.push(page(&command.render_long_help().to_string()));
        pages.push(page(&command.render_help().to_string()));
        let inner: Vec<Command> = command.get_subcommands().cloned().collect();
        for one in inner.into_iter().filter(|one| !one.is_hide_set()) {
            pages_of(one, name, pages);
        }
    }

    fn pages_of(command: Command, name: &str, all: &mut Vec<String>) {
        let name = format!("{name} {}", command.get_name());
        pages(command, &name, all);
    }

    #[test]
    fn no_page_of_help_in_chinese_has_words_of_clap_in_english() {
        let mut all = Vec::new();
        let mut command = translated(crate::cli::command());
        command.build();
        pages(command, "fieldgate", &mut all);
        assert!(all.len() > 40);
        for page in all {
            for word in [
                "Usage",
                "Options",
                "Arguments",
                "Commands",
                "OPTIONS",
                "Print",
                "default",
                "ossible",
                "COMMAND",
            ] {
                assert!(!page.contains(word), "{word}: {page}");
            }
        }
    }
}

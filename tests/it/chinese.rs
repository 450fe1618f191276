//! The command line in Chinese: help, and what is wrong with arguments.

use crate::binary::{Run, fieldgate};

fn chinese(args: &[&str]) -> Run {
    fieldgate(&[&["--lang", "zh-CN"], args].concat(), b"")
}

#[test]
fn help_of_a_command_is_chinese_throughout() {
    let run = chinese(&["check", "--help"]);
    assert_eq!(run.exit, 0, "{}", run.err);
    let expected = "离线加载并检查规则

用法：fieldgate check [选项] <DIR>

参数:
  <DIR>
          规则目录

选项:
      --deny <WHAT>
          除了错误，还有什么算失败

          可选：
          - lints: 警告
";
    assert!(run.text().starts_with(expected), "{}", run.text());
    assert!(
        run.text().contains("- html:   一页网页\n"),
        "{}",
        run.text()
    );
    let run = chinese(&["help"]);
    assert!(run.text().contains("\n命令:\n"), "{}", run.text());
    assert!(run.text().contains("退出码：0 正常"), "{}", run.text());
    let run = chinese(&["apply", "-h"]);
    assert!(run.text().contains("[默认：127.0.0.1]"), "{}", run.text());
}

#[test]
fn wrong_arguments_are_told_in_chinese_with_what_was_meant() {
    for (args, told) in [
        (
            &["chekc", "rules"][..],
            "错误: 没有 `chekc` 这个命令\n  是不是想写 `schema`、`check`？\n",
        ),
        (
            &["check", "--denny", "lints", "rules"],
            "错误: 没有 `--denny` 这个参数\n  是不是想写 `--deny`？\n",
        ),
        (
            &["check"],
            "错误: 还缺少：<DIR>\n\n用法：fieldgate check <DIR>\n\n详见 `--help`。\n",
        ),
        (
            &["check", "--deny", "lint", "rules"],
            "错误: `--deny <WHAT>` 不能是 `lint`\n  可选：lints\n  是不是想写 `lints`？\n",
        ),
        (
            &["check", "rules", "--deny"],
            "错误: `--deny <WHAT>` 后面缺少取值\n  可选：lints\n",
        ),
        (&["check", "a", "b"], "错误: 没有 `b` 这个参数\n"),
        (
            &["test", "rules", "--coverage", "--min", "101"],
            "错误: `--min <PERCENT>` 不能是 `101`\n",
        ),
        (
            &["test", "rules", "--coverage", "--coverage"],
            "错误: `--coverage` 只能写一次\n",
        ),
        (
            &[
                "explain", "rules", "--as", "a", "--caller", "{}", "--call", "GET /",
            ],
            "错误: `--as <ROLE[,ROLE]>` 不能和 `--caller <YAML>` 一起写\n",
        ),
        (
            &["apply", "rules", "--as", "a"],
            "错误: 还缺少：--call <CALL>\n",
        ),
    ] {
        let run = chinese(args);
        assert_eq!(run.exit, 2, "{args:?}");
        assert!(run.err.starts_with(told), "{args:?}: {}", run.err);
        for word in ["Usage", "error", "OPTIONS", "tip"] {
            assert!(!run.err.contains(word), "{args:?}: {}", run.err);
        }
    }
}

#[test]
fn without_chinese_the_command_line_is_as_ever() {
    let run = fieldgate(&["check"], b"");
    assert_eq!(run.exit, 2);
    assert!(
        run.err.starts_with("error: the following required"),
        "{}",
        run.err
    );
    let run = fieldgate(&["check", "-h"], b"");
    assert!(
        run.text().contains("Usage: fieldgate check"),
        "{}",
        run.text()
    );
}

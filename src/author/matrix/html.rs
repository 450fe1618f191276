//! The matrix as one page: no script, nothing from elsewhere, fit to be printed and signed.
//!
//! Refuses to pass on markup: whatever a rule file says is text.

use super::{Matrix, Sheet, notes_of, words, writes};
use crate::policy::diagnostic::{Lang, Text, say};

const STYLE: &str = include_str!("page.css");

pub(super) fn written(matrix: &Matrix<'_>, lang: Lang) -> String {
    let title = say!("Access matrix", "访问矩阵");
    let title = format!("{} · {}", escaped(title.get(lang)), escaped(&matrix.title));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n",
        lang.tag(),
    );
    let (digest, at) = (&matrix.rules.digest, matrix.at());
    let head = say!(
        "Effective at {at}. Rules {digest}.",
        "生效时刻 {at}。规则 {digest}。"
    );
    page.push_str(&format!(
        "<p class=\"head\">{}</p>\n",
        escaped(head.get(lang))
    ));
    page.push_str(&format!(
        "<p class=\"legend\">{}</p>\n",
        escaped(words::legend(lang))
    ));
    for sheet in &matrix.sheets {
        one(sheet, lang, &mut page);
    }
    let (exceptions, ceilings) = words::rules_apart(matrix);
    let roles = matrix.roles.iter();
    let roles = roles.map(|role| words::role(matrix.rules, role));
    section(
        say!("Roles", "角色"),
        &roles.collect::<Vec<_>>(),
        lang,
        &mut page,
    );
    let contracts = words::contracts(matrix);
    section(say!("Contracts", "合同"), &contracts, lang, &mut page);
    section(say!("Exceptions", "例外"), &exceptions, lang, &mut page);
    section(say!("Ceilings", "上限"), &ceilings, lang, &mut page);
    let conditions = words::conditions(matrix.rules);
    section(say!("Conditions", "条件"), &conditions, lang, &mut page);
    page.push_str("</body>\n</html>\n");
    page
}

fn section(title: Text, lines: &[Text], lang: Lang, page: &mut String) {
    if lines.is_empty() {
        return;
    }
    page.push_str(&format!(
        "<section>\n<h2>{}</h2>\n<ul>\n",
        escaped(title.get(lang))
    ));
    for line in lines {
        page.push_str(&format!("<li>{}</li>\n", escaped(line.get(lang))));
    }
    page.push_str("</ul>\n</section>\n");
}

fn one(sheet: &Sheet<'_>, lang: Lang, page: &mut String) {
    page.push_str(&format!(
        "<section>\n<h2>{}</h2>\n<ul>\n",
        escaped(&words::group(sheet))
    ));
    for route in sheet.routes() {
        let (text, place) = (escaped(&route.text), escaped(&route.place.to_string()));
        page.push_str(&format!(
            "<li><code>{text}</code> <small>{place}</small></li>\n"
        ));
    }
    for fact in words::facts(sheet) {
        page.push_str(&format!("<li>{}</li>\n", escaped(fact.get(lang))));
    }
    if !sheet.without.is_empty() {
        let names = sheet.without.join(", ");
        let said = say!(
            "without a row, 403 no-row: {names}",
            "没有行，403 no-row：{names}"
        );
        page.push_str(&format!("<li>{}</li>\n", escaped(said.get(lang))));
    }
    page.push_str("</ul>\n");
    if !sheet.columns.is_empty() {
        fields(sheet, lang, page);
        may_write(sheet, lang, page);
        params(sheet, lang, page);
    }
    page.push_str("</section>\n");
}

fn head(sheet: &Sheet<'_>, titles: [Text; 2], lang: Lang, page: &mut String) {
    page.push_str("<table>\n<thead><tr>");
    for title in titles {
        page.push_str(&format!(
            "<th scope=\"col\">{}</th>",
            escaped(title.get(lang))
        ));
    }
    for role in &sheet.columns {
        page.push_str(&format!("<th scope=\"col\">{}</th>", escaped(&role.name)));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
}

fn fields(sheet: &Sheet<'_>, lang: Lang, page: &mut String) {
    let notes = sheet.notes();
    head(
        sheet,
        [say!("field", "字段"), say!("class", "类别")],
        lang,
        page,
    );
    for line in &sheet.lines {
        let (text, place) = (words::line(line), escaped(&line.place.to_string()));
        let class = escaped(&words::class(line.class));
        let sensitive = line.class.is_some_and(|class| class.sensitive);
        let mark = if sensitive {
            " class=\"sensitive\""
        } else {
            ""
        };
        page.push_str(&format!(
            "<tr><th scope=\"row\" title=\"{place}\">{}</th><td{mark}>{class}</td>",
            escaped(text.get(lang))
        ));
        for outcome in &line.cells {
            let marks = notes_of(outcome).into_iter().filter_map(|note| {
                let at = notes.iter().position(|known| *known == note)?;
                Some(format!("<sup>[{}]</sup>", at + 1))
            });
            let places = outcome
                .causes
                .iter()
                .filter_map(|cause| Some(format!("{} ({})", cause.says, cause.place?)));
            let places: Vec<String> = places.collect();
            page.push_str(&format!(
                "<td class=\"{}\" title=\"{}\">{}{}</td>",
                outcome.does.openness.word(),
                escaped(&places.join("; ")),
                escaped(&outcome.text()),
                marks.collect::<String>(),
            ));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
    if !notes.is_empty() {
        page.push_str("<ol class=\"notes\">\n");
        for note in &notes {
            page.push_str(&format!(
                "<li>{}</li>\n",
                escaped(words::note(note).get(lang))
            ));
        }
        page.push_str("</ol>\n");
    }
}

fn params(sheet: &Sheet<'_>, lang: Lang, page: &mut String) {
    if sheet.params.is_empty() {
        return;
    }
    head(
        sheet,
        [say!("parameter", "参数"), say!("carries", "取值")],
        lang,
        page,
    );
    for line in &sheet.params {
        let (name, place) = (line.param.name.to_string(), line.param.place.to_string());
        let carries = words::param(sheet.resource, &line.param.rule);
        page.push_str(&format!(
            "<tr><th scope=\"row\" title=\"{}\">{}</th><td>{}</td>",
            escaped(&place),
            escaped(&name),
            escaped(carries.get(lang))
        ));
        for open in &line.open {
            page.push_str(&format!(
                "<td>{}</td>",
                escaped(words::opening(*open).get(lang))
            ));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
}

fn may_write(sheet: &Sheet<'_>, lang: Lang, page: &mut String) {
    let rows = writes::rows(sheet, lang);
    let Some((titles, rows)) = rows.split_first() else {
        return;
    };
    page.push_str("<table>\n<thead><tr>");
    for title in titles {
        page.push_str(&format!("<th scope=\"col\">{}</th>", escaped(title)));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            let cell = escaped(cell);
            page.push_str(&match at {
                0 => format!("<tr><th scope=\"row\">{cell}</th>"),
                _ => format!("<td>{cell}</td>"),
            });
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
}

/// Text for an element or an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if crate::policy::source::is_unreadable(c) => escaped.extend(c.escape_unicode()),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn markup_in_a_rule_file_stays_text() {
        let shown = escaped("<script>\"a\" & 'b'</script>\u{202e}");
        assert_eq!(
            shown,
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;\\u{202e}"
        );
    }
}

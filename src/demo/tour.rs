//! What the demo says: the same URLs answered for each caller, and what to type next.

use std::fmt::Write as _;
use std::path::Path;

use super::client::{Answer, CallError, NAME, call};
use super::difference::{Change, Line};
use super::document::Node;
use super::place::Place;
use super::role::{LIST, Role, SINGLE};
use super::table::{aligned, short};

/// The most places a value gets in a table.
const WIDEST: usize = 20;

/// A list too long to look at.
const EXPORT: &str = "/export/customers";

/// A column: its title and the path to its value.
type Column = (&'static str, &'static str);

const OF_ONE: [Column; 6] = [
    ("name", "name"),
    ("phone", "phones[0].number"),
    ("id_card", "id_card"),
    ("card_no", "accounts[0].card_no"),
    ("balance", "accounts[0].balance"),
    ("internal_score", "internal_score"),
];
const OF_LIST: [Column; 5] = [
    ("id", "items[0].id"),
    ("name", "items[0].name"),
    ("phone", "items[0].phones[0].number"),
    ("email", "items[0].email"),
    ("id_card", "items[0].id_card"),
];

/// Both URLs, asked for by everybody.
pub async fn comparison(place: &Place) -> Result<String, CallError> {
    let one = table(place, SINGLE, &OF_ONE).await?;
    let list = table(place, LIST, &OF_LIST).await?;
    Ok(format!(
        "Customer 1001, one URL, five callers (-: not in the answer, 403: refused, and why):\n\n  GET {SINGLE}\n{one}\n  \
         GET {LIST}\n{list}"
    ))
}

async fn table(place: &Place, target: &str, columns: &[Column]) -> Result<String, CallError> {
    let titles = columns.iter().map(|(title, _)| (*title).to_owned());
    let mut rows = vec![std::iter::once(String::new()).chain(titles).collect()];
    for role in Role::ALL {
        let answer = call(place, role, target).await?;
        rows.push(row(role, &answer, columns));
    }
    Ok(aligned("  ", &rows))
}

fn row(role: Role, answer: &Answer, columns: &[Column]) -> Vec<String> {
    let name = role.name().to_owned();
    let status = answer.head.status;
    match Node::read(&answer.body) {
        Ok(node) if status.is_success() => {
            let cell = |(_, path): &Column| match node.at(path) {
                Some(text) => short(&text, WIDEST),
                None => "-".to_owned(),
            };
            std::iter::once(name)
                .chain(columns.iter().map(cell))
                .collect()
        }
        Ok(node) => vec![name, refusal(status, &node)],
        Err(_) => vec![name, status.to_string()],
    }
}

fn refusal(status: http::StatusCode, problem: &Node) -> String {
    let reason = problem.at("reason").unwrap_or_default();
    format!("{} {reason}", status.as_u16())
}

/// Each value of the legacy API's answer and what became of it.
pub fn changes(lines: &[Line]) -> String {
    let row = |line: &Line| {
        let (word, arrived) = match &line.change {
            Change::Shown => ("shown", ""),
            Change::Masked(text) => ("masked", text.as_str()),
            Change::Token(text) => ("token", text.as_str()),
            Change::Blank => ("blank", "null"),
            Change::Removed => ("removed", ""),
        };
        [&line.path, &line.legacy, word, arrived]
            .map(str::to_owned)
            .to_vec()
    };
    aligned("  ", &lines.iter().map(row).collect::<Vec<_>>())
}

/// What to paste into a second terminal. Every line stands alone.
pub fn commands(place: &Place, program: &Path) -> String {
    let (dir, program) = (quoted(&place.dir), quoted(program));
    let (legacy, proxy) = (
        place.legacy,
        format!("https://{NAME}:{}", place.proxy.port()),
    );
    let trust = format!("--cacert {}", quoted(&place.dir.join("certs/ca.pem")));
    let curl = |role: Role, target: &str| {
        let credential = match (role.token(), role.certificate()) {
            (Some(token), _) => {
                let file = quoted(&place.dir.join(token));
                format!(" -H \"Authorization: Bearer $(cat {file})\"")
            }
            (None, Some((chain, key))) => format!(
                " --cert {} --key {}",
                quoted(&place.dir.join(chain)),
                quoted(&place.dir.join(key))
            ),
            (None, None) => String::new(),
        };
        let output = match target {
            EXPORT => {
                "-sSo /dev/null -w '%{http_code}, %{size_download} bytes in %{time_total} s\\n'"
            }
            _ => "-sSw '\\n'",
        };
        format!("curl {output} {trust}{credential} '{proxy}{target}'\n")
    };
    let mut text = String::new();
    let mut part = |title: &str, lines: &[String]| {
        // Writing to a `String` does not fail.
        let _ = write!(text, "# {title}\n{}", lines.concat());
    };
    part(
        "the legacy API, past Fieldgate: everything, to anybody",
        &[format!("curl -sSw '\\n' 'http://{legacy}{SINGLE}'\n")],
    );
    part(
        "a teller, the branch manager, customer 1001 themself",
        &[
            curl(Role::Teller, SINGLE),
            curl(Role::Manager, SINGLE),
            curl(Role::Customer, SINGLE),
        ],
    );
    part(
        "the partner acme: a client certificate, lists only",
        &[curl(Role::Partner, "/customers?page=1&size=3")],
    );
    part(
        "a customer who asks for somebody else, a search by phone number: both refused",
        &[
            curl(Role::Customer, "/customers/1002"),
            curl(Role::Teller, "/customers?phone=13800138000"),
        ],
    );
    part(
        "compressed by the legacy API, sent slowly by it, a list of 2,500 customers",
        &[
            curl(Role::Teller, "/gzip/customers/1001"),
            curl(Role::Teller, "/slow/customers/1001"),
            curl(Role::Manager, EXPORT),
        ],
    );
    part(
        "without curl: one answer, what was taken out, its line in the access log",
        &[format!("{program} demo call teller\n")],
    );
    part(
        "the access log: who saw which fields of whom, and whether it is what was written",
        &[
            format!("tail -n 3 {dir}/audit/*.jsonl\n"),
            format!("{program} audit verify {dir}/audit\n"),
            format!("{program} demo tamper\n"),
        ],
    );
    text
}

/// For a POSIX shell; plain where nothing needs quoting.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    match text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_blanks_or_quotes_stays_one_word_of_the_shell() {
        assert_eq!(quoted(Path::new("/tmp/a-b_1.x")), "/tmp/a-b_1.x");
        assert_eq!(quoted(Path::new("/tmp/a b$c")), "'/tmp/a b$c'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }

    #[test]
    fn every_command_is_one_line_that_needs_no_other() {
        let place = Place {
            proxy: "127.0.0.1:2".parse().unwrap(),
            legacy: "127.0.0.1:1".parse().unwrap(),
            dir: "/tmp/project".into(),
        };
        let text = commands(&place, Path::new("/bin/fieldgate"));
        for line in text.lines() {
            let first = line.split(' ').next().unwrap();
            assert!(
                ["#", "curl", "tail", "/bin/fieldgate"].contains(&first),
                "{line}"
            );
            let governed = line.contains("https://");
            assert_eq!(
                governed,
                line.contains("--cacert /tmp/project/certs/ca.pem"),
                "{line}"
            );
        }
        assert!(text.contains("Bearer $(cat /tmp/project/clients/self.jwt)"));
        assert!(
            text.contains(
                "--cert /tmp/project/clients/acme.pem --key /tmp/project/clients/acme.key"
            )
        );
    }
}

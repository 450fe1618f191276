//! What the legacy API answers, as files, and what the teller must see of it.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::Result;
use crate::options::{Options, Part, Size};

/// The answers, in a directory of their own.
pub struct Bodies {
    dir: TempDir,
    large: u64,
}

impl Bodies {
    pub fn make(options: &Options) -> Result<Bodies> {
        let dir = tempfile::Builder::new()
            .prefix("proxy-bench-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        // nginx's workers may run as somebody else.
        open_to_all(dir.path())?;
        for folder in ["customers", "lists"] {
            fs::create_dir(dir.path().join(folder))?;
            open_to_all(&dir.path().join(folder))?;
        }
        let bodies = Bodies { dir, large: 0 };
        fs::write(bodies.file(Size::Record.path()), record(1 << 10))?;
        for (size, bytes) in [(Size::List, 20 << 10), (Size::LongList, 1 << 20)] {
            write_list(&bodies.file(size.path()), bytes)?;
        }
        let large = match options.runs(Part::Large) {
            true => write_list(&bodies.file(LARGE), options.large.bytes())?,
            false => 0,
        };
        Ok(Bodies { large, ..bodies })
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What the upstream sends for a target.
    pub fn raw(&self, target: &str) -> Result<Vec<u8>> {
        Ok(fs::read(self.file(target))?)
    }

    /// The length of the large body.
    pub fn large(&self) -> u64 {
        self.large
    }

    fn file(&self, target: &str) -> PathBuf {
        self.dir.path().join(target.trim_start_matches('/'))
    }
}

/// The target of the large body.
pub const LARGE: &str = "/lists/large";

fn open_to_all(dir: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// The customer of `benches/engine.rs`.
fn customer(number: u64) -> String {
    format!(
        r#"{{"id":"{number}","name":"张三丰","branch":"0101","phones":[{{"kind":"mobile","number":"13800138000"}}],"email":"zhang{number}@example.cn","id_card":"11010519491231002X","birth_date":"1949-12-31","accounts":[{{"card_no":"6222020200112233445","balance":{number}.25}}],"internal_score":{number},"consent":{{"marketing":true}}}}"#
    )
}

/// The same customer with more telephones and accounts, as long as wanted.
fn record(size: usize) -> String {
    let phone = r#"{"kind":"mobile","number":"13800138000"},"#;
    let account = r#"{"card_no":"6222020200112233445","balance":1000.25},"#;
    let mut record = customer(1_000);
    for (before, more) in [(r#""phones":["#, phone), (r#""accounts":["#, account)]
        .iter()
        .cycle()
    {
        if record.len() + more.len() > size {
            break;
        }
        let at = record.find(before).expect("the customer has both lists") + before.len();
        record.insert_str(at, more);
    }
    record
}

/// Customers until there are `size` bytes; the length written.
fn write_list(path: &Path, size: usize) -> Result<u64> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let head = r#"{"total":9,"items":["#;
    file.write_all(head.as_bytes())?;
    let mut length = head.len();
    let mut number = 1_000;
    while length < size {
        let comma = if number > 1_000 { "," } else { "" };
        let one = format!("{comma}{}", customer(number));
        file.write_all(one.as_bytes())?;
        length += one.len();
        number += 1;
    }
    file.write_all(b"]}")?;
    file.flush()?;
    Ok(length as u64 + 2)
}

/// What the rule sets leave of a body, made on a tree.
pub fn masked(raw: &[u8]) -> Value {
    let mut body: Value = serde_json::from_slice(raw).expect("we wrote it");
    match body.get_mut("items").and_then(Value::as_array_mut) {
        Some(items) => items.iter_mut().for_each(mask),
        None => mask(&mut body),
    }
    body
}

fn mask(customer: &mut Value) {
    for hidden in ["birth_date", "accounts", "internal_score", "consent"] {
        customer.as_object_mut().expect("an object").remove(hidden);
    }
    customer["name"] = "张**".into();
    customer["email"] = "z***@example.cn".into();
    customer["id_card"] = "1****************X".into();
    for phone in customer["phones"].as_array_mut().expect("an array") {
        phone["number"] = "138****8000".into();
    }
}

//! The bank rule set as shipped: the files below `rules/bank`, names relative to it.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../rules/bank/", $name)))),*]
    };
}

/// Name and text of every file.
pub const BANK: &[(&str, &str)] = files![
    "bank.yaml",
    "fixtures/customer-1001.json",
    "fixtures/customers.json",
    "tests.yaml",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_rule_set_is_shipped() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/bank");
        let (mut there, mut folders) = (BTreeSet::new(), vec![root.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => {
                        let inside = path.strip_prefix(&root).unwrap();
                        there.insert(inside.to_str().unwrap().to_owned());
                    }
                }
            }
        }
        let shipped: BTreeSet<String> = BANK.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(shipped, there);
    }
}

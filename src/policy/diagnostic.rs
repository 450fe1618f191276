//! Mistakes in rule files, with their place and cure.

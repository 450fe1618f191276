//! Persons whose records nobody gets, whatever the rules say.
//!
//! Refuses nothing: whoever asks decides who they are.

use std::fmt;
use std::sync::Arc;

/// Says of a person, by the text that names them, whether their records are withheld from everybody.
#[derive(Clone)]
pub struct Withheld(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl Withheld {
    /// Those of whom `says` is true.
    pub fn new(says: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Withheld(Arc::new(says))
    }

    /// Whether a person is one of them.
    pub fn holds(&self, person: &str) -> bool {
        (self.0)(person)
    }
}

impl fmt::Debug for Withheld {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Withheld")
    }
}

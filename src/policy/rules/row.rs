//! The grid's rows: an outcome for each class, or one of two by a condition, behind a gate or none.
//!
//! Refuses nothing; a class a row does not name is stripped.

use crate::policy::{ConditionId, Place};

/// One row of a grid: a cell for each class; a class it does not name is [`Cell::Strip`].
#[derive(Clone, Debug)]
pub struct Row {
    /// Where it was written.
    pub place: Place,
    /// Where each cell was written, by [`ClassId`]; nothing where the row does not name the class.
    pub places: Vec<Option<Place>>,
    /// By [`ClassId`].
    pub cells: Vec<Choice>,
    /// By [`ClassId`]: how many `extends` away the cell is written, 0 being the role's own row. `None` where no row
    /// names the class.
    pub steps: Vec<Option<usize>>,
    /// The row counts for a record where all of these hold; those of its resource and group are among them.
    pub only: Vec<ConditionId>,
}

impl Row {
    /// The conditions that its cells name.
    pub fn asked_by_cells(&self) -> impl Iterator<Item = ConditionId> {
        let cells = self.cells.iter();
        cells.filter_map(|choice| Some(choice.when.as_ref()?.condition))
    }
}

/// What a cell says: an outcome, or one of two by a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The outcome, or that where the condition holds.
    pub cell: Cell,
    /// What decides, where something does.
    pub when: Option<When>,
}

/// A cell's condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// What is asked.
    pub condition: ConditionId,
    /// The outcome where it does not hold.
    pub otherwise: Cell,
}

impl Choice {
    /// What a class gets that a row does not name.
    pub const STRIP: Choice = Choice {
        cell: Cell::Strip,
        when: None,
    };

    /// Every outcome it names.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        let otherwise = self.when.as_ref().map(|when| &when.otherwise);
        std::iter::once(&self.cell).chain(otherwise)
    }
}

impl From<Cell> for Choice {
    fn from(cell: Cell) -> Choice {
        Choice { cell, when: None }
    }
}

/// An outcome as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cell {
    /// The bytes as they came.
    Show,
    /// A pseudonym; a name shares its key on purpose.
    Token(Option<String>),
    /// A mask; a name applies to fields whose entry lists it.
    Mask(Option<String>),
    /// JSON null.
    Blank,
    /// Gone.
    Strip,
}

//! An answer's body, decoded, on its way to the caller: one document, several in a row, or a file that nobody reads.

use std::sync::Arc;

use super::charset::{Transcoder, Writer};
use super::framing::Framing;
use super::{BodyLimits, Departed, Engine, Tally};
use crate::model::Reason;
use crate::policy::plan::Plan;
use crate::policy::plan::judge::Judge;
use crate::policy::{AnswerForm, Format};

/// See the module.
#[derive(Debug)]
pub struct Governor(Kind);

#[derive(Debug)]
enum Kind {
    Documents(Box<Documents>),
    File(File),
}

/// A body that passes as it comes, and holds no records.
#[derive(Debug, Default)]
struct File {
    waiting: Vec<u8>,
    records: Departed,
    tally: Tally,
}

impl Governor {
    /// At the beginning of an answer written so; otherwise as [`Engine::new`].
    pub fn new(
        form: &AnswerForm,
        plan: Arc<Plan>,
        limits: BodyLimits,
        caller_person: Option<String>,
        judge: Option<Arc<Judge>>,
    ) -> Self {
        let documents = Documents::new(form, plan, limits, caller_person, judge);
        Governor(Kind::Documents(Box::new(documents)))
    }

    /// At the beginning of a file that rules let pass unread.
    pub fn of_file() -> Self {
        Governor(Kind::File(File::default()))
    }

    /// How the answer is written.
    pub fn format(&self) -> Format {
        match &self.0 {
            Kind::Documents(documents) => documents.format,
            Kind::File(_) => Format::Json,
        }
    }

    /// Reads the next bytes of the answer.
    ///
    /// # Errors
    ///
    /// The reason to refuse the answer. What [`Governor::hand_on`] gives then is what preceded the fault.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        match &mut self.0 {
            Kind::Documents(documents) => documents.feed(chunk),
            Kind::File(file) => {
                file.waiting.extend_from_slice(chunk);
                Ok(())
            }
        }
    }

    /// The answer has provably ended.
    ///
    /// # Errors
    ///
    /// The reason to refuse the answer, where it is not complete.
    pub fn finish(&mut self) -> Result<(), Reason> {
        match &mut self.0 {
            Kind::Documents(documents) => documents.finish(),
            Kind::File(_) => Ok(()),
        }
    }

    /// Hands on the output since the last call; of several documents, what is complete of them.
    pub fn hand_on(&mut self, to: impl FnOnce(&[u8])) {
        match &mut self.0 {
            Kind::Documents(documents) => documents.hand_on(to),
            Kind::File(file) => {
                to(&file.waiting);
                file.waiting.clear();
            }
        }
    }

    /// The output since the last call.
    #[cfg(test)]
    pub fn take_output(&mut self) -> Vec<u8> {
        let mut output = Vec::new();
        self.hand_on(|bytes| output.extend_from_slice(bytes));
        output
    }

    /// Says that the answer is still there, where its format can and nothing is under way.
    pub fn give_sign_of_life(&mut self) {
        if let Kind::Documents(documents) = &mut self.0 {
            documents.give_sign_of_life();
        }
    }

    /// How many bytes wait here for what comes after them.
    pub fn held(&self) -> usize {
        match &self.0 {
            Kind::Documents(documents) => documents.engine.held(),
            Kind::File(file) => file.waiting.len(),
        }
    }

    /// The records that were completed and are not forgotten yet.
    pub fn records(&self) -> &Departed {
        match &self.0 {
            Kind::Documents(documents) => documents.engine.records(),
            Kind::File(file) => &file.records,
        }
    }

    /// Forgets the records whose last byte is among the output's first `end`.
    pub fn forget_records(&mut self, end: u64) {
        if let Kind::Documents(documents) = &mut self.0 {
            documents.engine.forget_records(end);
        }
    }

    /// What the answer held so far.
    pub fn tally(&self) -> &Tally {
        match &self.0 {
            Kind::Documents(documents) => documents.engine.tally(),
            Kind::File(file) => &file.tally,
        }
    }
}

/// Documents, read.
#[derive(Debug)]
struct Documents {
    engine: Engine,
    format: Format,
    /// Where the upstream does not write in UTF-8.
    transcoder: Option<Transcoder>,
    /// Where there may be several documents.
    framing: Option<Framing>,
    /// Where callers do not get UTF-8.
    writer: Option<Writer>,
}

impl Documents {
    fn new(
        form: &AnswerForm,
        plan: Arc<Plan>,
        limits: BodyLimits,
        caller_person: Option<String>,
        judge: Option<Arc<Judge>>,
    ) -> Self {
        let mut engine = Engine::new(plan, limits, caller_person, judge);
        let writer = Writer::of(form);
        if writer.is_some() {
            engine.output_and_records().1.place_later();
        }
        Documents {
            engine,
            format: form.format,
            transcoder: Transcoder::of(form),
            framing: Framing::of(form),
            writer,
        }
    }

    fn feed(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        let Documents {
            engine,
            transcoder,
            framing,
            ..
        } = self;
        match transcoder {
            None => read(engine, framing, chunk),
            Some(transcoder) => {
                transcoder.feed(chunk, false, &mut |piece| read(engine, framing, piece))
            }
        }
    }

    fn finish(&mut self) -> Result<(), Reason> {
        let Documents {
            engine,
            transcoder,
            framing,
            ..
        } = self;
        if let Some(transcoder) = transcoder {
            transcoder.feed(&[], true, &mut |piece| read(engine, framing, piece))?;
        }
        match framing {
            None => engine.finish(),
            Some(framing) => framing.finish(),
        }
    }

    fn hand_on(&mut self, to: impl FnOnce(&[u8])) {
        let length = match &self.framing {
            None => self.engine.output().len(),
            Some(_) => self.engine.leaving(),
        };
        let (output, records) = self.engine.output_and_records();
        let output = output.get(..length).unwrap_or_default();
        match &mut self.writer {
            None => to(output),
            Some(writer) => to(writer.write(output, records)),
        }
        self.engine.forget_first(length);
    }

    fn give_sign_of_life(&mut self) {
        if let Some(sign) = self.framing.as_ref().and_then(Framing::sign_of_life) {
            self.engine.write_between(sign);
        }
    }
}

fn read(engine: &mut Engine, framing: &mut Option<Framing>, text: &[u8]) -> Result<(), Reason> {
    match framing {
        None => engine.feed(text),
        Some(framing) => framing.feed(engine, text),
    }
}

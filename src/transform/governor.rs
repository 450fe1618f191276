//! An answer's body, decoded, on its way to the caller: one document, or several in a row.

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
pub struct Governor {
    engine: Engine,
    format: Format,
    /// Where the upstream does not write in UTF-8.
    transcoder: Option<Transcoder>,
    /// Where there may be several documents.
    framing: Option<Framing>,
    /// Where callers do not get UTF-8.
    writer: Option<Writer>,
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
        let mut engine = Engine::new(plan, limits, caller_person, judge);
        let writer = Writer::of(form);
        if writer.is_some() {
            engine.output_and_records().1.place_later();
        }
        Governor {
            engine,
            format: form.format,
            transcoder: Transcoder::of(form),
            framing: Framing::of(form),
            writer,
        }
    }

    /// How the answer is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Reads the next bytes of the answer.
    ///
    /// # Errors
    ///
    /// The reason to refuse the answer. What [`Governor::hand_on`] gives then is what preceded the fault.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        let Governor {
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

    /// The answer has provably ended.
    ///
    /// # Errors
    ///
    /// The reason to refuse the answer, where it is not complete.
    pub fn finish(&mut self) -> Result<(), Reason> {
        let Governor {
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

    /// Hands on the output since the last call; of several documents, what is complete of them.
    pub fn hand_on(&mut self, to: impl FnOnce(&[u8])) {
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

    /// The output since the last call.
    #[cfg(test)]
    pub fn take_output(&mut self) -> Vec<u8> {
        let mut output = Vec::new();
        self.hand_on(|bytes| output.extend_from_slice(bytes));
        output
    }

    /// Says that the answer is still there, where its format can and nothing is under way.
    pub fn give_sign_of_life(&mut self) {
        if let Some(sign) = self.framing.as_ref().and_then(Framing::sign_of_life) {
            self.engine.write_between(sign);
        }
    }

    /// How many bytes wait here for what comes after them.
    pub fn held(&self) -> usize {
        self.engine.held()
    }

    /// The records that were completed and are not forgotten yet.
    pub fn records(&self) -> &Departed {
        self.engine.records()
    }

    /// Forgets the records whose last byte is among the output's first `end`.
    pub fn forget_records(&mut self, end: u64) {
        self.engine.forget_records(end);
    }

    /// What the answer held so far.
    pub fn tally(&self) -> &Tally {
        self.engine.tally()
    }
}

fn read(engine: &mut Engine, framing: &mut Option<Framing>, text: &[u8]) -> Result<(), Reason> {
    match framing {
        None => engine.feed(text),
        Some(framing) => framing.feed(engine, text),
    }
}

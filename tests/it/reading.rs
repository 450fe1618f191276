//! "Reading", sentence by sentence: declared cases that name what they show.
//!
//! The oracle and the engine answer the same table. `TOKEN` stands for what [`token`] returns.

#[rustfmt::skip]
mod cases;

use fieldgate::mask::Scalar;
use fieldgate::mask::token::{TokenMaster, TokenSpace};
use fieldgate::model::Reason;

use crate::engine::Engine;
use crate::generate::cut;
use crate::oracle::{fate, fate_by_jsonpath, govern_bytes, read};
use crate::sketch::Sketch;

/// What the rules say, the upstream's answer, and what leaves.
pub struct Case {
    pub sentence: &'static str,
    pub rules: &'static str,
    pub body: &'static str,
    pub leaves: Result<&'static str, Reason>,
}

/// The declared cases, in the order of the contract.
pub fn declared() -> impl Iterator<Item = Case> {
    use cases::*;
    let sentences = [
        PATHS, COVERING, DECIDING, NETS, NAMES, OUTCOMES, CONTAINERS, ENVELOPE, BLANKS, UNLISTED,
        PERSONS, STRICT,
    ];
    sentences
        .into_iter()
        .flatten()
        .flat_map(|(sentence, cases)| {
            cases.iter().map(|(rules, body, leaves)| Case {
                sentence,
                rules,
                body,
                leaves: *leaves,
            })
        })
}

/// The token of the string `x` under the key named `k`, as JSON text.
pub fn token() -> String {
    let mut out = Vec::new();
    TokenMaster::test_key()
        .derive(&TokenSpace::Shared("k"))
        .apply(Scalar::String("x"), &mut out);
    String::from_utf8(out).expect("a token is text")
}

impl Case {
    /// The bytes that leave, tokens filled in.
    pub fn expected(&self) -> Result<String, Reason> {
        self.leaves.map(|text| text.replace("TOKEN", &token()))
    }
}

#[test]
fn the_oracle_reads_each_sentence_as_declared() {
    let mut wrong = Vec::new();
    for case in declared() {
        let sketch = Sketch::read(case.rules);
        let (rules, treatments) = (sketch.rules(), sketch.treatments());
        let view = sketch.view(&rules, &treatments);
        let leaves = govern_bytes(view, case.body.as_bytes())
            .map(|bytes| String::from_utf8(bytes).expect("JSON is text"));
        if leaves != case.expected() {
            let Case {
                sentence,
                rules,
                body,
                ..
            } = case;
            wrong.push(format!(
                "{sentence}\n rules {rules}\n body {body}\n  {leaves:?}\n  not {:?}",
                case.expected()
            ));
        }
        let document = read::read(case.body.as_bytes());
        if let Ok(document) = document
            && let Some(other) = fate_by_jsonpath(view, &document)
        {
            assert_eq!(fate(view, &document), other, "{}", case.rules);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_engine_reads_each_sentence_as_declared_at_every_chunk_size() {
    let mut wrong = Vec::new();
    for case in declared() {
        let engine = Engine::new(&Sketch::read(case.rules));
        for size in [usize::MAX, 64, 7, 3, 2, 1] {
            let answer = engine.govern(&cut(case.body.as_bytes(), &[size]));
            let sent = String::from_utf8(answer.sent).expect("JSON is text");
            let leaves = answer.end.map(|()| sent);
            if leaves != case.expected() {
                let Case {
                    sentence,
                    rules,
                    body,
                    ..
                } = case;
                wrong.push(format!(
                    "{sentence}\n rules {rules}\n body {body}\n  {leaves:?}\n  not {:?}",
                    case.expected()
                ));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_run_of_blanks_above_256_bytes_is_cut_to_its_first_256_shown_or_not() {
    let sketch = Sketch::read("a: show; b: show");
    let (rules, treatments) = (sketch.rules(), sketch.treatments());
    let view = sketch.view(&rules, &treatments);
    let run = |length: usize| format!("\t{}", "\n".repeat(length - 1));
    let body = |w: &[String; 7]| {
        let [w0, w1, w2, w3, w4, w5, w6] = w;
        format!("{w0}{{{w1}\"a\"{w2}:{w3}[{w4}]{w5},\"b\":1{w6}}}{w0}")
    };
    let long = body(&[300, 301, 400, 257, 999, 256, 5000].map(run));
    let cut = body(&[256; 7].map(run));
    assert_eq!(govern_bytes(view, long.as_bytes()), Ok(cut.into_bytes()));
}

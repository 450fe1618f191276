//! `fieldgate test DIR`: a rule set's own tests, each through the stages of the live proxy, with the answer at chunk
//! sizes 1, 7, 64 and whole, plain and gzip.
//!
//! Fails (exit 4) where an assertion does not hold, where two of these runs differ, and where a test gives no `reply:`
//! for a request that is allowed. A refusal nobody asserted fails `expect` and `absent`: they would prove nothing.

mod assertion;
mod coverage;
mod hint;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use bytes::Bytes;
use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};

use self::coverage::Collector;
pub(super) use self::coverage::Coverage;
use super::check::contents;
use super::offline::{self, NoStage, headers, stage, who, with_media_type};
use super::report::{Format, Report, Tested};
use super::{COVERAGE, Failure, INTERNAL, RULES, TESTS, lang, printable, say};
use crate::pipeline::rehearsal::{
    self, Admitted, Call, End, Outcome, Reply, Stage, StoredReply, admit, answer,
};
use crate::policy::diagnostic::{Lang, Text, say};
use crate::policy::{Test, call_parts};

/// Chunk sizes besides the whole.
const CHUNKS: [usize; 3] = [1, 7, 64];
/// A reply up to here is compressed for the gzip runs, a longer one only wrapped: how far it may expand is the
/// upstream's matter, not the rules'.
const COMPRESSED: usize = 1 << 20;
/// Our own names for exchanges are not part of what is asserted.
const REQUEST_ID: &str = "";
/// What stands for the validator of a stored record of which a test says nothing.
const VALIDATOR: &str = "\"stored\"";

/// The arguments of `fieldgate test`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The rules directory
    dir: PathBuf,
    /// Settings to take limits and the token key from; else the published test key
    #[arg(short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Tell which cells, exceptions and ceilings no test proves
    #[arg(long)]
    coverage: bool,
    /// Fail below this coverage
    #[arg(long, value_name = "PERCENT", requires = "coverage", value_parser = clap::value_parser!(u8).range(0..=100))]
    min: Option<u8>,
}

/// What a caller got.
#[derive(Debug, PartialEq, Eq)]
struct Got {
    outcome: Outcome,
    body: Vec<u8>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, format: Format) -> Result<ExitCode, Failure> {
    let config = arguments.config.as_deref();
    let mut report = Report {
        command: "test",
        dir: printable(&arguments.dir.display().to_string()),
        lang: lang(),
        ok: false,
        deny_lints: false,
        contents: None,
        diagnostics: &[],
        tests: &[],
        coverage: None,
    };
    let stage = match stage(&arguments.dir, config) {
        Ok(stage) => stage,
        // Settings that cannot be used are told to whoever called, not to whoever reads the report.
        Err(NoStage::Rules(mistakes)) if format != Format::Pretty => {
            report.diagnostics = &mistakes;
            say(&report.written(format));
            return Ok(ExitCode::from(RULES));
        }
        Err(none) => return Err(none.into()),
    };
    let now = jiff::Timestamp::now().as_second();
    let mut collector = arguments.coverage.then(|| Collector::new(&stage, now));
    let tested = all(&stage, now, collector.as_mut())?;
    let coverage = collector.map(|collector| collector.coverage(arguments.min));
    let falls_short = coverage.as_ref().is_some_and(Coverage::falls_short);
    let passed = tested.iter().all(|test| test.wrong.is_empty());
    report.ok = passed && !falls_short;
    report.coverage = coverage.as_ref();
    report.contents = Some(contents(&stage.policy().rules));
    report.tests = &tested;
    match format {
        Format::Pretty => say(&for_people(&report)),
        _ => say(&report.written(format)),
    }
    Ok(ExitCode::from(match (passed, falls_short) {
        (false, _) => TESTS,
        (true, true) => COVERAGE,
        (true, false) => 0,
    }))
}

/// Runs every test of a rule set.
///
/// # Errors
///
/// Where the machine fails, not a test.
pub(super) fn tested(stage: &Stage) -> Result<Vec<Tested>, Failure> {
    all(stage, jiff::Timestamp::now().as_second(), None)
}

fn all(
    stage: &Stage,
    now: i64,
    mut collector: Option<&mut Collector<'_>>,
) -> Result<Vec<Tested>, Failure> {
    let mut tested = Vec::new();
    for test in &stage.policy().rules.tests {
        let wrong = judge(stage, test, now, collector.as_deref_mut());
        let wrong = wrong.map_err(|error| Failure::new(INTERNAL, error))?;
        let (file, line) = test.place.rsplit_once(':').unwrap_or((&test.place, ""));
        tested.push(Tested {
            name: test.name.clone(),
            file: file.to_owned(),
            line: line.parse().unwrap_or_default(),
            wrong,
        });
    }
    Ok(tested)
}

/// The tests that do not hold, or were not run before `until`.
pub(super) fn failing(stage: &Stage, until: Instant) -> Vec<&Test> {
    let now = jiff::Timestamp::now().as_second();
    let holds = |test: &Test| {
        Instant::now() < until && judge(stage, test, now, None).is_ok_and(|wrong| wrong.is_empty())
    };
    let tests = &stage.policy().rules.tests;
    tests.iter().filter(|test| !holds(test)).collect()
}

fn for_people(report: &Report<'_>) -> String {
    let failed = report.tests.iter().filter(|test| !test.wrong.is_empty());
    let mut text = String::new();
    for test in failed.clone() {
        let head = say!(
            "FAILED {}:{}: {}\n",
            "未通过 {}:{}：{}\n",
            test.file,
            test.line,
            test.name
        );
        text.push_str(head.get(report.lang));
        for sentence in &test.wrong {
            text.push_str(&format!("  {}\n", sentence.get(report.lang)));
        }
    }
    let (failed, all) = (failed.count(), report.tests.len());
    let tests = if all == 1 { "test" } else { "tests" };
    let end = match failed {
        0 => say!("{all} {tests} passed\n", "{all} 条测试全部通过\n"),
        _ => say!(
            "{failed} of {all} {tests} failed\n",
            "{all} 条测试中 {failed} 条未通过\n"
        ),
    };
    text.push_str(end.get(report.lang));
    if let Some(coverage) = report.coverage {
        text.push_str(&uncovered(coverage, report.lang));
    }
    printable(&text)
}

/// What no test proves, each with a test to write.
fn uncovered(coverage: &Coverage, lang: Lang) -> String {
    let mut text = String::new();
    for missing in &coverage.missing {
        let (place, kind, what) = (&missing.place, missing.kind_text(), &missing.what);
        let head =
            say!("NOT COVERED {place}: {kind} {what}\n", "未覆盖 {place}：{kind} {what}\n"; kind);
        text.push_str(head.get(lang));
        for line in missing.test.lines() {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text.push_str(coverage.summary().get(lang));
    text.push('\n');
    text
}

/// Everything that is wrong with one test.
fn judge(
    stage: &Stage,
    test: &Test,
    now: i64,
    collector: Option<&mut Collector<'_>>,
) -> io::Result<Vec<Text>> {
    let call = match call(test, now) {
        Ok(call) => call,
        Err(sentence) => return Ok(vec![sentence]),
    };
    let admitted = match admit(stage, &call, REQUEST_ID) {
        Ok(admitted) => admitted,
        Err(outcome) => {
            let got = refused(*outcome);
            let wrong = assertion::judge(stage, test, None, &got);
            if let (true, Some(collector)) = (wrong.is_empty(), collector)
                && let Err(stopped) = rehearsal::judge(stage, &call, REQUEST_ID)
            {
                collector.refused(test, call.now, &stopped);
            }
            return Ok(wrong);
        }
    };
    if admitted.awaits_stored() {
        return Ok(vec![say!(
            "the write is judged by the record as it is stored, so the test needs the upstream's answer about it: `stored: FIXTURE`",
            "写入要按已存的记录判定，所以测试要给出后端对它的响应：`stored: 样例文件`"
        )]);
    }
    // 204 has no body.
    let reply = test.reply.as_deref();
    let Some(reply) = reply.or((test.reply_status == 204).then_some(&[][..])) else {
        return Ok(vec![say!(
            "the request is allowed, so the test needs the upstream's answer: `reply: FIXTURE`",
            "请求获准，所以测试要给出后端的响应：`reply: 样例文件`"
        )]);
    };
    let got = once(stage, &admitted, test, (reply, false), reply.len())?;
    let mut wrong = assertion::judge(stage, test, Some(&admitted.permit), &got);
    wrong.extend(differences(stage, &admitted, test, reply, &got)?);
    if let Some(collector) = collector.filter(|_| wrong.is_empty()) {
        collector.take(test, call.now, &admitted, &got);
    }
    Ok(wrong)
}

fn call(test: &Test, now: i64) -> Result<Call, Text> {
    let (method, target) = call_parts(&test.call)
        .ok_or_else(|| say!("`call` cannot go over the wire", "`call` 不能原样发出"))?;
    let media = test.body.as_ref().map(|_| test.body_type.as_str());
    Ok(Call {
        who: who(test.who.clone(), test.peer),
        method,
        target: target.to_owned(),
        headers: with_media_type(headers(&test.headers)?, media),
        body: test.body.clone().map(Bytes::from),
        stored: stored(test),
        peer: test.peer,
        now: test.now.unwrap_or(now),
    })
}

/// What the upstream says of the record before a write: what the test says is stored, else the same as in the end.
fn stored(test: &Test) -> Option<StoredReply> {
    let etag = test.stored_etag.as_deref();
    if let Some(stored) = &test.stored {
        return Some(offline::stored(StatusCode::OK, stored.clone().into(), etag));
    }
    let reply = test.reply.clone()?;
    let status = StatusCode::from_u16(test.reply_status).ok();
    let error = status.filter(|status| status.as_u16() >= 400);
    let etag = Some(etag.unwrap_or(VALIDATOR));
    Some(offline::stored(
        error.unwrap_or_default(),
        reply.into(),
        etag,
    ))
}

/// The runs whose result is not that of the plain, whole reply.
fn differences(
    stage: &Stage,
    admitted: &Admitted,
    test: &Test,
    reply: &[u8],
    got: &Got,
) -> io::Result<Vec<Text>> {
    let zipped = gzip(reply)?;
    let mut wrong = Vec::new();
    for (body, coding) in [(reply, "plain"), (zipped.as_slice(), "gzip")] {
        for chunk in CHUNKS.into_iter().chain([body.len()]) {
            let other = once(stage, admitted, test, (body, coding == "gzip"), chunk)?;
            if other != *got {
                wrong.push(say!(
                    "the answer depends on how the reply comes: whole and plain it is {}, {coding} in chunks of {chunk} it is {}",
                    "响应随后端发来的方式而变：整块明文时是 {}，以 {coding}、每块 {chunk} 字节时是 {}",
                    summary(got),
                    summary(&other)
                ));
            }
        }
    }
    Ok(wrong)
}

fn summary(got: &Got) -> Text {
    let status = got.outcome.status.as_u16();
    let bytes = got.body.len();
    match got.outcome.reason {
        None => say!("{status} with {bytes} bytes", "{status}，{bytes} 字节"),
        Some(reason) => say!(
            "{status} with {bytes} bytes ({})",
            "{status}，{bytes} 字节（{}）",
            reason.code()
        ),
    }
}

fn once(
    stage: &Stage,
    admitted: &Admitted,
    test: &Test,
    (body, gzip): (&[u8], bool),
    chunk: usize,
) -> io::Result<Got> {
    let declared = rehearsal::media_type(&admitted.permit);
    let said = test.reply_media.as_deref().map(HeaderValue::from_str);
    let media = said.and_then(Result::ok).unwrap_or(declared);
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, media)]);
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let reply = Reply {
        status: StatusCode::from_u16(test.reply_status).unwrap_or_default(),
        headers,
        body,
        chunk,
    };
    let mut sent = Vec::new();
    let outcome = answer(stage, admitted, reply, REQUEST_ID, &mut sent)?;
    Ok(match outcome.end {
        End::Refused => refused(outcome),
        End::Complete | End::Aborted => Got {
            outcome,
            body: sent,
        },
    })
}

/// A refusal with the body it leaves with.
fn refused(outcome: Outcome) -> Got {
    let body = outcome.problem(REQUEST_ID).unwrap_or_default();
    Got { outcome, body }
}

fn gzip(reply: &[u8]) -> io::Result<Vec<u8>> {
    let level = match reply.len() <= COMPRESSED {
        true => Compression::fast(),
        false => Compression::none(),
    };
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(reply)?;
    encoder.finish()
}

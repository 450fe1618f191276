//! Medians of the thread's own CPU time, so that a neighbour on the machine costs a round, not the figure.
//!
//! All contenders of a group take turns: what changes on the machine meanwhile changes for all of them.

use rustix::time::{ClockId, clock_gettime};

/// One thing to measure.
pub struct Contender<'a> {
    pub name: String,
    /// Input bytes of one run.
    pub bytes: usize,
    pub run: Box<dyn FnMut() + 'a>,
}

impl<'a> Contender<'a> {
    pub fn new(name: impl Into<String>, bytes: usize, run: impl FnMut() + 'a) -> Self {
        Contender {
            name: name.into(),
            bytes,
            run: Box::new(run),
        }
    }
}

/// What was measured of one contender.
#[derive(Clone, Debug)]
pub struct Figure {
    pub name: String,
    pub mb_per_second: f64,
    /// Half the distance of the two middle quarters' ends, as a part of the median.
    pub spread: f64,
}

/// A sample takes at least this long, so that reading the clock does not count.
const SAMPLE: f64 = 0.02;
const ROUNDS: usize = 7;
/// Rounds where one run alone takes longer than [`LONG`].
const FEW_ROUNDS: usize = 3;
const LONG: f64 = 0.3;

/// Measures a group, in turns.
pub fn measure(mut contenders: Vec<Contender<'_>>) -> Vec<Figure> {
    // The first run warms caches and plans, the second says how many make a sample.
    let runs: Vec<(usize, usize)> = contenders
        .iter_mut()
        .map(|contender| {
            (contender.run)();
            let once = timed(contender, 1);
            let rounds = if once > LONG { FEW_ROUNDS } else { ROUNDS };
            ((SAMPLE / once.max(1e-9)).ceil() as usize, rounds)
        })
        .collect();
    let mut samples = vec![Vec::new(); contenders.len()];
    for round in 0..ROUNDS {
        for ((contender, (runs, rounds)), samples) in
            contenders.iter_mut().zip(&runs).zip(&mut samples)
        {
            if round < *rounds {
                samples.push(timed(contender, *runs));
            }
        }
    }
    contenders
        .iter()
        .zip(samples)
        .map(|(contender, mut samples)| {
            samples.sort_by(f64::total_cmp);
            let at = |part: f64| samples[((samples.len() - 1) as f64 * part).round() as usize];
            Figure {
                name: contender.name.clone(),
                mb_per_second: contender.bytes as f64 / at(0.5) / 1e6,
                spread: (at(0.75) - at(0.25)) / 2.0 / at(0.5),
            }
        })
        .collect()
}

/// Seconds of CPU for one run, over so many.
fn timed(contender: &mut Contender<'_>, runs: usize) -> f64 {
    let before = now();
    for _ in 0..runs {
        (contender.run)();
    }
    (now() - before) / runs as f64
}

fn now() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

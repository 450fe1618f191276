//! The tables, for the terminal and for `docs/benchmarks.md`.

use crate::floods::{ATTACKERS, Flood};
use crate::machine;
use crate::measure::{Case, Felt, IDLE, LargeOutcome, median};
use crate::options::{Options, Peer, Protocol, Size};
use crate::page::{self, Bound, Targets};
use crate::subjects::Rig;

/// What fifty attackers may make a proxy of two cores hold, in MiB.
const FLOOD_MEMORY: f64 = 64.0;

/// What has been measured so far, as text.
pub struct Report<'a> {
    options: &'a Options,
    subjects: Vec<(String, Peer)>,
    text: String,
    targets: Targets,
}

impl<'a> Report<'a> {
    pub fn new(options: &'a Options) -> Report<'a> {
        let mut report = Report {
            options,
            subjects: Vec::new(),
            text: String::new(),
            targets: Targets::default(),
        };
        let today = jiff::Zoned::now().date();
        let arguments: Vec<String> = std::env::args()
            .skip(1)
            .filter(|one| one != "--bench")
            .collect();
        report.say(&format!(
            "Made on {today} by `cargo bench --bench proxy -- {}`, medians of {} rounds.\n{}",
            arguments.join(" "),
            options.rounds,
            machine::description(),
        ));
        report
    }

    /// Whom the figures are of; the same in every rig.
    pub fn about(&mut self, rig: &Rig) {
        let each = rig.subjects.iter();
        self.subjects = each.map(|one| (one.name.clone(), one.peer)).collect();
    }

    fn say(&mut self, paragraph: &str) {
        println!("{paragraph}\n");
        self.text += paragraph;
        self.text += "\n\n";
    }

    /// A row for each subject, its cells made from its position.
    fn by_subject(&mut self, heading: &[String], cells: impl Fn(usize) -> Vec<String>) {
        let subjects = self.subjects.iter().enumerate();
        let rows: Vec<Vec<String>> = subjects
            .map(|(at, (name, peer))| {
                let bold = |text: String| match peer.is_governed() && !text.is_empty() {
                    true => format!("**{text}**"),
                    false => text,
                };
                let row = std::iter::once(name.clone()).chain(cells(at));
                row.map(bold).collect()
            })
            .collect();
        self.say(page::table(heading, &rows).trim_end());
    }

    fn governed(&self) -> Vec<usize> {
        let subjects = self.subjects.iter().enumerate();
        let governed = subjects.filter(|(_, (_, peer))| peer.is_governed());
        governed.map(|(at, _)| at).collect()
    }

    fn lua(&self) -> Option<usize> {
        self.subjects
            .iter()
            .position(|(_, peer)| *peer == Peer::Lua)
    }

    pub fn load(&mut self, cases: &[Case]) {
        self.say("### CPU per request\n\nAs a ratio to nginx pass-through of the same round; the least and the most of all rounds in parentheses.");
        let name = |case: &Case| format!("{}, {}", case.size.name(), case.protocol.name());
        let head = |first: &str| {
            let names = cases.iter().map(name);
            std::iter::once(first.to_owned())
                .chain(names)
                .collect::<Vec<_>>()
        };
        self.by_subject(&head("nginx pass-through = 1"), |at| {
            cases
                .iter()
                .map(|case| spread(&ratios(&case.rounds[at], &case.rounds[0])))
                .collect()
        });
        self.say("The same in microseconds of CPU; another machine has others.");
        self.by_subject(&head("µs"), |at| {
            cases
                .iter()
                .map(|case| micros(median(&case.rounds[at])))
                .collect()
        });
        for size in Size::ALL {
            self.load_target(cases, size, 0, "nginx pass-through", 1.25);
        }
        if let Some(lua) = self.lua() {
            for (size, limit) in Size::ALL.into_iter().zip([0.55, 0.14, 0.09]) {
                self.load_target(cases, size, lua, "nginx + Lua cjson", limit);
            }
        }
    }

    fn load_target(&mut self, cases: &[Case], size: Size, to: usize, whom: &str, limit: f64) {
        let mut figures = Vec::new();
        for case in cases.iter().filter(|case| case.size == size) {
            for at in self.governed() {
                let protocol = match case.protocol {
                    Protocol::H1 => "h1",
                    Protocol::H2 => "h2",
                };
                let peer = self.subjects[at].1;
                let rules = if peer == Peer::Fieldgate { "12" } else { "50" };
                let figure = median(&ratios(&case.rounds[at], &case.rounds[to]));
                figures.push((figure, format!("{protocol}/{rules} {figure:.2}")));
            }
        }
        let what = format!("{}, CPU / {whom} (protocol/fields)", size.name());
        self.target(what, limit, "", &figures);
    }

    fn target(&mut self, what: String, most: f64, unit: &str, figures: &[(f64, String)]) {
        self.targets.add(what, Bound::AtMost(most), unit, figures);
    }

    pub fn handshakes(&mut self, rounds: &[Vec<f64>]) {
        self.say("### Full handshakes\n\nTLS 1.3, X25519, ECDSA P-256, no resumption: connect, one request for the 1 KB record, close.");
        self.by_subject(
            &["CPU per connection", "µs", "nginx = 1"].map(str::to_owned),
            |at| {
                let ratios = ratios(&rounds[at], &rounds[0]);
                vec![micros(median(&rounds[at])), spread(&ratios)]
            },
        );
    }

    pub fn first_bytes(&mut self, rounds: &[Vec<f64>]) {
        self.say("### First byte\n\nOf the 1 MB list on a connection that is there, less that of the upstream asked directly, taking turns.");
        self.by_subject(&["first byte, added", "µs"].map(str::to_owned), |at| {
            vec![micros(median(&rounds[at]))]
        });
        let figures: Vec<(f64, String)> = self
            .governed()
            .into_iter()
            .map(|at| median(&rounds[at]) / 1e3)
            .map(|figure| (figure, format!("{figure:.2} ms")))
            .collect();
        self.target(
            "first byte, added (12, 50 fields)".to_owned(),
            1.0,
            " ms",
            &figures,
        );
    }

    pub fn large(&mut self, outcomes: &[Vec<LargeOutcome>]) {
        let name = self.options.large.name();
        self.say(&format!(
            "### A response of {name}\n\nRead as fast as it comes, from processes that have answered one small request. Resident memory is summed over\nthe processes, pages they share counting for each; growth is the peak less what was resident before the request."
        ));
        let heading = [
            "",
            "sent, MiB",
            "peak, MiB",
            "growth, MiB",
            "first byte, ms",
        ];
        self.by_subject(&heading.map(str::to_owned), |at| {
            let seen = &outcomes[at];
            if seen.is_empty() {
                return ["not run, too little free memory", "", "", ""]
                    .map(str::to_owned)
                    .to_vec();
            }
            let middle = |of: fn(&LargeOutcome) -> f64| {
                let figures: Vec<f64> = seen.iter().map(of).collect();
                format!("{:.1}", median(&figures))
            };
            vec![
                middle(|one| mebibytes(one.length)),
                middle(|one| mebibytes(one.peak)),
                middle(|one| mebibytes(one.growth)),
                middle(|one| one.first_byte.as_secs_f64() * 1e3),
            ]
        });
        let growth = |at: usize| {
            let each = outcomes[at].iter().map(|one| mebibytes(one.growth));
            let figure = each.fold(0.0, f64::max);
            (figure, format!("{figure:.1} MiB"))
        };
        let figures: Vec<(f64, String)> = self.governed().into_iter().map(growth).collect();
        self.target(
            format!("{name} response, most growth (12, 50 fields)"),
            8.0,
            " MiB",
            &figures,
        );
    }

    pub fn idle(&mut self, outcomes: &[Vec<f64>]) {
        self.say(&format!(
            "### Idle connections\n\n{} connections after a handshake and one request, all of them usable afterwards, to new processes.",
            self.options.scaled(IDLE),
        ));
        self.by_subject(&["resident memory", "KiB each"].map(str::to_owned), |at| {
            vec![format!("{:.1}", median(&outcomes[at]))]
        });
        let each = |at: usize| {
            let figure = median(&outcomes[at]);
            (figure, format!("{figure:.1} KiB"))
        };
        let figures: Vec<(f64, String)> = self.governed().into_iter().map(each).collect();
        self.target(
            "idle TLS connection (12, 50 fields)".to_owned(),
            24.0,
            " KiB",
            &figures,
        );
    }

    pub fn floods(&mut self, felt: &[Vec<Felt>]) {
        self.say(&format!(
            "### Floods\n\nThe p99 of four well-behaved callers of the 1 KB record beside {ATTACKERS} attackers, over their p99 beside {ATTACKERS} well-behaved\ncallers, in the same round; behind it the share of requests that were served, and the most resident memory. Attackers begin anew\ntwice a second at most, and are otherwise as fast as cores that nobody else wants let them be (`SCHED_IDLE`); `reconnects` is as many\ncallers who ask for one record on a connection of its own at that pace, and attack nothing. nginx and haproxy stand\nhere with their own defaults.",
        ));
        let heading = Flood::ALL.map(|flood| flood.name().to_owned());
        let heading: Vec<String> = std::iter::once("p99, calm = 1".to_owned())
            .chain(heading)
            .collect();
        self.by_subject(&heading, |at| {
            let cell = |felt: &Felt| match felt.ratios.is_empty() {
                true => "-".to_owned(),
                false => format!(
                    "{}, {:.1} %, {:.0} MiB",
                    spread(&felt.ratios),
                    100.0 - felt.share_failed(),
                    mebibytes(felt.peak)
                ),
            };
            felt[at].iter().map(cell).collect()
        });
        let governed = self.governed();
        let governed: Vec<&Felt> = governed.into_iter().flat_map(|at| &felt[at]).collect();
        let named = |of: fn(&Felt) -> f64, unit: &str| -> Vec<(f64, String)> {
            let each = Flood::ALL.into_iter().zip(&governed);
            let each = each.filter(|(flood, felt)| flood.is_attack() && !felt.ratios.is_empty());
            each.map(|(flood, felt)| {
                let figure = of(felt);
                (figure, format!("{} {figure:.2}{unit}", flood.name()))
            })
            .collect()
        };
        let p99 = named(|felt| median(&felt.ratios), "");
        let failed = named(Felt::share_failed, " %");
        let memory = named(|felt| mebibytes(felt.peak), " MiB");
        self.target(
            "p99 beside a flood / beside callers".to_owned(),
            3.0,
            "",
            &p99,
        );
        self.target("not served beside a flood".to_owned(), 1.0, " %", &failed);
        let budget = FLOOD_MEMORY;
        self.target(
            "resident memory under a flood".to_owned(),
            budget,
            " MiB",
            &memory,
        );
    }

    /// The targets of the design that this benchmark measures.
    pub fn targets(&mut self) {
        let targets = std::mem::take(&mut self.targets);
        if targets.is_empty() {
            return;
        }
        self.say("### Targets\n\nEvery figure has tokens verified and accesses recorded; a target is met when each figure beside it is within.");
        self.say(targets.table("governed response").trim_end());
    }

    /// Puts the text into the page.
    pub fn write(&self) {
        page::write("proxy", &self.text);
    }
}

/// Round by round.
fn ratios(figures: &[f64], to: &[f64]) -> Vec<f64> {
    figures
        .iter()
        .zip(to)
        .map(|(one, base)| one / base)
        .collect()
}

fn spread(figures: &[f64]) -> String {
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let most = figures.iter().copied().fold(0.0, f64::max);
    let middle = median(figures);
    match least == most {
        true => format!("{middle:.2}"),
        false => format!("{middle:.2} ({least:.2}-{most:.2})"),
    }
}

fn micros(figure: f64) -> String {
    match figure < 100.0 {
        true => format!("{figure:.1}"),
        false => format!("{figure:.0}"),
    }
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

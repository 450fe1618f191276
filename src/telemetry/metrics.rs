//! Every metric, declared once; `docs/metrics.md` explains each.
//!
//! Labels are bounded: routes come from the rule set, reasons and kinds from closed enums, statuses
//! from the protocol. No path, id or value of a request is ever a label (Q02).

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    route: Route,
    status: u16,
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Found {
    route: Route,
    found: &'static str,
}

/// Shared with the rules, so that counting an answer copies no text; empty where none matched.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Route(Option<Arc<str>>);

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.as_deref().unwrap_or_default().encode(encoder)
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Asked {
    upstream: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Refused {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Looked {
    result: &'static str,
}

type Seconds = Family<Asked, Histogram, fn() -> Histogram>;

/// All metrics of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    finds: Family<Found, Counter>,
    in_flight: Gauge,
    held: Gauge,
    bytes: Counter,
    upstream: Seconds,
    shares_refused: Family<Asked, Counter>,
    audit_errors: Counter,
    connections: Gauge,
    refused: Family<Refused, Counter>,
    given_up: Family<Refused, Counter>,
    generation: Gauge<u64, AtomicU64>,
    rules_looked: Family<Looked, Counter>,
    rules_stale: Gauge,
    blocks: Gauge,
    blocks_unreadable: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("fieldgate"),
            requests: Family::default(),
            finds: Family::default(),
            in_flight: Gauge::default(),
            held: Gauge::default(),
            bytes: Counter::default(),
            upstream: Family::new_with_constructor(seconds),
            shares_refused: Family::default(),
            audit_errors: Counter::default(),
            connections: Gauge::default(),
            refused: Family::default(),
            given_up: Family::default(),
            generation: Gauge::default(),
            rules_looked: Family::default(),
            rules_stale: Gauge::default(),
            blocks: Gauge::default(),
            blocks_unreadable: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

fn seconds() -> Histogram {
    Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    ])
}

impl Metrics {
    fn register(&mut self) {
        let to = &mut self.registry;
        to.register(
            "requests",
            "Answers by route, status and reason",
            self.requests.clone(),
        );
        to.register(
            "finds",
            "Look-ups by a value that is masked for the caller, empty answers too",
            self.finds.clone(),
        );
        to.register(
            "requests_in_flight",
            "Requests whose answer has not ended",
            self.in_flight.clone(),
        );
        to.register(
            "response_bytes",
            "Bytes of answers' bodies that went out",
            self.bytes.clone(),
        );
        to.register(
            "upstream_seconds",
            "Time from asking an upstream to the head of its answer",
            self.upstream.clone(),
        );
        to.register(
            "upstream_shares_refused",
            "Requests of callers who had their share of an upstream",
            self.shares_refused.clone(),
        );
        to.register(
            "audit_errors",
            "Access records that could not be written",
            self.audit_errors.clone(),
        );
        to.register(
            "held_bytes",
            "What all exchanges hold together while they wait",
            self.held.clone(),
        );
        to.register(
            "connections",
            "Connections open now, handshakes included",
            self.connections.clone(),
        );
        to.register(
            "connections_refused",
            "What was refused before there was a request, by kind",
            self.refused.clone(),
        );
        to.register(
            "callers_given_up",
            "Callers who sent or took an exchange's bytes too slowly, by kind",
            self.given_up.clone(),
        );
        to.register(
            "rules_generation",
            "Generation of the rule set in force, 0 for none",
            self.generation.clone(),
        );
        to.register(
            "rules_looked",
            "Rule sets that were judged, by what came of it",
            self.rules_looked.clone(),
        );
        to.register(
            "rules_stale",
            "1 while the rules directory holds another rule set than the one in force",
            self.rules_stale.clone(),
        );
        to.register("blocks", "Blocks in force", self.blocks.clone());
        to.register(
            "blocks_unreadable",
            "1 while nobody knows who is blocked, so that everybody is refused",
            self.blocks_unreadable.clone(),
        );
    }

    /// Counts a request as under way until the guard is dropped.
    pub fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Counts an answer that has ended. `route` is the rule set's text, empty where none matched;
    /// `reason` is the refusal's code, empty where nothing was refused.
    pub fn answered(&self, route: Option<Arc<str>>, status: u16, reason: &'static str, bytes: u64) {
        self.bytes.inc_by(bytes);
        let labels = Answered {
            route: Route(route),
            status,
            reason,
        };
        self.requests.get_or_create(&labels).inc();
    }

    /// Counts a look-up by a value that is masked for the caller (`find`), whether a record left or none.
    pub fn found(&self, route: Option<Arc<str>>, found: bool) {
        let labels = Found {
            route: Route(route),
            found: if found { "true" } else { "false" },
        };
        self.finds.get_or_create(&labels).inc();
    }

    /// Counts how long an upstream took to the head of its answer.
    pub fn upstream_took(&self, upstream: &str, time: Duration) {
        let labels = Asked {
            upstream: upstream.to_owned(),
        };
        self.upstream
            .get_or_create(&labels)
            .observe(time.as_secs_f64());
    }

    /// Counts a request of a caller who has their share of an upstream.
    pub fn share_refused(&self, upstream: &str) {
        let labels = Asked {
            upstream: upstream.to_owned(),
        };
        self.shares_refused.get_or_create(&labels).inc();
    }

    /// Says how many bytes all exchanges hold together.
    pub fn held(&self, bytes: u64) {
        self.held.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Counts an access record that could not be written.
    pub fn audit_failed(&self) {
        self.audit_errors.inc();
    }

    /// A connection is open.
    pub fn connection_opened(&self) {
        self.connections.inc();
    }

    /// A connection that was open has ended.
    pub fn connection_closed(&self) {
        self.connections.dec();
    }

    /// Counts what was refused before there was a request; `kind` is the code of a closed enum.
    pub fn connection_refused(&self, kind: &'static str) {
        self.refused.get_or_create(&Refused { kind }).inc();
    }

    /// Counts a caller who was waited for long enough; `kind` is one of a closed list.
    pub fn caller_given_up(&self, kind: &'static str) {
        self.given_up.get_or_create(&Refused { kind }).inc();
    }

    /// Says which rule set is in force.
    pub fn rules_loaded(&self, generation: u64) {
        self.generation.set(generation);
    }

    /// Counts a rule set that was judged; `result` is the code of a closed enum.
    pub fn rules_judged(&self, result: &'static str) {
        self.rules_looked.get_or_create(&Looked { result }).inc();
    }

    /// Says whether the rules directory holds another rule set than the one in force.
    pub fn rules_stale(&self, stale: bool) {
        self.rules_stale.set(stale.into());
    }

    /// Says how many blocks are in force.
    pub fn blocks(&self, count: usize) {
        self.blocks.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Says whether the file of blocks cannot be read.
    pub fn blocks_unreadable(&self, unreadable: bool) {
        self.blocks_unreadable.set(unreadable.into());
    }

    /// The OpenMetrics text that scrapers read.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a `String` cannot fail; if it did, a scraper would miss the closing `# EOF`.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// One request under way.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_is_documented_and_nothing_else_is() {
        let documented: Vec<&str> = include_str!("../../docs/metrics.md")
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .filter(|name| name.starts_with("fieldgate_"))
            .collect();
        let metrics = Metrics::default();
        // A family without members has no text.
        metrics.answered(None, 200, "", 0);
        metrics.found(None, true);
        metrics.upstream_took("crm", Duration::ZERO);
        metrics.share_refused("crm");
        metrics.connection_refused("handshake");
        metrics.caller_given_up("slow-body");
        metrics.rules_judged("taken");
        let text = metrics.text();
        let declared: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .map(|line| match line.split_once(' ') {
                Some((name, "counter")) => format!("{name}_total"),
                Some((name, _)) => name.to_owned(),
                None => line.to_owned(),
            })
            .collect();
        assert_eq!(documented, declared);
    }

    #[test]
    fn what_happened_can_be_read() {
        let metrics = Metrics::default();
        let first = metrics.begin();
        let _second = metrics.begin();
        drop(first);
        metrics.answered(Some("GET /customers/{id}".into()), 200, "", 412);
        metrics.answered(None, 404, "no-such-route", 0);
        metrics.upstream_took("crm", Duration::from_millis(2));
        metrics.share_refused("crm");
        metrics.found(Some("GET /customers".into()), true);
        metrics.found(Some("GET /customers".into()), false);
        metrics.audit_failed();
        metrics.held(16_384);
        metrics.connection_opened();
        metrics.connection_opened();
        metrics.connection_closed();
        metrics.caller_given_up("slow-body");
        metrics.connection_refused("handshake");
        metrics.rules_loaded(18);
        metrics.rules_judged("tests");
        metrics.rules_stale(true);
        metrics.blocks(2);
        metrics.blocks_unreadable(true);
        let text = metrics.text();
        for line in [
            "fieldgate_requests_in_flight 1",
            "fieldgate_held_bytes 16384",
            "fieldgate_requests_total{route=\"GET /customers/{id}\",status=\"200\",reason=\"\"} 1",
            "fieldgate_requests_total{route=\"\",status=\"404\",reason=\"no-such-route\"} 1",
            "fieldgate_response_bytes_total 412",
            "fieldgate_finds_total{route=\"GET /customers\",found=\"true\"} 1",
            "fieldgate_finds_total{route=\"GET /customers\",found=\"false\"} 1",
            "fieldgate_upstream_seconds_count{upstream=\"crm\"} 1",
            "fieldgate_upstream_shares_refused_total{upstream=\"crm\"} 1",
            "fieldgate_audit_errors_total 1",
            "fieldgate_connections 1",
            "fieldgate_connections_refused_total{kind=\"handshake\"} 1",
            "fieldgate_callers_given_up_total{kind=\"slow-body\"} 1",
            "fieldgate_rules_generation 18",
            "fieldgate_rules_looked_total{result=\"tests\"} 1",
            "fieldgate_rules_stale 1",
            "fieldgate_blocks 2",
            "fieldgate_blocks_unreadable 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}

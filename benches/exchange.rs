//! What one exchange costs around its bytes: authenticating, routing, deciding and recording, without a network.
//!
//! `make bench` prints a table of CPU time (all threads, user and system, by the kernel's own accounting) for each
//! part and writes it into `docs/benchmarks.md`. `exchange PART COUNT CONCURRENCY` runs one part alone, for `valgrind --tool=callgrind`: the difference of
//! two counts, over the difference of the counts, is instructions for one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

#[path = "fixture/page.rs"]
mod page;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use data_encoding::BASE64URL_NOPAD;
use fieldgate::audit::{Audit, AuditSettings, Durability};
use fieldgate::config::{self, JwtAlgorithm, JwtIssuer};
use fieldgate::decide::{Context, Decision, Permit, decide, decide_as};
use fieldgate::identity::Identity;
use fieldgate::mask::token::TokenMaster;
use fieldgate::model::{Caller, Secret};
use fieldgate::pipeline::observe::Observed;
use fieldgate::pipeline::{Budget, Generation, Proxy, Validators};
use fieldgate::policy::store::Policy;
use fieldgate::policy::{RoleId, load_texts};
use fieldgate::route::Match;
use fieldgate::telemetry::Metrics;
use fieldgate::transform::{BodyLimits, Engine, Tally};
use fieldgate::upstream::Upstreams;
use http::{HeaderMap, Method, StatusCode};
use page::{Bound, Targets};

const TARGET: &str = "/customers/1001?page=2";
const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 2, 0, 7));

/// 50 fields, 12 roles of which the caller holds two, an exception with an end, a ceiling.
fn rules() -> String {
    let mut rules = String::from(
        "fieldgate: 1
classes:
  basic: { level: 1 }
  contact: { level: 3 }
  secret: { level: 4 }
resources:
  customer:
    at: { 'GET /customers/{id}': $ }
    person: { field: id, path: id }
    params: { path.id: id, page: { whole: 1..1000 } }
    fields:
      id: basic
",
    );
    for at in 1..50 {
        let class = match at % 3 {
            0 => "basic",
            1 => "{ class: contact, mask: email }",
            _ => "secret",
        };
        writeln!(rules, "      group_{}.field_{at}: {class}", at / 5).unwrap();
    }
    rules.push_str("roles:\n");
    for at in 0..12 {
        writeln!(
            rules,
            "  role{at}: {{ jwt: staff, claim: roles, has: r{at} }}"
        )
        .unwrap();
    }
    rules.push_str("read:\n  customer:\n");
    for at in 0..12 {
        writeln!(
            rules,
            "    role{at}: {{ basic: show, contact: mask, secret: strip }}"
        )
        .unwrap();
    }
    rules.push_str(
        "exceptions:
  - { field: customer.group_0.field_2, role: role3, do: show, until: 2099-01-01, reason: a benchmark }
",
    );
    rules
}

/// One record as the upstream sends it.
fn answer() -> Vec<u8> {
    let mut groups: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for at in 1..50 {
        let group = groups.entry(format!("group_{}", at / 5)).or_default();
        group.insert(format!("field_{at}"), format!("value {at}"));
    }
    let mut record = serde_json::to_value(groups).unwrap();
    record["id"] = "1001".into();
    serde_json::to_vec(&record).unwrap()
}

/// An ES256 issuer below `dir` and a token of it.
fn issuer(dir: &Path, now: i64) -> (JwtIssuer, String) {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = key.public_key().as_ref();
    let part = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let jwk = serde_json::json!({"keys": [{
        "kty": "EC", "crv": "P-256", "kid": "k1", "alg": "ES256",
        "x": part(&point[1..33]), "y": part(&point[33..]),
    }]});
    std::fs::write(dir.join("jwks.json"), jwk.to_string()).unwrap();
    let claims = serde_json::json!({
        "iss": "https://idp.example", "aud": "fieldgate", "sub": "u-3391", "jti": "5f1c2e3a4b5c",
        "iat": now - 60, "nbf": now - 60, "exp": now + 3600, "name": "Zhang San",
        "email": "san.zhang@bank.example", "roles": ["r3", "r7"],
    });
    let signed = format!(
        "{}.{}",
        part(br#"{"alg":"ES256","kid":"k1","typ":"at+jwt"}"#),
        part(claims.to_string().as_bytes())
    );
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    let settings = JwtIssuer {
        issuer: "https://idp.example".to_owned(),
        audience: "fieldgate".to_owned(),
        jwks: dir.join("jwks.json"),
        algorithms: vec![JwtAlgorithm::Es256],
        leeway: Duration::from_secs(30),
    };
    (settings, format!("{signed}.{}", part(signature.as_ref())))
}

fn settings(dir: &Path) -> config::Settings {
    let audit = dir.join("audit.key");
    std::fs::write(&audit, format!("{}\n", "07".repeat(32))).unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(dir.join("server.pem"), made.cert.pem()).unwrap();
    std::fs::write(dir.join("server.key"), made.signing_key.serialize_pem()).unwrap();
    for secret in ["audit.key", "server.key"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(dir.join(secret), mode).unwrap();
    }
    let text = "fieldgate: 1
node: bench
listen:
  - { address: '127.0.0.1:0', tls: { certificate: server.pem, key: file:server.key } }
upstreams:
  crm: { url: 'http://127.0.0.1:9' }
audit: { dir: audit/, key: file:audit.key }
rules: { dir: rules/ }
";
    let path = dir.join("fieldgate.yaml");
    std::fs::write(&path, text).unwrap();
    config::load(&path).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

fn permitted(policy: &Policy, caller: &Caller, matched: &Match, now: i64) -> Box<Permit> {
    let context = Context {
        now,
        peer: PEER,
        headers: &HeaderMap::new(),
        front: false,
    };
    match decide(policy, caller, matched, context) {
        Decision::Allow(permit) => permit,
        Decision::Deny(denial) => panic!("{denial:?}"),
    }
}

/// Everything an exchange needs, with files below `dir`; must be made inside a runtime.
struct Bench {
    proxy: Proxy,
    headers: HeaderMap,
    now: i64,
    caller: Caller,
    tally: Tally,
    engine: Engine,
    bytes: usize,
}

impl Bench {
    fn new(dir: &Path) -> Self {
        let now = std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap()
            .as_secs() as i64;
        let settings = settings(dir);
        let (issuer, token) = issuer(dir, now);
        let identity = Identity::load(&config::Identity {
            jwt: BTreeMap::from([("staff".to_owned(), issuer)]),
            client_ca: BTreeMap::new(),
            api_keys: BTreeMap::new(),
        })
        .unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        let caller = identity.authenticate(&headers, None, PEER, now).unwrap();
        let rules = load_texts(&[("bench.yaml", rules().as_bytes())])
            .unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let policy = Policy::new(1, rules.rules, TokenMaster::test_key());
        let audit = Audit::open(AuditSettings {
            dir: dir.join("audit"),
            node: "bench".to_owned(),
            key: Secret::new([7; 32]),
            durability: Durability::Process,
            queue: 65_536,
        })
        .unwrap();
        let proxy = Proxy {
            blocks: Default::default(),
            generation: ArcSwap::from_pointee(Generation::new(policy)),
            identity: ArcSwap::from_pointee(identity),
            upstreams: ArcSwap::from_pointee(
                Upstreams::new(
                    &settings.upstreams,
                    &settings.limits,
                    "bench",
                    NonZeroUsize::MIN,
                )
                .unwrap(),
            ),
            audit,
            metrics: Arc::new(Metrics::default()),
            budget: Arc::new(Budget::new(settings.limits.held)),
            validators: Validators::new(&Secret::new([7; 32])),
            front: None,
            cors: None,
            limits: settings.limits,
        };
        let generation = proxy.generation.load();
        let matched = generation.router.resolve(&Method::GET, TARGET).unwrap();
        let permit = permitted(&generation.policy, &caller, &matched, now);
        let mut engine = Engine::new(Arc::clone(permit.plan()), BodyLimits::default(), None, None);
        engine.feed(&answer()).unwrap();
        engine.finish().unwrap();
        drop(generation);
        Bench {
            proxy,
            headers,
            now,
            caller,
            tally: engine.tally().clone(),
            bytes: engine.take_output().len(),
            engine,
        }
    }

    fn authenticate(&self) -> Caller {
        let identity = self.proxy.identity.load();
        identity
            .authenticate(&self.headers, None, PEER, self.now)
            .unwrap()
    }

    fn decide_on(&self, matched: &Match) -> Box<Permit> {
        let generation = self.proxy.generation.load();
        permitted(&generation.policy, &self.caller, matched, self.now)
    }

    /// All that `pipeline::exchange` does besides the network.
    async fn exchange(&self) {
        let generation = self.proxy.generation.load_full();
        let caller = self.authenticate();
        let id = ulid::Ulid::generate();
        let mut observed = Box::new(Observed::begin(&self.proxy, id, PEER, &self.headers).unwrap());
        let person = fieldgate::decide::claimed_person(&generation.policy, &caller);
        observed.caller(&caller, person.as_deref());
        let matched = generation.router.resolve(&Method::GET, TARGET).unwrap();
        observed.route(&generation.policy, &matched, "crm");
        let context = Context {
            now: self.now,
            peer: PEER,
            headers: &self.headers,
            front: false,
        };
        let Decision::Allow(permit) = decide(&generation.policy, &caller, &matched, context) else {
            panic!("denied")
        };
        observed.caller(&caller, None);
        observed.roles(Arc::clone(permit.roles()));
        observed.intend(&generation.policy, &permit).await.unwrap();
        observed.status(StatusCode::OK);
        observed.tally(&self.tally);
        let records = self.engine.records().until(u64::MAX);
        observed
            .persons(records.map(|record| (0, record)))
            .await
            .unwrap();
        observed.sent(self.bytes);
        observed.complete();
    }

    /// Each time for a role set that the policy has not seen: one, two or three of the twelve roles.
    fn decide_first(&self, count: usize) {
        let generation = self.proxy.generation.load();
        let matched = generation.router.resolve(&Method::GET, TARGET).unwrap();
        let context = Context {
            now: self.now,
            peer: PEER,
            headers: &self.headers,
            front: false,
        };
        let rules = &generation.policy.rules;
        let anew = || Policy::new(1, rules.clone(), TokenMaster::test_key());
        let sets: Vec<u32> = (1..1 << 12)
            .filter(|set: &u32| set.count_ones() <= 3)
            .collect();
        let mut policy = anew();
        for at in 0..count {
            let set = sets[at % sets.len()];
            if at > 0 && set == 1 {
                policy = anew();
            }
            let held = (0..12).filter(|role| set >> role & 1 == 1).map(RoleId);
            drop(black_box(decide_as(
                &policy,
                held.collect(),
                &matched,
                context,
            )));
        }
    }

    async fn run(&self, part: &str, count: usize) {
        if part == "decide, first time" {
            return self.decide_first(count);
        }
        let generation = self.proxy.generation.load_full();
        let matched = generation.router.resolve(&Method::GET, TARGET).unwrap();
        for _ in 0..count {
            match part {
                "decide" => drop(black_box(self.decide_on(&matched))),
                "authenticate" => drop(black_box(self.authenticate())),
                "resolve" => {
                    let generation = self.proxy.generation.load();
                    drop(black_box(generation.router.resolve(&Method::GET, TARGET)));
                }
                "exchange" => self.exchange().await,
                other => panic!("no part `{other}`"),
            }
        }
    }
}

/// Nanoseconds every thread of this process has run, by the scheduler.
fn cpu() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let ran = tasks.map(|task| {
        let stat = std::fs::read_to_string(task.unwrap().path().join("schedstat"));
        let first = |stat: String| stat.split(' ').next().unwrap().parse::<u64>().unwrap();
        stat.map_or(0, first)
    });
    ran.sum()
}

/// Runs `count` in all, `concurrency` at a time.
async fn run(bench: &Arc<Bench>, part: &str, count: usize, concurrency: usize) {
    let tasks = tokio::task::LocalSet::new();
    for _ in 0..concurrency {
        let (bench, part) = (Arc::clone(bench), part.to_owned());
        tasks.spawn_local(async move { bench.run(&part, count / concurrency).await });
    }
    tasks.await;
}

/// What each part takes, in the order of an exchange, and what the design asks of them.
fn table(run: impl Fn(&str, usize, usize)) -> String {
    let mut rows = Vec::new();
    let mut targets = Targets::default();
    for (part, concurrency, count, most) in [
        ("authenticate", 1, 20_000, None),
        ("resolve", 1, 200_000, None),
        ("decide", 1, 200_000, Some(200.0)),
        ("decide, first time", 1, 2_980, Some(50_000.0)),
        ("exchange", 1, 20_000, None),
        ("exchange", 16, 40_000, None),
        ("exchange", 64, 40_000, None),
    ] {
        let mut taken: Vec<(u64, u64)> = (0..5)
            .map(|_| {
                let (ran, began) = (cpu(), Instant::now());
                run(part, concurrency, count);
                let wall = began.elapsed().as_nanos() as u64;
                ((cpu() - ran) / count as u64, wall / count as u64)
            })
            .collect();
        taken.sort_unstable();
        let (cpu, wall) = taken[taken.len() / 2];
        if let Some(most) = most {
            let figure = [(cpu as f64, cpu.to_string())];
            targets.add(part, Bound::AtMost(most), " ns", &figure);
        }
        rows.push(
            [
                part.to_owned(),
                concurrency.to_string(),
                cpu.to_string(),
                wall.to_string(),
            ]
            .to_vec(),
        );
    }
    let head = ["part", "at a time", "CPU ns for one", "wall ns for one"].map(str::to_owned);
    format!(
        "### Around the bytes\n\n`cargo bench --bench exchange` on {}: one record of 50 fields, 12 roles of which the caller \
         holds two, an exception, an ES256 token, a log of which the kernel has every line before the upstream is asked. CPU time of all \
         threads, medians of five; no network. `exchange` is all of it together, the token already known.\n\n{}\n{}",
        page::machine(),
        page::table(&head, &rows),
        targets.table("CPU for one"),
    )
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let bench = Arc::new(Bench::new(dir.path()));
    let mut arguments = std::env::args().skip(1).filter(|one| one != "--bench");
    if let Some(part) = arguments.next() {
        let mut number = || arguments.next().map_or(1, |text| text.parse().unwrap());
        let (count, concurrency) = (number(), number());
        runtime.block_on(run(&bench, &part, count, concurrency));
    } else {
        let text = table(|part, concurrency, count| {
            runtime.block_on(run(&bench, part, count, concurrency));
        });
        println!("{text}");
        page::write("exchange", &text);
    }
    runtime.block_on(bench.proxy.audit.close()).unwrap();
}

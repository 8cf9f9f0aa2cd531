//! How long a decision takes inside the process: whole, by kind of event and credential, by stage, and by algorithm. The
//! bare verification of the same tokens is the yardstick in the same run.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark that panics has failed")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{
    self, Algorithm, KeySet, Limit, Limits, Lookup, LookupAnswer, LookupConfig, MethodArn, Request,
};
use smac_lambda_authorizer::{Authorizer, Clock, Fault, Invocation, Settings};
use smac_local::deployment::{AUDIENCE, Issuer, SECRETS_PREFIX, SERVICE_TOKEN};
use smac_local::event::{Overrides, render};
use smac_local::keys::{self, Key};
use smac_local::stand_ins::{StandIns, Upstream};
use smac_local::token::{Token, Use};
use tokio::runtime::Runtime;

const DISTINCT_TOKENS: usize = 2000;

/// The authorizer of the development deployment, and what it asks.
struct World {
    runtime: Runtime,
    authorizer: Authorizer,
    stand_ins: StandIns,
}

fn world(more: &[(String, String)]) -> World {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stand_ins = runtime.block_on(StandIns::start(0)).unwrap();
    let mut environment = smac_local::deployment::of_pools(&stand_ins.base_url());
    environment.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    environment.extend(more.iter().cloned());
    // Nothing that is remembered is looked up again while it is measured.
    for name in ["CACHE__TTL_SECONDS", "JWT__KEY_SET_TTL_SECONDS"] {
        environment.push((format!("SMAC__AUTH__{name}"), "100000".to_owned()));
    }
    let settings = Settings::from_variables(environment, |path| std::fs::read_to_string(path)).unwrap();
    let authorizer = Authorizer::new(settings);
    runtime.block_on(authorizer.warm_up());
    World { runtime, authorizer, stand_ins }
}

impl World {
    /// Event in, answer out.
    fn answer(&self, event: &str) -> bool {
        let decision = self.runtime.block_on(self.authorizer.authorize(event, None));
        decision.outcome().reason().is_none()
    }

    /// The same, and the log line.
    fn ask(&self, event: &str) -> bool {
        let decision = self.runtime.block_on(self.authorizer.authorize(event, None));
        // The line is part of what a decision costs.
        black_box(decision.log_line(Invocation::new("8476a536-e9f4-11e8-9739-284dfe598760", None)));
        decision.outcome().reason().is_none()
    }
}

fn sample(name: &str) -> Value {
    let text = std::fs::read_to_string(format!("{}/events/{name}.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
    render(&text, &Overrides::default()).unwrap()
}

/// Events that differ in their tokens alone.
fn events_with(tokens: impl Iterator<Item = String>) -> Vec<String> {
    let mut event = sample("rest-request-id-token");
    tokens
        .map(|token| {
            let value = format!("Bearer {token}");
            event["headers"]["Authorization"] = value.as_str().into();
            event["multiValueHeaders"]["Authorization"] = json!([value]);
            event.to_string()
        })
        .collect()
}

fn distinct_events(token_use: Use, count: usize) -> Vec<String> {
    events_with((0..count).map(|number| Token::new(token_use).claim("jti", format!("{number:08}")).sign()))
}

/// The yardstick: the arithmetic of RS256 and nothing else.
fn bare_verification(criterion: &mut Criterion) {
    let jwk = Key::Primary.jwk();
    let component = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let parts = RsaPublicKeyComponents { n: component("n"), e: component("e") };
    let parsed = parts.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).unwrap();
    let tokens: Vec<(Vec<u8>, Vec<u8>)> = (0..DISTINCT_TOKENS)
        .map(|number| {
            let token = Token::id().claim("jti", format!("{number:08}")).sign();
            let (message, signature) = token.rsplit_once('.').unwrap();
            (message.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(signature).unwrap())
        })
        .collect();
    let mut group = criterion.benchmark_group("bare verification");
    let mut next = tokens.iter().cycle();
    group.bench_function("key parsed for each call", |bencher| {
        bencher.iter(|| {
            let (message, signature) = next.next().unwrap();
            parts.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).unwrap();
        });
    });
    group.bench_function("key parsed once", |bencher| {
        bencher.iter(|| {
            let (message, signature) = next.next().unwrap();
            parsed.verify_sig(message, signature).unwrap();
        });
    });
}

/// Each algorithm that an OIDC issuer may use: the decision about its tokens, and beside it the verification of their
/// signatures and nothing else.
fn algorithms(criterion: &mut Criterion) {
    const ISSUER: &str = "SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV";
    let names = Algorithm::ALL.map(Algorithm::name).join(",");
    let settings = [
        ("SMAC__AUTH__PROVIDER".to_owned(), "OIDC".to_owned()),
        (format!("{ISSUER}__ISSUER"), Issuer::Dev.identifier()),
        (format!("{ISSUER}__AUDIENCE"), AUDIENCE.to_owned()),
        (format!("{ISSUER}__JWKS"), Issuer::Dev.key_set().to_string()),
        (format!("{ISSUER}__ALGORITHMS"), names),
    ];
    let world = world(&settings);
    let set = KeySet::parse(Issuer::Dev.key_set().to_string().as_bytes(), &Algorithm::ALL).unwrap();
    let mut group = criterion.benchmark_group("algorithm");
    for algorithm in Algorithm::ALL {
        let name = algorithm.name();
        let own_algorithm = name.parse::<keys::Algorithm>().unwrap();
        let signing = *Issuer::Dev.keys().iter().find(|key| key.fits(own_algorithm)).unwrap();
        let tokens: Vec<String> = (0..DISTINCT_TOKENS)
            .map(|number| {
                let token = Token::of(Issuer::Dev, Use::Access).using(signing, own_algorithm);
                token.claim("jti", format!("{number:08}")).sign()
            })
            .collect();
        let signed: Vec<(&[u8], Vec<u8>)> = tokens
            .iter()
            .map(|token| {
                let (message, signature) = token.rsplit_once('.').unwrap();
                (message.as_bytes(), URL_SAFE_NO_PAD.decode(signature).unwrap())
            })
            .collect();
        let key = set.find(signing.kid(), algorithm).unwrap();
        let mut next = signed.iter().cycle();
        group.bench_function(BenchmarkId::new("bare verification", name), |bencher| {
            bencher.iter(|| {
                let (message, signature) = next.next().unwrap();
                assert!(key.has_signed(message, signature));
            });
        });
        let events = events_with(tokens.iter().cloned());
        let mut next = events.iter().cycle();
        group.bench_function(BenchmarkId::new("whole decision", name), |bencher| {
            bencher.iter(|| assert!(world.ask(next.next().unwrap())));
        });
    }
}

fn whole_decision(criterion: &mut Criterion) {
    let world = world(&[]);
    let mut group = criterion.benchmark_group("whole decision");
    let events = distinct_events(Use::Id, DISTINCT_TOKENS);
    let mut next = events.iter().cycle();
    group.bench_function("2000 distinct ID tokens", |bencher| {
        bencher.iter(|| assert!(world.ask(next.next().unwrap())));
    });
    group.bench_function("2000 distinct ID tokens, without the log line", |bencher| {
        bencher.iter(|| assert!(world.answer(next.next().unwrap())));
    });
    for name in [
        "rest-request-id-token",
        "rest-request-access-token",
        "rest-request-automation",
        "rest-token",
        "http-v1-access-token",
        "http-v2-access-token",
        "http-v2-automation",
        "websocket-query-token",
    ] {
        let event = sample(name).to_string();
        group.bench_function(name, |bencher| bencher.iter(|| assert!(world.ask(&event))));
    }
    for name in ["refused-no-credentials", "refused-expired", "refused-forged-signature", "refused-wrong-service-token"]
    {
        let event = sample(name).to_string();
        group.bench_function(name, |bencher| bencher.iter(|| assert!(!world.ask(&event))));
    }
}

/// The parts of a decision that can be asked for one by one.
fn stages(criterion: &mut Criterion) {
    let environment = smac_local::deployment::of_pools("http://127.0.0.1:1");
    let settings = Settings::from_variables(environment, |path| std::fs::read_to_string(path)).unwrap();
    let tokens = tools::parts(&settings).tokens.unwrap();
    let event = sample("rest-request-id-token").to_string();
    let key_set = Key::Primary.key_set().to_string();
    let arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets/42";
    let token = Token::id().sign();
    let (message, _) = token.rsplit_once('.').unwrap();
    let [.., signature] = tools::segments(&token).unwrap();
    let key = KeySet::parse(key_set.as_bytes(), &[Algorithm::Rs256])
        .unwrap()
        .find(Key::Primary.kid(), Algorithm::Rs256)
        .unwrap();
    let mut group = criterion.benchmark_group("stage");
    group.bench_function("parse the event", |bencher| bencher.iter(|| Request::parse(black_box(&event)).unwrap()));
    let request = Request::parse(&event).unwrap();
    group.bench_function("find the credential", |bencher| {
        bencher.iter(|| black_box(tokens.carriers.find(&request).unwrap()));
    });
    group.bench_function("decode the token", |bencher| bencher.iter(|| tools::segments(black_box(&token)).unwrap()));
    group.bench_function("verify the signature", |bencher| {
        bencher.iter(|| assert!(key.has_signed(black_box(message.as_bytes()), &signature)));
    });
    group.bench_function("make a resource", |bencher| {
        bencher.iter(|| MethodArn::parse(black_box(arn)).unwrap().stage_resource());
    });
    group.bench_function("parse a key set", |bencher| {
        bencher.iter(|| KeySet::parse(key_set.as_bytes(), &[Algorithm::Rs256]).unwrap())
    });
}

fn cache(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let hour = Duration::from_secs(3600);
    // So many that no lookup is refused while this is measured.
    let unlimited = Limit::per_minute(u32::MAX, u32::MAX);
    let mut group = criterion.benchmark_group("cache");
    for entries in [10, 100, 1000, 10_000] {
        let config = LookupConfig {
            fresh: hour,
            stale: hour,
            negative: hour,
            capacity: entries * 2,
            misses: unlimited,
            per_caller: unlimited,
        };
        let lookup: Arc<Lookup<String, u64>> =
            Arc::new(Lookup::new(&config, Clock::system(), Fault::SecretsUnavailable));
        let keys: Arc<Vec<String>> =
            Arc::new((0..entries).map(|number| format!("smac/dev/service-{number}")).collect());
        let ask = |lookup: Arc<Lookup<String, u64>>, key: String| async move {
            let LookupAnswer { found, .. } =
                lookup.get(key.as_str(), Limits::default(), false, || async { Ok(Some(7)) }).await;
            found.unwrap()
        };
        for key in keys.iter() {
            runtime.block_on(ask(Arc::clone(&lookup), key.clone()));
        }
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("hit, 1 caller", entries), |bencher| {
            let mut number = 0_usize;
            bencher.iter(|| {
                number += 31;
                let key = keys[number % keys.len()].clone();
                assert_eq!(runtime.block_on(ask(Arc::clone(&lookup), key)), Some(7));
            });
        });
        let mut number = 0_usize;
        group.bench_function(BenchmarkId::new("miss, 1 caller", entries), |bencher| {
            bencher.iter(|| {
                number += 1;
                let key = format!("invented-{number}");
                assert_eq!(runtime.block_on(ask(Arc::clone(&lookup), key)), Some(7));
            });
        });
        // Tasks on two threads: most of that is their spawning, and the same for any number of entries.
        let ask_at_once = |keys: &mut dyn Iterator<Item = String>| {
            let tasks: Vec<_> = keys.map(|key| runtime.spawn(ask(Arc::clone(&lookup), key))).collect();
            runtime.block_on(async {
                for task in tasks {
                    assert_eq!(task.await.unwrap(), Some(7));
                }
            });
        };
        group.throughput(Throughput::Elements(64));
        group.bench_function(BenchmarkId::new("hit, 64 callers", entries), |bencher| {
            bencher.iter(|| {
                number += 1;
                ask_at_once(&mut (0..64).map(|caller| keys[(number * 31 + caller) % keys.len()].clone()));
            });
        });
        group.bench_function(BenchmarkId::new("miss, 64 callers of one key", entries), |bencher| {
            bencher.iter(|| {
                number += 1;
                ask_at_once(&mut (0..64).map(|_| format!("invented-{number}")));
            });
        });
    }
}

/// What grows, and what it costs: pools, remembered services, and the size of the token and of the event.
fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("growth");
    for pools in [1, 2, 5, 10] {
        let mut more: Vec<(String, String)> = (2..pools)
            .flat_map(|number| {
                let pool = format!("SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__POOL{number}");
                [
                    (format!("{pool}__USERPOOL_ID"), format!("eu-west-1_Pool{number}")),
                    (format!("{pool}__APP_CLIENT_ID"), "client".to_owned()),
                    (format!("{pool}__JWKS"), Key::Secondary.key_set().to_string()),
                ]
            })
            .collect();
        if pools == 1 {
            let second = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__SECONDARY";
            let unset = |name| (format!("{second}__{name}"), String::new());
            more.extend(["USERPOOL_ID", "APP_CLIENT_ID", "DOMAIN"].map(unset));
        }
        let world = world(&more);
        let event = sample("rest-request-id-token").to_string();
        group.bench_function(BenchmarkId::new("pools", pools), |bencher| bencher.iter(|| assert!(world.ask(&event))));
    }
    for services in [10, 100, 1000, 10_000] {
        let world = world(&[("SMAC__AUTH__CACHE__CAPACITY".to_owned(), "20000".to_owned())]);
        let mut event = sample("rest-request-automation");
        let events: Vec<String> = (0..services)
            .map(|number| {
                let service = format!("service-{number}");
                let secret = json!({ "id": service, "token": SERVICE_TOKEN }).to_string();
                world.stand_ins.set_secret(&format!("{SECRETS_PREFIX}/{service}"), Some(&secret), 0);
                event["headers"]["SMAC-Principal"] = service.as_str().into();
                event["multiValueHeaders"]["SMAC-Principal"] = json!([service]);
                event.to_string()
            })
            .collect();
        assert!(events.iter().all(|event| world.ask(event)));
        let mut next = events.iter().cycle();
        group.bench_function(BenchmarkId::new("services", services), |bencher| {
            bencher.iter(|| assert!(world.ask(next.next().unwrap())));
        });
        assert_eq!(world.stand_ins.calls(Upstream::Secret), services);
    }
    let world = world(&[]);
    for kilobytes in [1, 2, 4, 8, 16, 32] {
        let padding = "x".repeat(kilobytes * 1024);
        let token = Token::id().claim("padding", padding.as_str()).sign();
        let event = json!({
            "type": "REQUEST",
            "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets/42",
            "headers": { "Authorization": format!("Bearer {token}") },
        });
        let event = event.to_string();
        group.bench_function(BenchmarkId::new("token, KiB more", kilobytes), |bencher| {
            bencher.iter(|| assert!(world.ask(&event)));
        });
        let mut event = sample("rest-request-id-token");
        event["headers"]["X-Padding"] = padding.as_str().into();
        let event = event.to_string();
        group.bench_function(BenchmarkId::new("event, KiB more", kilobytes), |bencher| {
            bencher.iter(|| assert!(world.ask(&event)));
        });
    }
}

fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(40)
}

criterion_group! {
    name = benches;
    config = config();
    targets = bare_verification, whole_decision, algorithms, stages, cache, growth
}
criterion_main!(benches);

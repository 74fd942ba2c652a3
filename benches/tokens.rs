//! What making a sticker costs: a token, its code, the QR code as SVG; beside the bare encoder.
//!
//! `cargo bench --bench tokens` prints a table and writes `target/bench/tokens.json`.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use callqr::domain::household::tag::Token;
use callqr::qr::Qr;
use serde_json::json;

/// Rounds of each candidate, taken in turn so that a noisy moment hits all alike.
const ROUNDS: usize = 300;

type Candidate<'a> = (&'static str, Box<dyn FnMut() + 'a>);

fn main() {
    let url = || format!("https://call.example.org/c#{}", Token::random().code());
    let fixed = url();
    let mut candidates: [Candidate; 4] = [
        ("token and link", Box::new(|| drop(black_box(url())))),
        ("token, link and SVG", Box::new(|| drop(black_box(Qr::encode(&url()).unwrap().svg())))),
        ("token, link and PNG", Box::new(|| drop(black_box(Qr::encode(&url()).unwrap().png(12).unwrap())))),
        (
            "bare encoder",
            Box::new(|| {
                drop(black_box(qrcode::QrCode::with_error_correction_level(&fixed, qrcode::EcLevel::Q).unwrap()))
            }),
        ),
    ];
    let mut times = vec![Vec::with_capacity(ROUNDS); candidates.len()];
    for _ in 0..ROUNDS {
        for ((_, work), times) in candidates.iter_mut().zip(&mut times) {
            let start = Instant::now();
            work();
            times.push(start.elapsed());
        }
    }
    let medians: Vec<Duration> = times
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[ROUNDS / 2]
        })
        .collect();
    let bare = medians[3].as_secs_f64();
    println!("{:<24}{:>12}{:>18}", "", "median", "of bare encoder");
    let mut rows = Vec::new();
    for ((name, _), median) in candidates.iter().zip(&medians) {
        let ratio = median.as_secs_f64() / bare;
        println!("{name:<24}{:>9.3} ms{ratio:>17.2}x", median.as_secs_f64() * 1e3);
        rows.push(json!({ "name": name, "medianSeconds": median.as_secs_f64(), "ratioToBareEncoder": ratio }));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench/tokens.json");
    std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench")).unwrap();
    std::fs::write(file, format!("{:#}\n", json!({ "rounds": ROUNDS, "results": rows }))).unwrap();
}

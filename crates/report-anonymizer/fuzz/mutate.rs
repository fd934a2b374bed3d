//! The same checks on stable, without libFuzzer: texts put together from pieces that the rules look for, their
//! bytes then changed, repeated, cut and crossed. The seed is given, so that a failure can be had again.
//!
//! `cargo run --release --no-default-features --bin mutate -- [SECONDS [SEED]]`

use std::time::{Duration, Instant};

use report_anonymizer_fuzz::check;
use report_anonymizer_fuzz::mutation::{Random, mutate};

const PIECES: &[&str] = &[
    "Dr ",
    "Mme ",
    "M. ",
    "Nom : ",
    "Prénom : ",
    "né le ",
    "née ",
    "12/03/2019",
    "3 mars 2021",
    "1er ",
    "mardi ",
    "en 2012",
    "rue de la ",
    "bte 3",
    "5000 Namur",
    "CHU de ",
    "Clinique Saint-",
    "Jean-Pierre ",
    "DUPONT ",
    "d'",
    "N'",
    "van der ",
    "0475/12.34.56",
    "+32 (0)",
    "50.03.12-002.02",
    "1 55 07 79 411 799 50",
    "a@b.be",
    "www.x.fr/",
    "http://",
    "maladie de ",
    "Paget",
    "âgé de ",
    "72 ans",
    "3 mois",
    "n° ",
    "IPP ",
    "L4-L5",
    "12,5 mm",
    "\n",
    "\r\n",
    "\t",
    "\u{a0}",
    "\u{202f}",
    "e\u{301}",
    "\u{200b}",
    "İ",
    "ß",
    "ﬁ",
    "１２",
    "🦴",
    " | ",
    "« ",
    " : ",
    ", ",
    ". ",
    "-",
    "/",
    "'",
    "’",
    "(",
    ")",
    "^",
    "XX",
    "le ",
    "et ",
    "par ",
    "Cordialement, ",
    "<PERSON>",
    "deux mille ",
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().and_then(|s| s.parse().ok()).unwrap_or(60);
    let seed: u64 = arguments.next().and_then(|s| s.parse().ok()).unwrap_or(1);
    let mut random = Random::new(seed);
    let (begin, mut runs, mut bytes) = (Instant::now(), 0u64, 0u64);
    let mut pool: Vec<String> = vec![include_str!("../benches/report.txt").to_owned()];
    while begin.elapsed() < Duration::from_secs(seconds) {
        let text = next(&mut random, &pool);
        check(&text);
        (runs, bytes) = (runs + 1, bytes + text.len() as u64);
        if pool.len() < 512 {
            pool.push(text);
        } else {
            let slot = random.below(pool.len());
            pool[slot] = text;
        }
    }
    println!("{runs} texts of {bytes} bytes in {seconds} s, seed {seed}: no failure");
}

/// A new text from pieces, or from texts seen before.
fn next(random: &mut Random, pool: &[String]) -> String {
    if random.below(3) == 0 {
        return (0..random.below(40)).map(|_| PIECES[random.below(PIECES.len())]).collect();
    }
    let pieces: Vec<&[u8]> = PIECES.iter().map(|piece| piece.as_bytes()).collect();
    let mut text = pool[random.below(pool.len())].clone().into_bytes();
    let donor = pool[random.below(pool.len())].as_bytes();
    mutate(&mut text, &pieces, donor, 8192, random);
    String::from_utf8_lossy(&text).into_owned()
}

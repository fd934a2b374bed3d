//! Speed of the anonymizer on simulated reports.
fn main() {}

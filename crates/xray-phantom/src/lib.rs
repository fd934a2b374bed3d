//! Simulated bone radiographs with French reports, identifiers and exact labels.

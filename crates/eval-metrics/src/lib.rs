//! Metrics with intervals for classification, regression and retrieval.

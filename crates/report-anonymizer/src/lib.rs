//! Finds identifiers in French radiology reports and replaces them by consistent surrogates.

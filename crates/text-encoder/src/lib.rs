//! Text encoders with Hugging Face names for French radiology reports.

//! Vision transformers with Hugging Face names for radiographs.

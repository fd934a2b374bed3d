//! Linear probing and fine-tuning of an image encoder, and the evaluation protocol.

//! Encoder trait, transformer layers, Hugging Face weights, optimizers and the training loop.

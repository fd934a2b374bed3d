//! Contrastive alignment of image and text encoders, zero-shot classification and retrieval.

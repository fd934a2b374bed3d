//! What libtorch has and tch does not: the only C++ and the only unsafe code of osteon.

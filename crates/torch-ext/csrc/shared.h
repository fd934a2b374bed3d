// What the functions that Rust calls have in common.
//
// Every one returns null, or a message on the heap that the caller gives back to osteon_free_message.
// Tensors are at::Tensor behind torch-sys's C_tensor; none changes its owner.
#pragma once

#include <cstdlib>
#include <cstring>
#include <exception>
#include <vector>

#include <ATen/core/Tensor.h>

template <typename F> const char *guarded(F &&f) {
  try {
    f();
    return nullptr;
  } catch (const std::exception &e) {
    return strdup(e.what());
  } catch (...) {
    return strdup("unknown C++ exception");
  }
}

inline std::vector<at::Tensor> list(at::Tensor *const *tensors, size_t count) {
  std::vector<at::Tensor> result;
  result.reserve(count);
  for (size_t i = 0; i < count; ++i) result.push_back(*tensors[i]);
  return result;
}

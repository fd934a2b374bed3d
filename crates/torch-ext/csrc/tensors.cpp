// What libtorch has and tch does not: operations on lists of tensors, gradients, autocast.

#include "autocast.h"
#include "shared.h"

#include <dlfcn.h>

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_foreach_sign.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>

extern "C" {

void osteon_free_message(char *message) { free(message); }

const char *osteon_clear_gradients(at::Tensor *const *tensors, size_t count) {
  return guarded([&] {
    for (size_t i = 0; i < count; ++i) tensors[i]->mutable_grad() = at::Tensor();
  });
}

const char *osteon_norm(at::Tensor *const *tensors, size_t count, double *norm) {
  return guarded([&] {
    c10::NoGradGuard no_grad;
    *norm = 0.0;
    if (count == 0) return;
    auto norms = at::_foreach_norm(list(tensors, count), 2, at::kFloat);
    *norm = at::stack(norms).norm().item<double>();
  });
}

const char *osteon_scale(at::Tensor *const *tensors, size_t count, double factor) {
  return guarded([&] {
    c10::NoGradGuard no_grad;
    if (count == 0) return;
    at::_foreach_mul_(list(tensors, count), factor);
  });
}

const char *osteon_adamw(at::Tensor *const *parameters, at::Tensor *const *gradients, at::Tensor *const *means,
                         at::Tensor *const *squares, at::Tensor *const *steps, size_t count, double lr,
                         double beta1, double beta2, double weight_decay, double eps) {
  return guarded([&] {
    c10::NoGradGuard no_grad;
    auto step_list = list(steps, count);
    at::_foreach_add_(step_list, 1);
    at::_fused_adamw_(list(parameters, count), list(gradients, count), list(means, count),
                      list(squares, count), {}, step_list, lr, beta1, beta2, weight_decay, eps,
                      /*amsgrad=*/false, /*maximize=*/false);
  });
}

const char *osteon_lion(at::Tensor *const *parameters, at::Tensor *const *gradients, at::Tensor *const *means,
                        size_t count, double lr, double beta1, double beta2, double weight_decay) {
  return guarded([&] {
    c10::NoGradGuard no_grad;
    auto p = list(parameters, count), g = list(gradients, count), m = list(means, count);
    auto direction = at::_foreach_mul(m, beta1);
    at::_foreach_add_(direction, g, 1 - beta1);
    at::_foreach_sign_(direction);
    if (weight_decay != 0) at::_foreach_mul_(p, 1 - lr * weight_decay);
    at::_foreach_add_(p, direction, -lr);
    at::_foreach_mul_(m, beta2);
    at::_foreach_add_(m, g, 1 - beta2);
  });
}

// Turns autocast on or off for a kind of device and says in `enabled` and `kind` how it was.
const char *osteon_autocast_begin(int device, bool *enabled, int *kind) {
  return guarded([&] {
    auto type = device < 0 ? at::kCPU : at::kCUDA;
    bool on = *enabled;
    auto dtype = static_cast<at::ScalarType>(*kind);
    *enabled = at::autocast::is_autocast_enabled(type);
    *kind = static_cast<int>(at::autocast::get_autocast_dtype(type));
    at::autocast::set_autocast_dtype(type, dtype);
    at::autocast::set_autocast_enabled(type, on);
    at::autocast::increment_nesting();
  });
}

const char *osteon_autocast_end(int device, bool enabled, int kind) {
  return guarded([&] {
    auto type = device < 0 ? at::kCPU : at::kCUDA;
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(type, enabled);
    at::autocast::set_autocast_dtype(type, static_cast<at::ScalarType>(kind));
  });
}

// Opens the CUDA half of libtorch if it lies on the library path. Its static objects register
// themselves; the handle is kept for the life of the process.
bool osteon_load_cuda() { return dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr; }

} // extern "C"

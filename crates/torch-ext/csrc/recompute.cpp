// A part of a model that keeps its input alone, and is run again in the backward pass.

#include "autocast.h"
#include "shared.h"

#include <mutex>
#include <stdexcept>

#include <ATen/Context.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

// What Rust runs: owned here, given back when nothing needs it any more.
struct Body : torch::CustomClassHolder {
  void *data;
  bool (*call)(void *, at::Tensor *, at::Tensor **);
  void (*release)(void *);

  Body(void *data, bool (*call)(void *, at::Tensor *, at::Tensor **), void (*release)(void *))
      : data(data), call(call), release(release) {}
  ~Body() override { release(data); }

  at::Tensor run(at::Tensor input) const {
    at::Tensor *output = nullptr;
    if (!call(data, &input, &output)) throw std::runtime_error("the part that is run again failed");
    at::Tensor result = std::move(*output);
    delete output;
    return result;
  }
};

at::Tensor random_state(c10::Device device) {
  auto generator = at::globalContext().defaultGenerator(device);
  std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.get_state();
}

void set_random_state(c10::Device device, const at::Tensor &state) {
  auto generator = at::globalContext().defaultGenerator(device);
  std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
}

// The generators of the CPU and of the input's device, put back at the end.
struct Replayed {
  c10::Device device;
  at::Tensor cpu, own;

  Replayed(c10::Device device, const at::Tensor &then_cpu, const at::Tensor &then_own)
      : device(device), cpu(random_state(at::kCPU)), own(random_state(device)) {
    set_random_state(at::kCPU, then_cpu);
    set_random_state(device, then_own);
  }
  ~Replayed() {
    set_random_state(at::kCPU, cpu);
    set_random_state(device, own);
  }
};

// Mixed precision as it was in the forward pass; the backward pass runs outside of it.
struct Precision {
  at::DeviceType type;
  bool enabled;
  at::ScalarType dtype;

  Precision(at::DeviceType type, bool then_enabled, at::ScalarType then_dtype)
      : type(type), enabled(at::autocast::is_autocast_enabled(type)),
        dtype(at::autocast::get_autocast_dtype(type)) {
    at::autocast::set_autocast_enabled(type, then_enabled);
    at::autocast::set_autocast_dtype(type, then_dtype);
    at::autocast::increment_nesting();
  }
  ~Precision() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(type, enabled);
    at::autocast::set_autocast_dtype(type, dtype);
  }
};

struct Recompute : torch::autograd::Function<Recompute> {
  static at::Tensor forward(torch::autograd::AutogradContext *ctx, const at::Tensor &input,
                            const c10::intrusive_ptr<Body> &body) {
    auto device = input.device();
    ctx->save_for_backward({input});
    ctx->saved_data["body"] = c10::IValue::make_capsule(body);
    ctx->saved_data["cpu"] = random_state(at::kCPU);
    ctx->saved_data["own"] = random_state(device);
    ctx->saved_data["enabled"] = at::autocast::is_autocast_enabled(device.type());
    ctx->saved_data["dtype"] = static_cast<int64_t>(at::autocast::get_autocast_dtype(device.type()));
    return body->run(input);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *ctx,
                                                 torch::autograd::variable_list gradients) {
    auto input = ctx->get_saved_variables()[0].detach().requires_grad_(true);
    auto body = c10::static_intrusive_pointer_cast<Body>(ctx->saved_data["body"].toCapsule());
    at::Tensor output;
    {
      Replayed random(input.device(), ctx->saved_data["cpu"].toTensor(), ctx->saved_data["own"].toTensor());
      Precision precision(input.device().type(), ctx->saved_data["enabled"].toBool(),
                          static_cast<at::ScalarType>(ctx->saved_data["dtype"].toInt()));
      c10::AutoGradMode with_graph(true);
      output = body->run(input);
    }
    torch::autograd::backward({output}, {gradients[0]});
    return {input.grad(), at::Tensor()};
  }
};

} // namespace

extern "C" {

// Takes `data`, also where it fails.
const char *osteon_recompute(at::Tensor *input, void *data, bool (*call)(void *, at::Tensor *, at::Tensor **),
                             void (*release)(void *), at::Tensor **output) {
  return guarded([&] {
    auto body = c10::make_intrusive<Body>(data, call, release);
    auto graph = c10::GradMode::is_enabled() && input->requires_grad();
    *output = new at::Tensor(graph ? Recompute::apply(*input, body) : body->run(*input));
  });
}

} // extern "C"

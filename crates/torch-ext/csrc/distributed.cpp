// PyTorch's own engine for several processes: rendezvous, exchange of tensors, and the reducer that
// exchanges gradients while the backward pass goes on.

#include "shared.h"

#include <chrono>
#include <memory>
#include <string>

#include <c10/util/Exception.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>
#include <torch/csrc/utils/tensor_flatten.h>
#ifdef OSTEON_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

// A reducer unites gradients up to this size, as DistributedDataParallel does.
constexpr size_t kBucketBytes = c10d::kDefaultBucketBytesCap;

struct Group {
  c10::intrusive_ptr<c10d::ProcessGroup> group;
};

struct Reducer {
  std::unique_ptr<c10d::Reducer> reducer;
};

namespace {

struct Silent : public c10::WarningHandler {
  void process(const c10::Warning &) override {}
};

// Waits until every process is there and agrees on how many there are.
void meet(c10d::Store &store, int rank, int world_size, Milliseconds timeout) {
  auto number = [](int value) { return std::to_string(value); };
  auto deadline = Clock::now() + timeout;
  if (store.add("taken/" + number(rank), 1) > 1)
    throw std::runtime_error("two processes have rank " + number(rank) + " of " + number(world_size));
  auto own = number(world_size);
  store.set("size/" + number(rank), std::vector<uint8_t>(own.begin(), own.end()));
  for (int other = 0; other < world_size; ++other) {
    auto key = "size/" + number(other);
    try {
      auto left = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now());
      store.wait({key}, std::max(left, Milliseconds(1)));
    } catch (const c10::Error &) {
      auto late = Clock::now() >= deadline;
      throw std::runtime_error(
          late ? "rank " + number(other) + " of " + number(world_size) + " did not come within " +
                     number(timeout.count() / 1000) + " s"
               : "the process that keeps the list of all has ended");
    }
    auto theirs = store.get(key);
    auto size = std::string(theirs.begin(), theirs.end());
    if (size != own)
      throw std::runtime_error("rank " + number(rank) + " was told of " + own + " processes, rank " +
                               number(other) + " of " + size);
  }
}

std::shared_ptr<gloo::transport::Device> network(const std::string &host) {
  using c10d::ProcessGroupGloo;
  if (const char *name = std::getenv("GLOO_SOCKET_IFNAME")) return ProcessGroupGloo::createDeviceForInterface(name);
  if (host == "localhost" || host.rfind("127.", 0) == 0) return ProcessGroupGloo::createDeviceForHostname(host);
  return ProcessGroupGloo::createDefaultDevice();
}

// Calls f with tensors of one number type and device, some megabytes at a time, as one flat tensor whose
// values then go back into them.
template <typename F> void in_buckets(const std::vector<at::Tensor> &tensors, F &&f) {
  if (tensors.empty()) return;
  auto assigned = c10d::compute_bucket_assignment_by_size(tensors, {kBucketBytes});
  for (auto &indices : std::get<0>(assigned)) {
    std::vector<at::Tensor> bucket;
    for (auto index : indices) bucket.push_back(tensors[index].detach());
    auto flat = torch::utils::flatten_dense_tensors(bucket);
    f(flat);
    auto parts = torch::utils::unflatten_dense_tensors(flat, bucket);
    for (size_t i = 0; i < bucket.size(); ++i) bucket[i].copy_(parts[i]);
  }
}

} // namespace

extern "C" {

const char *osteon_group_new(const char *host, uint16_t port, bool serve, const char *prefix, int rank,
                             int world_size, uint64_t timeout_ms, bool nccl, Group **result) {
  return guarded([&] {
    auto timeout = Milliseconds(timeout_ms);
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = serve;
    options.waitWorkers = false;
    options.timeout = timeout;
    c10::intrusive_ptr<c10d::Store> store = c10::make_intrusive<c10d::TCPStore>(host, options);
    store = c10::make_intrusive<c10d::PrefixStore>(prefix, store);
    meet(*store, rank, world_size, timeout);
    auto group = c10::make_intrusive<c10d::ProcessGroup>(store, rank, world_size);
    if (nccl) {
#ifdef OSTEON_NCCL
      auto backend_options = c10d::ProcessGroupNCCL::Options::create();
      backend_options->timeout = timeout;
      auto backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, world_size, backend_options);
      group->setBackend(c10::DeviceType::CUDA, c10d::ProcessGroup::BackendType::NCCL, backend);
#else
      throw std::runtime_error("this program was built without NCCL");
#endif
    }
    auto backend_options = c10d::ProcessGroupGloo::Options::create(timeout);
    backend_options->devices.push_back(network(host));
    auto backend = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, world_size, backend_options);
    group->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::BackendType::GLOO, backend);
    *result = new Group{group};
  });
}

const char *osteon_group_free(Group *group) {
  return guarded([&] { delete group; });
}

const char *osteon_group_all_reduce_mean(Group *group, at::Tensor *const *tensors, size_t count) {
  return guarded([&] {
    c10::NoGradGuard no_grad;
    in_buckets(list(tensors, count), [&](at::Tensor &flat) {
      std::vector<at::Tensor> one{flat};
      group->group->allreduce(one)->wait();
      flat.div_(group->group->getSize());
    });
  });
}

const char *osteon_group_broadcast(Group *group, at::Tensor *const *tensors, size_t count) {
  return guarded([&] {
    c10::NoGradGuard no_grad;
    in_buckets(list(tensors, count), [&](at::Tensor &flat) {
      std::vector<at::Tensor> one{flat};
      group->group->broadcast(one)->wait();
    });
  });
}

// `gathered` are as many tensors of the input's shape as there are processes.
const char *osteon_group_all_gather(Group *group, at::Tensor *input, at::Tensor *const *gathered, size_t count) {
  return guarded([&] {
    c10::NoGradGuard no_grad;
    std::vector<std::vector<at::Tensor>> outputs{list(gathered, count)};
    std::vector<at::Tensor> inputs{input->detach().contiguous()};
    group->group->allgather(outputs, inputs)->wait();
  });
}

const char *osteon_reducer_new(Group *group, at::Tensor *const *tensors, size_t count, Reducer **result) {
  return guarded([&] {
    auto parameters = list(tensors, count);
    // Gradients of the last layers come first.
    auto buckets = std::get<0>(c10d::compute_bucket_assignment_by_size(
        parameters, {c10d::kDefaultFirstBucketBytes, kBucketBytes}));
    std::reverse(buckets.begin(), buckets.end());
    auto reducer = std::make_unique<c10d::Reducer>(
        parameters, std::move(buckets), group->group, std::vector<bool>(count, false), kBucketBytes,
        /*find_unused_parameters=*/true, /*gradient_as_bucket_view=*/false,
        std::unordered_map<size_t, std::string>(), c10d::kDefaultFirstBucketBytes,
        /*skip_all_reduce_unused_params=*/false, /*use_python_reducer=*/false, std::vector<int64_t>());
    *result = new Reducer{std::move(reducer)};
  });
}

const char *osteon_reducer_prepare(Reducer *reducer, at::Tensor *loss) {
  return guarded([&] {
    // It warns where every parameter is used, since looking for unused ones takes some microseconds.
    Silent silent;
    c10::WarningUtils::WarningHandlerGuard guard(&silent);
    reducer->reducer->prepare_for_backward({*loss});
  });
}

const char *osteon_reducer_free(Reducer *reducer) {
  return guarded([&] { delete reducer; });
}

} // extern "C"

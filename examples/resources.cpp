// Tasks that say what they need: they begin when it is there, and share what they can.
#include <mobula/mobula.hpp>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <string>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

// [gpu]
// Two of these fit on a GPU; each knows on which it is.
unsigned infer(int) { return mb::this_task::gpu_ids().at(0); }
// [/gpu]

struct trainer {
  std::size_t gpus() { return mb::this_task::gpu_ids().size(); }
};

void show(char const* what) {
  std::cout << what << ':';
  for (auto const& [name, amount] : mb::available_resources())
    if (name != "memory") std::cout << ' ' << amount << ' ' << name;
  std::cout << '\n';
}

int main() {
  // [runtime]
  mb::runtime ray({.num_cpus = 4, .num_gpus = 2, .resources = {{"ssd", 1}}});
  // [/runtime]
  show("free");

  // [ask]
  auto const half = mb::remote(infer).options({.num_gpus = 0.5});
  std::vector<mb::future<unsigned>> devices;
  for (int i = 0; i < 8; ++i) devices.push_back(half(i));
  // [/ask]
  auto const used = mb::get(devices);
  std::cout << "inferences on known GPUs: " << std::count_if(used.begin(), used.end(), [](unsigned d) { return d < 2; })
            << '\n';

  // [actor]
  auto model = mb::make_actor<trainer>.options({.num_cpus = 1, .num_gpus = 1})();
  std::cout << "the trainer has " << mb::get(model.call<&trainer::gpus>()) << " GPU\n";
  // [/actor]
  show("beside it");

  // [never]
  auto const huge = mb::remote([] {}).options({.name = "huge", .num_gpus = 3});
  try {
    mb::get(huge());
  } catch (mb::error const& e) {
    std::string const text = e.what();
    std::cout << text.substr(0, text.find(", which")) << '\n';
  }
  // [/never]

  // [limits]
  // Two at once, and a queue of three: who submits more waits, so a fast producer can't fill the memory.
  std::atomic<int> running{0}, most{0};
  auto const load = mb::remote([&](int page) {
                      most = std::max(most.load(), ++running);
                      --running;
                      return page;
                    }).options({.resources = {{"ssd", 0.5}}, .max_running = 2, .max_pending = 3});
  auto const producer = [load](int pages) -> mb::task<int> {
    int sum = 0;
    for (int i = 0; i < pages; ++i) {
      mb::future<int> page = co_await load.async_call(i);
      sum += co_await page;
    }
    co_return sum;
  };
  std::cout << "pages: " << mb::get(mb::remote(producer)(10)) << '\n';
  // [/limits]
  std::cout << (most <= 2 ? "never more than two at once\n" : "too many\n");
}

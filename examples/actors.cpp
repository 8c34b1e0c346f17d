// Actors: objects that are called by messages. Different ones work in parallel; one handles its calls one after the
// other, in the order in which they were made, so its class needs no lock.
//
//     actors [seconds]     how long an increment takes; 0.2 without the argument

#include <mobula/mobula.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace mb = mobula;
using seconds = std::chrono::duration<double>;

namespace {

class counter {
 public:
  explicit counter(seconds nap) : nap_(nap) {}
  int increment() {
    std::this_thread::sleep_for(nap_);
    return ++value_;
  }

 private:
  seconds nap_;
  int value_ = 0;
};

void print(char const* what, std::vector<int> const& values, std::chrono::steady_clock::time_point start) {
  std::printf("%s [", what);
  for (char const* separator = ""; int v : values) {
    std::printf("%s%d", separator, v);
    separator = ", ";
  }
  std::printf("] in %.2f s\n", seconds(std::chrono::steady_clock::now() - start).count());
}

}  // namespace

int main(int argc, char** argv) {
  seconds const nap(argc > 1 ? std::atof(argv[1]) : 0.2);
  mb::runtime const ray({.num_cpus = 10});

  std::vector<mb::actor<counter>> counters;
  for (int i = 0; i < 10; ++i) counters.push_back(mb::make_actor<counter>(nap));

  auto start = std::chrono::steady_clock::now();
  std::vector<mb::future<int>> each_once;  // in parallel
  for (auto& c : counters) each_once.push_back(c.call<&counter::increment>());
  print("ten counters, one increment each:", mb::get(each_once), start);

  start = std::chrono::steady_clock::now();
  std::vector<mb::future<int>> first_again;  // one after the other
  for (int i = 0; i < 5; ++i) first_again.push_back(counters[0].call<&counter::increment>());
  print("five more on the first:", mb::get(first_again), start);
}

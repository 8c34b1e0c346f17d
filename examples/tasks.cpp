// Five tasks that only sleep. Submitted together they take as long as one; waited for one by one, as long as five. As
// coroutines they do not even need a worker each.
//
//     tasks [seconds]      how long a task sleeps; 2 without the argument

#include <mobula/mobula.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace mb = mobula;
using seconds = std::chrono::duration<double>;

namespace {

int slow_square(int x, seconds nap) {
  std::this_thread::sleep_for(nap);  // holds its worker
  return x * x;
}

mb::task<int> slow_square_coroutine(int x, seconds nap) {
  co_await mb::sleep_for(nap);  // holds nothing
  co_return x* x;
}

class stopwatch {
 public:
  [[nodiscard]] double read() const { return seconds(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void print(char const* what, std::vector<int> const& squares, stopwatch const& watch) {
  std::printf("%-44s", what);
  for (int s : squares) std::printf(" %d", s);
  std::printf("  in %.2f s\n", watch.read());
}

std::vector<int> submit_all_then_get(auto f, seconds nap) {
  std::vector<mb::future<int>> futures;
  for (int x = 0; x < 5; ++x) futures.push_back(mb::remote(f)(x, nap));
  return mb::get(futures);
}

std::vector<int> get_inside_the_loop(auto f, seconds nap) {
  std::vector<int> squares;
  for (int x = 0; x < 5; ++x) squares.push_back(mb::get(mb::remote(f)(x, nap)));  // the next starts when this is over
  return squares;
}

}  // namespace

int main(int argc, char** argv) {
  seconds const nap(argc > 1 ? std::atof(argv[1]) : 2.0);
  {
    mb::runtime const ray({.num_cpus = 10});
    stopwatch const together;
    print("ten workers, submit all, then get(list):", submit_all_then_get(slow_square, nap), together);
    stopwatch const one_by_one;
    print("ten workers, get inside the loop:", get_inside_the_loop(slow_square, nap), one_by_one);
  }
  mb::runtime const ray({.num_cpus = 1});
  stopwatch const watch;
  print("coroutines on one worker, then get(list):", submit_all_then_get(slow_square_coroutine, nap), watch);
}

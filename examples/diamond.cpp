// Futures as arguments: a task that is given the future of a value starts when the value is there. Nobody waits in
// between, and the two middle tasks run side by side.

#include <mobula/mobula.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace mb = mobula;
using seconds = std::chrono::duration<double>;

namespace {

seconds nap(0.5);

std::string load() { return "top"; }

std::string left(std::string const& s) {
  std::this_thread::sleep_for(nap);
  return s + "-left";
}

mb::task<std::string> right(std::string s) {  // a coroutine, for a change
  co_await mb::sleep_for(nap);
  co_return s + "-right";
}

std::string join(std::string const& l, std::string const& r) { return l + " + " + r; }

}  // namespace

// The only argument: how many seconds each of the middle tasks takes.
int main(int argc, char** argv) {
  if (argc > 1) nap = seconds(std::atof(argv[1]));
  mb::runtime const ray({.num_cpus = 2});
  auto const start = std::chrono::steady_clock::now();

  mb::future<std::string> top = mb::remote(load)();
  auto l = mb::remote(left)(top);  // starts when `top` is there
  auto r = mb::remote(right)(top);
  auto bottom = mb::remote(join)(l, r);  // starts when both are

  seconds const submitting = std::chrono::steady_clock::now() - start;
  std::printf("%s\n", mb::get(bottom).c_str());
  seconds const all = std::chrono::steady_clock::now() - start;
  std::printf("submitted at once: %s; both sides at the same time: %s (%.2f s, one side takes %.2f s)\n",
              submitting < nap / 2 ? "yes" : "no", all < nap * 1.8 ? "yes" : "no", all.count(), nap.count());
}

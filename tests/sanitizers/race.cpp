// A race between two fibers on two threads, and nothing else: ThreadSanitizer must report it, which shows that it follows
// fibers. A fiber that is gone takes what is known of it along, so the first one waits for the end of the second.
#include <boost/fiber/all.hpp>
#include <chrono>
#include <thread>

namespace {

int shared = 0;

void on_a_fiber(std::chrono::milliseconds before, std::chrono::milliseconds after) {
  boost::fibers::fiber([&] {
    std::this_thread::sleep_for(before);
    ++shared;
    std::this_thread::sleep_for(after);
  }).join();
}

}  // namespace

int main() {
  using namespace std::chrono_literals;
  std::thread first(on_a_fiber, 0ms, 400ms);
  std::thread second(on_a_fiber, 200ms, 0ms);
  first.join();
  second.join();
  return shared == 2 ? 0 : 2;
}

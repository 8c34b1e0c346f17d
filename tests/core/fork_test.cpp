#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mobula/core/executor.hpp"
#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// What `f` gives in a child process; more than 99 if it does not end by itself.
template <class F>
int in_child(F f) {
  pid_t const child = ::fork();
  if (child == 0) {
    ::alarm(30);
    int result = 98;
    try {
      result = f();
    } catch (...) {}
    ::_exit(result);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

// How many of them throw no_runtime.
template <class... Fs>
int refused(Fs... fs) {
  auto const one = [](auto& f) {
    try {
      f();
    } catch (mb::no_runtime const& e) { return std::string(e.what()).find("fork") != std::string::npos ? 1 : 0; }
    return 0;
  };
  return (one(fs) + ... + 0);
}

int add(int a, int b) { return a + b; }

struct counter {
  int next() { return ++value; }
  int value = 0;
};

}  // namespace

TEST_CASE("after a fork whatever needs the parent's runtime throws no_runtime, which says why", "[core]") {
  mb::runtime rt({.num_cpus = 2});
  auto const a = mb::make_actor<counter>();
  CHECK(mb::get(a.call<&counter::next>()) == 1);
  std::vector<int> const xs{1, 2};
  CHECK(in_child([&] {
          return refused(
              [] { static_cast<void>(mb::remote(add)(1, 2)); }, [&] { static_cast<void>(rt.remote(add)(1, 2)); },
              [&] { static_cast<void>(mb::map([](int x) { return x; }, xs)); },
              [&] { static_cast<void>(mb::submit_all([](int x) { return x; }, xs)); },
              [] { static_cast<void>(mb::make_actor<counter>()); },
              [&] { static_cast<void>(a.call<&counter::next>()); }, [] { static_cast<void>(mb::current_executor()); },
              [] { static_cast<void>(mb::remote(add).options({.priority = mb::priority::high})(1, 2)); });
        }) == 8);
  CHECK(mb::get(a.call<&counter::next>()) == 2);
}

TEST_CASE("after a fork a wait for the result of a task that was not over throws no_runtime", "[core]") {
  mb::runtime rt({.num_cpus = 2});
  mb::future<int> const done = mb::remote(add)(1, 2);
  CHECK(mb::get(done) == 3);
  std::vector<mb::future<int>> never{mb::remote([] {
    std::this_thread::sleep_for(200ms);
    return 1;
  })()};
  CHECK(in_child([&] {
          return refused([&] { static_cast<void>(mb::get(never[0])); },
                         [&] { static_cast<void>(mb::get(never[0], 10s)); }, [&] { static_cast<void>(mb::get(never)); },
                         [&] { static_cast<void>(mb::wait(never)); },
                         [&] {
                           auto done_ones = mb::as_completed(never);
                           static_cast<void>(mb::get(done_ones.next()));
                         },
                         [&] { static_cast<void>(mb::get(mb::select(never[0], mb::sleep_for(10s)))); }) +
                 mb::get(done);
        }) == 9);
  CHECK(mb::get(never) == std::vector{1});
}

#if !defined(__SANITIZE_THREAD__)  // which ends a child that makes threads
TEST_CASE("the child of a fork can make a runtime of its own", "[core]") {
  mb::runtime rt({.num_cpus = 2});
  auto const never = mb::remote([] { std::this_thread::sleep_for(100ms); })();
  CHECK(in_child([&] {
          mb::init({.num_cpus = 2});
          int sum = mb::get(mb::remote(add)(1, 2));
          sum += mb::get(mb::remote([] { return mb::get(mb::remote(add)(3, 4)); })());
          sum += mb::get(mb::make_actor<counter>().call<&counter::next>());
          sum += refused([&] { mb::get(mb::remote([&never] { mb::get(never); })()); });
          mb::shutdown();
          return sum;
        }) == 12);
  mb::get(never);
}
#endif

TEST_CASE("the end of the parent's runtime does nothing in the child of a fork", "[core]") {
  std::optional<mb::runtime> rt(std::in_place, mb::runtime_options{.num_cpus = 2});
  auto const busy = mb::remote([] { std::this_thread::sleep_for(100ms); })();
  CHECK(in_child([&] {
          rt->shutdown();
          rt.reset();
          mb::shutdown();
          return mb::is_initialized() ? 1 : 0;
        }) == 0);
  mb::get(busy);
  rt.reset();
  mb::init({.num_cpus = 1});
  CHECK(in_child([] { return mb::is_initialized() ? 1 : 0; }) == 0);
  CHECK(mb::is_initialized());
  mb::shutdown();
}

TEST_CASE("the child of a fork in a task belongs to no runtime", "[core]") {
  mb::runtime rt({.num_cpus = 1});
  CHECK(mb::get(mb::remote(
            [] { return in_child([] { return refused([] { static_cast<void>(mb::remote(add)(1, 2)); }); }); })()) == 1);
  CHECK(mb::get(mb::remote([] {
                  return in_child([] { return refused([] { static_cast<void>(mb::remote(add)(1, 2)); }); });
                }).options({.blocking = true})()) == 1);
}

#if !defined(__SANITIZE_THREAD__)
TEST_CASE("forks succeed while other threads make and end runtimes", "[core]") {
  std::atomic<bool> over{false};
  std::thread others([&] {
    while (!over) {
      mb::runtime own({.num_cpus = 2});
      mb::get(own.remote(add)(1, 2));
    }
  });
  int wrong = 0;
  for (int i = 0; i < 20; ++i)
    if (in_child([] {
          mb::runtime mine({.num_cpus = 1});
          return mb::get(mb::remote(add)(1, 2));
        }) != 3)
      ++wrong;
  over = true;
  others.join();
  CHECK(wrong == 0);
}
#endif

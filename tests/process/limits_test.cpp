#include <pthread.h>
#include <sys/resource.h>

#include <cstdio>
#include <string>
#include <system_error>
#include <vector>

#include "mobula/mobula.hpp"
#include "process/child.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using mobula::test::run_process;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t gibibyte = std::size_t{1} << 30;

// Lets the process map so many bytes more, about. What the tests want too much of is large, so that when there is no room
// for it there still is for all small things.
void limit_memory(std::size_t more) {
  std::size_t pages = 0;
  if (std::FILE* const f = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(f, "%zu", &pages) != 1) pages = 0;
    std::fclose(f);
  }
  rlimit const limit{pages * 4096 + more, RLIM_INFINITY};
  ::setrlimit(RLIMIT_AS, &limit);
}

}  // namespace

TEST_CASE("a runtime whose threads can't all be started throws, and leaves the process as it was", "[process]") {
  auto const [how, said] = run_process([] {
    pthread_attr_t with_large_stacks;
    ::pthread_attr_init(&with_large_stacks);
    ::pthread_attr_setstacksize(&with_large_stacks, gibibyte);
    ::pthread_setattr_default_np(&with_large_stacks);
    limit_memory(gibibyte * 9 / 2);
    try {
      mb::runtime const rt({.num_cpus = 10'000, .on_thread_stop = [](unsigned) { std::fputs("stopped ", stderr); }});
    } catch (std::system_error const& e) {
      std::fputs(e.what(), stderr);
      mb::runtime const fewer({.num_cpus = 2});
      return mb::get(mb::remote([] { return 7; })());
    }
    return 1;
  });
  CHECK(how == 7);
  CHECK_THAT(said, Catch::Contains("of 10000 worker threads") && Catch::Contains("could be started") &&
                       Catch::Contains("stopped "));
}

TEST_CASE("tasks for whose stacks there is no memory fail with too_many_blocked, and all others go on", "[process]") {
  auto const [how, said] = run_process([] {
    mb::runtime rt({.num_cpus = 2, .stack_size = gibibyte / 4});
    limit_memory(8 * gibibyte);
    auto const gate = mb::remote([]() -> mb::task<int> {
      co_await mb::sleep_for(50ms);
      co_return 1;
    })();
    std::vector<mb::future<int>> tasks;
    for (int i = 0; i < 500; ++i) tasks.push_back(mb::remote([gate] { return mb::get(gate); })());
    int values = 0, refused = 0;
    for (auto& f : tasks) {
      try {
        values += mb::get(f);
      } catch (mb::too_many_blocked const&) { ++refused; }
    }
    rt.shutdown();
    return values > 10 && refused > 10 && values + refused == 500 ? 7 : 1;
  });
  INFO(said);
  CHECK(how == 7);
}

// Actors that have been made and wait for messages: the time and the memory of each. In a process of its own for each
// line, as memory that was freed is used again. With MOBULA_BENCH_LARGE set, a million of them.

#include "actor_lines.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <vector>

namespace {

using peers::countdown;
using peers::line;
using peers::workers;

long const actors = peers::large ? 1'000'000 : 100'000;

template <class P>
class idler {
 public:
  explicit idler(countdown* made) { made->arrive(); }
  void wake(long by) { value_ += by; }
  using methods = peers::methods_are<&idler::wake>;

 private:
  long value_ = 0;
};

double resident_bytes() {
  long all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return double(resident) * double(sysconf(_SC_PAGESIZE));
}

struct cost {
  double seconds = 0;
  double bytes = 0;
};

// In a process that ends by it.
template <class P>
[[noreturn]] void make_all(unsigned threads, int result) {
  using clock = std::chrono::steady_clock;
  P const peer(threads);
  countdown made;
  std::vector<typename P::template handle<idler<P>>> all(static_cast<std::size_t>(actors));
  made.expect(1);
  all[0] = P::template spawn<idler<P>>(&made);  // so that what all share is there
  made.wait();
  made.expect(actors);
  double const before = resident_bytes();
  auto const start = clock::now();
  for (auto& a : all) a = P::template spawn<idler<P>>(&made);
  made.wait();
  cost const c{std::chrono::duration<double>(clock::now() - start).count(), resident_bytes() - before};
  _exit(write(result, &c, sizeof c) == sizeof c ? 0 : 1);
}

template <class P>
void create_idle(benchmark::State& state) {
  double bytes = 0;
  for (auto _ : state) {
    int ends[2];
    if (pipe(ends) != 0) return state.SkipWithError("no pipe");
    pid_t const child = fork();
    if (child == 0) make_all<P>(workers(state), ends[1]);
    cost c;
    close(ends[1]);
    if (child < 0 || read(ends[0], &c, sizeof c) != sizeof c) state.SkipWithError("the process failed");
    close(ends[0]);
    waitpid(child, nullptr, 0);
    state.SetIterationTime(c.seconds);
    bytes += c.bytes;
  }
  peers::count(state, actors);
  state.counters["bytes"] = bytes / double(state.iterations()) / double(actors);
}

void in_processes(benchmark::internal::Benchmark* b) {
  b->Arg(1)->Arg(2)->ArgName("workers")->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  line(
      "create_idle", []<class P>(benchmark::State& s) { create_idle<P>(s); }, in_processes);
  return peers::run(argc, argv);
}

// A batch of items that cost the same: mb::map next to the plain loop, oneTBB and what one would write with Asio.
//
//     bench-map_bench                every contender, called in a hot loop
//     bench-map_bench --grid         mb::map over costs and sizes, hot and cold, as shares of the loop's time
//     bench-map_bench --uneven       one item of 500 takes 100 times as long
//     bench-map_bench --coroutines   500 coroutines that sleep 100 us
//
// Each figure is the median of ratios to the loop, which runs before each turn of each contender: the machine's mood
// changes, the ratio does not. Cold means that the workers sleep when the call begins.

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <mobula/mobula.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <latch>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

double ns_since(clock_type::time_point start) {
  return std::chrono::duration<double, std::nano>(clock_type::now() - start).count();
}

template <class T>
void keep(T const& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

// So many steps, each of which needs the one before.
std::uint64_t steps(std::uint64_t x, std::uint64_t n) {
  for (std::uint64_t i = 0; i < n; ++i) {
    x = x * 0x9e3779b97f4a7c15 + i;
    asm volatile("" : "+r"(x));
  }
  return x;
}

struct work {
  std::uint64_t n;
  std::uint64_t operator()(std::uint64_t x) const { return steps(x, n); }
};

using items = std::vector<std::uint64_t>;

template <class F>
items loop(F const& f, items const& xs) {
  items ys(xs.size());
  for (std::size_t i = 0; i < xs.size(); ++i) ys[i] = f(xs[i]);
  return ys;
}

template <class Partitioner, class F>
items tbb_for(tbb::task_arena& arena, F const& f, items const& xs) {
  items ys(xs.size());
  arena.execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, xs.size()),
        [&](tbb::blocked_range<std::size_t> const& r) {
          for (std::size_t i = r.begin(); i != r.end(); ++i) ys[i] = f(xs[i]);
        },
        Partitioner());
  });
  return ys;
}

template <class F>
items asio_chunks(boost::asio::thread_pool& pool, F const& f, items const& xs) {
  items ys(xs.size());
  std::latch both(2);
  std::size_t const middle = xs.size() / 2;
  for (auto const& [first, last] : {std::pair(std::size_t{0}, middle), std::pair(middle, xs.size())})
    boost::asio::post(pool, [&, first = first, last = last] {
      for (std::size_t i = first; i < last; ++i) ys[i] = f(xs[i]);
      both.count_down();
    });
  both.wait();
  return ys;
}

using call = std::function<void()>;
struct contender {
  char const* name;
  call run;
};

struct ratios {
  std::vector<double> shares, excess;  // of the loop's time; ns a call beyond it
  std::vector<double> loops, own;      // ns a call
};

double median(std::vector<double> v) {
  auto const middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
  std::nth_element(v.begin(), middle, v.end());
  return *middle;
}

double time_of(call const& f, int calls) {
  auto const start = clock_type::now();
  for (int i = 0; i < calls; ++i) f();
  return ns_since(start) / calls;
}

void add(ratios& r, double one_loop, double one) {
  r.loops.push_back(one_loop);
  r.own.push_back(one);
  r.shares.push_back(one / one_loop);
  r.excess.push_back(one - one_loop);
}

// Hot: calls for about `ns`, after 20 ms untimed, as the first milliseconds of such a loop are lonely. Cold: single calls, before each of which all threads fall asleep.
void hot_turn(call const& base, call const& f, double loop_ns, double ns, ratios& r) {
  int const calls = std::max(1, static_cast<int>(ns / loop_ns));
  if (calls > 1) time_of(base, calls / 4);
  double const one_loop = time_of(base, calls);
  if (calls > 1) time_of(f, static_cast<int>(calls * 20e6 / ns));
  add(r, one_loop, time_of(f, calls));
}

void cold_turn(call const& base, call const& f, ratios& r) {
  auto const alone = [](call const& g) {
    std::this_thread::sleep_for(300us);
    return time_of(g, 1);
  };
  double const one_loop = alone(base);
  add(r, one_loop, alone(f));
}

// How many steps make an item of a loop take so long: short ones overlap within the processor.
std::uint64_t steps_for(double ns) {
  items const xs(std::max<std::size_t>(1, std::min<std::size_t>(500, static_cast<std::size_t>(1e6 / ns))), 7);
  auto const cost = [&xs](std::uint64_t n) {
    double best = 1e300;
    for (int i = 0; i < 30; ++i) {
      auto const start = clock_type::now();
      keep(loop(work{n}, xs).data());
      best = std::min(best, ns_since(start) / static_cast<double>(xs.size()));
    }
    return best;
  };
  std::uint64_t n = 1;
  while (cost(2 * n) < ns) n *= 2;
  for (std::uint64_t step = n / 2; step > 0; step /= 2)
    if (cost(n + step) < ns) n += step;
  return n;
}

struct problem {
  problem(std::size_t size, std::uint64_t steps_each) : f{steps_each}, xs(size, 7) {}
  work f;
  items xs;
  call base() const {
    return [this] { keep(loop(f, xs).data()); };
  }
  call map() const {
    return [this] { keep(mb::map(f, xs).data()); };
  }
};

std::string cost_name(double ns) {
  char text[32];
  if (ns < 1e3)
    std::snprintf(text, sizeof text, "%g ns", ns);
  else if (ns < 1e6)
    std::snprintf(text, sizeof text, "%g us", ns / 1e3);
  else
    std::snprintf(text, sizeof text, "%g ms", ns / 1e6);
  return text;
}

void print_hot() {
  mb::runtime const ray({.num_cpus = 2});
  tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, 2);
  tbb::task_arena arena(2);
  boost::asio::thread_pool pool(2);
  std::printf("us a call, hot %22s %9s %9s %9s %9s %9s  map/best TBB\n", "loop", "map", "tbb auto", "simple", "static",
              "asio");
  for (auto const& [size, cost] :
       {std::pair(50, 20.0), std::pair(500, 5.0), std::pair(500, 20.0), std::pair(500, 1e3), std::pair(20'000, 20.0)}) {
    problem const p(static_cast<std::size_t>(size), steps_for(cost));
    std::vector<contender> const all = {
        {"map", p.map()},
        {"auto", [&] { keep(tbb_for<tbb::auto_partitioner>(arena, p.f, p.xs).data()); }},
        {"simple", [&] { keep(tbb_for<tbb::simple_partitioner>(arena, p.f, p.xs).data()); }},
        {"static", [&] { keep(tbb_for<tbb::static_partitioner>(arena, p.f, p.xs).data()); }},
        {"asio", [&] { keep(asio_chunks(pool, p.f, p.xs).data()); }},
    };
    std::vector<ratios> r(all.size());
    double const loop_ns = cost * size;
    for (int round = 0; round < 25; ++round)
      for (std::size_t c = 0; c < all.size(); ++c) hot_turn(p.base(), all[c].run, loop_ns, 1e6, r[c]);
    std::printf("%6d items of %-8s %9.2f", size, cost_name(cost).c_str(), median(r[0].loops) / 1e3);
    for (auto const& x : r) std::printf(" %9.2f", median(x.own) / 1e3);
    std::vector<double> to_best;
    for (std::size_t i = 0; i < r[0].own.size(); ++i)
      to_best.push_back(r[0].shares[i] / std::min({r[1].shares[i], r[2].shares[i], r[3].shares[i]}));
    double const best = std::min({median(r[1].shares), median(r[2].shares), median(r[3].shares)});
    std::printf("  %.3f (of medians %.3f)\n", median(to_best), median(r[0].shares) / best);
  }
}

void print_grid() {
  mb::runtime const ray({.num_cpus = 2});
  double const costs[] = {1, 5, 20, 100, 1e3, 10e3, 100e3, 1e6};
  std::size_t const sizes[] = {1, 10, 50, 500, 20'000};
  int above = 0;
  for (bool const cold : {false, true}) {
    std::printf("%s: map as a share of the loop (ns a call beyond it); ! above 1.02 and 150 ns\n%10s",
                cold ? "cold" : "hot", "");
    for (auto n : sizes) std::printf(" %20zu", n);
    std::printf("\n");
    for (double const cost : costs) {
      std::printf("%10s", cost_name(cost).c_str());
      std::uint64_t const steps_each = steps_for(cost);
      for (auto const n : sizes) {
        double const loop_ns = cost * static_cast<double>(n);
        if (loop_ns > 3e9) {
          std::printf(" %20s", "-");
          continue;
        }
        problem const p(n, steps_each);
        ratios r;
        int const rounds =
            std::clamp(static_cast<int>(0.7e9 / (cold ? 2 * loop_ns + 900e3 : 4 * loop_ns + 22e6)), 1, 400);
        for (int i = 0; i < rounds; ++i)
          cold ? cold_turn(p.base(), p.map(), r) : hot_turn(p.base(), p.map(), loop_ns, 400e3, r);
        double const share = median(r.shares), excess = median(r.excess);
        bool const bad = excess > 0.02 * median(r.loops) + 150;
        above += bad ? 1 : 0;
        char text[40];
        std::snprintf(text, sizeof text, "%.3f (%+.0f)%s", share, excess, bad ? "!" : " ");
        std::printf(" %20s", text);
        std::fflush(stdout);
      }
      std::printf("\n");
    }
  }
  std::printf("%d above the loop's time + 2 %% + 150 ns\n", above);
}

// Against the best possible schedule: the long item first, the rest shared evenly.
void print_uneven() {
  mb::runtime const ray({.num_cpus = 2});
  std::printf("500 items of which one takes 100 times as long: time as a share of the best possible schedule\n");
  for (double const cost : {100.0, 1e3, 10e3, 100e3}) {
    work const f{steps_for(cost)};
    for (std::size_t const where : {0U, 42U, 137U, 249U, 250U, 333U, 470U, 499U}) {
      items xs(500);
      for (std::size_t i = 0; i < xs.size(); ++i) xs[i] = i == where ? 1 : 0;
      auto const uneven = [&](std::uint64_t x) { return steps(x, x == 1 ? 100 * f.n : f.n); };
      ratios r;
      for (int i = 0; i < std::clamp(static_cast<int>(0.5e9 / (600 * cost)), 10, 200); ++i)
        hot_turn([&] { keep(loop(uneven, xs).data()); }, [&] { keep(mb::map(uneven, xs).data()); }, 600 * cost, 100e3,
                 r);
      std::printf("  %-8s long one at %3zu: %.3f\n", cost_name(cost).c_str(), where, median(r.shares) * 599 / 299.5);
    }
  }
}

void print_coroutines() {
  mb::runtime const ray({.num_cpus = 2});
  items const xs(500, 7);
  auto const naps = [](std::uint64_t x) -> mb::task<std::uint64_t> {
    co_await mb::sleep_for(100us);
    co_return x;
  };
  std::vector<double> us;
  for (int i = 0; i < 500; ++i) us.push_back(time_of([&] { keep(mb::map(naps, xs).data()); }, 1) / 1e3);
  std::sort(us.begin(), us.end());
  std::printf("500 coroutines that sleep 100 us: median %.0f us a batch, fastest %.0f, nine of ten below %.0f\n",
              us[us.size() / 2], us[0], us[us.size() * 9 / 10]);
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view const mode = argc > 1 ? argv[1] : "";
  if (mode == "--grid")
    print_grid();
  else if (mode == "--uneven")
    print_uneven();
  else if (mode == "--coroutines")
    print_coroutines();
  else
    print_hot();
}

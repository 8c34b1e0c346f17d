// CMA-ES on a function whose every evaluation sleeps 0.1 ms, as one that runs a simulator would: how long do 200
// generations of 500 candidates take, serially, done wrong, and done right? The search is the same, bit for bit.
//
//     cma_es [--full] [--generations N] [--output FOLDER]
//
// What takes 0.1 s a generation runs for a tenth of the generations, and its time is multiplied, unless --full is given.

#include "plot.hpp"
#include "report.hpp"
#include "search.hpp"

#include <mobula/mobula.hpp>

#include <getopt.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <numbers>
#include <string>
#include <thread>
#include <vector>

namespace mb = mobula;
namespace cma = mobula::cma;
using namespace std::chrono_literals;

namespace {

using point = Eigen::Ref<Eigen::VectorXd const>;

double f(point const& x) {
  double sum = 0;
  for (double xi : x) sum += (xi - std::numbers::pi) * (xi - std::numbers::pi);
  return sum;
}

double slow_f(point const& x) {
  std::this_thread::sleep_for(100us);  // holds a thread
  return f(x);
}

mb::task<double> slow_f_coroutine(point x) {
  co_await mb::sleep_for(100us);  // holds nothing
  co_return f(x);
}

// The ways to evaluate a generation `xs`, whose columns are the candidates.

std::vector<double> serially(double (*g)(point const&), cma::generation const& xs) {
  std::vector<double> ys;
  for (auto const& x : xs.colwise()) ys.push_back(g(x));
  return ys;
}

std::vector<double> submit_one_get_one(cma::generation const& xs) {
  std::vector<double> ys;
  for (auto const& x : xs.colwise()) ys.push_back(mb::get(mb::remote(slow_f)(x)));  // each waits for the one before
  return ys;
}

std::vector<double> map_blocking(cma::generation const& xs) { return mb::map(slow_f, xs.colwise()); }
std::vector<double> map_coroutine(cma::generation const& xs) { return mb::map(slow_f_coroutine, xs.colwise()); }
std::vector<double> map_plain(cma::generation const& xs) { return mb::map(f, xs.colwise()); }

// What the sleeps alone take on so many plain threads: no evaluation of slow_f can be faster.
double seconds_of_sleeps(std::size_t count, std::size_t threads) {
  auto const start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> sleepers;
    for (std::size_t t = 0; t < threads; ++t)
      sleepers.emplace_back([n = count / threads] {
        for (std::size_t i = 0; i < n; ++i) std::this_thread::sleep_for(100us);
      });
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct arguments {
  problem what;
  bool full = false;
  std::string folder = "cma_es_results";
};

arguments parse(int argc, char** argv) {
  static option const known[] = {{"full", no_argument, nullptr, 'f'},
                                 {"generations", required_argument, nullptr, 'g'},
                                 {"output", required_argument, nullptr, 'o'},
                                 {}};
  arguments a;
  for (int c; (c = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
    if (c == 'f') a.full = true;
    if (c == 'g') a.what.generations = std::strtoul(optarg, nullptr, 10);
    if (c == 'o') a.folder = optarg;
    if (c == '?' || a.what.generations == 0) {
      std::fprintf(stderr, "usage: %s [--full] [--generations N] [--output FOLDER]\n", argv[0]);
      std::exit(2);
    }
  }
  return a;
}

searches run(problem const& p, bool full) {
  mb::runtime const ray({.num_cpus = 10});
  auto const serially_slow = [](auto& xs) { return serially(slow_f, xs); };
  auto const serially_plain = [](auto& xs) { return serially(f, xs); };
  problem slow = p;
  if (!full) slow.generations = (p.generations + 9) / 10;
  searches s{.serial = search(slow, "serial loop", serially_slow),
             .mistake = search(slow, "submit one, get one", submit_one_get_one),
             .blocking = search(p, "map, blocking sleep", map_blocking),
             .sleeps = seconds_of_sleeps(p.generations * p.popsize, ray.num_cpus()),
             .coroutine = search(p, "map, co_await sleep_for", map_coroutine),
             .plain_serial = search(p, "no sleep, serial loop", serially_plain),
             .plain_map = search(p, "no sleep, map", map_plain)};
  repeat(p, s.plain_serial, serially_plain, s.plain_map, map_plain);
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    arguments const a = parse(argc, argv);
    searches const s = run(a.what, a.full);
    std::printf("\n");
    print_solution(s);
    write_log_and_plot(s.coroutine, a.folder);
    std::printf("\n");
    print_times(a.what, s);
  } catch (std::exception const& e) {
    std::fprintf(stderr, "cma_es: %s\n", e.what());
    return 1;
  }
}

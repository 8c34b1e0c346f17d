#include "report.hpp"

#include <cmath>
#include <cstdio>
#include <numbers>
#include <stdexcept>

namespace {

void print_row(char const* name, double seconds, double serial_seconds) {
  std::printf("  %-50s %9.3f s %9.2f x\n", name, seconds, serial_seconds / seconds);
}

void print_target(char const* name, double seconds, double limit, char const* limit_means) {
  std::printf("  %-26s %7.3f s, at most %7.3f s (%s): %s\n", name, seconds, limit, limit_means,
              seconds <= limit ? "met" : "missed");
}

}  // namespace

void print_solution(searches const& s) {
  history const& h = s.serial;
  std::printf("best solution: f = %.6g at x =\n", h.best_value);
  for (Eigen::Index i = 0; i < h.best.size(); ++i)
    std::printf("%s%.8f%s", i % 10 == 0 ? "  " : " ", h.best[i], i % 10 == 9 || i + 1 == h.best.size() ? "\n" : "");
  std::printf("no coordinate is further from pi than %.2g\n", (h.best.array() - std::numbers::pi).abs().maxCoeff());

  for (history const* other : {&s.mistake, &s.blocking, &s.coroutine, &s.plain_serial, &s.plain_map})
    if (!identical(*other, h)) throw std::runtime_error("the searches differ");
  std::printf("same values in each generation and same best solution in all six searches, bit for bit\n");
}

void print_times(problem const& p, searches const& s) {
  problem const report;  // for which the other programs were measured
  std::printf("%zu generations of %zu candidates, each evaluation sleeps 0.1 ms%15s %11s\n", p.generations, p.popsize,
              "time", "speed-up");
  print_row("serial loop", s.serial.seconds, s.serial.seconds);
  print_row("submit one, get one (the mistake)", s.mistake.seconds, s.serial.seconds);
  print_row("map, blocking sleep, num_cpus = 10", s.blocking.seconds, s.serial.seconds);
  print_row("map, co_await sleep_for", s.coroutine.seconds, s.serial.seconds);
  if (p.generations == report.generations) {
    print_row("pycma 4.5, serial *", 20.9, 20.9);
    print_row("pycma 4.5 and Ray 2.60, num_cpus = 10 *", 76.9, 20.9);
    std::printf("  * measured before, on this kind of machine (2 cores); speed-up against pycma's own serial loop\n");
  }
  std::printf("the same without a sleep (the fastest of several searches)\n");
  print_row("serial loop", s.plain_serial.seconds, s.plain_serial.seconds);
  print_row("map", s.plain_map.seconds, s.plain_serial.seconds);

  double const share = static_cast<double>(p.generations) / static_cast<double>(report.generations);
  std::printf("targets\n");
  print_target("map, blocking sleep", s.blocking.seconds, 1.15 * s.sleeps, "1.15 x the sleeps on ten plain threads");
  print_target("map, co_await sleep_for", s.coroutine.seconds, 0.25 * share, "0.25 s for 200 generations");
  print_target("map, no sleep", s.plain_map.seconds, 1.02 * s.plain_serial.seconds, "the serial loop, 2 % for noise");
}

#include "report.hpp"

#include <cmath>
#include <cstdio>
#include <numbers>
#include <stdexcept>

namespace {

void print_row(char const* name, double seconds, double serial_seconds) {
  std::printf("  %-50s %9.3f s %9.2f x\n", name, seconds, serial_seconds / seconds);
}

// The time of all generations, if each takes as long as those that were searched.
double whole_time(problem const& p, history const& h) {
  return h.seconds * static_cast<double>(p.generations) / static_cast<double>(h.generations.size());
}

}  // namespace

void print_solution(searches const& s) {
  history const& h = s.coroutine;
  std::printf("best solution: f = %.6g at x =\n", h.best_value);
  for (Eigen::Index i = 0; i < h.best.size(); ++i)
    std::printf("%s%.8f%s", i % 10 == 0 ? "  " : " ", h.best[i], i % 10 == 9 || i + 1 == h.best.size() ? "\n" : "");
  std::printf("no coordinate is further from pi than %.2g\n", (h.best.array() - std::numbers::pi).abs().maxCoeff());

  for (history const* other : {&s.serial, &s.mistake, &s.blocking, &s.plain_serial, &s.plain_map})
    if (!identical(*other, h)) throw std::runtime_error("the searches differ");
  std::printf("same values in each generation and same best solution in all six searches, bit for bit\n");
  if (std::size_t const n = s.serial.generations.size(); n < h.generations.size())
    std::printf("(the serial loop and the mistake: %zu generations; their times are multiplied)\n", n);
}

void print_times(problem const& p, searches const& s) {
  problem const report;  // for which the other programs were measured
  std::printf("%zu generations of %zu candidates, each evaluation sleeps 0.1 ms%15s %11s\n", p.generations, p.popsize,
              "time", "speed-up");
  double const serial = whole_time(p, s.serial);
  print_row("serial loop", serial, serial);
  print_row("submit one, get one (the mistake)", whole_time(p, s.mistake), serial);
  print_row("map, blocking sleep, num_cpus = 10", s.blocking.seconds, serial);
  print_row("  the sleeps alone, on ten plain threads", s.sleeps, serial);
  print_row("map, co_await sleep_for", s.coroutine.seconds, serial);
  if (p.generations == report.generations) {
    print_row("pycma 4.5, serial *", 20.9, 20.9);
    print_row("pycma 4.5 and Ray 2.60, num_cpus = 10 *", 76.9, 20.9);
    std::printf("  * measured before, on this kind of machine (2 cores); speed-up against pycma's own serial loop\n");
  }
  std::printf("the same without a sleep (the fastest of several searches)\n");
  print_row("serial loop", s.plain_serial.seconds, s.plain_serial.seconds);
  print_row("map", s.plain_map.seconds, s.plain_serial.seconds);
}

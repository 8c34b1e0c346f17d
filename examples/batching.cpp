// When is it worth sending an evaluation to other threads? Four ways to do 500 of them, by what one costs.
//
//     batching [--quick]     writes batching.csv, and batching.png where gnuplot is

#include <mobula/mobula.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

namespace mb = mobula;

// An evaluation: so many steps, by the same code wherever it is called.
struct evaluation {
  int steps = 1;
  [[gnu::noinline]] double operator()(double x) const {
    for (int i = 0; i < steps; ++i) x = std::sin(x);
    return x;
  }
};

using values = std::vector<double>;

// [ways]
values serially(evaluation f, values const& xs) {
  values ys;
  for (double x : xs) ys.push_back(f(x));
  return ys;
}

values submit_one_get_one(evaluation f, values const& xs) {
  values ys;
  for (double x : xs) ys.push_back(mb::get(mb::remote(f)(x)));  // each waits for the one before
  return ys;
}

values one_future_each(evaluation f, values const& xs) {
  std::vector<mb::future<double>> futures;
  for (double x : xs) futures.push_back(mb::remote(f)(x));
  return mb::get(futures);
}

values map(evaluation f, values const& xs) { return mb::map(f, xs); }
// [/ways]

using way = values (*)(evaluation, values const&);

double seconds(way how, evaluation f, values const& xs, values const& right) {
  auto const start = std::chrono::steady_clock::now();
  values const ys = how(f, xs);
  double const s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (ys != right) throw std::runtime_error("the values differ");
  return s;
}

// Speed-up over the loop, of calls that follow each other: the median, each beside a loop of its own.
double speed_up(way how, evaluation f, values const& xs) {
  values const right = serially(f, xs);
  values ratios;
  double warm = 0, spent = 0;
  while (warm < 3e-3) warm += seconds(how, f, xs, right);  // what is short has a helper only after a while
  while (ratios.empty() || (ratios.size() < 200 && spent < 0.1)) {
    double const serial = seconds(serially, f, xs, right), mine = seconds(how, f, xs, right);
    spent += serial + mine;
    ratios.push_back(serial / mine);
  }
  std::nth_element(ratios.begin(), ratios.begin() + static_cast<long>(ratios.size() / 2), ratios.end());
  return ratios[ratios.size() / 2];
}

void draw() {
  std::ofstream("batching.gp") << R"(set terminal pngcairo size 900,520 font 'sans,11'
set output 'batching.png'
set datafile separator ','
set logscale xy
set format x '%.0s %cs'
set xlabel 'cost of one evaluation'
set ylabel 'speed-up over the loop (500 evaluations)'
set grid
set key outside right
plot for [w in 'submit-one-get-one one-future-each map'] for [n in '2 10'] 'batching.csv' \
  using (strcol(2) eq w && strcol(3) eq n ? $1 : NaN):4 with points pointtype (n eq '2' ? 7 : 6) title w.', '.n, \
  1 title 'serial' linecolor 'black'
)";
  bool const drawn = std::system("gnuplot batching.gp 2>/dev/null") == 0;
  std::printf(drawn ? "plot: batching.png\n" : "plot: none; with gnuplot, `gnuplot batching.gp` draws it\n");
}

int main(int argc, char** argv) {
  bool const quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  values const xs(500, 1.0);
  double const step = seconds(serially, {200'000 / 500}, xs, serially({200'000 / 500}, xs)) / 200'000;
  std::ofstream csv("batching.csv");
  for (unsigned const workers : {2U, 10U}) {
    mb::runtime const ray({.num_cpus = workers, .on_warning = [](char const*) {}});
    std::printf("%u workers, 500 evaluations: speed-up over the loop\n", workers);
    for (double cost = 10e-9; cost < (quick ? 2e-5 : 2e-2); cost *= quick ? 10 : std::sqrt(10.0)) {
      evaluation const f{std::max(1, static_cast<int>(std::lround(cost / step)))};
      std::printf("  %10.0f ns", cost * 1e9);
      for (auto const& [name, how] : {std::pair("submit-one-get-one", &submit_one_get_one),
                                      std::pair("one-future-each", &one_future_each), std::pair("map", &map)}) {
        double const x = speed_up(how, f, xs);
        csv << cost << ',' << name << ',' << workers << ',' << x << '\n';
        std::printf("  %s %.3f", name, x);
      }
      std::printf("\n");
    }
  }
  csv.close();
  draw();
}

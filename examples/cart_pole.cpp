// A neural network learns to balance a pole on a cart by pushing the cart to and fro: its 49 weights are what CMA-ES
// searches. An evaluation is a few seconds of simulated physics from each of 32 starts.
//
//     cart_pole [folder]     where to write the learning curve, cart_pole.png; here without an argument

#include <mobula/cma/minimize.hpp>
#include <mobula/mobula.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <random>
#include <span>
#include <vector>

namespace mb = mobula;
namespace cma = mobula::cma;

namespace {

constexpr double step = 0.02;      // seconds
constexpr int lesson = 300;        // steps from each start that it learns from
constexpr int test = 3000;         // steps after which the pole counts as balanced
constexpr double full_push = 10;   // newtons
constexpr std::size_t hidden = 8;  // neurons
constexpr std::size_t weights = hidden * 6 + 1;

// Barto, Sutton and Anderson's cart, of 1 kg, with a pole of 0.1 kg and 1 m.
struct cart_pole {
  double x, v, angle, spin;

  [[nodiscard]] bool fallen() const { return std::abs(x) > 2.4 || std::abs(angle) > 0.21; }
  void push(double force) {
    constexpr double pole = 0.1, both = 1.1, half = 0.5, gravity = 9.8;
    double const sine = std::sin(angle), cosine = std::cos(angle);
    double const drive = (force + pole * half * spin * spin * sine) / both;
    double const turn = (gravity * sine - cosine * drive) / (half * (4.0 / 3 - pole * cosine * cosine / both));
    x += step * v;
    v += step * (drive - pole * half * turn * cosine / both);
    angle += step * spin;
    spin += step * turn;
  }
};

// What the network says to do: 4 inputs, 8 hidden neurons, 1 output.
double policy(std::span<double const> w, cart_pole const& c) {
  double sum = w[hidden * 6];
  for (std::size_t h = 0; h < hidden; ++h, w = w.subspan(6))
    sum += w[5] * std::tanh(w[0] * c.x + w[1] * c.v + w[2] * c.angle * 10 + w[3] * c.spin + w[4]);
  return full_push * std::tanh(sum);
}

std::vector<cart_pole> random_starts(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  auto const within = [&](double most) { return std::uniform_real_distribution<>(-most, most)(random); };
  std::vector<cart_pole> starts;
  while (starts.size() < count) starts.push_back({within(1.5), within(1), within(0.12), within(0.8)});
  return starts;
}

// How far the cart is from the middle and the pole from upright, in the mean over time; 1 at once when it has fallen.
double distance(std::span<double const> w, cart_pole c, int steps) {
  double sum = 0;
  for (int t = 0; t < steps; ++t) {
    if (c.fallen()) return (sum + steps - t) / steps;
    sum += (std::pow(c.x / 2.4, 2) + std::pow(c.angle / 0.21, 2)) / 2;
    c.push(policy(w, c));
  }
  return sum / steps;
}

double cost(std::span<double const> w) {
  static auto const starts = random_starts(32, 1);
  double sum = 0;
  for (cart_pole const& c : starts) sum += distance(w, c, lesson);
  return sum / static_cast<double>(starts.size());
}

struct training {
  cma::result best;
  double seconds;
};
training train(unsigned workers, cma::minimize_options const& how) {
  mb::runtime const ray({.num_cpus = workers});
  auto const start = std::chrono::steady_clock::now();
  auto best = cma::minimize(cost, std::vector<double>(weights), 0.5, {.popsize = 80, .seed = 2, .maxiter = 40}, how);
  return {best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
}

void run(std::filesystem::path const& folder) {
  auto const [best, two_workers] = train(2, {.show = cma::display::table});
  auto const [same, one_worker] = train(1, {.plot = folder / "cart_pole.png"});
  std::printf("stopped by %s after %lld generations\n", to_string(best.stop).c_str(),
              static_cast<long long>(best.iterations));

  auto const tests = random_starts(1000, 2);  // others than it has learned from, and ten times as long
  std::span<double const> const w(best.x.data(), weights);
  auto const passed = std::ranges::count_if(tests, [&](cart_pole const& c) { return distance(w, c, test) < 0.1; });
  std::printf("balances the pole from %td of %zu other starts for %.0f s\n", passed, tests.size(), test * step);
  std::printf("one worker %.2f s, two workers %.2f s: %.2f x, %s weights\n", one_worker, two_workers,
              one_worker / two_workers, best.x == same.x ? "the same" : "other");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : ".");
  } catch (std::exception const& e) {
    std::fprintf(stderr, "cart_pole: %s\n", e.what());
    return 1;
  }
}

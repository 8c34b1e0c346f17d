// Options that stand in a co_await expression, where g++ 12 copies temporaries byte by byte and destroys both copies.
#include "mobula/cma/minimize.hpp"

#include "support/catch.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "test_files.hpp"

namespace cma = mobula::cma;
namespace mb = mobula;

namespace {

double sphere(std::span<const double> x) {
  double sum = 0;
  for (const double xi : x) sum += xi * xi;
  return sum;
}

mb::task<double> with_options() {
  const std::vector<double> x0{1, 2, 3, 4};
  const std::vector<cma::fixed_variable> fixed(1, cma::fixed_variable{3, 0.5});
  const cma::result r = co_await cma::async_minimize(sphere, x0, 0.5,
                                                     {.maxiter = 3,
                                                      .bounds = {.lower = -5, .upper = std::vector<double>(4, 5.0)},
                                                      .stds = std::vector<double>(4, 0.5),
                                                      .scaling_of_variables = 2,
                                                      .fixed_variables = fixed,
                                                      .minstd = 1e-9,
                                                      .maxstd = x0});
  co_return r.x[3];
}

mb::task<std::size_t> with_files(const std::filesystem::path here, const std::shared_ptr<std::size_t> held) {
  const std::vector<double> x0{1, 2, 3};
  const auto count = [held](const cma::generation_report&) { ++*held; };
  const auto start = [held, x0](std::size_t) { return x0; };
  const std::filesystem::path log = here / "a log whose name does not fit into a string itself.csv";
  const cma::result r = co_await cma::async_minimize(
      sphere, x0, 0.5, {.maxiter = 3}, {.callback = count, .log = log, .start = start, .checkpoint = here / "run.cma"});
  co_return r.iterations;
}

}  // namespace

TEST_CASE("options of CMA-ES in a co_await expression are destroyed once") {
  mb::runtime rt({.num_cpus = 1});
  for (int i = 0; i < 5; ++i) CHECK(mb::get(mb::remote(with_options)()) == 0.5);
}

TEST_CASE("minimize_options in a co_await expression are destroyed once") {
  const cma_test::folder here;
  mb::runtime rt({.num_cpus = 1});
  const auto held = std::make_shared<std::size_t>(0);
  for (int i = 0; i < 5; ++i) CHECK(mb::get(mb::remote(with_files)(here / "", held)) == 3);
  CHECK(held.use_count() == 1);
  CHECK(*held == 15);
}

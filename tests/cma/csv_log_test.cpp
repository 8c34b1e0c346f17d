#include "mobula/cma/csv_log.hpp"

#include <array>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "cma/test_files.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

TEST_CASE("a log has a line for each generation, and its numbers come back bit by bit", "[cma]") {
  const cma_test::folder here;
  bool stop = false;
  const std::array<double, 2> mean{0.1, -2}, stds{1.0 / 3, 4};
  const cma::stop_reasons none;
  cma::generation_report r{.iterations = 7,
                           .evaluations = 70,
                           .run = 0,
                           .popsize = 10,
                           .values = {},
                           .min = 0.1,
                           .median = 0.25,
                           .max = 1e300,
                           .best_f = 0.1,
                           .best_x = mean,
                           .mean = mean,
                           .stds = stds,
                           .sigma = 0.3,
                           .axis_ratio = 2,
                           .elapsed = {},
                           .stop = none,
                           .stop_requested = &stop};
  {
    cma::csv_log log(here / "made/run.csv", 2);
    log.write(r);
    r.iterations = 8;
    log.write(r);
  }
  {
    cma::csv_log log(here / "made/run.csv", 2, 7);
    r.iterations = 8;
    r.evaluations = 81;
    log.write(r);
  }
  const std::vector<std::string> lines = cma_test::lines_of(here / "made/run.csv");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "iterations,evaluations,seconds,min,median,max,best,sigma,axis_ratio,std_1,std_2,mean_1,mean_2");
  CHECK(lines[1].starts_with("7,70,0,0.1"));
  CHECK(lines[2].starts_with("8,81,0,0.1"));
  const auto last = lines[1].rfind(',', lines[1].rfind(',') - 1);
  CHECK(std::stod(lines[1].substr(last + 1)) == 0.1);
}

TEST_CASE("a log that can't be written says which file", "[cma]") {
  CHECK_THROWS_WITH(cma::csv_log("/proc/none/run.csv", 2), Catch::Contains("/proc/none/run.csv"));
}

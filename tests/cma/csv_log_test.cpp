#include "mobula/cma/csv_log.hpp"

#include <array>
#include <fstream>
#include <limits>
#include <locale>
#include <stdexcept>
#include <string>
#include <vector>

#include "cma/test_files.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a log has a line for each generation, and its numbers come back bit by bit", "[cma]") {
  const cma_test::folder here;
  bool stop = false;
  const std::array<double, 2> mean{0.1, -2}, stds{1.0 / 3, 4};
  const cma::stop_reasons none;
  cma::generation_report r{.iterations = 7,
                           .evaluations = 70,
                           .run = 3,
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
  CHECK(lines[0] ==
        "iterations,evaluations,seconds,min,median,max,best,sigma,axis_ratio,run,popsize,std_1,std_2,"
        "mean_1,mean_2");
  CHECK(lines[1].starts_with("7,70,0,0.1"));
  CHECK(lines[2].starts_with("8,81,0,0.1"));
  CHECK(has(lines[1], ",2,3,10,0.3333333333333333,4,0.1,-2"));
  const auto last = lines[1].rfind(',', lines[1].rfind(',') - 1);
  CHECK(std::stod(lines[1].substr(last + 1)) == 0.1);
}

TEST_CASE("numbers in a log are the shortest that come back, whatever the locale", "[cma]") {
  struct grouped : std::numpunct<char> {
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
    char do_decimal_point() const override { return ','; }
  };
  const cma_test::folder here;
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new grouped));
  bool stop = false;
  const std::array<double, 1> one{0.1};
  const cma::stop_reasons none;
  cma::csv_log(here / "run.csv", 1)
      .write({.iterations = 1234567,
              .evaluations = 7654321,
              .run = 0,
              .popsize = 1000,
              .values = {},
              .min = 0.1,
              .median = 0.25,
              .max = 1e300,
              .best_f = 0.1,
              .best_x = one,
              .mean = one,
              .stds = one,
              .sigma = 0.3,
              .axis_ratio = 2,
              .elapsed = {},
              .stop = none,
              .stop_requested = &stop});
  std::locale::global(before);
  CHECK(cma_test::lines_of(here / "run.csv").back() == "1234567,7654321,0,0.1,0.25,1e+300,0.1,0.3,2,0,1000,0.1,0.1");
}

TEST_CASE("a log that can't be written says which file", "[cma]") {
  CHECK_THROWS_WITH(cma::csv_log("/proc/none/run.csv", 2), Catch::Contains("/proc/none/run.csv"));
}

#include "mobula/cma/plot.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

#include "cma/test_files.hpp"
#include "mobula/cma/minimize.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

// Another value of an environment variable, until this goes.
class setting {
 public:
  setting(const char* name, const char* value) : name_(name), before_(std::getenv(name)) { setenv(name, value, 1); }
  setting(const setting&) = delete;
  ~setting() { setenv(name_, before_.c_str(), 1); }

 private:
  const char* name_;
  std::string before_;
};

}  // namespace

TEST_CASE("a log is drawn as a picture, whatever the sign of its values and the name of its folder", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  for (const double offset : {0.0, -3.0}) {
    const auto f = [offset](const Eigen::VectorXd& x) { return x.squaredNorm() + offset; };
    const auto log = here / "it's/run.csv", picture = here / "it's/run.png";
    static_cast<void>(cma::minimize(f, {1, 2, 3}, 0.5, {.maxiter = 50}, {.log = log}));
    const cma::plot_outcome outcome = cma::plot_log(log, picture);
    CAPTURE(outcome.message);
    CHECK(outcome.drawn);
    CHECK(std::filesystem::file_size(picture) > 10'000);
    CHECK(std::filesystem::exists(here / "it's/run.gp"));
    std::filesystem::remove(picture);
  }
}

TEST_CASE("without gnuplot the outcome says how to get it and what to do then", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  const auto f = [](const Eigen::VectorXd& x) { return x.squaredNorm(); };
  static_cast<void>(cma::minimize(f, {1, 2, 3}, 0.5, {.maxiter = 5}, {.log = here / "run.csv"}));
  const setting no_programs("PATH", "/nowhere");
  const cma::plot_outcome outcome = cma::plot_log(here / "run.csv", here / "run.png");
  CHECK_FALSE(outcome.drawn);
  CHECK_THAT(outcome.message, Catch::Contains("gnuplot-nox") && Catch::Contains("gnuplot 'run.gp'"));
  CHECK(std::filesystem::exists(here / "run.gp"));
}

TEST_CASE("what is no log is refused by name", "[cma]") {
  const cma_test::folder here;
  CHECK_THROWS_WITH(cma::plot_log(here / "none.csv", here / "none.png"), Catch::Contains("none.csv"));
  std::ofstream(here / "other.csv") << "a,b\n1,2\n";
  CHECK_THROWS_WITH(cma::plot_log(here / "other.csv", here / "none.png"), Catch::Contains("a,b"));
}

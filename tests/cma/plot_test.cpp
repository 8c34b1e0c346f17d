#include "mobula/cma/plot.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "cma/test_files.hpp"
#include "mobula/cma/minimize.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

// Another value of an environment variable, until this goes.
class setting {
 public:
  setting(const char* name, const char* value) : name_(name), before_(text(std::getenv(name))) {
    setenv(name, value, 1);
  }
  setting(const setting&) = delete;
  ~setting() { setenv(name_, before_.c_str(), 1); }

 private:
  static std::string text(const char* value) { return value == nullptr ? "" : value; }

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
  CHECK_THAT(outcome.message, Catch::Contains("gnuplot-nox") && Catch::Contains("gnuplot ./run.gp"));
  CHECK(std::filesystem::exists(here / "run.gp"));
}

TEST_CASE("no file's name is ever code, an option or a pattern: whatever it is, that file is drawn", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  const std::vector<std::string> names = {
      "n\nsystem('touch PWN')\n#",
      "`touch PWN`",
      "$(touch PWN)",
      "|touch PWN;",
      "<touch PWN",
      "-esystem('touch PWN')",
      "-",
      "'; system('touch PWN') #",
      "\"; system(\"touch PWN\") #",
      "\\012system('touch PWN')\\",
      "%s%n%d@HOME~$x{[*]}",
      std::string(249, 'x'),
  };
  const auto f = [](const Eigen::VectorXd& x) { return x.squaredNorm(); };
  for (const std::string& name : names) {
    const auto folder = here / name;
    static_cast<void>(cma::minimize(f, {1, 2}, 0.5, {.maxiter = 12}, {.log = folder / (name + ".csv")}));
    const cma::plot_outcome outcome = cma::plot_log(folder / (name + ".csv"), folder / (name + ".png"));
    CAPTURE(name, outcome.message);
    CHECK(outcome.drawn);
    CHECK(std::filesystem::exists(folder / (name + ".png")));
    CHECK_FALSE(std::filesystem::exists(folder / "PWN"));
    CHECK(outcome.message.find('\n') == std::string::npos);
  }
}

TEST_CASE("a folder `-`, one that CDPATH has too, and names without a folder are what they are here", "[cma]") {
  const cma_test::folder here;
  const cma_test::working_folder inside(here / ".");
  const mobula::manual_runtime runtime;
  const setting elsewhere("CDPATH", "/usr:/"), before("OLDPWD", "/usr");
  const auto f = [](const Eigen::VectorXd& x) { return x.squaredNorm(); };
  for (const std::string folder : {"", "-/", "bin/", "-n/../"}) {
    std::filesystem::create_directories("./-n");
    static_cast<void>(cma::minimize(f, {1, 2}, 0.5, {.maxiter = 12}, {.log = folder + "-p.csv"}));
    CHECK(cma::plot_log(folder + "-p.csv", folder + "-p.png").drawn);
    CHECK(std::filesystem::exists(here / (folder + "-p.png")));
    std::filesystem::remove(folder + "-p.png");
    // What is shown to be typed does the same.
    const setting no_programs("PATH", "/nowhere");
    const std::string message = cma::plot_log(folder + "-p.csv", folder + "-p.png").message;
    const std::size_t first = message.find('`') + 1;
    const std::string command = message.substr(first, message.rfind('`') - first);
    CAPTURE(command);
    CHECK(std::system(("PATH=/usr/bin:/bin; " + command).c_str()) == 0);
    CHECK(std::filesystem::exists(here / (folder + "-p.png")));
  }
}

TEST_CASE("a picture is drawn only if it is there, whole and new", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  const auto f = [](const Eigen::VectorXd& x) { return x.squaredNorm(); };
  static_cast<void>(cma::minimize(f, {1, 2}, 0.5, {.maxiter = 5}, {.log = here / "run.csv"}));
  const auto gnuplot_that = [&](const std::string& does) {
    std::filesystem::create_directory(here / "bin");
    std::ofstream(here / "bin/gnuplot") << "#!/bin/sh\n" << does << '\n';
    std::filesystem::permissions(here / "bin/gnuplot", std::filesystem::perms::owner_all);
    const setting path("PATH", (here / "bin").c_str());
    return cma::plot_log(here / "run.csv", here / "run.png");
  };
  CHECK_THAT(gnuplot_that("exit 0").message, Catch::Contains("gnuplot has not written"));
  CHECK(gnuplot_that("echo some > run.png").drawn);
  CHECK_FALSE(gnuplot_that("exit 0").drawn);  // that is an old one
  CHECK_FALSE(gnuplot_that("printf '\\211PNG, cut off' > run.png").drawn);
  CHECK_FALSE(gnuplot_that(": > run.png").drawn);
  CHECK_THAT(gnuplot_that("echo new > run.png; exit 3").message, Catch::Contains("gnuplot failed"));
}

TEST_CASE("log, script, picture and checkpoint that are one file are refused before anything is written", "[cma]") {
  const cma_test::folder here;
  std::ofstream(here / "run.csv") << "kept\n";
  for (const char* picture : {"run.csv", "./run.csv", "run.gp"})
    CHECK_THROWS_AS(cma::plot_log(here / "run.csv", here / picture), std::invalid_argument);
  CHECK_THROWS_WITH(cma::plot_log(here / "run.gp", here / "run.png"), Catch::Contains("are one file"));
  CHECK(cma_test::lines_of(here / "run.csv") == std::vector<std::string>{"kept"});
}

TEST_CASE("what is no log is refused by name", "[cma]") {
  const cma_test::folder here;
  CHECK_THROWS_WITH(cma::plot_log(here / "none.csv", here / "none.png"), Catch::Contains("none.csv"));
  std::ofstream(here / "other.csv") << "a,b\n1,2\n";
  CHECK_THROWS_WITH(cma::plot_log(here / "other.csv", here / "none.png"), Catch::Contains("a,b"));
  CHECK_THROWS_WITH(cma::plot_log("/dev/zero", here / "none.png"), Catch::Contains("no regular file"));
  CHECK_THROWS_WITH(cma::plot_log(here / ".", here / "none.png"), Catch::Contains("no regular file"));
}

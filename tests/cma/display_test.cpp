#include "cma/display.hpp"

#include <array>
#include <limits>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace cma = mobula::cma;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::array stds{0.5, 2.0};
const cma::stop_reasons none;

cma::generation_report at(std::int64_t iterations, double seconds) {
  static bool stop = false;
  return {.iterations = iterations,
          .evaluations = 10 * iterations,
          .run = 0,
          .popsize = 10,
          .values = {},
          .min = 12.5,
          .median = 20,
          .max = 30,
          .best_f = 12.25,
          .best_x = stds,
          .mean = stds,
          .stds = stds,
          .sigma = 0.25,
          .axis_ratio = 3,
          .elapsed = std::chrono::duration<double>(seconds),
          .stop = none,
          .stop_requested = &stop};
}

// What is shown of so many generations of `pause` seconds each.
std::string shown(cma::display what, bool terminal, std::int64_t generations, double pause, cma::search_limits limits) {
  std::ostringstream out;
  cma::display_writer writer(what, out, terminal, limits);
  for (std::int64_t i = 1; i <= generations; ++i) writer.show(at(i, static_cast<double>(i) * pause));
  writer.finish(at(generations, static_cast<double>(generations) * pause));
  return out.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("the table has pycma's columns, for the first three generations, each hundredth and the last", "[cma]") {
  const auto lines = lines_of(shown(cma::display::table, false, 250, 0.001, {1000, infinity, infinity}));
  REQUIRE(lines.size() == 7);
  CHECK(lines[0] == "Iterat #Fevals   function value     axis ratio   sigma   min&max std  t[m:s]");
  CHECK(lines[1] == "     1      10 1.250000000000000e+01  3.0e+00  2.50e-01   5e-01  2e+00 0:00.0");
  CHECK(lines[5].starts_with("   200    2000"));
  CHECK(lines[6].starts_with("   250    2500"));
}

TEST_CASE("the table shows that a search of slow evaluations is alive", "[cma]") {
  CHECK(lines_of(shown(cma::display::table, false, 20, 60, {1000, infinity, infinity})).size() == 21);
}

TEST_CASE("the header of a long table comes again", "[cma]") {
  const std::string text = shown(cma::display::table, false, 30, 60, {1000, infinity, infinity});
  const std::regex header("Iterat");
  CHECK(std::distance(std::sregex_iterator(text.begin(), text.end(), header), {}) == 2);
}

TEST_CASE("a bar is drawn over itself on a terminal, with the time that is left", "[cma]") {
  const std::string text = shown(cma::display::progress, true, 50, 1, {100, infinity, infinity});
  CHECK_THAT(text, Catch::Contains("\r\033[K[##########..........] generation 50  f 12.25  sigma 0.25  "
                                   "0:50.0, at most 0:50.0 left"));
  CHECK(lines_of(text).size() == 1);
  CHECK_THAT(text, Catch::EndsWith("\r\033[Kbest f = 12.25 after 500 evaluations in 0:50.0\n"));
}

TEST_CASE("a bar changes no more often than one can see", "[cma]") {
  const std::string text = shown(cma::display::progress, true, 10'000, 1e-5, {10'000, infinity, infinity});
  CHECK(std::ranges::count(text, '\r') < 5);
}

TEST_CASE("where there is no terminal, progress is some twenty plain lines", "[cma]") {
  const auto lines = lines_of(shown(cma::display::progress, false, 1000, 0.001, {1000, infinity, infinity}));
  CHECK(lines.size() == 22);
  CHECK(lines[10] == " 50 %  generation 500  f 12.25  sigma 0.25  0:00.5, at most 0:00.5 left");
  for (const std::string& line : lines) CHECK(line.find('\r') == std::string::npos);
}

TEST_CASE("how far a search is goes by whichever limit is nearest", "[cma]") {
  CHECK_THAT(shown(cma::display::progress, true, 1, 1, {100, 20, infinity}), Catch::Contains("[##########....."));
  CHECK_THAT(shown(cma::display::progress, true, 1, 1, {100, infinity, 4}), Catch::Contains("[#####....."));
}

TEST_CASE("times are written as one reads them", "[cma]") {
  CHECK(std::string(cma::clock_text(0).text) == "0:00.0");
  CHECK(std::string(cma::clock_text(59.96).text) == "1:00.0");
  CHECK(std::string(cma::clock_text(3723).text) == "1:02:03");
  CHECK(std::string(cma::clock_text(infinity).text) == "?");
}

TEST_CASE("a string is no terminal", "[cma]") { CHECK_FALSE(cma::is_terminal(std::ostringstream())); }

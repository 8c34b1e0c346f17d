// What is wrong with files never costs a search its result.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "cma/test_files.hpp"
#include "mobula/cma/csv_log.hpp"
#include "mobula/cma/minimize.hpp"
#include "process/child.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
namespace fs = std::filesystem;
using mobula::test::run_process;

namespace {

const cma::options settings = {.seed = 3, .maxiter = 30};

double sphere(const Eigen::VectorXd& x) { return x.squaredNorm(); }

// Files of this process may not grow beyond a size, until this goes: as on a full disk.
class full_disk {
 public:
  explicit full_disk(rlim_t size) : before_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit small{size, limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  full_disk(const full_disk&) = delete;
  ~full_disk() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, before_);
  }

 private:
  void (*before_)(int);
  rlimit limit_{};
};

// What minimize says against its files, and how many evaluations there were before.
std::string complaint(const cma::minimize_options& how, int& evaluations) {
  const auto f = [&](const Eigen::VectorXd& x) {
    ++evaluations;
    return sphere(x);
  };
  try {
    static_cast<void>(cma::minimize(f, {1, 2, 3}, 0.5, settings, how));
  } catch (const std::system_error& e) { return e.what(); }
  return "";
}

// The name of a file below a path that can't have any.
std::string place(const cma_test::folder& here, int which) {
  std::ofstream(here / "file") << "text";
  fs::create_directories(here / "folder");
  switch (which) {
    case 0: return here / "folder";
    case 1: return here / "file/below";
    case 2: return "/proc/none/below";
    case 3: return here / std::string(300, 'x');
    default: return here / "folder/";
  }
}

}  // namespace

TEST_CASE("a checkpoint, log or plot that can't be written is told before anything is evaluated", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  int evaluations = 0;
  for (int which = 0; which < 5; ++which) {
    const std::string name = place(here, which);
    CAPTURE(name);
    CHECK_THAT(complaint({.checkpoint = name}, evaluations),
               Catch::StartsWith("cma: can't write the checkpoint " + name));
    CHECK_THAT(complaint({.log = name}, evaluations), Catch::StartsWith("cma: can't write the log " + name + ": "));
    CHECK_THAT(complaint({.log = here / "log.csv", .plot = name}, evaluations),
               Catch::StartsWith("cma: can't write the"));
  }
  CHECK_THAT(complaint({.checkpoint = here / "folder"}, evaluations), Catch::EndsWith(": Is a directory"));
  CHECK_THAT(complaint({.log = "/dev/full"}, evaluations), Catch::EndsWith("/dev/full: No space left on device"));
  const full_disk full(100);
  CHECK_THAT(complaint({.checkpoint = here / "run.cma"}, evaluations), Catch::EndsWith(": File too large"));
  CHECK(evaluations == 0);
  CHECK_FALSE(fs::exists(here / "run.cma.new"));
}

TEST_CASE("a checkpoint takes the place of a regular file only", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  int evaluations = 0;
  REQUIRE(::mkfifo((here / "pipe").c_str(), 0600) == 0);
  CHECK_THAT(complaint({.checkpoint = here / "pipe"}, evaluations), Catch::Contains("can't write the checkpoint"));
  CHECK(fs::is_fifo(here / "pipe"));
  fs::create_symlink("elsewhere", here / "run.cma.new");  // somebody else's bait
  CHECK(complaint({.checkpoint = here / "run.cma"}, evaluations).empty());
  CHECK_FALSE(fs::exists(here / "elsewhere"));
  CHECK(fs::is_regular_file(here / "run.cma"));
}

TEST_CASE("two files of a search that are one are refused before anything is written", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  const auto refused = [&](const cma::minimize_options& how) {
    CHECK_THROWS_AS(cma::minimize(sphere, {1, 2, 3}, 0.5, settings, how), std::invalid_argument);
  };
  refused({.log = here / "run", .checkpoint = here / "run"});
  refused({.log = here / "run.new", .checkpoint = here / "run"});
  refused({.plot = here / "run.csv"});
  refused({.log = here / "run.gp", .plot = here / "run.png"});
  refused({.plot = here / "run.png", .checkpoint = here / "run.png"});
  CHECK(fs::is_empty(here / "."));
}

TEST_CASE("a checkpoint that can't be written any more is told, and costs nothing", "[cma]") {
  const mobula::test::last_words child = run_process([] {
    const mobula::manual_runtime runtime;
    const cma_test::folder here;
    const double f = cma::minimize(sphere, {1, 2, 3}, 0.5, settings).f;
    int calls = 0;
    const auto g = [&](const Eigen::VectorXd& x) {
      if (++calls == 50) fs::create_directory(here / "run.cma");
      return sphere(x);
    };
    return cma::minimize(g, {1, 2, 3}, 0.5, settings, {.checkpoint = here / "run.cma"}).f == f ? 0 : 1;
  });
  CHECK(child.how == 0);
  CHECK_THAT(child.said, Catch::Contains("mobula: cma: can't write the checkpoint ") &&
                             Catch::Contains("run.cma: Is a directory; the run is over without it\n"));
}

TEST_CASE("a log that can't be written any more is told once, costs nothing, and has whole lines", "[cma]") {
  const cma_test::folder here;
  const mobula::test::last_words child = run_process([&] {
    const mobula::manual_runtime runtime;
    const double f = cma::minimize(sphere, {1, 2, 3}, 0.5, settings).f;
    const full_disk full(3000);
    return cma::minimize(sphere, {1, 2, 3}, 0.5, settings, {.log = here / "run.csv"}).f == f ? 0 : 1;
  });
  CHECK(child.how == 0);
  CHECK_THAT(child.said, Catch::StartsWith("mobula: cma: can't write the log ") &&
                             Catch::EndsWith("run.csv: File too large; the search goes on, its lines are missing\n"));
  CHECK(std::count(child.said.begin(), child.said.end(), '\n') == 1);
  const std::vector<std::string> lines = cma_test::lines_of(here / "run.csv");
  REQUIRE(lines.size() > 5);
  for (const std::string& line : lines) CHECK(std::count(line.begin(), line.end(), ',') == 16);
}

TEST_CASE("a disk that is full is told for checkpoint and log, and costs nothing", "[cma]") {
  const cma_test::folder here;
  const mobula::test::last_words child = run_process([&] {
    // Where that is allowed; elsewhere RLIMIT_FSIZE, above, has to do.
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("tmpfs", (here / ".").c_str(), "tmpfs", 0, "size=16k") != 0) return 7;
    const mobula::manual_runtime runtime;
    const double f = cma::minimize(sphere, {1, 2, 3}, 0.5, settings).f;
    int calls = 0;
    const auto g = [&](const Eigen::VectorXd& x) {
      if (++calls == 50) std::ofstream(here / "rest") << std::string(100'000, 'x') << std::flush;
      return sphere(x);
    };
    return cma::minimize(g, {1, 2, 3}, 0.5, settings, {.log = here / "l.csv", .checkpoint = here / "c"}).f == f ? 0 : 1;
  });
  if (child.how == 7) return;
  CHECK(child.how == 0);
  CHECK_THAT(child.said,
             Catch::Contains("/l.csv: No space left on device") && Catch::Contains("/c.new: No space left on device"));
}

TEST_CASE("a log that is removed is told, and a plot of it that fails costs nothing", "[cma]") {
  const mobula::test::last_words child = run_process([] {
    const mobula::manual_runtime runtime;
    const cma_test::folder here;
    int calls = 0;
    const auto g = [&](const Eigen::VectorXd& x) {
      if (++calls == 50) fs::remove_all(here / "run");
      return sphere(x);
    };
    std::ostringstream out;
    cma::minimize_options how = {.out = &out, .plot = here / "run/run.png"};
    const double f = cma::minimize(g, {1, 2, 3}, 0.5, settings, how).f;
    return f < 1 && out.str().starts_with("plot: none, cma: can't read the log ") ? 0 : 1;
  });
  CHECK(child.how == 0);
  CHECK_THAT(child.said,
             Catch::Contains("can't write the log ") && Catch::Contains("run.csv: No such file or directory"));
}

TEST_CASE("SIGTERM without a place for the checkpoint ends the process, and says that there is none", "[cma]") {
  const mobula::test::last_words child = run_process([] {
    const mobula::manual_runtime runtime;
    const cma_test::folder here;
    int calls = 0;
    const auto g = [&](const Eigen::VectorXd& x) {
      if (++calls == 50) {
        fs::remove_all(here / "run");
        std::raise(SIGTERM);
      }
      return sphere(x);
    };
    static_cast<void>(cma::minimize(g, {1, 2, 3}, 0.5, settings, {.checkpoint = here / "run/run.cma"}));
    return 0;
  });
  CHECK(child.how == -SIGTERM);
  CHECK_THAT(child.said, Catch::Contains("can't write the checkpoint ") &&
                             Catch::Contains("No such file or directory; the search ends by SIGTERM without it"));
}

TEST_CASE("a second SIGTERM ends the process at once, in the midst of an evaluation", "[cma]") {
  CHECK(mobula::test::end_of_process([] {
          const mobula::manual_runtime runtime;
          const cma_test::folder here;
          const auto for_ever = [](const Eigen::VectorXd& x) {
            std::raise(SIGTERM);
            std::raise(SIGTERM);
            while (true) ::pause();
            return x[0];
          };
          static_cast<void>(cma::minimize(for_ever, {1, 2, 3}, 0.5, settings, {.checkpoint = here / "run.cma"}));
          return 0;
        }) == -SIGTERM);
}

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cma/checkpoints.hpp"
#include "cma/test_files.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
using cma_test::ellipsoid;
using cma_test::fingerprint;
using cma_test::fragile;
using cma_test::refusal;
using cma_test::resumed;
using cma_test::saved;
using cma_test::sphere;
using cma_test::start;
using cma_test::step;
using cma_test::variants;

TEST_CASE("a run that is saved and resumed after every generation is the same to the last bit", "[cma]") {
  const std::vector<cma::options> all = variants();
  for (std::size_t v = 0; v < all.size(); ++v) {
    cma::engine whole(start, 0.8, all[v]);
    cma::engine broken(start, 0.8, all[v]);
    int generations = 0;
    while (!whole.stop() && ++generations < 60) {
      step(whole, fragile);
      broken = resumed(saved(broken));
      step(broken, fragile);
      broken = resumed(saved(broken));
      REQUIRE(fingerprint(broken) == fingerprint(whole));
    }
    CAPTURE(to_string(whole.stop()), v);
    CHECK(generations > 20);
  }
}

TEST_CASE("every checkpoint of a run leads to the same end", "[cma]") {
  cma::engine whole(start, 0.8, {.maxiter = 30});
  std::vector<std::string> checkpoints;
  while (!whole.stop()) {
    checkpoints.push_back(saved(whole));
    step(whole, ellipsoid);
  }
  for (const std::string& bytes : checkpoints) {
    cma::engine es = resumed(bytes);
    while (!es.stop()) step(es, ellipsoid);
    CHECK(fingerprint(es) == fingerprint(whole));
  }
}

TEST_CASE("between ask and tell a run can be saved, with all that was asked for", "[cma]") {
  for (const cma::options& settings : variants()) {
    cma::engine es(start, 0.8, settings);
    for (int i = 0; i < 12; ++i) {
      es.inject(start);
      if (i % 3 == 0) es.inject(std::vector<double>{1, 1, 1, 1});
      es.ask();
      for (int k = 0; k < 13; ++k) es.ask_one();
      es.inject(std::vector<double>{2, 2, 2, 2});
      cma::engine again = resumed(saved(es));
      const std::span<const double> xs = es.ask();
      const std::span<const double> ys = again.ask();
      REQUIRE(std::vector<double>(xs.begin(), xs.end()) == std::vector<double>(ys.begin(), ys.end()));
      const std::span<const double> x = es.ask_one();
      const std::span<const double> y = again.ask_one();
      REQUIRE(std::vector<double>(x.begin(), x.end()) == std::vector<double>(y.begin(), y.end()));
      step(es, fragile);
      step(again, fragile);
      REQUIRE(fingerprint(again) == fingerprint(es));
    }
  }
}

TEST_CASE("saving changes nothing, and what is resumed saves the same bytes", "[cma]") {
  cma::engine es(start, 0.8, cma_test::never());
  for (int i = 0; i < 5; ++i) step(es, sphere);
  const std::string before = fingerprint(es);
  const std::string bytes = saved(es);
  CHECK(fingerprint(es) == before);
  // But for the time that has passed, and the checksum.
  const std::string again = saved(resumed(bytes));
  REQUIRE(again.size() == bytes.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) different += again[i] != bytes[i] ? 1 : 0;
  CHECK(different <= 16);
}

TEST_CASE("a checkpoint keeps reasons to stop and criteria", "[cma]") {
  cma::engine es(start, 0.8, {.maxiter = 2, .tolx = 1e-5});
  es.request_stop("enough");
  for (int i = 0; i < 2; ++i) step(es, sphere);
  const cma::engine again = resumed(saved(es));
  CHECK(to_string(again.stop()) == to_string(es.stop()));
  CHECK(again.stop().message() == "enough");
  CHECK(again.settings().tolx == 1e-5);
}

TEST_CASE("two checkpoints can stand in one stream", "[cma]") {
  const cma::engine one(start, 0.8, {.seed = 1});
  const cma::engine two(start, 0.8, {.seed = 2});
  std::istringstream in(saved(one) + saved(two));
  CHECK(cma::engine::resume(in).settings().seed == 1u);
  CHECK(cma::engine::resume(in).settings().seed == 2u);
  CHECK_THROWS_AS(cma::engine::resume(in), cma::checkpoint_error);
}

TEST_CASE("a file that is cut off is refused, wherever", "[cma]") {
  cma::engine es(start, 0.8, {.popsize = 5});
  step(es, sphere);
  const std::string bytes = saved(es);
  CHECK(cma_test::has(refusal(""), "nothing to read"));
  for (std::size_t length = 1; length < bytes.size(); ++length) {
    REQUIRE(cma_test::has(refusal(bytes.substr(0, length)), "cut off"));
  }
}

TEST_CASE("a file with a wrong bit is refused, whichever", "[cma]") {
  cma::engine es(start, 0.8, {.popsize = 5});
  step(es, sphere);
  std::string bytes = saved(es);
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    const auto bit = static_cast<char>(1 << (i % 8));
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ bit);
    REQUIRE(!refusal(bytes).empty());
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ bit);
  }
  CHECK(refusal(bytes).empty());
}

TEST_CASE("a file says why it is refused", "[cma]") {
  const std::string bytes = saved(cma::engine(start, 0.8, {}));
  CHECK(cma_test::has(refusal("#!/bin/sh\necho this is something else altogether\n"), "no checkpoint of mobula::cma"));
  std::string newer = bytes;
  newer[14] = 9;
  CHECK(cma_test::has(refusal(newer), "version 9 of the format, and this library reads 2"));
  std::string damaged = bytes;
  damaged[100] = static_cast<char>(damaged[100] + 1);
  CHECK(cma_test::has(refusal(damaged), "checksum"));
  std::string as_text = bytes;
  as_text.erase(std::find(as_text.begin(), as_text.end(), '\r'));
  CHECK(cma_test::has(refusal(as_text), "no checkpoint"));
}

TEST_CASE("a stream that cannot be written is an error", "[cma]") {
  const cma::engine es(start, 0.8, {});
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  CHECK_THROWS_AS(es.save(out), cma::checkpoint_error);
}

TEST_CASE("a checkpoint file is whole, replaces the one before, and says by name what is wrong with it", "[cma]") {
  const cma_test::folder here;
  cma::engine es(start, 0.8, {});
  es.save(here / "run.cma");
  step(es, sphere);
  es.save(here / "run.cma");
  CHECK(fingerprint(cma::engine::resume(here / "run.cma")) == fingerprint(es));
  CHECK_FALSE(std::filesystem::exists(here / "run.cma.new"));
  CHECK_THROWS_WITH(es.save(here / "none/run.cma"), Catch::Contains("none/run.cma.new: No such file or directory"));

  const auto refused = [](const std::filesystem::path& file, const std::string& why) {
    CHECK_THROWS_WITH(cma::engine::resume(file), "cma: cannot resume from " + file.string() + ": " + why);
  };
  refused(here / "none", "No such file or directory");
  refused("/dev/zero", "it is no regular file");
  refused(here / ".", "it is no regular file");
  std::ofstream(here / "run.cma", std::ios::app) << 'x';
  refused(here / "run.cma", "this is no checkpoint of mobula::cma");
  std::ofstream(here / "run.cma") << saved(es) << saved(es) << 'x';
  refused(here / "run.cma", "the checkpoint makes no sense: there is something behind its end");
  std::ofstream(here / "run.cma") << "";
  refused(here / "run.cma", "there is nothing to read");
}

TEST_CASE("what is told of solutions that all fail does not become a candidate", "[cma]") {
  cma::engine es(start, 0.8, {.popsize = 4, .on_failure = cma::failure_policy::resample});
  const std::vector<double> xs = {1, 2, 3, 4, 4, 3, 2, 1}, bad(2, cma_test::not_a_number);
  es.tell(xs, bad);
  CHECK(refusal(saved(es)).empty());
  es.ask();
  es.tell(xs, bad);
  cma::engine again = resumed(saved(es));
  for (int i = 0; i < 6; ++i) {
    const std::span<const double> a = es.ask_one(), b = again.ask_one();
    CHECK(std::vector<double>(a.begin(), a.end()) == std::vector<double>(b.begin(), b.end()));
    CHECK(a[0] != 1);
  }
}

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "cma/engine_run.hpp"
#include "mobula/cma/checkpoint_error.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
using cma_test::ellipsoid;
using cma_test::fingerprint;
using cma_test::infinity;
using cma_test::sphere;
using cma_test::step;

namespace {

std::string saved(const cma::engine& es) {
  std::ostringstream out;
  es.save(out);
  return out.str();
}

cma::engine resumed(const std::string& bytes) {
  std::istringstream in(bytes);
  return cma::engine::resume(in);
}

std::string refusal(const std::string& bytes) {
  try {
    resumed(bytes);
  } catch (const cma::checkpoint_error& error) { return error.what(); }
  return "";
}

// Variants whose runs keep more than the plain one's does.
std::vector<cma::options> variants() {
  std::vector<cma::options> all(9);
  all[1].diagonal = infinity;
  all[2].diagonal = 7;
  all[3].bounds = {.lower = -4, .upper = {5, infinity, 4, 3.5}};
  all[4].bounds = {.lower = {0.5, 0.25, -1, -2}, .upper = infinity, .handling = cma::bound_handling::penalty};
  all[5].mirrors = 2;
  all[5].elitist = true;
  all[6].mirrors = 0.3;
  all[6].mirrormethod = cma::mirror_method::unconditional;
  all[7].stds = {1, 2, 3, 4};
  all[7].scaling_of_variables = {0.5, 1, 1, 2};
  all[7].fixed_variables = {{2, 0.75}};
  all[8].on_failure = cma::failure_policy::resample;
  all[8].active = false;
  for (cma::options& o : all) {
    o.popsize = 10;
    o.maxiter = 40;
  }
  return all;
}

// Fails now and then, by its argument alone.
double fragile(cma_test::point x) { return x[0] > 2 && x[1] < 3 ? cma_test::not_a_number : sphere(x); }

constexpr double start[] = {3, 2.5, 1, 2};

}  // namespace

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
  CHECK(cma_test::has(refusal(newer), "version 9 of the format, and this library reads 1"));
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

// Checkpoints that somebody has changed, and made the checksum right: refused, or resumed and run.
#include <sys/resource.h>

#include <array>
#include <bit>
#include <cstdint>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "cma/checkpoints.hpp"
#include "cma/test_files.hpp"
#include "mobula/cma/minimize.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;
using cma_test::resumed;
using cma_test::saved;

namespace {

constexpr std::size_t header_size = 24, word = 8;

void put(std::string& bytes, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < word; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xff);
}

std::uint64_t get(const std::string& bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = word; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// What stands between header and checksum, and the file that is made of it.
std::string content(const std::string& file) {
  return file.substr(header_size, static_cast<std::size_t>(get(file, header_size - word)));
}
std::string sealed(const std::string& file, const std::string& inside) {
  std::string made = file.substr(0, header_size) + inside;
  put(made, header_size - word, inside.size());
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : made) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  made += std::string(word, ' ');
  put(made, made.size() - word, hash);
  return made;
}

// What a field might be that should not be.
const std::array<std::uint64_t, 16> nasty = {
    0,
    1,
    2,
    11,
    101,
    std::uint64_t{1} << 31,
    std::uint64_t{1} << 53,
    (std::uint64_t{1} << 53) + 1,
    ~std::uint64_t{0} >> 1,
    ~std::uint64_t{0},
    std::bit_cast<std::uint64_t>(-1.0),
    std::bit_cast<std::uint64_t>(0x1p31),
    std::bit_cast<std::uint64_t>(1e300),
    std::bit_cast<std::uint64_t>(1e-310),
    std::bit_cast<std::uint64_t>(cma_test::infinity),
    std::bit_cast<std::uint64_t>(cma_test::not_a_number),
};

// Whether it was refused; if not, the run goes on a little, and is saved.
bool survives(const std::string& file) {
  try {
    cma::engine es = resumed(file);
    for (int i = 0; i < 2; ++i) {
      es.ask_one();
      cma_test::step(es, cma_test::fragile);
    }
    static_cast<void>(resumed(saved(es)));
    return true;
  } catch (const cma::checkpoint_error&) { return false; }
}

// A run of each variant, in the midst of it: between generations, in one, or with replacements.
std::vector<cma::engine> runs() {
  std::vector<cma::engine> all;
  for (const cma::options& settings : cma_test::variants()) {
    for (const int state : {0, 1, 2}) {
      cma::engine es(cma_test::start, 0.8, settings);
      for (int i = 0; i < 4 * state; ++i) cma_test::step(es, cma_test::fragile);
      if (state > 0) es.inject(cma_test::start);
      if (state > 1) {
        for (int k = 0; k < 12; ++k) es.ask_one();
        es.inject(cma_test::start);
        if (settings.on_failure == cma::failure_policy::resample)
          es.tell(std::vector<double>(es.ask().size() / es.dimension(), cma_test::infinity));
      }
      all.push_back(std::move(es));
    }
  }
  return all;
}

long megabytes_used() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return used.ru_maxrss / 1024;
}

std::string random_change(std::string inside, std::mt19937_64& random) {
  const std::size_t words = inside.size() / word;
  const auto place = [&] { return random() % words * word; };
  switch (random() % 5) {
    case 0: put(inside, place(), get(inside, place())); break;                                // another field
    case 1: inside[random() % inside.size()] ^= static_cast<char>(1 << random() % 8); break;  // a bit
    case 2: inside.erase(place(), word * (1 + random() % 3)); break;
    case 3: inside.insert(place(), inside.substr(place(), word * (1 + random() % 3))); break;
    default: put(inside, place(), get(inside, place()) + (random() % 2 == 0 ? 1 : ~std::uint64_t{0}));
  }
  return inside;
}

}  // namespace

TEST_CASE("no field of a checkpoint is believed: with any of its words changed, it is refused or runs", "[cma]") {
  const long before = megabytes_used();
  std::size_t refused = 0, run = 0, which = 0;
  for (const cma::engine& es : runs()) {
    const std::string file = saved(es), inside = content(file);
    REQUIRE(survives(sealed(file, inside)));
    ++which;
    for (std::size_t at = 0; at + word <= inside.size(); at += word) {
      for (std::size_t i = (which + at / word) % 6; i < nasty.size(); i += 6) {  // another part of them each time
        std::string changed = inside;
        put(changed, at, nasty[i]);
        CAPTURE(which, at / word, i);
        ++(survives(sealed(file, changed)) ? run : refused);
      }
    }
  }
  CHECK(refused > 5'000);
  CHECK(run > 500);
  CHECK(megabytes_used() - before < 500);
}

TEST_CASE("checkpoints with fields moved, doubled and left out are refused or run", "[cma]") {
  std::mt19937_64 random(1);
  for (const cma::engine& es : runs()) {
    const std::string file = saved(es), inside = content(file);
    for (int i = 0; i < 100; ++i) {
      std::string changed = random_change(inside, random);
      if (i % 3 == 0) changed = random_change(changed, random);
      survives(sealed(file, changed));
    }
    CHECK_FALSE(survives(sealed(file, inside + std::string(word, '\0'))));
    CHECK_FALSE(survives(sealed(file, inside.substr(0, inside.size() - word))));
  }
}

TEST_CASE("what a checkpoint says of the runs before is not believed either", "[cma]") {
  const cma_test::folder here;
  const mobula::manual_runtime runtime;
  const auto sphere = [](const Eigen::VectorXd& x) { return x.squaredNorm(); };
  const cma::options settings = {.popsize = 6, .seed = 3, .maxiter = 4};
  cma::minimize_options how = {.restarts = cma::restart_options{.restarts = 2, .incpopsize = 1}};
  how.checkpoint = here / "run.cma";
  how.resume = true;
  how.callback = [](const cma::generation_report& g) {
    if (g.run == 2 && g.iterations == 11) g.request_stop();
  };
  static_cast<void>(cma::minimize(sphere, {1, 2}, 0.5, settings, how));
  how.callback = nullptr;
  std::ifstream in(*how.checkpoint, std::ios::binary);
  const std::string file((std::istreambuf_iterator<char>(in)), {});
  const std::string first = file.substr(0, header_size + content(file).size() + word);
  const std::string second = file.substr(first.size()), inside = content(second);

  const auto resumes = [&](const std::string& bytes) {
    std::ofstream(*how.checkpoint, std::ios::binary) << bytes;
    try {
      return cma::minimize(sphere, {1, 2}, 0.5, settings, how).iterations > 0;
    } catch (const cma::checkpoint_error& why) {
      CHECK_THAT(why.what(), Catch::StartsWith("cma: cannot resume from " + how.checkpoint->string() + ": "));
      return false;
    }
  };
  REQUIRE(resumes(first + sealed(second, inside)));
  CHECK_FALSE(resumes(first + second + "x"));
  CHECK_FALSE(resumes(first));
  int run = 0;
  for (std::size_t at = 0; at + word <= inside.size(); at += word) {
    for (std::size_t i = at / word % 4; i < nasty.size(); i += 4) {
      std::string changed = inside;
      put(changed, at, nasty[i]);
      run += resumes(first + sealed(second, changed)) ? 1 : 0;
    }
  }
  CHECK(run > 0);
}

#include <cstdlib>
#include <limits>
#include <new>
#include <span>
#include <vector>

#include "mobula/cma/optimizer.hpp"
#include "support/catch.hpp"

namespace cma = mobula::cma;

// glibc lets a program define malloc anew and reach the original as __libc_malloc; operator new and Eigen end here too.
// Sanitizers bring a malloc of their own, so there is nothing to count there.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CMA_TEST_SANITIZED
#endif
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(CMA_TEST_SANITIZED)

namespace {

thread_local long allocations = 0;

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) noexcept {
  ++allocations;
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  ++allocations;
  return __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) noexcept {
  ++allocations;
  return __libc_realloc(block, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** block, std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  *block = __libc_memalign(alignment, size);
  return *block == nullptr ? 12 : 0;
}
}

TEST_CASE("the counter of allocations counts", "[cma]") {
  const long before = allocations;
  const std::vector<double> some(1000, 1.0);
  CHECK(some.back() == 1.0);
  CHECK(allocations > before);
}

TEST_CASE("ask and tell allocate nothing", "[cma]") {
  struct size {
    Eigen::Index n;
    int popsize;
  };
  for (const size s : {size{1, 4}, {10, 12}, {30, 500}, {100, 200}, {150, 17}}) {
    cma::optimizer es(Eigen::VectorXd::Constant(s.n, 1.0), 0.5, {.popsize = s.popsize});
    std::vector<double> values(static_cast<std::size_t>(s.popsize));
    long spent = 0;
    for (int i = 0; i < 60; ++i) {
      const long before = allocations;
      const auto& xs = es.ask();
      for (Eigen::Index k = 0; k < xs.cols(); ++k) values[static_cast<std::size_t>(k)] = xs.col(k).squaredNorm();
      es.tell(values);

      if (i > 0) spent += allocations - before;
    }
    CAPTURE(s.n, s.popsize);
    CHECK(spent == 0);
  }
}

namespace {

// Allocations of 60 generations, once the run has had what it needs.
template <class Step>
long spent_by(const cma::options& settings, Step step) {
  const std::vector<double> x0(20, 1.0);
  cma::engine es(x0, 0.5, settings);
  long before = 0;
  for (int i = 0; i < 80; ++i) {
    if (i == 20) before = allocations;
    step(es);
  }
  return allocations - before;
}

double sphere(const double* x) {
  double sum = 0;
  for (int i = 0; i < 20; ++i) sum += x[i] * x[i];
  return sum;
}

// Fills `values`, which has room, from the points.
std::span<const double> evaluate(std::span<const double> xs, std::vector<double>& values) {
  values.clear();
  for (std::size_t i = 0; i < xs.size(); i += 20) values.push_back(sphere(&xs[i]));
  return values;
}

std::vector<cma::options> variants() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<cma::options> all(8);
  all[0].diagonal = infinity;
  all[1].diagonal = 15;
  all[2].bounds = {.lower = -2, .upper = 4};
  all[3].bounds = {.lower = 0.25, .handling = cma::bound_handling::penalty};
  all[4].elitist = true;
  all[5].mirrors = 0.2;
  all[6].mirrors = 3;
  all[6].mirrormethod = cma::mirror_method::unconditional;
  all[7].stds = std::vector<double>(20, 2.0);
  all[7].fixed_variables = {{3, 1.5}};
  return all;
}

}  // namespace

TEST_CASE("no variant allocates anything in a generation", "[cma]") {
  std::vector<double> values;
  values.reserve(100);
  for (const cma::options& settings : variants()) {
    const long spent = spent_by(settings, [&](cma::engine& es) { es.tell(evaluate(es.ask(), values)); });
    CHECK(spent == 0);
  }
}

TEST_CASE("failed candidates are replaced without allocation", "[cma]") {
  std::vector<double> values;
  values.reserve(100);
  int told = 0;
  const auto step = [&](cma::engine& es) {
    evaluate(es.ask(), values);
    if (++told % 2 == 0) values.front() = std::numeric_limits<double>::quiet_NaN();
    es.tell(values);
  };
  CHECK(spent_by({.on_failure = cma::failure_policy::resample}, step) == 0);
}

TEST_CASE("solutions told with their points are learned from without allocation", "[cma]") {
  std::vector<double> values;
  std::vector<double> xs;
  values.reserve(100);
  xs.reserve(1000);
  const auto step = [&](cma::engine& es) {
    const std::span<const double> asked = es.ask();
    xs.assign(asked.begin(), asked.end() - 40);              // not all of them,
    xs.insert(xs.end(), asked.begin(), asked.begin() + 20);  // one twice,
    xs.insert(xs.end(), 20, 0.125);                          // and one from outside
    es.tell(xs, evaluate(xs, values));
  };
  CHECK(spent_by({}, step) == 0);
}

#endif

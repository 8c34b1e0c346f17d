#include <cstdlib>
#include <new>
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

#endif

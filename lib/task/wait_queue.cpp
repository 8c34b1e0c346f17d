#include <mobula/task/wait_queue.hpp>

#include <cstdio>
#include <exception>

namespace mobula::detail {

void wait_queue::abandon() noexcept {
  std::fprintf(stderr, "mobula: a %s ended while somebody waits for it.\n", what_);
  if (std::uncaught_exceptions() == 0) std::terminate();
  while (!empty()) unlink(*first_);
}

}  // namespace mobula::detail

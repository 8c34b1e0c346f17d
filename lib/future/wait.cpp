#include <mobula/future/wait.hpp>

#include <stdexcept>
#include <string>

namespace mobula::detail {

void check_wait(std::size_t num_returns, std::size_t size) {
  if (num_returns >= 1 && num_returns <= size) return;
  throw std::invalid_argument("mobula::wait: num_returns is " + std::to_string(num_returns) +
                              "; it must be from 1 to " + std::to_string(size) + ", the number of futures");
}

}  // namespace mobula::detail

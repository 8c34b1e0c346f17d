#include <mobula/future/wait.hpp>

#include <stdexcept>
#include <string>

namespace mobula::detail {

group_operation group_for_wait(std::vector<shared_state_base*> states, std::size_t num_returns) {
  std::size_t const size = states.size();
  if (size == 0) return group_operation(std::move(states));
  if (num_returns < 1 || num_returns > size)
    throw std::invalid_argument("mobula::wait: num_returns is " + std::to_string(num_returns) +
                                "; it must be from 1 to " + std::to_string(size) + ", the number of futures");
  return group_operation(std::move(states), num_returns);
}

void wait_for_all(std::vector<shared_state_base*> states, duration limit) {
  group_operation group(std::move(states));
  if (!ready_within(group, limit)) throw timeout_error();
}

}  // namespace mobula::detail

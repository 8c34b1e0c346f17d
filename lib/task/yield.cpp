#include <mobula/core/block.hpp>
#include <mobula/task/yield.hpp>

namespace mobula {

void get(detail::yielding) {
  if (detail::worker* const w = detail::this_worker()) return detail::take_turn(*w);
  detail::yield_thread();
}

}  // namespace mobula

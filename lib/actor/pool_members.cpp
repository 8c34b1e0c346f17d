#include <mobula/actor/pool_members.hpp>

namespace mobula::detail {

std::exception_ptr no_pool_members(failure_ptr const& why) noexcept {
  try {
    return std::make_exception_ptr(error("mobula: actor_pool: no member is left to handle this call: " +
                                         (why ? why.message() : "the pool is gone")));
  } catch (...) { return std::current_exception(); }  // no memory to say so
}

}  // namespace mobula::detail

#include <mobula/actor/pool_members.hpp>

namespace mobula::detail {

std::exception_ptr no_pool_members(std::exception_ptr const& why) noexcept {
  try {
    if (why != nullptr) std::rethrow_exception(why);
    throw error("the pool is gone");
  } catch (no_runtime const&) { return why; } catch (...) {
    try {
      failure_ptr const f = failure_ptr::capture(std::current_exception());
      static_cast<void>(f.read());  // who is told of it has been
      return std::make_exception_ptr(
          error("mobula: actor_pool: no member is left to handle this call: " + f.message()));
    } catch (...) { return std::current_exception(); }  // no memory to say so
  }
}

}  // namespace mobula::detail

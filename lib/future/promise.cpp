#include <mobula/future/promise.hpp>

namespace mobula::detail {

void throw_promise_is_set() { throw error("mobula::promise: it can be set once, and has been, or it was moved from"); }

void throw_no_more_futures() {
  throw error(
      "mobula::promise: it gives no more futures once it is set and one has been taken: copy that one; nor when it was "
      "moved from");
}

void throw_no_exception() {
  throw error(
      "mobula::promise: set_exception was given no exception (a null pointer): give it std::current_exception() within "
      "a handler, or std::make_exception_ptr(...)");
}

std::exception_ptr broken() noexcept {
  try {
    return std::make_exception_ptr(broken_promise());
  } catch (...) { return std::current_exception(); }
}

}  // namespace mobula::detail

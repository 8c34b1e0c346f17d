#include <mobula/future/promise.hpp>

namespace mobula::detail {

void throw_promise_is_set() { throw error("mobula::promise: it can be set once, and has been, or it was moved from"); }

void throw_no_more_futures() {
  throw error(
      "mobula::promise: it gives no more futures once it is set and one has been taken: copy that one; nor when it was "
      "moved from");
}

}  // namespace mobula::detail

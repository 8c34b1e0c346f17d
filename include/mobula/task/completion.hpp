#pragma once

#include <mobula/requirements.hpp>

#include <coroutine>

namespace mobula::detail {

/// Who is told when a coroutine task is over: the coroutine that awaits it, a fork, a remote call, an actor.
///
/// `complete` destroys the child, whose result has been written, and hands over (see transfer) to the coroutine to go on
/// with, if there is one. It may run on any worker, in the place of the child's final suspension.
struct completion {
  using complete_function = std::coroutine_handle<> (*)(completion&, std::coroutine_handle<> child) noexcept;
  explicit completion(complete_function f) noexcept : complete(f) {}

  complete_function complete;
};

}  // namespace mobula::detail

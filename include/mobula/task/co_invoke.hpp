#pragma once

#include <mobula/task/task.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace mobula {

/// Calls a coroutine function, and keeps it and its arguments until the task is over.
///
///     mb::task<int> later = mb::co_invoke([x](int y) -> mb::task<int> { co_return x + y; }, 2);
///
/// The captures of a lambda live in the lambda, not in its coroutine: a task that is kept for later refers to a lambda
/// that may be gone. This moves the lambda into a coroutine of its own. What is awaited in the scope where the lambda
/// has its name needs none of it.
///
/// With g++ 12, give a lambda with captures a name before the expression with the co_await, whoever takes it there: that
/// compiler destroys what a lambda captures twice if the lambda stands within `co_await ...`.
///
/// The function and its arguments are copied or moved (std::ref passes by reference) and given to it as rvalues.
/// Errors: the task throws what the call throws. Cost: one more frame.
template <class F, class... Args, class R = std::invoke_result_t<F&, Args...>>
  requires detail::is_task<R>
R co_invoke(F function, Args... args) {
  co_return co_await std::invoke(function, std::move(args)...);
}

}  // namespace mobula

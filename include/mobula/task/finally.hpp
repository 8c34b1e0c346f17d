#pragma once

#include <mobula/future/outcome.hpp>
#include <mobula/task/task.hpp>

#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

template <class T, class Cleanup>
task<T> run_finally(task<T> body, Cleanup cleanup) {
  outcome<T> result;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(body);
      result.set_value();
    } else {
      result.set_value(co_await std::move(body));
    }
  } catch (...) { result.set_error(std::current_exception()); }
  outcome<void> cleaned;  // if the body has failed too, its error is thrown, and this one counts as unread
  try {
    if constexpr (is_task<std::invoke_result_t<Cleanup&>>)
      co_await std::invoke(cleanup);
    else
      std::invoke(cleanup);
    cleaned.set_value();
  } catch (...) { cleaned.set_error(std::current_exception()); }
  if (!result.has_failure()) cleaned.rethrow();
  co_return result.take();
}

template <class T, class Resource, class Body, class Exit>
task<T> run_with(Resource resource, Body body, Exit exit) {
  auto leave = [&]() -> decltype(auto) { return std::invoke(exit, resource); };
  // Within a task, so that what the call itself throws is followed by the cleanup too.
  auto inner = [&]() -> task<T> { co_return co_await std::invoke(body, resource); };
  co_return co_await run_finally<T>(inner(), std::move(leave));
}

}  // namespace detail

/// Runs a task and then a cleanup, also if the task has failed; the cleanup may be a coroutine, as no destructor can.
///
///     auto const close = [&]() -> mb::task<> { co_await connection.close(); };
///     co_await mb::finally(talk(connection), close);
///
/// The cleanup is copied or moved into the task that this gives. It does not run if that task is never awaited.
/// Errors: throws what the task threw, else what the cleanup threw.
template <class T, class Cleanup>
  requires std::is_invocable_v<Cleanup&>
[[nodiscard]] task<T> finally(task<T> body, Cleanup cleanup) {
  return detail::run_finally<T>(std::move(body), std::move(cleanup));
}

/// Gives a resource to a coroutine, and then to `exit`, also if the coroutine has failed; `exit` may be a coroutine.
///
///     int n = co_await mb::with(co_await connect(host), talk, &connection::close);
///
/// The resource lives in the task that this gives, and is destroyed after `exit`.
/// Errors: throws what the body threw, else what `exit` threw.
template <class Resource, class Body, class Exit, class R = std::invoke_result_t<Body&, Resource&>>
  requires detail::is_task<R> && std::is_invocable_v<Exit&, Resource&>
[[nodiscard]] R with(Resource resource, Body body, Exit exit) {
  return detail::run_with<typename R::value_type>(std::move(resource), std::move(body), std::move(exit));
}

}  // namespace mobula

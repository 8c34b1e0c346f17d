#pragma once

#include <mobula/future/future.hpp>
#include <mobula/task/task.hpp>

#include <type_traits>
#include <utility>

namespace mobula::detail {

/// What is left of a type when the futures and tasks around it have been awaited: T of task<future<T>>.
template <class T>
struct flat {
  using type = T;
};
template <class T>
struct flat<future<T>> : flat<T> {};
template <class T>
struct flat<task<T>> : flat<T> {};

template <class T>
inline constexpr bool is_flat = std::is_same_v<typename flat<std::remove_cvref_t<T>>::type, std::remove_cvref_t<T>>;

/// Awaits what a future or a task gives, as long as that is one of them.
template <class T>
task<typename flat<T>::type> flatten(future<T> layer);
template <class T>
task<typename flat<T>::type> flatten(task<future<T>> layer);
template <class T>
task<typename flat<T>::type> flatten(task<task<T>> layer);

/// Awaits a future, maybe one that a task gives first, and what it gives. It is kept where it lives longer than an
/// exception that leaves the coroutine, so that its failure is found to be the cause.
template <class Source, class T>
task<typename flat<T>::type> flatten_future([[maybe_unused]] Source source, future<T> kept) {
  if constexpr (is_task<Source>) kept = co_await std::move(source);
  state_operation until_ready(future_access::state(kept));
  co_await until_ready;
  future_access::state(kept).result.rethrow();
  if constexpr (is_flat<T>)
    co_return future_access::read(std::move(kept));
  else
    co_return co_await flatten(future_access::read(std::move(kept)));
}

template <class T>
task<typename flat<T>::type> flatten(future<T> layer) {
  return flatten_future(0, std::move(layer));
}
template <class T>
task<typename flat<T>::type> flatten(task<future<T>> layer) {
  return flatten_future(std::move(layer), future<T>());
}
template <class T>
task<typename flat<T>::type> flatten(task<task<T>> layer) {
  auto inner = co_await std::move(layer);
  if constexpr (is_flat<T>)
    co_return co_await std::move(inner);
  else
    co_return co_await flatten(std::move(inner));
}

/// Tells whether a call that returns R has to await more than its own coroutine.
template <class R>
inline constexpr bool needs_flattening = is_future<std::remove_cvref_t<R>>;
template <class T>
inline constexpr bool needs_flattening<task<T>> = !is_flat<T>;

/// A call whose result is flattened: so it becomes a coroutine, which waits without holding a worker.
template <class Call>
class flattened_call : public Call {
 public:
  using Call::Call;
  using layered = std::remove_cvref_t<typename Call::result>;
  using result = task<typename flat<layered>::type>;

  result operator()() { return flatten(Call::operator()()); }
};

template <class Call>
using flattened = std::conditional_t<needs_flattening<typename Call::result>, flattened_call<Call>, Call>;

}  // namespace mobula::detail

#pragma once

#include <mobula/future/future.hpp>
#include <mobula/remote/call_mistakes.hpp>
#include <mobula/remote/flatten.hpp>
#include <mobula/remote/stream.hpp>
#include <mobula/remote/task_call.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// Decides how the arguments are passed, and has `start(plan, function, args...)` submit the call: of the function itself,
/// or, if that gives a generator, of what sends its elements. Gives the future or the stream.
template <class Start, class G, class... Args>
auto submit_call(Start start, std::size_t stream_capacity, G&& function, Args&&... args) {
  using plan = plan_for<std::decay_t<G>&, std::decay_t<Args>...>;
  if constexpr (!plan::found) {
    return say_why_not_called<std::decay_t<G>, std::decay_t<Args>...>();
  } else if constexpr (!can_be_submitted<plan, G, Args...>) {
    return say_why_not_submitted<plan, G, Args...>();
  } else {
    using result = typename plan::result;
    if constexpr (is_generator<result>) {
      using element = typename result::element_type;
      static_assert(!std::is_reference_v<element>,
                    "mobula::remote: a generator of references can't be a stream, as it goes on before they are read");
      channel<element> elements(stream_capacity);
      stream_function<std::decay_t<G>, element> producer(std::forward<G>(function), elements);
      return stream<element>(elements, start(typename plan::template returning<task<>>(), std::move(producer),
                                             std::forward<Args>(args)...));
    } else {
      return start(plan(), std::forward<G>(function), std::forward<Args>(args)...);
    }
  }
}

/// Submits one call as a task.
template <class Call, class... Args>
[[nodiscard]] auto submit_task_call(scheduler* s, std::unique_ptr<task_context> own, call_site const& where,
                                    Args&&... args) {
  auto made = std::make_unique<task_call<Call>>(where, std::forward<Args>(args)...);
  made->submit(s, std::move(own));
  return future_access::make(*made.release());
}

}  // namespace mobula::detail

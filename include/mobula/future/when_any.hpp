#pragma once

#include <mobula/future/get.hpp>
#include <mobula/future/group.hpp>

#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

namespace mobula {
namespace detail {

/// Throws std::invalid_argument if there is none.
void check_any(std::size_t size);

/// Waits until one of several futures is ready; gives its index. Futures: a container, or a reference to one.
template <class Futures>
class any_operation : public group_operation {
 public:
  explicit any_operation(Futures futures) : any_operation(std::forward<Futures>(futures), states_of(futures)) {}

  [[nodiscard]] std::size_t result() {
    std::size_t index = 0;
    bool found = false;
    auto const look = [&](auto& s) {
      if (found) return;
      found = s.ready();
      if (found) s.result.count_as_seen();
      index += found ? 0 : 1;
    };
    visit_states(futures_, look);
    return index;
  }

 private:
  any_operation(Futures&& futures, std::vector<shared_state_base*> states)
      : group_operation((check_any(states.size()), std::move(states)), 1), futures_(std::forward<Futures>(futures)) {}

  Futures futures_;
};

}  // namespace detail

/// Waits until one of the futures of a range is ready, a failed one too, and gives its index: the first in order of those
/// that are, whose failure counts as read. The others are left as they are.
///
///     std::size_t i = co_await mb::when_any(futures);   // or mb::get(mb::when_any(futures))
///     use(co_await futures[i]);
///
/// Lifetime: an lvalue is borrowed until that is over. Cost: looks at all; `as_completed` does so once for many waits.
/// Errors: throws std::invalid_argument if there are none, at once.
template <future_range R>
[[nodiscard("it does nothing until it is awaited")]] auto when_any(R&& futures) {
  return detail::any_operation<R>(std::forward<R>(futures));
}

/// The same for futures of any types; lvalues are copied.
template <any_future... Fs>
  requires(sizeof...(Fs) > 0)
[[nodiscard("it does nothing until it is awaited")]] auto when_any(Fs&&... futures) {
  return detail::any_operation<std::tuple<std::remove_cvref_t<Fs>...>>({std::forward<Fs>(futures)...});
}

}  // namespace mobula

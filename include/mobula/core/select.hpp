#pragma once

#include <mobula/core/result_types.hpp>
#include <mobula/core/selection_of.hpp>

#include <utility>
#include <variant>

namespace mobula {
namespace detail {

template <class Op>
using result_of_operation = decltype(std::declval<std::remove_reference_t<Op>&>().result());

/// A selection whose result is the winner's, at its place in a variant.
template <operation... Ops>
class select_operation : public selection_of<Ops...> {
 public:
  using selection_of<Ops...>::selection_of;
  using result_type = std::variant<variant_element<result_of_operation<Ops>>...>;

  result_type result() { return result_if<0>(); }

 private:
  template <std::size_t I>
  result_type result_if() {
    if constexpr (I + 1 < sizeof...(Ops))
      if (this->winner() != I) return result_if<I + 1>();
    auto& op = this->template operation_at<I>();
    if constexpr (std::is_void_v<decltype(op.result())>) {
      op.result();
      return result_type(std::in_place_index<I>);
    } else {
      return result_type(std::in_place_index<I>, op.result());
    }
  }
};

}  // namespace detail

/// Waits for several operations, of which exactly one happens: the first that can, and the first in order of those that
/// can at once. The others have no effect. Futures, sleeps, timeouts and whatever else can be waited for may take part.
///
///     auto next = co_await mb::select(orders.receive(), quit.wait(), mb::sleep_for(1s));
///     if (next.index() == 0) handle(std::get<0>(next));
///
/// Gives a std::variant with the result of that one at its index: void as std::monostate, references as
/// std::reference_wrapper. An lvalue is borrowed until that is over.
/// Errors: throws what that one does.
template <detail::waitable... As>
  requires(sizeof...(As) > 0)
[[nodiscard("it does nothing until it is awaited")]] auto select(As&&... waitables) {
  return detail::select_operation<detail::operation_of<As>...>(std::in_place, std::forward<As>(waitables)...);
}

}  // namespace mobula

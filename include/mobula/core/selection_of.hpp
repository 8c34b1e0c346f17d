#pragma once

#include <mobula/core/operation.hpp>
#include <mobula/core/selection.hpp>

#include <cstddef>
#include <tuple>
#include <utility>

namespace mobula::detail {

/// A selection of operations of any types, which it holds; a reference for an lvalue.
template <class... Ops>
class selection_of {
 public:
  template <class... As>
  explicit selection_of(std::in_place_t, As&&... ops) : operations_{to_operation(std::forward<As>(ops))...} {
    watch(std::index_sequence_for<Ops...>());
  }
  /// Before it is started.
  selection_of(selection_of&& other) : operations_(std::move(other.operations_)) {
    watch(std::index_sequence_for<Ops...>());
  }

  bool ready() { return selection_.ready(); }
  bool start(resumer& r) noexcept { return selection_.start(r); }
  bool cancel() noexcept { return selection_.cancel(); }
  [[nodiscard]] bool complete() const noexcept { return selection_.complete(); }
  [[nodiscard]] bool ends_at_drop() const noexcept {
    return std::apply([](auto const&... op) { return (detail::ends_at_drop(op) || ...); }, operations_);
  }
  void describe_wait(wait_description& d) const {
    std::apply([&d](auto const&... op) { (detail::describe_wait(op, d), ...); }, operations_);
  }

 protected:
  [[nodiscard]] std::size_t winner() const noexcept { return selection_.winner(); }
  template <std::size_t I>
  [[nodiscard]] auto& operation_at() noexcept {
    return std::get<I>(operations_);
  }

 private:
  template <std::size_t... I>
  void watch(std::index_sequence<I...>) noexcept {
    (branches_[I].watch(std::get<I>(operations_)), ...);
  }

  std::tuple<Ops...> operations_;
  selection<>::branch branches_[sizeof...(Ops)];
  selection<> selection_{branches_};
};

}  // namespace mobula::detail

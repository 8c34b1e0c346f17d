#pragma once

#include <mobula/remote/call.hpp>

#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// A callable that is called with one signature only: so an overload is chosen, and a generic one has types.
template <class F, class Signature>
struct with_signature;

template <class F, class R, class... Args>
struct with_signature<F, R(Args...)> {
  static_assert(std::is_invocable_r_v<R, F&, Args...>,
                "mobula::remote: the function can't be called with this signature");

  R operator()(Args... args) {
    if constexpr (std::is_void_v<R>)
      static_cast<void>(std::invoke(function, std::forward<Args>(args)...));
    else
      return std::invoke(function, std::forward<Args>(args)...);
  }

  [[nodiscard]] std::string task_name() const { return name_of(function); }

  F function;
};

}  // namespace mobula::detail

#pragma once

#include <mobula/core/mistake.hpp>
#include <mobula/future/future.hpp>

#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

template <class T>
class put_state final : public shared_state<T> {
 public:
  template <class U>
  explicit put_state(U&& value) : shared_state<T>(&step, /*has_producer=*/true) {
    this->result.set_value(std::forward<U>(value));
    this->publish();
  }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

 private:
  static void step(job& j, job_verb verb) noexcept {
    if (verb != job_verb::destroy) return;
    free_state<T>(j, [](job& s, job_verb) noexcept { delete static_cast<put_state*>(&s); });
  }
};

}  // namespace detail

/// Makes a future of a value that is there already, to be shared without copying it.
///
///     mb::future<matrix> data = mb::put(load());
template <class T>
[[nodiscard]] future<std::decay_t<T>> put(T&& value) {
  if constexpr (std::is_constructible_v<std::decay_t<T>, T>) {
    using state = detail::put_state<std::decay_t<T>>;
    return detail::future_access::make<std::decay_t<T>>(*new state(std::forward<T>(value)));
  } else {
    static_assert(detail::never<T>, "mobula::put: this can't be copied: give it up, mb::put(std::move(x))");
    return detail::mistake();
  }
}

}  // namespace mobula

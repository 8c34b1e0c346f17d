#pragma once

#include <mobula/core/frame_memory.hpp>
#include <mobula/future/future.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

namespace mobula {
namespace detail {

/// Waits for a task that gives several results, and hands each to a future of its own, or its failure to all.
template <class Whole, class... Ts>
class splitter : waiter {
 public:
  [[nodiscard]] static std::tuple<future<Ts>...> split(future<Whole>&& whole) {
    shared_state_base& all = future_access::state(whole);
    auto const me = std::make_shared<splitter>(std::move(whole));
    std::tuple<std::unique_ptr<part<Ts>>...> parts{std::make_unique<part<Ts>>(me)...};
    me->parts_ = std::apply([](auto&... p) { return std::tuple(p.release()...); }, parts);
    std::tuple<future<Ts>...> futures =
        std::apply([](auto*... p) { return std::tuple<future<Ts>...>(future_access::make(*p)...); }, me->parts_);
    me->self_ = me;
    if (!all.add(*me)) me->hand_out();
    return futures;
  }

  explicit splitter(future<Whole>&& whole) noexcept
      : waiter([](waiter& w) noexcept { static_cast<splitter&>(w).hand_out(); }), whole_(std::move(whole)) {}

 private:
  /// The state of one result.
  template <class T>
  class part final : public shared_state<T> {
   public:
    explicit part(std::shared_ptr<splitter> s) noexcept : shared_state<T>(&step), of_(std::move(s)) {
      if (future_access::state(of_->whole_).by_task()) this->set_by_task();
    }

    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

    void end() noexcept { this->publish(); }

   private:
    static void step(job& j, job_verb verb) noexcept {
      auto& me = static_cast<part&>(j);
      if (verb == job_verb::cancel) me.of_->cancel();
      if (verb == job_verb::destroy) free_state<T>(j, [](job& s, job_verb) noexcept { delete static_cast<part*>(&s); });
    }

    std::shared_ptr<splitter> const of_;
  };

  // The lock keeps the task's state until this is through. No handle is made, as the results are moved out of the last.
  void cancel() noexcept {
    std::lock_guard const lock(mutex_);
    if (whole_.valid()) future_access::state(whole_).cancel();
  }

  void hand_out() noexcept {
    auto const me = std::move(self_);  // the parts go, maybe all
    outcome<Whole> all;
    {
      std::lock_guard const lock(mutex_);
      all = future_access::read_outcome(std::move(whole_));
    }
    std::optional<Whole> values;
    if (all.has_value()) values.emplace(all.take());
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (give<I>(*std::get<I>(parts_), values, all), ...);
    }(std::index_sequence_for<Ts...>());
  }

  template <std::size_t I, class T>
  static void give(part<T>& p, std::optional<Whole>& values, outcome<Whole> const& all) noexcept {
    if (values)
      p.result.set_from([&]() -> T { return std::get<I>(*std::move(values)); });
    else
      p.result.set_failure(all.failure_pointer());
    p.end();
  }

  std::mutex mutex_;
  future<Whole> whole_;  // guarded; a handle to nothing once its results have been handed out
  std::tuple<part<Ts>*...> parts_;
  std::shared_ptr<splitter> self_;  // while it waits
};

}  // namespace detail

/// Gives each of a task's several results a future of its own, which can be passed on and waited for by itself.
///
///     auto [q, r] = mb::split(mb::remote(divide)(7, 2));   // std::tuple<int, int> divide(int a, int b)
///     auto s = mb::remote(use)(q);
///
/// They are ready when the task is over; if it has failed, all fail so. To cancel one of them cancels the task. The results
/// are moved out of the task's if this is its last future, else copied.
/// Errors: throws mobula::error for a handle to nothing.
template <class... Ts>
[[nodiscard]] std::tuple<future<Ts>...> split(future<std::tuple<Ts...>> f) {
  return detail::splitter<std::tuple<Ts...>, Ts...>::split(std::move(f));
}
template <class A, class B>
[[nodiscard]] std::tuple<future<A>, future<B>> split(future<std::pair<A, B>> f) {
  return detail::splitter<std::pair<A, B>, A, B>::split(std::move(f));
}

}  // namespace mobula

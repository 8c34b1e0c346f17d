#pragma once

#include <mobula/remote/call.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// A call of which nobody wants the result: as call_state, without one. A failure is reported, as nobody can read it.
template <class Derived, class Call>
class post_state : public job, private std::conditional_t<is_task<typename Call::result>, completion, no_completion> {
  using maybe_completion = std::conditional_t<is_task<typename Call::result>, completion, no_completion>;

 protected:
  static constexpr bool is_coroutine = is_task<typename Call::result>;
  using result_type = std::conditional_t<is_coroutine, typename value_of_call<typename Call::result>::type, void>;

 public:
  template <class... Args>
  explicit post_state(call_site const& where, Args&&... args)
      : job(&step), maybe_completion(&coroutine_ended), where_(where), call_(std::forward<Args>(args)...) {}

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

  void run() noexcept {
    try {
      if constexpr (is_coroutine) {
        auto coroutine = call_();
        task_access::check(coroutine);
        resume(task_access::start(std::move(coroutine), result_, *this));
        return;
      } else {
        static_cast<void>(call_());
      }
    } catch (...) { return fail(failure_ptr::capture(std::current_exception())); }
    end();
  }

  void drop() noexcept { end(); }

  void fail(failure_ptr why) noexcept {
    if (report(why)) end();
  }

  [[nodiscard]] Call const& call() const noexcept { return call_; }

 protected:
  /// As call_state's.
  void renew(Call&& call) noexcept {
    std::destroy_at(&call_);
    std::construct_at(&call_, std::move(call));
    std::destroy_at(&result_);
    std::construct_at(&result_);
  }

 private:
  static void step(job& j, job_verb verb) noexcept { static_cast<Derived&>(j).step_in_queue(verb); }

  static std::coroutine_handle<> coroutine_ended([[maybe_unused]] completion& c,
                                                 std::coroutine_handle<> child) noexcept {
    child.destroy();
    if constexpr (is_coroutine) {
      auto& me = static_cast<post_state&>(c);
      if (me.result_.has_failure())
        me.fail(me.result_.failure_pointer());
      else
        me.end();
    }
    return transfer(nullptr);
  }

  // The last holder of a failure that nobody has read reports it. False if the call does not end with it.
  [[gnu::noinline, gnu::cold]] bool report(failure_ptr const& why) noexcept {
    auto const name = [](void const* call) { return name_of(static_cast<Call const*>(call)->function()); };
    if constexpr (Call::has_dependencies) call_.for_each_dependency(seen_together());
    failure_ptr const ends_with = static_cast<Derived&>(*this).comes_to(why);
    if (ends_with.exception() != why.exception()) return true;
    return !static_cast<Derived&>(*this).makes_again(ends_with.in_task(where_, name, &call_));
  }

  void end() noexcept {
    auto const after = static_cast<Derived&>(*this).before_completion();
    delete static_cast<Derived*>(this);
    after();
  }

  call_site const where_;
  Call call_;
  [[no_unique_address]] std::conditional_t<is_coroutine, outcome<result_type>, no_dependencies> result_;
};

}  // namespace mobula::detail

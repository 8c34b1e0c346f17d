#pragma once

#include <mobula/core/frame_memory.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/core/wait_graph.hpp>
#include <mobula/remote/bound_call.hpp>
#include <mobula/remote/call_name.hpp>
#include <mobula/remote/call_site.hpp>
#include <mobula/remote/dependency_wait.hpp>
#include <mobula/remote/lease.hpp>
#include <mobula/task/task.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

namespace mobula::detail {

struct no_dependencies {};
struct no_completion {
  explicit no_completion(completion::complete_function) noexcept {}
};

/// One call of a remote function: the state that its futures share, its closure, and its job, in one allocation.
///
/// What it does in the end, and where it is queued before, is Derived's: a task, one of many, or an actor's message.
template <class Derived, class Call>
class call_state : public shared_state<typename value_of_call<typename Call::result>::type>,
                   private std::conditional_t<is_task<typename Call::result>, completion, no_completion> {
  using maybe_completion = std::conditional_t<is_task<typename Call::result>, completion, no_completion>;

 protected:
  using result_type = typename value_of_call<typename Call::result>::type;
  static constexpr bool is_coroutine = is_task<typename Call::result>;

 public:
  template <class... Args>
  explicit call_state(call_site const& where, Args&&... args)
      : shared_state<result_type>(&step),
        maybe_completion(&coroutine_ended),
        origin_{.where = where},
        call_(std::in_place, std::forward<Args>(args)...) {
    this->set_by_task();
  }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

  /// Calls the function. A coroutine is started and may go on after this returns.
  void run() noexcept {
    if constexpr (is_coroutine) {
      try {
        auto coroutine = (*call_)();
        task_access::check(coroutine);
        resume(task_access::start(std::move(coroutine), this->result, *this));
      } catch (...) {  // from the call itself; what the coroutine throws is in the result
        this->result.set_error(std::current_exception());
        finish();
      }
    } else {
      this->result.set_from([this]() -> decltype(auto) { return (*call_)(); });
      finish();
    }
  }

  /// Before it is submitted, once: what it runs in, if it can be stopped then.
  void set_context(std::unique_ptr<task_context> c) {
    if (c == nullptr) return;
    c->submitted = origin_.where;
    if (c->record() != nullptr) [[unlikely]]
      track(*c->record());
    origin_.context = c.release();
    this->is_stoppable_ = true;
    origin_.context->watch_parent(this);
  }
  [[nodiscard]] task_context* own_context() const noexcept { return this->is_stoppable_ ? origin_.context : nullptr; }

  /// Queues the call, where its context says.
  void begin_on(scheduler& s) noexcept {
    task_context* const own = own_context();
    if (own == nullptr) return s.submit(*this);
    own->begin(*this, s);
  }

  /// The step of a call that is a task of its own.
  void run_as_task(job_verb verb) noexcept {
    if (verb != job_verb::run || this->is_cancelled()) [[unlikely]]
      return do_not_run(verb);
    if (task_context* const own = this->own_context()) [[unlikely]]
      return run_in(*own);
    run();
  }

  /// Ends the call without making it, as it was cancelled, or its runtime is shut down.
  void drop() noexcept {
    if (this->is_cancelled()) return finish();
    this->result.set_failure(cancellation(false, {}));
    end();
  }

  /// Ends the call without making it, as what it needs has failed.
  void fail(failure_ptr why) noexcept {
    this->result.set_failure(std::move(why));
    finish();
  }

  [[nodiscard]] Call const& call() const noexcept { return *call_; }

 protected:
  /// What runs is to stop, and what does not won't begin. What is over stays so, and what it has left running goes on.
  void note_cancel() noexcept {
    if (this->ready()) return;
    this->set_cancelled();
    if (this->is_stoppable_) origin_.context->request_stop();
    static_cast<Derived&>(*this).stop_waiting();
  }

  /// Before it is made again: as if it had not been made.
  void renew(Call&& call) noexcept {
    call_.emplace(std::move(call));
    std::destroy_at(&this->result);
    std::construct_at(&this->result);
  }

 private:
  [[gnu::noinline]] void do_not_run(job_verb verb) noexcept {
    if (verb == job_verb::describe) return answer();
    forget_arguments();
    drop();
  }

  [[gnu::noinline]] void run_in(task_context& own) noexcept {
    forget_arguments();
    strand const here(&own);
    own.enter();
    if (lease* const l = lease_of(&own)) l->begin();
    run();
  }

  static void step(job& j, job_verb verb) noexcept {
    auto& me = static_cast<Derived&>(j);
    switch (verb) {
      case job_verb::destroy: return me.end_life();
      case job_verb::cancel: return me.note_cancel();
      default: me.step_in_queue(verb);
    }
  }

  [[gnu::noinline]] void track(task_record& r) noexcept {
    try {
      r.set_call(*this, name_of(call_->function()), origin_.where, &is_over);
      this->set_has_context();
    } catch (...) {}  // no memory: then it is not known
  }
  // The wait for them, where tasks are tracked.
  void forget_arguments() noexcept {
    if constexpr (Call::has_dependencies)
      if (task_context* const own = own_context(); own != nullptr && own->record() != nullptr)
        end_noted_wait(*this, static_cast<job*>(this));
  }
  static bool is_over(job const& j) noexcept { return static_cast<call_state const&>(j).ready(); }

  // Of a task that is tracked.
  [[gnu::noinline]] void answer() noexcept {
    auto const name = [](job const& j, bool) {
      return static_cast<call_state const&>(j).origin_.context->record()->in_words();
    };
    task_context* const own = origin_.context;
    answer_describe({.call = this, .runs_in = own, .place = own, .actor = own, .over = &is_over, .name = name});
  }

  static std::coroutine_handle<> coroutine_ended([[maybe_unused]] completion& c,
                                                 std::coroutine_handle<> child) noexcept {
    child.destroy();
    if constexpr (is_coroutine) static_cast<call_state&>(c).finish();
    return transfer(nullptr);
  }

  // The context goes first of all, as the parent may call at any time.
  void end_life() noexcept {
    if (this->is_stoppable_) [[unlikely]] {
      delete origin_.context;
      if (this->is_cancelled()) this->result.count_as_seen();  // it was cancelled too late to end so
    }
    free_state<result_type>(*this, [](job& j, job_verb) noexcept { static_cast<Derived&>(j).destroy(); });
  }

  // What Derived does when it is cancelled while it waits to begin, if there is anything.
  void stop_waiting() noexcept {}

  // What Derived does to free itself, unless it has a way of its own.
  void destroy() noexcept { delete static_cast<Derived*>(this); }

  // The result is there.
  void finish() noexcept {
    if (this->is_cancelled()) [[unlikely]]
      end_cancelled();
    if (this->result.has_failure()) [[unlikely]]
      if (!name_failure()) return;
    end();
  }

  // A call that was cancelled ends so, whatever has come of it, which is the cause at most.
  [[gnu::noinline, gnu::cold]] void end_cancelled() noexcept {
    failure_ptr const why =
        cancellation(true, this->result.has_failure() ? this->result.failure_pointer() : failure_ptr());
    std::destroy_at(&this->result);
    std::construct_at(&this->result);
    this->result.set_failure(why);
  }

  // False if the call does not end with that.
  [[gnu::noinline, gnu::cold]] bool name_failure() noexcept {
    auto const name = [](void const* call) { return name_of(static_cast<Call const*>(call)->function()); };
    failure_ptr const f = static_cast<Derived&>(*this).comes_to(this->result.failure_pointer());
    if constexpr (Call::has_dependencies) call_->for_each_dependency(seen_together());
    failure_ptr named = f.in_task(this->is_stoppable_ ? origin_.context->submitted : origin_.where, name, &*call_);
    bool const own = f.exception() == this->result.failure_pointer().exception();
    if (own && static_cast<Derived&>(*this).makes_again(named)) return false;
    this->result.name_failure(std::move(named));
    return true;
  }

  // With what the call ends if it fails so, unless Derived has another view.
  static failure_ptr const& comes_to(failure_ptr const& f) noexcept { return f; }

  // Whether Derived takes the call back, to make it once more.
  static bool makes_again(failure_ptr const&) noexcept { return false; }

  // The closure goes first, so that whoever reads the result finds its captures released.
  void end() noexcept {
    call_.reset();
    auto const after = static_cast<Derived&>(*this).before_completion();
    this->publish();  // may free this
    after();
  }

  union {
    call_site where;        // of the submission
    task_context* context;  // if is_stoppable_; owned, and has the place
  } origin_;
  std::optional<Call> call_;
};

}  // namespace mobula::detail

#pragma once

#include <mobula/core/blocking_thread.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/submission_hold.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/remote/call.hpp>
#include <mobula/remote/dependency_wait.hpp>
#include <mobula/remote/lease.hpp>

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula::detail {

/// A call that is a task of its own.
template <class Call>
class task_call final : public call_state<task_call<Call>, Call> {
 public:
  using call_state<task_call<Call>, Call>::call_state;

  /// Queues the task, when its dependencies are ready; in a context of its own, if it is given one, or whoever submits it
  /// can be stopped. Throws no_runtime.
  void submit(scheduler* chosen, std::unique_ptr<task_context> own = nullptr) {
    worker* const w = this_worker();
    bool const plain = w != nullptr ? w->context == nullptr && chosen == nullptr : false;
    if (!Call::has_dependencies && plain && own == nullptr) [[likely]]
      return scheduler::submit_task_on(*w, *this);
    if constexpr (Call::has_dependencies) dependencies_.collect(this->call());
    if (chosen != nullptr) return submit_to(*chosen, own);
    if (w != nullptr) return submit_to(w->owner, own);
    submit_to_current([&](scheduler& s) { submit_to(s, own); });
  }

 private:
  friend call_state<task_call<Call>, Call>;

  // If it throws no_runtime, nothing has changed.
  void submit_to(scheduler& s, std::unique_ptr<task_context>& given) {
    std::unique_ptr<task_context> made_here;
    if (given == nullptr && s.limited) made_here = limited_context(s);
    if (given == nullptr && made_here == nullptr &&
        (this_worker() != nullptr || s.cancellable || current_blocking_thread != nullptr))
      made_here = context_for_child(nullptr, s, false);
    std::unique_ptr<task_context>& own = given != nullptr ? given : made_here;
    if (!Call::has_dependencies && own == nullptr) return s.submit_task(*this);
    std::vector<shared_state_base*> pending;  // where tasks are tracked; a stop may come as soon as there is a context
    if constexpr (Call::has_dependencies)
      if (own != nullptr && own->record() != nullptr) pending = dependencies_.pending();
    s.admit_task();
    lease* const asks = lease_of(own.get());
    this->set_context(std::move(own));
    if (task_context* const made = this->own_context(); made != nullptr && made->record() != nullptr) [[unlikely]]
      note_needs(*this, *made->record(), pending, asks != nullptr);
    if constexpr (Call::has_dependencies)
      dependencies_.begin(s, asks != nullptr ? asks->before(*this) : *this,
                          asks != nullptr ? nullptr : this->own_context());
    else if (asks != nullptr)
      asks->ask(*this);
    else
      this->begin_on(s);
  }

  void step_in_queue(job_verb verb) noexcept {
    if constexpr (Call::has_dependencies)
      if (dependencies_.dropped() && verb == job_verb::run) verb = job_verb::drop;
    this->run_as_task(verb);
  }
  void stop_waiting() noexcept {
    if constexpr (Call::has_dependencies) dependencies_.stop();
    if (lease* const l = lease_of(this->own_context())) l->stop();
  }
  auto before_completion() const noexcept {
    if (task_context* const own = this->own_context(); own != nullptr) [[unlikely]]
      end_lease(*own);
    return []() noexcept { scheduler::finish_task(); };
  }

  [[no_unique_address]] std::conditional_t<Call::has_dependencies, dependency_wait, no_dependencies> dependencies_;
};

}  // namespace mobula::detail

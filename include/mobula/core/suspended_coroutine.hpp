#pragma once

#include <mobula/core/coroutine.hpp>
#include <mobula/core/execution_context.hpp>
#include <mobula/core/scheduler.hpp>

#include <coroutine>

namespace mobula::detail {

/// A coroutine that waits: the job that goes on with it, on the scheduler that it ran on and in the context that it ran in.
/// Whoever makes a coroutine wait derives from it.
class suspended_coroutine : public job {
 public:
  suspended_coroutine() noexcept : job(&step) {}

  /// Notes what to go on with, and where: before anybody else gets to know. Only on a worker.
  void keep(std::coroutine_handle<> h) noexcept {
    worker& here = *current_worker;
    coroutine_ = h;
    owner_ = &here.owner;
    context_ = here.context;
  }

  /// Queues it. Any thread.
  void go_on() noexcept {
    if (context_ == nullptr) [[likely]]
      owner_->submit(*this);
    else
      context_->resume_coroutine(*this, *owner_);
  }

 protected:
  /// Its step: never inlined into a coroutine, which might keep the address of current_worker.
  [[gnu::noinline]] static void step(job& j, job_verb) noexcept {
    auto& me = static_cast<suspended_coroutine&>(j);
    current_worker->context = me.context_;
    if (me.context_ != nullptr) [[unlikely]]
      return resume_strand(*me.context_, me.coroutine_);
    resume(me.coroutine_);
  }

  [[nodiscard]] execution_context* context() const noexcept { return context_; }
  [[nodiscard]] scheduler& owner() const noexcept { return *owner_; }

 private:
  [[gnu::noinline]] static void resume_strand(execution_context& c, std::coroutine_handle<> h) noexcept {
    strand const here(&c);
    resume(h);
  }

  std::coroutine_handle<> coroutine_;
  scheduler* owner_ = nullptr;
  execution_context* context_ = nullptr;
};

}  // namespace mobula::detail

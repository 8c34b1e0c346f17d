#pragma once

#include <mobula/core/coroutine.hpp>
#include <mobula/core/execution_context.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/worker.hpp>
#include <mobula/task/task.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <type_traits>

namespace mobula::detail {

/// Runs children of a coroutine in parallel by continuation stealing, and then the coroutine again.
///
/// Whoever starts a child first queues this object, the right to go on with the next child, and then runs the child at
/// once. A child that ends looks whether that right still lies at the owner's end of its worker's queue; if so it takes
/// it back and starts the next child: nothing but the queue was touched. Else somebody has taken it (stolen), and goes
/// on with the next child meanwhile. The last child isn't preceded by a push: its starter has nothing left to hand over.
///
/// Each time the right is taken by a worker's loop counts as a steal, and then one child more ends without finding it,
/// so the parent goes on when the last child has ended and as many others as there were steals. Which child takes the
/// right back does not matter.
///
/// All run in the context of the parent. In one that does not run in parallel the right stays with whoever starts the
/// children: each in turn, on top of the starter, until it ends or waits.
class fork : public job, public completion {
 public:
  fork() noexcept : job(&taken), completion(&child_ended) {}

  /// The promise of the coroutine whose children have such a completion, if it is one of ours with its base in place; else
  /// null.
  [[nodiscard]] static coroutine_promise_base const* parent_of(completion const& c) noexcept {
    return c.complete == &child_ended ? promise_in(static_cast<fork const&>(c).parent_) : nullptr;
  }

  /// Starts the children in order; gives what `await_suspend` returns to hand over to one. `children`, at least one, are
  /// ready to start (task_access::start), and their completion is this.
  template <class Promise>
  std::coroutine_handle<> begin(std::coroutine_handle<>* children, std::size_t count,
                                std::coroutine_handle<Promise> parent) noexcept {
    if constexpr (!has_base_in_place<Promise>) complete = &child_of_stranger_ended;
    next_ = children;
    last_ = children + (count - 1);
    last_child_ = *last_;
    parent_ = parent;
    context_ = current_worker->context;
    return in_turn() ? start_in_turn() : transfer(start_next());
  }

 private:
  // By the holder of the right only.
  std::coroutine_handle<> start_next() noexcept {
    auto* const at = next_++;
    auto const child = *at;
    if (at != last_) {
      worker& here = *current_worker;
      if (context_ != nullptr && context_->counter() != nullptr) [[unlikely]]
        context_->counter()->strand_begins();
      here.owner.push(here, *this);  // from here on another worker may have the right
      here.owner.wake_if_needed();
    }
    return child;
  }

  [[nodiscard]] bool in_turn() const noexcept { return context_ != nullptr && !context_->in_parallel; }

  // A child that waits lets the next one start; what waits goes on by the context only, so not before this is left. As if
  // all were stolen from: no child that ends finds the right. When the stack runs low, the context goes on with the next.
  [[gnu::noinline]] std::coroutine_handle<> start_in_turn() noexcept {
    while (next_ != last_) {
      worker& here = *this_worker();  // anew each time: a child may have blocked
      auto const child = *next_++;
      if (!here.has_stack_left()) {
        context_->resume_coroutine(*this, here.owner);
        return hand_over(child);
      }
      ++steals_;
      resume(child);
    }
    return hand_over(*next_++);
  }
  [[gnu::noinline]] static std::coroutine_handle<> hand_over(std::coroutine_handle<> h) noexcept { return transfer(h); }

  [[gnu::noinline]] static void taken(job& j, job_verb) noexcept {
    auto& f = static_cast<fork&>(j);
    ++f.steals_;
    current_worker->context = f.context_;
    strand const here(f.context_);
    resume(f.in_turn() ? f.start_in_turn() : f.start_next());
  }

  static std::coroutine_handle<> child_ended(completion& c, std::coroutine_handle<> child) noexcept {
    auto& f = static_cast<fork&>(c);
    bool const last = child == f.last_child_;
    child.destroy();
    return last ? f.last_ended() : f.other_ended();
  }

  // The same, but told from it by its address.
  static std::coroutine_handle<> child_of_stranger_ended(completion& c, std::coroutine_handle<> child) noexcept {
    return child_ended(c, child);
  }

  [[gnu::noinline]] std::coroutine_handle<> other_ended() noexcept {
    if (!in_turn() && current_worker->queue.pop_if(this)) {
      if (context_ != nullptr && context_->counter() != nullptr) [[unlikely]]
        context_->counter()->strand_left();
      return transfer(start_next());
    }
    return running_.fetch_sub(1, std::memory_order_acq_rel) == 1 ? go_on_with_parent() : transfer(nullptr);
  }

  // All have been started, so steals_ is final, and what the thieves wrote came here with the right.
  std::coroutine_handle<> last_ended() noexcept {
    if (steals_ == 0) [[likely]]
      return go_on_with_parent();
    std::uint32_t const surplus = many - steals_;
    return running_.fetch_sub(surplus, std::memory_order_acq_rel) == surplus ? go_on_with_parent() : transfer(nullptr);
  }

  // In its context, also if the child was resumed elsewhere by an awaiter that is none of ours.
  std::coroutine_handle<> go_on_with_parent() noexcept {
    current_worker->context = context_;
    return transfer(parent_);
  }

  static constexpr std::uint32_t many = std::uint32_t{1} << 30;

  // Written by `begin`.
  std::coroutine_handle<>* next_;  // the child to start next; by the holder of the right
  std::coroutine_handle<>* last_;
  std::coroutine_handle<> parent_;
  std::coroutine_handle<> last_child_;
  execution_context* context_;
  std::uint32_t steals_ = 0;  // by the holder of the right
  // `many`, less one for each child that has ended without finding the right, less `many - steals_` when the last child
  // has ended. Whoever takes it to zero resumes the parent; its acquire pairs with the others' release.
  std::atomic<std::uint32_t> running_{many};
};

}  // namespace mobula::detail

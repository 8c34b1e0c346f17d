#include <mobula/core/block.hpp>
#include <mobula/core/blocking_thread.hpp>
#include <mobula/core/error.hpp>
#include <mobula/core/interruption.hpp>
#include <mobula/core/task_context.hpp>

#include "living_runtimes.hpp"

#include <cstddef>
#include <span>
#include <utility>

namespace mobula::detail {
namespace {

[[noreturn]] void throw_interrupted() {
  throw cancelled(
      "this wait was interrupted, as its task is to stop: it was cancelled, or what has started it, or its "
      "time was over");
}

[[noreturn]] void throw_dropped() { throw cancelled("this wait was ended, as the runtime was shut down with drop"); }

// Where a wait that begins here stands to be dropped; null for nowhere. That of a thread outside belongs to the current
// runtime, if there is one, and keeps it.
droppable_waits* waits_here(std::shared_ptr<scheduler>& keep) noexcept {
  if (worker* const w = this_worker()) return &w->waits;
  if (blocking_thread const* const b = current_blocking_thread) return &b->owner.waits_elsewhere;
  if (driven_scheduler() != nullptr) return nullptr;
  keep = living_runtimes::it().shared_current();
  return keep != nullptr ? &keep->waits_outside : nullptr;
}

}  // namespace

interruption::interruption(std::stop_token t, droppable_waits* waits, std::shared_ptr<scheduler> owner) noexcept
    : owner_(std::move(owner)), stop_(std::move(t)), drop_(waits) {
  std::size_t used = 1;
  if (stop_.possible()) branches_[stopped_ = used++].watch(stop_);
  if (waits != nullptr) branches_[dropped_ = used++].watch(drop_);
  selection_.emplace(std::span(branches_, used));
}

std::unique_ptr<interruption> interruption::make(bool drops) {
  task_context const* const task = this_task_context();
  if (task != nullptr && task->stop_requested()) throw_interrupted();
  std::shared_ptr<scheduler> owner;
  droppable_waits* const waits = drops ? waits_here(owner) : nullptr;
  if (task == nullptr && waits == nullptr) return make_note();
  return std::make_unique<interruption>(task != nullptr ? task->token() : std::stop_token(), waits, std::move(owner));
}

std::unique_ptr<interruption> interruption::make_note() noexcept {
  if (!tracking()) return nullptr;
  try {
    return std::make_unique<interruption>(std::stop_token(), nullptr, nullptr);
  } catch (...) { return nullptr; }  // then it is not known
}

void interruption::check(bool drops) {
  task_context const* const task = this_task_context();
  if (task != nullptr && task->stop_requested()) throw_interrupted();
  worker const* const w = this_worker();
  if (drops && w != nullptr && w->waits.dropped()) throw_dropped();
}

void interruption::result() {
  note_.reset();
  std::size_t const winner = selection_->winner();
  if (winner == 0) return;
  if (winner == stopped_) throw_interrupted();
  if (winner == dropped_) throw_dropped();
}

}  // namespace mobula::detail

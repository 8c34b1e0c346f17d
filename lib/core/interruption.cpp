#include <mobula/core/error.hpp>
#include <mobula/core/interruption.hpp>
#include <mobula/core/task_context.hpp>

#include <new>

namespace mobula::detail {
namespace {

[[noreturn]] void throw_interrupted() {
  throw cancelled(
      "this wait was interrupted, as its task is to stop: it was cancelled, or what has started it, or its "
      "time was over");
}

}  // namespace

std::unique_ptr<interruption> interruption::make(bool to_the_end) {
  task_context const* const task = to_the_end ? nullptr : this_task_context();
  if (task == nullptr) {
    if (!tracking()) return nullptr;
    try {
      return std::make_unique<interruption>(std::stop_token());
    } catch (std::bad_alloc const&) { return nullptr; }  // then it is not known
  }
  if (task->stop_requested()) throw_interrupted();
  return std::make_unique<interruption>(task->token());
}

void interruption::result() {
  note_.reset();
  if (selection_.winner() == 1) throw_interrupted();
}

}  // namespace mobula::detail

#include <mobula/core/error.hpp>
#include <mobula/core/interruption.hpp>
#include <mobula/core/task_context.hpp>

namespace mobula::detail {
namespace {

[[noreturn]] void throw_interrupted() {
  throw cancelled(
      "this wait was interrupted, as its task is to stop: it was cancelled, or what has started it, or its "
      "time was over");
}

}  // namespace

std::unique_ptr<interruption> interruption::make() {
  task_context const* const task = this_task_context();
  if (task == nullptr) return nullptr;
  if (task->stop_requested()) throw_interrupted();
  return std::make_unique<interruption>(task->token());
}

void interruption::result() const {
  if (selection_.winner() == 1) throw_interrupted();
}

}  // namespace mobula::detail

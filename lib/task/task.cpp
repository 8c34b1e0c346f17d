#include <mobula/core/error.hpp>
#include <mobula/task/task.hpp>

namespace mobula::detail {

void throw_empty_task() {
  throw error("mobula: this task can't be started: it was moved from, or awaited before, which can be done once");
}

}  // namespace mobula::detail

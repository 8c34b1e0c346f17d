#pragma once

#include <mobula/core/job.hpp>

#include <coroutine>

namespace mobula::detail {

/// Frees what may own the last handle of something like it, which owns another, and so on, however long that chain is.
/// A few levels are freed within each other, at once; what lies deeper is freed in a loop when the deepest of these is
/// through. `free` is called with job_verb::destroy, and `j` may be in no queue.
///
/// Threads: any; of what is freed, nobody else knows any more.
void free_in_turn(job& j, job::step_function free) noexcept;

/// The same for a coroutine that has not begun, or waits to be asked. Without memory for a note it is freed at once.
void free_in_turn(std::coroutine_handle<> h) noexcept;

/// How deep within each other the calling thread frees such things, and what it has left for later. A stack that waits
/// takes its own along, as it may go on in another thread, and leaves none behind.
class frees_in_progress {
 public:
  frees_in_progress() noexcept;   // takes that of the thread, which has none then
  void restore() const noexcept;  // for the thread that goes on with the stack

 private:
  unsigned depth_;
  job* later_;
};

}  // namespace mobula::detail

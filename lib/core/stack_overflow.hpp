#pragma once

namespace mobula::detail {

/// Sees to it that a task that overflows its stack says so on stderr before the process ends, as it would anyway, by
/// SIGSEGV. Once a process: handlers that were there before are called after that, and for every other fault.
/// Nothing under sanitizers, which have handlers of their own.
void report_stack_overflow() noexcept;

/// Gives the calling thread a stack for signal handlers while this lives, unless it has one: the one that has overflowed
/// is of no use to them. Without memory for it, overflow goes unreported.
class alternate_stack {
 public:
  alternate_stack() noexcept;
  ~alternate_stack();
  alternate_stack(alternate_stack const&) = delete;

 private:
  void* memory_ = nullptr;
};

}  // namespace mobula::detail

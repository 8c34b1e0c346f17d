#pragma once

#include <atomic>
#include <new>

namespace mobula::test {

/// Allocations by `operator new` that fail; what replaces it stands in refused_memory.cpp.
struct refusal {
  /// The calling thread's allocation that fails, counted down from here; negative for none.
  static inline thread_local int in_this_thread = -1;
  /// The same of all threads together.
  static inline std::atomic<int> anywhere{-1};
  /// Whether those of the calling thread never fail.
  static inline thread_local bool spared = false;
};

/// Blocks that live, of all threads.
inline std::atomic<long> living_blocks{0};

/// Allocations of the calling thread, ever.
inline thread_local long allocations = 0;

/// Does `action` again and again: first with this thread's first allocation failing, then with its second, and so on until
/// there is none left to fail. Tells how many could. Whatever fails may throw bad_alloc, and nothing else.
template <class Action>
int fail_each_in_turn(Action action) {
  for (int n = 0;; ++n) {
    try {
      refusal::in_this_thread = n;
      action();
      bool const none_failed = refusal::in_this_thread >= 0;
      refusal::in_this_thread = -1;
      if (none_failed) return n;
    } catch (std::bad_alloc const&) {}
  }
}

}  // namespace mobula::test

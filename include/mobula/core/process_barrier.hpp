#pragma once

#include <mobula/requirements.hpp>

namespace mobula::detail {

/// A memory barrier that one thread executes for all threads of the process.
///
/// Two threads that each write one thing and then read the other's need a full barrier between the two, on both sides,
/// or both may read the old value. Where one side is far more frequent, the rare one can pay for both: it makes every
/// running thread execute a full barrier (Linux: membarrier, some 0.5 us), and the frequent one only keeps the compiler
/// from reordering. Where the kernel has no such call, and under ThreadSanitizer, which does not know it, both sides use
/// sequentially consistent operations instead.

/// Whether there is one. Set before the first worker starts, and never again.
extern bool process_barrier_available;

/// Looks whether there is one. Threads: any.
void find_process_barrier() noexcept;

/// Executes it. Nothing where there is none.
void process_barrier() noexcept;

}  // namespace mobula::detail

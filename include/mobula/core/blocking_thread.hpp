#pragma once

#include <mobula/requirements.hpp>

namespace mobula::detail {

class scheduler;
class execution_context;

/// A thread for calls that may block in the kernel, as what runs there sees it: no worker, so it waits as any thread
/// outside does, but of a runtime, and with the context of its code.
struct blocking_thread {
  scheduler& owner;
  execution_context* context = nullptr;  // of the call that runs now
};

/// That which the calling thread is; null if it is none. Written once, when the thread begins.
extern constinit thread_local blocking_thread* current_blocking_thread;

}  // namespace mobula::detail

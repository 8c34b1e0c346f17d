#pragma once

#include <mobula/requirements.hpp>

#include <stdexcept>
#include <string>

namespace mobula {

/// The base of every error that Mobula itself raises. What a task throws keeps its own type instead.
class error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A task was cancelled, or a wait in it; or it was dropped before it ran, or a sleep was ended early, because its runtime
/// was shut down.
class cancelled : public error {
 public:
  cancelled() : error("mobula: cancelled: the runtime was shut down before this was done") {}
  explicit cancelled(std::string const& why) : error("mobula: cancelled: " + why) {}
};

/// Something was asked of Mobula where no runtime lives, or of one that has been shut down.
class no_runtime : public error {
  using error::error;
};

/// Waiting could never end: what is waited for is a call that an actor handles only after the caller's own has ended,
/// maybe by way of other actors; or, as the manual scheduler can tell, everything that might still run has run.
class deadlock_error : public error {
  using error::error;
};

/// What was waited for did not come in time. It is not lost: one may wait again.
class timeout_error : public error {
 public:
  timeout_error() : error("mobula: timeout: what this waited for did not come in time") {}

 protected:
  using error::error;
};

/// The time of a task, or of a part of it, was over before it was done: its timeout or deadline (task_options,
/// with_deadline). It has been asked to stop, and what it gives later is dropped.
class deadline_error : public timeout_error {
 public:
  explicit deadline_error(std::string const& what) : timeout_error("mobula: deadline: " + what) {}
};

/// A promise went without having been set, so its future will never have a value.
class broken_promise : public error {
 public:
  broken_promise() : error("mobula: broken promise: it was destroyed without having been set") {}
};

/// More plain tasks block in `get` at once than there may be stacks for.
class too_many_blocked : public error {
  using error::error;
};

}  // namespace mobula

#pragma once

namespace mobula::detail {

/// While one lives, a signal has the process write to stderr what dump_tasks() says, by a thread that all share, as a
/// handler may do next to nothing, and no worker may be free.
class dump_signal {
 public:
  /// `signal`: 0 for none. Where tasks are tracked, the handler passes on to the one that was there; else only the default
  /// of the signal, which would end the program, is replaced. Throws std::system_error.
  dump_signal(int signal, bool tracks);
  dump_signal(dump_signal const&) = delete;
  ~dump_signal();

 private:
  int signal_;
};

}  // namespace mobula::detail

#pragma once

#include <functional>
#include <string>

namespace mobula::test {

/// How a process ended: with a code, or minus the signal that killed it.
using ending = int;

/// The same and what it wrote to stderr.
struct last_words {
  ending how;
  std::string said;
};

/// Runs `main` as the main function of a process of its own, which is killed (SIGALRM) if it hangs.
last_words run_process(std::function<int()> const& main);

inline ending end_of_process(std::function<int()> const& main) { return run_process(main).how; }

}  // namespace mobula::test

#include "process/child.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

// LeakSanitizer asks this at the end of a process. What the child processes abandon on purpose, on the stacks of tasks
// that never end, is no leak; the test program itself is checked.
static bool is_child = false;
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return is_child ? 1 : 0; }

namespace mobula::test {

last_words run_process(std::function<int()> const& main) {
  std::fflush(nullptr);
  int ends[2];
  if (::pipe(ends) != 0) return {1000, "no pipe"};
  pid_t const child = ::fork();
  if (child == 0) {
    is_child = true;
    for (int s : {SIGABRT, SIGSEGV, SIGBUS, SIGTERM, SIGFPE, SIGILL, SIGINT})
      std::signal(s, SIG_DFL);  // not the test program's
    rlimit const no_core{};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::alarm(10);
    [&]() noexcept { std::exit(main()); }();  // what leaves main by an exception terminates
  }
  ::close(ends[1]);
  last_words result{1000, ""};
  char text[512];
  for (ssize_t n; (n = ::read(ends[0], text, sizeof text)) > 0;) result.said.append(text, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  if (::waitpid(child, &status, 0) == child) result.how = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

}  // namespace mobula::test

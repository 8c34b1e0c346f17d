#include "cma/gnuplot.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

namespace mobula::cma {
namespace {

// What is to happen in the new process before the program begins.
class preparation {
 public:
  explicit preparation(const std::filesystem::path& folder) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  preparation(const preparation&) = delete;
  ~preparation() { posix_spawn_file_actions_destroy(&actions_); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

}  // namespace

std::filesystem::path find_gnuplot() {
  const char* const path = std::getenv("PATH");
  std::string_view left = path != nullptr ? path : "/usr/bin:/bin";
  for (bool more = true; more;) {
    const std::size_t end = left.find(':');
    more = end != std::string_view::npos;
    std::error_code none;
    const auto program = std::filesystem::absolute(std::filesystem::path(left.substr(0, end)) / "gnuplot", none);
    if (!none && std::filesystem::is_regular_file(program, none) && ::access(program.c_str(), X_OK) == 0)
      return program;
    left.remove_prefix(more ? end + 1 : 0);
  }
  return {};
}

bool run_script(const std::filesystem::path& gnuplot, const std::filesystem::path& folder,
                const std::filesystem::path& script) {
  const preparation there(folder);
  std::string name = "gnuplot", argument = "./" + script.filename().native();  // which is no option
  const std::array<char*, 3> arguments{name.data(), argument.data(), nullptr};
  pid_t child = 0;
  if (posix_spawn(&child, gnuplot.c_str(), there.get(), nullptr, arguments.data(), environ) != 0) return false;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return true;  // the program has its children reaped by somebody else
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace mobula::cma

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <system_error>
#include <thread>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// What goes to stderr while it lives, or comes within ten seconds of asking.
class captured_stderr {
 public:
  captured_stderr() : before_(::dup(2)), file_(std::tmpfile()) { ::dup2(::fileno(file_), 2); }
  captured_stderr(captured_stderr const&) = delete;
  ~captured_stderr() {
    ::dup2(before_, 2);
    ::close(before_);
    std::fclose(file_);
  }

  bool gets(std::string const& what, std::chrono::milliseconds within = 10s) const {
    for (auto const end = std::chrono::steady_clock::now() + within;;) {
      std::string text(10'000, ' ');
      ssize_t const n = ::pread(::fileno(file_), text.data(), text.size(), 0);
      if (text.substr(0, n > 0 ? static_cast<std::size_t>(n) : 0).find(what) != std::string::npos) return true;
      if (std::chrono::steady_clock::now() >= end) return false;
      std::this_thread::sleep_for(1ms);
    }
  }

 private:
  int before_;
  std::FILE* file_;
};

bool is_default(int signal) {
  struct sigaction now = {};
  ::sigaction(signal, nullptr, &now);
  return (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
}

volatile std::sig_atomic_t handled = 0;
void count(int) { handled = handled + 1; }

}  // namespace

TEST_CASE("the dump's signal does not end a program whose runtime does not track: it says how tasks are tracked",
          "[core]") {
  captured_stderr const err;
  {
    mb::runtime const rt({.num_cpus = 1});
    mb::runtime const another({.num_cpus = 1});
    std::raise(SIGUSR1);
    CHECK(err.gets("runtime_options::track_tasks"));
  }
  CHECK(is_default(SIGUSR1));
}

TEST_CASE("a handler that the program had for the dump's signal stays alone where nothing is tracked", "[core]") {
  captured_stderr const err;
  handled = 0;
  auto* const before = std::signal(SIGUSR1, &count);
  {
    mb::runtime const rt({.num_cpus = 1});
    std::raise(SIGUSR1);
    CHECK(handled == 1);
    CHECK_FALSE(err.gets("track_tasks", 50ms));
  }
  std::signal(SIGUSR1, SIG_IGN);
  {
    mb::runtime const rt({.num_cpus = 1});
    std::raise(SIGUSR1);
    CHECK_FALSE(err.gets("track_tasks", 50ms));
  }
  std::signal(SIGUSR1, before);
}

TEST_CASE("a handler that the program installs later for the dump's signal stays", "[core]") {
  handled = 0;
  {
    mb::runtime const rt({.num_cpus = 1});
    std::signal(SIGUSR1, &count);
  }
  std::raise(SIGUSR1);
  CHECK(handled == 1);
  std::signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("a runtime with dump_signal 0 leaves all signals alone, and one that can't be handled is refused", "[core]") {
  mb::runtime const rt({.num_cpus = 1, .dump_signal = 0});
  CHECK(is_default(SIGUSR1));
  CHECK_THROWS_AS(mb::runtime({.dump_signal = -1}), std::system_error);
  CHECK_THROWS_WITH(mb::runtime({.dump_signal = 100'000}), Catch::Contains("dump_signal"));
}

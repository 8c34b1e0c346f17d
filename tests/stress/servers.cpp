// Servers as docs/servers.md has them, and clients that do not mean well.
#include <mobula/mobula.hpp>

#include "../../examples/accept_clients.hpp"
#include "../../examples/chat_server/server.hpp"
#include "../../examples/line_socket.hpp"
#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <boost/asio.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
namespace mb = mobula;
using asio::ip::tcp;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

// A chat server, and clients on this thread that wait without a runtime.
struct chat {
  mb::runtime ray{{.num_cpus = static_cast<unsigned>(workers())}};
  asio::io_context plain;
  tcp::endpoint address;
  mb::future<void> server = start();

  ~chat() { mb::cancel(server); }

  mb::future<void> start() {
    tcp::acceptor acceptor(ray.get_executor(), {asio::ip::address_v4::loopback(), 0});
    address = acceptor.local_endpoint();
    return ray.remote(serve).options({.cancellable = true})(std::move(acceptor));
  }
  tcp::socket connect() {
    tcp::socket s(plain);
    s.connect(address);
    return s;
  }
  tcp::socket enter(std::string const& room, std::string const& name) {
    tcp::socket s = connect();
    say(s, room + "\n" + name + "\n");
    return s;
  }
  static void say(tcp::socket& s, std::string const& text) { asio::write(s, asio::buffer(text)); }
  // What comes next, up to the end of the line; nothing at the end.
  static std::string hear(tcp::socket& s) {
    std::string text;
    boost::system::error_code end;
    for (char c = 0; c != '\n' && asio::read(s, asio::buffer(&c, 1), end) == 1;) text += c;
    return text;
  }
};

std::size_t open_files() {
  std::size_t n = 0;
  for (auto const& entry : std::filesystem::directory_iterator("/proc/self/fd")) n += entry.path().empty() ? 0 : 1;
  return n;
}

// No more than so many files, until this goes.
class few_files {
 public:
  explicit few_files(rlim_t most) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit const few{most, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  few_files(few_files const&) = delete;
  ~few_files() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// What leaves in its own time.
template <class Holds>
bool soon(Holds holds) {
  for (auto const end = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < end;) {
    if (holds()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

long megabytes_used() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used.ru_maxrss / 1024;
}

}  // namespace

TEST_CASE("clients that connect and leave, ten thousand times, cost a server no descriptor") {
  watchdog const dog("ten thousand clients");
  chat c;
  static_cast<void>(c.connect());  // what is opened once
  std::size_t const before = open_files();
  few_files const few(before + 40);
  for (int i = 0; i < 10'000; ++i) {
    tcp::socket s = c.connect();
    if (i % 4 == 1) chat::say(s, "room\nname " + std::to_string(i));
    if (i % 4 == 2) s.set_option(asio::socket_base::linger(true, 0));  // it ends by a reset
    if (i % 4 == 3) {
      chat::say(s, "room\nname " + std::to_string(i) + "\nhello\n");
      REQUIRE(chat::hear(s) == "welcome, name " + std::to_string(i) + "\n");
    }
  }
  CHECK(soon([&] { return open_files() <= before; }));
}

TEST_CASE("a server that has run out of descriptors accepts again when there are some") {
  watchdog const dog("no descriptors");
  chat c;
  tcp::socket one = c.enter("room", "one");
  REQUIRE(chat::hear(one) == "welcome, one\n");
  tcp::socket two(c.plain);
  two.open(tcp::v4());
  {
    std::vector<int> all;
    few_files const few(open_files() + 10);
    for (int f; (f = ::open("/dev/null", O_RDONLY)) >= 0;) all.push_back(f);
    two.connect(c.address);  // in the kernel's queue
    chat::say(two, "room\ntwo\n");
    std::this_thread::sleep_for(100ms);
    chat::say(one, "alone\n");
    CHECK(chat::hear(one) == "one: alone\n");
    for (int const f : all) ::close(f);
  }
  CHECK(chat::hear(two) == "welcome, two\n");
}

TEST_CASE("a line without an end costs a server no more than the longest line") {
  watchdog const dog("an endless line");
  chat c;
  tcp::socket s = c.enter("room", "endless");
  REQUIRE(chat::hear(s) == "welcome, endless\n");
  long const before = megabytes_used();
  std::string const much(1 << 20, 'x');
  boost::system::error_code refused;
  for (int i = 0; i < 100 && !refused; ++i) asio::write(s, asio::buffer(much), refused);
  CHECK(refused);
  CHECK(megabytes_used() - before < 50);
  tcp::socket another = c.enter("room", "another");
  CHECK(chat::hear(another) == "welcome, another\n");
}

TEST_CASE("a name in a room is one member's, until that one leaves") {
  watchdog const dog("names");
  chat c;
  tcp::socket one = c.enter("room", "name");
  REQUIRE(chat::hear(one) == "welcome, name\n");
  {
    tcp::socket two = c.enter("room", "name");
    CHECK(chat::hear(two) == "this name is taken\n");
    CHECK(chat::hear(two).empty());
    tcp::socket elsewhere = c.enter("another room", "name");
    CHECK(chat::hear(elsewhere) == "welcome, name\n");
  }
  chat::say(one, "still here\n");
  CHECK(chat::hear(one) == "name: still here\n");
  one.close();
  CHECK(soon([&] {
    tcp::socket again = c.enter("room", "name");
    return chat::hear(again) == "welcome, name\n";
  }));
}

TEST_CASE("clients that say everything at once, nothing, or zeros, or do not read, hold up nobody") {
  watchdog const dog("odd clients");
  chat c;
  tcp::socket silent = c.connect(), deaf = c.enter("room", "deaf"), empty = c.enter("", "");
  tcp::socket zeros = c.enter(std::string(100, '\0'), std::string(100, '\0'));
  CHECK(chat::hear(zeros).size() == 110);
  CHECK(chat::hear(empty).empty());
  tcp::socket one = c.enter("room", "one");
  REQUIRE(chat::hear(one) == "welcome, one\n");
  std::string const text = std::string(4000, 'x') + "\n";
  for (int i = 0; i < 2000; ++i) {  // more than is on its way to the deaf one
    chat::say(one, text);
    std::string heard(5 + text.size(), ' ');
    asio::read(one, asio::buffer(heard));
    REQUIRE(heard == "one: " + text);
  }
}

TEST_CASE("a line_socket is at its end after the end, an endless line and a peer that is gone") {
  watchdog const dog("line_socket");
  mb::runtime const rt({.num_cpus = static_cast<unsigned>(workers())});
  asio::io_context plain;
  for (int const how : {0, 1, 2}) {
    tcp::acceptor acceptor(plain, {asio::ip::address_v4::loopback(), 0});
    tcp::socket here(plain), there(rt.get_executor());
    here.connect(acceptor.local_endpoint());
    acceptor.accept(there);
    if (how == 1) asio::write(here, asio::buffer(std::string(line_socket::longest + 1, 'x')));
    if (how == 2) here.set_option(asio::socket_base::linger(true, 0));
    if (how != 1) here.close();
    auto const reads = [](tcp::socket s) -> mb::task<int> {
      line_socket lines(std::move(s));
      int none = 0;
      for (int i = 0; i < 5; ++i) none += co_await lines.read() ? 0 : 1;
      co_await lines.write(std::make_shared<std::string>("into the void\n"));
      co_return none;
    };
    CHECK(mb::get(rt.remote(reads)(std::move(there))) == 5);
  }
}

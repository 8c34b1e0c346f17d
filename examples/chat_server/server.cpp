#include "server.hpp"

#include "line_socket.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace mb = mobula;
using boost::asio::ip::tcp;

namespace {

class room;

// [connection]
// `listen` is reentrant: while it waits for the client, lines go out. `say` is serial, so they go one after the other.
class connection {
 public:
  explicit connection(tcp::socket s) : client_(std::move(s)) {}
  mb::task<> listen();
  mb::task<> say(line text) { co_await client_.write(text); }

 private:
  line_socket client_;
};

class room {
 public:
  void enter(mb::actor<connection> who, std::string name) {
    send(who, std::make_shared<std::string>("welcome, " + name + "\n"));
    members_.emplace(name, who);
  }
  void leave(std::string name) { members_.erase(name); }
  void say(std::string name, std::string text) {
    line const all = std::make_shared<std::string>(name + ": " + text + "\n");
    for (auto const& [_, who] : members_) send(who, all);
  }

 private:
  // Who reads too slowly misses lines, and holds up nobody.
  static void send(mb::actor<connection> const& who, line text) {
    static_cast<void>(who.try_post<&connection::say>(text));
  }
  std::map<std::string, mb::actor<connection>> members_;
};

mb::task<> connection::listen() {
  std::string const where = co_await client_.read(), name = co_await client_.read();
  auto const r = mb::make_actor<room>.options({.name = where, .get_if_exists = true})();
  r.post<&room::enter>(mb::current_actor<connection>(), name);
  for (std::string text = co_await client_.read(); !text.empty(); text = co_await client_.read())
    r.post<&room::say>(name, text);
  r.post<&room::leave>(name);
}
// [/connection]

}  // namespace

// [server]
mb::task<> serve(tcp::acceptor acceptor, int clients) {
  auto const make = mb::make_actor<connection>.options(
      {.methods = {{.method = mb::method<&connection::listen>, .concurrency = mb::reentrant}}, .mailbox = 1000});
  for (int i = 0; i < clients; ++i) {
    auto const c = make(co_await acceptor.async_accept(mb::use_task));
    c.post<&connection::listen>();  // lives as long as it listens, or is in a room
  }
}
// [/server]

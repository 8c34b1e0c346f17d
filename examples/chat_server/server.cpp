#include "server.hpp"

#include "../accept_clients.hpp"
#include "../line_socket.hpp"

#include <map>
#include <memory>
#include <optional>
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
  // Whether the name is free.
  bool enter(mb::actor<connection> who, std::string name) {
    if (!members_.emplace(name, who).second) return false;
    send(who, std::make_shared<std::string>("welcome, " + name + "\n"));
    return true;
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
  std::optional<std::string> const where = co_await client_.read(), name = co_await client_.read();
  if (!where || where->empty() || !name || name->empty()) co_return;
  auto const r =
      mb::make_actor<room>.options({.name = *where, .name_space = "rooms", .get_if_exists = true, .mailbox = 1000})();
  bool const entered = co_await r.call<&room::enter>(mb::current_actor<connection>(), *name);
  if (!entered) co_return co_await client_.write(std::make_shared<std::string>("this name is taken\n"));
  while (std::optional<std::string> text = co_await client_.read())
    co_await r.async_post<&room::say>(*name, *text);  // who speaks faster than the room hears is not read meanwhile
  co_await r.async_post<&room::leave>(*name);
}
// [/connection]

}  // namespace

// [server]
mb::task<> serve(tcp::acceptor acceptor) {
  auto const make = mb::make_actor<connection>.options(
      {.methods = {{.method = mb::method<&connection::listen>, .concurrency = mb::reentrant}}, .mailbox = 1000});
  auto const welcome = [&make](tcp::socket client) {
    make(std::move(client)).post<&connection::listen>();  // lives as long as it listens, or is in a room
  };
  co_await accept_clients(acceptor, welcome);
}
// [/server]

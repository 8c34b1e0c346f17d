// A chat server on TCP: an actor for each connection and for each room, all on two workers, and a thousand clients on this
// machine's loopback. A room is an actor with a name, so who comes first opens it, and it is gone with its last member.
//
//     chat_server [clients [lines]]     1000 clients, 5 lines each, without the arguments

#include <mobula/mobula.hpp>
#include <mobula/task/use_task.hpp>

#include "../line_socket.hpp"
#include "../open_files.hpp"
#include "server.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mb = mobula;
using boost::asio::ip::tcp;

namespace {

// Says its lines when all have come, and tells how many it has got of its room, in the order of each speaker.
mb::task<int> client(tcp::endpoint server, int number, int rooms, int lines, int expected, mb::latch& all_here) {
  line_socket me{tcp::socket(mb::current_executor())};
  co_await me.get().async_connect(server, mb::use_task);
  std::string const name = "client " + std::to_string(number);
  co_await me.write(std::make_shared<std::string>("room " + std::to_string(number % rooms) + "\n" + name + "\n"));
  if (co_await me.read() != "welcome, " + name) co_return 0;
  co_await all_here.arrive_and_wait();
  for (int i = 0; i < lines; ++i) co_await me.write(std::make_shared<std::string>(std::to_string(i) + "\n"));
  std::map<std::string, int> heard;
  int right = 0;
  for (int i = 0; i < expected; ++i) {
    std::optional<std::string> const text = co_await me.read();
    std::size_t const colon = text ? text->find(": ") : std::string::npos;
    if (colon == std::string::npos) break;
    if (text->substr(colon + 2) == std::to_string(heard[text->substr(0, colon)]++)) ++right;
  }
  co_return right;
}

}  // namespace

int main(int argc, char** argv) {
  int const clients = allowed_clients(argv[0], argc > 1 ? std::atoi(argv[1]) : 1000);
  int const lines = argc > 2 ? std::atoi(argv[2]) : 5;
  int const rooms = (clients + 19) / 20;
  mb::runtime ray({.num_cpus = 2});
  tcp::acceptor acceptor(ray.get_executor(), {boost::asio::ip::address_v4::loopback(), 0});
  tcp::endpoint const address = acceptor.local_endpoint();
  auto const server = mb::remote(serve).options({.cancellable = true})(std::move(acceptor));

  mb::latch all_here(clients);
  std::vector<mb::future<int>> all;
  long expected = 0, right = 0;
  for (int i = 0; i < clients; ++i) {
    int const members = clients / rooms + (i % rooms < clients % rooms ? 1 : 0);
    all.push_back(mb::remote(client)(address, i, rooms, lines, members * lines, std::ref(all_here)));
    expected += members * lines;
  }
  for (int n : mb::get(all)) right += n;
  mb::cancel(server);
  std::printf("%d clients in %d rooms said %d lines each\n", clients, rooms, lines);
  std::printf("%ld of %ld lines came to whom they should, each speaker's in order\n", right, expected);
  return right == expected ? 0 : 1;
}

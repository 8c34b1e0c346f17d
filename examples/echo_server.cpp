// A TCP echo server on two workers, and a thousand clients that talk to it at once. Each connection is a coroutine, on
// both sides; all of it stays on this machine's loopback.
//
//     echo_server [clients] [lines]     1000 clients, 10 lines each, without the arguments

#include <mobula/mobula.hpp>
#include <mobula/task/use_task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "open_files.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace mb = mobula;
using asio::ip::tcp;

namespace {

// [session]
mb::task<std::size_t> session(tcp::socket socket) {
  char data[512];
  for (std::size_t echoed = 0;;) {
    auto [error, n] = co_await socket.async_read_some(asio::buffer(data), asio::as_tuple(mb::use_task));
    if (error) co_return echoed;  // the client has gone
    echoed += co_await asio::async_write(socket, asio::buffer(data, n), mb::use_task);
  }
}
// [/session]

// [server]
mb::task<std::size_t> serve(tcp::acceptor acceptor, int clients) {
  std::vector<mb::future<std::size_t>> sessions;
  for (int i = 0; i < clients; ++i) {
    tcp::socket socket = co_await acceptor.async_accept(mb::use_task);
    sessions.push_back(mb::remote(session)(std::move(socket)));
  }
  std::size_t echoed = 0;
  for (auto& s : sessions) echoed += co_await s;
  co_return echoed;
}
// [/server]

// Says some lines and tells how many came back as they were.
mb::task<int> client(tcp::endpoint server, int number, int lines) {
  tcp::socket socket(mb::current_executor());
  co_await socket.async_connect(server, mb::use_task);
  int right = 0;
  for (int i = 0; i < lines; ++i) {
    std::string const line = "client " + std::to_string(number) + ", line " + std::to_string(i) + "\n";
    co_await asio::async_write(socket, asio::buffer(line), mb::use_task);
    std::string answer(line.size(), ' ');
    co_await asio::async_read(socket, asio::buffer(answer), mb::use_task);
    right += answer == line ? 1 : 0;
  }
  co_return right;
}

}  // namespace

int main(int argc, char** argv) {
  int const clients = allowed_clients(argv[0], argc > 1 ? std::atoi(argv[1]) : 1000);
  int const lines = argc > 2 ? std::atoi(argv[2]) : 10;

  // [run]
  mb::runtime ray({.num_cpus = 2});
  tcp::acceptor acceptor(ray.get_executor(), {asio::ip::address_v4::loopback(), 0});
  tcp::endpoint const address = acceptor.local_endpoint();
  mb::future<std::size_t> server = mb::remote(serve)(std::move(acceptor), clients);
  // [/run]

  auto const start = std::chrono::steady_clock::now();
  std::vector<mb::future<int>> all;
  for (int i = 0; i < clients; ++i) all.push_back(mb::remote(client)(address, i, lines));
  long right = 0;
  for (int n : mb::get(all)) right += n;
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;

  std::printf("%d clients on %u workers: %ld of %ld lines came back right\n", clients, ray.num_cpus(), right,
              static_cast<long>(clients) * lines);
  std::printf("the server echoed %zu bytes\n", mb::get(server));
  std::printf("%.0f lines a second\n", static_cast<double>(right) / took.count());
}

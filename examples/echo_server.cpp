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

#include "accept_clients.hpp"
#include "open_files.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace mb = mobula;
using asio::ip::tcp;

namespace {

// [session]
mb::task<> session(tcp::socket socket, std::atomic<std::size_t>& echoed) {
  char data[512];
  for (;;) {
    auto [ended, n] = co_await socket.async_read_some(asio::buffer(data), asio::as_tuple(mb::use_task));
    if (ended) co_return;  // the client has gone
    echoed += n;
    auto [broken, _] = co_await asio::async_write(socket, asio::buffer(data, n), asio::as_tuple(mb::use_task));
    if (broken) co_return;
  }
}
// [/session]

// [server]
mb::task<> serve(tcp::acceptor acceptor, std::atomic<std::size_t>& echoed) {
  auto const start = [&](tcp::socket client) {
    static_cast<void>(mb::remote(session)(std::move(client), std::ref(echoed)));
  };
  co_await accept_clients(acceptor, start);
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
  std::atomic<std::size_t> echoed = 0;
  mb::runtime ray({.num_cpus = 2});
  tcp::acceptor acceptor(ray.get_executor(), {asio::ip::address_v4::loopback(), 0});
  tcp::endpoint const address = acceptor.local_endpoint();
  auto const server = mb::remote(serve).options({.cancellable = true})(std::move(acceptor), std::ref(echoed));
  // [/run]

  auto const start = std::chrono::steady_clock::now();
  std::vector<mb::future<int>> all;
  for (int i = 0; i < clients; ++i) all.push_back(mb::remote(client)(address, i, lines));
  long right = 0;
  for (int n : mb::get(all)) right += n;
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;

  std::printf("%d clients on %u workers: %ld of %ld lines came back right\n", clients, ray.num_cpus(), right,
              static_cast<long>(clients) * lines);
  std::printf("the server echoed %zu bytes\n", echoed.load());
  mb::cancel(server);
  std::printf("%.0f lines a second\n", static_cast<double>(right) / took.count());
}

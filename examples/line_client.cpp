// A client of a protocol of lines, with timeouts: the server is late with some answers. The client gives up waiting for
// them, goes on with the next question on the same connection, and knows a late answer by its number.

#include <mobula/mobula.hpp>
#include <mobula/task/use_task.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

namespace asio = boost::asio;
namespace mb = mobula;
using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

// [connection]
struct connection {
  tcp::socket socket;
  std::string unread;  // what has come, up to the middle of a line, and no longer than any line may be

  // An operation: it starts when somebody waits for it, in whatever way.
  auto read_line() { return asio::async_read_until(socket, asio::dynamic_buffer(unread, 4096), '\n', mb::use_task); }

  std::string take_line(std::size_t size) {
    std::string line = unread.substr(0, size - 1);
    unread.erase(0, size);
    return line;
  }
};
// [/connection]

// Answers `NUMBER QUESTION` by `NUMBER QUESTION? yes`; to a hard question after a while.
mb::task<> serve(tcp::acceptor acceptor) {
  tcp::socket client = co_await acceptor.async_accept(mb::use_task);
  connection c{std::move(client), {}};
  try {
    for (;;) {
      std::string const question = c.take_line(co_await c.read_line());
      if (question.find("hard") != std::string::npos) co_await mb::sleep_for(300ms);
      std::string const answer = question + "? yes\n";
      co_await asio::async_write(c.socket, asio::buffer(answer), mb::use_task);
    }
  } catch (boost::system::system_error const& e) {
    if (e.code() != asio::error::eof) throw;
  }
}

// [ask]
mb::task<std::string> ask(connection& c, int number, std::string question, std::chrono::milliseconds limit) {
  std::string const line = std::to_string(number) + " " + question + "\n";
  co_await asio::async_write(c.socket, asio::buffer(line), mb::use_task);
  for (;;) {
    std::string const answer = c.take_line(co_await mb::timeout(c.read_line(), limit));
    if (std::stoi(answer) == number) co_return answer;
    std::printf("(late: %s)\n", answer.c_str());
  }
}
// [/ask]

mb::task<> talk(tcp::endpoint server) {
  connection c{tcp::socket(mb::current_executor()), {}};
  co_await c.socket.async_connect(server, mb::use_task);
  std::array<std::string, 4> const questions{"is it easy", "is it hard", "is it late", "is it over"};
  for (int number = 1; std::string const& question : questions) {
    auto const limit = question == "is it hard" ? 50ms : 10s;
    try {
      std::string const answer = co_await ask(c, number, question, limit);
      std::printf("%s\n", answer.c_str());
    } catch (mb::timeout_error const&) {
      std::printf("%d %s? no answer in %lld ms\n", number, question.c_str(), static_cast<long long>(limit / 1ms));
    }
    ++number;
  }
}

}  // namespace

int main() {
  mb::runtime ray({.num_cpus = 2});
  tcp::acceptor acceptor(ray.get_executor(), {asio::ip::address_v4::loopback(), 0});
  tcp::endpoint const address = acceptor.local_endpoint();
  auto const server = mb::remote(serve)(std::move(acceptor));
  mb::get(mb::remote(talk)(address));
  mb::get(server);
}

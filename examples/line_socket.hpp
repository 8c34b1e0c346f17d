#pragma once

#include <mobula/mobula.hpp>
#include <mobula/task/use_task.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

using line = std::shared_ptr<std::string const>;  // one text, however many get it

/// A socket that is read and written line by line, by a peer that need not mean well. The first thing that goes wrong ends
/// it for good: the peer has gone, a line is too long, or it has waited too long.
class line_socket {
 public:
  static constexpr std::size_t longest = 4096;
  static constexpr std::chrono::minutes patience{10};

  explicit line_socket(boost::asio::ip::tcp::socket s) : socket_(std::move(s)) {}
  boost::asio::ip::tcp::socket& get() { return socket_; }

  // [read]
  // The next line, without its end; nothing when there are no more.
  mobula::task<std::optional<std::string>> read() {
    if (over_) co_return std::nullopt;  // a read after the end may never complete
    try {
      auto const size = co_await mobula::timeout(
          boost::asio::async_read_until(socket_, boost::asio::dynamic_buffer(unread_, longest), '\n', mobula::use_task),
          patience);
      std::string text = unread_.substr(0, size - 1);
      unread_.erase(0, size);
      co_return text;
    } catch (boost::system::system_error const&) {
    } catch (mobula::timeout_error const&) {}
    end();
    co_return std::nullopt;
  }
  // [/read]

  mobula::task<> write(line text) {
    if (over_) co_return;
    try {
      co_await mobula::timeout(boost::asio::async_write(socket_, boost::asio::buffer(*text), mobula::use_task),
                               patience);
    } catch (boost::system::system_error const&) { end(); } catch (mobula::timeout_error const&) {
      end();
    }
  }

 private:
  // Not `close`: the other direction may be under way. It ends by this, and the descriptor goes with the object.
  void end() {
    over_ = true;
    boost::system::error_code ignored;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
  }

  boost::asio::ip::tcp::socket socket_;
  std::string unread_;
  bool over_ = false;
};

#pragma once

#include <mobula/mobula.hpp>
#include <mobula/task/use_task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <string>
#include <utility>

using line = std::shared_ptr<std::string const>;  // one text, however many get it

/// A socket that is read and written line by line.
class line_socket {
 public:
  explicit line_socket(boost::asio::ip::tcp::socket s) : socket_(std::move(s)) {}
  boost::asio::ip::tcp::socket& get() { return socket_; }

  // The next line, without its end; nothing at the end of all.
  mobula::task<std::string> read() {
    auto [error, size] = co_await boost::asio::async_read_until(socket_, boost::asio::dynamic_buffer(unread_), '\n',
                                                                boost::asio::as_tuple(mobula::use_task));
    std::string text = error ? std::string() : unread_.substr(0, size - 1);
    unread_.erase(0, error ? 0 : size);
    co_return text;
  }
  mobula::task<> write(line text) {
    co_await boost::asio::async_write(socket_, boost::asio::buffer(*text),
                                      boost::asio::as_tuple(mobula::use_task));  // the reader sees the end
  }

 private:
  boost::asio::ip::tcp::socket socket_;
  std::string unread_;
};

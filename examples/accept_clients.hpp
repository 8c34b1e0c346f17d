#pragma once

#include <mobula/mobula.hpp>
#include <mobula/task/use_task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <new>
#include <utility>

// [accept]
/// Calls `serve` with the socket of each client, until whoever waits for this is cancelled, or the acceptor is.
///
/// No client can end it. If there is no descriptor or memory for the next one, it waits until others have gone, and the
/// client in the kernel's queue.
template <class Serve>
mobula::task<> accept_clients(boost::asio::ip::tcp::acceptor& acceptor, Serve serve) {
  for (bool short_of_something = false;; short_of_something = true) {
    if (short_of_something) co_await mobula::sleep_for(std::chrono::milliseconds(20));
    try {
      for (;;) {
        auto [error, client] = co_await acceptor.async_accept(boost::asio::as_tuple(mobula::use_task));
        if (error == boost::asio::error::operation_aborted) co_return;
        if (error) break;
        serve(std::move(client));
      }
    } catch (std::bad_alloc const&) {}
  }
}
// [/accept]

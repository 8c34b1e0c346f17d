#pragma once

#include <mobula/core/executor.hpp>
#include <mobula/task/io_operation.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/redirect_error.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace mobula {

/// The type of `use_task`.
struct use_task_t {};

/// The completion token by which Asio's operations can be waited for: in a coroutine, a plain task or a thread.
///
///     mb::task<> echo(tcp::socket socket) {
///       char data[1024];
///       for (;;) {
///         std::size_t n = co_await socket.async_read_some(asio::buffer(data), mb::use_task);
///         co_await asio::async_write(socket, asio::buffer(data, n), mb::use_task);
///       }
///     }
///
/// The call gives an operation that starts when it is waited for, once: by `co_await`, `get`, `get` with a limit,
/// `timeout` or as part of a `select`. Whoever loses there is cancelled and waited for; what it has done until then, it
/// has done, and what it cannot undo is lost: so after a timeout, a socket may have read something that nobody gets.
/// The coroutine goes on as a job of the runtime that it belongs to, whatever the operation runs on: sockets may be made
/// on this runtime's executor, another one's, or on an io_context of the user's.
///
/// Gives what the operation's handler would get: nothing, a value, or a tuple of values.
/// Errors: a leading error_code is thrown as boost::system::system_error, a leading exception_ptr as what it holds;
///         asio::as_tuple and asio::redirect_error give the error_code instead. If the runtime is shut down with `drop`,
///         the operation ends as aborted; if its context ends first, with `cancelled`.
/// Cost:   no allocation but Asio's own for the operation, which come from `allocate_frame`.
inline constexpr use_task_t use_task{};

}  // namespace mobula

template <class R, class... Args>
struct boost::asio::async_result<mobula::use_task_t, R(Args...)> {
  template <class Initiation, class... Inputs>
  [[nodiscard("it does nothing until it is awaited")]] static auto initiate(Initiation&& initiation, mobula::use_task_t,
                                                                            Inputs&&... inputs) {
    return mobula::detail::io_operation<std::decay_t<Initiation>, std::tuple<std::decay_t<Inputs>...>, Args...>(
        nullptr, std::forward<Initiation>(initiation), std::forward<Inputs>(inputs)...);
  }
};

/// Asio's own adapter is for tokens that give one type, whatever the operation.
template <class R, class... Args>
struct boost::asio::async_result<boost::asio::redirect_error_t<mobula::use_task_t>, R(Args...)> {
  template <class Initiation, class Token, class... Inputs>
  [[nodiscard("it does nothing until it is awaited")]] static auto initiate(Initiation&& initiation, Token&& token,
                                                                            Inputs&&... inputs) {
    return mobula::detail::io_operation<std::decay_t<Initiation>, std::tuple<std::decay_t<Inputs>...>, Args...>(
        &token.ec_, std::forward<Initiation>(initiation), std::forward<Inputs>(inputs)...);
  }
};

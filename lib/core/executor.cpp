#include <mobula/core/executor.hpp>
#include <mobula/core/failure.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <exception>

namespace mobula {

namespace asio = boost::asio;

static_assert(asio::execution::is_executor_v<executor>);
static_assert(std::is_convertible_v<executor, asio::any_io_executor>);
static_assert(std::is_nothrow_copy_constructible_v<executor> && std::is_nothrow_move_constructible_v<executor>);
// any_io_executor keeps what is no larger in itself.
static_assert(sizeof(executor) <= sizeof(std::shared_ptr<void>) + sizeof(void*));

executor current_executor() { return executor(detail::current_scheduler().shared_from_this()); }

namespace detail {

// Nobody will read it, so its record goes at once, and reports itself.
void report_handler_failure() noexcept { static_cast<void>(failure_ptr::capture(std::current_exception())); }

}  // namespace detail
}  // namespace mobula

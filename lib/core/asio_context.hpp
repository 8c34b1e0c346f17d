#pragma once

#include <boost/asio/io_context.hpp>

namespace mobula::detail {

/// Asio's io_context, which can let go of what is in flight before it ends.
class asio_context : public boost::asio::io_context {
 public:
  /// Destroys the handlers of all operations in flight without calling them. Sockets and timers may outlive it, but
  /// nothing can be done with them any more.
  void close() { shutdown(); }
};

}  // namespace mobula::detail

#pragma once

#include <mobula/mobula.hpp>

#include <boost/asio/ip/tcp.hpp>

/// Serves whoever connects, until it is cancelled. A client says the name of a room, its own, and then what all there hear.
mobula::task<> serve(boost::asio::ip::tcp::acceptor acceptor);

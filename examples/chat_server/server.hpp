#pragma once

#include <mobula/mobula.hpp>

#include <boost/asio/ip/tcp.hpp>

/// Accepts so many clients; it is over then, but each is served until it goes.
mobula::task<> serve(boost::asio::ip::tcp::acceptor acceptor, int clients);

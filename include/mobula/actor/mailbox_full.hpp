#pragma once

#include <mobula/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace mobula {

/// What a call does that finds its actor's mailbox full.
enum class when_full : std::uint8_t {
  wait,  // until there is room, in the order in which they came
  fail,  // it throws mailbox_full
};

/// A call was not sent, as its actor's mailbox is full and its options say when_full::fail.
class mailbox_full : public error {
 public:
  mailbox_full(std::size_t limit, std::string const& what) : error(what), limit_(limit) {}

  /// How many calls the mailbox takes.
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

 private:
  std::size_t limit_;
};

}  // namespace mobula

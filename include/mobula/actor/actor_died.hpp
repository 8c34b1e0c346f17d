#pragma once

#include <mobula/core/error.hpp>

#include <cstdint>
#include <string>

namespace mobula {

/// Why an actor has ended.
enum class end_reason : std::uint8_t {
  no_handles,     // its last handle went
  stopped,        // `stop`
  killed,         // `kill`
  exited,         // `exit_actor`
  failed,         // its constructor threw, or a method what counts as its death, and it was not restarted
  runtime_ended,  // never by itself: its runtime ended while it lived
};

/// The actor has ended, so a call of it was not handled, or not to its end.
class actor_died : public error {
 public:
  actor_died(end_reason why, std::string const& what) : error(what), why_(why) {}

  [[nodiscard]] end_reason reason() const noexcept { return why_; }

 private:
  end_reason why_;
};

}  // namespace mobula

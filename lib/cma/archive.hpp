#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "cma/eigen.hpp"
#include "mobula/cma/checkpoint_error.hpp"

namespace mobula::cma {

/// What was read is no checkpoint, or none that could have been written; `what()` says why.
class unreadable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Returns what `read` returns.
/// Errors: throws `checkpoint_error` for `unreadable`.
/// @param from where it is read from: " from run.cma"
template <class Read>
auto resumed(const std::string& from, Read read) {
  try {
    return read();
  } catch (const unreadable& why) { throw checkpoint_error("cma: cannot resume" + from + ": " + why.what()); }
}

/// The numbers of a checkpoint, on their way to a stream or back.
///
/// Each part of the state hands its members over in one function, `archive(a)`, that serves both ways, so that what is
/// written and what is read cannot differ. All numbers are written as 8 bytes, the least significant first, whatever
/// the machine: doubles by their bits (IEEE 754). Whoever writes a file can give it a right checksum, so nothing that is
/// read is believed: each part checks the range of its members and how they relate, and no memory is taken for a length
/// that the file could not have.
///
/// Around them stand 16 bytes that name the format with its version, the length, and at the end a checksum of all that
/// (FNV-1a, 64 bits, which any single byte that was changed changes).
class archive {
 public:
  archive() = default;  ///< to be filled

  /// Reads what `write` has written, and no byte more.
  /// Errors: throws `unreadable`, as all that reads.
  explicit archive(std::istream& in);

  void write(std::ostream& out) const;

  [[nodiscard]] bool loading() const noexcept { return loading_; }

  void bits(std::uint64_t& value);  // any 64
  void operator()(double& value);
  void operator()(bool& value);
  void operator()(std::string& value);
  void operator()(matrix& value);  // what is read must have the size that `value` has
  void operator()(vector& value);  // the same

  /// Passes a count or an index: not negative, and no more than a double can count.
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  void operator()(T& value) {
    auto wide = static_cast<std::uint64_t>(value);
    bits(wide);
    require(!loading_ || (wide <= most && std::in_range<T>(wide)), "a count is too large");
    value = static_cast<T>(wide);
  }

  /// Passes an enumerator, `last` at most.
  template <class T>
    requires std::is_enum_v<T>
  void choice(T& value, T last) {
    auto wide = static_cast<std::uint64_t>(value);
    bits(wide);
    require(wide <= static_cast<std::uint64_t>(last), "a choice is none of those that there are");
    value = static_cast<T>(wide);
  }

  template <class T>
  void operator()(std::vector<T>& values) {
    const std::uint64_t size = length(values.size());
    if (loading_) values.assign(size, T{});
    for (T& value : values) (*this)(value);
  }

  template <class T>
    requires requires(T& part, archive& a) { part.pass(a); }
  void operator()(T& part) {
    part.pass(*this);
  }

  template <class First, class Second, class... More>
  void operator()(First& first, Second& second, More&... more) {
    (*this)(first);
    (*this)(second, more...);
  }

  /// Passes the length of something whose elements take `least` bytes each, and when it is read makes sure that so much
  /// is left.
  std::uint64_t length(std::uint64_t size, std::uint64_t least = sizeof(double));
  /// Errors: throws `unreadable` if fewer than so many numbers are left to be read.
  void require_left(double numbers) const;

  /// Errors: throws `unreadable` that says `what` is wrong.
  static void require(bool fits, const char* what);
  /// Errors: throws `unreadable` if anything was not read.
  void require_end() const;

 private:
  static constexpr std::uint64_t most = std::uint64_t{1} << 53;

  bool loading_ = false;
  std::string bytes_;
  std::size_t position_ = 0;
};

}  // namespace mobula::cma

#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <type_traits>
#include <vector>

#include "cma/eigen.hpp"

namespace mobula::cma {

/// The numbers of a checkpoint, on their way to a stream or back.
///
/// Each part of the state hands its members over in one function, `archive(a)`, that serves both ways, so that what is
/// written and what is read cannot differ. All numbers are written as 8 bytes, the least significant first, whatever
/// the machine: doubles by their bits (IEEE 754).
///
/// Around them stand 16 bytes that name the format with its version, the length, and at the end a checksum of all that
/// (FNV-1a, 64 bits, which any single byte that was changed changes).
class archive {
 public:
  archive() = default;  ///< to be filled

  /// Reads what `write` has written, and no byte more.
  /// Errors: throws `checkpoint_error` that says what is wrong with it.
  explicit archive(std::istream& in);

  void write(std::ostream& out) const;

  [[nodiscard]] bool loading() const noexcept { return loading_; }

  void operator()(std::uint64_t& value);
  void operator()(double& value);
  void operator()(bool& value);
  void operator()(std::string& value);
  void operator()(matrix& value);  // what is read must have the size that `value` has
  void operator()(vector& value);  // the same

  template <class T>
    requires std::is_enum_v<T> || (std::integral<T> && !std::same_as<T, std::uint64_t> && !std::same_as<T, bool>)
  void operator()(T& value) {
    auto wide = static_cast<std::uint64_t>(value);
    (*this)(wide);
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

  /// Passes the length of something, and when it is read makes sure that so much is left.
  std::uint64_t length(std::uint64_t size);

  /// Errors: throws `checkpoint_error` when numbers that were read do not fit together.
  static void require(bool fits);
  /// Errors: throws `checkpoint_error` if anything was not read.
  void require_end() const;

 private:
  bool loading_ = false;
  std::string bytes_;
  std::size_t position_ = 0;
};

}  // namespace mobula::cma

#include "cma/archive.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <istream>
#include <ostream>
#include <string_view>
#include <utility>

namespace mobula::cma {
namespace {

constexpr std::string_view magic = "mobula cma\r\n\x1a\n";  // what a transfer as text would change
constexpr std::uint16_t version = 2;
constexpr std::size_t header_size = 16 + sizeof(std::uint64_t);

static_assert(magic.size() + sizeof(version) == 16);

[[noreturn]] void refuse(const std::string& why) { throw unreadable(why); }

std::uint64_t checksum(std::string_view bytes, std::uint64_t hash = 0xcbf29ce484222325) {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

std::string to_bytes(std::uint64_t value) {
  std::string bytes(sizeof(value), '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(value & 0xff);
    value >>= 8;
  }
  return bytes;
}

std::uint64_t from_bytes(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// In pieces, so that a length that was damaged takes no more memory than there are bytes.
std::string read(std::istream& in, std::uint64_t size) {
  std::string bytes;
  std::array<char, 4096> piece;
  while (bytes.size() < size) {
    const std::uint64_t wanted = std::min<std::uint64_t>(size - bytes.size(), piece.size());
    in.read(piece.data(), static_cast<std::streamsize>(wanted));
    bytes.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    if (!in) break;
  }
  return bytes;
}

std::string header(std::uint64_t size) {
  std::string bytes(magic);
  bytes += static_cast<char>(version & 0xff);
  bytes += static_cast<char>(version >> 8);
  return bytes + to_bytes(size);
}

}  // namespace

archive::archive(std::istream& in) : loading_(true) {
  const std::string head = read(in, header_size);
  if (head.empty()) refuse("there is nothing to read");
  const std::string_view known = std::string_view(head).substr(0, magic.size());
  if (known != magic.substr(0, known.size())) refuse("this is no checkpoint of mobula::cma");
  if (head.size() < header_size) refuse("the checkpoint is cut off");
  const std::uint64_t written = from_bytes(std::string_view(head).substr(magic.size(), sizeof(version)));
  if (written != version)
    refuse("the checkpoint has version " + std::to_string(written) + " of the format, and this library reads " +
           std::to_string(version));
  const std::uint64_t size = from_bytes(std::string_view(head).substr(16));
  bytes_ = read(in, size);
  const std::string sum = bytes_.size() == size ? read(in, sizeof(std::uint64_t)) : std::string();
  if (sum.size() < sizeof(std::uint64_t)) refuse("the checkpoint is cut off");
  if (from_bytes(sum) != checksum(bytes_, checksum(head))) refuse("the checkpoint is damaged: its checksum is wrong");
}

void archive::write(std::ostream& out) const {
  const std::string head = header(bytes_.size());
  out << head << bytes_ << to_bytes(checksum(bytes_, checksum(head)));
  if (!out) throw checkpoint_error("cma: the checkpoint could not be written: the stream has failed");
}

void archive::require(bool fits, const char* what) {
  if (!fits) refuse(std::string("the checkpoint makes no sense: ") + what);
}

void archive::require_end() const { require(position_ == bytes_.size(), "there is something behind its end"); }

void archive::require_left(double numbers) const {
  require(static_cast<double>(bytes_.size() - position_) >= sizeof(double) * numbers,
          "it is too short for its numbers");
}

void archive::bits(std::uint64_t& value) {
  if (!loading_) {
    bytes_ += to_bytes(value);
    return;
  }
  require_left(1);
  value = from_bytes(std::string_view(bytes_).substr(position_, sizeof(value)));
  position_ += sizeof(value);
}

void archive::operator()(double& value) {
  auto whole = std::bit_cast<std::uint64_t>(value);
  bits(whole);
  value = std::bit_cast<double>(whole);
}

void archive::operator()(bool& value) {
  std::uint64_t wide = value ? 1 : 0;
  bits(wide);
  require(wide <= 1, "a truth value is none");
  value = wide != 0;
}

std::uint64_t archive::length(std::uint64_t size, std::uint64_t least) {
  (*this)(size);
  require(!loading_ || size <= (bytes_.size() - position_) / least, "a length is greater than what is left");
  return size;
}

void archive::operator()(std::string& value) {
  const std::uint64_t size = length(value.size(), 1);
  if (loading_) {
    value.assign(bytes_, position_, size);
    position_ += size;
  } else {
    bytes_ += value;
  }
}

void archive::operator()(matrix& value) {
  auto rows = static_cast<std::uint64_t>(value.rows());
  auto cols = static_cast<std::uint64_t>(value.cols());
  (*this)(rows, cols);
  require(std::cmp_equal(rows, value.rows()) && std::cmp_equal(cols, value.cols()), "a matrix has another size");
  for (eigen::Index i = 0; i < value.size(); ++i) (*this)(value.data()[i]);
}

void archive::operator()(vector& value) {
  require(std::cmp_equal(length(static_cast<std::uint64_t>(value.size())), value.size()),
          "a vector has another length");
  for (eigen::Index i = 0; i < value.size(); ++i) (*this)(value[i]);
}

}  // namespace mobula::cma

#include "printable.hpp"

#include <cstddef>

namespace mobula::detail {
namespace {

constexpr bool is_within_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }  // UTF-8

// How many bytes a control character has that begins here, which a terminal might obey: 0 if there is none. In UTF-8 those
// from 0x80 to 0x9f have two.
std::size_t length_of_control(std::string_view text) noexcept {
  auto const c = static_cast<unsigned char>(text[0]);
  if (c == 0xc2 && text.size() > 1) return static_cast<unsigned char>(text[1]) < 0xa0 ? 2 : 0;
  return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? 1 : 0;
}

void add_escaped(std::string& text, char c) {
  constexpr char digits[] = "0123456789abcdef";
  auto const byte = static_cast<unsigned char>(c);
  text.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr std::size_t most = 1000;
  std::size_t end = text.size();
  if (end > most)
    for (end = most; end > most - 4 && is_within_character(text[end]);) --end;
  std::string shown;
  for (std::size_t i = 0; i < end; ++i) {
    std::size_t const control = length_of_control(text.substr(i, end - i));
    for (std::size_t k = 0; k < control; ++k) add_escaped(shown, text[i + k]);
    if (control == 0)
      shown += text[i];
    else
      i += control - 1;
  }
  return end < text.size() ? shown + "... (" + with_commas(text.size()) + " bytes in all)" : shown;
}

std::string with_commas(std::size_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

}  // namespace mobula::detail

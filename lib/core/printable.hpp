#pragma once

#include <string>
#include <string_view>

namespace mobula::detail {

/// Text of the program's as a report shows it, which may be as long as it likes and hold anything: its first thousand bytes
/// or so, and its length if there is more; control characters but newline and tab as \x1b.
[[nodiscard]] std::string printable(std::string_view text);

/// 1234567 as 1,234,567.
[[nodiscard]] std::string with_commas(std::size_t n);

}  // namespace mobula::detail

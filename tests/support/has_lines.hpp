#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mobula::test {

/// Whether a text has these parts one after the other, each in a line of its own.
inline bool has_lines(std::string const& text, std::vector<std::string> const& parts) {
  std::size_t found = 0;
  for (std::string const& p : parts) {
    found = text.find(p, found);
    if (found == std::string::npos) return false;
    found = text.find('\n', found);
  }
  return true;
}

}  // namespace mobula::test

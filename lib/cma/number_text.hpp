#pragma once

#include <array>
#include <charconv>
#include <string>

namespace mobula::cma {

/// Returns the shortest text that `value` can be read back from exactly: "0.1", "1e-300", "inf". No locale changes it.
inline std::string number_text(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

}  // namespace mobula::cma

#include "cma/file_trouble.hpp"

#include <cstdio>

namespace mobula::cma {

void file_trouble::tell(const std::string& why, const std::string& then) {
  std::string text = "mobula: " + why + "; " + then + "\n";
  if (text == told_) return;
  std::fputs(text.c_str(), stderr);
  told_ = std::move(text);
}

}  // namespace mobula::cma

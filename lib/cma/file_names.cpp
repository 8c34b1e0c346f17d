#include "cma/file_names.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <system_error>

namespace mobula::cma {
namespace {

constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+,:=@%-";

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x80 || plain.find(c) != std::string_view::npos; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string octal(char c) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "\\%03o", static_cast<unsigned char>(c));
  return text.data();
}

bool are_one(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code none;  // of files that are not there yet
  const auto whole = [](const std::filesystem::path& p) { return std::filesystem::absolute(p).lexically_normal(); };
  return std::filesystem::equivalent(a, b, none) || whole(a) == whole(b);
}

}  // namespace

std::string shell_word(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string(text);
  const bool escaped = std::ranges::any_of(text, is_control);
  std::string word = escaped ? "$'" : "'";
  for (const char c : text) {
    if (is_control(c))
      word += octal(c);
    else if (c == '\'')
      word += escaped ? "\\'" : "'\\''";
    else if (c == '\\' && escaped)
      word += "\\\\";
    else
      word += c;
  }
  return word + "'";
}

std::string gnuplot_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out += c != '@' && (is_plain(c) || c == ' ') ? std::string(1, c) : octal(c);
  return out + "\"";
}

std::string shown(const std::filesystem::path& file) {
  const bool as_it_is = file.is_absolute() || file.empty() || *file.begin() == "." || *file.begin() == ".." ||
                        (!file.has_parent_path() && file.native().front() != '-');
  return shell_word(as_it_is ? file.native() : "./" + file.native());
}

void require_different(std::initializer_list<named_file> files) {
  for (const named_file* a = files.begin(); a != files.end(); ++a)
    for (const named_file* b = files.begin(); b != a; ++b)
      if (!a->file.empty() && !b->file.empty() && are_one(a->file, b->file))
        throw std::invalid_argument(std::string("cma: ") + b->what + " and " + a->what + " are one file, " +
                                    shown(a->file) + "; they must be different ones");
}

}  // namespace mobula::cma

#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

namespace mobula::cma {

/// Returns `text` as one word of a shell's command line, on one line: as it is where nothing in it is special, else in
/// quotes, control characters as escapes.
[[nodiscard]] std::string shell_word(std::string_view text);

/// Returns a string of gnuplot's language that stands for exactly these bytes: all that could be anything else is an
/// octal escape.
[[nodiscard]] std::string gnuplot_string(std::string_view text);

/// Returns the name of a file for a message or a command: a name that begins with '-', or that a shell would look for
/// elsewhere (CDPATH), begins with "./".
[[nodiscard]] std::string shown(const std::filesystem::path& file);

/// A file and what it is for: "the log".
struct named_file {
  const char* what;
  const std::filesystem::path& file;
};

/// Errors: throws `std::invalid_argument` if two of them are one file. Empty names are none.
void require_different(std::initializer_list<named_file> files);

}  // namespace mobula::cma

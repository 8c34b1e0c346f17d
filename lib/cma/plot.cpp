#include "mobula/cma/plot.hpp"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "cma/file_names.hpp"
#include "cma/gnuplot.hpp"
#include "cma/output_file.hpp"
#include "cma/plot_script.hpp"

namespace mobula::cma {
namespace {

constexpr int columns_before = 11;  // of a csv_log, up to popsize

// Of the header of a log.
int count_columns(const std::filesystem::path& log) {
  constexpr std::string_view first = "iterations,evaluations,";
  std::error_code unknown;
  if (std::filesystem::exists(log, unknown) && !std::filesystem::is_regular_file(log, unknown))  // it might never end
    throw std::runtime_error("cma: can't read the log " + shown(log) + ": it is no regular file");
  std::ifstream in(log);
  if (!in) throw std::system_error(errno, std::generic_category(), "cma: can't read the log " + shown(log));
  std::string beginning;
  int columns = 1;
  for (char c = 0; in.get(c) && c != '\n';) {
    if (beginning.size() < 60) beginning += c;
    columns += c == ',';
  }
  if (!beginning.starts_with(first) || columns <= columns_before || (columns - columns_before) % 2 != 0)
    throw std::runtime_error("cma: " + shown(log) + " is no log of csv_log: it begins with " + shell_word(beginning));
  return columns;
}

constexpr std::string_view look = R"(set datafile separator ','
set multiplot layout 2, 2
set border 3 linecolor '#555555'
set tics nomirror out textcolor '#333333'
set grid xtics ytics linecolor '#e4e4e4' linetype 1 linewidth 1
set key top right samplen 2 spacing 1.2
set xlabel 'evaluations'
set format y '10^{%L}'
set logscale y
stats log skip 1 using 4 nooutput
if (STATS_min <= 0) { unset logscale y; set format y '%g' }
set title 'value: smallest, median and largest of a generation'
plot log skip 1 using 2:(column(4)):(column(6)) with filledcurves fillcolor '#d6e4f0' notitle, \
     '' skip 1 using 2:5 with lines linewidth 1.5 linecolor '#c8553d' title 'median', \
     '' skip 1 using 2:7 with lines linewidth 2.2 linecolor '#1f5f8b' title 'best so far'
set format y '10^{%L}'
set logscale y
set title 'step size and axis ratio'
plot log skip 1 using 2:8 with lines linewidth 2 linecolor '#1f5f8b' title 'sigma', \
     '' skip 1 using 2:9 with lines linewidth 2 linecolor '#c8553d' title 'axis ratio'
unset key
set title 'standard deviation of each coordinate'
plot for [i=first_std:first_mean-1] log skip 1 using 2:i with lines linewidth 1.2
unset logscale y
set format y '%g'
set title 'mean of each coordinate'
plot for [i=first_mean:last] log skip 1 using 2:i with lines linewidth 1.2
unset multiplot
)";

// Names stand in it as strings that can't be anything else, and paths, which gnuplot takes for no command.
void write_script(const std::filesystem::path& file, const std::filesystem::path& log,
                  const std::filesystem::path& picture, int columns) {
  const int dimension = (columns - columns_before) / 2;
  std::ostringstream out;
  out << "# gnuplot " << gnuplot_string(file.filename().native()) << " draws "
      << gnuplot_string(picture.filename().native()) << ".\n"
      << "set terminal pngcairo size 1400,1000 font 'sans,11' background '#ffffff'\n"
      << "set output " << gnuplot_string("./" + picture.filename().native()) << '\n'
      << "log = " << gnuplot_string(std::filesystem::absolute(log).lexically_normal().native()) << '\n'
      << "first_std = " << columns_before + 1 << "; first_mean = " << columns_before + 1 + dimension
      << "; last = " << columns << '\n'
      << look;
  output_file script("the script of a plot", file, output_file::start::empty);
  script.write(out.str());
  script.close();
}

// What tells one version of a file from another.
struct file_version {
  std::error_code none{};
  std::uintmax_t size;
  std::filesystem::file_time_type written;

  explicit file_version(const std::filesystem::path& file)
      : size(std::filesystem::is_regular_file(file, none) ? std::filesystem::file_size(file, none) : 0),
        written(size > 0 ? std::filesystem::last_write_time(file, none) : std::filesystem::file_time_type::min()) {}
  [[nodiscard]] bool is_newer_than(const file_version& v) const { return size > 0 && written != v.written; }
};

// Whether it ends as it must, if it begins as a PNG does: on a full disk, it would not.
bool is_whole(const std::filesystem::path& picture) {
  constexpr std::string_view begin = "\x89PNG", end = "IEND\xae\x42\x60\x82";
  std::string first(begin.size(), '\0'), last(end.size(), '\0');
  std::ifstream in(picture, std::ios::binary);
  in.read(first.data(), static_cast<std::streamsize>(first.size()));
  if (!in || first != begin) return true;
  in.seekg(-static_cast<std::streamoff>(last.size()), std::ios::end);
  in.read(last.data(), static_cast<std::streamsize>(last.size()));
  return in && last == end;
}

}  // namespace

std::filesystem::path script_of(std::filesystem::path picture) { return picture.replace_extension(".gp"); }

void prepare_plot(const std::filesystem::path& log, const std::filesystem::path& picture) {
  require_different({{"the log", log}, {"the plot's script", script_of(picture)}, {"the plot", picture}});
  const int columns = count_columns(log);
  if (std::error_code unknown; std::filesystem::is_directory(picture, unknown))
    throw std::system_error(EISDIR, std::generic_category(), "cma: can't write the plot " + shown(picture));
  make_folder_of(picture);
  write_script(script_of(picture), log, picture, columns);
}

plot_outcome plot_log(const std::filesystem::path& log, const std::filesystem::path& picture) {
  prepare_plot(log, picture);
  return run_gnuplot(script_of(picture), picture);
}

plot_outcome run_gnuplot(const std::filesystem::path& script, const std::filesystem::path& picture) {
  const std::filesystem::path folder = script.has_parent_path() ? script.parent_path() : ".";
  const std::string command =
      "cd " + shown(folder / "") + " && gnuplot " + shell_word("./" + script.filename().native());
  const std::filesystem::path gnuplot = find_gnuplot();
  if (gnuplot.empty())
    return {false,
            "plot: none, as the gnuplot program is missing (Debian: apt-get install gnuplot-nox);\n"
            "      then `" +
                command + "` draws it"};
  const file_version before(picture);
  if (!run_script(gnuplot, folder, script)) return {false, "plot: none, gnuplot failed; `" + command + "` shows why"};
  if (!file_version(picture).is_newer_than(before) || !is_whole(picture))
    return {false, "plot: none, gnuplot has not written " + shown(picture) + "; `" + command + "` shows why"};
  return {true, "plot: " + shell_word(picture.native())};
}

}  // namespace mobula::cma

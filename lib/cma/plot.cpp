#include "mobula/cma/plot.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace mobula::cma {
namespace {

constexpr int columns_before = 9;  // of a csv_log, up to axis_ratio

std::string quoted(const std::string& text, const char* quote) {
  std::string out = "'";
  for (const char c : text) c == '\'' ? out += quote : out += c;
  return out + "'";
}
std::string for_shell(const std::string& text) { return quoted(text, "'\\''"); }
std::string for_gnuplot(const std::string& text) { return quoted(text, "''"); }

int count_columns(const std::filesystem::path& log) {
  std::ifstream in(log);
  std::string header;
  if (!std::getline(in, header)) throw std::runtime_error("cma: can't read the log " + log.string());
  int columns = 1;
  for (const char c : header) columns += c == ',';
  if (columns <= columns_before || (columns - columns_before) % 2 != 0)
    throw std::runtime_error("cma: " + log.string() + " is no log of csv_log: its first line is: " + header);
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

void write_script(const std::filesystem::path& file, const std::filesystem::path& log,
                  const std::filesystem::path& picture, int columns) {
  const int dimension = (columns - columns_before) / 2;
  std::ofstream out(file);
  out << "# gnuplot " << file.filename().string() << " draws " << picture.filename().string() << ".\n"
      << "set terminal pngcairo size 1400,1000 font 'sans,11' background '#ffffff'\n"
      << "set output " << for_gnuplot(picture.filename().string()) << '\n'
      << "log = " << for_gnuplot(std::filesystem::absolute(log).lexically_normal().string()) << '\n'
      << "first_std = " << columns_before + 1 << "; first_mean = " << columns_before + 1 + dimension
      << "; last = " << columns << '\n'
      << look;
  out.flush();
  if (!out) throw std::runtime_error("cma: can't write " + file.string());
}

}  // namespace

plot_outcome plot_log(const std::filesystem::path& log, const std::filesystem::path& picture) {
  const int columns = count_columns(log);
  std::error_code ignored;
  if (picture.has_parent_path()) std::filesystem::create_directories(picture.parent_path(), ignored);
  std::filesystem::path script = picture;
  script.replace_extension(".gp");
  write_script(script, log, picture, columns);
  return run_gnuplot(script, picture);
}

plot_outcome run_gnuplot(const std::filesystem::path& script, const std::filesystem::path& picture) {
  const std::string folder = script.has_parent_path() ? script.parent_path().string() : ".";
  const std::string command = "cd " + for_shell(folder) + " && gnuplot " + for_shell(script.filename().string());
  if (std::system("command -v gnuplot >/dev/null 2>&1") != 0)
    return {false,
            "plot: none, as the gnuplot program is missing (Debian: apt-get install gnuplot-nox);\n"
            "      then `" +
                command + "` draws it"};
  if (std::system(command.c_str()) != 0) return {false, "plot: none, gnuplot failed; `" + command + "` shows why"};
  return {true, "plot: " + picture.string()};
}

}  // namespace mobula::cma

#include "plot.hpp"

#include <mobula/cma/plot.hpp>

#include <cstdio>
#include <fstream>
#include <iomanip>
#include <limits>
#include <stdexcept>

namespace {

void write_csv(history const& h, std::filesystem::path const& file) {
  std::ofstream out(file);
  out << "generation,min,max\n" << std::setprecision(std::numeric_limits<double>::max_digits10);
  for (std::size_t g = 0; g < h.generations.size(); ++g)
    out << g + 1 << ',' << h.generations[g].min << ',' << h.generations[g].max << '\n';
  out.flush();
  if (!out) throw std::runtime_error("can't write " + file.string());
}

// Stays beside the CSV, so that whoever wants another picture can change it.
void write_script(std::filesystem::path const& file) {
  std::ofstream(file) << R"(# gnuplot cma_es.gp draws cma_es.png from cma_es.csv.
set terminal pngcairo size 1200,750 font 'sans,13' background '#ffffff'
set output 'cma_es.png'
set datafile separator ','
set title 'CMA-ES: smallest and largest value of each generation' font ',17' offset 0,0.3
set xlabel 'generation'
set ylabel 'f(x) = Σ (x_i − π)²' offset 0.5,0
set logscale y
set format y '10^{%L}'
set border 3 linecolor '#555555'
set tics nomirror out textcolor '#333333'
set grid xtics ytics linecolor '#e4e4e4' linetype 1 linewidth 1
set key top right spacing 1.4 samplen 2.5
set xrange [1:*]
unset mytics
set lmargin 11
plot 'cma_es.csv' skip 1 using 1:2:3 with filledcurves fillcolor '#d6e4f0' notitle, \
     '' skip 1 using 1:3 with lines linewidth 2.2 linecolor '#c8553d' title 'max', \
     '' skip 1 using 1:2 with lines linewidth 2.2 linecolor '#1f5f8b' title 'min'
)";
}

}  // namespace

void write_log_and_plot(history const& h, std::filesystem::path const& folder) {
  std::filesystem::create_directories(folder);
  auto const csv = folder / "cma_es.csv", png = folder / "cma_es.png";
  write_csv(h, csv);
  write_script(folder / "cma_es.gp");
  std::printf("log:  %s\n", csv.string().c_str());

  std::printf("%s\n", mobula::cma::run_gnuplot(folder / "cma_es.gp", png).message.c_str());
}

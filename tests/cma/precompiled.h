// What nearly every test of CMA-ES includes, compiled once (tests/meson.build).

#include <mobula/cma/minimize.hpp>
#include <mobula/cma/optimizer.hpp>
#include <support/catch.hpp>

#pragma once

// Eigen for the inside of the library, under a namespace of its own.
//
// What Eigen's templates do depends on the compiler flags (how they align, hence how they free), but their mangled
// names do not. The linker keeps one copy of each name, so a program built with -march=native, linked with this library
// built without, would mix the two and crash in `free`. Renaming the namespace gives the library copies that nobody
// else shares. For the same reason the library's interface (engine.hpp) is free of Eigen, and no file in lib/cma may
// include the public headers that have it.
#ifdef EIGEN_CORE_H
#error "lib/cma/eigen.hpp must be the first to include Eigen"
#endif
#define Eigen mobula_cma_eigen
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // false, in g++ 12's AVX-512 intrinsics (GCC bug 105593)
#endif
#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#undef Eigen

namespace mobula::cma {

namespace eigen = ::mobula_cma_eigen;

using matrix = eigen::MatrixXd;
using vector = eigen::VectorXd;

}  // namespace mobula::cma

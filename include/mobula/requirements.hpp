#pragma once

/// What Mobula asks of the compiler: the first header that every public header reaches, so that a compiler or a flag that
/// will not do is named by one error instead of hundreds. The include of a file that does not exist ends the compilation
/// there: after `#error` alone, g++ would go on.

#if !defined(__linux__) || !defined(__x86_64__)
#error "Mobula runs on Linux on x86-64."
#define MOBULA_UNMET
#elif __cplusplus < 202002L
#error "Mobula needs C++20: compile with -std=c++20."
#define MOBULA_UNMET
#elif defined(__clang__) && __clang_major__ < 16
#error "Mobula needs clang 16 or later, or g++ 12 or later."
#define MOBULA_UNMET
#elif !defined(__clang__) && defined(__GNUC__) && __GNUC__ < 12
#error "Mobula needs g++ 12 or later, or clang 16 or later."
#define MOBULA_UNMET
#elif !defined(__cpp_exceptions)
#error "Mobula needs exceptions: compile without -fno-exceptions."
#define MOBULA_UNMET
#elif !defined(__cpp_rtti)
#error "Mobula needs type information: compile without -fno-rtti."
#define MOBULA_UNMET
#endif
#ifdef MOBULA_UNMET
#include <see_the_error_above>
#endif

// What nearly every test includes, compiled once (tests/meson.build). A test includes what it uses nevertheless: a build
// with -Db_pch=false has nothing else.

#include <mobula/mobula.hpp>
#include <support/catch.hpp>

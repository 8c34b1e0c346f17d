// A library needs a source. What this one is for is its precompiled header (tests/meson.build).

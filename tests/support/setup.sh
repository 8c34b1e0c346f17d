# shellcheck shell=bash disable=SC2034
# What tests/run, examples/run, .ci/run and tests/sanitizers/run share; they source it.

unset CDPATH # or `cd` may go elsewhere, and print where
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

packages_build=(g++ meson ninja-build pkgconf libboost1.81-dev libboost-context1.81-dev libboost-fiber1.81-dev
  libeigen3-dev librandom123-dev)
packages_examples=(gnuplot-nox)
packages_tests=(catch2 cmake libhwloc-dev relacy-dev "${packages_examples[@]}")
packages_bench=(libbenchmark-dev libcaf-dev libtbb-dev)
packages_ci=(ccache clang-16 clang-format-16 debootstrap dpkg-dev git libclang-rt-16-dev xz-utils)

# The library as a few sources, which takes a third of the time; tests stay apart (tests/meson.build).
options_unity=(-Dunity=on -Dunity_size=20)

say() { printf '\n=== %s\n' "$*"; }

# need PACKAGE...: installs the Debian packages of these that are missing, as root or by sudo. If it can't, names them
# and ends.
need() {
  command -v dpkg-query >/dev/null || return 0 # not Debian: Meson says what it does not find
  local installed missing=() package
  installed=" $(dpkg-query -W -f '${Package}/${db:Status-Status} ' "$@" 2>/dev/null || true)"
  for package; do
    [[ $installed == *" $package/installed "* ]] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    # Without a terminal sudo may not ask for a password.
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
      as_root=(sudo)
    else
      printf 'Packages are missing, and installing them takes root or sudo:\n\n    apt-get install %s\n\n' \
        "${missing[*]}" >&2
      exit 1
    fi
  fi
  say "installing ${missing[*]}"
  # Without --no-remove, another version of Boost would go, and what was built on it.
  "${as_root[@]}" apt-get -q update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -q -y --no-install-recommends --no-remove install "${missing[@]}" || {
    printf 'These packages could not be installed: %s\n' "${missing[*]}" >&2
    exit 1
  }
}

# configure KIND OPTION...: sets build/KIND up with these options, if it is not set up so already.
configure() {
  local dir=$root/build/$1 again=()
  shift
  if [ -f "$dir/build.ninja" ]; then
    [ "$(cat "$dir/options" 2>/dev/null)" != "$*" ] || return 0
    again=(--reconfigure)
  fi
  say "configuring ${dir#"$root"/} (what it finds: ${dir#"$root"/}.log)"
  mkdir -p "$root/build"
  rm -f "$dir/options"
  meson setup "${again[@]}" "$dir" "$root" "$@" >"$dir.log" 2>&1 ||
    { tail -n 20 "$dir.log" && echo '0 passed, 1 failed' && return 1; }
  echo "$*" >"$dir/options"
}

# build KIND: builds all of build/KIND.
build() {
  say "building build/$1"
  ninja -C "$root/build/$1" || { echo '0 passed, 1 failed' && return 1; }
}

# run_tests KIND ARGUMENT...: runs `meson test` with these arguments, which first builds what it needs, and prints the
# count.
run_tests() {
  local dir=$root/build/$1 log=$root/build/$1/meson-logs/testlog.json
  shift
  say "testing ${dir#"$root"/}"
  rm -f "$log"
  meson test -C "$dir" --print-errorlogs "$@" || true # the count tells
  if [ -f "$log" ]; then
    python3 "$root/tests/support/count.py" "$log"
  else
    echo '0 passed, 1 failed' && return 1
  fi
}

# run_all_tests KIND ARGUMENT...: builds and runs one part of the tests after the other, each program of unit tests and
# each other suite, so that one sees early what has passed; then builds the rest. Ends with the count of all.
run_all_tests() {
  local kind=$1 dir=$root/build/$1 part log counts=$root/build/$1/counts
  shift
  : >"$counts"
  while read -r part; do
    log=$dir/meson-logs/testlog.json
    rm -f "$log"
    say "testing $part"
    # shellcheck disable=SC2086 # a suite is two words
    meson test -C "$dir" --print-errorlogs "$@" $part </dev/null || true # the count tells
    { [ -f "$log" ] && python3 "$root/tests/support/count.py" "$log"; } | tee -a "$counts" || true
    [ -f "$log" ] || echo '0 passed, 1 failed' | tee -a "$counts"
  done < <(meson introspect --tests "$dir" | python3 "$root/tests/support/parts.py")
  build "$kind" || echo '0 passed, 1 failed' >>"$counts"
  say 'total'
  awk '/ passed, / { p += $1; f += $3 } END { print p + 0 " passed, " f + 0 " failed"; exit p == 0 || f > 0 }' "$counts"
}

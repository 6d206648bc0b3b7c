# shellcheck shell=bash disable=SC2034 # what is set here is used there
# Sourced by the scripts beside it: where the project and its tools are, how to tell the person what happens, and how to
# become root where that is needed. Works with the bash 3.2 of macOS.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Tools live in a per-user cache, one folder per exact version, so that nothing a developer has installed is replaced.
tools=${XDG_CACHE_HOME:-$HOME/.cache}/rowcast/tools
toolchain=$(sed -n 's/^channel *= *"\(.*\)"$/\1/p' rust-toolchain.toml)
cargo_leptos_version=0.3.7
# wasm-bindgen refuses to work with another version of itself than the crate's, so the lock file decides.
wasm_bindgen_version=$(awk -F '"' '/^name = "wasm-bindgen"$/ { found = 1 } found && /^version/ { print $2; exit }' Cargo.lock)
binaryen_version=$(sed -n 's/.*"binaryen": "\(.*\)".*/\1/p' .ci/wasm-opt/package.json)
postgres_18_version=$(sed -n 's/.*"@embedded-postgres\/linux-x64": "\(.*\)".*/\1/p' .ci/postgres-18/package.json)
node_minimum=20

cargo_leptos_dir=$tools/cargo-leptos-$cargo_leptos_version
wasm_bindgen_dir=$tools/wasm-bindgen-cli-$wasm_bindgen_version
binaryen_dir=$tools/binaryen-$binaryen_version
postgres_18_dir=$tools/postgres-$postgres_18_version

# The last entry is where rustup puts cargo: it is missing from PATH in the shell that has just installed Rust.
PATH=$cargo_leptos_dir/bin:$wasm_bindgen_dir/bin:$binaryen_dir/bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
export PATH

# The scripts look for what was built in target/, wherever a developer's own cargo configuration puts it otherwise.
export CARGO_TARGET_DIR=$root/target
unset CARGO_BUILD_TARGET CARGO_BUILD_TARGET_DIR

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
  bold='' green='' red='' plain=''
fi

say() { printf '%s▸ %s%s\n' "$bold" "$*" "$plain" >&2; }

# stop <what is wrong> [<command to type>…]
stop() {
  printf '\n%s✗ %s%s\n' "$red" "$1" "$plain" >&2
  shift
  if [ $# -gt 0 ]; then
    printf '  Type:\n\n' >&2
    printf '    %s\n' "$@" >&2
    printf '\n  and then the same make command again.\n' >&2
  fi
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Prints the prefix that makes a command run as root; fails where nothing can.
root_prefix() {
  if [ "$(id -u)" = 0 ]; then
    echo env
  elif have sudo && sudo -n true 2>/dev/null; then
    echo 'sudo -n'
  elif have sudo && (: </dev/tty) 2>/dev/null; then
    echo sudo
  else
    return 1
  fi
}

# The words of a command as a person would type them to run it as root.
typed_as_root() {
  if [ "$(id -u)" = 0 ]; then
    echo "$*"
  elif have sudo; then
    echo "sudo $*"
  else
    echo "su -c '$*'"
  fi
}

# Whether apt's lists offer every one of the packages.
apt_offers() {
  local package
  for package in "$@"; do
    apt-cache policy "$package" 2>/dev/null | grep '^  Candidate: [^(]' >/dev/null || return 1
  done
}

# Runs apt-get as root, without questions. The caller has checked that root_prefix finds a way.
apt_get() {
  # shellcheck disable=SC2046 # the prefix is several words on purpose
  $(root_prefix) env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q -o Dpkg::Use-Pty=0 "$@" </dev/null >&2
}

# apt_install <package>…: says what it does; stops with the command to type where it cannot.
apt_install() {
  local prefix
  prefix=$(root_prefix) || stop 'Installing system packages takes root, and this user cannot become it from here.' \
    "$(typed_as_root apt-get update)" "$(typed_as_root apt-get install -y "$@")"
  say "Running: $(typed_as_root apt-get install "$@")"
  [ "$prefix" != sudo ] || say 'sudo may ask for your password.'
  if ! apt_offers "$@"; then
    say 'The list of packages is missing or old: apt-get update'
    apt_get update || true
  fi
  if ! apt_get install -y --no-install-recommends "$@"; then
    say 'That failed; once more with a fresh list of packages.'
    apt_get update || true
    apt_get install -y --no-install-recommends "$@" || stop "apt-get could not install $*: its own words are above." \
      "$(typed_as_root apt-get update)" "$(typed_as_root apt-get install -y "$@")"
  fi
}

# Sourced by ./run and ./test: makes .venv from the hashed requirements, with uv if it is there.
# have_environment FILE: everything FILE names is installed when it returns.

# What is read is kept compiled, whatever the machine says: without, each start takes thrice as long.
unset PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Where it cannot be done, it says what one has to do; what apt-get says is shown only when it fails.
debian_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
        say "Missing, and only root can install it: apt-get install $*"
        return 1
    fi
    say "Installing $* …"
    as_root apt-get update -qq >/dev/null 2>&1 || say "The lists of packages could not be brought up to date."
    told=$(as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" 2>&1) || { say "$told"; return 1; }
}

find_python() {
    for python in python3.13 python3.12 python3.11 python3; do
        if command -v "$python" >/dev/null 2>&1 &&
            "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$python"
            return 0
        fi
    done
    return 1
}

make_venv() {
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --allow-existing --python '>=3.11' .venv && return 0
    fi
    python=$(find_python) || { debian_install python3 python3-venv && python=$(find_python); } ||
        { command -v brew >/dev/null 2>&1 && brew install --quiet python@3.12 && python=$(find_python); } ||
        stop "Kanton needs Python 3.11 or newer. Install it, then start again."
    # Where there is a pip already, it fills the environment: to make another one takes as long as all the rest.
    if fills_others "$python" && "$python" -m venv --without-pip .venv 2>/dev/null; then return 0; fi
    "$python" -m venv .venv 2>/dev/null || { debian_install python3-venv && "$python" -m venv .venv; } ||
        { rm -rf .venv; stop "Python's venv module is missing. Install it (Debian: python3-venv), then start again."; }
}

fills_others() { "$1" -m pip --python "$1" --version >/dev/null 2>&1; }

# What is installed is compiled when it is first used.
install_with_pip() {
    base=$(.venv/bin/python -c 'import sys; print(sys._base_executable)')
    if .venv/bin/python -m pip --version >/dev/null 2>&1; then set -- .venv/bin/python -m pip "$@"
    elif fills_others "$base"; then set -- "$base" -m pip --python .venv/bin/python "$@"
    else .venv/bin/python -m ensurepip >/dev/null 2>&1; set -- .venv/bin/python -m pip "$@"
    fi
    "$@" --no-compile
}

# python-ldap has no ready-made package: it is built, with a compiler and the headers of Python, OpenLDAP and SASL.
builds_ldap() {
    case "$(uname)" in Linux) ;; *) return 0 ;; esac
    headers=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')
    printf '#include <%s>\n' Python.h ldap.h sasl/sasl.h | cc -E -I"$headers" - >/dev/null 2>&1
}

have_what_builds_ldap() {
    builds_ldap || { debian_install gcc libc6-dev python3-dev libldap-dev libsasl2-dev && builds_ldap; } ||
        stop "To talk to a directory, a C compiler and the headers of Python, OpenLDAP and Cyrus SASL are needed."
}

have_environment() {
    wanted=$(cksum <"$1")
    [ "$(cat ".venv/.installed-$1" 2>/dev/null)" = "$wanted" ] && return 0
    say "Preparing the environment (once) …"
    [ -x .venv/bin/python ] || make_venv
    if grep -q '^python-ldap' "$1"; then have_what_builds_ldap; fi
    if command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --python .venv/bin/python --require-hashes -r "$1"
    else
        install_with_pip install -qq --disable-pip-version-check --require-hashes -r "$1"
    fi || stop "The packages named in $1 could not be installed."
    name_our_commands
    printf '%s' "$wanted" >".venv/.installed-$1"
}

# Flask has a command `routes` of its own and looks there first; an entry point comes before it.
name_our_commands() {
    for packages in .venv/lib/python3*/site-packages; do
        mkdir -p "$packages/kanton-0.dist-info"
        printf 'Metadata-Version: 2.1\nName: kanton\nVersion: 0\n' >"$packages/kanton-0.dist-info/METADATA"
        printf '[flask.commands]\nroutes = commands:routes\n' >"$packages/kanton-0.dist-info/entry_points.txt"
        pwd >"$packages/kanton.pth"
    done
}
